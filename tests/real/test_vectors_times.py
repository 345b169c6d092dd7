"""Published time codes and leap seconds, from other implementations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from protocols import times
from protocols.generation import Rule
from protocols.timecodes import Cds, Cuc
from tests.clauses import clause

Vectors = list[dict[str, object]]


@pytest.fixture(scope="module")
def vectors(shared: Path) -> Vectors:
    return json.loads((shared / "vectors" / "time_codes.json").read_text())


def of_kind(vectors: Vectors, start: str) -> Vectors:
    chosen = [vector for vector in vectors if str(vector["kind"]).startswith(start)]
    assert chosen
    return chosen


def octets(vector: dict[str, object]) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(str(vector["hex"])), np.uint8)[None]


@clause("301.0-B-4 §3.2")
def test_cuc_since_the_gps_epoch_as_spacepylibrary_reads_it(vectors: Vectors) -> None:
    """The published UTC subtracts 15 s whatever the date, so that is done here too."""
    gps = Cuc(4, 2, times.parse("1980-01-06", "gps"))
    for vector in of_kind(vectors, "CUC 4+2, no P-field, epoch GPS"):
        t_ns, valid = gps.decode(octets(vector))
        assert valid.all()
        year, day, hour, minute, rest = str(vector["utc"]).split(".", 4)
        counted = times.parse(f"{year}-{day}T{hour}:{minute}:{rest}", "gps")
        assert abs(int(t_ns[0]) - 15 * times.SECOND_NS - counted) <= 500  # printed to the µs
        assert gps.encode(t_ns).tobytes().hex() == vector["hex"]


@clause("301.0-B-4 §3.3")
def test_cds_with_microseconds_as_ccsds_rs_reads_it(vectors: Vectors) -> None:
    (vector,) = of_kind(vectors, "CDS 2 day +4 ms +2 us")
    t_ns, valid = Cds(2, 2).decode(octets(vector))
    assert valid.all()
    assert int(t_ns[0]) == times.parse(str(vector["utc"]))
    assert Cds(2, 2).encode(t_ns).tobytes().hex() == vector["hex"]


@clause("301.0-B-4 §3.3.2")
def test_cds_with_a_p_field_as_spacepackets_reads_it(vectors: Vectors) -> None:
    (vector,) = of_kind(vectors, "CDS with P-field")
    code, used = Cds.from_p_field(octets(vector).tobytes())
    t_ns, _ = code.decode(octets(vector)[:, used:])
    midnight = times.parse("1958-01-01") + int(str(vector["days"])) * times.DAY_NS
    assert int(t_ns[0]) == midnight + int(str(vector["ms"])) * 1_000_000
    assert (code.p_field + code.encode(t_ns).tobytes()).hex() == vector["hex"]


def test_the_time_of_the_eos_spacecraft_as_ccsds_rs_reads_it(vectors: Vectors) -> None:
    (vector,) = of_kind(vectors, "CUC 4+2 NASA EOS")
    raw = octets(vector).tobytes()
    rule = Rule("1958-01-01", "tai", "coarse", "fine", fine_ns=15_200)
    fields = {"parameter": int.from_bytes(raw[:4], "big"), "fine": int.from_bytes(raw[4:], "big")}
    t_ns, valid = rule.t_ns({role: np.array([value]) for role, value in fields.items()})
    assert valid.all()
    assert int(t_ns[0]) == times.parse(str(vector["tai"]), "tai")


def test_leap_seconds_as_others_count_them(vectors: Vectors) -> None:
    (vector,) = of_kind(vectors, "leap seconds")
    for utc, tai_minus_utc in vector["checks"]:  # type: ignore[attr-defined]
        ahead_ns = times.parse(utc) - times.parse(utc, "tai")
        assert ahead_ns == int(tai_minus_utc) * times.SECOND_NS
