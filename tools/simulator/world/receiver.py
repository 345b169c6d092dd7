"""The telecommand receiver of a spacecraft or relay: CLTUs in, packets and control words out.

CLTU -> BCH, randomiser -> frames for this id -> FARM-1 -> MAP -> packets
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from protocols import cltu, tc
from protocols.clcw import encode
from protocols.cop1.farm import Farm
from protocols.errors import DecodeError
from protocols.map_segment import Reassembler, packets_in

VERSION_AND_RESERVED, SCID = 0xCC00, 0x03FF  # of the first two octets of a frame


@dataclass(frozen=True, slots=True)
class Coding:
    """How forward frames are made, as `ground.settings` has it of a spacecraft.

    `map_id` is None where frames carry whole packets without segment headers; `window` is W of
    FARM-1, both halves together.
    """

    vcid: int = 0
    map_id: int | None = 0
    fecf: bool = True
    randomise: bool = True
    window: int = 128


CODING = Coding()


class Receiver:
    """What hears one spacecraft id on one virtual channel.

    Attributes:
        accepted, rejected: frames that FARM-1 took, and all others of this id or of none.
        version: goes up whenever the control word may have changed.
    """

    def __init__(self, scid: int, coding: Coding) -> None:
        self.scid, self.coding = scid, coding
        self.accepted = self.rejected = self.version = 0
        self._farm = self._reset()

    def boot(self) -> None:
        """Begin anew: V(R) is 0, nothing is in lockout, half packets are lost."""
        self._farm = self._reset()

    def _reset(self) -> Farm:
        self.version += 1
        self._map = Reassembler()
        return Farm(self.coding.vcid, window=self.coding.window)

    def clcw(self) -> bytes:
        """Return the control word that goes down now."""
        return encode(self._farm.clcw())

    def receive(self, octets: bytes) -> list[bytes]:
        """Return the packets that a CLTU completes; what cannot be read is counted."""
        try:
            got = cltu.decode(octets, randomised=self.coding.randomise)
        except DecodeError:
            self.rejected += 1
            return []
        frames, _ = tc.delimit(got.octets, fecf=self.coding.fecf)
        self.rejected += not frames
        return [packet for each in frames for packet in self._frame(each)]

    def _frame(self, octets: bytes) -> list[bytes]:
        try:
            frame = tc.decode(octets, fecf=self.coding.fecf)
        except DecodeError:
            self.rejected += 1
            return []
        if frame.scid != self.scid or frame.vcid != self.coding.vcid:
            return []
        self.version += 1
        if not self._farm.receive(frame):
            self.rejected += 1
            return []
        self.accepted += 1
        return [packet for fdu in self._farm.take() for packet in self._packets(fdu.data)]

    def _packets(self, data: bytes) -> list[bytes]:
        if self.coding.map_id is not None:
            return self._map.receive(data)
        try:
            return packets_in(data)
        except DecodeError:
            return []


def addressee(octets: bytes, known: Collection[int]) -> int | None:
    """Return for which of these ids a CLTU is, from its first frame's header.

    Randomised or not: version, reserved bits and id tell, but for one in some ten thousand.
    """
    for randomised in (True, False):
        try:
            got = cltu.decode(octets, randomised=randomised)
        except DecodeError:
            return None
        identity = int.from_bytes(got.octets[:2], "big")
        if identity & VERSION_AND_RESERVED == 0 and identity & SCID in known:
            return identity & SCID
    return None
