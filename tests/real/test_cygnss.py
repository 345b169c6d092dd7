"""CYGNSS on-orbit packets through the mission's own dictionary of CSV files."""

from __future__ import annotations

import csv
import json
import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground import databases
from ground.columns import Batch
from ground.decode import calibrate
from ground.decode.decoder import Decoder
from ground.mdb import plan
from ground.mdb.model import Database, Gravity
from protocols import packet
from tests.clauses import clause

PACKETS = "cygnss/CYGNSS_F7_L0_2022_086_10_15_V01_F__first101pkts.tlm"


@pytest.fixture(scope="module")
def database(shared: Path) -> Database:
    return databases.read_database(shared / "cygnss/defs")


@pytest.fixture(scope="module")
def decoder(database: Database) -> Decoder:
    return Decoder(plan.compile(database))


@pytest.fixture(scope="module")
def batches(shared: Path, decoder: Decoder) -> dict[str, Batch]:
    scanned = packet.scan((shared / PACKETS).read_bytes())
    decoded = decoder.decode(scanned.packets)
    assert not scanned.rejects
    assert not len(decoded.unknown)
    assert decoded.counts.balanced
    return {batch.packet_type: batch for batch in decoded.batches}


@pytest.fixture(scope="module")
def rows(shared: Path) -> dict[str, list[dict[str, str]]]:
    """The lines of each packet's table, read with the csv module alone."""
    tables = {}
    for path in sorted((shared / "cygnss/defs").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [{k.strip(): v for k, v in row.items() if k} for row in csv.DictReader(file)]
        if "Mnemonic" in lines[0] if lines else False:
            tables[path.stem] = lines
    return tables


def as_published(value: Any, type_: str) -> Any:
    """Return a value as the expected file has it: most significant octet first, whatever the type.

    The file was made by a tool that knows no other order. GPS week 39432 there is 9a08 in hex,
    and 089a is 2202, the week that ENG_PVT of the same second gives.
    """
    if isinstance(value, bytes):
        return int.from_bytes(value, "big")
    if not re.fullmatch("[UIF](21|4321|87654321)", type_):
        return value
    kind = {"U21": "H", "U4321": "I", "I21": "h", "I4321": "i", "F4321": "f"}.get(type_, "d")
    return struct.unpack(">" + kind, struct.pack("<" + kind, value))[0]


def test_every_packet_equals_the_published_values(
    shared: Path, batches: dict[str, Batch], rows: dict[str, list[dict[str, str]]]
) -> None:
    expected = json.loads((shared / "expected/cygnss_expected.json").read_text())
    compared = 0
    for apid, packets in expected.items():
        name = packets["definition"].removesuffix(".csv")
        types = {row["Mnemonic"]: row["Type"] for row in rows[name]}
        batch = batches[f"/CYGNSS/{name}"]
        assert set(batch.raw["/CYGNSS/CCSDS_APID"].values) == {int(apid)}
        assert len(batch) == packets["packets"]
        assert len([path for path in batch.raw if path.startswith(f"/CYGNSS/{name}/")]) == len(
            types
        )
        assert len(types) == packets["fields"]
        for which, at in (("first", 0), ("last", -1)):
            for field, value in packets[which].items():
                found = batch.raw[f"/CYGNSS/{name}/{field}"].values.tolist()[at]
                assert as_published(found, types[field]) == value, field
                compared += 1
    assert compared == 2 * (6 * 22 + 18)


def test_every_packet_is_as_long_as_its_dictionary_says(batches: dict[str, Batch]) -> None:
    assert sum(len(batch) for batch in batches.values()) == 101
    for batch in batches.values():
        assert not batch.bits_left.any()
        assert not batch.flags.any()


def test_the_orbit_makes_physical_sense(batches: dict[str, Batch]) -> None:
    """The satellite flies about 530 km above the ground; the receiver knows the week and second."""
    raw = {
        path.rsplit("/", 1)[-1]: column for path, column in batches["/CYGNSS/ENG_PVT"].raw.items()
    }
    x, y, z = (raw[f"DDMI_PVT_SCPOS_{axis}"].values.astype(np.float64) for axis in "XYZ")
    radius_km = np.sqrt(x * x + y * y + z * z) / 1000
    assert ((radius_km > 6907) & (radius_km < 6908)).all()
    assert set(raw["DDMI_PVT_GPS_WEEK"].values) == {2202}
    assert int(raw["DDMI_PVT_GPS_SEC"].values[0]) == 510232


def test_octets_sent_least_significant_first_agree_with_the_same_value_sent_otherwise(
    batches: dict[str, Batch],
) -> None:
    """GPS week and second stand in two packets, as U12 and F12345678, and as U21 and F87654321."""
    batch = batches["/CYGNSS/DIAG_DDMI_PROCESSED_DATA"]
    path = "/CYGNSS/DIAG_DDMI_PROCESSED_DATA/DIAG_DDMI_PROCESSED_DATA_"
    assert set(batch.raw[path + "GPS_WK_NUM"].values) == {2202}
    seconds = batch.raw[path + "SEC_IN_WK"].values
    assert ((seconds > 510232) & (seconds < 510232 + 60)).all()


def test_one_packet_and_all_of_them_give_the_same_columns(
    shared: Path, decoder: Decoder, batches: dict[str, Batch]
) -> None:
    packets = packet.scan((shared / PACKETS).read_bytes()).packets
    for index in range(0, len(packets), 7):
        (alone,) = decoder.decode(packets.take(np.array([index]))).batches
        batch = batches[alone.packet_type]
        row = int(np.flatnonzero(batch.rows == index)[0])
        for path, column in batch.raw.items():
            assert alone.raw[path].values.tolist() == column.values[row : row + 1].tolist()


# ---- conversion formulas, against Python's own reading of them ------------------------------


def independent(formula: str) -> Any:
    """Return the formula as a Python function, by rewriting its operators."""
    parts = formula.split()
    if len(parts) > 1 and all(re.fullmatch(r"[-+.\dE]+", part) for part in parts):
        return lambda x: sum(float(part) * x**power for power, part in enumerate(parts))
    text = formula.replace("X", "x").replace("^", "**")
    for sign, python in {".gt.": ">", ".lt.": "<", ".AND.": "and"}.items():
        text = text.replace(sign, python)
    text = re.sub(r"\bLN\b", "ln", text)
    if text.startswith("iif("):
        condition, one, other = split(text[4:-1])
        text = f"({one}) if ({condition}) else ({other})"
    code = compile(text.strip(), "formula", "eval")
    return lambda x: eval(code, {"ln": math.log, "x": x})


def split(text: str) -> Iterator[str]:
    depth = start = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def test_every_conversion_formula_gives_what_python_makes_of_it(
    database: Database,
    decoder: Decoder,
    batches: dict[str, Batch],
    rows: dict[str, list[dict[str, str]]],
) -> None:
    compared = 0
    for path, batch in batches.items():
        types = decoder.plan.column_types[path]
        engineering = calibrate.engineering(types, batch.raw)
        for row in rows[path.rsplit("/", 1)[-1]]:
            if not row["Conversion Formula"]:
                continue
            column = engineering[f"{path}/{row['Mnemonic']}"]
            function = independent(row["Conversion Formula"])
            for raw, value in zip(
                batch.raw[f"{path}/{row['Mnemonic']}"].values.tolist(), column.values, strict=True
            ):
                assert value == pytest.approx(function(raw), rel=1e-9, abs=1e-12), row["Mnemonic"]
                compared += 1
    assert compared == 68 * 4 + 6 * 4 + 34 * 40  # formulas of ENG_LZ, ENG_ADCS, ENG_ADCSIO


def test_every_formula_of_the_dictionary_is_understood(
    database: Database, rows: dict[str, list[dict[str, str]]]
) -> None:
    formulas = [row for table in rows.values() for row in table if row["Conversion Formula"]]
    calibrated = [each for each in database.types.values() if getattr(each, "calibrator", None)]
    assert len(calibrated) == len(formulas)
    assert {problem.gravity for problem in database.problems} == {Gravity.WARNING}


def test_what_the_dictionary_leaves_open_is_told(database: Database) -> None:
    told = [str(problem) for problem in database.problems]
    assert any("ENG_LZ.csv:35: warning: states CYG_ENABLED have no labels" in each for each in told)
    assert sum("a part of a word in another order of octets" in each for each in told) == 7


@clause("133.0-B-2 §4.1.3.5.3")
def test_two_packets_of_one_apid_are_told_apart_by_their_length(decoder: Decoder) -> None:
    """APID 1408 is both DIAG_DDMI_SPW_DDM (10,280 octets) and a memory dump (280)."""
    both = b"".join(
        struct.pack(">HHH", 0x0800 | 1408, 0xC000 | count, octets - 7) + bytes(octets - 6)
        for count, octets in enumerate((10280, 280, 100))
    )
    decoded = decoder.decode(packet.scan(both).packets)
    assert {batch.packet_type: batch.rows.tolist() for batch in decoded.batches} == {
        "/CYGNSS/DIAG_DDMI_SPW_DDM": [0],
        "/CYGNSS/DIAG_DDMI_BOOTLOADER_MEM_DUMP": [1],
    }
    assert decoded.unknown.tolist() == [2]


def test_the_database_is_built_again_from_its_kept_files(shared: Path, database: Database) -> None:
    again = databases.from_files(databases.database_files(shared / "cygnss/defs"))
    assert again.digest == database.digest
    assert set(again.parameters) == set(database.parameters)
