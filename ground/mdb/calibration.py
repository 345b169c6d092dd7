"""Calibrations of packet dictionaries in JSON: labels by value, or coefficients by exponent.

`{"0": "OFF", "[1,3]": "ON"}` are labels, of one value or of all from first to last.
`{"0": 2000, "1": -0.0027}` are the coefficients of a polynomial by exponent.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite

from ground.errors import Where
from ground.mdb.dictionary_table import Notes
from ground.mdb.model import Kind, Label, Polynomial

HIGHEST_DEGREE = 64
_VALUE = re.compile(r"\s*([+-]?\d{1,19})\s*")
_RANGE = re.compile(r"\s*\[\s*([+-]?\d{1,19})\s*,\s*([+-]?\d{1,19})\s*\]\s*")
_EXPECTED = 'expected JSON as {"0": "OFF", "[1,3]": "ON"} or {"0": 2000, "1": -0.0027}'


@dataclass(frozen=True, slots=True)
class Meaning:
    """What raw values mean: labels, or a calibrator, or neither."""

    labels: tuple[Label, ...] = ()
    calibrator: Polynomial | None = None

    def kind(self, plain: Kind) -> Kind:
        """Return the kind of the engineering value, where the raw one is of this kind."""
        if self.labels:
            return Kind.ENUMERATED
        return Kind.FLOAT if self.calibrator is not None else plain


def read(text: str, where: Where, notes: Notes) -> Meaning:
    """Return what a calibration says; nothing, and a note, where it is wrong."""
    if not text:
        return Meaning()
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if isinstance(given, dict) and given:
        if all(isinstance(value, str) for value in given.values()):
            return _labels(given, where, notes)
        if all(type(value) in (int, float) for value in given.values()):
            return _coefficients(given, where, notes)
    notes.error(where, f"calibration {text[:40]!r}; {_EXPECTED}")
    return Meaning()


def label(values: str, text: str) -> Label | None:
    """Return the label of one value, as `3`, or of a range, as `[1,3]`; None for other text."""
    match = _VALUE.fullmatch(values)
    if match:
        return Label(int(match[1]), int(match[1]), text)
    match = _RANGE.fullmatch(values)
    if match and int(match[1]) <= int(match[2]):
        return Label(int(match[1]), int(match[2]), text)
    return None


def _labels(given: dict[str, str], where: Where, notes: Notes) -> Meaning:
    labels = []
    for values, text in given.items():
        found = label(values, text)
        if found is None:
            expected = "expected a whole number, or [first,last]"
            notes.error(where, f"label {text[:40]!r} of {values[:40]!r}; {expected}")
        else:
            labels.append(found)
    return Meaning(labels=tuple(labels))


def _coefficients(given: dict[str, float], where: Where, notes: Notes) -> Meaning:
    coefficients: dict[int, float] = {}
    for exponent, value in given.items():
        match = _VALUE.fullmatch(exponent)
        degree = int(match[1]) if match else -1
        if not 0 <= degree <= HIGHEST_DEGREE or abs(value) > 1e300 or not isfinite(value):
            expected = f"expected a finite number of an exponent from 0 to {HIGHEST_DEGREE}"
            notes.error(where, f"coefficient {str(value)[:40]} of {exponent[:40]!r}; {expected}")
            return Meaning()
        coefficients[degree] = float(value)
    whole = tuple(coefficients.get(degree, 0.0) for degree in range(max(coefficients) + 1))
    return Meaning(calibrator=Polynomial(whole))
