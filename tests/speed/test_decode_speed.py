"""Packets to values to judgement, against space_packet_parser and ccsdspy, on the same octets."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable
from pathlib import Path

import ccsdspy
import numpy as np
import pytest
import space_packet_parser as spp

from ground.alarms import limits
from ground.alarms.judge import Judge
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.mdb import plan, xtce
from ground.services.downlink import PacketLink
from ground.services.tally import Tally
from protocols import packet
from tests.speed import housekeeping
from tests.speed.clock import Race

pytestmark = pytest.mark.speed

JPSS = "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """ccsdspy sets up a log of its own, which complains once a call."""
    monkeypatch.setattr(ccsdspy.log, "disabled", True)
    logging.getLogger("ccsdspy").setLevel(logging.CRITICAL)


def jpss_by_ccsdspy(folder: Path, octets: bytes) -> Callable[[], dict[str, np.ndarray]]:
    lines = (folder / "ccsdspy_jpss1_geolocation.csv").read_text().splitlines()
    fields = [
        ccsdspy.PacketField(row["name"], row["data_type"], int(row["bit_length"]))
        for row in csv.DictReader(lines)
    ]
    definition = ccsdspy.FixedLength(fields)
    return lambda: definition.load(io.BytesIO(octets), include_primary_header=True)


def test_noaa_20_geolocation(shared):
    """7,200 packets of 27 parameters, from a file as the station reads it, and from memory."""
    folder = shared / "jpss1"
    definition, octets = folder / "jpss1_geolocation_xtce_v1.xml", (folder / JPSS).read_bytes()
    decoder = Decoder(plan.compile(xtce.load(definition.read_bytes(), definition.name)))
    oracle = spp.load_xtce(definition)
    by_ccsdspy = jpss_by_ccsdspy(folder, octets)

    arena = packet.padded(octets)

    file = (folder / JPSS).open("rb")

    def ours_from_file():
        file.seek(0)
        link = PacketLink(Tally())
        room = link.room(len(octets))
        file.readinto(room.data)
        return decoder.decode(link.receive(room, final=True).packets).batches[0].raw

    def ours():
        return decoder.decode(packet.scan_arena(arena).packets).batches[0].raw

    def ours_from_bytes():
        return decoder.decode(packet.scan(octets).packets).batches[0].raw

    def by_spp():
        return [oracle.parse_bytes(each) for each in spp.ccsds_generator(io.BytesIO(octets))]

    columns = {path.rsplit("/")[-1]: each.values for path, each in ours_from_file().items()}
    theirs = by_ccsdspy()
    for name in ("DOY", "MSEC", "USEC", "ADAESCID"):
        np.testing.assert_array_equal(columns[name], theirs[name])
    assert [each["MSEC"] for each in by_spp()] == columns["MSEC"].tolist()
    work, unit = 7200 * 27, "parameters"
    race = Race(
        "NOAA-20 file of 7,200 packets, read and decoded (ccsdspy: from memory)", work, unit
    )
    race.run(rounds=9, ours=ours_from_file, ccsdspy=by_ccsdspy)
    file.close()
    race.at_least(5, over="ccsdspy")
    race = Race("  the same, octets in a padded arena", work, unit)
    race.run(rounds=3, ours=ours, space_packet_parser=by_spp, ccsdspy=by_ccsdspy)
    race.at_least(500, over="space_packet_parser")
    race.at_least(5, over="ccsdspy")
    race = Race("  the same, octets copied from `bytes` first", work, unit)
    race.run(rounds=9, ours=ours_from_bytes, ccsdspy=by_ccsdspy)
    race.at_least(5, over="ccsdspy")


class Station:
    """Housekeeping through our decoder, calibration and limits."""

    def __init__(self) -> None:
        database = xtce.load(housekeeping.database().encode(), "housekeeping.xml")
        made = plan.compile(database)
        (self.path,) = made.programs.keys() - {"/BENCH/CCSDSPacket"}
        self.types = made.column_types[self.path]
        self.decoder, self.calibration = Decoder(made), Calibration(self.types)
        self.judge = Judge()

    def run(self, packets: packet.Packets) -> np.ndarray:
        """Return the worst severity of each packet."""
        (batch,) = self.decoder.decode(packets).batches
        engineering = self.calibration.engineering(batch.raw)
        none = np.zeros(len(batch), np.int64)
        levels = self.judge.judge(self.types, batch.raw, engineering, none, none)
        return limits.worst(levels, len(batch))


def judged_by_spp(path: Path, octets: bytes) -> Callable[[], list[int]]:
    """Decode and calibrate with space_packet_parser, and check limits in a loop."""
    oracle = spp.load_xtce(path)
    (low, high), (least, most) = housekeeping.WARNING, housekeeping.CRITICAL

    def run() -> list[int]:
        found = []
        for each in spp.ccsds_generator(io.BytesIO(octets)):
            values, worst = oracle.parse_bytes(each), 0
            for name in housekeeping.LIMITED:
                value = values[name]
                if value < least or value > most:
                    worst = 3
                elif value < low or value > high:
                    worst = max(worst, 1)
            found.append(worst)
        return found

    return run


@pytest.mark.parametrize("number", [1, 64, 1000, 4000])
def test_housekeeping_decoded_calibrated_and_judged(tmp_path, number):
    """A packet as it arrives, a batch of frames, and two of the sizes that a file comes in."""
    octets = housekeeping.octets(number)
    packets = packet.scan(octets).packets
    (tmp_path / "housekeeping.xml").write_text(housekeeping.database())
    station, by_spp = Station(), judged_by_spp(tmp_path / "housekeeping.xml", octets)
    assert station.run(packets).tolist() == by_spp()
    what = f"housekeeping, 100 parameters, {number:,} a batch: decode, calibrate, limits"
    race = Race(what, number * housekeeping.PARAMETERS, "parameters")
    race.run(rounds=3, ours=lambda: station.run(packets), space_packet_parser=by_spp)
    if number >= 1000:
        race.at_least_rate(20e6)
    if number >= 1000:
        race.at_least(500, over="space_packet_parser")


def test_calibration_and_limits_alone():
    packets = packet.scan(housekeeping.octets(1000)).packets
    station = Station()
    (batch,) = station.decoder.decode(packets).batches
    engineering = station.calibration.engineering(batch.raw)
    none = np.zeros(len(batch), np.int64)
    work = len(batch) * housekeeping.PARAMETERS
    race = Race("  of which decode", work, "parameters")
    race.run(ours=lambda: station.decoder.decode(packets))
    race = Race("  of which calibrate", work, "parameters")
    race.run(ours=lambda: station.calibration.engineering(batch.raw))
    race = Race("  of which limits", work, "parameters")
    race.run(ours=lambda: station.judge.judge(station.types, batch.raw, engineering, none, none))
