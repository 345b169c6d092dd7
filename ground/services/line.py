"""One link's journal records in, what they hold out, each octet's place and time kept.

How it works: the records of a connection are one stream for the link's receiver; where a record
begins a connection, or does not join the one before, the stream breaks and its framing starts
anew, while the channels in it go on. Places come back as positions in the journal, and `clock`
tells when what lies there was received.

A datagram is whole or nothing: one of a wrong length is rejected by itself and spoils no other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ground.archive.journal_records import Records
from ground.services import downlink
from ground.services.received import Received, Rejected
from ground.services.tally import Tally
from ground.settings import Link

Int64 = NDArray[np.int64]
REWIND_OCTETS = 16 << 20  # read again after a restart, to be in the state that was
_STEP = REWIND_OCTETS // 4  # between places to start from
_REMEMBERED = 65_536  # records
_EMPTY = np.empty(0, np.uint8)
_HEADER = 6  # octets of a space packet's primary header: 133.0-B-2 §4.1.3


class Line:
    """A link at work, from records on. Takes records in the order of their positions.

    Args:
        noting: tell which frames were heard too.
    """

    def __init__(self, link: Link, tally: Tally, *, noting: bool = False) -> None:
        self.link = link
        self.tally = tally
        self._receiver = downlink.receiver(link, tally, noting=noting)
        self._marks = _Marks()
        self._datagrams = link.kind == "udp" and link.asm is None
        self._size = None if link.frame == "packets" else link.length
        if self._size is not None:
            self._size += link.trailer
        self._anchors: deque[int] = deque()
        self._end = -1  # position behind the last record
        self._broken = True

    def receive(self, records: Records) -> Iterator[Received]:
        """Yield what the records give, a connection at a time, in places of the journal."""
        breaks = self._breaks(records)
        edges = np.unique(np.concatenate(([0], np.flatnonzero(breaks), [len(records)])))
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if breaks[first] and self._marks.end:
                yield self._placed(self._receiver.receive(_EMPTY, broken=True))
            part = records if last - first == len(records) else records.rows(first, last)
            self._note(part, bool(breaks[first]))
            yield from self._whole(part) if self._datagrams else self._stream(part)

    def _breaks(self, records: Records) -> NDArray[np.bool_]:
        """Return where a stream begins: a connection, or octets behind others that are missing."""
        ends = records.position + records.length
        before = np.concatenate(([self._end], ends[:-1]))
        self._end = records.end
        broken: NDArray[np.bool_] = records.begins | (records.position != before)
        return broken

    def clock(self, positions: Int64) -> Int64:
        """Return when the octets at these places of the journal were received; 0 is unknown."""
        return self._marks.received(positions)

    def anchor(self, position: int) -> int:
        """Return from where a new line comes by `position` in the state that this one is in."""
        while len(self._anchors) > 1 and self._anchors[1] <= position - REWIND_OCTETS:
            self._anchors.popleft()
        return min(self._anchors[0], position) if self._anchors else position

    def _stream(self, records: Records) -> Iterator[Received]:
        self._marks.add(records, self._broken)
        self._broken = False
        yield self._placed(self._receiver.receive(records.octets))

    def _whole(self, records: Records) -> Iterator[Received]:
        """Yield what datagrams give, each of them by itself."""
        good = self._good(records)
        if good.all():
            yield from self._stream(records)
            return
        for row in range(len(records)):
            one = records.rows(row, row + 1)
            if good[row] or self._size is None:
                yield from self._stream(one)
                if not good[row]:
                    yield self._placed(self._receiver.receive(_EMPTY, broken=True))
            else:
                yield self._refused(one)

    def _good(self, records: Records) -> NDArray[np.bool_]:
        """Return which datagrams are whole frames, or one packet each."""
        if self._size is not None:
            return np.equal(records.length % self._size, 0)
        long = records.length > _HEADER
        at = np.where(long, records.starts[:-1], 0)
        octets = np.concatenate([records.octets, np.zeros(_HEADER, np.uint8)])
        said = (octets[at + 4].astype(np.int64) << 8 | octets[at + 5]) + 1
        good: NDArray[np.bool_] = long & (said + _HEADER == records.length)
        return good

    def _refused(self, one: Records) -> Received:
        """Return a datagram as a reject, as no frame can be cut out of it."""
        counts = self.tally.stage("frames")
        counts.given += 1
        counts.drop("length")
        rule = f"one or more frames of {self._size} octets"
        octets, at = one.octets.tobytes(), int(one.position[0])
        nothing = self._receiver.receive(_EMPTY)
        return replace(nothing, rejected=[Rejected("frame", "length", rule, octets, at)])

    def _placed(self, received: Received) -> Received:
        """Return the same with places of the journal for those of the stream."""
        packets = received.packets
        source = np.where(packets.source < 0, packets.frame, packets.source)
        rejected = received.rejected
        if rejected:
            places = self._marks.position(np.array([each.offset for each in rejected])).tolist()
            rejected = [replace(each, offset=at) for each, at in zip(rejected, places, strict=True)]
        gaps = received.gaps
        if gaps:
            places = self._marks.position(np.array([each.frame for each in gaps])).tolist()
            gaps = [replace(each, frame=at) for each, at in zip(gaps, places, strict=True)]
        heard = received.heard
        if heard is not None:
            heard = replace(heard, offset=self._marks.position(heard.offset))
        packets = replace(packets, source=self._marks.position(source))
        return Received(packets, rejected, gaps, heard)

    def _note(self, records: Records, broken: bool) -> None:
        """Remember where these records begin as a place to start from, if the last is far off."""
        self._broken = broken
        at = int(records.position[0])
        if self._anchors and not broken and at - self._anchors[-1] < _STEP:
            return
        skip = 0 if broken else self._skip()
        if skip is not None:
            self._anchors.append(at + skip)

    def _skip(self) -> int | None:
        """Return the octets from here to where a frame begins; None where that is not known."""
        if self.link.asm is not None or self._datagrams:
            return 0
        if self._size is not None:
            return -self._marks.since_begin % self._size
        return 0 if self._receiver.waiting == 0 else None


class _Marks:
    """Where records lie in the stream that the receiver sees; the last ones are remembered."""

    def __init__(self) -> None:
        self.end = 0  # of the stream
        self.since_begin = 0
        self._start = np.empty(0, np.int64)
        self._position = np.empty(0, np.int64)
        self._received = np.empty(0, np.int64)

    def add(self, records: Records, begins: bool) -> None:
        """Take the next records of the stream; `begins` where they are not joined to the last."""
        lengths = records.length.astype(np.int64)
        ends = self.end + np.cumsum(lengths)
        self._start = _later(self._start, ends - lengths)
        self._position = _later(self._position, records.position)
        self._received = _later(self._received, records.received_ns)
        given = int(lengths.sum())
        self.since_begin = given if begins else self.since_begin + given
        self.end += given

    def position(self, offsets: Int64) -> Int64:
        """Return the places in the journal of offsets in the stream; -1 where one is forgotten."""
        row = np.searchsorted(self._start, offsets, side="right") - 1
        known = (row >= 0) & (offsets >= 0)
        if not known.any():
            return np.full(len(offsets), -1, np.int64)
        found: Int64 = self._position[row] + offsets - self._start[row]
        return np.where(known, found, -1)

    def received(self, positions: Int64) -> Int64:
        """Return when the octets at these places were received; 0 where that is forgotten."""
        row = np.searchsorted(self._position, positions, side="right") - 1
        known = (row >= 0) & (positions >= 0)
        if not known.any():
            return np.zeros(len(positions), np.int64)
        return np.where(known, self._received[row], 0)


def _later(known: Int64, more: Int64) -> Int64:
    return np.concatenate([known[-_REMEMBERED:], more])
