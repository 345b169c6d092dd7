"""The BCH code of telecommand: 56 bits guarded by seven check bits, in a codeword of 64.

A codeword is seven octets as given and an octet of the complements of the seven check bits, with
a filler bit of zero at its end. The generator is (x + 1)(x^6 + x + 1): a word with one wrong bit
has an odd syndrome, one with two an even one, so that the code mends one wrong bit and sees two
(SEC), or, where it mends none, sees any three (TED). The code is linear: the check bits of a word
are the sum of those of its octets, which tables by place and value give.

Source: 231.0-B-4 §3.3 (code, complements, filler), §3.4 (SEC and TED); sub-clauses unverified.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

DATA, CODEWORD = 7, 8  # octets
GENERATOR = 0b1100_0101  # x^7 + x^6 + x^2 + 1
COMPLEMENT = 0b1111_1110  # check bits are sent inverted, the filler bit after them is zero

Mode = Literal["sec", "ted"]  # mend one wrong bit and see two; or mend none and see three

_PLACES = np.arange(DATA)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What codewords hold. N rows.

    Attributes:
        data: uint8 [N, 7], mended; of no use where `bad`.
        corrected: bool [N], where one bit was mended.
        bad: bool [N], codewords with more wrong bits than the mode mends.
    """

    data: NDArray[np.uint8]
    corrected: NDArray[np.bool_]
    bad: NDArray[np.bool_]


def encode(blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the codewords, uint8 [N, 8], of blocks, uint8 [N, 7].

    Source: 231.0-B-4 §3.3.
    """
    codewords = np.empty((len(blocks), CODEWORD), np.uint8)
    codewords[:, :DATA] = blocks
    codewords[:, DATA] = _checks(blocks) ^ COMPLEMENT
    return codewords


def decode(codewords: NDArray[np.uint8], mode: Mode = "sec") -> Decoded:
    """Return what codewords, uint8 [N, 8], hold; the filler bit is not looked at.

    Source: 231.0-B-4 §3.4.
    """
    syndrome = syndromes(codewords)
    if mode == "ted":
        return Decoded(codewords[:, :DATA], np.zeros(len(syndrome), np.bool_), syndrome != 0)
    flips, bad = _errors()
    data = codewords[:, :DATA] ^ flips[syndrome]
    return Decoded(data, (syndrome != 0) & ~bad[syndrome], bad[syndrome])


def syndromes(codewords: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the seven bits, uint8 [N], that are zero where a codeword, uint8 [N, 8], is good."""
    found = _checks(codewords[:, :DATA]) ^ codewords[:, DATA] ^ COMPLEMENT
    return np.asarray(found >> 1, np.uint8)


def _checks(blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the check bits of blocks, uint8 [N, 7], in the upper seven bits of an octet."""
    return np.asarray(np.bitwise_xor.reduce(_tables()[_PLACES, blocks], axis=1))


@lru_cache(maxsize=1)
def _tables() -> NDArray[np.uint8]:
    """Return uint8 [7, 256]: the check bits, shifted up by the filler, of an octet at a place."""
    tables = np.zeros((DATA, 256), np.uint8)
    octets = np.arange(256)
    for place in range(DATA):
        for bit in range(8):
            check = _remainder(1 << 8 * (DATA - 1 - place) + bit + 7)
            tables[place] ^= np.where(octets >> bit & 1, check << 1, 0).astype(np.uint8)
    return tables


def _remainder(polynomial: int) -> int:
    """Return what is left of a polynomial, bit n for x^n, after division by the generator."""
    while (excess := polynomial.bit_length() - GENERATOR.bit_length()) >= 0:
        polynomial ^= GENERATOR << excess
    return polynomial


@lru_cache(maxsize=1)
def _errors() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return, by syndrome, the data bits to flip, uint8 [128, 7], and whether none would mend it.

    A wrong check bit leaves the data as they are.
    """
    flips, bad = np.zeros((128, DATA), np.uint8), np.ones(128, np.bool_)
    bad[0] = False
    for power in range(63):
        syndrome = _remainder(1 << power)
        bad[syndrome] = False
        if power >= 7:
            octet, bit = divmod(power - 7, 8)
            flips[syndrome, DATA - 1 - octet] = 1 << bit
    return flips, bad
