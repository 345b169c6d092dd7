"""A mission's rule for the generation time of its packets."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import times
from protocols.errors import DecodeError
from protocols.generation import Rule
from tests.clauses import clause


def one(rule: Rule, **fields: object) -> str | None:
    t_ns, valid = rule.t_ns({role: np.array([value]) for role, value in fields.items()})
    return times.iso(int(t_ns[0])) if valid[0] else None


def test_seconds_and_parts_count_from_the_epoch_in_its_scale() -> None:
    """DART: 2^-16 s since 2010-01-01 UTC of the data set's own table."""
    rule = Rule("2010-01-01T00:00:00", "utc", "coarse", "fine", fine_bits=16)
    assert rule.names == {"parameter": "coarse", "fine": "fine"}
    assert one(rule, parameter=375265492, fine=3087) == "2021-11-22T08:24:52.047103881Z"
    elapsed = Rule("2010-01-01T00:00:00", "tai", "coarse")
    assert one(elapsed, parameter=34) == "2010-01-01T00:00:00.000000000Z"


@clause("301.0-B-4 §3.3")
def test_days_milliseconds_and_microseconds_make_a_day_segmented_time() -> None:
    rule = Rule("1958-01-01", "utc", days="DOY", milliseconds="MSEC", microseconds="USEC")
    first = one(rule, days=23109, milliseconds=7, microseconds=137)
    assert first == "2021-04-09T00:00:00.007137000Z"
    leap = one(rule, days=21549, milliseconds=86_400_500, microseconds=0)
    assert leap == "2016-12-31T23:59:60.500000000Z"


def test_utc_seconds_are_counted_without_leap_seconds_and_tai_seconds_with_them() -> None:
    utc, tai, gps = (Rule("2000-01-01", scale, "s") for scale in ("utc", "tai", "gps"))
    days_s = 7305 * 86_400  # to 2020-01-01
    assert one(utc, parameter=days_s) == "2020-01-01T00:00:00.000000000Z"
    assert one(tai, parameter=days_s) == "2019-12-31T23:59:23.000000000Z"
    assert one(gps, parameter=days_s) == "2019-12-31T23:59:42.000000000Z"


@pytest.mark.parametrize(
    "epoch", ["2016-12-31T16:00:00Z", "2017-01-01T00:00:00+08:00", "2016-366T16:00:00"]
)
def test_an_epoch_may_be_written_in_any_form_that_times_have(epoch: str) -> None:
    assert one(Rule(epoch, "utc", "s"), parameter=8 * 3600) == "2017-01-01T00:00:00.000000000Z"


def test_a_fine_unit_may_be_nanoseconds() -> None:
    """NASA EOS: 15.2 µs a count (bmflynn/ccsds-rs timecode.rs)."""
    rule = Rule("1958-01-01", "tai", "coarse", "fine", fine_ns=15_200)
    t_ns, _ = rule.t_ns({"parameter": np.array([0x7DB5BF2F]), "fine": np.array([0x801F])})
    assert t_ns.tolist() == [times.parse("2024-10-31T10:49:19.4985448", "tai")]


@pytest.mark.parametrize(
    "values",
    [
        np.array([2**64 - 1, 1], np.uint64),
        np.array([-(2**63), 1], np.int64),
        np.array([2**200, 1], object),
        np.array(["soon", 1], object),
        np.array([np.nan, 1.0]),
        np.array([np.inf, 1.0], np.float32),
    ],
)
@pytest.mark.parametrize("role", ["parameter", "days", "milliseconds", "fine"])
def test_a_value_that_is_no_time_is_not_valid_and_its_neighbour_is(
    role: str, values: np.ndarray
) -> None:
    rule = Rule("1958-01-01", fine_bits=8, **{"parameter": "p", role: "x"})
    fields = {each: np.array([1, 1]) for each in rule.names} | {role: values}
    t_ns, valid = rule.t_ns(fields)
    assert valid.tolist() == [False, True]
    assert t_ns[0] == 0


def test_floating_point_seconds_are_read_to_the_nanosecond_they_hold() -> None:
    assert one(Rule("2020-01-01", "utc", "s"), parameter=0.5) == "2020-01-01T00:00:00.500000000Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": "someday", "parameter": "p"},
        {"epoch": "2010-01-01", "scale": "ut1", "parameter": "p"},
        {"epoch": "2010-01-01", "parameter": "p", "fine": "f"},
        {"epoch": "2010-01-01", "parameter": "p", "fine": "f", "fine_bits": 65},
        {"epoch": "2010-01-01"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(DecodeError):
        Rule(**wrong)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 64),
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)), max_size=5),
)
def test_parts_of_a_second_are_exact(bits: int, rows: list[tuple[int, int]]) -> None:  # fmt: skip
    rule = Rule("1958-01-01", "tai", "c", "f", fine_bits=bits, fine_ns=0 if bits else 10**9)
    seconds = np.array([second for second, _ in rows], np.uint32)
    counts = np.array([count % 2**bits for _, count in rows], np.uint64)
    t_ns, valid = rule.t_ns({"parameter": seconds, "fine": counts})
    for t, second, count in zip(t_ns.tolist(), seconds.tolist(), counts.tolist(), strict=True):
        exact = int((second + Fraction(count, 2**bits)) * times.SECOND_NS)
        assert t == exact or (bits > 60 and t == exact - 1)
    assert valid.all()
