"""BogusSAT-2, a database made to be hard, against the values that xtcetools expects of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.mdb import plan, xtce
from ground.mdb.model import Database
from ground.mdb.plan import Plan
from protocols import packet
from tests.conftest import SHARED

VECTORS = SHARED / "vectors" / "xtcetools_bogussat2_expected.json"


def vectors(kind: str) -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param(None, marks=pytest.mark.skip("no published vectors"))]
    cases = json.loads(VECTORS.read_text())[kind]
    return [pytest.param(case, id=case["test"].split(".process")[1]) for case in cases]


@pytest.fixture(scope="module")
def database(shared: Path) -> Database:
    return xtce.load((shared / "xtcetools/BogusSAT-2.xml").read_bytes(), "BogusSAT-2.xml")


def one_packet(octets: bytes) -> packet.Packets:
    """Return any octets as a packet: some of these containers are tables, not packets."""
    return packet.describe(packet.padded(octets), np.array([0]), np.array([len(octets)]))


def last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def shown(made: Plan, octets: bytes) -> tuple[list[tuple[str, int, int]], list[str], int]:
    """Return (name, start bit, bits) of each field in order of place, its value, all bits used."""
    decoder, packets = Decoder(made), one_packet(octets)
    (batch,) = decoder.decode(packets).batches
    columns = Calibration(made.column_types[batch.packet_type]).engineering(batch.raw)
    places, values, seen = decoder.positions(packets), [], dict[str, int]()
    for name, _, _ in places:
        column, index = columns[name], seen.setdefault(name, 0)
        seen[name] += 1
        raw, value = batch.raw[name], column.values[0]
        if isinstance(value, np.ndarray):  # stands several times
            value = value[index] if raw.valid is None else value[raw.valid[0]][index]
        values.append(column.labels[value] if column.labels else value)
    bits = 8 * len(octets) - int(batch.bits_left[0])
    return [(last_part(name), at, width) for name, at, width in places], values, bits


def check(case: Any, made: Plan, octets: bytes) -> None:
    places, values, bits = shown(made, octets)
    expected = [each for each in case["entries"] if each["start_bit"] != ""]
    expected.sort(key=lambda each: int(each["start_bit"]))
    assert bits == case["size_bits"]
    if not case["entries"]:
        return
    assert places == [
        (each["name"], int(each["start_bit"]), int(each["size_bits"])) for each in expected
    ]
    for entry, value in zip(expected, values, strict=True):
        text = entry["value"].removeprefix("==").removesuffix("{cal}")
        if isinstance(value, str):
            assert value == text
        elif text.startswith("0x"):
            number = int.from_bytes(value, "big") if isinstance(value, bytes) else value
            assert number == int(text, 16)
        else:
            assert float(value) == pytest.approx(float(text), rel=1e-6)


@pytest.mark.parametrize("case", vectors("container_decoding"))
def test_a_container_decodes_as_xtcetools_decodes_it(database, case):
    """Names, sizes, first bits and calibrated values; what is not in use is not there."""
    check(case, plan.compile(database, case["target"]), bytes.fromhex(case["bin_hex"]))


@pytest.mark.parametrize("case", vectors("telecommand_decoding"))
def test_a_telecommand_decodes_as_xtcetools_decodes_it(database, case):
    check(case, plan.of_command(database, case["target"]), bytes.fromhex(case["bytes_hex"]))


def test_the_sensor_history_is_four_records_of_five_values(database):
    """Four records of the buffer, by hand: times, then a word of modes and levels."""
    octets = bytes.fromhex(
        "3c31abf5000000000202000300053c310a10000000000101000300053c310d94000000000000000300143c"
        "31111800000000020200000000"
    )
    made = plan.compile(database, "SensorHistoryBuffer")
    (batch,) = Decoder(made).decode(one_packet(octets)).batches
    columns = {last_part(name): column for name, column in batch.raw.items()}
    assert columns["SunSensorMode"].values.tolist() == [[2, 1, 0, 2]]
    assert columns["SunSensorLevel"].values.tolist() == [[3, 3, 3, 0]]
    assert columns["EarthSensorLevel"].values.tolist() == [[5, 5, 20, 0]]


def test_every_packet_of_every_type_finds_its_way(database, shared):
    """From the root, each recorded packet reaches the container it was recorded for."""
    decoder = Decoder(plan.compile(database, "/BogusSAT/CCSDSPacket"))
    for name, expected in (
        ("CCSDS_SpacePacket1", "/BogusSAT/SC001/CCSDS_SpacePacket1"),
        ("CCSDS_SpacePacket3", "/BogusSAT/SC001/CCSDS_SpacePacket3"),
        ("ECSS_3_25_HK-ECSS_SpacePacket2-Inc", "/BogusSAT/SC001/ECSS_SpacePacket2"),
        ("ECSS_Service_1_Subservice_1", "/BogusSAT/SC001/ECSS_Service_1_Subservice_1"),
        ("ECSS_Service_1_Subservice_2", "/BogusSAT/SC001/ECSS_Service_1_Subservice_2"),
    ):
        octets = (shared / f"xtcetools/Container-{name}.bin").read_bytes()
        result = decoder.decode(one_packet(octets))
        assert [batch.packet_type for batch in result.batches] == [expected]
    bad = (shared / "xtcetools/Container-CCSDS_SpacePacket1-Bad.bin").read_bytes()
    assert decoder.decode(one_packet(bad)).unknown.tolist() == [0]
