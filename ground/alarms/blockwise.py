"""Columns that lie in blocks are judged where they lie: all static ranges in one go."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ground.alarms.page import NUMBERS
from ground.alarms.ranges import Levels, Table
from ground.blocks import WIDE, BlockColumns, Layout, Seat, source
from ground.mdb.model import StaticRanges

ENGINEERING = 5  # the block of float64 that calibration adds


class Seated:
    """The static ranges of those columns of one layout that are single numbers.

    Args:
        layout: of the engineering columns.
        names: the columns to judge.
        ranges: by path, for the columns that have static ranges and no contexts.

    Attributes:
        left: the names that are to be judged otherwise.
    """

    def __init__(
        self, layout: Layout, names: tuple[str, ...], ranges: Mapping[str, StaticRanges]
    ) -> None:
        seats = {name: layout.seats.get(name) for name in names if name in ranges}
        seated = {name: seat for name, seat in seats.items() if seat and _is_number(seat)}
        self.left = [name for name in names if name not in seated]
        self._rows = {name: row for row, name in enumerate(seated)}
        self._sources = np.array([_source(seat) for seat in seated.values()], np.int64).reshape(
            -1, 2
        )
        self._masks = np.array([seat.mask for seat in seated.values()], np.int64)
        self._table = Table.of([ranges[name] for name in seated])

    def levels(self, columns: BlockColumns) -> dict[str, Levels]:
        """Return the levels of the columns that have a seat."""
        found = np.zeros((len(self._rows), columns.rows), np.uint8)
        if len(found):
            self._table.judge_blocks(columns.numbers, self._sources, found)
        columns.masked(self._masks, found)
        for name, column in columns.made.items():
            if column.valid is not None and name in self._rows:
                found[self._rows[name]] *= column.valid
        return dict(zip(self._rows, found, strict=True))


def _is_number(seat: Seat) -> bool:
    return seat.count == 1 and seat.labels is None and seat.dtype.kind in NUMBERS


def _source(seat: Seat) -> tuple[int, int]:
    return (WIDE, seat.row) if seat.block == ENGINEERING else source(seat)
