# mypy: disallow-untyped-decorators=False
"""The compiled twin of `crc`, for processors that keep the low octet first.

How it works: with P = x^16 + x^12 + x^5 + 1 over GF(2), P^64 = x^1024 + x^768 + x^320 + 1, as
squaring spreads exponents. So a word of 64 bits may be cleared by adding it to the words 4, 11 and
16 further on without changing the remainder by P. That leaves 128 to 135 octets, and for those a
table holds the remainder of every octet at every place.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import int64, uint8, uint16, uint64, void
from numpy.typing import NDArray

WORD = 8
SPAN = 16  # words that one word reaches ahead
KEPT = SPAN * WORD + WORD - 1


def _places() -> NDArray[np.uint16]:
    """Return uint16 [KEPT, 256]: the CRC of an octet at each place of the last ones."""
    table = np.zeros((KEPT, 256), np.uint16)
    row = np.arange(256, dtype=np.uint16) << 8
    for _ in range(8):
        row = (row << 1) ^ np.where(row & 0x8000, 0x1021, 0).astype(np.uint16)
    table[0] = row
    for place in range(1, KEPT):
        before = table[place - 1]
        table[place] = (before << 8) ^ row[before >> 8]
    return table[::-1].copy()


PLACES = _places()


@numba.njit([void(uint64[::1], uint64[::1], uint64[::1])], cache=True, nogil=True)
def _fold(words: NDArray[np.uint64], sums: NDArray[np.uint64], last: NDArray[np.uint64]) -> None:
    """Clear `words`; what they add to the SPAN words after them goes to `last`.

    `sums` has room for SPAN words before and after `words`; those before are given.
    """
    count = len(words)
    fours = count // 4 * 4
    for k in range(0, fours, 4):  # four together, as the nearest word a word touches is the fourth
        a = words[k] ^ sums[k + 12] ^ sums[k + 5] ^ sums[k]
        b = words[k + 1] ^ sums[k + 13] ^ sums[k + 6] ^ sums[k + 1]
        c = words[k + 2] ^ sums[k + 14] ^ sums[k + 7] ^ sums[k + 2]
        d = words[k + 3] ^ sums[k + 15] ^ sums[k + 8] ^ sums[k + 3]
        sums[k + 16], sums[k + 17], sums[k + 18], sums[k + 19] = a, b, c, d
    for k in range(fours, count):
        sums[k + 16] = words[k] ^ sums[k + 12] ^ sums[k + 5] ^ sums[k]
    sums[count + 16 : count + 32] = 0
    for k in range(SPAN):
        last[k] = sums[count + k + 12] ^ sums[count + k + 5] ^ sums[count + k]


@numba.njit([uint16[::1](uint8[::1], int64[::1], int64[::1])], cache=True, nogil=True)
def crc16_spans(
    arena: NDArray[np.uint8], offsets: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.uint16]:
    crcs = np.full(len(offsets), 0xFFFF, np.uint16)
    longest = 0
    for length in lengths:
        longest = max(longest, length)
    sums = np.zeros(longest // WORD + 2 * SPAN, np.uint64)
    sums[0] = 0xFFFF  # the preset of ones: word 0 alone looks back so far
    last = np.zeros(SPAN + 1, np.uint64)
    added = last.view(np.uint8)
    for row in range(len(offsets)):
        start, length = offsets[row], lengths[row]
        if length == 1:  # shorter than the preset
            crcs[row] = PLACES[-1, arena[start] ^ 0xFF] ^ 0xFF00
        elif length > 1:
            cleared = max(0, length - SPAN * WORD) // WORD * WORD
            _fold(arena[start : start + cleared].view(np.uint64), sums, last)
            rest = arena[start + cleared : start + length]
            places = PLACES[KEPT - len(rest) :]
            crc = uint16(0)
            for place in range(len(rest)):
                crc ^= places[place, rest[place] ^ added[place]]
            crcs[row] = crc
    return crcs
