# mypy: disallow-untyped-decorators=False
"""The compiled twins of `reed_solomon`, for processors that keep the low octet first.

`remainders` holds the remainder in four words of 64 bits (two of them zero for 16 parity symbols)
and takes eight symbols at a time: they meet the first word, and eight table rows take its place.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import int64, uint8, uint64
from numpy.typing import NDArray

from protocols.reed_solomon_tables import EXP, LOG, PRODUCT, SLICES, SYMBOLS

OCTET = np.uint64(0xFF)
EIGHT, REST = np.uint64(8), np.uint64(56)


@numba.njit([uint8[:, ::1](uint8[:, ::1], int64, uint64[:, :, ::1], int64)], cache=True, nogil=True)
def remainders(
    blocks: NDArray[np.uint8], interleave: int, table: NDArray[np.uint64], parity: int
) -> NDArray[np.uint8]:
    number, octets = blocks.shape
    data = octets // interleave - parity
    words = np.zeros((number * interleave, 4), np.uint64)
    out = words.view(np.uint8)
    for row in range(number):
        block = blocks[row]
        for lane in range(interleave):
            a = b = c = d = uint64(0)
            for place in range(data % SLICES):
                symbol = table[SLICES - 1, block[place * interleave + lane] ^ uint8(a & OCTET)]
                a = (a >> EIGHT | b << REST) ^ symbol[0]
                b = (b >> EIGHT | c << REST) ^ symbol[1]
                c = (c >> EIGHT | d << REST) ^ symbol[2]
                d = (d >> EIGHT) ^ symbol[3]
            for place in range(data % SLICES, data, SLICES):
                first = a
                a, b, c, d = b, c, d, uint64(0)
                for each in range(SLICES):
                    octet = block[(place + each) * interleave + lane] ^ uint8(first & OCTET)
                    first >>= EIGHT
                    a ^= table[each, octet, 0]
                    b ^= table[each, octet, 1]
                    c ^= table[each, octet, 2]
                    d ^= table[each, octet, 3]
            codeword = row * interleave + lane
            words[codeword, 0], words[codeword, 1] = a, b
            words[codeword, 2], words[codeword, 3] = c, d
            for place in range(parity):
                out[codeword, place] ^= block[(data + place) * interleave + lane]
    return out


@numba.njit([int64(uint8[::1], uint8[::1])], cache=True, nogil=True)
def _locate(syndromes: NDArray[np.uint8], locator: NDArray[np.uint8]) -> int:
    """Write the error locator, lowest power first; return its length (Berlekamp and Massey)."""
    helper = np.zeros_like(locator)
    before = np.zeros_like(locator)
    locator[:] = 0
    locator[0] = helper[0] = 1
    size = 0
    for step in range(len(syndromes)):
        helper[1:] = helper[:-1].copy()
        helper[0] = 0
        wrong = uint8(0)
        for power in range(size + 1):
            wrong ^= PRODUCT[locator[power], syndromes[step - power]]
        if wrong == 0:
            continue
        before[:] = locator
        for power in range(len(locator)):
            locator[power] ^= PRODUCT[helper[power], wrong]
        if 2 * size <= step:
            size = step + 1 - size
            inverse = EXP[SYMBOLS - LOG[wrong]]
            for power in range(len(locator)):
                helper[power] = PRODUCT[before[power], inverse]
    return size


@numba.njit([uint8(uint8[::1], int64, int64)], cache=True, nogil=True)
def _value(polynomial: NDArray[np.uint8], size: int, logarithm: int) -> np.uint8:
    """Return the value of a polynomial of `size` terms at a point given by logarithm."""
    value = uint8(0)
    power = 0
    for term in range(size):
        if polynomial[term]:
            value ^= EXP[LOG[polynomial[term]] + power]
        power += logarithm
        if power >= SYMBOLS:
            power -= SYMBOLS
    return value


@numba.njit(["Tuple((uint8[:, ::1], int64[::1]))(uint8[:, ::1])"], cache=True, nogil=True)
def error_patterns(
    remainders: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    number, parity = remainders.shape
    first = 128 - parity // 2
    patterns = np.zeros((number, SYMBOLS), np.uint8)
    counts = np.zeros(number, np.int64)
    syndromes = np.zeros(parity, np.uint8)
    locator = np.zeros(parity + 1, np.uint8)
    slope = np.zeros(parity + 1, np.uint8)
    omega = np.zeros(parity, np.uint8)
    for row in range(number):
        for root in range(parity):
            syndromes[root] = _value(remainders[row, ::-1].copy(), parity, first + root)
        size = _locate(syndromes, locator)
        counts[row] = -1
        if size > parity // 2:
            continue
        omega[:] = 0
        for power in range(size + 1):
            for term in range(parity - power):
                omega[power + term] ^= PRODUCT[locator[power], syndromes[term]]
        slope[:] = 0
        for power in range(1, size + 1, 2):
            slope[power - 1] = locator[power]
        found = 0
        for place in range(SYMBOLS):
            inverse = (SYMBOLS - place) % SYMBOLS
            if _value(locator, size + 1, inverse) == 0:
                found += 1
                top, bottom = _value(omega, parity, inverse), _value(slope, size, inverse)
                if top and bottom:
                    power = LOG[top] - LOG[bottom] + (1 - first) * place
                    patterns[row, SYMBOLS - 1 - place] = EXP[power % SYMBOLS]
        if found == size:
            counts[row] = size
        else:
            patterns[row] = 0
    return patterns, counts
