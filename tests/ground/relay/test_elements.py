"""Orbital elements: line sets and messages read, bad input that SGP4 swallows refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sgp4.api import Satrec

from ground.errors import InputError, Where
from ground.relay import synthetic, tle
from ground.relay.element_files import parse
from ground.relay.elements import satrec
from ground.relay.orbits import states
from protocols import times
from tests.clauses import clause

# The International Space Station, as descriptions of the form print it.
ONE = "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927"
TWO = "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537"
OMM = {
    "OBJECT_NAME": "ISS (ZARYA)",
    "OBJECT_ID": "1998-067A",
    "EPOCH": "2008-09-20T12:25:40.104192",
    "MEAN_MOTION": 15.72125391,
    "ECCENTRICITY": 0.0006703,
    "INCLINATION": 51.6416,
    "RA_OF_ASC_NODE": 247.4627,
    "ARG_OF_PERICENTER": 130.536,
    "MEAN_ANOMALY": 325.0288,
    "EPHEMERIS_TYPE": 0,
    "NORAD_CAT_ID": 25544,
    "BSTAR": -0.11606e-4,
    "MEAN_MOTION_DOT": -0.00002182,
    "MEAN_MOTION_DDOT": 0,
}
KVN = "CCSDS_OMM_VERS = 2.0\nCOMMENT as 502.0-B-3 figure 4-1\n" + "\n".join(
    f"{key} = {value}" for key, value in OMM.items()
)
XML = (
    '<?xml version="1.0"?>\n<omm><body><segment>\n<data>'
    + "".join(f"<{key}>{value}</{key}>" for key, value in OMM.items())
    + "</data></segment></body></omm>"
)
CSV = ",".join(OMM) + "\n" + ",".join(str(each) for each in OMM.values()) + "\n"


def signed(line: str) -> str:
    """Return a line of 68 characters, or a longer one, with the checksum that it should have."""
    return line[:68] + str(sum(int(c) if c.isdecimal() else c == "-" for c in line[:68]) % 10)


def text(one: str = ONE, two: str = TWO) -> str:
    return f"ISS (ZARYA)\n{one}\n{two}\n"


def omm(**changed: object) -> str:
    return json.dumps({**OMM, **changed})


@clause("CelesTrak, NORAD Two-Line Element Set Format")
def test_a_tle_is_read_as_the_reference_reader_reads_it() -> None:
    (found,) = parse("# from a file\n\n" + text().replace("\n", "\r\n"), "iss.tle")
    reference, ours = Satrec.twoline2rv(ONE, TWO), satrec(found)
    for name in ("satnum", "bstar", "ecco", "inclo", "nodeo", "argpo", "mo", "no_kozai", "ndot"):
        assert getattr(ours, name) == getattr(reference, name)
    assert found.name == "ISS (ZARYA)"
    assert (found.norad_id, found.object_id) == ("25544", "98067A")
    assert times.iso(found.epoch_ns) == "2008-09-20T12:25:40.104192000Z"
    assert found.where == Where("iss.tle", 4)


@clause("502.0-B-3 §4")
@pytest.mark.parametrize("form", [json.dumps([OMM]), omm(), KVN, XML, CSV, "\ufeff" + CSV])
def test_all_forms_of_a_message_say_the_same_as_the_tle(form: str) -> None:
    (found,), (lines,) = parse(form, "iss"), parse(text(), "iss")
    same = {"object_id": "98067A", "where": lines.where}
    assert replace(found, **same) == lines  # type: ignore[arg-type]
    assert found.object_id == "1998-067A"


def test_many_sets_come_in_order_with_and_without_names() -> None:
    mixed = f"{ONE}\n{TWO}\n0 SECOND\n{ONE}\n{TWO}\n"
    assert [each.name for each in parse(mixed, "two.tle")] == ["", "SECOND"]
    many = parse(f"[{omm()},\n{omm(NORAD_CAT_ID=7)}]", "two.json")
    assert [(each.norad_id, each.where.line) for each in many] == [("25544", 1), ("7", 2)]
    assert len(parse(f"{KVN}\n{KVN}", "two.kvn")) == 2


def test_catalogue_numbers_beyond_five_digits_are_letters_in_lines() -> None:
    """Alpha-5: A0000 is 100000, Z9999 is 339999; I and O are not used."""
    for letters, number in (("A0000", "100000"), ("H9999", "179999"), ("J0000", "180000"),
                            ("P1234", "231234"), ("Z9999", "339999")):  # fmt: skip
        one, two = (signed(line[:2] + letters + line[7:]) for line in (ONE, TWO))
        (found,) = parse(text(one, two), "x")
        assert found.norad_id == number
        assert satrec(found).satnum == int(number)


def test_nine_digit_catalogue_numbers_are_kept_and_fly() -> None:
    """SGP4 holds up to 339999; catalogues have had nine digits since 2020."""
    (found,) = parse(omm(NORAD_CAT_ID=799500123), "x")
    assert found.norad_id == "799500123"
    assert satrec(found).satnum == 0
    assert not states([found], np.array([found.epoch_ns], np.int64)).failures()


BAD_LINES = {
    "a stale checksum over an altered inclination": (ONE, TWO.replace("51.6416", "51.7416")),
    "a stale checksum on line 1": (ONE.replace("98067A", "98067B")[:68] + "9", TWO),
    "catalogue numbers that differ": (ONE, signed(TWO.replace("25544", "25545"))),
    "line 1 cut short": (ONE[:40], TWO),
    "line 2 cut short": (ONE, TWO[:68]),
    "a line too long": (ONE, TWO + "0"),
    "garbage for line 1": ("garbage", TWO),
    "nothing for line 2": (ONE, ""),
    "line 1 twice": (ONE, ONE),
    "a letter in a number": (ONE, signed(TWO.replace("51.6416", "51.64l6"))),
    "an inclination beyond 180": (ONE, signed(TWO.replace(" 51.6416", "181.6416"))),
    "day 367": (signed(ONE.replace("08264.", "08367.")), TWO),
    "day 0": (signed(ONE.replace("08264.", "08000.")), TWO),
    "no motion": (ONE, signed(TWO.replace("15.72125391", " 0.00000000"))),
    "faster than any orbit": (ONE, signed(TWO.replace("15.72125391", "25.72125391"))),
    "letters that number nothing": tuple(signed(e[:2] + "I0000" + e[7:]) for e in (ONE, TWO)),
    "digits of another script": (ONE, TWO.replace("51.6416", "51.641６")),
    "NaN": (ONE, signed(TWO.replace(" 51.6416", "     nan"))),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_tle_is_refused_with_its_place(case: str) -> None:
    one, two = BAD_LINES[case]
    with pytest.raises(InputError, match=r"^bad\.tle(:[234])?: .*; .*expected"):
        parse(text(one, two), "bad.tle")


BAD_MESSAGES = {
    "mean motion NaN": omm(MEAN_MOTION="nan"),
    "mean motion NaN of JSON": omm(MEAN_MOTION=math.nan),
    "eccentricity below 0": omm(ECCENTRICITY=-0.1),
    "eccentricity 1": omm(ECCENTRICITY=1),
    "a bad epoch": omm(EPOCH="2008-13-20T00:00:00"),
    "no epoch": omm(EPOCH=""),
    "another theory": omm(MEAN_ELEMENT_THEORY="DSST"),
    "SGP4-XP": omm(EPHEMERIS_TYPE=4),
    "another frame": omm(REF_FRAME="GCRF"),
    "another time": omm(TIME_SYSTEM="TAI"),
    "an underscore in a number": omm(INCLINATION="5_1"),
    "infinity": omm(BSTAR="inf"),
    "too large to hold": omm(MEAN_MOTION="1e999"),
    "a list for a number": omm(MEAN_MOTION=[15.7]),
    "ten digits of catalogue number": omm(NORAD_CAT_ID=1234567890),
    "JSON cut short": omm()[:-5],
    "JSON cut short after an object": f"[{omm()}",
    "JSON of numbers": "[1, 2]",
    "JSON too deep": "[" * 10 + '{"a":' * 100_000,
    "XML cut short": XML[:-8],
    "XML with entities": '<!DOCTYPE omm [<!ENTITY a "b">]>' + XML.partition("\n")[2],
    "XML without segments": "<omm/>",
    "CSV with a column too few": CSV.rstrip("0\n").rstrip(","),
    "CSV without rows": CSV.partition("\n")[0],
    "KVN with a line of no form": KVN + "\nMEAN MOTION",
    "KVN with a keyword twice": KVN + "\nBSTAR = 0",
    "KVN without a beginning": KVN.partition("\n")[2].partition("\n")[2],
    "empty": "",
    "garbage": "what is this\nnobody knows",
}


@pytest.mark.parametrize("case", BAD_MESSAGES)
def test_a_bad_message_is_refused_with_its_place(case: str) -> None:
    with pytest.raises(InputError, match=r"^bad(:\d+)?: "):
        parse(BAD_MESSAGES[case], "bad")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([text(), omm(), KVN, XML, CSV]), st.data())
def test_altered_text_is_read_or_refused_and_never_worse(form: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(form)))
    cut = data.draw(st.integers(0, 12))
    put = data.draw(st.text(max_size=6))
    try:
        found = parse(form[:at] + put + form[at + cut :], "x")
    except InputError:
        return
    assert all(0 < each.mean_motion_rev_day <= 20 and 0 <= each.eccentricity < 1 for each in found)


@given(st.integers(0, 67), st.integers(0, 9))
def test_no_changed_digit_of_a_tle_goes_unseen(place: int, digit: int) -> None:
    """Any single digit that differs changes the sum modulo ten."""
    if not TWO[place].isdecimal() or TWO[place] == str(digit):
        return
    with pytest.raises(InputError):
        parse(text(ONE, TWO[:place] + str(digit) + TWO[place + 1 :]), "x")


def test_the_checksum_counts_digits_and_minus_signs() -> None:
    assert tle.checksum(ONE[:68]) == 7
    assert tle.checksum(TWO[:68]) == 7
    assert tle.checksum("-1-" + "A." * 30) == 3


@pytest.mark.parametrize(
    ("altitude_km", "inclination_deg"), [(567, 97.66), (705, 98.21), (786, 98.57)]
)
def test_sun_synchronous_inclinations_are_those_of_spacecraft_that_fly(
    altitude_km: float, inclination_deg: float
) -> None:
    """Of 567, 705 (Landsat) and 786 km (Sentinel-2, 98.62 at its mean altitude) to a tenth."""
    found = synthetic.sun_synchronous_inclination_deg(altitude_km)
    assert found == pytest.approx(inclination_deg, abs=0.1)


def test_no_inclination_is_sun_synchronous_very_high_up() -> None:
    assert math.isnan(synthetic.sun_synchronous_inclination_deg(6000))
    with pytest.raises(InputError):
        synthetic.sun_synchronous("x", 0, 6000, 18.0, 0)
    with pytest.raises(InputError):
        synthetic.circular("x", 0, -7000, 50, 0, 0)
