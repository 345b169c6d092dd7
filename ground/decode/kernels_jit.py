# mypy: disallow-untyped-decorators=False
"""The compiled twins of `kernels`: the same results, field by field over all packets.

One big-endian load and two shifts a field; the sign is extended by x ^ s − s, which leaves unsigned
fields (s = 0) as they are, so that no loop has a branch in it.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _load(typing_context: Any, arena: Any, at: Any) -> Any:
    """Load the eight octets from `at` on as one big-endian word."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        place = builder.bitcast(builder.gep(array.data, [args[1]]), ir.IntType(64).as_pointer())
        word = builder.load(place)
        word.align = 1
        return builder.bswap(word)

    return types.uint64(arena, at), generate


_big_endian: Any = intrinsic(_load)


@numba.njit(inline="always")
def _cut(arena, at, width):  # type: ignore[no-untyped-def]
    return _big_endian(arena, at >> 3) << numba.uint64(at & 7) >> numba.uint64(64 - width)


@numba.njit(inline="always")
def _cut_wide(arena, at, width):  # type: ignore[no-untyped-def]
    """Cut a field that may end in the ninth octet."""
    shift = numba.uint64(at & 7)
    ninth = numba.uint64(arena[(at >> 3) + 8]) >> (numba.uint64(8) - shift)
    word = _big_endian(arena, at >> 3) << shift | ninth
    return word >> numba.uint64(64 - width)


@numba.njit
def _column(out, arena, anchor, first, last, field, whole, inside):  # type: ignore[no-untyped-def]
    at, width, sign = field[0], field[1], numba.uint64(field[2])
    if not whole:
        for i in range(len(anchor)):
            place = anchor[i] + at
            inside[i] = place >= first[i] and place + width <= last[i]
            out[i] = numba.uint64(0)
            if inside[i]:
                out[i] = (_cut_wide(arena, place, width) ^ sign) - sign
    elif width > 57:
        for i in range(len(anchor)):
            out[i] = (_cut_wide(arena, anchor[i] + at, width) ^ sign) - sign
    else:
        for i in range(len(anchor)):
            out[i] = (_cut(arena, anchor[i] + at, width) ^ sign) - sign


@numba.njit(
    [
        "void(u1[::1],i8[::1],i8[::1],i8[::1],i8[:,::1],b1,"
        "u1[:,::1],u2[:,::1],u4[:,::1],u8[:,::1],b1[:,::1])"
    ],
    cache=True,
    nogil=True,
)
def extract(  # type: ignore[no-untyped-def]
    arena, anchor, first, last, table, whole, out8, out16, out32, out64, inside
):
    to8 = len(out8)
    to16 = to8 + len(out16)
    to32 = to16 + len(out32)
    for k in range(len(table)):
        flags = inside[0 if whole else k]
        if k < to8:
            _column(out8[k], arena, anchor, first, last, table[k], whole, flags)
        elif k < to16:
            _column(out16[k - to8], arena, anchor, first, last, table[k], whole, flags)
        elif k < to32:
            _column(out32[k - to16], arena, anchor, first, last, table[k], whole, flags)
        else:
            _column(out64[k - to32], arena, anchor, first, last, table[k], whole, flags)


@numba.njit(["void(u1[::1],i8[::1],i8[::1],i8[:,::1],u8[::1],b1[::1])"], cache=True, nogil=True)
def keys(arena, first, last, table, out, inside):  # type: ignore[no-untyped-def]
    for i in range(len(first)):
        word = numba.uint64(0)
        fits = True
        for k in range(len(table)):
            place = first[i] + table[k, 0]
            fits = fits and table[k, 0] >= 0 and place + table[k, 1] <= last[i]
            if fits:
                value = _cut_wide(arena, place, table[k, 1])
                word = value if table[k, 1] == 64 else word << numba.uint64(table[k, 1]) | value
        out[i] = word if fits else numba.uint64(0)
        inside[i] = fits
