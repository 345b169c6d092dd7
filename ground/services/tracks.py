"""What a replay plays: the journal of a link, or the packets that an archive holds.

Each track gives pieces in the order in which they were received, and says when the next one was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.archive import journal
from ground.archive.journal_records import Records
from ground.archive.view import View
from ground.services import tables
from protocols import packet, times
from protocols.frame import ARENA_PADDING
from protocols.packet import Packets

PIECE_OCTETS = 256 << 10
_SLICE_NS = 600 * 10**9  # of an archive that is held at once
_COLUMNS = ("spacecraft", "t_ns", "received", "vcid", "flags", "source", "offset", "octets")
_LATE_NS = 86_400 * 10**9  # a packet may be received so much later than it was generated


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to play next, of one link: records, or packets with their reception times."""

    link: str
    last_ns: int
    records: Records | None = None
    packets: Packets | None = None
    received_ns: NDArray[np.int64] | None = None


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
        return Piece(self._link, int(taken.received_ns[-1]), records=taken)


class ArchiveTrack:
    """The packets that an archive holds of a realm, as if they came over one link again.

    Packets without a generation time are not played: nothing says where in time they lie.
    """

    def __init__(
        self,
        store: View,
        realm: str,
        link: str,
        scids: dict[str, int],
        span_ns: tuple[int, int],
        spacecraft: Sequence[str] | None = None,
    ) -> None:
        self._store, self._realm, self._link = store, realm, link
        self._scids, self._spacecraft = scids, spacecraft
        self._start_ns, self._end_ns = span_ns
        self._from_ns = self._start_ns
        self._rows: pa.Table | None = None
        self._received = np.empty(0, np.int64)

    def seek(self, t_ns: int) -> None:
        """Begin with the first packet that was received at or after a time."""
        self._from_ns, self._rows = max(self._start_ns, t_ns - _LATE_NS), None
        self._received = np.empty(0, np.int64)
        while (found := self.next_ns()) is not None and found < t_ns:
            self._drop(int(np.searchsorted(self._received, t_ns)))

    def next_ns(self) -> int | None:
        """Return when the next packet was received."""
        while not len(self._received) and self._from_ns < self._end_ns:
            self._load()
        return int(self._received[0]) if len(self._received) else None

    def take(self, until_ns: int) -> Piece | None:
        """Return packets that were received before a time."""
        if self.next_ns() is None or self._rows is None:
            return None
        stop = min(int(np.searchsorted(self._received, until_ns)), 1000)
        if not stop:
            return None
        rows, received_ns = self._rows.slice(0, stop), self._received[:stop]
        self._drop(stop)
        packets = self._packets(rows)
        return Piece(self._link, int(received_ns[-1]), packets=packets, received_ns=received_ns)

    def _drop(self, rows: int) -> None:
        assert self._rows is not None
        self._rows, self._received = self._rows.slice(rows), self._received[rows:]

    def _load(self) -> None:
        """Read the packets generated in the next slice of time, in order of reception."""
        end_ns = min(self._from_ns + _SLICE_NS, self._end_ns)
        found = self._store.read(
            self._realm,
            "packets",
            columns=_COLUMNS,
            spacecraft=self._spacecraft,
            start_ns=self._from_ns,
            end_ns=end_ns,
        )
        self._from_ns = end_ns
        received = found["received"].cast(pa.int64()).fill_null(0).to_numpy()
        t_ns = found["t_ns"].to_numpy()
        known = np.where(received == 0, t_ns, times.utc_to_tai_ns(received))
        order = np.lexsort((tables.numbers(found["offset"]).values, known))
        self._rows, self._received = found.take(pa.array(order)), known[order]

    def _packets(self, rows: pa.Table) -> Packets:
        octets = rows["octets"].to_pylist()
        length = np.array([len(each) for each in octets], np.int64)
        arena = np.frombuffer(b"".join(octets) + bytes(ARENA_PADDING), np.uint8).copy()
        names = rows["spacecraft"].to_pylist()
        return packet.describe(
            arena,
            np.cumsum(length) - length,
            length,
            encapsulation=True,
            scid=np.array([self._scids.get(name, -1) for name in names], np.int32),
            vcid=tables.numbers(rows["vcid"]).values.astype(np.int16),
            source=np.arange(len(rows), dtype=np.int64),
            flags=tables.numbers(rows["flags"]).values.astype(np.uint8) & np.uint8(packet.BAD_CRC),
        )
