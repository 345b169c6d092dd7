"""The frame header error control of AOS: a Reed-Solomon code (10, 6) over four-bit symbols.

It guards the identifier (first two octets) and the signalling field, and mends two wrong symbols
in these six and the four of its own. The code is linear, so that tables over whole octets do all
the arithmetic: a word of 40 bits is the identifier, the signalling field, then the check symbols.

Source: CCSDS 732.0-B-4 §4.1.2.6: field by x^4 + x + 1, generator roots alpha^6 to alpha^9.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

SYMBOLS = 10
ROOTS = (6, 7, 8, 9)
UNCORRECTABLE = -1


@lru_cache(maxsize=1)
def _powers() -> tuple[int, ...]:
    """Return alpha^0 to alpha^14. Source: 732.0-B-4 §4.1.2.6, x^4 + x + 1."""
    powers = [1]
    while len(powers) < 15:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0x13 if doubled & 0x10 else doubled)
    return tuple(powers)


def _symbol_syndrome(position: int, symbol: int) -> int:
    """Return the four syndromes, as 16 bits, of one symbol; position 0 is sent first."""
    if symbol == 0:
        return 0
    powers, degree, syndrome = _powers(), SYMBOLS - 1 - position, 0
    for root in ROOTS:
        syndrome = syndrome << 4 | powers[(powers.index(symbol) + root * degree) % 15]
    return syndrome


@lru_cache(maxsize=1)
def _octet_syndromes() -> NDArray[np.int64]:
    """Return int64 [5, 256]: the syndromes of each octet of a word by its value."""
    pairs = ((place, octet) for place in range(SYMBOLS // 2) for octet in range(256))
    values = [
        _symbol_syndrome(2 * place, octet >> 4) ^ _symbol_syndrome(2 * place + 1, octet & 15)
        for place, octet in pairs
    ]
    return np.array(values, np.int64).reshape(SYMBOLS // 2, 256)


def syndromes(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the syndromes of words, int64 [N] of 40 bits; 0 where all is well."""
    tables = _octet_syndromes()
    found: NDArray[np.int64] = tables[0][words >> 32 & 0xFF]
    for place in range(1, SYMBOLS // 2):
        found ^= tables[place][words >> 32 - 8 * place & 0xFF]
    return found


@lru_cache(maxsize=1)
def _patterns() -> NDArray[np.int64]:
    """Return int64 [65536]: by syndromes, the wrong bits of a word, or UNCORRECTABLE."""
    table = np.full(1 << 16, UNCORRECTABLE, np.int64)
    table[0] = 0
    errors = [(place, symbol) for place in range(SYMBOLS) for symbol in range(1, 16)]
    single = {error: _symbol_syndrome(*error) for error in errors}
    for (place, symbol), syndrome in single.items():
        table[syndrome] = symbol << 4 * (SYMBOLS - 1 - place)
    for one, other in combinations(range(SYMBOLS), 2):
        for first, second in product(range(1, 16), repeat=2):
            wrong = table[single[one, first]] | table[single[other, second]]
            table[single[one, first] ^ single[other, second]] = wrong
    return table


@lru_cache(maxsize=1)
def _checks() -> NDArray[np.int64]:
    """Return int64 [65536]: by the syndromes of the six guarded symbols, the check symbols."""
    every = np.arange(1 << 16, dtype=np.int64)
    table = np.empty(1 << 16, np.int64)
    table[syndromes(every)] = every
    return table


def encode(identifier: NDArray[np.int64], signalling: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the check symbols, as 16 bits, of identifiers (16 bits) and signalling fields (8).

    Source: 732.0-B-4 §4.1.2.6.
    """
    return np.asarray(_checks()[syndromes(identifier << 24 | signalling << 16)])


def correct(words: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return mended words, int64 [N] of 40 bits, and which had at most two wrong symbols.

    Source: 732.0-B-4 §4.1.2.6.
    """
    pattern = _patterns()[syndromes(words)]
    good = pattern != UNCORRECTABLE
    return np.where(good, words ^ pattern, words), good
