"""The Reed-Solomon codes (255,223) and (255,239): check, correct and encode many codeblocks.

How it works: a codeblock holds `interleave` codewords, symbol by symbol in turn. Every codeword is
divided by the generator polynomial, with tables in the very basis that it was sent in; almost
always the remainder is zero and that is all. What is left of a damaged codeword gives its
syndromes, Berlekamp and Massey's algorithm the error locator, Chien's search the places, Forney's
formula the values.

A codeword with more errors than the code corrects is reported and left as it came. Only where such
errors lead to within `E` symbols of another codeword is that one taken: no decoder could tell.

Source: 131.0-B-5 §4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocols.errors import DecodeError, EncodeError
from protocols.kernels import kernel
from protocols.reed_solomon_tables import (
    EXP,
    FROM_DUAL,
    LOG,
    PRODUCT,
    ROW_OCTETS,
    SYMBOLS,
    TO_DUAL,
    division,
    first_root,
)

Octets = NDArray[np.uint8]
Int64 = NDArray[np.int64]

INTERLEAVES = (1, 2, 3, 4, 5, 8)


class Corrected(NamedTuple):
    """Frames out of codeblocks.

    Attributes:
        frames: uint8 [N, K], without parity; a bad codeword's symbols are as they came.
        corrected: int64 [N], symbols that were corrected, those in the parity too.
        bad: int64 [N], codewords that cannot be corrected.
    """

    frames: Octets
    corrected: Int64
    bad: Int64


@dataclass(frozen=True, slots=True)
class Code:
    """One of the Reed-Solomon codes, as a link uses it.

    Attributes:
        k: information symbols of a codeword: 223 corrects 16 symbols, 239 corrects 8.
        interleave: codewords in a codeblock.
        basis: how symbols are sent; CCSDS links use the dual one.
        fill: symbols of virtual fill in each codeword, which are zero and not sent.

    Raises:
        EncodeError: a value that 131.0-B does not know.
    """

    k: int = 223
    interleave: int = 1
    basis: Literal["dual", "conventional"] = "dual"
    fill: int = 0

    def __post_init__(self) -> None:
        if self.k not in (223, 239) or self.interleave not in INTERLEAVES:
            raise EncodeError(f"RS {self}; expected k 223 or 239, interleave 1, 2, 3, 4, 5 or 8")
        if self.basis not in ("dual", "conventional") or not 0 <= self.fill < self.k:
            raise EncodeError(f"RS {self}; expected basis dual or conventional, fill below k")

    @property
    def parity(self) -> int:
        """Parity symbols of a codeword."""
        return SYMBOLS - self.k

    @property
    def frame_octets(self) -> int:
        """Octets of a frame."""
        return (self.k - self.fill) * self.interleave

    @property
    def codeblock_octets(self) -> int:
        """Octets of a codeblock as sent."""
        return (SYMBOLS - self.fill) * self.interleave

    def encode(self, frames: Octets) -> Octets:
        """Return codeblocks, uint8 [N, codeblock_octets], of frames, uint8 [N, frame_octets].

        Raises:
            EncodeError: frames of another length.

        Source: 131.0-B-5 §4.3.
        """
        if frames.ndim != 2 or frames.shape[1] != self.frame_octets:
            raise EncodeError(f"RS frames {frames.shape}; expected [N, {self.frame_octets}]")
        blocks = np.zeros((len(frames), self.codeblock_octets), np.uint8)
        blocks[:, : self.frame_octets] = frames
        parity = self._remainders(blocks)
        turned = parity.reshape(len(frames), self.interleave, self.parity).swapaxes(1, 2)
        blocks[:, self.frame_octets :] = turned.reshape(len(frames), self.parity * self.interleave)
        return blocks

    def decode(self, codeblocks: Octets) -> Corrected:
        """Return the frames of codeblocks, uint8 [N, codeblock_octets], corrected.

        Raises:
            DecodeError: codeblocks of another length.

        Source: 131.0-B-5 §4.3.
        """
        if codeblocks.ndim != 2 or codeblocks.shape[1] != self.codeblock_octets:
            raise DecodeError(
                f"RS codeblocks {codeblocks.shape}; expected [N, {self.codeblock_octets}]",
                clause="131.0-B-5 §4.3",
            )
        blocks = np.require(codeblocks, np.uint8, ["C", "W"])
        remainders = self._remainders(blocks)
        damaged = np.flatnonzero(remainders.any(axis=1))
        counts = np.zeros(len(blocks) * self.interleave, np.int64)
        if len(damaged):
            blocks = blocks.copy()
            counts[damaged] = self._mend(blocks, damaged, remainders[damaged])
        by_block = counts.reshape(len(blocks), self.interleave)
        corrected = np.maximum(by_block, 0).sum(axis=1)
        return Corrected(blocks[:, : self.frame_octets], corrected, (by_block < 0).sum(axis=1))

    def _remainders(self, blocks: Octets) -> Octets:
        table = division(self.parity, self.basis == "dual")
        return remainders(blocks, self.interleave, table, self.parity)[:, : self.parity]

    def _mend(self, blocks: Octets, damaged: NDArray[np.intp], remainders: Octets) -> Int64:
        """Correct damaged codewords in place; return their symbol errors, -1 where too many."""
        dual = self.basis == "dual"
        patterns, counts = error_patterns(FROM_DUAL[remainders] if dual else remainders.copy())
        counts[patterns[:, : self.fill].any(axis=1)] = -1  # what was not sent cannot be wrong
        patterns[counts < 0] = 0
        symbols = blocks.reshape(len(blocks), -1, self.interleave)
        rows, lanes = np.divmod(damaged, self.interleave)
        sent = patterns[:, self.fill :]
        symbols[rows, :, lanes] ^= TO_DUAL[sent] if dual else sent
        return counts


@kernel("protocols.reed_solomon_jit")
def remainders(blocks: Octets, interleave: int, table: NDArray[np.uint64], parity: int) -> Octets:
    """Return the remainders of codewords divided by the generator, uint8 [N x I, ROW_OCTETS].

    Args:
        blocks: uint8 [N, B], C-contiguous and writable, I codewords in each.
        table: as `reed_solomon_tables.division` makes it.
        parity: symbols of a remainder; octets beyond them are zero.
    """
    rows = table[-1].view(np.uint8)[:, :parity]
    symbols = blocks.shape[1] // interleave
    lanes = blocks.reshape(len(blocks), symbols, interleave).swapaxes(1, 2)
    words = lanes.reshape(len(blocks) * interleave, symbols).copy()
    for place in range(symbols - parity):
        words[:, place + 1 : place + 1 + parity] ^= rows[words[:, place]]
    out = np.zeros((len(words), ROW_OCTETS), np.uint8)
    out[:, :parity] = words[:, symbols - parity :]
    return out


@kernel("protocols.reed_solomon_jit")
def error_patterns(remainders: Octets) -> tuple[Octets, Int64]:
    """Return what to add to codewords, uint8 [M, 255], and the symbols wrong in each, int64 [M].

    The number is -1, and the pattern zero, where there are more errors than the code corrects.

    Args:
        remainders: uint8 [M, parity], conventional basis, highest power first, C-contiguous.
    """
    number, parity = remainders.shape
    first = first_root(parity)
    powers = np.arange(parity - 1, -1, -1)[:, None] * (first + np.arange(parity))[None, :]
    terms = PRODUCT[remainders[:, :, None], EXP[powers % SYMBOLS]]
    syndromes = np.bitwise_xor.reduce(terms, axis=1)
    locators, sizes = _locators(syndromes)
    places = np.arange(SYMBOLS - 1, -1, -1)  # the power of x of each symbol
    zeros = _values(locators, -places[None, :]) == 0
    good = (zeros.sum(axis=1) == sizes) & (sizes <= parity // 2)
    rows, columns = np.nonzero(zeros & good[:, None])
    inverse = -places[columns][:, None]
    omega = _product(syndromes, locators[:, : parity // 2 + 1])[:, :parity]
    slopes = locators[:, 1:].copy()
    slopes[:, 1::2] = 0  # the derivative: only odd powers stay
    tops, bottoms = (_values(each[rows], inverse)[:, 0] for each in (omega, slopes))
    shift = (1 - first) * places[columns]
    logs = LOG[tops] - LOG[bottoms] + shift
    patterns = np.zeros((number, SYMBOLS), np.uint8)
    patterns[rows, columns] = np.where(tops == 0, 0, EXP[logs % SYMBOLS])
    return patterns, np.where(good, sizes, -1)


def _locators(syndromes: Octets) -> tuple[Octets, Int64]:
    """Return error locators, lowest power first, and their lengths (Berlekamp and Massey)."""
    number, parity = syndromes.shape
    locators = np.zeros((number, parity + 1), np.uint8)
    locators[:, 0] = 1
    helpers, sizes = locators.copy(), np.zeros(number, np.int64)
    for step in range(parity):
        helpers = np.roll(helpers, 1, axis=1)
        helpers[:, 0] = 0
        terms = PRODUCT[locators[:, : step + 1], syndromes[:, step::-1]]
        wrong = np.bitwise_xor.reduce(terms, axis=1)
        longer = (wrong != 0) & (2 * sizes <= step)
        inverses = EXP[(SYMBOLS - LOG[wrong]) % SYMBOLS]
        before = PRODUCT[locators, inverses[:, None]]
        locators ^= PRODUCT[helpers, wrong[:, None]]
        helpers[longer] = before[longer]
        sizes[longer] = step + 1 - sizes[longer]
    return locators, sizes


def _values(polynomials: Octets, logarithms: Int64) -> Octets:
    """Return the values of polynomials [M, D] at points given by logarithm, [M or 1, P]."""
    values = np.zeros(np.broadcast_shapes(polynomials[:, :1].shape, logarithms.shape), np.uint8)
    for power in range(polynomials.shape[1]):
        points = EXP[logarithms * power % SYMBOLS]
        values ^= PRODUCT[polynomials[:, power, None], points]
    return values


def _product(one: Octets, other: Octets) -> Octets:
    """Return products of polynomials, row by row, lowest power first."""
    made = np.zeros((len(one), one.shape[1] + other.shape[1] - 1), np.uint8)
    for power in range(other.shape[1]):
        made[:, power : power + one.shape[1]] ^= PRODUCT[one, other[:, power, None]]
    return made
