"""Ranges over columns: the level of every value of many parameters at once.

Source: XTCE 1.2 `AlarmRangesType`, `MultiRangeType`, `FloatRangeType`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ground.blocks import Numbers, floats, widened
from ground.mdb.model import Range, StaticRanges
from protocols.kernels import kernel

Floats = NDArray[np.float64]
Levels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Table:
    """The ranges of K parameters, R for each, filled up with ranges of level 0.

    Attributes:
        low, high: float64 [K, R], bounds that belong to the range; infinite where it has none.
        level: uint8 [K, R].
        inside: bool [K], whether a value within a range has its level, or one beyond it.
    """

    low: Floats
    high: Floats
    level: Levels
    inside: NDArray[np.bool_]

    @classmethod
    def of(cls, several: Sequence[StaticRanges]) -> Table:
        """Make the table of several parameters."""
        shape = (len(several), max((len(each.ranges) for each in several), default=0))
        low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
        level = np.zeros(shape, np.uint8)
        for row, each in enumerate(several):
            for place, (severity, bounds) in enumerate(each.ranges):
                low[row, place], high[row, place] = closed(bounds)
                level[row, place] = severity
        return cls(low, high, level, np.array([each.inside for each in several], np.bool_))

    def judge(self, x: Floats, found: Levels, part: slice = slice(None)) -> None:
        """Write the levels of values [K, N] over the zeros in `found`; NaN has level 0.

        Args:
            part: which K of the parameters `x` holds.
        """
        numbers, rows = floats(x)
        bounds = self.low[part], self.high[part], self.level[part], self.inside[part]
        judge(*numbers, rows, *bounds, found)

    def judge_blocks(self, numbers: Numbers, rows: NDArray[np.int64], found: Levels) -> None:
        """Do as `judge` does with the values of rows of blocks, as `ground.blocks.widened`."""
        judge(*numbers, rows, self.low, self.high, self.level, self.inside, found)


@kernel("ground.alarms.ranges_jit")
def judge(
    block8: NDArray[np.uint8],
    block16: NDArray[np.uint16],
    block32: NDArray[np.uint32],
    block64: NDArray[np.uint64],
    wide: Floats,
    table: NDArray[np.int64],
    low: Floats,
    high: Floats,
    level: Levels,
    inside: NDArray[np.bool_],
    found: Levels,
) -> None:
    """Find the worst level of each value of K parameters.

    Args:
        block8 to table: where the values are, as in `ground.blocks.widened`.
        low, high, level, inside: as `Table` has them.
        found: uint8 [K, N], zeros; written.
    """
    x = widened((block8, block16, block32, block64, wide), table)
    within_has_level = inside[:, np.newaxis]
    for place in range(level.shape[1]):
        least, most = low[:, place : place + 1], high[:, place : place + 1]
        beyond = (x < least) | (x > most)
        within = (x >= least) & (x <= most)
        here = np.where(within_has_level, within, beyond)
        np.maximum(found, here * level[:, place : place + 1], out=found)


def closed(bounds: Range) -> tuple[float, float]:
    """Return the least and the greatest number that belong to a range."""
    low = -np.inf if bounds.minimum is None else bounds.minimum
    high = np.inf if bounds.maximum is None else bounds.maximum
    if not bounds.minimum_inclusive:
        low = float(np.nextafter(low, np.inf))
    if not bounds.maximum_inclusive:
        high = float(np.nextafter(high, -np.inf))
    return low, high
