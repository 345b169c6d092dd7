# mypy: disallow-untyped-decorators=False
"""The loops of `chain`, compiled."""

import numba
from numba import boolean, int64, uint8
from numba.extending import register_jitable

from protocols import chain

register_jitable(chain.total_length)

edges = numba.njit([int64(uint8[::1], boolean, int64[::1])], cache=True, nogil=True)(
    chain.edges.plain
)
