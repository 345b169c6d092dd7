"""One batch while it is judged: which alarm applies where, and what level each value has by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.alarms.ranges import Floats, Levels, Table
from ground.columns import Column
from ground.mdb import conditions
from ground.mdb.model import (
    Alarm,
    Condition,
    EnumerationLevels,
    Level,
    Reference,
    ScalarType,
    StaticRanges,
)

Truth = NDArray[np.bool_]

NUMBERS = "iufb"


class Page:
    """The columns of one batch.

    Args:
        types: type of each column, by the path of the column.
        raw: raw columns by path.
        engineering: engineering columns by path; where one is missing, its raw column counts.
    """

    def __init__(
        self,
        types: Mapping[str, ScalarType],
        raw: Mapping[str, Column],
        engineering: Mapping[str, Column],
    ) -> None:
        self.types, self.raw = types, raw
        self.engineering = engineering
        self.rows = len(next(iter(raw.values())).values) if raw else 0
        self._choices: dict[str, list[tuple[Alarm, Truth]]] = {}

    def column(self, path: str) -> Column | None:
        """Return what is judged of a parameter; None where the batch does not have it."""
        source = self.engineering if path in self.engineering else self.raw
        return source.get(path)

    def choices(self, path: str, shape: tuple[int, ...]) -> list[tuple[Alarm, Truth]]:
        """Return the alarms of a column of this shape, and where each one applies.

        No two apply to one value: the first context that holds wins, else the default.
        """
        if path not in self._choices:
            type, free = self.types[path], np.ones(shape, np.bool_)
            found = []
            for each in type.context_alarms:
                here = free & self._holds(each.condition, shape)
                found.append((each.alarm, here))
                free &= ~here
            if type.alarm is not None:
                found.append((type.alarm, free))
            self._choices[path] = found
        return self._choices[path]

    def levels(self, path: str, column: Column) -> Levels:
        """Return the level of each value of a column by itself.

        An array whose size varies has one level a row, the worst of its elements.
        """
        varies = column.values.dtype == object
        if varies:
            column = _padded(column)
        found = np.zeros(column.values.shape, np.uint8)
        for alarm, here in self.choices(path, column.values.shape):
            np.copyto(found, _by_itself(alarm, column), where=here)
        if column.valid is not None:
            found *= column.valid
        return found.max(axis=1, initial=0) if varies else found

    def _holds(self, condition: Condition, shape: tuple[int, ...]) -> Truth:
        truth = conditions.evaluate(condition, self._lookup, self.rows)
        truth = truth.reshape(truth.shape + (1,) * (len(shape) - truth.ndim))
        try:
            return np.broadcast_to(truth, shape)
        except ValueError:  # an array of another size says nothing about this parameter
            return np.zeros(shape, np.bool_)

    def _lookup(self, reference: Reference) -> Column | None:
        if reference.instance:
            return None
        find = self.column if reference.calibrated else self.raw.get
        return conditions.find(find, reference.path)


def by_range(ranges: StaticRanges, values: NDArray[Any]) -> Levels:
    """Return the level of each number of an array of any shape; NaN has none."""
    x: Floats = np.ascontiguousarray(values, np.float64).reshape(1, -1)
    found = np.zeros(x.shape, np.uint8)
    Table.of([ranges]).judge(x, found)
    return found.reshape(values.shape)


def _by_itself(alarm: Alarm, column: Column) -> Levels:
    if column.labels is not None:
        return _by_label(alarm.enumeration, column)
    if alarm.static is None or column.values.dtype.kind not in NUMBERS:
        return np.zeros(column.values.shape, np.uint8)
    return by_range(alarm.static, column.values)


def _by_label(levels: EnumerationLevels | None, column: Column) -> Levels:
    if levels is None:
        return np.zeros(column.values.shape, np.uint8)
    named = dict(reversed(levels.levels))  # the first that names a label wins
    table = [named.get(label, levels.default) for label in column.labels or ()]
    every = np.array([*table, Level.NORMAL], np.uint8)
    return np.asarray(every[np.where(column.values < 0, len(table), column.values)])


def _padded(column: Column) -> Column:
    """Return rows of various lengths as [N, E], where what is missing is not valid.

    Rows that are no arrays of numbers (text, octets) have no elements to judge.
    """
    rows = [
        row if isinstance(row, np.ndarray) and row.dtype.kind in NUMBERS else np.empty(0)
        for row in column.values.ravel()
    ]
    lengths = np.array([row.size for row in rows], np.int64)
    present = np.arange(lengths.max(initial=0)) < lengths[:, np.newaxis]
    values = np.full(present.shape, -1 if column.labels else np.nan)
    if len(rows):
        values[present] = np.concatenate([row.ravel() for row in rows])
    if column.valid is not None:
        present &= column.valid.reshape(len(rows), -1)
    return Column(values.astype(np.int32) if column.labels else values, present, column.labels)
