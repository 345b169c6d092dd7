"""The whole way, measured: frames to judged values, a recording to the archive, and the start."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from binascii import crc_hqx
from pathlib import Path

import numpy as np
import pytest
import space_packet_parser as spp

from ground.alarms.judge import Judge
from ground.archive.embedded import EmbeddedStore
from ground.mdb import plan, xtce
from ground.services import ingest, missions
from ground.services.crafts import Definition
from ground.services.downlink import FrameLink
from ground.services.library import Library
from ground.services.tally import Tally
from ground.settings import Link, Mission, find
from protocols import tm
from tests.speed import housekeeping
from tests.speed.clock import Race, races
from tools.simulator import Faults, record

pytestmark = pytest.mark.speed

FRAME_OCTETS = 1115
BATCH_FRAMES = 256, 1024


def frames_of(packets: bytes) -> np.ndarray:
    """Return TM frames with a FECF that carry these packets, uint8 [N, 1115]."""
    layout = tm.Layout(FRAME_OCTETS, fecf=True)
    room, step = FRAME_OCTETS - 8, housekeeping.OCTETS
    made = [
        tm.encode(
            packets[at : at + room],
            layout,
            scid=1,
            vcid=0,
            count=place % 256,
            first_header_pointer=-at % step,
        )
        for place, at in enumerate(range(0, len(packets) - room + 1, room))
    ]
    return np.frombuffer(b"".join(made), np.uint8).reshape(-1, FRAME_OCTETS)


class Chain:
    """Frames in, levels out, as the station does it: what has limits is calibrated and judged."""

    def __init__(self) -> None:
        database = xtce.load(housekeeping.database().encode(), "housekeeping.xml")
        self.definition = Definition("bench", plan.compile(database))
        link = Link(name="bench", kind="memory", frame="tm", length=FRAME_OCTETS, fecf=True)
        self.link, self.judged = link, 0

    def run(self, batches: list[np.ndarray]) -> int:
        """Return how many values were judged."""
        receiver, judge, judged = FrameLink(self.link, Tally()), Judge(), 0
        for octets in batches:
            packets = receiver.receive(octets).packets
            for batch in self.definition.decoder.decode(packets).batches:
                types = self.definition.plan.column_types[batch.packet_type]
                calibration, judged_columns = self.definition.judging(batch.packet_type)
                engineering = calibration.engineering(batch.raw, judged_columns)
                none = np.zeros(len(batch), np.int64)
                levels = judge.judge(types, batch.raw, engineering, none, none)
                judged += len(batch) * len(levels)
        return judged


@pytest.mark.parametrize("number", BATCH_FRAMES)
def test_frames_to_judged_values_in_memory(number):
    """At least 3 Gbit/s a core; the reference computes the CRC alone, one frame at a time."""
    frames = frames_of(housekeeping.octets(40_000))
    batches = [
        np.ascontiguousarray(frames[at : at + number]).reshape(-1)
        for at in range(0, len(frames), number)
    ]
    octets = [bytes(each) for each in frames]
    chain = Chain()
    whole = len(frames) * (FRAME_OCTETS - 8) // housekeeping.OCTETS
    assert chain.run(batches) == whole * len(housekeeping.LIMITED)
    what = f"TM frames, {number:,} a batch: CRC, demultiplex, decode, calibrate, limits"
    race = Race(what, 8 * frames.size, "bit")
    race.run(
        ours=lambda: chain.run(batches),
        crc_hqx_alone=lambda: [crc_hqx(each, 0xFFFF) for each in octets],
    )
    race.at_least_rate(3e9)


def ingested(folder: Path, mission: Mission, link: Link, path: Path, realm: str) -> Tally:
    """Ingest a file into a new archive."""
    with EmbeddedStore.open(folder, write=True) as store:
        crafts = missions.crafts(mission, Library(store))
        if link.frame == "packets":
            crafts.only = mission.spacecraft[0].name
        job = ingest.Job(path, link, crafts, realm, "bench")
        return ingest.ingest(store, job, lambda done, total: None)


def many_days(source: Path, days: int) -> bytes:
    """Return the NOAA-20 packets over again, each time a day later."""
    packets = np.fromfile(source, np.uint8).reshape(-1, 71)
    made = np.tile(packets, (days, 1))
    day = (packets[0, 6].astype(int) << 8 | packets[0, 7]) + np.arange(days)
    made[:, 6] = np.repeat(day >> 8, len(packets))
    made[:, 7] = np.repeat(day & 0xFF, len(packets))
    return made.tobytes()


def test_full_ingest_to_the_archive(shared, tmp_path):
    """NOAA-20 packets to the archive on disk, against parsing alone by space_packet_parser."""
    folder = shared / "jpss1"
    definition = folder / "jpss1_geolocation_xtce_v1.xml"
    one_day = (folder / "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1").read_bytes()
    recording = tmp_path / "noaa20.dat"
    recording.write_bytes(many_days(folder / "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1", 40))
    (tmp_path / "mission.toml").write_text(
        f"""[mission]\nname = "noaa"\n[[spacecraft]]\nname = "NOAA-20"\nscid = 159
