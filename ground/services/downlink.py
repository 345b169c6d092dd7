"""Octets of one link in, packets out, and everything that did not become a packet.

A link carries packets as they are, frames whole, or frames in a coded stream of CADUs. Each stage
counts what it was given, what it passed on and what it dropped, by reason; octets that are dropped
are kept with the reason and the clause.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ground.services import framing
from ground.services.received import Received, Rejected
from ground.services.tally import Tally
from ground.settings import Link
from protocols import packet
from protocols.channel import Channels, Gap
from protocols.frame import Frames, Reject
from protocols.packet import Fragment, Packets
from protocols.segment import Segments

Octets = NDArray[np.uint8]

_REMEMBERED = 65_536  # offsets of frames, for packets that began in an earlier call


class Receiver(Protocol):
    """One link's way from octets to packets."""

    def receive(self, octets: Octets, *, final: bool = False) -> Received:
        """Return the packets that are complete; `final` where nothing follows."""
        ...


def receiver(link: Link, tally: Tally) -> Receiver:
    """Return the receiver of a link, by its managed parameters."""
    return PacketLink(tally) if link.frame == "packets" else FrameLink(link, tally)


class PacketLink:
    """A link without frames: packets back to back."""

    def __init__(self, tally: Tally) -> None:
        self._out = _Out(tally)
        self._left = np.empty(0, np.uint8)
        self._at = 0

    def receive(self, octets: Octets, *, final: bool = False) -> Received:
        """Return the packets that are complete; `final` where nothing follows."""
        whole = np.concatenate([self._left, octets]) if len(self._left) else octets
        scanned = packet.scan(whole, self._at, final=final)
        self._left = np.empty(0, np.uint8) if final else whole[scanned.consumed :].copy()
        self._at += scanned.consumed
        idle = scanned.packets.idle
        packets = scanned.packets.take(~idle) if idle.any() else scanned.packets
        return self._out.make(packets, scanned.rejects, [], [], int(idle.sum()), final)


class FrameLink:
    """A link of TM, AOS or USLP frames, whole or in CADUs."""

    def __init__(self, link: Link, tally: Tally) -> None:
        self._framing = framing.framing(link, tally)
        self._frames = tally.stage("frames")
        self._decode = framing.decoder(link)
        self._channels = Channels()
        self._out = _Out(tally)
        self._offsets = _Offsets()

    def receive(self, octets: Octets, *, final: bool = False) -> Received:
        """Return the packets that are complete; `final` where nothing follows."""
        rejected: list[Rejected] = []
        frames, offsets = self._framing.receive(octets, final, rejected)
        first = self._offsets.add(offsets)
        decoded, refused = self._decode(frames, first)
        found = self._channels.receive(decoded)
        self._count(len(frames), refused, found.dropped)
        rejected += [self._refused(each, frames[each.index - first]) for each in refused]
        rejected += [self._refused(each, frames[each.index - first]) for each in found.rejects]
        rejected += [self._unit(found.units, row) for row in range(len(found.units))]
        fragments = [*found.fragments, *(self._channels.finish() if final else [])]
        fragments = [replace(each, source=self._offsets.at(each.frame)) for each in fragments]
        packets = replace(found.packets, source=self._offsets.of(found.packets.frame))
        gaps = [replace(each, frame=self._offsets.at(each.frame)) for each in found.gaps]
        return self._out.make(packets, fragments, rejected, gaps, found.idle_packets, final)

    def _count(self, given: int, refused: list[Reject], dropped: dict[str, int]) -> None:
        counts = self._frames
        counts.given += given
        for reject in refused:
            counts.drop(reject.reason)
        for reason, number in dropped.items():
            counts.drop(reason, number)
        counts.out = counts.given - sum(counts.dropped.values())

    def _refused(self, reject: Reject, octets: Octets) -> Rejected:
        offset = self._offsets.at(reject.index)
        return Rejected("frame", reject.reason, reject.clause, octets.tobytes(), offset)

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


class _Out:
    """The last stage of every link: segments joined, octets without a packet kept."""

    def __init__(self, tally: Tally) -> None:
        self._segments = Segments()
        self._counts = tally.stage("packets")

    def make(
        self,
        packets: Packets,
        fragments: Iterable[Fragment],
        rejected: list[Rejected],
        gaps: list[Gap],
        idle: int,
        final: bool,
    ) -> Received:
        """Return what was received, with its segments joined."""
        joined = self._segments.receive(packets)
        broken = [*joined.fragments, *(self._segments.finish() if final else [])]
        self._counts.given += idle
        self._counts.drop("idle", idle)
        kept = [Rejected.of(each) for each in (*fragments, *broken)]
        return Received(joined.packets, [*rejected, *kept], gaps)
