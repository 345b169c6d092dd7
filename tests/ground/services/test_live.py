"""Killed at any moment and begun again, a processor leaves the archive that one without end leaves.

Every kind of link, some octets of junk, two links with the same packets, a journal that is another.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.journal_records import Records
from ground.archive.store import ArchiveError
from ground.decode.derive import Output
from ground.messages import EventsRaised, RecordsJournalled, SetLimits, StaleChanged
from ground.services import line, plugins
from ground.settings import Mission
from protocols import packet, tm, uslp
from tests.flows.virtual import REALM, VirtualStation
from tests.ground.services import hand
from tests.ground.services.test_downlink import filled
from tests.recordings import mission_of

SECOND = 10**9
NOON = 1_700_000_000
TM, USLP = tm.Layout(200, fecf=True), uslp.Layout(None, fecf=2)
TOLD_IN_BATCHES = {"alarms": ["received"], "events": ["received"]}
HEAD = hand.MISSION.partition("[[spacecraft]]")[0]
CRAFT = '[[spacecraft]]\nname = "A"\nscid = 10\ndatabase = "hand.xml"\n'
TIME = "[[time]]" + hand.MISSION.partition("[[time]]")[2].partition("[[link]]")[0]
FRAMES = 'frame = "tm"\nlength = 200\nfecf = true'
KINDS = {
    "packets, udp": ("udp", 'frame = "packets"'),
    "packets, tcp": ("tcp-client", 'frame = "packets"'),
    "frames, udp": ("udp", FRAMES),
    "frames, tcp": ("tcp-client", FRAMES),
    "frames, marked": ("tcp-client", FRAMES + '\nasm = "1acffc1d"'),
    "variable": ("tcp-client", 'frame = "uslp"\nfecf = true'),
}


def mission(root: Path, *kinds: str) -> Mission:
    links = "".join(
        f'[[link]]\nname = "link{at}"\nkind = "{KINDS[kind][0]}"\naddress = "127.0.0.1:{at + 1}"\n'
        f"{KINDS[kind][1]}\n"
        for at, kind in enumerate(kinds)
    )
    return mission_of(root / "mission", HEAD + CRAFT + TIME + links, {"hand.xml": hand.DATABASE})


def one_packet(count: int) -> bytes:
    """Housekeeping that is out of its limits now and then, events, and what no one knows."""
    if count % 7 == 3:
        return packet.encode(99, count, b"without a time")
    if count % 5 == 2:
        return hand.event(count, NOON + count, count % 256, count)
    return hand.hk(count, NOON + count, volts=[20, 20, 33, 33, 37][count // 3 % 5])


def unit(kind: str, count: int) -> bytes:
    if kind.startswith("packets"):
        return one_packet(count)
    if kind == "variable":
        return uslp.encode(
            one_packet(count), USLP, scid=10, vcid=1, count=count % 65536, count_octets=2
        )
    frame = tm.encode(filled(one_packet(count)), TM, scid=10, vcid=1, count=count % 256)
    return bytes.fromhex("1acffc1d") * (kind == "frames, marked") + frame


def chunked(kind: str, units: list[bytes], rng: random.Random) -> tuple[list[bytes], list[bool]]:
    """Units as datagrams with some junk, or as connections cut anywhere, the last octets lost."""
    if "udp" in kind:
        junk = [rng.randbytes(rng.randrange(1, 30)) for _ in range(3)]
        chunks = list(units)
        for each in junk:
            chunks.insert(rng.randrange(len(chunks)), each)
        return chunks, [True, *[False] * (len(chunks) - 1)]
    whole, chunks, begins = b"".join(units)[: -rng.randrange(1, 40)], [], []
    while whole:
        size = rng.randrange(1, 300)
        begins.append(not chunks)
        chunks.append(whole[:size])
        whole = whole[size:]
    return chunks, begins


def recorded(kind: str, seed: int, packets: int = 120) -> Records:
    rng = random.Random(seed)
    units = [unit(kind, count) for count in range(packets)]
    half = len(units) // 2
    parts = [chunked(kind, each, rng) for each in (units[:half], units[half:])]
    chunks = [chunk for part, _ in parts for chunk in part]
    made = Records.of(0, 0, chunks, [begin for _, part in parts for begin in part])
    times = hand.t_ns(NOON) + np.arange(len(chunks)) * SECOND
    return Records(made.position, times, made.length, made.begins, made.octets)


def archived(station: VirtualStation) -> dict[str, list[str]]:
    """Every row of every table, sorted; without what a batch as a whole says."""
    found = {}
    with EmbeddedStore.open(station.root / "archive", write=False) as store:
        for info in store.tables(REALM):
            table = store.read(REALM, info.name)
            table = table.drop_columns(TOLD_IN_BATCHES.get(info.name, []))
            found[info.name] = sorted(map(repr, table.to_pylist()))
    return found


def whole_run(root: Path, setting: Mission, *records: Records) -> VirtualStation:
    station = VirtualStation(root, setting)
    for at, each in enumerate(records):
        station.record(f"link{at}", each)
    station.start()
    station.run()
    station.kill()
    return station


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let little be read again after a restart."""
    monkeypatch.setattr(line, "REWIND_OCTETS", 2000)
    monkeypatch.setattr(line, "_STEP", 500)


