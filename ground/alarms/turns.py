"""Where severities turn: the few samples, out of many, that an alarm machine must look at.

How it works: of all columns of a call, only those with a severity, or with an alarm out of limits,
are looked at. Their rows are taken spacecraft by spacecraft, in the order in which the packets
came, also where one parameter lies in packets of several types. A turn is a sample whose severity
is not that of the one before; a sample that is missing turns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ground.alarms import text
from ground.columns import Column
from ground.mdb.model import ScalarType

Ints = NDArray[np.int64]
Severities = NDArray[np.uint8]
Standing = Mapping[str, Mapping[str, Mapping[int, int]]]
"""Severities of the alarms that are out of limits, by parameter, spacecraft and element."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A batch of one packet type after it was judged.

    Attributes:
        types: type of each column by its path.
        order: int64 [N], the place of each row's packet among all packets of the call.
        craft: integers [N], index of its spacecraft among the names of the call.
        t_ns: int64 [N], generation times; 0 where there is none, and the reception time counts.
        received_ns: int64 [N].
        severities: by path, `Severity` [N] or [N, E].
        values: engineering columns (raw ones where they are the same), for the same paths.
        worst: uint8 [N], the worst severity of each row; None where it was not worked out.
    """

    types: Mapping[str, ScalarType]
    order: Ints
    craft: NDArray[Any]
    t_ns: Ints
    received_ns: Ints
    severities: Mapping[str, Severities]
    values: Mapping[str, Column]
    worst: Severities | None = None

    def violating(self) -> set[str]:
        """Return the paths with a sample that is out of limits."""
        if not self.severities or (self.worst is not None and not self.worst.any()):
            return set()
        columns = list(self.severities.values())
        sizes = np.fromiter((each.size for each in columns), np.int64, len(columns))
        found = np.flatnonzero(np.concatenate([each.reshape(-1) for each in columns]))
        if not len(found):
            return set()
        paths = list(self.severities)
        places = np.searchsorted(np.cumsum(sizes), found, side="right")
        return {paths[place] for place in np.unique(places).tolist()}

    def rows(self) -> Iterator[tuple[int, Ints]]:
        """Yield each spacecraft's code and its rows."""
        for code in np.unique(self.craft).tolist():
            yield code, np.flatnonzero(self.craft == code)


class Turn(NamedTuple):
    """One sample whose severity turned; sorted, they are in the order in which packets came."""

    order: int
    parameter: str
    cell: int
    row: int  # of the series
    severity: int
    series: Series


