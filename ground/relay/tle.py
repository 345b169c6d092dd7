"""Two-line element sets: text to `Elements`, every column and checksum held to the format.

The usual libraries read what they can and say nothing: a changed digit under a stale checksum
flies elsewhere, a line cut short gives NaN. Here each such line is an error with its place.

A set is two lines of 69 characters; a line before them that is not one of a set is its name (a
leading `0 ` is taken off). Blank lines and lines that begin with `#` are passed over.

Source: CelesTrak, "NORAD Two-Line Element Set Format"; Vallado et al., AIAA 2006-6753;
Space-Track, "Alpha-5" (catalogue numbers above 99,999). Column numbers are those of CelesTrak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ground.errors import InputError, Where
from ground.relay.elements import Elements, checked
from protocols.times import DAY_NS
from protocols.times import parse as parse_time

LINE_LENGTH = 69
FIRST_YEAR = 57  # two digits below this are of the 21st century

_ALPHA5 = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # neither I nor O
_FLOAT = re.compile(r" *[+-]?[0-9]*\.[0-9]+ *")
_POWER = re.compile(r" *([+-]?)([0-9]+)([+-][0-9])")
_DIGITS = re.compile(r" *[0-9]+")
_FIRST = re.compile(r"1 [0-9A-Z ][0-9 ]{4}[UCS ] .{8} .{14} .{10} .{8} .{8} [0-9 ] .{4}[0-9]")
_SECOND = re.compile(r"2 [0-9A-Z ][0-9 ]{4} .{8} .{8} .{7} .{8} .{8} .{11}.{5}[0-9]")


def parse(text: str, source: str) -> list[Elements]:
    """Return every set of a text, in order.

    Args:
        source: what errors call the text: its file name.

    Raises:
        InputError: the first line that breaks the format, as `file:line: found; expected`.

    Source: CelesTrak, "NORAD Two-Line Element Set Format".
    """
    found: list[Elements] = []
    name, first = "", None
    for line, where in _lines(text, source):
        if first is not None:
            found.append(_set(name, first, (line, where)))
            name, first = "", None
        elif line.startswith("1 "):
            first = (line, where)
        elif line.startswith("2 ") or name:
            raise InputError(f"{where}: {line[:20]!r} found; line 1 of an element set expected")
        else:
            name = line.removeprefix("0 ").strip()
    if first is not None or name:
        raise InputError(f"{source}: the text ends in the middle of a set; line 1 and 2 expected")
    return found


def _lines(text: str, source: str) -> Iterator[tuple[str, Where]]:
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip()
        if line and not line.startswith("#"):
            yield line, Where(source, number)


def _set(name: str, first: tuple[str, Where], second: tuple[str, Where]) -> Elements:
    one, where = _sound(*first, _FIRST)
    two, _ = _sound(*second, _SECOND)
    if one[2:7] != two[2:7]:
        raise InputError(
            f"{second[1]}: catalogue number {two[2:7]!r} found; {one[2:7]!r} of line 1 expected"
        )
    return checked(
        Elements(
            name=name,
            norad_id=_catalogue_number(one[2:7], where),
            object_id=one[9:17].strip(),
            epoch_ns=_epoch_ns(one[18:32], where),
            mean_motion_dot=_float(one[33:43], where),
            mean_motion_ddot=_power(one[44:52], where),
            bstar=_power(one[53:61], where),
            inclination_deg=_float(two[8:16], second[1]),
            raan_deg=_float(two[17:25], second[1]),
            eccentricity=_integer(two[26:33], second[1]) / 1e7,
            argument_of_perigee_deg=_float(two[34:42], second[1]),
            mean_anomaly_deg=_float(two[43:51], second[1]),
            mean_motion_rev_day=_float(two[52:63], second[1]),
            where=where,
        )
    )


def _sound(line: str, where: Where, form: re.Pattern[str]) -> tuple[str, Where]:
    """Return a line of right length, form and checksum."""
    if len(line) != LINE_LENGTH:
        raise InputError(f"{where}: {len(line)} characters found; {LINE_LENGTH} expected")
    if not line.isascii() or form.fullmatch(line) is None:
        raise InputError(f"{where}: {line!r} found; the columns of a TLE expected")
    wanted = checksum(line[:-1])
    if int(line[-1]) != wanted:
        raise InputError(f"{where}: checksum {line[-1]} found; {wanted} expected")
    return line, where


def checksum(line: str) -> int:
    """Return the last digit of a line from its first 68 characters: digits plus 1 for each minus.

    Source: CelesTrak, "NORAD Two-Line Element Set Format", column 69.
    """
    return sum(int(each) if each.isdecimal() else each == "-" for each in line) % 10


def _catalogue_number(text: str, where: Where) -> str:
    text = text.strip().rjust(5, "0")
    leading = _ALPHA5.find(text[0]) + 10 if text[0].isalpha() else text[0]
    if leading == 9 or not text[1:].isdecimal():
        raise InputError(f"{where}: catalogue number {text!r} found; 00005 or A0005 expected")
    return str(int(f"{leading}{text[1:]}"))


def _epoch_ns(text: str, where: Where) -> int:
    if re.fullmatch(r"[0-9]{2}[0-9 ]{2}[0-9]\.[0-9]{8}", text) is None:
        raise InputError(f"{where}: epoch {text!r} found; year and day as 24306.50000000 expected")
    year = int(text[:2]) + (1900 if int(text[:2]) >= FIRST_YEAR else 2000)
    day = text[2:5].replace(" ", "0")
    try:
        midnight_ns = parse_time(f"{year}-{day}")
    except ValueError:
        raise InputError(f"{where}: day {day} found; a day of {year} expected") from None
    return midnight_ns + int(text[6:]) * (DAY_NS // 10**8)


def _float(text: str, where: Where) -> float:
    if _FLOAT.fullmatch(text) is None:
        raise InputError(f"{where}: {text!r} found; a number expected")
    return float(text)


def _power(text: str, where: Where) -> float:
    """Return a number written as ` 28098-4`: 0.28098e-4."""
    match = _POWER.fullmatch(text)
    if match is None:
        raise InputError(f"{where}: {text!r} found; a number as ' 28098-4' expected")
    return float(f"{match[1]}.{match[2]}e{match[3]}")


def _integer(text: str, where: Where) -> int:
    if _DIGITS.fullmatch(text) is None:
        raise InputError(f"{where}: {text!r} found; digits expected")
    return int(text)
