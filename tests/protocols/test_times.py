"""Time scales and text, held against skyfield and the published leap seconds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import times
from protocols.errors import DecodeError
from tests.clauses import clause

NEW_YEAR_2017 = times.parse("2017-01-01T00:00:00Z")


@clause("IERS Bulletin C")
@pytest.mark.parametrize(
    ("utc", "tai_minus_utc"),
    [
        ("1972-01-01T00:00:00", 10),
        ("1972-06-30T23:59:59", 10),
        ("1972-07-01T00:00:00", 11),
        ("1980-01-06T00:00:00", 19),  # GPS began
        ("1983-04-12T12:14:15", 21),
        ("1999-01-01T00:00:00", 32),
        ("2016-12-31T23:59:59", 36),
        ("2017-01-01T00:00:00", 37),
        ("2018-04-12T12:14:15", 37),
    ],
)
def test_tai_is_ahead_of_utc_by_the_published_seconds(utc: str, tai_minus_utc: int) -> None:
    ahead_ns = times.parse(utc, "utc") - times.parse(utc, "tai")
    assert ahead_ns == tai_minus_utc * times.SECOND_NS


def test_skyfield_counts_the_same_leap_seconds() -> None:
    """Every leap second of skyfield's own table lies where ours does."""
    from skyfield.api import load

    scale = load.timescale(builtin=True)
    julian_days = scale.leap_dates.astype(float)  # of the days after each leap second
    unix_ns = np.round((julian_days - 2440587.5) * 86400).astype(np.int64) * times.SECOND_NS
    offsets = times.utc_to_tai_ns(unix_ns) - unix_ns - times.UNIX_EPOCH_1958_NS
    before = times.utc_to_tai_ns(unix_ns - 1) - (unix_ns - 1) - times.UNIX_EPOCH_1958_NS
    assert len(unix_ns) >= 27
    assert (offsets - before == times.SECOND_NS)[-27:].all()
    assert (offsets // times.SECOND_NS).tolist() == scale.leap_offsets.astype(int).tolist()


def test_a_number_and_an_array_give_the_same_answer() -> None:
    unix_ns = np.arange(-2, 3) * 500_000_000 + times.tai_to_utc_ns(NEW_YEAR_2017)
    t_ns = times.utc_to_tai_ns(unix_ns)
    assert t_ns.tolist() == [times.utc_to_tai_ns(each) for each in unix_ns.tolist()]
    assert times.tai_to_utc_ns(t_ns).tolist() == unix_ns.tolist()
    inside = np.arange(-2, 3) * 500_000_000 + NEW_YEAR_2017
    expected = [times.tai_to_utc_ns(each) for each in inside.tolist()]
    assert times.tai_to_utc_ns(inside).tolist() == expected


@clause("301.0-B-4 §3.5.1")
def test_a_leap_second_is_written_and_read_as_second_60() -> None:
    inside = NEW_YEAR_2017 - 250_000_000
    assert times.iso(inside) == "2016-12-31T23:59:60.750000000Z"
    assert times.parse("2016-12-31T23:59:60.75Z") == inside
    assert times.iso(inside - times.SECOND_NS) == "2016-12-31T23:59:59.750000000Z"
    assert times.tai_to_utc_ns(inside) == times.tai_to_utc_ns(inside + times.SECOND_NS)


@clause("301.0-B-4 §3.5.1")
@pytest.mark.parametrize(
    "text",
    [
        "2024-11-01T00:00:01.5",
        "2024-306T00:00:01.50Z",
        "2024-11-01 00:00:01,5",
        "2024-11-01T08:00:01.5+08:00",
        "2024-10-31T18:30:01.500000000999-05:30",
    ],
)
def test_every_way_to_write_a_time_is_read(text: str) -> None:
    assert times.iso(times.parse(text)) == "2024-11-01T00:00:01.500000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024-13-01",
        "2023-02-29",
        "2023-366",
        "2024-000",
        "0000-01-01",
        "2024-01-01T24:00",
        "2024-01-01T00:60",
        "2024-01-01T00:00:61",
        "2024-12-31T23:59:60Z",
        "2024-01-01T1:00",
        "٢٠٢٤-01-01",
        "2024-01-01T00:00:00.",
        "2024-01-01T00:00Zulu",
    ],
)
def test_a_text_that_is_no_time_is_refused_with_the_clause(text: str) -> None:
    with pytest.raises(DecodeError, match=r"§3\.5\.1"):
        times.parse(text)


def test_an_offset_or_a_leap_second_belongs_to_utc_alone() -> None:
    for text in ("2024-01-01T00:00+08:00", "2016-12-31T23:59:60"):
        with pytest.raises(DecodeError):
            times.parse(text, "tai")
    with pytest.raises(DecodeError, match="expected tai, utc or gps"):
        times.parse("2024-01-01", "ut1")  # type: ignore[arg-type]


def test_gps_time_began_together_with_utc() -> None:
    assert times.parse("1980-01-06", "gps") == times.parse("1980-01-06", "utc")
    assert times.iso(times.parse("2024-01-01T00:00:18", "gps")) == "2024-01-01T00:00:00.000000000Z"


def test_before_1972_the_first_offset_is_held() -> None:
    assert times.iso(0) == "1957-12-31T23:59:50.000000000Z"
    assert times.parse("1958-01-01") == 10 * times.SECOND_NS


@settings(max_examples=200, deadline=None)
@given(st.integers(-(2**62), 2**62))
def test_text_and_unix_time_bring_back_every_instant(t_ns: int) -> None:
    assert times.parse(times.iso(t_ns)) == t_ns
    unix_ns = times.tai_to_utc_ns(t_ns)
    in_leap_second = times.iso(t_ns)[17:19] == "60"
    assert times.utc_to_tai_ns(unix_ns) == t_ns + in_leap_second * times.SECOND_NS
    if not in_leap_second:
        assert times.iso(t_ns) == f"{np.datetime64(unix_ns, 'ns')}Z"
