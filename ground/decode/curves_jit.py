# mypy: disallow-untyped-decorators=False
"""Compiled twins of `ground.decode.curves`."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from ground.blocks_jit import STRETCH, numbers

LARGEST = np.finfo(np.float64).max


@numba.njit(
    [
        "void(uint8[:,::1], uint16[:,::1], uint32[:,::1], uint64[:,::1], float64[:,::1],"
        " int64[:,::1], float64[:,::1], float64[:,::1], int64[::1])"
    ],
    cache=True,
    nogil=True,
)
def polynomials(  # type: ignore[no-untyped-def]
    block8, block16, block32, block64, wide, table, coefficients, y, unusable
):
    rows, width = y.shape
    space = np.empty(min(STRETCH, width))
    for row in range(rows):
        bad = 0
        for start in range(0, width, STRETCH):
            stop = min(start + STRETCH, width)
            raw = numbers(block8, block16, block32, block64, wide, table[row], start, stop, space)
            value = y[row, start:stop]
            value[:] = coefficients[row, -1]
            for term in range(coefficients.shape[1] - 2, -1, -1):
                coefficient = coefficients[row, term]
                for place in range(len(raw)):
                    value[place] = value[place] * raw[place] + coefficient
            for place in range(len(raw)):
                bad += not abs(value[place]) <= LARGEST
        unusable[row] = bad


@numba.njit(
    ["float64[::1](float64[::1], float64[::1], float64[::1], float64[::1], boolean)"],
    cache=True,
    nogil=True,
)
def spline(
    x: NDArray[np.float64],
    at: NDArray[np.float64],
    values: NDArray[np.float64],
    slopes: NDArray[np.float64],
    extrapolate: bool,
) -> NDArray[np.float64]:
    y = np.empty(len(x))
    last = len(at) - 1
    for place in range(len(x)):
        raw = x[place]
        if not extrapolate and not at[0] <= raw <= at[last]:
            y[place] = np.nan
            continue
        low, high = 0, last + 1
        while high - low > 1:
            middle = (low + high) >> 1
            if at[middle] <= raw:
                low = middle
            else:
                high = middle
        y[place] = values[low] + (raw - at[low]) * slopes[low]
    return y
