"""A mission's rule for the generation time of its packets: which fields, which unit, which epoch.

How it works: every field counts some unit since the epoch. Days (or, without them, whole seconds)
find the calendar instant in the rule's scale; what is left is elapsed time after it. With scale
`utc` days and seconds are counted as clocks count them, without leap seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols import times
from protocols.errors import DecodeError
from protocols.times import DAY_NS, FARTHEST_S, SECOND_NS, Scale

Term = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the generation time of a packet comes from.

    Attributes:
        epoch, scale: the text of the epoch, written in this scale, in which the fields count too.
        parameter: name of the field of seconds.
        fine: name of the field of parts of a second, of 2^-fine_bits seconds each, or of fine_ns
            nanoseconds each where that is not 0.
        days, milliseconds, microseconds: names of such fields; with days, seconds are of the day.

    Raises:
        DecodeError: epoch, scale or resolution is no such thing.
    """

    epoch: str
    scale: Scale = "tai"
    parameter: str | None = None
    fine: str | None = None
    fine_bits: int = 0
    fine_ns: int = 0
    days: str | None = None
    milliseconds: str | None = None
    microseconds: str | None = None

    def __post_init__(self) -> None:
        times.parse(self.epoch, self.scale)
        if not 0 <= self.fine_bits <= 64 or self.fine_ns < 0:
            raise DecodeError(
                "fine_bits or fine_ns; expected 0 to 64 bits", clause="301.0-B-4 §3.2"
            )
        if self.fine and not (self.fine_bits or self.fine_ns):
            raise DecodeError("fine without fine_bits or fine_ns", clause="301.0-B-4 §3.2")
        if not self.names:
            raise DecodeError("a time rule names no parameter", clause="301.0-B-4 §3.1")

    @property
    def names(self) -> dict[str, str]:
        """The names of the fields by their role: `{"parameter": "SHCOARSE", "fine": "SHFINE"}`."""
        roles = ("days", "parameter", "milliseconds", "microseconds", "fine")
        given = {role: getattr(self, role) for role in roles}
        return {role: name for role, name in given.items() if name}

    def t_ns(
        self, fields: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return times (int64 [N], ns TAI since 1958) and which are valid (bool [N]).

        Arithmetic is exact on integers; parts of a nanosecond are cut off. A value that is not
        finite, or beyond FARTHEST_S, makes its time 0 and not valid.

        Args:
            fields: raw values [N] by role, one for each of `names`.
        """
        terms = {role: self._term(role, np.asarray(fields[role])) for role in self.names}
        valid = np.logical_and.reduce([ok for _, _, ok in terms.values()])
        leading = next((role for role in ("days", "parameter") if role in terms), "")
        calendar_s = terms[leading][0] if leading else np.zeros(len(valid), np.int64)
        after_s = sum((s for role, (s, _, _) in terms.items() if role != leading), start=0)
        after_ns = sum((ns for _, ns, _ in terms.values()), start=np.int64(0))
        far = np.abs(calendar_s) + np.abs(after_s + after_ns // SECOND_NS)
        valid &= far + abs(times.parse(self.epoch, self.scale) // SECOND_NS) < FARTHEST_S
        calendar_ns = self._epoch_ns() + np.where(valid, calendar_s, 0) * SECOND_NS
        t_ns = times.from_scale_ns(calendar_ns, self.scale)
        t_ns = t_ns + np.where(valid, after_s, 0) * SECOND_NS + np.where(valid, after_ns, 0)
        return np.where(valid, t_ns, 0), valid

    def _epoch_ns(self) -> int:
        """Return the epoch as calendar time in the rule's scale, ns since 1970 of that scale."""
        t_ns = times.parse(self.epoch, self.scale)
        if self.scale == "utc":
            return times.tai_to_utc_ns(t_ns)
        return t_ns - times.from_scale_ns(0, self.scale)

    def _term(self, role: str, values: NDArray[Any]) -> Term:
        if role == "fine" and not self.fine_ns:
            return _fraction(values, self.fine_bits)
        units_ns = {
            "days": DAY_NS,
            "parameter": SECOND_NS,
            "milliseconds": 1_000_000,
            "microseconds": 1_000,
            "fine": self.fine_ns,
        }
        return _counted(values, units_ns[role])


def _counted(values: NDArray[Any], unit_ns: int) -> Term:
    """Return counts of a unit as whole seconds and nanoseconds, and where they are in range."""
    ok = _within(values, FARTHEST_S * SECOND_NS // unit_ns)
    whole, part_ns = _split(np.where(ok, values, 0), unit_ns)
    if unit_ns % SECOND_NS == 0:
        return whole * (unit_ns // SECOND_NS), part_ns, ok
    seconds, ns = np.divmod(whole * unit_ns, SECOND_NS)
    return seconds, ns + part_ns, ok


def _fraction(values: NDArray[Any], bits: int) -> Term:
    """Return counts of 2^-bits seconds likewise, exact to the nanosecond below.

    Counts finer than 2^-60 s are cut to that.
    """
    ok = _within(values, 2**64 - 1)
    if bits > 60:
        values, bits = np.where(ok, values, 0).astype(np.uint64) >> np.uint64(bits - 60), 60
    ok = ok & _within(values, 2**62)
    counts = np.where(ok, values, 0).astype(np.int64)
    seconds, counts = counts >> bits, counts & ((1 << bits) - 1)
    return seconds, times.fraction_ns(counts, bits), ok


def _within(values: NDArray[Any], limit: int) -> NDArray[np.bool_]:
    if values.dtype.kind == "O":  # wider than 64 bits, or no number at all
        return np.array([isinstance(v, int) and abs(v) <= limit for v in values], np.bool_)
    if values.dtype.kind == "f":
        return np.asarray(np.abs(values) <= limit)
    if values.dtype.kind not in "iu":
        return np.zeros(len(values), np.bool_)
    limits = np.iinfo(values.dtype)
    return np.asarray((values >= max(-limit, limits.min)) & (values <= min(limit, limits.max)))


def _split(values: NDArray[Any], unit_ns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return whole counts, and the ns of what a floating point count has beyond them."""
    whole = np.floor(values) if values.dtype.kind == "f" else values
    part_ns = np.zeros(len(values), np.int64)
    if values.dtype.kind == "f":
        part_ns = np.floor((values - whole) * unit_ns).astype(np.int64)
    return whole.astype(np.int64), part_ns
