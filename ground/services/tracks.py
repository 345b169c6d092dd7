"""What a replay plays: the journal of a link, or the packets that an archive holds.

Each track gives pieces in the order in which they were received, and says when the next one was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ground.archive import journal
from ground.archive.journal_records import Records
from ground.archive.view import View
from ground.services import tables
from ground.services.crafts import UNKNOWN
from protocols import packet, times
from protocols.frame import ARENA_PADDING
from protocols.packet import Packets

PIECE_OCTETS = 256 << 10
_PIECE_PACKETS = 1000
_SLICE_NS = 600 * 10**9  # of an archive that is held at once
_COLUMNS = ("spacecraft", "t_ns", "received", "vcid", "flags", "source", "offset", "octets")
_LATE_NS = 86_400 * 10**9  # a packet may be received so much later than it was generated
_LONG_AGO = -(1 << 62)
_ALL = 1 << 30  # entries of the log of appends, which is bounded by itself

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to play next, of one link: records, or packets.

    `Packets.source` is when each packet was received, TAI, in place of where.
    """

    link: str
    first_ns: int
    last_ns: int
    records: Records | None = None
    packets: Packets | None = None


class Track(Protocol):
    """A source of pieces."""

    def seek(self, t_ns: int) -> None:
        """Let the next piece be the first that was received at or after a time."""

    def next_ns(self) -> int | None:
        """Return when the next piece was received; None at the end."""

    def take(self, until_ns: int) -> Piece | None:
        """Return what was received before a time, a bounded part of it; None where nothing was."""


class JournalTrack:
    """The journal of one link."""

    def __init__(self, link: str, folder: Path) -> None:
        self._link, self._folder = link, folder
        self._reader = journal.Reader(folder)
        self._records = Records.none()
        self._position = 0

    def seek(self, t_ns: int) -> None:
        """Begin with the first record that was received at or after a time."""
        self._position = journal.seek(self._folder, t_ns)
        self._records = Records.none()

    def next_ns(self) -> int | None:
        """Return when the next record was received."""
        if not len(self._records):
            self._records = self._reader.read(self._position, PIECE_OCTETS)
            if len(self._records):
                self._position = self._records.end
        return int(self._records.received_ns[0]) if len(self._records) else None

    def take(self, until_ns: int) -> Piece | None:
        """Return records that were received before a time, all at once as far as they are read."""
        if self.next_ns() is None:
            return None
        late = np.flatnonzero(self._records.received_ns >= until_ns)
        stop = int(late[0]) if len(late) else len(self._records)
        if not stop:
            return None
        taken = self._records.rows(0, stop)
        self._records = self._records.rows(stop, len(self._records))
        first_ns, last_ns = int(taken.received_ns[0]), int(taken.received_ns[-1])
        return Piece(self._link, first_ns, last_ns, records=taken)


