# mypy: disallow-untyped-decorators=False
"""Compiled twin of `ground.decode.labels`."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(
    ["void(uint8[:,::1], int64[::1], int32[:,::1], int32[:,::1], int64[::1])"],
    cache=True,
    nogil=True,
)
def look_up(
    octets: NDArray[np.uint8],
    rows: NDArray[np.int64],
    tables: NDArray[np.int32],
    codes: NDArray[np.int32],
    unlabelled: NDArray[np.int64],
) -> None:
    for row in range(len(rows)):
        values, table, found = octets[rows[row]], tables[row], codes[row]
        missing = 0
        for place in range(len(values)):
            code = table[values[place]]
            found[place] = code
            missing += code < 0
        unlabelled[row] = missing
