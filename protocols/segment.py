"""What is told between packets of one APID: segments to join, and sequence counts to follow.

Both are kept for each (spacecraft, virtual channel, APID). `SequenceCounts` comes first, since
every segment has a count of its own.

Source: CCSDS 133.0-B-2 §4.1.3.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols.chain import SPACE_HEADER
from protocols.frame import ARENA_PADDING
from protocols.packet import (
    ALONE,
    COLUMNS,
    FIRST,
    LAST,
    SEGMENTED,
    Fragment,
    Packets,
    padded,
)

MODULUS = 1 << 14
FLAGS_CLAUSE = "133.0-B-2 §4.1.3.4.2"


@dataclass(frozen=True, slots=True)
class SequenceGap:
    """Packets of one APID that did not arrive.

    Attributes:
        row: of the table given, the first packet after the gap.
        expected, found: the sequence counts.
        missing: how many packets, modulo 16384.
    """

    scid: int
    vcid: int
    apid: int
    row: int
    expected: int
    found: int
    missing: int


@dataclass(frozen=True, slots=True)
class Followed:
    """What the counts of one table tell; `duplicates` are rows whose count is the one before."""

    gaps: list[SequenceGap]
    duplicates: NDArray[np.int64]


class SequenceCounts:
    """Follow the sequence count of every APID. Source: 133.0-B-2 §4.1.3.4.3."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def receive(self, packets: Packets) -> Followed:
        """Return gaps and duplicates; idle and encapsulation packets count nothing."""
        rows = np.flatnonzero(~packets.idle & ~packets.encapsulation)
        key = _keys(packets)[rows]
        order = np.argsort(key, kind="stable")
        rows, key = rows[order], key[order]
        count = packets.sequence[rows].astype(np.int64)
        expected = self._expected(key, count)
        missing = (count - expected) % MODULUS
        again = missing == MODULUS - 1
        gaps = [
            _gap(packets, int(rows[at]), int(expected[at]), int(missing[at]))
            for at in np.flatnonzero((missing > 0) & ~again).tolist()
        ]
        return Followed(sorted(gaps, key=lambda gap: gap.row), np.sort(rows[again]))

    def _expected(self, key: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the count that each packet should have, by sorted keys; keep what comes next."""
        after = (count + 1) % MODULUS
        expected = np.roll(after, 1)
        first = np.concatenate([[True], key[1:] != key[:-1]])[: len(key)]
        starts = np.flatnonzero(first)
        known = zip(key[starts].tolist(), count[starts].tolist(), strict=True)
        expected[starts] = [self._next.get(each, now) for each, now in known]
        ends = np.roll(first, -1)
        self._next.update(zip(key[ends].tolist(), after[ends].tolist(), strict=True))
        return expected


def _gap(packets: Packets, row: int, expected: int, missing: int) -> SequenceGap:
    scid, vcid, apid = int(packets.scid[row]), int(packets.vcid[row]), int(packets.apid[row])
    return SequenceGap(scid, vcid, apid, row, expected, int(packets.sequence[row]), missing)


@dataclass(frozen=True, slots=True)
class Joined:
    """What one table gave.

    Attributes:
        packets: those that were whole, and in place of each last segment what it made whole. A
            joined one is its first segment as received (its header too: flags FIRST and
            the length field of that segment alone) and the others' data fields after it; its
            `length` is that of all, its flags have SEGMENTED.
        fragments: segments whose packet can no longer be whole.
        used: how many segments the joined packets were.
    """

    packets: Packets
    fragments: list[Fragment]
    used: int = 0


@dataclass(slots=True)
class _Open:
    """A packet whose last segment has not come: columns of the first, octets, last count."""

    columns: dict[str, int]
    octets: bytearray
    sequence: int
    pieces: int = 1


class Segments:
    """Join segments by their sequence flags. Source: 133.0-B-2 §4.1.3.4.2.

    Args:
        longest: octets of the longest packet that is joined.
        limit: how many packets may be open at once; the oldest gives way.
    """

    def __init__(self, *, longest: int = 1 << 22, limit: int = 64) -> None:
        self._longest, self._limit = longest, limit
        self._open: dict[int, _Open] = {}

    def receive(self, packets: Packets) -> Joined:
        """Return the whole packets of a table, segments joined. Idle packets pass as they are."""
        segment = (packets.sequence_flags != ALONE) & ~packets.idle
        rows = np.flatnonzero(segment)
        fragments: list[Fragment] = []
        if not len(rows):
            return Joined(packets, [])
        whole: dict[int, _Open] = {}
        for row, key in zip(rows.tolist(), _keys(packets)[rows].tolist(), strict=True):
            complete = self._take(packets, row, key, fragments)
            if complete is not None:
                whole[row] = complete
        used = sum(each.pieces for each in whole.values())
        return Joined(_replaced(packets, ~segment, whole), fragments, used)

    def finish(self) -> list[Fragment]:
        """Return what is open as fragments, and forget it."""
        fragments: list[Fragment] = []
        for key in list(self._open):
            self._drop(key, "segment_unfinished", fragments)
        return fragments

    def _take(
        self, packets: Packets, row: int, key: int, fragments: list[Fragment]
    ) -> _Open | None:
        """Take one segment; return the packet that it completes."""
        flags, sequence = int(packets.sequence_flags[row]), int(packets.sequence[row])
        if flags == FIRST:
            self._drop(key, "segment_unfinished", fragments)
            if len(self._open) >= self._limit:
                self._drop(next(iter(self._open)), "segment_limit", fragments)
            columns = {name: int(getattr(packets, name)[row]) for name in COLUMNS}
            self._open[key] = _Open(columns, bytearray(packets.octets(row)), sequence)
            return None
        waiting = self._open.get(key)
        reason = self._refusal(waiting, sequence, int(packets.length[row]))
        if waiting is None or reason:
            self._drop(key, reason, fragments)
            columns = {name: int(getattr(packets, name)[row]) for name in COLUMNS}
            fragments.append(_fragment(columns, packets.octets(row), reason))
            return None
        waiting.octets += packets.octets(row)[SPACE_HEADER:]
        waiting.sequence = sequence
        waiting.pieces += 1
        waiting.columns["flags"] |= int(packets.flags[row])
        return self._open.pop(key) if flags == LAST else None

    def _refusal(self, waiting: _Open | None, sequence: int, length: int) -> str:
        """Return why a continuing or last segment cannot go on what is open; empty if it can."""
        if waiting is None or sequence != (waiting.sequence + 1) % MODULUS:
            return "segment_missing"
        return "segment_limit" if len(waiting.octets) + length > self._longest else ""

    def _drop(self, key: int, reason: str, fragments: list[Fragment]) -> None:
        waiting = self._open.pop(key, None)
        if waiting is not None:
            made = _fragment(waiting.columns, bytes(waiting.octets), reason, waiting.pieces)
            fragments.append(made)


def _keys(packets: Packets) -> NDArray[np.int64]:
    """Return a number for each spacecraft, virtual channel and APID."""
    scid, vcid = packets.scid.astype(np.int64), packets.vcid.astype(np.int64)
    return np.asarray((scid + 1) << 32 | (vcid + 1) << 16 | packets.apid)


def _fragment(columns: dict[str, int], octets: bytes, reason: str, pieces: int = 1) -> Fragment:
    place = {name: columns[name] for name in ("scid", "vcid", "frame", "source")}
    return Fragment(reason, FLAGS_CLAUSE, octets, **place, pieces=pieces)


def _replaced(packets: Packets, alone: NDArray[np.bool_], whole: dict[int, _Open]) -> Packets:
    """Return the rows that are `alone`, and in place of each last segment the whole packet."""
    alone[list(whole)] = True
    kept = np.flatnonzero(alone)
    size = len(packets.arena) - ARENA_PADDING
    columns = {name: getattr(packets, name)[kept] for name in COLUMNS}
    blobs = [packets.arena[:size].tobytes()]
    for row, each in whole.items():
        at = int(np.searchsorted(kept, row))
        for name in COLUMNS:
            columns[name][at] = each.columns[name]
        columns["offset"][at], columns["length"][at] = size, len(each.octets)
        columns["flags"][at] |= SEGMENTED
        blobs.append(bytes(each.octets))
        size += len(each.octets)
    return Packets(padded(b"".join(blobs)), **columns)
