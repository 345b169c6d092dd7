"""A replay gives what live gave: times, values, severities and transitions of alarms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ground.archive import journal
from ground.archive.embedded import EmbeddedStore
from ground.archive.journal_records import Records
from ground.messages import AlarmRow, AlarmsChanged, ControlReplay, ParametersDecoded
from ground.services import missions
from ground.services.library import Library
from ground.services.player import Player
from ground.services.replay import Replay
from ground.services.tracks import ArchiveTrack, JournalTrack, Track
from tests.flows.virtual import REALM, VirtualStation
from tools import simulator

SECOND = 10**9
CADU = 1279
START = simulator.START_NS


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> VirtualStation:
    """A station that received a pass live, with every message that it published."""
    root = tmp_path_factory.mktemp("live")
    path = root / "pass.cadu"
    simulator.record(path, seconds=700, seed=3)
    octets = path.read_bytes()
    chunks = [octets[at : at + CADU] for at in range(0, len(octets), CADU)]
    made = Records.of(0, 0, chunks, [True, *[False] * (len(chunks) - 1)])
    times = START + np.arange(len(chunks)) * SECOND
    records = Records(made.position, times, made.length, made.begins, made.octets)
    station = VirtualStation(root)
    station.record("kashi", records)
    station.start()
    station.run()
    station.kill()
    return station


@pytest.fixture(scope="module")
def archive(station: VirtualStation) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(station.root / "archive", write=False) as store:
        yield store


def tracks_of(station: VirtualStation, store: EmbeddedStore | None) -> list[Track]:
    if store is None:
        return [JournalTrack("kashi", station.journal("kashi"))]
    return [ArchiveTrack(store, REALM, "kashi", {"CG-1": 171})]


def replay_of(
    station: VirtualStation, store: EmbeddedStore | None = None, rate: float = 0.0, **more: Any
) -> Replay:
    with EmbeddedStore.open(station.root / "archive", write=True) as writing:
        crafts = missions.crafts(station.mission, Library(writing))
    whole = journal.span(station.journal("kashi"))
    assert whole is not None
    player = Player(tracks_of(station, store), whole.first_ns, whole.last_ns + 1, rate=rate, **more)
    return Replay(station.mission, crafts, player, "replay/test")


def played(replay: Replay) -> list[tuple[str, Any]]:
    while replay.turn(0):
        pass
    return replay.outbox.take()


def transitions(messages: list[tuple[str, Any]]) -> list[AlarmRow]:
    told = [each for _, each in messages if isinstance(each, AlarmsChanged)]
    return [row for message in told for row in message.alarms]


def samples(messages: list[tuple[str, Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every parameter message, as plain values."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for _, message in messages:
        if isinstance(message, ParametersDecoded):
            names = sorted(message.columns)
            apart = [n for n in names if n.startswith("valid:")]
            columns = [message.columns[n].tolist() for n in names if n not in apart]
            found[message.packet_type] += list(zip(*columns, strict=True))
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


@pytest.mark.parametrize("kind", ["journal", "archive"])
def test_a_replay_gives_what_live_gave(
    kind: str, station: VirtualStation, archive: EmbeddedStore
) -> None:
    messages = played(replay_of(station, archive if kind == "archive" else None))
    found, expected = transitions(messages), transitions(station.messages)
    assert len(expected) > 8
    assert found == expected
    assert samples(messages) == samples(station.messages)
    assert sum(map(len, samples(messages).values())) > 2000


def test_a_replay_changes_nothing_in_the_archive(station: VirtualStation) -> None:
    before = station.telemetry(without=())
    played(replay_of(station))
    assert station.telemetry(without=()) == before
    with EmbeddedStore.open(station.root / "archive", write=False) as store:
        assert {table.realm for table in store.tables()} == {REALM}


def test_at_ten_times_the_pace_a_tenth_of_the_time_is_needed(station: VirtualStation) -> None:
    replay = replay_of(station, rate=10.0)
    whole = journal.span(station.journal("kashi"))
    assert whole is not None
    half = (whole.last_ns - whole.first_ns) // 2
    while replay.turn(half // 10):
        pass
    assert 0 <= half - (replay.data_ns - whole.first_ns) < SECOND
    assert not replay.player.finished
    while replay.turn(2 * half // 10 + 1):
        pass
    assert replay.player.finished


def test_paused_it_goes_step_by_step(station: VirtualStation) -> None:
    replay = replay_of(station, rate=1.0, paused=True)
    assert not replay.turn(10**15)
    assert replay.data_ns == 0
    answer = replay.act(ControlReplay("step"), 10**15)
    assert answer.ok and replay.data_ns == START
    replay.act(ControlReplay("step"), 10**15)
    assert replay.data_ns > START
    at = replay.data_ns
    replay.act(ControlReplay("resume"), 10**15)
    while replay.turn(10**15 + 5 * SECOND):
        pass
    assert replay.data_ns <= at + 6 * SECOND


def test_seek_forgets_what_was_and_goes_on_from_there(station: VirtualStation) -> None:
    replay = replay_of(station)
    whole = played(replay)
    answer = replay.act(ControlReplay("seek", t_ns=START), 0)
    assert answer.ok
    assert samples(played(replay)) == samples(whole)
    outside = replay.act(ControlReplay("seek", t_ns=1), 0)
    assert not outside.ok and "not in this replay" in outside.reason


def test_a_loop_begins_anew_at_its_end(station: VirtualStation) -> None:
    replay = replay_of(station, loop=True)
    first = replay.player.rounds
    while replay.player.rounds == first:
        replay.turn(0)
    packets = replay.packets
    while replay.player.rounds == first + 1:
        replay.turn(0)
    assert not replay.player.finished
    assert replay.packets >= 2 * packets - packets // 10
