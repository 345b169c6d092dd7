"""A recorded pass of the simulator goes in by the station's services; the archive is the truth.

Every packet that arrived whole, every sample of it, raw and engineering, and every gap, is held
against what the simulator says it sent and the channel lost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from ground.columns import Column
from ground.services import ingest as service
from ground.services import listing, names, query
from ground.services.library import Library
from ground.services.tally import Tally
from tests.recordings import PLAIN, Station, balanced
from tools.simulator import Faults, Truth, record

SECONDS = 150
FAULTS = Faults(lost=4, corrected=6, ruined=2)
CADU_OCTETS = 4 + 5 * 255
SPAN = query.Span("live")


class Pass(NamedTuple):
    truth: Truth
    path: Path
    station: Station
    tally: Tally


def made(folder: Path, seed: int, coded: bool = True) -> Pass:
    path = folder / "pass"
    truth = record(path, seconds=SECONDS, seed=seed, coded=coded, faults=FAULTS)
    station = Station.of_chenguang1(folder / "archive")
    return Pass(truth, path, station, station.ingest(path, "recording" if coded else PLAIN))


@pytest.fixture(scope="module", params=[(1, True), (2, True), (3, False)], ids=str)
def flown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pass:
    return made(tmp_path_factory.mktemp("pass"), *request.param)


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Pass:
    return made(tmp_path_factory.mktemp("coded"), 4)


def test_every_stage_accounts_for_all_that_it_was_given(flown: Pass) -> None:
    tally, sent = flown.tally, len(flown.truth.frame_vcid)
    assert balanced(tally)
    arrived = sent - FAULTS.lost
    if "cadus" in tally.stages:
        assert tally.stages["cadus"].as_json() == {
            "in": arrived,
            "out": arrived - FAULTS.ruined,
            "dropped": {"reed_solomon": FAULTS.ruined},
        }
        assert tally.corrected == 3 * FAULTS.corrected
    else:
        assert tally.stages["frames"].dropped["crc"] == FAULTS.ruined
    delivered = sum(int(each.delivered.sum()) for each in flown.truth.packets.values())
    assert tally.stages["packets"].out == delivered
    assert tally.by_type == {
        name: int(each.delivered.sum()) for name, each in flown.truth.packets.items()
    }
    assert (tally.unknown, tally.short, tally.long, tally.units) == ({}, {}, {}, 0)
    assert tally.findings


def test_every_sample_of_every_packet_is_the_one_that_was_sent(flown: Pass) -> None:
    """Raw values and engineering values, and each element of the arrays of cards."""
    compared = 0
    with flown.station.reading() as store:
        tables = query.parameters(store, "live")
        assert set(tables) == set(flown.truth.packets)
        for packet_type, truth in flown.truth.packets.items():
            assert set(truth.raw) <= set(tables[packet_type])
            own = [path for path in truth.raw if path.count("/") > 2]  # in no other packet type
            for samples in query.samples(store, Library(store), own, SPAN):
                compared += same(samples, truth)
    assert compared > 30_000


def same(samples: query.Samples, truth: Any) -> int:
    """Hold one parameter, or one element of an array, against the truth."""
    path, _, rest = samples.path.partition("[")
    index, _, member = rest.partition("]")
    raw, meant = truth.raw[path + member], truth.engineering[path + member]
    if index:
        raw, meant = raw[:, int(index)], meant[:, int(index)]
    assert (samples.t_ns == truth.t_ns[truth.delivered]).all()
    assert (samples.raw.values == raw[truth.delivered]).all(), samples.path
    found = plain(samples.engineering)
    if path == "/CG1/OBSW/BOOT_TIME":  # whole seconds there, an instant here
        found = found // 10**9
    meant = meant[truth.delivered]
    if meant.dtype == object:
        assert (found == meant).all(), samples.path
    else:
        np.testing.assert_allclose(found, meant, rtol=1e-12, atol=1e-9, err_msg=samples.path)
    return len(found)


def plain(column: Column) -> NDArray[Any]:
    assert column.valid is None or column.valid.all()
    if column.labels is None:
        return column.values
    return np.array(column.labels, object)[column.values]


def test_the_header_of_every_packet_is_in_its_row(flown: Pass) -> None:
    tables = flown.station.tables()
    for packet_type, truth in flown.truth.packets.items():
        rows = tables[packet_type]
        assert rows["sequence"].to_pylist() == truth.sequence[truth.delivered].tolist()
        assert rows["t_ns"].to_pylist() == truth.t_ns[truth.delivered].tolist()
        assert rows["/CG1/SEQUENCE_COUNT"].to_pylist() == rows["sequence"].to_pylist()
        assert set(rows["spacecraft"].to_pylist()) == {"CG-1"}
        assert rows["received"].null_count == len(rows)
        for path in ("PUS_VERSION", "MESSAGE_COUNT", "TIME_COARSE", "TIME_FINE"):
            sent = truth.raw[f"/CG1/{path}"][truth.delivered]
            assert rows[f"/CG1/{path}"].to_pylist() == sent.tolist()


def test_gaps_are_what_was_lost(flown: Pass) -> None:
    with flown.station.reading() as store:
        found = list(listing.gaps(store, SPAN))
    unread = flown.truth.frame_vcid[~flown.truth.frame_readable]
    frames = dict.fromkeys(set(unread.tolist()), 0)
    packets: dict[int, int] = {}
    for gap in found:
        if gap["kind"] == "frames":
            frames[gap["vcid"]] += gap["missing"]
        else:
            packets[gap["apid"]] = packets.get(gap["apid"], 0) + gap["missing"]
    assert frames == {vcid: int((unread == vcid).sum()) for vcid in frames}
    assert packets == lost_between(flown)


def lost_between(flown: Pass) -> dict[int, int]:
    """Return how many packets of each APID are missing between two that arrived."""
    listed = flown.station.tables()["packets"]
    apid = dict(zip(listed["packet_type"].to_pylist(), listed["apid"].to_pylist(), strict=True))
    sent: dict[int, list[tuple[int, bool]]] = {}
    for name, truth in flown.truth.packets.items():
        rows = zip(truth.t_ns.tolist(), truth.delivered.tolist(), strict=True)
        sent.setdefault(apid[name], []).extend(rows)
    missing = {}
    for number, rows in sent.items():
        arrived = [each for _, each in sorted(rows)]
        inside = arrived[arrived.index(True) : len(arrived) - arrived[::-1].index(True)]
        if not all(inside):
            missing[number] = inside.count(False)
    return missing


def test_what_was_rejected_is_kept_with_its_octets_and_place(flown: Pass) -> None:
    octets = flown.path.read_bytes()
    with flown.station.reading() as store:
        rows = list(listing.rejects(store, SPAN))
    spoilt = [row for row in rows if row["stage"] in ("cadu", "frame")]
    assert len(spoilt) == FAULTS.ruined
    for row in spoilt:
        marker = 4 if row["stage"] == "cadu" else 0
        start = row["offset"] + marker
        assert octets[start : start + row["length"]] == row["octets"]
        assert row["path"] == str(flown.path)


def test_ingesting_a_pass_twice_changes_nothing(coded: Pass) -> None:
    before, files = coded.station.tables(), coded.station.files()
    again = coded.station.ingest(coded.path)
    assert again.repeated and not again.stages
    assert coded.station.tables() == before
    assert coded.station.files() == files


def test_the_same_octets_under_another_name_and_with_more_after_them_add_nothing(
    coded: Pass, tmp_path: Path
) -> None:
    station = Station.of_chenguang1(tmp_path / "archive")
    station.ingest(coded.path)
    longer = tmp_path / "longer"
    longer.write_bytes(coded.path.read_bytes() + b"\0")
    tally = station.ingest(longer)
    assert set(tally.stages["packets"].dropped) == {"idle", "duplicate"}
    assert tally.stages["packets"].out == tally.samples == 0
    assert station.telemetry() == coded.station.telemetry()


def test_an_inverted_stream_gives_the_same_archive(coded: Pass, tmp_path: Path) -> None:
    inverted = tmp_path / "inverted"
    inverted.write_bytes((~np.fromfile(coded.path, np.uint8)).tobytes())
    station = Station.of_chenguang1(tmp_path / "archive")
    assert station.ingest(inverted).as_json() == coded.tally.as_json()
    assert station.telemetry() == coded.station.telemetry()


@pytest.mark.parametrize("reverse", [False, True])
def test_a_pass_in_two_files_that_overlap_gives_the_same_archive(
    coded: Pass, tmp_path: Path, reverse: bool
) -> None:
    """In whichever order; levels that hang on samples before are those of the order in time."""
    octets = coded.path.read_bytes()
    third = len(octets) // CADU_OCTETS // 3 * CADU_OCTETS
    parts = [octets[: 2 * third + 100], octets[third + 1000 :]]
    station = Station.of_chenguang1(tmp_path / "archive")
    for number in (1, 0) if reverse else (0, 1):
        (tmp_path / str(number)).write_bytes(parts[number])
        assert balanced(station.ingest(tmp_path / str(number)))
    whole, found = coded.station.telemetry(), station.telemetry()
    if reverse:
        for rows in (*whole.values(), *found.values()):
            for row in rows:
                row.pop("severity", None)
    assert found == whole


@pytest.mark.parametrize("chunk", [1_000, 33_333])
def test_chunks_of_any_size_give_the_same_archive(
    coded: Pass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(service, "CHUNK_OCTETS", chunk)
    station = Station.of_chenguang1(tmp_path / "archive")
    assert station.ingest(coded.path).as_json() == coded.tally.as_json()
    whole, found = coded.station.tables(), station.tables()
    for name, table in whole.items():
        assert found[name].to_pylist() == table.to_pylist()


def test_names_of_elements_are_those_that_are_asked_for(coded: Pass) -> None:
    asked = ["/CG1/DC/CARDS[3-4].temperature"]
    with coded.station.reading() as store:
        found = [each.path for each in query.samples(store, Library(store), asked, SPAN)]
    assert found == [names.element("/CG1/DC/CARDS.temperature", index) for index in (3, 4)]
