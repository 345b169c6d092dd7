# mypy: disallow-untyped-decorators=False
"""Compiled twin of `ground.alarms.ranges`."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(
    [
        "void(float64[:,::1], float64[:,::1], float64[:,::1], uint8[:,::1], boolean[::1],"
        " uint8[:,::1])"
    ],
    cache=True,
    nogil=True,
)
def judge(
    x: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    level: NDArray[np.uint8],
    inside: NDArray[np.bool_],
    found: NDArray[np.uint8],
) -> None:
    none = np.uint8(0)
    for row in range(x.shape[0]):
        values, worst = x[row], found[row]
        for place in range(level.shape[1]):
            least, most, given = low[row, place], high[row, place], level[row, place]
            if given == none:
                continue
            if inside[row]:
                for n in range(len(values)):
                    here = given if (values[n] >= least) & (values[n] <= most) else none
                    worst[n] = here if here > worst[n] else worst[n]
            else:
                for n in range(len(values)):
                    here = given if (values[n] < least) | (values[n] > most) else none
                    worst[n] = here if here > worst[n] else worst[n]
