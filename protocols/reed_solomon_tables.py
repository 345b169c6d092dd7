"""Arithmetic of the field that the Reed-Solomon codes of CCSDS live in, as tables.

Logarithms are to the base β = α^11, where α is a root of x^8 + x^7 + x^2 + x + 1: β is primitive
too, and with it the roots of the generator are consecutive powers.

Source: 131.0-B-5 §4.3 (field, generator), annex F (dual basis).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SYMBOLS = 255  # in a codeword, virtual fill included
FIELD = 0x187
BASE_POWER = 11
SLICES = 8  # symbols that the division takes at a time
ROW_OCTETS = 32  # octets of a row of the division table, for either code

# The dual basis: the octet that stands for α^7, α^6, ... α^0 (annex F, matrix T).
_DUAL = (0x8D, 0xEF, 0xEC, 0x86, 0xFA, 0x99, 0xAF, 0x7B)


def _powers() -> NDArray[np.uint8]:
    """Return β^0 to β^509, so that a sum of two logarithms needs no reduction."""
    alpha = [1]
    for _ in range(SYMBOLS - 1):
        alpha.append(alpha[-1] << 1 ^ (FIELD if alpha[-1] & 0x80 else 0))
    return np.array([alpha[BASE_POWER * i % SYMBOLS] for i in range(2 * SYMBOLS)], np.uint8)


def _logarithms() -> NDArray[np.int64]:
    table = np.zeros(256, np.int64)  # the entry of 0 is never used
    table[EXP[:SYMBOLS]] = np.arange(SYMBOLS)
    return table


def _products() -> NDArray[np.uint8]:
    table = EXP[LOG[:, None] + LOG[None, :]]
    table[0, :] = table[:, 0] = 0
    return np.asarray(table)


def _to_dual() -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    for bit, octet in enumerate(reversed(_DUAL)):
        table[np.arange(256) >> bit & 1 == 1] ^= np.uint8(octet)
    return table


EXP = _powers()
LOG = _logarithms()
PRODUCT = _products()
TO_DUAL = _to_dual()
FROM_DUAL = np.argsort(TO_DUAL).astype(np.uint8)


def first_root(parity: int) -> int:
    """Return the power of β that is the first root: 112 for 32 parity symbols, 120 for 16.

    Source: 131.0-B-5 §4.3.4, j from 128 − E to 127 + E.
    """
    return 128 - parity // 2


def generator(parity: int) -> NDArray[np.uint8]:
    """Return the generator polynomial without its first term, highest power first.

    Source: 131.0-B-5 §4.3.4.
    """
    terms = np.array([1], np.uint8)
    for root in range(first_root(parity), first_root(parity) + parity):
        times_x = np.append(terms, np.uint8(0))
        times_x[1:] ^= PRODUCT[terms, EXP[root]]
        terms = times_x
    return terms[1:]


@lru_cache(maxsize=4)
def division(parity: int, dual: bool) -> NDArray[np.uint64]:
    """Return what a symbol adds to the remainder by the generator, in the basis it is sent in.

    uint64 [SLICES, 256, 4]: a row is ROW_OCTETS octets, the first of them the highest power, zero
    beyond `parity`; slice 7 is for a symbol right before the remainder, slice 0 for one that seven
    more follow.
    """
    symbols = FROM_DUAL if dual else np.arange(256, dtype=np.uint8)
    terms = PRODUCT[symbols[:, None], generator(parity)]
    rows = np.zeros((SLICES, 256, ROW_OCTETS), np.uint8)
    rows[-1, :, :parity] = TO_DUAL[terms] if dual else terms
    for place in range(SLICES - 2, -1, -1):
        after = rows[place + 1]
        rows[place, :, :-1] = after[:, 1:]
        rows[place] ^= rows[-1, after[:, 0]]
    return rows.view(np.uint64)
