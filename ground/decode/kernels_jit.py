# mypy: disallow-untyped-decorators=False
"""The compiled twins of `kernels`: the same results, field by field over blocks of packets.

How it works: a block of packets stays in the nearest cache while all fields are cut from it. Where
all packets start at the same bit of an octet, as they do, eight octets of each are loaded as one
big-endian word, and every field in a row that lies in them is cut out of these words with the same
two shifts. The sign is extended by x ^ s − s: the loops have no branch and become vector code.

Measured on 2 cores of an Intel Xeon, thread clock: 101 fields of 1,000 packets in 30 us, 27 fields
of 7,200 packets in 74 us; with a load for each field 47 us and 90 us.
"""

from __future__ import annotations

import numba
import numpy as np

from protocols.words_jit import word64

BLOCK = 512  # packets
ONE_LOAD = 57  # bits of a field that eight octets hold, from any bit on
FEW = 24  # packets, for which vector code does not pay
NOTHING = -1 << 40  # a window that no field lies in
ALL_ONES = numba.uint64(2**64 - 1)


@numba.njit(inline="always")
def _cut(arena, at, width):  # type: ignore[no-untyped-def]
    """Cut a field of any width at any bit: it may end in the ninth octet."""
    shift = numba.uint64(at & 7)
    ninth = numba.uint64(arena[(at >> 3) + 8]) >> (numba.uint64(8) - shift)
    return (word64(arena, at >> 3) << shift | ninth) >> numba.uint64(64 - width)


@numba.njit
def _aligned(out, arena, octet, phase, field, window, words):  # type: ignore[no-untyped-def]
    """Cut a field of packets that all start at bit `phase` of their octet.

    `words` holds the eight octets of each packet from octet `window` on; returns which it holds
    afterwards, as the next field mostly lies in the same ones.
    """
    at, width, sign = field[0] + phase, field[1], numba.uint64(field[2])
    mask = ALL_ONES >> numba.uint64(64 - width)
    if (at & 7) + width > 64:
        for i in range(len(octet)):
            out[i] = (_cut(arena, 8 * octet[i] + at, width) ^ sign) - sign
        return window
    if at < 8 * window or at + width > 8 * window + 64:
        window = at >> 3
        for i in range(len(octet)):
            words[i] = word64(arena, octet[i] + window)
    down = numba.uint64(8 * window + 64 - at - width)
    if sign == 0:
        for i in range(len(octet)):
            out[i] = words[i] >> down & mask
    else:
        for i in range(len(octet)):
            out[i] = (words[i] >> down & mask ^ sign) - sign
    return window


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
    if not whole or len(anchor) < FEW or not _same_phase(anchor):
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
    octets, words = anchor >> 3, np.empty(min(BLOCK, len(anchor)), np.uint64)
    for low in range(0, len(anchor), BLOCK):
        high, phase = min(low + BLOCK, len(anchor)), anchor[0] & 7
        octet, window = octets[low:high], NOTHING
        for k in range(len(table)):
            if k < to8:
                out8_ = out8[k, low:high]
                window = _aligned(out8_, arena, octet, phase, table[k], window, words)
            elif k < to16:
                out16_ = out16[k - to8, low:high]
                window = _aligned(out16_, arena, octet, phase, table[k], window, words)
            elif k < to32:
                out32_ = out32[k - to16, low:high]
                window = _aligned(out32_, arena, octet, phase, table[k], window, words)
            else:
                out64_ = out64[k - to32, low:high]
                window = _aligned(out64_, arena, octet, phase, table[k], window, words)


@numba.njit
def _one_word(arena, first, last, width, mask, out, inside):  # type: ignore[no-untyped-def]
    """Load what stands at the start of each packet, without a branch."""
    for i in range(len(first)):
        shift = numba.uint64(first[i] & 7)
        value = word64(arena, first[i] >> 3) << shift >> numba.uint64(64 - width) & mask
        inside[i] = first[i] + width <= last[i]
        out[i] = value if inside[i] else numba.uint64(0)


@numba.njit
def _words(arena, first, last, table, out, inside):  # type: ignore[no-untyped-def]
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


@numba.njit(
    ["UniTuple(b1, 2)(u1[::1],i8[::1],i8[::1],i8[:,::1],u8[::1],b1[::1])"], cache=True, nogil=True
)
def keys(arena, first, last, table, out, inside):  # type: ignore[no-untyped-def]
    if len(table) == 1 and table[0, 0] == 0 and 0 < table[0, 1] <= ONE_LOAD:
        width, mask = table[0, 1], numba.uint64(table[0, 2])
        _one_word(arena, first, last, width, mask, out, inside)
    else:
        _words(arena, first, last, table, out, inside)
    whole, same = True, True
    for i in range(len(out)):
        whole &= inside[i]
        same &= out[i] == out[0]
    return whole, same
