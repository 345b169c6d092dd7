# mypy: disallow-untyped-decorators=False
"""Compiled twin of `ground.alarms.history`: one sample after the other."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(
    [
        "void(uint8[:,::1], boolean[:,::1], int64[:,::1], int64[:,::1],"
        " int64[::1], int64[::1], int64[::1], int64[::1],"
        " int64[:,::1], int64[:,::1], boolean[:,::1], uint8[:,::1], uint8[:,::1])"
    ],
    cache=True,
    nogil=True,
)
def follow(
    levels: NDArray[np.uint8],
    present: NDArray[np.bool_],
    violations: NDArray[np.int64],
    conformance: NDArray[np.int64],
    order: NDArray[np.int64],
    slot: NDArray[np.int64],
    first: NDArray[np.int64],
    ends: NDArray[np.int64],
    violating: NDArray[np.int64],
    conforming: NDArray[np.int64],
    raised: NDArray[np.bool_],
    level: NDArray[np.uint8],
    given: NDArray[np.uint8],
) -> None:
    for place in range(len(order)):
        row, craft = order[place], slot[place]
        for k in range(levels.shape[1]):
            if not present[row, k]:
                continue
            if levels[row, k] > 0:
                violating[craft, k] += 1
                conforming[craft, k] = 0
                level[craft, k] = levels[row, k]
                raised[craft, k] |= violating[craft, k] >= violations[row, k]
            else:
                conforming[craft, k] += 1
                violating[craft, k] = 0
                raised[craft, k] &= conforming[craft, k] < conformance[row, k]
            if raised[craft, k]:
                given[row, k] = level[craft, k]
