"""What is wrong with an argument while it is typed: a hint for people, the station is the judge."""

from __future__ import annotations

import re
from fractions import Fraction

from ground.messages import ArgumentRow

LABELLED = ("enumeration", "boolean")
_FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_BASED = re.compile(r"[+-]?0(?:x[0-9a-f]+|o[0-7]+|b[01]+)", re.ASCII | re.IGNORECASE)
_DECIMAL = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)([kMG]?)", re.ASCII)
_LONGEST = 80  # characters of a number
_TRUTHS = ("true", "false")


def wrong(row: ArgumentRow, text: str) -> str:
    """Return what is wrong with a text as a value of an argument; "" for nothing.

    A list (values with commas between) is judged value by value.
    """
    if not text:
        return "" if row.default else "needed"
    if row.kind in ("string", "time", "span"):
        return ""
    if row.kind == "binary":
        return "" if _hex(text) else "no octets in hex"
    values = text.split(",")[:100]
    found = (_label(row, each) if row.kind in LABELLED else _range(row, each) for each in values)
    return next((each for each in found if each), "")


def expected(row: ArgumentRow) -> str:
    """Return what may be given: kind, units, range or labels."""
    if row.labels:
        return "|".join(row.labels)
    span = f"{row.minimum}..{row.maximum}" if row.minimum or row.maximum else ""
    return " ".join(part for part in (row.kind, span, row.units) if part)


def choose(row: ArgumentRow, text: str) -> list[str]:
    """Return the labels that begin with a text, in any case."""
    return [each for each in row.labels if each.casefold().startswith(text.casefold())]


def number(text: str) -> Fraction | None:
    """Return a number as the station reads it: decimal, `0x`, `0o`, `0b`, or `1.5k`."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if _BASED.fullmatch(text):
        return Fraction(int(text, 0))
    match = _DECIMAL.fullmatch(text)
    return None if match is None else Fraction(match[1]) * _FACTORS[match[2]]


def _label(row: ArgumentRow, text: str) -> str:
    folded = text.strip().casefold()
    labels = [each.casefold() for each in row.labels]
    truth = row.kind == "boolean" and folded in _TRUTHS
    if folded in labels or truth or number(text) is not None:
        return ""
    return "not yet" if any(each.startswith(folded) for each in labels) else "no such label"


def _range(row: ArgumentRow, text: str) -> str:
    value = number(text)
    if value is None or (row.kind == "integer" and value.denominator != 1):
        return f"no {row.kind}" if row.kind == "integer" else "no number"
    least, most = number(row.minimum), number(row.maximum)
    if least is not None and value < least:
        return f"below {row.minimum}"
    return f"above {row.maximum}" if most is not None and value > most else ""


def _hex(text: str) -> bool:
    try:
        bytes.fromhex(text.strip().removeprefix("0x").removeprefix("0X"))
    except ValueError:
        return False
    return True
