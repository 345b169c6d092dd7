"""What lies between satellite and station: frames are doubled, lost, damaged, and change places.

How it works: each frame becomes one transmission or two, each lost or not, damaged or not; then
some of those that are left change places with the next. Bits are damaged behind the sync marker
only: the demodulator that has found the marker writes it out anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from tools.simulator.faults import FaultRates, Spell
from tools.simulator.frames import Framed

Int64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Octets = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Transmissions:
    """Frames on their way, in the order in which they would arrive. T rows.

    Attributes:
        send_ns: int64 [T], rises.
        vcid, count, ordinal: int64 [T], as of `Framed`.
        copy: bool [T], the second transmission of a frame.
        lost, outage: bool [T], never arrives, by chance or in an outage.
        wrong: int64 [T], symbols that are wrong.
        ruined: bool [T], too many of them for the code.
        moved: bool [T], changed places with the one before or behind.
        frame: uint8 [T, length], as the satellite made it.
        block: uint8 [T, L], as it arrives.
    """

    send_ns: Int64
    vcid: Int64
    count: Int64
    ordinal: Int64
    copy: Bools
    lost: Bools
    outage: Bools
    wrong: Int64
    ruined: Bools
    moved: Bools
    frame: Octets
    block: Octets

    def __len__(self) -> int:
        return len(self.send_ns)

    @property
    def arrives(self) -> Bools:
        """Whether something arrives, damaged or not."""
        return ~(self.lost | self.outage)

    def take(self, rows: slice | Bools | NDArray[np.intp]) -> Transmissions:
        """Return these rows only."""
        return Transmissions(*(getattr(self, each.name)[rows] for each in fields(self)))

    @classmethod
    def join(cls, one: Transmissions, two: Transmissions) -> Transmissions:
        """Return the rows of one and then of the other."""
        return cls(
            *(
                np.concatenate([getattr(one, each.name), getattr(two, each.name)])
                for each in fields(cls)
            )
        )


class Medium:
    """What happens to the frames of a stream, piece by piece.

    Args:
        outages: when nothing arrives.
        codewords, correctable: how many codewords share a block, symbol by symbol in turn, and
            how many wrong symbols of each can be mended; 0 where there is no code.
    """

    def __init__(
        self,
        rates: FaultRates,
        outages: Iterator[Spell],
        rng: np.random.Generator,
        codewords: int,
        correctable: int,
    ) -> None:
        self._rates, self._rng = rates, rng
        self._codewords, self._correctable = codewords, correctable
        self._outages = outages
        self._outage = next(outages, None)
        self.spells: list[Spell] = []  # outages so far
        self._held: tuple[Transmissions, Bools] | None = None

    @property
    def held(self) -> Transmissions | None:
        """What may still change places with what comes next."""
        return self._held[0] if self._held else None

    def carry(self, framed: Framed, blocks: Octets) -> Transmissions:
        """Take the next frames with their blocks; return what is settled of them."""
        rng, rates = self._rng, self._rates
        twice = rng.random(len(blocks)) < rates.duplicate
        rows = np.repeat(np.arange(len(blocks)), 1 + twice)
        copy = np.concatenate([[False], rows[1:] == rows[:-1]])[: len(rows)]
        lost, swap = rng.random((2, len(rows))) < [[rates.loss], [rates.reorder]]
        send_ns = framed.send_ns[rows]
        outage = self._in_outage(send_ns)
        block, wrong, ruined = self._damaged(blocks[rows], ~(lost | outage))
        fresh = Transmissions(
            send_ns, framed.vcid[rows], framed.count[rows], framed.ordinal[rows], copy,
            lost & ~outage, outage, wrong, ruined, np.zeros(len(rows), np.bool_),
            framed.frames[rows], block,
        )  # fmt: skip
        if self._held:
            fresh = Transmissions.join(self._held[0], fresh)
            swap = np.concatenate([self._held[1], swap])
            return self._reordered(fresh, swap, len(self._held[1]))
        return self._reordered(fresh, swap, 0)

    def finish(self) -> Transmissions | None:
        """Return what was held, as nothing comes to change places with."""
        held, self._held = self.held, None
        return held

    def _in_outage(self, send_ns: Int64) -> Bools:
        inside = np.zeros(len(send_ns), np.bool_)
        while self._outage and len(send_ns) and self._outage.begin_ns <= send_ns[-1]:
            begin_ns, end_ns = self._outage
            inside |= (begin_ns <= send_ns) & (send_ns < end_ns)
            if not self.spells or self.spells[-1] != self._outage:
                self.spells.append(self._outage)
            if end_ns > send_ns[-1]:
                break
            self._outage = next(self._outages, None)
        return inside

    def _damaged(self, blocks: Octets, arrives: Bools) -> tuple[Octets, Int64, Bools]:
        """Return blocks with wrong bits, how many symbols are wrong, and where they are too many.

        Source: 131.0-B-5 §4.3.5 (symbol interleaving): symbol i belongs to codeword i modulo I.
        """
        octets = blocks.shape[1]
        hits = np.where(arrives, self._rng.binomial(8 * octets, self._rates.ber, len(blocks)), 0)
        wrong, ruined = np.zeros(len(blocks), np.int64), np.zeros(len(blocks), np.bool_)
        for row in np.flatnonzero(hits):
            bits = self._rng.choice(8 * octets, hits[row], replace=False)
            np.bitwise_xor.at(blocks[row], bits // 8, (0x80 >> bits % 8).astype(np.uint8))
            symbols = np.unique(bits // 8)
            worst = np.bincount(symbols % self._codewords).max()
            wrong[row], ruined[row] = len(symbols), worst > self._correctable
        return blocks, wrong, ruined

    def _reordered(self, given: Transmissions, swap: Bools, fresh: int) -> Transmissions:
        """Let some that arrive change places with the next that does; hold back the last.

        Where none ever change places, none is held back. It is held back once only: rows before
        `fresh` have been.
        """
        places = np.flatnonzero(given.arrives)
        order = np.arange(len(given))
        at = 0
        while at < len(places) - 1:
            here, there = places[at], places[at + 1]
            if swap[here]:
                order[here], order[there] = there, here
                at += 1
            at += 1
        moved = given.moved | (order != np.arange(len(given)))
        made = replace(given.take(order), send_ns=given.send_ns, moved=moved)
        last = int(places[at]) if at < len(places) and self._rates.reorder else 0
        keep = last if last >= fresh and self._rates.reorder else len(given)
        self._held = (made.take(slice(keep, None)), swap[keep:]) if keep < len(given) else None
        return made.take(slice(0, keep))
