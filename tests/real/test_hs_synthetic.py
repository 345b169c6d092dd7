"""Synthetic packets "with most oddities": arrays line by line, overlaps, labels, polynomials.

The definitions give the elements of two arrays 4 bits each where the packets have 4 octets: what
follows the eighth element is left over in every packet, and is flagged.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import ccsdspy
import numpy as np
import pytest
from ccsdspy import FixedLength, PacketArray, PacketField

from ground import databases
from ground.columns import Batch, PacketFlag
from ground.decode import calibrate
from ground.decode.decoder import Decoder
from ground.mdb import plan
from protocols import packet

PACKETS = {"001": 1448, "010": 3513, "035": 7200, "130": 14351}
BITS_LEFT = {"001": 224, "010": 224, "035": 0, "130": 0}
HEADER_BITS = 48


@pytest.fixture(params=PACKETS)
def apid(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(ccsdspy.log, "disabled", True)
    return str(request.param)


def decode(folder: Path) -> tuple[plan.Plan, Batch]:
    compiled = plan.compile(databases.read_database(folder / "defs.csv"))
    octets = next(folder.glob("*.tlm")).read_bytes()
    decoded = Decoder(compiled).decode(packet.scan(octets).packets)
    (batch,) = decoded.batches
    return compiled, batch


def definitions(folder: Path) -> list[dict[str, str]]:
    with (folder / "defs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def by_ccsdspy(folder: Path) -> dict[str, np.ndarray]:
    """Decode with ccsdspy: its own offsets start at the packet, the file's at the data field."""
    fields: dict[str, PacketField] = {}
    for row in definitions(folder):
        name, _, element = row["name"].partition("[")
        place = {
            "data_type": row["data_type"],
            "bit_length": int(row["bit_length"]),
            "bit_offset": int(row["bit_offset"]) + HEADER_BITS,
        }
        if not element:
            fields[name] = PacketField(name, **place)
        elif element == "0]":
            fields[name] = PacketArray(name, array_shape=8, **place)
    loaded = FixedLength(list(fields.values())).load(str(next(folder.glob("*.tlm"))))
    return {name: loaded[name] for name in fields}


def test_every_value_equals_what_ccsdspy_decodes_with_the_same_definitions(
    shared: Path, apid: str
) -> None:
    folder = shared / f"hs_synthetic/apid{apid}"
    _, batch = decode(folder)
    oracle = by_ccsdspy(folder)
    assert len(batch) == PACKETS[apid]
    assert {path.rsplit("/", 1)[-1] for path in batch.raw if "CCSDS" not in path} == set(oracle)
    for name, expected in oracle.items():
        found = batch.raw[f"/defs/{name}"].values
        if expected.dtype.kind == "S":
            assert found.tolist() == [each.decode() for each in expected]
        else:
            assert np.array_equal(found, expected), name


def test_what_a_definition_leaves_over_is_counted_and_flagged(shared: Path, apid: str) -> None:
    _, batch = decode(shared / f"hs_synthetic/apid{apid}")
    left = BITS_LEFT[apid]
    assert set(batch.bits_left) == {left}
    assert set(batch.flags) == {int(PacketFlag.LONG) if left else 0}


def test_labels_and_polynomials_are_those_of_the_json(shared: Path, apid: str) -> None:
    folder = shared / f"hs_synthetic/apid{apid}"
    compiled, batch = decode(folder)
    engineering = calibrate.engineering(compiled.column_types[batch.packet_type], batch.raw)
    calibrated = [row for row in definitions(folder) if row["calibration"]]
    assert calibrated
    for row in calibrated:
        raw, column = (each[f"/defs/{row['name']}"] for each in (batch.raw, engineering))
        meaning = json.loads(row["calibration"])
        numbers = raw.values.astype(np.float64)
        if all(isinstance(value, str) for value in meaning.values()):
            assert column.labels is not None
            valid = np.ones(len(numbers), bool) if column.valid is None else column.valid
            found = [
                column.labels[code] if ok else None
                for code, ok in zip(column.values, valid, strict=True)
            ]
            assert found == [label(meaning, int(value)) for value in raw.values]
        else:
            expected = sum(c * numbers ** int(power) for power, c in meaning.items())
            assert np.allclose(column.values, expected, rtol=1e-12)


def label(meaning: dict[str, str], value: int) -> str | None:
    for values, text in meaning.items():
        bounds = json.loads(values if values.startswith("[") else f"[{values},{values}]")
        if bounds[0] <= value <= bounds[1]:
            return text
    return None


def test_the_sine_of_two_hours_is_one(shared: Path) -> None:
    """ccsdspy's own check of this file: floats between -1 and 1, reaching both."""
    _, batch = decode(shared / "hs_synthetic/apid035")
    values = batch.raw["/defs/pkt35_flt_sin_2h"].values
    assert values.shape == (7200, 8)
    assert np.abs(values.min(axis=0) + 1).max() < 1e-3
    assert np.abs(values.max(axis=0) - 1).max() < 1e-3
