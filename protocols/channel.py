"""Frames in, packets out, for every virtual channel (and MAP) of every spacecraft on a link.

The data fields of a channel are put end to end, so that a packet that spans frames lies in one
piece; then the loops of `chain` walk from packet to packet and hold each frame's first header
pointer against where the last packet ended. Between calls only the beginning of an unfinished
packet is kept for each channel, so any batching of the same frames gives the same packets.

Every frame given is either used or dropped for a reason. Octets of used frames that become no
packet come out as `Fragment`: `no_beginning` (what a lost frame began), `no_end` (what a lost
frame would have ended), `inconsistent` (where packets do not meet the first header pointer),
`unfinished` (at the end of reception).

A frame is a duplicate if count and data field are those of the frame before it on its channel.

Source: CCSDS 132.0-B-3 §4.1.2.7.6, 732.0-B-4 §4.1.4.2.3, 732.1-B-2 §4.1.4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols import chain
from protocols.frame import ARENA_PADDING, NO_PACKETS, ONLY_IDLE, Frames, Reject
from protocols.packet import BAD_CRC, LARGEST, Fragment, Packets, describe

T = TypeVar("T", int, NDArray[np.int64])

POINTER_CLAUSE = "132.0-B-3 §4.1.2.7.6, 732.0-B-4 §4.1.4.2.3"
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
        missing: how many frames, modulo the counter.
    """

    scid: int
    vcid: int
    frame: int
    expected: int
    found: int
    missing: int


