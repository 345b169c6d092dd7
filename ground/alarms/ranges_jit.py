# mypy: disallow-untyped-decorators=False
"""Compiled twin of `ground.alarms.ranges`."""

from __future__ import annotations

import numba
import numpy as np

from ground.blocks_jit import STRETCH, numbers


@numba.njit
def _worst(values, least, most, inside, given, worst):  # type: ignore[no-untyped-def]
    none = np.uint8(0)
    if inside:
        for n in range(len(values)):
            here = given if (values[n] >= least) & (values[n] <= most) else none
            worst[n] = here if here > worst[n] else worst[n]
    else:
        for n in range(len(values)):
            here = given if (values[n] < least) | (values[n] > most) else none
            worst[n] = here if here > worst[n] else worst[n]


@numba.njit(
    [
        "void(uint8[:,::1], uint16[:,::1], uint32[:,::1], uint64[:,::1], float64[:,::1],"
        " int64[:,::1], float64[:,::1], float64[:,::1], uint8[:,::1], boolean[::1], uint8[:,::1])"
    ],
    cache=True,
    nogil=True,
)
def judge(  # type: ignore[no-untyped-def]
    block8, block16, block32, block64, wide, table, low, high, level, inside, found
):
    rows, width = found.shape
    space = np.empty(min(STRETCH, width))
    for row in range(rows):
        for start in range(0, width, STRETCH):
            stop = min(start + STRETCH, width)
            values = numbers(
                block8, block16, block32, block64, wide, table[row], start, stop, space
            )
            worst = found[row, start:stop]
            for place in range(level.shape[1]):
                given = level[row, place]
                if given != 0:
                    least, most = low[row, place], high[row, place]
                    _worst(values, least, most, inside[row], given, worst)
