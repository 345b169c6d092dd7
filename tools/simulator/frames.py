"""Packets become a stream of AOS frames, coded as the link says, with what the channel does to it.

Each virtual channel fills M_PDUs; one that is not full when its oldest packet has waited long
enough is filled up with an idle packet. Where no channel has a frame to send, an idle frame goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from protocols import aos, packet
from protocols.frame import NO_START

MAX_WAIT_NS = 4 * 10**9
RATE_BPS = 16_000  # on the channel, parity and sync marker included
SMALLEST_IDLE = 7
IDLE_OCTET = 0x55


@dataclass(frozen=True, slots=True)
class Faults:
    """What the channel does: how many frames it hits, and how.

    Attributes:
        lost: frames with packets that never arrive.
        corrected: frames with a few wrong octets, which the code mends.
        ruined: frames with packets with more wrong octets than any code mends.
    """

    lost: int = 5
    corrected: int = 12
    ruined: int = 1


@dataclass(slots=True)
class Channel:
    """The packets of one virtual channel as one run of octets, cut into data fields."""

    vcid: int
    octets: int  # of a data field
    waiting: bytearray = field(default_factory=bytearray)
    taken: int = 0  # octets that have left
    frames: int = 0
    starts: list[int] = field(default_factory=list)  # of the packets, in octets of the run
    oldest_ns: int = 0
    idles: int = 0

    def add(self, t_ns: int, octets: bytes) -> tuple[int, int]:
        """Put a packet at the end; return the first and last frame that will hold it."""
        if not self.waiting:
            self.oldest_ns = t_ns
        start = self.taken + len(self.waiting)
        self.starts.append(start)
        self.waiting += octets
        return start // self.octets, (start + len(octets) - 1) // self.octets

    def due(self, now_ns: int) -> bool:
        """Return whether a frame should go."""
        if len(self.waiting) >= self.octets:
            return True
        return bool(self.waiting) and now_ns - self.oldest_ns >= MAX_WAIT_NS

    def take(self, now_ns: int) -> tuple[bytes, int]:
        """Return the next data field and its first header pointer."""
        missing = self.octets - len(self.waiting)
        if missing > 0:
            size = max(missing, SMALLEST_IDLE) - 6
            idle = packet.encode(packet.IDLE_APID, self.idles % 16384, bytes([IDLE_OCTET]) * size)
            self.idles += 1
            self.add(now_ns, idle)
        data = bytes(self.waiting[: self.octets])
        del self.waiting[: self.octets]
        inside = [start for start in self.starts if start < self.taken + self.octets]
        pointer = inside[0] - self.taken if inside else NO_START
        del self.starts[: len(inside)]
        self.taken += self.octets
        self.frames += 1
        self.oldest_ns = now_ns
        return data, pointer


@dataclass(frozen=True, slots=True)
class Multiplexed:
    """All frames in order of transmission, and where the packets are in them.

    Attributes:
        frames: uint8 [M, length].
        vcid: int64 [M].
        first, last: for each packet given, the frames that hold its first and last octet, int64.
    """

    frames: NDArray[np.uint8]
    vcid: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def multiplex(
    octets: Sequence[bytes],
    t_ns: NDArray[np.int64],
    vcid: NDArray[np.int64],
    layout: aos.Layout,
    scid: int,
    frame_ns: int,
) -> Multiplexed:
    """Return frames that carry these packets, given in order of time; one each `frame_ns`."""
    size = layout.end - layout.header - aos.PDU_HEADER
    channels = {int(each): Channel(int(each), size) for each in np.unique(vcid)}
    frames, carriers, spans = [], [], []
    given, now_ns, idles = 0, int(t_ns[0]), 0
    while given < len(octets) or any(each.waiting for each in channels.values()):
        now_ns += frame_ns
        while given < len(octets) and t_ns[given] <= now_ns:
            spans.append(channels[int(vcid[given])].add(int(t_ns[given]), octets[given]))
            given += 1
        channel = next((each for each in channels.values() if each.due(now_ns)), None)
        if channel is None:
            frames.append(_idle_frame(layout, scid, idles))
            carriers.append(aos.IDLE_VCID)
            idles += 1
            continue
        count = channel.frames
        data, pointer = channel.take(now_ns)
        frames.append(
            aos.encode(
                data,
                layout,
                scid=scid,
                vcid=channel.vcid,
                count=count,
                first_header_pointer=pointer,
            )
        )
        carriers.append(channel.vcid)
    carrier = np.array(carriers)
    first, last = np.array(list(_among_all(spans, vcid, carrier))).reshape(-1, 2).T
    joined = np.frombuffer(b"".join(frames), np.uint8).reshape(len(frames), -1)
    return Multiplexed(joined, carrier, first, last)


def _among_all(
    spans: list[tuple[int, int]], vcid: NDArray[np.int64], carrier: NDArray[np.int64]
) -> Iterator[tuple[int, int]]:
    """Turn frame numbers of a channel into frame numbers of the whole stream."""
    places = {int(each): np.flatnonzero(carrier == each) for each in np.unique(carrier)}
    for (first, last), channel in zip(spans, vcid.tolist(), strict=True):
        yield int(places[channel][first]), int(places[channel][last])


def _idle_frame(layout: aos.Layout, scid: int, count: int) -> bytes:
    data = bytes([IDLE_OCTET]) * (layout.end - layout.header)
    return aos.encode(data, layout, scid=scid, vcid=aos.IDLE_VCID, count=count)


def strike(
    blocks: NDArray[np.uint8],
    vcid: NDArray[np.int64],
    faults: Faults,
    correctable: bool,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the coded blocks that arrive, and which of all arrive in a state to be read.

    The first and last frames are spared, so that every loss lies between two frames that arrive.
    """
    useful = np.flatnonzero(vcid[1:-1] != aos.IDLE_VCID) + 1
    struck = rng.permutation(useful)[: faults.lost + faults.ruined]
    lost, ruined = struck[: faults.lost], struck[faults.lost :]
    intact = np.setdiff1d(np.arange(1, len(blocks) - 1), struck)
    touched = rng.permutation(intact)[: faults.corrected if correctable else 0]
    arriving = blocks.copy()
    length = blocks.shape[1]
    for row in touched:
        places = rng.choice(length, 3, replace=False)
        arriving[row, places] ^= rng.integers(1, 256, 3, dtype=np.uint8)
    for row in ruined:
        places = rng.choice(length, length // 3, replace=False)
        arriving[row, places] ^= rng.integers(1, 256, len(places), dtype=np.uint8)
    readable = np.ones(len(blocks), np.bool_)
    readable[struck] = False
    return np.delete(arriving, lost, axis=0), readable