class ArchiveTrack:
    """The packets that an archive holds of a realm, as if they came over one link again.

    The archive is read along generation time, a slice at once, or reception time where there is no
    other; what was received later than a slice waits for its time. Where `seek` begins, packets
    received more than a day after they were generated are left out; so are those of no time at all.
    """

    def __init__(
        self,
        store: View,
        realm: str,
        link: str,
        scids: dict[str, int],
        spacecraft: Sequence[str] | None = None,
    ) -> None:
        self._store, self._realm, self._link = store, realm, link
        self._scids, self._spacecraft = scids, spacecraft
        self._windows = _windows(store, realm)
        self._from_ns = _LONG_AGO
        self._rows: pa.Table | None = None
        self._received = np.empty(0, np.int64)

    def span(self) -> tuple[int, int] | None:
        """Return when the first and the last packet was received; None where there is none."""
        scan = self._store.scan(
            self._realm, "packets", columns=("t_ns", "received"), spacecraft=self._spacecraft
        )
        ends = [end for part in scan for end in _ends(_known(part))]
        return (int(min(ends)), int(max(ends))) if ends else None

    def seek(self, t_ns: int) -> None:
        """Begin with the first packet that was received at or after a time."""
        self._from_ns, self._rows = t_ns - _LATE_NS, None
        self._received = np.empty(0, np.int64)
        while (found := self.next_ns()) is not None and found < t_ns:
            self._drop(int(np.searchsorted(self._received, t_ns)))

    def next_ns(self) -> int | None:
        """Return when the next packet was received."""
        while (start_ns := self._following()) is not None and not (
            len(self._received) and self._received[0] < start_ns
        ):
            self._load(start_ns)
        return int(self._received[0]) if len(self._received) else None

    def take(self, until_ns: int) -> Piece | None:
        """Return packets that were received before a time."""
        if self.next_ns() is None or self._rows is None:
            return None
        stop = min(int(np.searchsorted(self._received, until_ns)), _PIECE_PACKETS)
        start_ns = self._following()
        if start_ns is not None:  # what is read next may come between the others
            stop = min(stop, int(np.searchsorted(self._received, start_ns)))
        if not stop:
            return None
        rows, received_ns = self._rows.slice(0, stop), self._received[:stop]
        self._drop(stop)
        packets = self._packets(rows, received_ns)
        return Piece(self._link, int(received_ns[0]), int(received_ns[-1]), packets=packets)

    def _drop(self, rows: int) -> None:
        assert self._rows is not None
        self._rows, self._received = self._rows.slice(rows), self._received[rows:]

    def _following(self) -> int | None:
        """Return the next time from which on there are packets to read; None at the end."""
        first, last = self._windows
        left = last >= self._from_ns
        return max(self._from_ns, int(first[left].min())) if left.any() else None

    def _load(self, start_ns: int) -> None:
        """Read the packets of the next slice of time, in order of reception with those at hand."""
        self._from_ns = start_ns + _SLICE_NS
        span = {"start_ns": start_ns, "end_ns": self._from_ns}
        timed = self._store.read(
            self._realm, "packets", columns=_COLUMNS, spacecraft=self._spacecraft, **span
        )
        parts = [*([self._rows] if self._rows is not None else []), timed]
        parts += self._untimed(start_ns)
        rows = pa.concat_tables([each for each in parts if len(each)] or [timed])
        known = _known(rows)
        order = np.lexsort((tables.numbers(rows["offset"]).values, known))
        self._rows, self._received = rows.take(pa.array(order)), known[order]

    def _untimed(self, start_ns: int) -> Iterator[pa.Table]:
        """Yield packets without a generation time; segments are among them."""
        received_ns = start_ns, self._from_ns - 1
        for part in self._store.scan_untimed(
            self._realm, "packets", columns=_COLUMNS, received_ns=received_ns
        ):
            if self._spacecraft is None:
                yield part
            else:
                names = part["spacecraft"].cast(pa.string())
                yield part.filter(pc.is_in(names, pa.array(self._spacecraft)))

    def _packets(self, rows: pa.Table, received_ns: Int64) -> Packets:
        octets = rows["octets"].to_pylist()
        length = np.array([len(each) for each in octets], np.int64)
        arena = np.frombuffer(b"".join(octets) + bytes(ARENA_PADDING), np.uint8).copy()
        names = rows["spacecraft"].to_pylist()
        return packet.describe(
            arena,
            np.cumsum(length) - length,
            length,
            encapsulation=True,
            scid=np.array([self._scid(name) for name in names], np.int32),
            vcid=tables.numbers(rows["vcid"]).values.astype(np.int16),
            source=received_ns.copy(),
            flags=tables.numbers(rows["flags"]).values.astype(np.uint8) & np.uint8(packet.BAD_CRC),
        )

    def _scid(self, name: str) -> int:
        """Return the id in the frames of a spacecraft, which may be named by nothing else."""
        number = name.removeprefix(UNKNOWN.format(""))
        return self._scids.get(name, int(number) if number.isdecimal() else -1)


def _known(rows: pa.Table) -> Int64:
    """Return when packets were received, or else generated, TAI; 0 where neither is known."""
    unix_ns = tables.numbers(rows["received"].cast(pa.int64()))
    t_ns: Int64 = tables.numbers(rows["t_ns"]).values
    if unix_ns.valid is None:
        return times.utc_to_tai_ns(unix_ns.values)
    return np.where(unix_ns.valid, times.utc_to_tai_ns(unix_ns.values), t_ns)


def _ends(known: Int64) -> tuple[int, ...]:
    known = known[known != 0]
    return (int(known.min()), int(known.max())) if len(known) else ()


def _windows(store: View, realm: str) -> tuple[Int64, Int64]:
    """Return first and last times of stretches in which a realm has packets, sorted by neither.

    A clock that was wrong for a packet leaves centuries between them.
    """
    found = [
        (each.t0_ns, each.t1_ns)
        for each in store.appended(0, _ALL)
        if (each.realm, each.table) == (realm, "packets") and each.t0_ns is not None
    ]
    both = np.array(found, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]