def killed_run(root: Path, setting: Mission, seed: int, *records: Records) -> VirtualStation:
    rng = random.Random(seed)
    station = VirtualStation(root, setting)
    for at, each in enumerate(records):
        station.record(f"link{at}", each)
    for _ in range(4):
        live = station.start()
        for _ in range(rng.randrange(1, 5)):
            station.turn(rng.randrange(1, 3000))
            if rng.random() < 0.6:
                live.commit(station.now)
        station.kill()
    station.start()
    station.run()
    station.kill()
    return station


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_kills_lose_nothing_and_repeat_nothing(kind: str, seed: int, tmp_path: Path) -> None:
    setting, records = mission(tmp_path, kind), recorded(kind, seed)
    expected = archived(whole_run(tmp_path / "whole", setting, records))
    assert len(expected["/H/HK"]) > 50 and expected["alarms"]
    assert archived(killed_run(tmp_path / "killed", setting, seed, records)) == expected


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("seed", range(2))
def test_kills_of_a_station_with_two_links_store_each_packet_once(
    seed: int, tmp_path: Path
) -> None:
    setting = mission(tmp_path, "frames, tcp", "frames, marked")
    records = recorded("frames, tcp", seed), recorded("frames, marked", seed + 100)
    station = killed_run(tmp_path / "killed", setting, seed, *records)
    expected = whole_run(tmp_path / "one", mission(tmp_path / "1", "frames, tcp"), records[0])
    ones, both = (
        {row["octets"] for row in each.table("packets").to_pylist()} for each in (expected, station)
    )
    assert ones <= both
    assert len(station.table("packets")) == len(both)


# ---- another journal under the same name ----------------------------------------------------


def journalled(records: Records, start: int = 0) -> RecordsJournalled:
    return RecordsJournalled("link0", start, records.end, records.end, records.columns())


def test_a_journal_that_is_another_one_is_taken_as_new(tmp_path: Path) -> None:
    setting = mission(tmp_path, "packets, udp")
    station = whole_run(tmp_path / "a", setting, recorded("packets, udp", 1))
    live = station.start()
    chunks = [hand.hk(each, NOON + 10_000 + each, wide=each) for each in range(5)]
    again = Records.of(0, hand.t_ns(NOON + 10_000), chunks, [True, *[False] * 4])
    [asked] = live.questions(10**12)
    live.receive([journalled(again.moved(asked.position), asked.position)], 10**12)
    events = [each for _, each in live.outbox.take() if isinstance(each, EventsRaised)]
    assert events[0].events[0].kind == "journal.replaced"
    live.commit(0)
    station.kill()
    wide = station.table("/H/HK").filter(
        np.array(station.table("/H/HK")["t_ns"]) >= hand.t_ns(NOON + 10_000)
    )
    assert wide["/H/WIDE"].to_pylist() == [0, 1, 2, 3, 4]


# ---- the disk -------------------------------------------------------------------------------


def test_a_full_disk_stops_the_questions_and_keeps_what_was_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting, records = mission(tmp_path, "frames, udp"), recorded("frames, udp", 1)
    expected = archived(whole_run(tmp_path / "whole", setting, records))
    station = VirtualStation(tmp_path / "full", setting)
    station.record("link0", records)
    live = station.start()
    station.turn(5000)
    assert station.store is not None
    full = ArchiveError("no space left on the disk")
    with monkeypatch.context() as patch:
        patch.setattr(station.store, "append", lambda *_, **__: (_ for _ in ()).throw(full))
        live.commit(hand.t_ns(NOON))
        assert live.failed == str(full)
        assert live.questions(10**15) == [] and not live.acknowledgements()
        waiting = live.queues()["archive"]
        assert live.receive([journalled(records)], 1) == 0
        assert live.queues()["archive"] == waiting
        asked = SetLimits("A", "/H/LOAD", {"warning": (0, 1)}, "why")
        refused = live.act(asked, "li", hand.t_ns(NOON))
        assert not refused.ok and "nothing can be kept" in refused.reason
        assert not live.watch.overrides.held()
    live.commit(hand.t_ns(NOON))
    assert not live.failed
    assert [each.position for each in live.acknowledgements()] == [live.cursors()["link0"]]
    station.run()
    station.kill()
    found = archived(station)
    events = [each for each in found.pop("events") if "archive." in each]
    assert len(events) == 2 and "archive.stopped" in "".join(events)
    assert found == {name: rows for name, rows in expected.items() if name != "events"}


# ---- state ----------------------------------------------------------------------------------


