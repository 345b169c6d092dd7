"""Cut fields out of octets: the numpy forms of the two kernels that every decode runs on.

A field of at most 64 bits lies in the eight octets from its first one on, or in nine; both forms
load eight as one big-endian word, and the ninth where they must.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from protocols.kernels import kernel

BLOCK = 1 << 20  # fields at a time, so that intermediate arrays stay small

Octets = NDArray[np.uint8]
Places = NDArray[np.int64]


@kernel("ground.decode.kernels_jit")
def extract(
    arena: Octets,
    anchor: Places,
    first: Places,
    last: Places,
    table: Places,
    whole: bool,
    out8: NDArray[np.uint8],
    out16: NDArray[np.uint16],
    out32: NDArray[np.uint32],
    out64: NDArray[np.uint64],
    inside: NDArray[np.bool_],
) -> None:
    """Fill outputs with the fields of a table, one row a field.

    Args:
        arena: uint8, padded by eight octets.
        anchor: int64 [N], bit of the arena from which the table counts.
        first, last: int64 [N], bits between which fields lie; any other field is 0.
        table: int64 [K, 3]: bit from the anchor, width (1 to 64), and 2^(width − 1) for a field in
            two's complement, else 0. Its rows go to the outputs in order.
        whole: whether the caller knows that every field lies inside.
        out8, out16, out32, out64: [.., N], of K rows together.
        inside: bool [K, N], filled unless `whole`: whether the field lies inside. If `whole`, one
            row is enough, and may be used as scratch.
    """
    words = np.ndarray((max(len(arena) - 7, 0),), ">u8", arena, strides=(1,))
    row = 0
    for out in (out8, out16, out32, out64):
        step = max(BLOCK // max(len(anchor), 1), 1)
        for start in range(0, len(out), step):
            end = min(start + step, len(out))
            rows = slice(row + start, row + end)
            at = anchor + table[rows, :1]
            if not whole:
                inside[rows] = (at >= first) & (at + table[rows, 1:2] <= last)
                at = np.where(inside[rows], at, first)
            values = _cut(arena, words, at, table[rows, 1:2])
            sign = table[rows, 2:].astype(np.uint64)
            values = (values ^ sign) - sign
            out[start:end] = values if whole else np.where(inside[rows], values, 0)
        row += len(out)


def _cut(arena: Octets, words: NDArray[np.uint64], at: Places, width: Places) -> NDArray[np.uint64]:
    shift = (at & 7).astype(np.uint64)
    values = words[at >> 3].astype(np.uint64) << shift
    if int(width.max(initial=0)) > 57:
        ninth = arena[np.minimum((at >> 3) + 8, len(arena) - 1)].astype(np.uint64)
        values |= ninth >> (8 - shift)
    return np.asarray(values >> (64 - width).astype(np.uint64), np.uint64)


@kernel("ground.decode.kernels_jit")
def keys(
    arena: Octets,
    first: Places,
    last: Places,
    table: Places,
    out: NDArray[np.uint64],
    inside: NDArray[np.bool_],
) -> tuple[bool, bool]:
    """Write the fields of a table one after the other into one word for each packet.

    Args:
        first, last: int64 [N], the bits of each packet; the table counts from the first.
        table: int64 [K, 3]: bit, width, and a mask (as uint64) of the bits of the field that count;
            widths of 64 bits together at most.
        out: uint64 [N].
        inside: bool [N], whether all fields lie inside the packet; if not, `out` is 0.

    Returns:
        Whether all packets hold the fields, and whether all words are the same.
    """
    words = np.ndarray((max(len(arena) - 7, 0),), ">u8", arena, strides=(1,))
    reach = int((table[:, 0] + table[:, 1]).max(initial=0))
    inside[:] = (first + reach <= last) & (int(table[:, 0].min(initial=0)) >= 0)
    out[:] = 0
    for (at, width, _), mask in zip(table.tolist(), table[:, 2].astype(np.uint64), strict=True):
        place = np.where(inside, first + at, first)
        values = _cut(arena, words, place, np.full((1,), width)) & mask
        out[:] = values if width == 64 else out << np.uint64(width) | values
    out[~inside] = 0
    return bool(inside.all()), bool((out == out[:1]).all())
