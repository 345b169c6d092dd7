"""Time scales: the one time inside (int64 ns TAI since 1958-01-01), UTC for people and other tools.

How it works: UTC goes in and out as Unix nanoseconds (days of 86,400 s since 1970-01-01), as every
clock, file system and data frame counts it; the table of leap seconds makes the difference.

In a leap second Unix time repeats: 23:59:60.x and the 00:00:00.x after it have one Unix value, so
`tai_to_utc_ns` gives both the same and `utc_to_tai_ns` answers with the later. `iso` and `parse`
write and read 23:59:60 and lose nothing.

Deviation: before 1972 UTC ran at another rate. TAI − UTC is held at the 10 s of 1972, so that every
instant has one UTC; for spacecraft of before 1972 the result is off by up to 10 s.

Source: CCSDS 301.0-B-4 §2 (time scales) and §3.5 (ASCII codes); leap seconds: IERS Bulletin C 52
(2016-07) and its forerunners, unchanged up to Bulletin C 70 (2025-07).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import date, timedelta
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from protocols.errors import DecodeError

Scale = Literal["tai", "utc", "gps"]
Int64 = NDArray[np.int64]

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
UNIX_EPOCH_1958_NS = 4383 * DAY_NS  # from 1958-01-01 to 1970-01-01
FARTHEST_S = 8_500_000_000  # from 1958; int64 ns hold 292 years, calendars need some to spare
GPS_BEHIND_TAI_NS = 19 * SECOND_NS  # since GPS began, 1980-01-06, when TAI − UTC was 19 s

# First days on which TAI − UTC has the next value; 10 s on the first, one more on each.
# fmt: off
_LEAP_DAYS = (
    "1972-01-01", "1972-07-01", "1973-01-01", "1974-01-01", "1975-01-01", "1976-01-01",
    "1977-01-01", "1978-01-01", "1979-01-01", "1980-01-01", "1981-07-01", "1982-07-01",
    "1983-07-01", "1985-07-01", "1988-01-01", "1990-01-01", "1991-01-01", "1992-07-01",
    "1993-07-01", "1994-07-01", "1996-01-01", "1997-07-01", "1999-01-01", "2006-01-01",
    "2009-01-01", "2012-07-01", "2015-07-01", "2017-01-01",
)
# fmt: on
_FIRST_OFFSET_NS = 10 * SECOND_NS
_UTC_STEPS = [
    int(np.datetime64(day, "ns").astype(np.int64)) for day in _LEAP_DAYS[1:]
]  # Unix ns at which each later step takes effect
_TAI_STEPS = [
    step + UNIX_EPOCH_1958_NS + _FIRST_OFFSET_NS + (after + 1) * SECOND_NS
    for after, step in enumerate(_UTC_STEPS)
]
_UTC_STEPS_ARRAY = np.array(_UTC_STEPS, np.int64)
_TAI_STEPS_ARRAY = np.array(_TAI_STEPS, np.int64)


@overload
def utc_to_tai_ns(unix_ns: int) -> int: ...
@overload
def utc_to_tai_ns(unix_ns: Int64) -> Int64: ...
def utc_to_tai_ns(unix_ns: int | Int64) -> int | Int64:
    """Return TAI ns since 1958 for UTC given as Unix ns; a number or an int64 array of any shape.

    Source: 301.0-B-4 §2; IERS Bulletin C.
    """
    if isinstance(unix_ns, np.ndarray):
        steps = np.searchsorted(_UTC_STEPS_ARRAY, unix_ns, side="right")
        return unix_ns + (steps * SECOND_NS + (UNIX_EPOCH_1958_NS + _FIRST_OFFSET_NS))
    unix_ns = int(unix_ns)
    steps_passed = bisect_right(_UTC_STEPS, unix_ns)
    return unix_ns + UNIX_EPOCH_1958_NS + _FIRST_OFFSET_NS + steps_passed * SECOND_NS


@overload
def tai_to_utc_ns(t_ns: int) -> int: ...
@overload
def tai_to_utc_ns(t_ns: Int64) -> Int64: ...
def tai_to_utc_ns(t_ns: int | Int64) -> int | Int64:
    """Return UTC as Unix ns for TAI ns since 1958; a number or an int64 array of any shape.

    Within a leap second the value is that of the second after it, as POSIX counts.

    Source: 301.0-B-4 §2; IERS Bulletin C.
    """
    if isinstance(t_ns, np.ndarray):
        steps = np.searchsorted(_TAI_STEPS_ARRAY, t_ns, side="right")
        return t_ns - (steps * SECOND_NS + (UNIX_EPOCH_1958_NS + _FIRST_OFFSET_NS))
    t_ns = int(t_ns)
    steps_passed = bisect_right(_TAI_STEPS, t_ns)
    return t_ns - UNIX_EPOCH_1958_NS - _FIRST_OFFSET_NS - steps_passed * SECOND_NS


def iso(t_ns: int) -> str:
    """Return a time as ISO 8601 UTC with nanoseconds: `2016-12-31T23:59:60.000000000Z`.

    Source: 301.0-B-4 §3.5.1.1, ASCII time code A.
    """
    unix_ns = tai_to_utc_ns(t_ns)
    leap = utc_to_tai_ns(unix_ns) != t_ns
    days, of_day_ns = divmod(unix_ns - leap * SECOND_NS, DAY_NS)
    of_day_s, ns = divmod(of_day_ns, SECOND_NS)
    minutes, seconds = divmod(of_day_s, 60)
    day = date(1970, 1, 1) + timedelta(days=days)
    hours, minutes = divmod(minutes, 60)
    return f"{day.isoformat()}T{hours:02}:{minutes:02}:{seconds + leap:02}.{ns:09}Z"


_TEXT = re.compile(
    r"(?P<year>\d{4})-(?:(?P<month>\d\d)-(?P<day>\d\d)|(?P<day_of_year>\d{3}))"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,18}))?)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)


def parse(text: str, scale: Scale = "utc") -> int:
    """Return the TAI ns since 1958 of an ISO 8601 time, by calendar date or day of year.

    Args:
        text: `2024-11-01T00:00:01.5Z`, `2024-306T00:00:01.5`; time, seconds and fraction may be
            left out; an offset as `+08:00` is understood for UTC. Digits beyond ns are cut off.
        scale: the scale that the text is written in. A `Z` is the terminator of the CCSDS code
            and says nothing about the scale.

    Raises:
        DecodeError: the text has another form, or names a date or time that does not exist.

    Source: 301.0-B-4 §3.5.1, ASCII time codes A and B.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise _not_a_time(text)
    part = match.groupdict()
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
    zone = part["zone"] or "Z"
    if hour > 23 or minute > 59 or second > 60 or (zone != "Z" and scale != "utc"):
        raise _not_a_time(text)
    unix_ns = _midnight_ns(text, part) + (hour * 60 + minute) * 60 * SECOND_NS
    if zone != "Z":
        unix_ns -= int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[4:6])) * 60 * SECOND_NS
    ns = int((part["fraction"] or "0").ljust(9, "0")[:9])
    t_ns = from_scale_ns(unix_ns, scale) + second * SECOND_NS + ns
    if second == 60 and (scale != "utc" or not _in_leap_second(t_ns)):
        raise _not_a_time(text)
    return t_ns


