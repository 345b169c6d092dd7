"""Columns that lie in a few arrays, one above the other; a `Column` is made for who asks for it.

A packet of a hundred parameters is decoded in two microseconds, and a hundred Python objects for
its columns take forty. So the numbers of a batch stay rows of a few blocks, one for each width,
and kernels read them there. Where each column lies is worked out once for a packet type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column

Blocks = tuple[NDArray[Any], ...]

KINDS = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8")  # as kernels know them
WIDE = len(KINDS)  # the code of a row of the block of float64
Numbers = tuple[
    NDArray[np.uint8],
    NDArray[np.uint16],
    NDArray[np.uint32],
    NDArray[np.uint64],
    NDArray[np.float64],
]
NO_BLOCKS = (
    np.empty((0, 0), np.uint8),
    np.empty((0, 0), np.uint16),
    np.empty((0, 0), np.uint32),
    np.empty((0, 0), np.uint64),
)
NO_VALUES = np.empty((0, 0))


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a column lies: `count` rows of a block from `row` on, read as `dtype`.

    Attributes:
        block: which of the blocks.
        mask: its first row in the block that says which values are there.
        labels: as in `Column`.
    """

    block: int
    row: int
    mask: int
    dtype: np.dtype[Any]
    count: int = 1
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the columns of a packet type lie, in their order; None for one that lies in no block.

    Made once; two of them are equal only if they are the same one, so that tables that were made
    for a layout are found again by it.
    """

    seats: Mapping[str, Seat | None]


class BlockColumns(Mapping[str, Column]):
    """The columns of one batch by path, each made at the first question.

    Args:
        blocks: [H, N] of one dtype each; rows are read as the dtype that their seat says.
        made: the columns that lie in no block, and those that stand for what their seat says.
        inside: bool [K, N], which values are there, by `Seat.mask`; None where all are.
    """

    __slots__ = ("blocks", "inside", "layout", "made", "rows")

    def __init__(
        self,
        layout: Layout,
        blocks: Blocks,
        made: dict[str, Column],
        inside: NDArray[np.bool_] | None,
    ) -> None:
        self.layout, self.blocks, self.made, self.inside = layout, blocks, made, inside
        self.rows = blocks[0].shape[1]

    def __getitem__(self, path: str) -> Column:
        column = self.made.get(path)
        if column is None:
            seat = self.layout.seats[path]
            assert seat is not None
            column = self.made[path] = self.read(seat)
        return column

    def __contains__(self, path: object) -> bool:
        return path in self.layout.seats

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.seats)

    def __len__(self) -> int:
        return len(self.layout.seats)

    def read(self, seat: Seat) -> Column:
        """Return what lies at a seat."""
        block = self.blocks[seat.block].view(seat.dtype)
        if seat.count > 1:
            values = block[seat.row : seat.row + seat.count].T
            return Column(values, self._mask(seat, slice(seat.mask, seat.mask + seat.count)))
        return Column(block[seat.row], self._mask(seat, seat.mask), seat.labels)

    def _mask(self, seat: Seat, rows: int | slice) -> NDArray[np.bool_] | None:
        if self.inside is None:
            return None
        mask: NDArray[np.bool_] = self.inside[rows].T
        return None if mask.all() else mask

    @property
    def numbers(self) -> Numbers:
        """What kernels read numbers from: the first four blocks, and the last if of float64."""
        block8, block16, block32, block64 = self.blocks[:4]
        wide = self.blocks[-1] if self.blocks[-1].dtype == np.float64 else NO_VALUES
        return block8, block16, block32, block64, wide

    def masked(self, masks: NDArray[np.int64], found: NDArray[Any]) -> None:
        """Set what is found [K, N] for values that are not there to 0; `masks` has their rows."""
        if self.inside is not None:
            found *= self.inside[masks]


def source(seat: Seat) -> tuple[int, int]:
    """Return the row of a kernel's table (see `widened`) for a column of the first four blocks."""
    return KINDS.index(f"{seat.dtype.kind}{seat.dtype.itemsize}"), seat.row


def floats(x: NDArray[np.float64]) -> tuple[Numbers, NDArray[np.int64]]:
    """Return float64 [K, N] as what kernels read numbers from, and the table of all its rows."""
    rows = [(WIDE, row) for row in range(len(x))]
    return (*NO_BLOCKS, x), np.array(rows, np.int64).reshape(-1, 2)


def widened(numbers: Numbers, table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return rows of blocks as float64 [K, N].

    Args:
        numbers: rows of numbers of 1, 2, 4 and 8 octets, and of numbers that are float64 already.
        table: int64 [K, 2]: how a row is read, as its place in KINDS or WIDE, and which row.
    """
    x = np.empty((len(table), max(block.shape[1] for block in numbers)))
    for place, (code, row) in enumerate(table.tolist()):
        kind = np.dtype(np.float64 if code == WIDE else KINDS[code])
        block = numbers[-1 if code == WIDE else code % 4 if code < 8 else code - 6]
        x[place] = block[row].view(kind)
    return x