def test_what_had_been_heard_goes_stale_after_a_restart_too(tmp_path: Path) -> None:
    records = recorded("packets, udp", 1)
    station = whole_run(tmp_path, mission(tmp_path, "packets, udp"), records)
    live = station.start()
    station.run()
    assert [*live.watch.clocks] == ["A"]
    live.expire(int(records.received_ns[-1]) + 3600 * SECOND)
    told = [each for _, each in live.outbox.take() if isinstance(each, StaleChanged)]
    assert {(row.packet_type, row.stale) for each in told for row in each.rows} == {
        ("/H/HK", True),
        ("/H/EVENT", True),
    }


class Counted:
    """A plug-in whose value hangs on every packet that ever came."""

    name, packets, inputs, outputs = "COUNTED", "/H/HK", ("LOAD",), (Output("PACKETS"),)

    def __init__(self) -> None:
        self._count = 0

    def update(self, t_ns: Any, columns: Any) -> dict[str, Any]:
        counts = self._count + 1 + np.arange(len(t_ns))
        self._count = int(counts[-1])
        return {"PACKETS": counts}

    def state(self) -> dict[str, int]:
        return {"count": self._count}

    def restore(self, state: dict[str, int]) -> None:
        self._count = state["count"]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("seed", range(3))
def test_derived_parameters_go_on_where_they_were_however_long_they_remember(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(plugins, "loaded", lambda _: [Counted])
    plugins.derived.cache_clear()
    request.addfinalizer(plugins.derived.cache_clear)
    setting, records = mission(tmp_path, "frames, tcp"), recorded("frames, tcp", seed)
    killed_run(tmp_path, setting, seed, records)
    with EmbeddedStore.open(tmp_path / "archive", write=False) as store:
        counts = store.read(REALM, "/Derived/COUNTED")["/Derived/COUNTED/PACKETS"].to_pylist()
    assert counts == [each + 1.0 for each in range(len(counts))]
    assert len(counts) > 50


def test_spacecraft_whose_databases_disagree_are_stored_all_the_same(tmp_path: Path) -> None:
    other = hand.DATABASE.replace(
        'name="NAME" parameterTypeRef="TEXT"', 'name="NAME" parameterTypeRef="U32"'
    )
    text = HEAD + CRAFT + CRAFT.replace('"A"', '"B"').replace("10", "11").replace("hand", "other")
    text += TIME + f'[[link]]\nname = "link0"\nkind = "memory"\n{FRAMES}\n'
    setting = mission_of(tmp_path / "m", text, {"hand.xml": hand.DATABASE, "other.xml": other})
    frames = [
        tm.encode(filled(hand.hk(0, NOON)), TM, scid=scid, vcid=1, count=0) for scid in (10, 11)
    ]
    station = whole_run(tmp_path / "a", setting, Records.of(0, hand.t_ns(NOON), frames))
    rows = station.table("/H/HK").select(["spacecraft", "/H/NAME", "/H/BIG"]).to_pylist()
    number = str(int.from_bytes(b"abcd", "big"))
    assert [tuple(row.values()) for row in rows] == [
        ("A", "abcd", str(1 << 90)),
        ("B", number, str(1 << 90)),
    ]


# ---- hostile octets -------------------------------------------------------------------------


def test_strangers_without_number_are_bounded(tmp_path: Path) -> None:
    """65,536 spacecraft that nobody knows, by frames without any check."""
    text = HEAD + CRAFT + TIME
    text += '[[link]]\nname = "link0"\nkind = "memory"\nframe = "uslp"\nlength = 36\n'
    setting = mission_of(tmp_path / "m", text, {"hand.xml": hand.DATABASE})
    layout = uslp.Layout(36)
    frames = [
        uslp.encode(packet.encode(5, 0, bytes(20)), layout, scid=scid, vcid=1)
        for scid in range(0, 65536, 4)
    ]
    station = VirtualStation(tmp_path / "a", setting)
    station.record("link0", Records.of(0, hand.t_ns(NOON), [b"".join(frames)]))
    live = station.start()
    station.run()
    [tally] = live._chain.tallies.values()
    assert sum(tally.unknown.values()) + tally.stages["frames"].dropped.get("channels", 0) > 0
    assert len(tally.unknown) <= 10_001
    station.kill()


def test_random_octets_end_nothing(tmp_path: Path) -> None:
    rng = random.Random(7)
    for kind in KINDS:
        station = VirtualStation(tmp_path / kind, mission(tmp_path / kind, kind))
        chunks = [rng.randbytes(rng.randrange(1, 2000)) for _ in range(100)]
        begins = [True, *[False] * 99, True]  # the last ends what came before
        station.record("link0", Records.of(0, hand.t_ns(NOON), [*chunks, b"?"], begins))
        station.start()
        station.run()
        counts: list[Any] = station.live.stages() if station.live else []
        assert [row for row in counts if not row.balanced] == []
        station.kill()
        with EmbeddedStore.open(station.root / "archive", write=False) as store:
            names = {info.name for info in store.tables(REALM)} & {"packets", "rejects"}
            kept = [
                each for name in names for each in store.read(REALM, name)["octets"].to_pylist()
            ]
        assert sum(map(len, kept)) in (sum(map(len, chunks)), sum(map(len, chunks)) + 1)
