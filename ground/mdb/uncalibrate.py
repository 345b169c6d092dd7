"""Engineering values, labels and text become raw values: calibration turned round.

How it works: a polynomial of degree one is solved. Any other curve over an integer of up to 16 bits
(a spline, a polynomial of higher degree) is tabled over every raw value, must rise or fall all the
way, and the nearest raw value is taken. What cannot be turned round is refused.

A parameter's raw values are integers, floats of the width they have in the packet, or, for strings
and octets, objects.
Times have no calibrator here: their values are given raw.

Source: XTCE 1.2 `CalibratorType`, `EnumerationListType`, `BooleanDataType`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb import patterns
from ground.mdb.conditions import number
from ground.mdb.model import (
    Calibrator,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    Kind,
    Polynomial,
    Range,
    ScalarType,
    Spline,
)
from protocols.errors import EncodeError

TABLE_BITS = 16
Values = NDArray[Any]
Floats = NDArray[np.float64]


def raw(name: str, type_: ScalarType, values: Values, *, calibrated: bool) -> Values:
    """Return the raw values of one parameter.

    Args:
        name: what the parameter is called in an error.
        values: numbers, labels, text or octets, of any shape.
        calibrated: numbers are engineering values where the type has a calibrator; else raw.

    Raises:
        EncodeError: no such label, no number, not an integer, out of the type's range, or a
            calibrator that cannot be turned round.
    """
    if values.dtype.kind in "OUS":
        values = _from_objects(name, type_, values)
    if values.dtype.kind == "b":
        values = values.astype(np.int64)
    if values.dtype.kind == "O":
        return values
    if calibrated == type_.valid_range_calibrated:
        _in_range(name, values, type_.valid_ranges)
    if calibrated and type_.context_calibrators:
        raise EncodeError(f"{name}: a calibrator that depends on context cannot be turned round")
    if calibrated and type_.calibrator is not None:
        values = _uncalibrated(name, type_, values.astype(np.float64))
    if isinstance(type_.encoding, FloatEncoding):
        values = patterns.floats(name, type_.encoding, values)
    else:
        values = _integers(name, values)
    if calibrated and not type_.valid_range_calibrated:
        _in_range(name, values, type_.valid_ranges)
    return values


def _from_objects(name: str, type_: ScalarType, values: Values) -> Values:
    """Return numbers for labels and text that reads as a number; strings and octets as they are."""
    if type_.kind in (Kind.STRING, Kind.BINARY):
        return values.astype(object)
    known: dict[Any, int | float] = {label.label: label.value for label in type_.labels}
    if type_.kind is Kind.BOOLEAN:
        known = {type_.zero_label: 0, type_.one_label: 1}
    each = [_number(name, known, value) for value in values.ravel().tolist()]
    return np.array(each).reshape(values.shape)


def _number(name: str, known: dict[Any, int | float], value: Any) -> int | float:
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]
    found = known[value] if value in known else number(value)
    if found is None:
        raise EncodeError(f"{name}: {value!r} found; {_expected(known)} expected")
    return found


def _expected(known: dict[Any, int | float]) -> str:
    return "one of " + ", ".join(map(str, known)) if known else "a number"


def _in_range(name: str, values: Values, ranges: tuple[Range, ...]) -> None:
    bad = np.full(values.shape, bool(ranges))
    for bounds in ranges:
        bad &= ~_within(values, bounds)
    if bad.any():
        raise EncodeError(f"{name}: {values[bad].flat[0]} found; {shown(ranges)} expected")


def _within(values: Values, bounds: Range) -> NDArray[np.bool_]:
    low, high = bounds.minimum, bounds.maximum
    good = np.ones(values.shape, np.bool_)
    if low is not None:
        good &= values >= low if bounds.minimum_inclusive else values > low
    if high is not None:
        good &= values <= high if bounds.maximum_inclusive else values < high
    return good


def limits(type_: ScalarType) -> tuple[Range, ...]:
    """Return the ranges of engineering values that a type can express; none where unknown."""
    ranges, calibrator = type_.valid_ranges, type_.calibrator
    if ranges and (calibrator is None or type_.valid_range_calibrated):
        return ranges
    if not ranges and isinstance(type_.encoding, IntegerEncoding):
        ranges = (Range(*patterns.limits(type_.encoding.coding, type_.encoding.bits)),)
    if isinstance(calibrator, Polynomial) and _linear(calibrator):
        return tuple(_on_line(each, *calibrator.coefficients[:2]) for each in ranges)
    return ranges if calibrator is None else ()


def _on_line(bounds: Range, intercept: float, slope: float) -> Range:
    low, high = (
        None if end is None else intercept + slope * end for end in (bounds.minimum, bounds.maximum)
    )
    within = bounds.minimum_inclusive, bounds.maximum_inclusive
    return Range(low, high, *within) if slope > 0 else Range(high, low, *within[::-1])


def shown(ranges: Iterable[Range]) -> str:
    """Return ranges for people: `0 to 63 or at least 128`."""
    return " or ".join(map(_shown, ranges))


def _shown(bounds: Range) -> str:
    ends = (bounds.minimum, bounds.maximum)
    low, high = (None if end is None else f"{end:.15g}" for end in ends)
    if not bounds.minimum_inclusive:
        low = None if low is None else f"above {low}"
    if not bounds.maximum_inclusive:
        high = None if high is None else f"below {high}"
    if low is None or high is None:
        only = high if low is None else low
        word = "at most" if low is None else "at least"
        return "any number" if only is None else only if " " in only else f"{word} {only}"
    return low if low == high else f"{low} to {high}"


def _integers(name: str, values: Values) -> Values:
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind != "f":
        raise EncodeError(f"{name}: {values.dtype} values found; numbers expected")
    whole = np.isfinite(values) & (values == np.rint(values)) & (np.abs(values) < 2.0**63)
    if not whole.all():
        raise EncodeError(f"{name}: {values[~whole].flat[0]} found; an integer expected")
    return values.astype(np.int64)


def _uncalibrated(name: str, type_: ScalarType, values: Floats) -> Floats:
    if not np.isfinite(values).all():
        raise EncodeError(f"{name}: a value that is not finite cannot be uncalibrated")
    calibrator, encoding = type_.calibrator, type_.encoding
    if isinstance(calibrator, Polynomial) and _linear(calibrator):
        intercept, slope = calibrator.coefficients[:2]
        solved: Floats = (values - intercept) / slope
        return solved if isinstance(encoding, FloatEncoding) else np.rint(solved)
    if isinstance(encoding, IntegerEncoding) and encoding.bits <= TABLE_BITS:
        return _nearest(name, values, *_table(name, calibrator, _codes(encoding)))
    raise EncodeError(f"{name}: its calibrator cannot be turned round")


def _linear(polynomial: Polynomial) -> bool:
    first, *rest = polynomial.coefficients[1:] or (0.0,)
    return first != 0.0 and not any(rest)


def _codes(encoding: IntegerEncoding) -> Floats:
    half = 1 << (encoding.bits - 1)
    unsigned = encoding.coding is IntegerCoding.UNSIGNED
    low, high = (0, 2 * half) if unsigned else (1 - half, half)
    return np.arange(low, high, dtype=np.float64)


def _table(name: str, calibrator: Calibrator | None, codes: Floats) -> tuple[Floats, Floats]:
    """Return raw values and their engineering values, the latter rising."""
    if isinstance(calibrator, Polynomial):
        curve = np.polynomial.polynomial.polyval(codes, calibrator.coefficients).astype(np.float64)
    elif isinstance(calibrator, Spline) and calibrator.order == 1:
        raws, points = np.array(calibrator.points).T
        codes = codes[(codes >= raws[0]) & (codes <= raws[-1])]
        curve = np.interp(codes, raws, points)
    else:
        raise EncodeError(f"{name}: its calibrator cannot be turned round")
    steps = np.diff(curve)
    if not steps.any() or not ((steps >= 0).all() or (steps <= 0).all()):
        raise EncodeError(f"{name}: its calibrator does not rise or fall all the way")
    return (codes, curve) if curve[0] <= curve[-1] else (codes[::-1], curve[::-1])


def _nearest(name: str, values: Floats, codes: Floats, curve: Floats) -> Floats:
    """Return for each value the raw value whose engineering value is nearest."""
    margin = np.diff(curve).max(initial=0.0) / 2
    outside = (values < curve[0] - margin) | (values > curve[-1] + margin)
    if outside.any():
        found = values[outside].flat[0]
        raise EncodeError(f"{name}: {found} found; {curve[0]} to {curve[-1]} expected (calibrator)")
    middles = (curve[1:] + curve[:-1]) / 2
    return codes[np.searchsorted(middles, values)]
