"""Packets become a stream of AOS frames, one each so many nanoseconds.

Each virtual channel fills M_PDUs; one that is not full when its oldest packet has waited long
enough is filled up with an idle packet. Where no channel has a frame to send, an idle frame goes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from protocols import aos, packet
from protocols.frame import NO_START

MAX_WAIT_NS = 4 * 10**9
SMALLEST_IDLE = 7
IDLE_OCTET = 0x55
VCID_BITS = 6

Int64 = NDArray[np.int64]


@dataclass(slots=True)
class Channel:
    """The packets of one virtual channel as one run of octets, cut into data fields.

    `frames` counts those that have left, `count` those since the computer booted.
    """

    vcid: int
    octets: int  # of a data field
    wait_ns: int = MAX_WAIT_NS
    waiting: bytearray = field(default_factory=bytearray)
    taken: int = 0  # octets that have left
    frames: int = 0
    count: int = 0
    starts: deque[int] = field(default_factory=deque)  # of the packets, in octets of the run
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
        return bool(self.waiting) and now_ns - self.oldest_ns >= self.wait_ns

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
        begin, self.taken = self.taken, self.taken + self.octets
        pointer = (
            self.starts[0] - begin if self.starts and self.starts[0] < self.taken else NO_START
        )
        while self.starts and self.starts[0] < self.taken:
            self.starts.popleft()
        self.frames += 1
        self.count += 1
        self.oldest_ns = now_ns
        return data, pointer

    def boot(self) -> None:
        """Lose what waits, and count from 0."""
        self.waiting.clear()
        self.starts.clear()
        self.count = self.idles = 0


@dataclass(frozen=True, slots=True)
class Framed:
    """Frames in order of transmission, M rows, and where the packets lie that went into them.

    Attributes:
        frames: uint8 [M, length].
        vcid, count: int64 [M]; frames of another spacecraft have 64 times its id as `vcid`.
        ordinal: int64 [M], how many frames of the channel went before, over all boots.
        send_ns: int64 [M], when each is sent, TAI.
        spans: int64 [P, 2], ordinals of the first and last frame of the next P packets that were
            given, in that order.
    """

    frames: NDArray[np.uint8]
    vcid: Int64
    count: Int64
    ordinal: Int64
    send_ns: Int64
    spans: Int64


class Multiplexer:
    """Puts packets into frames, one frame each `frame_ns` from `start_ns` on.

    Attributes:
        ocf: the operational control field of the spacecraft's next frames, where they have one.
        others_ocf: the same of other spacecraft, by id.
    """

    def __init__(
        self,
        layout: aos.Layout,
        scid: int,
        vcids: Sequence[int],
        start_ns: int,
        frame_ns: int,
        wait_ns: int = MAX_WAIT_NS,
    ) -> None:
        self._size = size = layout.end - layout.header - aos.PDU_HEADER
        self._layout, self._scid = layout, scid
        self._channels = {vcid: Channel(vcid, size, wait_ns) for vcid in sorted(vcids)}
        self._others: dict[int, Channel] = {}
        self.ocf, self.others_ocf = 0, dict[int, int]()
        self._idle = Channel(aos.IDLE_VCID, layout.end - layout.header)
        self._now_ns, self._frame_ns = start_ns, frame_ns
        self._pending: deque[tuple[int, int, bytes]] = deque()

    def add(self, ready_ns: Int64, vcid: Int64, octets: Sequence[bytes]) -> None:
        """Give packets in order of the time when they are ready."""
        self._pending.extend(zip(ready_ns.tolist(), vcid.tolist(), octets, strict=True))

    def add_other(self, ready_ns: int, scid: int, octets: bytes) -> None:
        """Give a packet of another spacecraft, which goes where else an idle frame would."""
        vcid = scid << VCID_BITS
        self._others.setdefault(scid, Channel(vcid, self._size, 0)).add(ready_ns, octets)

    @property
    def next_ns(self) -> int:
        """When the next frame goes."""
        return self._now_ns + self._frame_ns

    def frames(self, vcid: int) -> int:
        """Return how many frames of a channel have gone."""
        return self._channels[vcid].frames

    def boot(self, ready_ns: int) -> None:
        """Lose all packets that have not gone; the next frame goes after `ready_ns`."""
        self._pending.clear()
        for channel in (*self._channels.values(), self._idle):
            channel.boot()
        behind = max(ready_ns - self._now_ns, 0)
        self._now_ns += behind - behind % self._frame_ns

    def run(self, end_ns: int | None = None) -> Framed:
        """Return the frames sent up to `end_ns`; without it, until nothing waits."""
        frames: list[bytes] = []
        table: list[tuple[int, int, int, int]] = []
        spans: list[tuple[int, int]] = []
        while self._goes_on(end_ns):
            self._now_ns += self._frame_ns
            while self._pending and self._pending[0][0] <= self._now_ns:
                ready_ns, vcid, octets = self._pending.popleft()
                spans.append(self._channels[vcid].add(ready_ns, octets))
            every = (*self._channels.values(), *self._others.values())
            channel = next((each for each in every if each.due(self._now_ns)), self._idle)
            table.append((channel.vcid, channel.count, channel.frames, self._now_ns))
            frames.append(self._frame(channel))
        joined = np.frombuffer(b"".join(frames), np.uint8).reshape(-1, self._layout.octets)
        vcid_, count, ordinal, send_ns = np.array(table, np.int64).reshape(-1, 4).T.copy()
        places = np.array(spans, np.int64).reshape(-1, 2)
        return Framed(joined, vcid_, count, ordinal, send_ns, places)

    def _goes_on(self, end_ns: int | None) -> bool:
        if end_ns is not None:
            return self._now_ns + self._frame_ns <= end_ns
        return bool(self._pending) or any(each.waiting for each in self._channels.values())

    def _frame(self, channel: Channel) -> bytes:
        count = channel.count
        if channel is self._idle:
            data, pointer = bytes([IDLE_OCTET]) * channel.octets, 0
            channel.count += 1
            channel.frames += 1
        else:
            data, pointer = channel.take(self._now_ns)
        other = channel.vcid >> VCID_BITS
        return aos.encode(
            data,
            self._layout,
            scid=other or self._scid,
            vcid=channel.vcid % (1 << VCID_BITS),
            count=count,
            first_header_pointer=pointer,
            ocf=self.others_ocf.get(other, 0) if other else self.ocf,
        )
