"""How compiled kernels read rows of blocks as float64, a stretch at a time.

A change here is not seen by the caches of the kernels that use it: throw them away.
"""

from __future__ import annotations

import numba
import numpy as np

STRETCH = 1024  # values of a row that stay in the first-level cache


@numba.njit
def _copied(values, space):  # type: ignore[no-untyped-def]
    for place in range(len(values)):
        space[place] = values[place]
    return space[: len(values)]


@numba.njit
def numbers(  # type: ignore[no-untyped-def]
    block8, block16, block32, block64, wide, source, start, stop, space
):
    """Return values of a row, written to `space` unless they are float64 already."""
    code, row = source[0], source[1]
    if code == 0:
        return _copied(block8[row, start:stop], space)
    if code == 1:
        return _copied(block16[row, start:stop], space)
    if code == 2:
        return _copied(block32[row, start:stop], space)
    if code == 3:
        return _copied(block64[row, start:stop], space)
    if code == 4:
        return _copied(block8[row, start:stop].view(np.int8), space)
    if code == 5:
        return _copied(block16[row, start:stop].view(np.int16), space)
    if code == 6:
        return _copied(block32[row, start:stop].view(np.int32), space)
    if code == 7:
        return _copied(block64[row, start:stop].view(np.int64), space)
    if code == 8:
        return _copied(block32[row, start:stop].view(np.float32), space)
    if code == 9:
        return block64[row, start:stop].view(np.float64)
    return wide[row, start:stop]
