"""Octets of one link in, packets out, and everything that did not become a packet.

A link carries packets as they are, frames whole, or frames in a coded stream of CADUs. Each stage
counts what it was given, what it passed on and what it dropped, by reason; octets that are dropped
are kept with the reason and the clause.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ground.services import framing
from ground.services.received import Controls, Heard, Received, Rejected
from ground.services.tally import Tally
from ground.settings import Link
from protocols import packet
from protocols.aos import IDLE_VCID
from protocols.channel import Channels, Extracted
from protocols.frame import ARENA_PADDING, ONLY_IDLE, Frames, Reject

Octets = NDArray[np.uint8]

_REMEMBERED = 65_536  # offsets of frames, for packets that began in an earlier call


class Receiver(Protocol):
    """One link's way from octets to packets.

    `waiting` octets are of a unit not yet complete; -1 where that is not known.
    """

    @property
    def waiting(self) -> int: ...

    def room(self, size: int) -> Octets:
        """Return room for the next octets: what is read into it and then received is not copied."""
        ...

    def receive(self, octets: Octets, *, final: bool = False, broken: bool = False) -> Received:
        """Return the packets that are complete.

        `final` where nothing follows; `broken` where the stream ends and another one begins, in
        which the same channels go on.
        """
        ...


def receiver(link: Link, tally: Tally, *, noting: bool = False) -> Receiver:
    """Return the receiver of a link, by its managed parameters.

    Args:
        noting: tell which frames were heard too.
    """
    if link.frame == "packets":
        return PacketLink(tally)
    return FrameLink(link, tally, noting=noting)


class PacketLink:
    """A link without frames: packets back to back."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._left = np.empty(0, np.uint8)
        self._at = 0
        self._arena = self._room = self._left

    @property
    def waiting(self) -> int:
        """Octets of a packet that is not complete."""
        return len(self._left)

    def room(self, size: int) -> Octets:
        """Return room for the next octets, behind those that wait, in an arena of the packets."""
        begin, end = len(self._left), len(self._left) + size
        self._arena = np.empty(end + ARENA_PADDING, np.uint8)
        self._arena[:begin], self._arena[end:] = self._left, 0
        self._room = self._arena[begin:end]
        return self._room

    def receive(self, octets: Octets, *, final: bool = False, broken: bool = False) -> Received:
        """Return the packets that are complete; both words end the stream here."""
        final = final or broken
        if octets is not self._room:
            self.room(len(octets))[:] = octets
        arena = self._arena
        self._arena = self._room = self._left[:0]  # the packets keep it; nobody writes it again
        scanned = packet.scan_arena(arena, self._at, final=final)
        left = arena[scanned.consumed : len(arena) - ARENA_PADDING]
        self._left = np.empty(0, np.uint8) if final else left.copy()
        self._at += len(arena) - ARENA_PADDING - len(self._left)
        packets, given = scanned.packets, len(scanned.packets)
        if packets.apid.max(initial=0) >= packet.IDLE_APID:  # hardly ever; encapsulation is higher
            packets = packets.take(~packets.idle)
        _drop_idle(self._tally, given - len(packets))
        return Received(packets, [Rejected.of(each) for each in scanned.rejects], [])


