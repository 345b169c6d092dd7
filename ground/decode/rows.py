"""The packets that are being decoded: where each one stands, and what was read of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column
from ground.decode.calibrate import Calibration
from ground.decode.gather import spread
from ground.mdb import conditions
from ground.mdb.model import Amount, Condition, Dynamic, Fixed, Reference

FAR = 1 << 40  # bits; beyond any packet, and far from overflow

Places = NDArray[np.int64]
Truth = NDArray[np.bool_]
Trace = list[tuple[str, int, int]]


@dataclass(slots=True)
class Rows:
    """N packets, or parts of packets, under the same program. Places are bits of the arena.

    Attributes:
        first, last: where each packet starts and ends.
        start, reach: where the container starts, and the farthest end of an entry in it.
        at: where the next entry starts.
        short: bool [N], whether something was missing that the definition asks for.
        latest: the columns that conditions and sizes may look at.
        calibration: how the columns of this packet type become engineering values.
        trace: where fields were found (name, bit, bits), if anyone wants to know.
    """

    arena: NDArray[np.uint8]
    first: Places
    last: Places
    start: Places
    at: Places
    reach: Places
    short: Truth
    calibration: Calibration
    latest: dict[str, Column] = field(default_factory=dict)
    trace: Trace | None = None

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: NDArray[np.intp]) -> Rows:
        """Return these rows only, to go on with them alone."""
        return Rows(
            self.arena,
            self.first[rows],
            self.last[rows],
            self.start[rows],
            self.at[rows],
            self.reach[rows],
            self.short[rows],
            self.calibration,
            {name: column.take(rows) for name, column in self.latest.items()},
            self.trace,
        )

    def give(self, rows: NDArray[np.intp], part: Rows, blanks: Mapping[str, Any]) -> None:
        """Take over from `part`, which went on with these rows."""
        self.at[rows], self.reach[rows], self.short[rows] = part.at, part.reach, part.short
        for name, column in part.latest.items():
            before = self.latest.get(name)
            if before is None or before.values.shape[1:] != column.values.shape[1:]:
                self.latest[name] = spread(column, rows, len(self), blanks.get(name))
            else:
                self.latest[name] = _over(before, column, rows)

    def go(self, at: Places, reach: Places | int = 0) -> None:
        """Go on at these places; `reach` bits of the container are in use."""
        self.at = np.clip(at, -FAR, FAR)
        self.reach = np.maximum(self.reach, np.minimum(reach, FAR))

    def lookup(self, reference: Reference) -> Column | None:
        """Return the column of a reference; None where this packet has not had it yet."""
        if reference.instance:
            return None
        if not reference.calibrated:
            return conditions.find(self.latest.get, reference.path)
        return conditions.find(self._engineering, reference.path)

    def _engineering(self, name: str) -> Column | None:
        return self.calibration.engineering(self.latest, [name]).get(name)

    def holds(self, condition: Condition) -> Truth:
        """Return for which rows a condition holds; of an array's elements the last one counts."""
        truth = conditions.evaluate(condition, self.lookup, len(self))
        return truth if truth.ndim == 1 else truth[:, -1]

    def amount(self, amount: Amount) -> tuple[Places, Truth]:
        """Return a number for each row, and where it is known. Unknown ones are 0."""
        if isinstance(amount, Fixed):
            return np.full(len(self), amount.value), np.ones(len(self), np.bool_)
        if isinstance(amount, Dynamic):
            return self._dynamic(amount)
        value = np.full(len(self), amount.default or 0)
        free = np.ones(len(self), np.bool_)
        for condition, number in amount.choices:
            here = free & self.holds(condition)
            value[here] = number
            free &= ~here
        return value, ~free if amount.default is None else np.ones(len(self), np.bool_)

    def _dynamic(self, amount: Dynamic) -> tuple[Places, Truth]:
        column = self.lookup(amount.reference)
        if column is not None and column.labels is not None:
            column = conditions.find(self.latest.get, amount.reference.path)
        if column is None:
            return np.zeros(len(self), np.int64), np.zeros(len(self), np.bool_)
        values, valid = _numbers(column.values), column.valid
        if values.ndim > 1:
            values, valid = values[:, -1], None if valid is None else valid[:, -1]
        with np.errstate(over="ignore", invalid="ignore"):
            result = values * amount.slope + amount.intercept
        known = np.isfinite(result) if valid is None else np.isfinite(result) & valid
        return np.rint(np.clip(np.where(known, result, 0), -FAR, FAR)).astype(np.int64), known


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype != object:
        return values.astype(np.float64)
    read = [conditions.number(str(each)) for each in values.ravel()]
    numbers = [np.nan if each is None else min(max(each, -FAR), FAR) for each in read]
    return np.array(numbers, np.float64).reshape(values.shape)


def _over(before: Column, column: Column, rows: NDArray[np.intp]) -> Column:
    """Return `before` with the values that are valid in `column` in their place."""
    values = before.values.copy()
    valid = np.ones(values.shape, np.bool_) if before.valid is None else before.valid.copy()
    new = np.ones(column.values.shape, np.bool_) if column.valid is None else column.valid
    values[rows] = np.where(new, column.values, values[rows])
    valid[rows] |= new
    return Column(values, None if valid.all() else valid, column.labels)
