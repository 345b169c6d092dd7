"""A link's journal gives the rows that the same octets give as a file, however they came in."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ground import settings
from ground.archive.embedded import EmbeddedStore
from ground.archive.journal_records import Records
from ground.archive.rows import ordered
from ground.services import missions
from ground.services.chain import Chain, joined
from ground.services.library import Library
from ground.services.meant import Judged
from ground.settings import Link
from tests.recordings import Station
from tools import simulator

SECOND = 10**9
T0_NS = simulator.START_NS


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pass") / "pass.cadu"
    simulator.record(path, seconds=120, seed=5)
    return path


def new_chain(root: Path, observed: list[Judged], link: Link | None = None) -> Chain:
    mission = settings.find("chenguang1")
    if link is not None:
        mission = mission.model_copy(update={"links": (link,)})
    with EmbeddedStore.open(root, write=True) as store:
        crafts = missions.crafts(mission, Library(store))
    return Chain(mission, crafts, lambda table: np.zeros(len(table), bool), observed.extend)


def records_of(octets: bytes, cuts: list[int], begins: set[int] = frozenset()) -> Records:
    """The octets cut at these places, a second after each other."""
    edges = [0, *cuts, len(octets)]
    chunks = [octets[a:b] for a, b in itertools.pairwise(edges)]
    records = Records.of(0, 0, chunks, [edge in begins for edge in edges[:-1]])
    times = T0_NS + np.arange(len(chunks)) * SECOND
    return Records(records.position, times, records.length, records.begins, records.octets)


def values(tables: dict[str, pa.Table]) -> dict[str, list[dict[str, object]]]:
    """What was decoded, without what tells where it came from."""
    apart = ("source", "received", "offset", "time")
    kept = {name: each for name, each in tables.items() if name not in ("rejects", "gaps")}
    return {
        name: table.drop_columns([c for c in apart if c in table.column_names]).to_pylist()
        for name, table in kept.items()
    }


@pytest.mark.parametrize("size", [1279, 5000, 100_003])
def test_a_journal_gives_what_the_file_gives(size: int, recording: Path, tmp_path: Path) -> None:
    station = Station.of_chenguang1(tmp_path / "file")
    station.ingest(recording)
    octets = recording.read_bytes()
    chain = new_chain(tmp_path / "live", [])
    records = records_of(octets, list(range(size, len(octets), size)), {0})
    parts = [
        chain.receive("recording", records.rows(at, at + 7)) for at in range(0, len(records), 7)
    ]
    made = joined(parts)
    with station.reading() as store:
        for name, rows in values(made).items():
            expected = store.read("live", name)
            found = ordered(made[name])
            assert found["t_ns"].to_pylist() == expected["t_ns"].to_pylist()
            for column in expected.column_names:
                if column not in ("source", "received", "offset"):
                    assert found[column].to_pylist() == expected[column].to_pylist(), (name, column)
            assert len(rows) == len(expected)


def test_packets_carry_when_their_frame_was_received_and_where_it_is(
    recording: Path, tmp_path: Path
) -> None:
    octets = recording.read_bytes()
    observed: list[Judged] = []
    chain = new_chain(tmp_path, observed)
    records = records_of(octets, list(range(1279, len(octets), 1279)), {0})
    made = chain.receive("recording", records)
    offset = np.array(made["packets"]["offset"].to_pylist())
    assert (offset % 1279 == 0).all()
    received = made["packets"]["received"].cast(pa.int64()).to_numpy()
    first = received[0] - offset[0] // 1279 * SECOND
    assert (received == first + offset // 1279 * SECOND).all()
    assert sum(len(each.batch) for each in observed) == len(offset)
    assert (np.concatenate([each.received_ns for each in observed]) >= T0_NS).all()


def test_a_break_of_the_connection_between_two_frames_loses_nothing(
    recording: Path, tmp_path: Path
) -> None:
    octets = recording.read_bytes()
    cuts = list(range(1279, len(octets), 1279))
    whole = new_chain(tmp_path / "a", []).receive("recording", records_of(octets, cuts, {0}))
    begins = {0, cuts[40], cuts[41], cuts[90]}
    broken = new_chain(tmp_path / "b", []).receive("recording", records_of(octets, cuts, begins))
    assert values(whole) == values(broken)


@pytest.mark.parametrize("at", [3, 50, 100])
def test_a_chain_that_recalls_goes_on_as_the_one_before(
    at: int, recording: Path, tmp_path: Path
) -> None:
    octets = recording.read_bytes()
    cuts = list(range(700, len(octets), 700))
    records = records_of(octets, cuts, {0})
    first = new_chain(tmp_path / "a", [])
    before = first.receive("recording", records.rows(0, at))
    expected = values(first.receive("recording", records.rows(at, len(records))))
    observed: list[Judged] = []
    second = new_chain(tmp_path / "b", observed)
    anchor = first.anchor("recording", records.rows(0, at).end)
    known = records.rows(0, at).behind(anchor)
    if len(known):
        second.recall("recording", known)
    assert not observed and (before or at == 3)
    found = values(second.receive("recording", records.rows(at, len(records))))
    assert found == expected


def test_a_datagram_of_a_wrong_length_spoils_no_other(recording: Path, tmp_path: Path) -> None:
    link = Link(name="udp", kind="udp", address="127.0.0.1:1", frame="aos", length=1115, fecf=True)
    simulator.record(tmp_path / "bare", seconds=60, coded=False, faults=simulator.Faults(0, 0, 0))
    octets = (tmp_path / "bare").read_bytes()
    frames = [octets[at : at + 1115] for at in range(0, len(octets), 1115)]
    chain = new_chain(tmp_path / "a", [], link)
    expected = values(chain.receive("udp", Records.of(0, T0_NS, frames)))
    with_junk = [*frames[:5], b"junk", *frames[5:20], frames[20] + b"x", *frames[20:]]
    chain = new_chain(tmp_path / "b", [], link)
    made = chain.receive("udp", Records.of(0, T0_NS, with_junk))
    assert values(made) == expected
    rejects = made["rejects"].filter(pa.compute.equal(made["rejects"]["reason"], "length"))
    assert rejects["octets"].to_pylist() == [b"junk", frames[20] + b"x"]
    assert rejects["offset"].to_pylist() == [5 * 1115, 20 * 1115 + 4]
    counts = chain.tallies["udp"].stage("frames")
    assert counts.balanced and counts.dropped["length"] == 2