class FrameLink:
    """A link of TM, AOS or USLP frames, whole or in CADUs."""

    def __init__(self, link: Link, tally: Tally, *, noting: bool = False) -> None:
        self._framing = framing.framing(link, tally)
        self._noting, self._controlled = noting, link.ocf or link.frame == "uslp"
        self._frames = tally.stage("frames")
        self._decode = framing.decoder(link)
        self._channels = Channels()
        self._tally = tally
        self._offsets = _Offsets()

    @property
    def waiting(self) -> int:
        """Octets of a frame that is not complete; -1 where that is not known."""
        return self._framing.waiting

    def room(self, size: int) -> Octets:
        """Return room for the next octets."""
        return np.empty(size, np.uint8)

    def receive(self, octets: Octets, *, final: bool = False, broken: bool = False) -> Received:
        """Return the packets that are complete; what channels have begun outlives a break."""
        rejected: list[Rejected] = []
        cut = self._framing.receive(octets, final or broken, rejected)
        first = self._offsets.add(cut.offsets)
        decoded, refused = self._decode(cut, first)
        found = self._channels.receive(decoded)
        self._count(len(cut), refused, found.dropped)
        for each in (*refused, *found.rejects):
            rejected.append(self._refused(each, cut.octets(each.index - first)))
        rejected += [self._unit(found.units, row) for row in range(len(found.units))]
        fragments = [*found.fragments, *(self._channels.finish() if final else [])]
        fragments = [replace(each, source=self._offsets.at(each.frame)) for each in fragments]
        packets = replace(found.packets, source=self._offsets.of(found.packets.frame))
        gaps = [replace(each, frame=self._offsets.at(each.frame)) for each in found.gaps]
        _drop_idle(self._tally, found.idle_packets)
        heard = self._heard(decoded, found, cut.corrected, first) if self._noting else None
        controls = self._controls(decoded, found) if self._controlled else None
        return Received(packets, [*rejected, *map(Rejected.of, fragments)], gaps, heard, controls)

    def _controls(self, frames: Frames, found: Extracted) -> Controls:
        """Return the control fields of frames that are in order and sound, idle ones among them."""
        refused = [*found.repeated, *(each.index for each in found.rejects)]
        if refused or not frames.crc_ok.all():
            frames = frames.take(frames.crc_ok & ~np.isin(frames.index, refused))
        return Controls.of(frames, self._offsets.of(frames.index))

    def _heard(
        self, frames: Frames, found: Extracted, corrected: NDArray[np.int64], first: int
    ) -> Heard:
        """Return the frames that their channels took; frames of the idle channel say nothing."""
        refused = [*found.repeated, *(each.index for each in found.rejects)]
        idle = (frames.first_header_pointer == ONLY_IDLE) & (frames.vcid == IDLE_VCID)
        frames = frames.take(~(idle | np.isin(frames.index, refused)))
        return Heard.of(frames, self._offsets.of(frames.index), corrected[frames.index - first])

    def _count(self, given: int, refused: list[Reject], dropped: dict[str, int]) -> None:
        counts = self._frames
        counts.given += given
        for reject in refused:
            counts.drop(reject.reason)
        for reason, number in dropped.items():
            counts.drop(reason, number)
        counts.out = counts.given - sum(counts.dropped.values())

    def _refused(self, reject: Reject, octets: bytes) -> Rejected:
        offset = self._offsets.at(reject.index)
        return Rejected("frame", reject.reason, reject.clause, octets, offset)

    def _unit(self, units: Frames, row: int) -> Rejected:
        """Return the data of a frame that carries no packets: kept, though nothing decodes it."""
        return Rejected(
            "data unit",
            "not packets",
            "the service of its channel",
            units.data(row),
            self._offsets.at(int(units.index[row])),
            int(units.scid[row]),
            int(units.vcid[row]),
        )


class _Offsets:
    """Where frames began in the input, by their index; only the last ones are remembered."""

    def __init__(self) -> None:
        self._first = 0
        self._known = np.empty(0, np.int64)

    def add(self, offsets: NDArray[np.int64]) -> int:
        """Take the offsets of the next frames and return the index of the first of them."""
        first = self._first + len(self._known)
        kept = self._known[-_REMEMBERED:]
        self._first = first - len(kept)
        self._known = np.concatenate([kept, offsets])
        return first

    def of(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the offset of each frame; -1 where it is forgotten."""
        place = index - self._first
        found = (place >= 0) & (place < len(self._known))
        if not found.any():
            return np.full(len(index), -1, np.int64)
        return np.where(found, self._known[np.where(found, place, 0)], -1)

    def at(self, index: int) -> int:
        """Return the offset of one frame."""
        return int(self.of(np.array([index]))[0])


def _drop_idle(tally: Tally, number: int) -> None:
    counts = tally.stage("packets")
    counts.given += number
    counts.drop("idle", number)