@dataclass(frozen=True, slots=True)
class Extracted:
    """What one batch of frames gave.

    Attributes:
        packets: in the order in which they were complete; `frame` is where each began.
        units: the frames whose data field is no packets (B_PDU, VCA and such), as they are.
        gaps: what the frame counts skip.
        rejects: frames that are malformed or too many; `index` is that of `Frames`.
        fragments: octets of used frames that belong to no whole packet.
        given, used: how many frames came, and how many carried something.
        dropped: how many did not, by reason: idle, duplicate, malformed, channels.
        idle_packets: how many idle packets were left out of `packets`.
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


class _Rows:
    """A growing table with a row for each key: what is known of each counter or stream."""

    def __init__(self, columns: int) -> None:
        self.table = np.zeros((0, columns), np.int64)
        self._row: dict[int, int] = {}

    def of(self, keys: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
        """Return the row of each key, a new row for a new key; -1 where there are too many."""
        distinct, inverse = np.unique(keys, return_inverse=True)
        rows = np.array([self._find(key, limit) for key in distinct.tolist()], np.int64)
        return rows[inverse]

    def _find(self, key: int, limit: int) -> int:
        row = self._row.get(key, -1)
        if row < 0 and len(self.table) < limit:
            row = self._row[key] = len(self.table)
            self.table = np.pad(self.table, ((0, 1), (0, 0)))
            self.table[row, chain.KEY] = key
            self.table[row, chain.START] = -1
        return row


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
        self._counters, self._streams = _Rows(chain.BREAKS + 1), _Rows(chain.SPOILT + 1)
        self._begun: dict[int, NDArray[np.uint8]] = {}  # of a packet, by row of stream
        self._last: dict[int, tuple[int, bytes]] = {}  # count and data, by row of counter

    def receive(self, frames: Frames) -> Extracted:
        """Return the packets that these frames complete, and what is wrong with the frames."""
        stream = self._streams.of(_keys(frames), self._limit)
        chosen, stream = frames.take(stream >= 0), stream[stream >= 0]
        beyond = len(frames) - len(chosen)
        refused = np.setdiff1d(frames.index, chosen.index, assume_unique=True) if beyond else ()
        counter = self._counters.of(_keys(chosen) >> COUNTER_SHIFT, self._limit)
        fresh = ~self._duplicates(chosen, counter)
        duplicates = len(chosen) - int(fresh.sum())
        chosen, counter, stream = chosen.take(fresh), counter[fresh], stream[fresh]
        joined = self._lay_out(chosen, stream)
        found, events = self._extract(chosen, counter, stream, joined)
        self._keep(stream, joined)
        packets = self._packets(found, joined)
        passed = packets if self._keep_idle else packets.take(~packets.idle)
        malformed = events[events[:, chain.E_KIND] == chain.MALFORMED][:, chain.E_FRAME]
        dropped = {
            "idle": int((chosen.first_header_pointer == ONLY_IDLE).sum()),
            "duplicate": duplicates,
            "malformed": len(malformed),
            "channels": beyond,
        }
        return Extracted(
            packets=passed,
            units=chosen.take(chosen.first_header_pointer == NO_PACKETS),
            gaps=self._gaps(chosen, events),
            rejects=[
                *(Reject(int(index), "channels", "limit of this station") for index in refused),
                *(Reject(i, "malformed", POINTER_CLAUSE) for i in chosen.index[malformed].tolist()),
            ],
            fragments=self._fragments(events, joined),
            given=len(frames),
            used=len(frames) - sum(dropped.values()),
            dropped={reason: number for reason, number in dropped.items() if number},
            idle_packets=len(packets) - len(passed),
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

    def _duplicates(self, frames: Frames, counter: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which frames are the one before them on their channel over again."""
        duplicate = np.zeros(len(frames), np.bool_)
        order = np.argsort(counter, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(counter[order])) + 1):
            if not len(rows):
                continue
            channel, counts = int(counter[rows[0]]), frames.count[rows]
            again = np.flatnonzero((counts[1:] == counts[:-1]) & (counts[1:] >= 0))
            for before, row in zip(rows[again].tolist(), rows[again + 1].tolist(), strict=True):
                duplicate[row] = frames.data(before) == frames.data(row)
            first = (int(counts[0]), frames.data(int(rows[0])))
            duplicate[rows[0]] = first[0] >= 0 and self._last.get(channel) == first
            self._last[channel] = (int(counts[-1]), frames.data(int(rows[-1])))
        return duplicate

    def _lay_out(self, frames: Frames, stream: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return room for the streams' octets, what each kept before already at its place."""
        table = self._streams.table
        room = np.zeros(len(table), np.int64)
        np.add.at(room, stream, frames.data_length)
        for row, octets in self._begun.items():
            room[row] += len(octets)
        base = np.cumsum(room) - room
        joined = np.empty(int(room.sum()) + ARENA_PADDING, np.uint8)
        table[:, chain.WRITE] = base
        known = table[:, chain.START] >= 0
        table[known, chain.START] = base[known]
        for row, octets in self._begun.items():
            end = base[row] + len(octets)
            joined[base[row] : end] = octets
            table[row, chain.WRITE] = end
        return joined

    def _extract(
        self,
        frames: Frames,
        counter: NDArray[np.int64],
        stream: NDArray[np.int64],
        joined: NDArray[np.uint8],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the tables of packets and events, see `chain.extract`."""
        table = np.empty((len(frames), chain.BAD + 1), np.int64)
        table[:, chain.INDEX] = frames.index
        table[:, chain.OFFSET] = frames.data_offset
        table[:, chain.LENGTH] = frames.data_length
        table[:, chain.POINTER] = frames.first_header_pointer
        table[:, chain.COUNT] = frames.count
        table[:, chain.MODULUS] = frames.modulus
        table[:, chain.COUNTER] = counter
        table[:, chain.STREAM] = stream
        table[:, chain.BAD] = ~frames.crc_ok
        packets = np.empty((len(joined), chain.P_SPOILT + 1), np.int64)  # touched as far as used
        events = np.empty((len(frames) * chain.EVENTS_A_FRAME, chain.E_BEGAN + 1), np.int64)
        counters, streams = self._counters.table, self._streams.table
        found, noted = chain.extract(
            frames.arena, table, counters, streams, joined, self._longest, packets, events
        )
        return packets[:found].copy(), events[:noted].copy()

    def _keep(self, stream: NDArray[np.int64], joined: NDArray[np.uint8]) -> None:
        """Keep what each stream has of a packet that is not complete."""
        table = self._streams.table
        start, end = table[:, chain.START], table[:, chain.WRITE]
        rows = np.flatnonzero((start >= 0) & (start < end)).tolist()
        self._begun = {row: joined[start[row] : end[row]].copy() for row in rows}

    def _packets(self, found: NDArray[np.int64], joined: NDArray[np.uint8]) -> Packets:
        scid, vcid = _channel(self._streams.table[found[:, chain.P_STREAM], chain.KEY])
        return describe(
            joined,
            found[:, chain.P_OFFSET].copy(),
            found[:, chain.P_LENGTH].copy(),
            encapsulation=True,
            scid=scid.astype(np.int32),
            vcid=vcid.astype(np.int16),
            frame=found[:, chain.P_BEGAN].copy(),
            flags=np.where(found[:, chain.P_SPOILT] != 0, BAD_CRC, 0).astype(np.uint8),
        )

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
            found = int(frames.count[row])
            made.append(Gap(*_channel(key), int(frames.index[row]), expected, found, missing))
        return made


def _keys(frames: Frames) -> NDArray[np.int64]:
    """Return a number for each stream: scid, vcid, bypass flag and MAP id side by side."""
    key = frames.scid.astype(np.int64) << 24 | frames.vcid.astype(np.int64) << 16
    return key | frames.bypass.astype(np.int64) << COUNTER_SHIFT | frames.map_id + 1


def _channel(key: T) -> tuple[T, T]:
    """Return the scid and vcid of a key, or of a column of them."""
    return key >> 24, key >> 16 & 0xFF
