"""How a link's octets are cut into frames: whole ones end to end, or CADUs in a coded stream.

Each gives frames as uint8 [N, L] and where each began in the input, and notes what it dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ground.errors import InputError
from ground.services.received import Rejected
from ground.services.tally import Tally
from ground.settings import Link
from protocols import aos, tm, uslp
try:
    from protocols.cadu import Cadu
except ImportError: pass
from protocols.frame import Frames, Reject
from protocols.reed_solomon import Code

Octets = NDArray[np.uint8]
Offsets = NDArray[np.int64]
Decode = Callable[[Octets, int], tuple[Frames, list[Reject]]]


class Framing(Protocol):
    """Octets of a stream in, frames out."""

    def receive(
        self, octets: Octets, final: bool, rejected: list[Rejected]
    ) -> tuple[Octets, Offsets]:
        """Return the frames that are complete and where each began; add to what was rejected."""
        ...


def framing(link: Link, tally: Tally) -> Framing:
    """Return how a link's octets are cut into frames."""
    if link.length is None:
        raise InputError(f"link {link.name}: no length; expected the octets of a frame")
    length = link.length + link.trailer
    if link.asm is None and link.rs is None and link.randomiser == "none":
        return WholeFrames(length, tally)
    return Cadus(link, length, tally)


def decoder(link: Link) -> Decode:
    """Return the decoder of a link's frames, by their managed parameters."""
    keep = link.bad_crc == "keep"
    length = link.length or 0
    if link.frame == "tm":
        of_tm = tm.Layout(length, fecf=link.fecf, trailer=link.trailer)
        return lambda frames, first: tm.decode_many(frames, of_tm, keep, first)
    if link.frame == "aos":
        of_aos = aos.Layout(
            length,
            fecf=link.fecf,
            ocf=link.ocf,
            header_error_control=link.fhec,
            insert_zone=link.insert_zone,
            trailer=link.trailer,
        )
        return lambda frames, first: aos.decode_many(frames, of_aos, keep, first)
    of_uslp = uslp.Layout(
        length, fecf=2 * link.fecf, insert_zone=link.insert_zone, trailer=link.trailer
    )
    return lambda frames, first: uslp.decode_many(frames, of_uslp, keep, first)


class WholeFrames:
    """Frames of one length, end to end; octets left at the end are a truncated frame."""

    def __init__(self, length: int, tally: Tally) -> None:
        self._length = length
        self._counts = tally.stage("frames")
        self._left = np.empty(0, np.uint8)
        self._at = 0

    def receive(
        self, octets: Octets, final: bool, rejected: list[Rejected]
    ) -> tuple[Octets, Offsets]:
        """Return the frames that are complete and where each began."""
        whole = np.concatenate([self._left, octets])
        number = len(whole) // self._length
        used = number * self._length
        offsets = self._at + np.arange(number, dtype=np.int64) * self._length
        self._left, self._at = whole[used:].copy(), self._at + used
        if final and len(self._left):
            clause = f"{len(self._left)} octets; expected frames of {self._length}"
            rejected.append(Rejected("frame", "truncated", clause, self._left.tobytes(), self._at))
            self._counts.given += 1
            self._counts.drop("truncated")
        return whole[:used].reshape(number, self._length), offsets
