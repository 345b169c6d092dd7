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
from ground.services import downlink, framing
from ground.services.received import Received, Rejected
from ground.services.tally import Tally
from ground.settings import Link
from protocols import uslp

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
        self._size = None if link.frame == "packets" else framing.unit(link)
        self._least = 0 if link.frame == "packets" else uslp.TRUNCATED_HEADER + link.trailer
        self._refusal = _refusal(link, self._size)
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
        """Yield what datagrams give; what is no whole frame or packet in one is rejected."""
        fitting = self._fitting(records)
        if np.array_equal(fitting, records.length):
            yield from self._stream(records)
            return
        rejected = self._rest(records, fitting)
        for received in self._stream(_cut(records, fitting)):
            yield replace(received, rejected=[*received.rejected, *rejected])

    def _fitting(self, records: Records) -> Int64:
        """Return how many octets of each datagram are whole frames or packets, from its start."""
        length = records.length.astype(np.int64)
        if self._size is not None:
            return np.where(length % self._size == 0, length, 0)
        found, start = np.zeros(len(records), np.int64), records.starts[:-1]
        left = np.flatnonzero(found + _HEADER < length)
        while len(left):
            more = self._lengths(records.octets, start[left] + found[left])
            fits = (more > self._least) & (found[left] + more <= length[left])
            left = left[fits]
            found[left] += more[fits]
            left = left[found[left] + _HEADER < length[left]]
        return found

    def _lengths(self, octets: NDArray[np.uint8], at: Int64) -> Int64:
        """Return the lengths that packets, or frames that say their own, have at these places."""
        said = (octets[at + 4].astype(np.int64) << 8 | octets[at + 5]) + 1
        if self.link.frame == "packets":
            return said + _HEADER
        truncated = (octets[at + 3] & 1) > 0
        return np.where(truncated, self.link.truncated, said) + self.link.trailer

    def _rest(self, records: Records, fitting: Int64) -> list[Rejected]:
        """Return as rejects what lies behind whole frames or packets in each datagram."""
        starts, rejected = records.starts, []
        for row in np.flatnonzero(fitting < records.length).tolist():
            octets = records.octets[starts[row] + fitting[row] : starts[row + 1]].tobytes()
            at = int(records.position[row] + fitting[row])
            rejected.append(Rejected(*self._refusal, octets, at))
        if self._size is not None:
            counts = self.tally.stage("frames")
            counts.given += len(rejected)
            counts.drop("length", len(rejected))
        return rejected

    def _placed(self, received: Received) -> Received:
        """Return the same with places of the journal for those of the stream."""
        packets = received.packets
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
        controls = received.controls
        if controls is not None and len(controls):
            controls = replace(controls, offset=self._marks.position(controls.offset))
        packets = replace(packets, source=self._marks.position(packets.source))
        return Received(packets, rejected, gaps, heard, controls)

    def _note(self, records: Records, broken: bool) -> None:
        """Remember where these records begin as a place to start from, if the last is far off."""
        self._broken = broken
        at = int(records.position[0])
        if self._anchors and at - self._anchors[-1] < _STEP:
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
        return -self._receiver.waiting if self._receiver.waiting >= 0 else None


def _refusal(link: Link, size: int | None) -> tuple[str, str, str]:
    """Return stage, reason and rule of a datagram that holds more than whole frames or packets."""
    if link.frame == "packets":
        return "packet", "truncated", "133.0-B-2 §4.1.3.5.3"
    if size is None:
        return "stream", "no frame", framing.LENGTHS
    return "frame", "length", f"one or more frames of {size} octets"


def _cut(records: Records, fitting: Int64) -> Records:
    """Return the first so many octets of each record; some may be left with none."""
    length = records.length
    within = np.arange(len(records.octets)) - np.repeat(records.starts[:-1], length)
    octets = records.octets[within < np.repeat(fitting, length)]
    cut = fitting.astype(np.int32)
    return Records(records.position, records.received_ns, cut, records.begins, octets)


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
