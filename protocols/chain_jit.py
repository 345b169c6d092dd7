# mypy: disallow-untyped-decorators=False
"""The loops of `chain`, compiled."""

import numba
from numba import boolean, int64, types, uint8
from numba.extending import register_jitable

from protocols import chain

for each in (chain.total_length, chain.follow, chain.continued, chain.believable):
    register_jitable(each)

octets, places, table = uint8[::1], int64[::1], int64[:, ::1]

edges = numba.njit([int64(octets, boolean, places)], cache=True, nogil=True)(chain.edges.plain)

extract = numba.njit(
    [
        types.UniTuple(int64, 2)(  # type: ignore[no-untyped-call]
            octets, table, table, table, octets, int64, table, table
        )
    ],
    cache=True,
    nogil=True,
)(chain.extract.plain)