@overload
def from_scale_ns(calendar_ns: int, scale: Scale) -> int: ...
@overload
def from_scale_ns(calendar_ns: Int64, scale: Scale) -> Int64: ...
def from_scale_ns(calendar_ns: int | Int64, scale: Scale) -> int | Int64:
    """Return TAI ns since 1958 for calendar time in `scale`, given as ns since 1970 of that scale.

    A number or an int64 array of any shape.

    Raises:
        DecodeError: there is no such scale here.

    Source: 301.0-B-4 §2; IS-GPS-200 §3.3.4 (GPS time does not leap).
    """
    if scale == "utc":
        return utc_to_tai_ns(calendar_ns)
    if scale not in ("tai", "gps"):
        raise DecodeError(f"time scale {scale!r}; expected tai, utc or gps", clause="301.0-B-4 §2")
    return calendar_ns + UNIX_EPOCH_1958_NS + (GPS_BEHIND_TAI_NS if scale == "gps" else 0)


def fraction_ns(counts: Int64, bits: int) -> Int64:
    """Return counts of 2^-bits s (below one second, up to 60 bits) as ns, cut off.

    In two steps, as 60 bits times 10^9 would overflow; the result is exact.
    """
    low_bits = bits // 2
    high, low = counts >> low_bits, counts & ((1 << low_bits) - 1)
    return np.asarray((high * SECOND_NS + (low * SECOND_NS >> low_bits)) >> (bits - low_bits))


def _midnight_ns(text: str, part: dict[str, str | None]) -> int:
    try:
        if part["day_of_year"] is None:
            day = date(int(part["year"] or 0), int(part["month"] or 0), int(part["day"] or 0))
        else:
            number = int(part["day_of_year"])
            day = date(int(part["year"] or 0), 1, 1) + timedelta(days=number - 1)
            if number < 1 or day.year != int(part["year"] or 0):
                raise _not_a_time(text)
    except (ValueError, OverflowError):
        raise _not_a_time(text) from None
    return (day - date(1970, 1, 1)).days * DAY_NS


def _in_leap_second(t_ns: int) -> bool:
    return utc_to_tai_ns(tai_to_utc_ns(t_ns)) != t_ns


def _not_a_time(text: str) -> DecodeError:
    return DecodeError(
        f"time {text!r}; expected as 2024-11-01T00:00:01.5Z or 2024-306T00:00:01.5Z",
        clause="301.0-B-4 §3.5.1",
    )