class Series:
    """The samples of one parameter of one spacecraft, in the order in which they came.

    Attributes:
        scalar: whether it is a single value, whose alarms have element -1.
        cells: elements, or 1.
    """

    def __init__(
        self, spacecraft: str, parameter: str, parts: Sequence[tuple[Sampled, Ints]]
    ) -> None:
        self.spacecraft, self.parameter, self._parts = spacecraft, parameter, parts
        blocks = [sampled.severities[parameter][rows] for sampled, rows in parts]
        self.scalar = blocks[0].ndim == 1
        self._severities = _joined([each.reshape(len(each), -1) for each in blocks])
        self.cells = self._severities.shape[1]
        self._present = _joined([_present(*part, parameter, self.cells) for part in parts])
        self._order = _joined([sampled.order[rows] for sampled, rows in parts])
        self._row = _joined([rows for _, rows in parts])
        self._part = np.repeat(np.arange(len(parts)), [len(each) for each in blocks])
        if len(parts) > 1:
            self._sort()
        self._violating = (self._severities > 0) & self._present
        self._counted = [0] * self.cells  # rows whose violations the alarms have

    def _sort(self) -> None:
        places = np.argsort(self._order, kind="stable")
        self._severities, self._present = self._severities[places], self._present[places]
        self._order, self._row = self._order[places], self._row[places]
        self._part = self._part[places]

    def turns(self, standing: Mapping[int, int], *, every: bool) -> Iterator[Turn]:
        """Yield where the severity turns, or every sample that is out of limits as well.

        Args:
            standing: the severities before these samples, by element; the others are normal.
        """
        before = np.zeros((1, self.cells), np.uint8)
        for element, severity in standing.items():
            if self.cell(element) < self.cells:
                before[0, self.cell(element)] = severity
        filled = _filled(np.concatenate([before, self._severities]), self._present)
        marked = filled[1:] != filled[:-1]
        if every:
            marked |= self._violating
        for row, cell in zip(*(each.tolist() for each in np.nonzero(marked)), strict=True):
            order, severity = int(self._order[row]), int(filled[row + 1, cell])
            yield Turn(order, self.parameter, cell, row, severity, self)

    def new(self, standing: Mapping[int, int]) -> int:
        """Return how many elements may become alarms."""
        cells = np.flatnonzero(self._violating.any(axis=0)).tolist()
        return sum(self.element(cell) not in standing for cell in cells)

    def element(self, cell: int) -> int:
        """Return the element of an alarm on a cell: -1 for a single value."""
        return -1 if self.scalar else cell

    def cell(self, element: int) -> int:
        """Return the cell of an element."""
        return max(element, 0)

    def count(self, cell: int, row: int) -> int:
        """Return the violations up to a row that were not counted yet, and take them as counted."""
        since, self._counted[cell] = self._counted[cell], row + 1
        return int(np.count_nonzero(self._violating[since : row + 1, cell]))

    def last_violating(self, cell: int) -> int | None:
        """Return the last row that is out of limits, if it was not counted yet."""
        since = self._counted[cell]
        found = np.flatnonzero(self._violating[since:, cell])
        return since + int(found[-1]) if len(found) else None

    def value(self, cell: int, row: int) -> str:
        """Return the value of a sample, as people read it."""
        sampled, place = self._source(row)
        column = sampled.values.get(self.parameter)
        if column is None:
            return ""
        return text.value(column, place, self.element(cell), sampled.types.get(self.parameter))

    def t_ns(self, row: int) -> int:
        """Return the time of a sample."""
        sampled, place = self._source(row)
        return int(sampled.t_ns[place]) or int(sampled.received_ns[place])

    def type(self, row: int) -> ScalarType | None:
        """Return the type of a sample's column."""
        return self._source(row)[0].types.get(self.parameter)

    def _source(self, row: int) -> tuple[Sampled, int]:
        return self._parts[self._part[row]][0], int(self._row[row])


def series(
    names: Sequence[str], batches: Iterable[Sampled], standing: Standing
) -> Iterator[Series]:
    """Yield the samples that may change an alarm, each parameter and spacecraft once."""
    batches = list(batches)
    paths = set().union(*(each.violating() for each in batches))
    paths |= {path for each in batches for path in standing.keys() & each.severities.keys()}
    if not paths:
        return
    parts: dict[tuple[str, int], list[tuple[Sampled, Ints]]] = {}
    for sampled in batches:
        here = paths & sampled.severities.keys()
        for code, rows in sampled.rows() if here else ():
            for path in here:
                parts.setdefault((path, code), []).append((sampled, rows))
    for (path, code), each in parts.items():
        known = names[code] in standing.get(path, ())
        if known or any(sampled.severities[path][rows].any() for sampled, rows in each):
            yield Series(names[code], path, each)


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _present(sampled: Sampled, rows: Ints, parameter: str, cells: int) -> NDArray[np.bool_]:
    """Return bool [n, E], whether there is a sample; an array of varying size counts as one."""
    present = np.ones((len(rows), cells), np.bool_)
    column = sampled.values.get(parameter)
    if column is None:
        return present
    if column.values.dtype.kind == "f":
        present &= ~np.isnan(column.values[rows]).reshape(len(rows), -1)
    if column.valid is not None:
        valid = column.valid[rows].reshape(len(rows), -1)
        present &= valid if valid.shape[1] == cells else valid.any(axis=1, keepdims=True)
    return present


def _filled(severities: Severities, present: NDArray[np.bool_]) -> Severities:
    """Return [n + 1, E] with what is missing in the last n rows as the row before has it."""
    if present.all():
        return severities
    rows = np.arange(len(severities))[:, np.newaxis]
    known = np.concatenate([np.ones((1, present.shape[1]), np.bool_), present])
    last = np.maximum.accumulate(np.where(known, rows, 0), axis=0)
    filled: Severities = np.take_along_axis(severities, last, axis=0)
    return filled
