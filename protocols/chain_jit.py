# mypy: disallow-untyped-decorators=False
"""The loops of `chain`, compiled."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import boolean, int64, types, uint8
from numba.extending import overload, register_jitable

from protocols import chain
from protocols.words_jit import word32

for each in (
    chain.total_length,
    chain.is_late,
    chain.follow,
    chain.continued,
    chain.believable,
):
    register_jitable(each)


# What is below stands in for functions of `chain`, whose file alone the cache goes by: after a
# change here, a cache of the same `chain` must be thrown away.


@overload(chain.copy)
def _copy(joined: Any, at: Any, arena: Any, offset: Any, length: Any) -> Callable[..., None]:
    """Give the compiler a plain loop, which becomes a move of memory; a slice does not."""

    def copy(joined: Any, at: Any, arena: Any, offset: Any, length: Any) -> None:
        target, source = joined[at : at + length], arena[offset : offset + length]
        for place in range(len(source)):
            target[place] = source[place]

    return copy


octets, places, table = uint8[::1], int64[::1], int64[:, ::1]

edges = numba.njit([int64(octets, boolean, places)], cache=True, nogil=True)(chain.edges.plain)

repeats = numba.njit([int64(table, table, table, table)], cache=True, nogil=True)(
    chain.repeats.plain
)

extract = numba.njit(
    [
        types.UniTuple(int64, 2)(  # type: ignore[no-untyped-call]
            octets, table, table, table, octets, int64, table, table
        )
    ],
    cache=True,
    nogil=True,
)(chain.extract.plain)


narrow, wide = types.uint8[::1], types.uint16[::1]
fields = types.Tuple([narrow, narrow, narrow, wide, narrow, wide])  # type: ignore[no-untyped-call]


@numba.njit([fields(octets, places)], cache=True, nogil=True)
def headers(arena: Any, offset: Any) -> Any:
    """Return the first two words of each packet's primary header, field by field."""
    rows = len(offset)
    version, kind = np.empty(rows, np.uint8), np.empty(rows, np.uint8)
    secondary, apid = np.empty(rows, np.uint8), np.empty(rows, np.uint16)
    flags, sequence = np.empty(rows, np.uint8), np.empty(rows, np.uint16)
    words = np.empty(rows, np.uint32)
    for row in range(rows):
        words[row] = word32(arena, offset[row])
    for row in range(rows):  # field by field, as that becomes vector code
        version[row] = words[row] >> 29
    for row in range(rows):
        kind[row] = words[row] >> 28 & 1
    for row in range(rows):
        secondary[row] = words[row] >> 27 & 1
    for row in range(rows):
        apid[row] = words[row] >> 16 & 0x07FF
    for row in range(rows):
        flags[row] = words[row] >> 14 & 3
    for row in range(rows):
        sequence[row] = words[row] & 0x3FFF
    return version, kind, secondary, apid, flags, sequence
