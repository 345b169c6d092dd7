"""Columns that lie in blocks become engineering columns: all polynomials at once, and all labels.

What kernels need of a layout is worked out once, in a `Recipe`; after that a batch costs a few
kernel calls, however many parameters it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ground.blocks import BlockColumns, Layout, Seat, source
from ground.columns import Column
from ground.decode import curves
from ground.decode.labels import Labels, look_up
from ground.decode.numbers import NUMBERS, finite
from ground.mdb.model import Polynomial

LABELS, VALUES = 4, 5  # the blocks that calibration adds: int32 labels, float64 values
OCTET, LABEL, VALUE = np.dtype(np.uint8), np.dtype(np.int32), np.dtype(np.float64)


class Recipe:
    """How the columns of one layout become engineering columns.

    Args:
        layout: of the raw columns.
        wanted: which ones to return.
        polynomials, labels: the calibrators and labels there are, by path.
        calibrated: the paths whose engineering values differ from raw.

    Attributes:
        rest: what is left to be worked out column by column.
        layout: of the engineering columns.
    """

    def __init__(
        self,
        layout: Layout,
        wanted: Iterable[str],
        polynomials: Mapping[str, Polynomial],
        labels: Mapping[str, Labels],
        calibrated: set[str],
    ) -> None:
        raw = {name: layout.seats[name] for name in wanted}
        single = {name: seat for name, seat in raw.items() if seat is not None and seat.count == 1}
        curved = {n: s for n, s in single.items() if n in polynomials and s.dtype.kind in NUMBERS}
        named = {n: s for n, s in single.items() if n in labels and s.dtype == OCTET}
        self._values = list(curved)
        self._sources = np.array([source(s) for s in curved.values()], np.int64).reshape(-1, 2)
        self._coefficients = curves.coefficients([polynomials[name] for name in curved])
        self._labels = [(name, labels[name]) for name in named]
        self._rows = np.array([seat.row for seat in named.values()], np.int64)
        self._tables = np.array([each.of_octets for _, each in self._labels]).reshape(-1, 256)
        made = {n: Seat(VALUES, at, s.mask, VALUE) for at, (n, s) in enumerate(curved.items())}
        for at, (name, seat) in enumerate(named.items()):
            made[name] = Seat(LABELS, at, seat.mask, LABEL, labels=labels[name].texts)
        self.rest = [name for name in raw if name in calibrated and name not in made]
        seats = raw | made | dict.fromkeys(self.rest)
        self.layout = Layout(seats)
        self._at_once = Layout({n: s for n, s in seats.items() if n not in self.rest})
        self._elsewhere = [n for n, s in raw.items() if s is None and n not in calibrated]

    def at_once(self, raw: BlockColumns) -> BlockColumns:
        """Return all columns but the `rest`."""
        codes = np.empty((len(self._labels), raw.rows), np.int32)
        y = np.empty((len(self._values), raw.rows))
        blocks = (*raw.blocks[:LABELS], codes, y)
        made = {name: raw[name] for name in self._elsewhere}
        columns = BlockColumns(self._at_once, blocks, made, raw.inside)
        self._curve(raw, y, columns)
        self._label(raw, codes, columns)
        return columns

    def whole(self, columns: BlockColumns, rest: dict[str, Column]) -> BlockColumns:
        """Return the columns of `at_once` and the rest together."""
        return BlockColumns(self.layout, columns.blocks, columns.made | rest, columns.inside)

    def _curve(self, raw: BlockColumns, y: NDArray[np.float64], columns: BlockColumns) -> None:
        if not len(y):
            return
        unusable = np.empty(len(y), np.int64)
        curves.polynomials(*raw.numbers, self._sources, self._coefficients, y, unusable)
        for row in unusable.nonzero()[0].tolist():
            name = self._values[row]
            columns.made[name] = finite(y[row], columns[name].valid)

    def _label(self, raw: BlockColumns, codes: NDArray[np.int32], columns: BlockColumns) -> None:
        if not len(codes):
            return
        unlabelled = np.empty(len(codes), np.int64)
        look_up(raw.blocks[0], self._rows, self._tables, codes, unlabelled)
        for row in unlabelled.nonzero()[0].tolist():
            name, labels = self._labels[row]
            columns.made[name] = labels.column(codes[row], columns[name].valid)
