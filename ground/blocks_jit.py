# mypy: disallow-untyped-decorators=False
"""Compiled twin of `ground.blocks`."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit
def _write(x, values):  # type: ignore[no-untyped-def]
    for place in range(len(x)):
        x[place] = values[place]


@numba.njit(
    [
        "void(uint8[:,::1], uint16[:,::1], uint32[:,::1], uint64[:,::1], float64[:,::1],"
        " int64[:,::1], float64[:,::1])"
    ],
    cache=True,
    nogil=True,
)
def widen(block8, block16, block32, block64, wide, table, x):  # type: ignore[no-untyped-def]
    for place in range(len(table)):
        code, row = table[place, 0], table[place, 1]
        if code == 0:
            _write(x[place], block8[row])
        elif code == 1:
            _write(x[place], block16[row])
        elif code == 2:
            _write(x[place], block32[row])
        elif code == 3:
            _write(x[place], block64[row])
        elif code == 4:
            _write(x[place], block8[row].view(np.int8))
        elif code == 5:
            _write(x[place], block16[row].view(np.int16))
        elif code == 6:
            _write(x[place], block32[row].view(np.int32))
        elif code == 7:
            _write(x[place], block64[row].view(np.int64))
        elif code == 8:
            _write(x[place], block32[row].view(np.float32))
        elif code == 9:
            _write(x[place], block64[row].view(np.float64))
        else:
            _write(x[place], wide[row])
