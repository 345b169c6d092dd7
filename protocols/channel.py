"""Frames in, packets out, for every virtual channel (and MAP) of every spacecraft on a link.

The data fields of a channel are put end to end, so that a packet that spans frames lies in one
piece; then the loops of `chain` walk from packet to packet and hold each frame's first header
pointer against where the last packet ended. Between calls only the beginning of an unfinished
packet is kept for each channel, so any batching of the same frames gives the same packets.

Every frame given is either used or dropped for a reason. Octets of used frames that become no
packet come out as `Fragment`: `no_beginning` (what a lost frame began), `no_end` (what a lost
frame would have ended), `inconsistent` (where packets do not meet the first header pointer),
`unfinished` (at the end of reception).

A frame is a duplicate if count and data field are those of the frame before it on its channel. It
is late if its count lies at most 64 (and a sixteenth of the modulus) behind the last one: dropped,
as what it would have filled is a gap already. A longer step back, or three late frames in a row, is
a counter that begins anew.

Source: CCSDS 132.0-B-3 §4.1.2.7.6, 732.0-B-4 §4.1.4.2.3, 732.1-B-2 §4.1.4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols import chain
from protocols.frame import ARENA_PADDING, NO_PACKETS, NO_START, ONLY_IDLE, Frames, Reject
from protocols.packet import BAD_CRC, LARGEST, Fragment, Packets, describe

T = TypeVar("T", int, NDArray[np.int64])

POINTER_CLAUSE = "132.0-B-3 §4.1.2.7.6, 732.0-B-4 §4.1.4.2.3"
LATE_CLAUSE = "rule of this station: behind the last frame of its channel"
COUNTER_SHIFT = 15  # from the key of a stream to that of its counter: MAPs share one
FRAGMENTS = {
    chain.NO_BEGINNING: "no_beginning",
    chain.NO_END: "no_end",
    chain.INCONSISTENT: "inconsistent",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames of one virtual channel that did not arrive.

    Attributes:
        frame: `Frames.index` of the first frame after the gap.
        expected, found: the frame counts.
        missing: how many frames, modulo the counter; 0 where it begins anew and nobody knows.
        modulus: at which the counter wraps.
    """

    scid: int
    vcid: int
    frame: int
    expected: int
    found: int
    missing: int
    modulus: int

    @property
    def after(self) -> int:
        """The count of the last frame before the gap."""
        return (self.expected - 1) % self.modulus


@dataclass(frozen=True, slots=True)
class Extracted:
    """What one batch of frames gave.

    Attributes:
        packets: in the order in which they were complete; `frame` is where each began.
        units: the frames whose data field is no packets (B_PDU, VCA and such), as they are.
        gaps: what the frame counts skip.
        rejects: frames that are malformed, late or too many; `index` is that of `Frames`.
        fragments: octets of used frames that belong to no whole packet.
        given, used: how many frames came, and how many carried something.
        dropped: how many did not, by reason: idle, duplicate, late, malformed, channels.
        idle_packets: how many idle packets were left out of `packets`.
        repeated: `Frames.index` of the frames that were dropped as duplicates.
    """

    packets: Packets
    units: Frames
    gaps: list[Gap]
    rejects: list[Reject]
    fragments: list[Fragment]
    given: int
    used: int
    dropped: dict[str, int]
    idle_packets: int
    repeated: list[int]


