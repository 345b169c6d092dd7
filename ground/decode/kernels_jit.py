# mypy: disallow-untyped-decorators=False
"""The compiled twins of `kernels`: the same results, field by field over blocks of packets.

How it works: one big-endian load and two shifts a field. The sign is extended by x ^ s − s, which
leaves unsigned fields (s = 0) as they are: the loops have no branch and become vector code. A block
of packets stays in the nearest cache while all fields are cut from it. Where all anchors start at
the same bit of an octet, as packets do, shifts are the same for a whole column, and a field that
lies in four octets is loaded as four: twice as many fit a vector.

Measured on 2 cores of an Intel Xeon, thread clock: 101 fields of 1,000 packets in 44 us, 27 fields
of 7,200 packets in 83 us; without blocks, equal shifts and narrow loads 93 us and 165 us.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

BLOCK = 512  # packets
ALL_ONES = numba.uint64(2**64 - 1)


def _loads(bits: int) -> Any:
    """Return a function that loads a big-endian word from any octet on."""

    def load(typing_context: Any, arena: Any, at: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, args[0])
            pointer = ir.IntType(bits).as_pointer()
            word = builder.load(builder.bitcast(builder.gep(array.data, [args[1]]), pointer))
            word.align = 1
            return builder.bswap(word)

        return getattr(types, f"uint{bits}")(arena, at), generate

    return intrinsic(load)


_word32 = _loads(32)
_word64 = _loads(64)


@numba.njit(inline="always")
def _cut(arena, at, width):  # type: ignore[no-untyped-def]
    """Cut a field of any width at any bit: it may end in the ninth octet."""
    shift = numba.uint64(at & 7)
    ninth = numba.uint64(arena[(at >> 3) + 8]) >> (numba.uint64(8) - shift)
    return (_word64(arena, at >> 3) << shift | ninth) >> numba.uint64(64 - width)


@numba.njit
def _aligned(out, arena, octet, phase, field):  # type: ignore[no-untyped-def]
    """Cut a field of packets that all start at bit `phase` of their octet."""
    at, width, sign = field[0] + phase, field[1], numba.uint64(field[2])
    place, end = at >> 3, (at & 7) + width
    mask = ALL_ONES >> numba.uint64(64 - width)
    if end <= 32:
        down = numba.uint64(32 - end)
        for i in range(len(octet)):
            word = numba.uint64(_word32(arena, octet[i] + place))
            out[i] = (word >> down & mask ^ sign) - sign
    elif end <= 64:
        down = numba.uint64(64 - end)
        for i in range(len(octet)):
            out[i] = (_word64(arena, octet[i] + place) >> down & mask ^ sign) - sign
    else:
        for i in range(len(octet)):
            out[i] = (_cut(arena, 8 * octet[i] + at, width) ^ sign) - sign


@numba.njit
def _guarded(out, arena, anchor, first, last, field, inside):  # type: ignore[no-untyped-def]
    """Cut a field where it lies inside its packet; elsewhere it is 0."""
    at, width, sign = field[0], field[1], numba.uint64(field[2])
    for i in range(len(anchor)):
        place = anchor[i] + at
        inside[i] = place >= first[i] and place + width <= last[i]
        out[i] = numba.uint64(0)
        if inside[i]:
            out[i] = (_cut(arena, place, width) ^ sign) - sign


@numba.njit
def _same_phase(anchor):  # type: ignore[no-untyped-def]
    phases = 0
    for i in range(len(anchor)):
        phases |= (anchor[i] ^ anchor[0]) & 7
    return phases == 0


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
    if not whole or not _same_phase(anchor):
        for k in range(len(table)):
            flags = inside[0 if whole else k]
            if k < to8:
                _guarded(out8[k], arena, anchor, first, last, table[k], flags)
            elif k < to16:
                _guarded(out16[k - to8], arena, anchor, first, last, table[k], flags)
            elif k < to32:
                _guarded(out32[k - to16], arena, anchor, first, last, table[k], flags)
            else:
                _guarded(out64[k - to32], arena, anchor, first, last, table[k], flags)
        return
    octets = anchor >> 3
    for low in range(0, len(anchor), BLOCK):
        high, phase = min(low + BLOCK, len(anchor)), anchor[0] & 7
        octet = octets[low:high]
        for k in range(len(table)):
            if k < to8:
                _aligned(out8[k, low:high], arena, octet, phase, table[k])
            elif k < to16:
                _aligned(out16[k - to8, low:high], arena, octet, phase, table[k])
            elif k < to32:
                _aligned(out32[k - to16, low:high], arena, octet, phase, table[k])
            else:
                _aligned(out64[k - to32, low:high], arena, octet, phase, table[k])


@numba.njit(["void(u1[::1],i8[::1],i8[::1],i8[:,::1],u8[::1],b1[::1])"], cache=True, nogil=True)
def keys(arena, first, last, table, out, inside):  # type: ignore[no-untyped-def]
    low, reach = numba.int64(0), numba.int64(0)
    for k in range(len(table)):
        low, reach = min(low, table[k, 0]), max(reach, table[k, 0] + table[k, 1])
    for i in range(len(first)):
        inside[i] = low >= 0 and first[i] + reach <= last[i]
        key = numba.uint64(0)
        if inside[i]:
            for k in range(len(table)):
                at, width, mask = table[k, 0], table[k, 1], numba.uint64(table[k, 2])
                value = _cut(arena, first[i] + at, width) & mask
                key = value if width == 64 else key << numba.uint64(width) | value
        out[i] = key
