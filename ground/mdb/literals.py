"""Text becomes a value of a type, as people and databases write it; nothing is ever evaluated.

* numbers: decimal, `0x`, `0o`, `0b`, or with a factor as `1.5k` (k, M, G);
* enumerations: the label, in any case where that is unique, or the number behind it;
* booleans: their labels, `true`, `false`, 1 or 0;
* octets: hex, with blanks between octets; strings: printable characters, as they are;
* instants: ISO 8601 UTC, `now`, or `+90s`, `-1h30m` from now; spans: `90`, `90s`, `1h30m`.

Source: XTCE 1.2 `ArgumentTypeSetType`, `ArgumentAssignmentType`; the forms are our own.
"""

from __future__ import annotations

import re
from fractions import Fraction

from ground.mdb.model import Kind, Label, ScalarType
from protocols import times
from protocols.errors import DecodeError, EncodeError

Value = int | float | str | bytes

LONGEST_NUMBER = 80  # characters; more than any encoding needs
LONGEST_TEXT = 3 * 65536  # characters: the octets of the longest packet, in hex with blanks
SHOWN = 40  # characters of a text, or labels, that a message repeats
FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
TRUTHS = {"true": True, "false": False, "1": True, "0": False}
_BASED = re.compile(r"[+-]?0(?:x[0-9a-f]+|o[0-7]+|b[01]+)", re.ASCII | re.IGNORECASE)
_DECIMAL = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)([kMG]?)", re.ASCII)
_SPAN = re.compile(
    r"([+-]?)(?=.)(?:(\d{1,6})d)?(?:(\d{1,8})h)?(?:(\d{1,9})m)?(?:(\d{1,10}(?:\.\d{1,9})?)s?)?",
    re.ASCII,
)


def parse(type_: ScalarType, text: str, now: int | None = None) -> Value:
    """Return the engineering value that a text means.

    Args:
        now: ns TAI since 1958, which relative times count from; None where there is no now.

    Returns:
        A number, a label, text, octets; ns TAI since 1958 of an instant, ns of a span.

    Raises:
        EncodeError: `what was found; what was expected`.
    """
    if len(text) > LONGEST_TEXT:
        raise EncodeError(f"{len(text)} characters found; at most {LONGEST_TEXT} expected")
    match type_.kind:
        case Kind.STRING:
            return _printable(text)
        case Kind.BINARY:
            return _octets(text)
        case Kind.ENUMERATED:
            return _label(type_.labels, text.strip())
        case Kind.BOOLEAN:
            return _truth(type_, text.strip())
        case Kind.ABSOLUTE_TIME:
            return _instant(text.strip(), now)
        case Kind.RELATIVE_TIME:
            return _span(text.strip(), "a span as 90s or 1h30m")
        case Kind.INTEGER:
            return _integer(text)
    return _float(text)


def _wrong(text: str, expected: str) -> EncodeError:
    seen = text if len(text) <= SHOWN else text[:SHOWN] + "..."
    return EncodeError(f"{seen!r} found; {expected} expected")


def _number(text: str) -> Fraction | None:
    text = text.strip()
    if len(text) > LONGEST_NUMBER:
        return None
    if _BASED.fullmatch(text):
        return Fraction(int(text, 0))
    match = _DECIMAL.fullmatch(text)
    return None if match is None else Fraction(match[1]) * FACTORS[match[2]]


def _integer(text: str) -> int:
    number = _number(text)
    if number is None or number.denominator != 1:
        raise _wrong(text, "an integer")
    return number.numerator


def _float(text: str) -> float:
    number = _number(text)
    try:
        if number is not None:
            return float(number)
    except OverflowError:
        pass
    raise _wrong(text, "a finite number")


def _printable(text: str) -> str:
    if not text.isprintable():
        raise _wrong(text, "printable characters")
    return text


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text.strip().removeprefix("0x").removeprefix("0X"))
    except ValueError:
        raise _wrong(text, "octets in hex, two digits each,") from None


def _label(labels: tuple[Label, ...], text: str) -> Value:
    named = [each.label for each in labels if each.label == text]
    named = named or [each.label for each in labels if each.label.lower() == text.lower()]
    if len(named) == 1:
        return named[0]
    number = _number(text)
    if number is not None and number.denominator == 1:
        for each in labels:
            if each.value <= number <= each.last:
                return each.label if each.value == each.last else number.numerator
    known = ", ".join(each.label for each in labels[:SHOWN])
    more = ", ..." if len(labels) > SHOWN else ""
    raise _wrong(text, f"one of {known}{more}")


def _truth(type_: ScalarType, text: str) -> str:
    known = {type_.zero_label.lower(): False, type_.one_label.lower(): True}
    truth = known.get(text.lower(), TRUTHS.get(text.lower()))
    if truth is None:
        raise _wrong(text, f"{type_.zero_label} or {type_.one_label}")
    return type_.one_label if truth else type_.zero_label


def _instant(text: str, now: int | None) -> int:
    if text == "now" or text[:1] in ("+", "-"):
        if now is None:
            raise _wrong(text, "a time in UTC, as 2026-01-31T12:00:00Z,")
        return now + (0 if text == "now" else _span(text, "a time from now, as +90s,"))
    try:
        return times.parse(text)
    except DecodeError:
        raise _wrong(text, "a time in UTC, as 2026-01-31T12:00:00Z, or +90s from now") from None


def _span(text: str, expected: str) -> int:
    match = _SPAN.fullmatch(text)
    if match is None or not any(match.groups()[1:]):
        raise _wrong(text, expected)
    sign, *parts = match.groups()
    seconds = sum(
        Fraction(part or 0) * unit for part, unit in zip(parts, (86400, 3600, 60, 1), strict=True)
    )
    if seconds > times.FARTHEST_S:
        raise _wrong(text, expected)
    ns = int(seconds * times.SECOND_NS)
    return -ns if sign == "-" else ns