class _Rows:
    """A growing table with a row for each key: what is known of each counter or stream."""

    def __init__(self, blank: list[int]) -> None:
        self._blank = np.array(blank, np.int64)
        self.table = np.zeros((0, len(blank)), np.int64)
        self._keys = np.array([np.iinfo(np.int64).max])  # sorted, ends with one past all
        self._rows = np.array([-1])

    def of(self, keys: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
        """Return the row of each key, a new row for a new key; -1 where there are too many."""
        at = np.searchsorted(self._keys, keys)
        strange = self._keys[at] != keys
        if strange.any():
            self._add(keys[strange], limit)
            at = np.searchsorted(self._keys, keys)
            return np.where(self._keys[at] == keys, self._rows[at], -1)
        return self._rows[at]

    def _add(self, keys: NDArray[np.int64], limit: int) -> None:
        """Add these keys in the order in which they come, as far as there is room."""
        _, first = np.unique(keys, return_index=True)
        fresh = keys[np.sort(first)][: max(0, limit - len(self.table))]
        rows = np.arange(len(self.table), len(self.table) + len(fresh))
        self.table = np.concatenate([self.table, np.tile(self._blank, (len(fresh), 1))])
        self.table[rows, chain.KEY] = fresh
        place = np.searchsorted(self._keys, np.sort(fresh))
        self._keys = np.insert(self._keys, place, np.sort(fresh))
        self._rows = np.insert(self._rows, place, rows[np.argsort(fresh)])


class Channels:
    """The channels of one link. `receive` frames in their order, `finish` at the end.

    Args:
        keep_idle: let idle packets pass too.
        longest: octets of the longest packet that is believed.
        limit: how many channels are followed; frames of others are dropped as `channels`.
    """

    def __init__(
        self, *, keep_idle: bool = False, longest: int = LARGEST, limit: int = 4096
    ) -> None:
        self._keep_idle, self._longest, self._limit = keep_idle, longest, limit
        self._counters = _Rows([0, 0, 0, 0, -1, -1, 0, 0])
        self._streams = _Rows([0, 0, 0, -1, 0, 0, 0])
        self._begun: dict[int, NDArray[np.uint8]] = {}  # of a packet, by row of stream
        self._last: dict[int, bytes] = {}  # data of the last frame, by row of counter

    def receive(self, frames: Frames) -> Extracted:
        """Return the packets that these frames complete, and what is wrong with the frames."""
        given = len(frames)
        stream = self._follow(_keys(frames))
        beyond = stream < 0
        refused = frames.index[beyond].tolist()
        if refused:
            frames, stream = frames.take(~beyond), stream[~beyond]
        table = _table(frames, stream)
        duplicates = self._duplicates(frames, table)
        repeated = frames.index[duplicates].tolist() if duplicates else []
        if duplicates:
            frames = frames.take(np.delete(np.arange(len(frames)), duplicates))
            table = np.delete(table, duplicates, axis=0)
        joined = self._lay_out(table)
        found, events = self._extract(frames, table, joined)
        packets, idle_packets = self._packets(found, joined)
        malformed, late = (_rows(events, kind) for kind in (chain.MALFORMED, chain.LATE))
        pointer = frames.first_header_pointer
        if len(late):
            pointer = pointer.copy()
            pointer[late] = NO_START  # late and nothing else
        idle = int(np.count_nonzero(pointer == ONLY_IDLE))
        dropped = {
            "idle": idle,
            "duplicate": len(duplicates),
            "late": len(late),
            "malformed": len(malformed),
            "channels": len(refused),
        }
        return Extracted(
            packets=packets,
            units=frames.take(np.flatnonzero(pointer == NO_PACKETS)),
            gaps=self._gaps(frames, events),
            rejects=[
                *(Reject(index, "channels", "limit of this station") for index in refused),
                *(Reject(i, "malformed", POINTER_CLAUSE) for i in frames.index[malformed].tolist()),
                *(Reject(i, "late", LATE_CLAUSE) for i in frames.index[late].tolist()),
            ],
            fragments=self._fragments(events, joined),
            given=given,
            used=given - sum(dropped.values()),
            dropped={reason: number for reason, number in dropped.items() if number},
            idle_packets=idle_packets,
            repeated=repeated,
        )

    def finish(self) -> list[Fragment]:
        """Return the beginnings of packets that no frame has completed, and forget them."""
        left = []
        for row, octets in sorted(self._begun.items()):
            scid, vcid = _channel(int(self._streams.table[row, chain.KEY]))
            began = int(self._streams.table[row, chain.BEGAN])
            made = Fragment("unfinished", POINTER_CLAUSE, octets.tobytes(), scid, vcid, began)
            left.append(made)
        self._begun.clear()
        self._streams.table[:, chain.START] = -1
        return left

    def _follow(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row of each frame's stream, new ones tied to their counters; -1 beyond all."""
        before = len(self._streams.table)
        stream = self._streams.of(keys, self._limit)
        fresh = self._streams.table[before:]
        if len(fresh):
            counter = self._counters.of(fresh[:, chain.KEY] >> COUNTER_SHIFT, self._limit)
            fresh[:, chain.COUNTER] = counter
        return stream

    def _duplicates(self, frames: Frames, table: NDArray[np.int64]) -> list[int]:
        """Return which frames are the one before them on their channel over again."""
        counters = self._counters.table
        pairs = np.empty((len(table), 2), np.int64)
        found = chain.repeats(table, counters, self._streams.table, pairs)
        duplicates = []
        for row, before in pairs[:found].tolist():
            counter = int(self._streams.table[table[row, chain.STREAM], chain.COUNTER])
            other = self._last.get(counter) if before < 0 else frames.data(before)
            if frames.data(row) == other:
                duplicates.append(row)
        for counter in np.flatnonzero(counters[:, chain.ROW] >= 0).tolist():
            self._last[counter] = frames.data(int(counters[counter, chain.ROW]))
        counters[:, chain.ROW] = -1
        return duplicates

    def _lay_out(self, table: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return room for the streams' octets, what each kept before already at its place."""
        streams = self._streams.table
        room = np.zeros(len(streams), np.int64)
        np.add.at(room, table[:, chain.STREAM], table[:, chain.LENGTH])
        for row, octets in self._begun.items():
            room[row] += len(octets)
        base = np.cumsum(room) - room
        joined = np.empty(int(room.sum()) + ARENA_PADDING, np.uint8)
        streams[:, chain.WRITE] = base
        streams[:, chain.START] = np.where(streams[:, chain.START] < 0, -1, base)
        for row, octets in self._begun.items():
            end = base[row] + len(octets)
            joined[base[row] : end] = octets
            streams[row, chain.WRITE] = end
        return joined

    def _extract(
        self, frames: Frames, table: NDArray[np.int64], joined: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return packets and events as of `chain.extract`; keep what is begun of each stream."""
        packets = np.empty((len(joined), chain.P_SPOILT + 1), np.int64)  # touched as far as used
        events = np.empty((len(frames) * chain.EVENTS_A_FRAME, chain.E_BEGAN + 1), np.int64)
        counters, streams = self._counters.table, self._streams.table
        found, noted = chain.extract(
            frames.arena, table, counters, streams, joined, self._longest, packets, events
        )
        start, end = streams[:, chain.START], streams[:, chain.WRITE]
        rows = np.flatnonzero((start >= 0) & (start < end)).tolist()
        self._begun = {row: joined[start[row] : end[row]].copy() for row in rows}
        return packets[:found], events[:noted]

    def _packets(self, found: NDArray[np.int64], joined: NDArray[np.uint8]) -> tuple[Packets, int]:
        """Return the table of packets, and how many idle ones were left out of it."""
        scid, vcid = _channel(self._streams.table[found[:, chain.P_STREAM], chain.KEY])
        packets = describe(
            joined,
            found[:, chain.P_OFFSET].copy(),
            found[:, chain.P_LENGTH].copy(),
            encapsulation=True,
            scid=scid.astype(np.int32),
            vcid=vcid.astype(np.int16),
            frame=found[:, chain.P_BEGAN].copy(),
            flags=(found[:, chain.P_SPOILT] * BAD_CRC).astype(np.uint8),
        )
        idle = packets.idle
        if self._keep_idle or not idle.any():
            return packets, 0
        return packets.take(~idle), int(np.count_nonzero(idle))

    def _fragments(self, events: NDArray[np.int64], joined: NDArray[np.uint8]) -> list[Fragment]:
        made = []
        for kind, _, stream, start, end, began in events.tolist():
            if kind in FRAGMENTS:
                scid, vcid = _channel(int(self._streams.table[stream, chain.KEY]))
                octets = joined[start:end].tobytes()
                reason = FRAGMENTS[kind]
                made.append(Fragment(reason, POINTER_CLAUSE, octets, scid, vcid, began))
        return made

    def _gaps(self, frames: Frames, events: NDArray[np.int64]) -> list[Gap]:
        made = []
        for _, row, counter, expected, missing, _ in events[events[:, 0] == chain.GAP].tolist():
            key = int(self._counters.table[counter, chain.KEY]) << COUNTER_SHIFT
            index, found = int(frames.index[row]), int(frames.count[row])
            modulus = int(frames.modulus[row])
            made.append(Gap(*_channel(key), index, expected, found, missing, modulus))
        return made


def _table(frames: Frames, stream: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the frames as `chain.extract` wants them."""
    table = np.empty((len(frames), chain.BAD + 1), np.int64)
    table[:, chain.INDEX] = frames.index
    table[:, chain.OFFSET] = frames.data_offset
    table[:, chain.LENGTH] = frames.data_length
    table[:, chain.POINTER] = frames.first_header_pointer
    table[:, chain.COUNT] = frames.count
    table[:, chain.MODULUS] = frames.modulus
    table[:, chain.STREAM] = stream
    table[:, chain.BAD] = ~frames.crc_ok
    return table


def _rows(events: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
    """Return the frames of the events of one kind."""
    return np.asarray(events[events[:, chain.E_KIND] == kind, chain.E_FRAME])


def _keys(frames: Frames) -> NDArray[np.int64]:
    """Return a number for each stream: scid, vcid, bypass flag and MAP id side by side."""
    key = frames.scid.astype(np.int64) << 24 | frames.vcid.astype(np.int64) << 16
    return key | frames.bypass.astype(np.int64) << COUNTER_SHIFT | frames.map_id + 1


def _channel(key: T) -> tuple[T, T]:
    """Return the scid and vcid of a key, or of a column of them."""
    return key >> 24, key >> 16 & 0xFF
