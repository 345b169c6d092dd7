"""What an archive holds comes again in the order in which it was received, whole and by choice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ground.archive.embedded import EmbeddedStore
from ground.errors import InputError
from ground.messages import ParametersDecoded
from ground.services import tables
from ground.services.replay import Replay
from ground.services.replay_wish import Wish, open_replay
from ground.services.tracks import ArchiveTrack, Piece
from protocols import packet
from tests.ground.services import hand
from tests.recordings import mission_of

SECOND = 10**9
NOON = 1_700_000_000  # s, of the mission's epoch
YEAR = 31_556_952
FIRST, LAST = {"sequence_flags": packet.FIRST}, {"sequence_flags": packet.LAST}
MISSION = hand.MISSION.replace('name = "bare"\nkind = "file"\nframe = "packets"\n', "").replace(
    "[[link]]\n\n", ""
)
Row = tuple[float | None, float | None, bytes]  # generated, received, octets


def listed(rows: list[Row], spacecraft: str = "A", vcid: int = 1) -> pa.Table:
    """Rows of `packets` in seconds of the mission's epoch; None is unknown."""
    count = len(rows)
    t_ns, known = (
        np.array([0 if row[i] is None else hand.t_ns(row[i]) for row in rows], np.int64)  # type: ignore[arg-type]
        for i in (0, 1)
    )
    nothing = np.zeros(count, np.int64)
    head = tables.head(
        tables.names([spacecraft], nothing),
        t_ns,
        t_ns > 0,
        nothing,
        nothing.astype(np.uint8),
        tables.instants(known),
    )
    return pa.table(
        head
        | {
            "vcid": pa.array([vcid] * count, pa.int16()),
            "apid": pa.array([1] * count, pa.uint16()),
            "source": pa.array(["journal/frames"] * count),
            "offset": pa.array(range(count), pa.int64()),
            "octets": pa.array([row[2] for row in rows], pa.binary()),
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(tmp_path / "archive", write=True) as made:
        yield made


def track(store: EmbeddedStore, *wanted: str) -> ArchiveTrack:
    made = ArchiveTrack(store, "live", "frames", {"A": 10, "B": 11}, wanted or None)
    made.seek(0)
    return made


def all_of(made: ArchiveTrack, until_ns: int = 1 << 62) -> list[Piece]:
    return list(iter(lambda: made.take(until_ns), None))


def played(made: ArchiveTrack) -> list[tuple[int, bytes]]:
    """Seconds of reception and octets."""
    found = []
    for piece in all_of(made):
        assert piece.packets is not None
        at = (piece.packets.source - hand.EPOCH_NS) // SECOND
        octets = [piece.packets.octets(row) for row in range(len(at))]
        found += list(zip(at.tolist(), octets, strict=True))
    return found


def hk(seconds: float) -> bytes:
    return hand.hk(int(seconds), NOON + seconds)


def test_packets_come_in_the_order_of_their_reception_however_late(store: EmbeddedStore) -> None:
    rows: list[Row] = [(NOON + t, NOON + t + 1, hk(t)) for t in range(0, 3000, 100)]
    late = (NOON + 50.0, NOON + 2500.5, hk(50))  # out of a recorder on board
    store.append("live", {"packets": listed([*rows, late])})
    expected = [(int(row[1] or 0), row[2]) for row in sorted([*rows, late], key=lambda r: r[1])]  # type: ignore[arg-type, return-value]
    assert played(track(store)) == expected
    assert track(store).span() == (hand.t_ns(NOON + 1), hand.t_ns(NOON + 2901))


def test_packets_without_a_reception_time_come_when_they_were_generated(
    store: EmbeddedStore,
) -> None:
    store.append("live", {"packets": listed([(NOON + t, None, hk(t)) for t in (5, 3, 9)])})
    assert played(track(store)) == [(NOON + t, hk(t)) for t in (3, 5, 9)]


def test_a_clock_that_was_wrong_costs_no_years_of_looking(store: EmbeddedStore) -> None:
    early: Row = (1.0, NOON + 2, hk(1))
    rows: list[Row] = [(NOON + 1, NOON + 1, hk(1)), early, (NOON + 100 * YEAR, NOON + 3, hk(3))]
    store.append("live", {"packets": listed(rows)})
    calls, read = [], store.read
    store.read = lambda *a, **k: calls.append(a) or read(*a, **k)  # type: ignore[func-returns-value, method-assign]
    made = ArchiveTrack(store, "live", "frames", {"A": 10})
    assert [at for at, _ in played(made)] == [NOON + 1, NOON + 2, NOON + 3]
    assert len(calls) < 10


def test_only_the_spacecraft_that_were_asked_for_come(store: EmbeddedStore) -> None:
    store.append("live", {"packets": listed([(NOON, NOON, hk(0)), (None, NOON + 1, b"untimed")])})
    store.append("live", {"packets": listed([(NOON, NOON + 2, hk(2))], "SCID-77")})
    assert [at for at, _ in played(track(store, "A"))] == [NOON, NOON + 1]
    [piece] = all_of(track(store, "SCID-77"))
    assert piece.packets is not None
    assert piece.packets.scid.tolist() == [77]
    assert played(track(store, "B")) == []


def test_seek_begins_with_the_first_that_was_received_then(store: EmbeddedStore) -> None:
    store.append(
        "live", {"packets": listed([(NOON + t, NOON + t, hk(t)) for t in range(0, 4000, 7)])}
    )
    made = track(store)
    for t in (3500, 0, 1234):
        made.seek(hand.t_ns(NOON + t))
        assert made.next_ns() == hand.t_ns(NOON + -(-t // 7) * 7)
    assert made.take(hand.t_ns(NOON + 1200)) is None


# ---- played ---------------------------------------------------------------------------------


def replay(store: EmbeddedStore, tmp_path: Path, **wish: Any) -> Replay:
    mission = mission_of(tmp_path / "mission", MISSION, {"hand.xml": hand.DATABASE})
    asked = Wish("live", archive=True, **wish)
    made = open_replay(
        mission, tmp_path, asked, "replay/1", store, rate=0.0, paused=False, loop=False
    )
    while made.turn(0):
        pass
    return made


def values(made: Replay, path: str) -> list[tuple[str, int, Any]]:
    """Spacecraft, reception in seconds, and value, of each row."""
    found = []
    for _, message in made.outbox.take():
        if isinstance(message, ParametersDecoded) and f"raw:{path}" in message.columns:
            columns = message.columns
            names = [message.spacecraft[code] for code in columns["craft"].tolist()]
            at = ((columns["received_ns"] - hand.EPOCH_NS) // SECOND).tolist()
            found += list(zip(names, at, columns[f"raw:{path}"].tolist(), strict=True))
    return found


def test_a_packet_in_segments_comes_whole_with_the_time_of_its_first(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    whole = hand.hk(1, NOON, wide=77)
    parts = packet.encode(1, 1, whole[6:20], **FIRST), packet.encode(1, 2, whole[20:], **LAST)
    rows: list[Row] = [(None, NOON + 1, parts[0])]
    rows += [(NOON + t, NOON + 2 + t, hand.event(t, NOON + t, 1)) for t in range(1500)]
    rows += [(None, NOON + 2000, parts[1])]
    store.append("live", {"packets": listed(rows)})
    assert values(replay(store, tmp_path), "/H/WIDE") == [("A", NOON + 1, 77)]


def test_only_the_channels_that_were_asked_for_are_played(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    store.append("live", {"packets": listed([(NOON, NOON, hand.hk(0, NOON, wide=1))], vcid=1)})
    store.append("live", {"packets": listed([(NOON, NOON, hand.hk(0, NOON, wide=2))], vcid=2)})
    assert values(replay(store, tmp_path, channels=(2,)), "/H/WIDE") == [("A", NOON, 2)]


def test_an_archive_without_such_packets_is_told(store: EmbeddedStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such packets in the archive"):
        replay(store, tmp_path)
    store.append("live", {"packets": listed([(NOON, NOON, hk(0))])})
    with pytest.raises(InputError, match="no such packets in the archive"):
        replay(store, tmp_path, spacecraft=("B",))
