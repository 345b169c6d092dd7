"""Frames that were sent, and what a station must make of those that came, worked out by hand.

This reads AOS frames by the book's own offsets and follows packets by their own lengths, so that it
shares nothing with the station's channels but the layers below them.

Source: 732.0-B-4 §4.1.2 (primary header), §4.1.4.2 (M_PDU); 133.0-B-2 §4.1.3.5.3 (packet length).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from protocols.cadu import Cadu
from protocols.reed_solomon import Code

CADU = 1279
FRAME = 1115
IDLE_APID = 2047
ONLY_IDLE = 0x7FE


@dataclass(frozen=True)
class Packet:
    """A packet and the frames that hold it, by their place among those sent."""

    octets: bytes
    frames: tuple[int, ...]


class Sent:
    """CADUs of one spacecraft in the order of sending, without faults."""

    def __init__(self, cadus: Sequence[bytes]) -> None:
        self.cadus = list(cadus)
        self.places = {octets: place for place, octets in enumerate(self.cadus)}
        assert len(self.places) == len(self.cadus)
        chain = Cadu(FRAME, bytes.fromhex("1acffc1d"), "tm8", Code(223, 5, "dual"))
        octets = np.frombuffer(b"".join(self.cadus), np.uint8)
        parts = chain.receive(octets), chain.finish()
        frames = np.concatenate([part.frames for part in parts])
        assert len(frames) == len(self.cadus)
        self.frames = [row.tobytes() for row in frames]
        self.vcid = [frame[1] & 0x3F for frame in self.frames]
        self.count = [int.from_bytes(frame[2:5], "big") for frame in self.frames]
        self.packets = [each for vcid in set(self.vcid) for each in self._packets(vcid)]

    def _packets(self, vcid: int) -> list[Packet]:
        """Follow the packets through one channel's data zones, end to end."""
        zones, owners = bytearray(), []
        for place in (place for place, each in enumerate(self.vcid) if each == vcid):
            frame = self.frames[place]
            if int.from_bytes(frame[6:8], "big") & 0x7FF == ONLY_IDLE or vcid == 63:
                continue
            zone = frame[8:-6]
            zones += zone
            owners += [place] * len(zone)
        found, at = [], 0
        while at + 6 <= len(zones):
            end = at + 7 + int.from_bytes(zones[at + 4 : at + 6], "big")
            if end > len(zones):
                break
            if int.from_bytes(zones[at : at + 2], "big") & 0x7FF != IDLE_APID:
                frames = tuple(dict.fromkeys(owners[at:end]))
                found.append(Packet(bytes(zones[at:end]), frames))
            at = end
        return found

    def arriving(self, came: Collection[int]) -> Counter[bytes]:
        """Return the packets that can be read where only these frames came, once each."""
        known = set(came)
        return Counter(each.octets for each in self.packets if known.issuperset(each.frames))

    def gaps(self, came: Collection[int]) -> Counter[tuple[int, int, int, int]]:
        """Return (channel, last count, next count, frames missing) of each hole between frames."""
        last: dict[int, int] = {}
        found: Counter[tuple[int, int, int, int]] = Counter()
        for place in sorted(came):
            vcid, count = self.vcid[place], self.count[place]
            before = last.get(vcid, count - 1)
            if count != before + 1:
                found[vcid, before, count, count - before - 1] += 1
            last[vcid] = count
        return found