database = "{definition}"
[[time]]\npackets = "*"\ndays = "DOY"\nmilliseconds = "MSEC"\nmicroseconds = "USEC"
scale = "utc"\n[[link]]\nname = "packets"\nkind = "file"\nframe = "packets"\n"""
    )
    mission = find(tmp_path / "mission.toml")
    oracle = spp.load_xtce(definition)
    runs = iter(range(1000))

    def ours() -> int:
        home = tmp_path / f"archive{next(runs)}"
        return ingested(home, mission, mission.links[0], recording, "live").samples

    def by_spp() -> None:
        for _, each in zip(range(500), spp.ccsds_generator(io.BytesIO(one_day)), strict=False):
            oracle.parse_bytes(each)

    samples = ours()
    assert samples == 40 * 7200 * 27
    race = Race("NOAA-20 file to the archive, fsync included", samples, "samples")
    race.run(rounds=3, ours=ours, space_packet_parser=by_spp)
    race.seconds["space_packet_parser"] *= 40 * 7200 / 500  # it parses only, 500 packets of them
    race.at_least_rate(5e6)


def test_bytes_a_sample_of_the_simulated_pass(tmp_path):
    """Octets on disk for a value, raw packets kept beside it, after compaction."""
    mission = find("chenguang1")
    record(tmp_path / "pass.cadu", seconds=3600, seed=1, faults=Faults(0, 0, 0))
    link = mission.link("recording")
    assert link is not None
    runs = iter(range(1000))

    def ours() -> int:
        home = tmp_path / f"pass{next(runs)}"
        return ingested(home, mission, link, tmp_path / "pass.cadu", "sim/bench").samples

    samples = ours()
    with EmbeddedStore.open(tmp_path / "pass0", write=True) as store:
        store.compact()
    sizes = {"packets": 0, "telemetry": 0}
    for each in (tmp_path / "pass0").rglob("*.parquet"):
        sizes["packets" if "packets" in str(each.relative_to(tmp_path)) else "telemetry"] += (
            each.stat().st_size
        )
    race = Race(
        f"simulated pass to the archive ({sizes['telemetry'] / samples:.2f} B a sample, "
        f"{sizes['packets'] / samples:.2f} more for its raw packets)",
        samples,
        "samples",
    )
    race.run(rounds=3, ours=ours)
    assert sum(sizes.values()) / samples < 2.4  # of an Arrow stream, notes on storage


def test_the_start(shared, tmp_path):
    """`ground --help`, and the first values of a cold start: wall clock, empty kernel cache."""
    definition = shared / "jpss1" / "jpss1_geolocation_xtce_v1.xml"
    recording = shared / "jpss1" / "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"
    ground = [sys.executable, "-m", "ground"]
    cold = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "GROUND_HOME": str(tmp_path)}

    def seconds(*arguments: str) -> float:
        start = time.monotonic()
        done = subprocess.run([*ground, *arguments], env=cold, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr.decode()
        return time.monotonic() - start

    whole = ["ingest", str(recording), "--database", str(definition), "--spacecraft", "NOAA-20"]
    first_ingest = seconds(*whole)  # 7,200 packets to the archive, on the numpy forms
    helps = min(seconds("--help") for _ in range(5))
    measured = (("ground --help", helps, 0.5), ("cold start, 7,200 packets", first_ingest, 2.0))
    for name, spent, wanted in measured:
        race = Race(f"{name}: {spent:.2f} s of wall clock", 1, "run")
        race.seconds["ours"] = spent
        race.at_least_rate(1 / wanted)
        races.append(race)
