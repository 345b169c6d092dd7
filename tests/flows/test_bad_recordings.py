"""Recordings that are cut, empty, random or of another kind: counted, kept, and never a crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ground.errors import InputError
from ground.services import ingest as service
from ground.services import listing, query
from ground.services.tally import Tally
from ground.settings import Link, ReedSolomon
from tests.recordings import BARE, PLAIN, Station, balanced
from tools.simulator import Faults, record

NO_FAULTS = Faults(0, 0, 0)
SPAN = query.Span("live")
CADU_OCTETS = 4 + 5 * 255
LINKS = {
    "cadus": Link(
        name="cadus", kind="file", frame="aos", length=1115, fecf=True, asm="1acffc1d",
        randomiser="tm8", rs=ReedSolomon(interleave=5),
    ),
    "marked": Link(name="marked", kind="file", frame="aos", length=1115, asm="1acffc1d"),
    "blocks": Link(
        name="blocks", kind="file", frame="aos", length=446, rs=ReedSolomon(interleave=2)
    ),
    "aos": PLAIN,
    "aos, fhec": Link(name="fhec", kind="file", frame="aos", length=223, fhec=True, fecf=True),
    "tm": Link(name="tm", kind="file", frame="tm", length=1115, fecf=True),
    "tm, no crc": Link(name="tm", kind="file", frame="tm", length=1115, trailer=2),
    "uslp": Link(name="uslp", kind="file", frame="uslp", length=1024, fecf=True),
    "uslp, varying": Link(name="uslp", kind="file", frame="uslp", fecf=True),
    "packets": BARE,
}  # fmt: skip


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station.of_chenguang1(tmp_path / "archive")


def kept(station: Station) -> list[dict[str, object]]:
    with station.reading() as store:
        return list(listing.rejects(store, SPAN))


@pytest.mark.parametrize(
    ("name", "size"), [*((name, 100_001) for name in LINKS), ("cadus", 1), ("tm", 1), ("uslp", 0)]
)
def test_random_octets_are_counted_and_kept_and_crash_nothing(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int
) -> None:
    monkeypatch.setattr(service, "CHUNK_OCTETS", 30_000)
    octets = np.random.default_rng(7).integers(0, 256, size, np.uint8).tobytes()
    (tmp_path / "random").write_bytes(octets)
    tally = station.ingest(tmp_path / "random", LINKS[name])
    assert balanced(tally)
    assert tally.findings == (size > 0)
    tables = station.tables()
    for row in kept(station):
        assert row["reason"] and row["clause"] and row["octets"]
        if row["stage"] in ("stream", "frame"):
            start = row["offset"] + (4 if "asm" in str(row["clause"]) else 0)
            assert octets[start : start + row["length"]] == row["octets"]
    if LINKS[name].fecf:
        assert "packets" not in tables  # nothing passes a CRC by chance, with this seed
        rejected = sum(len(row["octets"]) for row in kept(station))
        assert rejected == size


def test_a_truncated_recording_gives_all_but_its_last_frame(
    station: Station, tmp_path: Path
) -> None:
    truth = record(tmp_path / "pass", seconds=60, seed=5, faults=NO_FAULTS)
    octets = (tmp_path / "pass").read_bytes()
    (tmp_path / "cut").write_bytes(octets[:-500])
    tally = station.ingest(tmp_path / "cut")
    assert balanced(tally)
    assert tally.stages["cadus"].out == len(truth.frame_vcid) - 1
    assert tally.lost == {"bits": 8 * (CADU_OCTETS - 500)}
    (left,) = [row for row in kept(station) if row["stage"] == "stream"]
    assert left["octets"] == octets[-CADU_OCTETS:-500]
    assert left["offset"] == len(octets) - CADU_OCTETS


def test_truncated_packets_are_a_finding(station: Station, tmp_path: Path) -> None:
    octets = bytes.fromhex("0064c0000003") + b"abcd"
    (tmp_path / "cut").write_bytes(octets + octets[:-1])
    tally = station.ingest(tmp_path / "cut", BARE)
    assert (tally.stages["packets"].out, tally.fragments) == (1, {"truncated": 1})
    assert tally.findings
    (left,) = kept(station)
    assert (left["reason"], left["octets"], left["offset"]) == ("truncated", octets[:-1], 10)


def test_a_stream_between_noise_is_found_and_the_noise_is_kept(
    station: Station, tmp_path: Path
) -> None:
    noise = np.random.default_rng(3).integers(0, 256, 5_000, np.uint8).tobytes()
    truth = record(tmp_path / "pass", seconds=60, seed=5, faults=NO_FAULTS)
    octets = (tmp_path / "pass").read_bytes()
    (tmp_path / "noisy").write_bytes(noise + octets + noise)
    tally = station.ingest(tmp_path / "noisy")
    assert balanced(tally)
    delivered = sum(int(each.delivered.sum()) for each in truth.packets.values())
    assert tally.stages["packets"].out == delivered
    around = [row for row in kept(station) if row["stage"] in ("stream", "cadu")]
    assert around[0]["octets"] == noise
    assert sum(len(row["octets"]) for row in around) == 2 * len(noise)


@pytest.mark.parametrize("wrong", ["tm", "uslp, varying", "packets", "blocks", "tm, no crc"])
def test_a_recording_on_the_wrong_link_is_rejects_and_findings(
    station: Station, tmp_path: Path, wrong: str
) -> None:
    record(tmp_path / "pass", seconds=60, seed=5)
    tally = station.ingest(tmp_path / "pass", LINKS[wrong])
    assert balanced(tally)
    assert tally.findings
    assert tally.samples == 0


def test_nothing_reads_what_is_no_file(station: Station, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path, found in {
        tmp_path / "absent": "No such file or directory",
        tmp_path / "folder": "a folder",
        Path("/dev/zero"): "not a regular file",
    }.items():
        with pytest.raises(InputError) as told:
            station.ingest(path)
        assert str(told.value) == f"{path}: {found}; expected a file of telemetry"
    assert station.tables() == {}


def test_an_empty_file_is_ingested_once_and_holds_nothing(station: Station, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    first: Tally = station.ingest(tmp_path / "empty")
    assert balanced(first) and not first.findings
    assert station.ingest(tmp_path / "empty").repeated
    assert station.tables() == {}
