"""What is to be sent: lines for each new window of the archive, and how far they reach.

The log of appends (`archive.appends`) tells which tables got rows in which windows. A round takes
some entries of it and gives the windows' rows as lines, then the minutes that are due, then the
serial up to which everything has been given.

Measurements are the archive's tables: a packet type's path for its samples, with `@1m` behind it
for its minutes, `alarms`, `events` and `status`. Tags are `realm`, `spacecraft`, those of `TAGS`,
and `stamp=received` on rows that have no generation time and stand at their reception.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from ground.archive import influx_lines
from ground.archive.embedded import EmbeddedStore
from ground.archive.influx_lines import Lines
from ground.archive.store import Appended, ArchiveError
from ground.services import influx_rollups, influx_values
from ground.services.influx_pending import MINUTE_NS, Pending, Stretch
from ground.services.library import Library
from protocols import times

ROUND_ENTRIES = 256
ROUND_ROWS = 200_000
TAGS = {"alarms": ("parameter",), "events": ("kind", "source"), "status": ("service",)}
CLOSE_NS = MINUTE_NS
HOUR_NS = 60 * MINUTE_NS
_NOT_SENT = ("t_ns", "received", "database")


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of a table between two times, inclusive, TAI; of rows without one, by reception."""

    table: str
    untimed: bool
    t0_ns: int
    t1_ns: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines to send; or, once all before it are sent, the serial to store."""

    lines: Lines | None = None
    serial: int = 0


class Feed:
    """Reads one realm of an archive from a serial on; belongs to the thread that reads.

    Attributes:
        read: serial of the last entry that was taken.
        dropped: rows that were given no line, by reason.
        damage: what of the archive could not be read, the last message.
    """

    def __init__(
        self, store: EmbeddedStore, realm: str, content: Literal["summary", "samples"], serial: int
    ) -> None:
        self._store = store
        self._library = Library(store)
        self._realm = realm
        self._samples = content == "samples"
        self._pending = Pending()
        self.read = serial
        self.dropped = Counter[str]()
        self.damage = ""

    @property
    def waiting(self) -> int:
        """How many stretches of minutes wait to be closed."""
        return len(self._pending)

    def behind(self) -> int:
        """Return how many entries of the log, at most, have not been taken."""
        return max(0, self._store.appended_last() - self.read)

    def round(self, now: int, utc_ns: int, *, finish: bool = False) -> Iterator[Piece]:
        """Yield what there is to send, and last the serial that it reaches; nothing if none is.

        Args:
            now: monotonic, ns.
            utc_ns: time of day, Unix ns.
            finish: do not wait for minutes to be closed.
        """
        entries = self._take()
        mine = [entry for entry in entries if entry.realm == self._realm]
        for entry in mine:
            self._touch(entry, now)
        for window in merged(entry for entry in mine if self._is_sent(entry.table)):
            yield from self._guarded(window, self._rows(window))
        late = now + (1 << 62) if finish else now
        stretches = self._pending.due(late, utc_ns)
        for stretch in stretches:
            yield from self._guarded(stretch, self._minutes(stretch))
        if entries or stretches:
            oldest = self._pending.oldest()
            yield Piece(serial=self.read if oldest is None else oldest - 1)

    def _take(self) -> list[Appended]:
        taken, rows = [], 0
        for entry in self._store.appended(self.read, ROUND_ENTRIES):
            taken.append(entry)
            rows += entry.rows
            if rows >= ROUND_ROWS:
                break
        self.read = taken[-1].serial if taken else self.read
        return taken

    def _touch(self, entry: Appended, now: int) -> None:
        """Note which minutes are to be rolled up."""
        packet_type = influx_values.is_packet_type(entry.table)
        if entry.t0_ns is None or entry.t1_ns is None:
            if packet_type or self._is_sent(entry.table):
                self.dropped["no time"] += entry.rows
        elif packet_type:
            first, last = (
                int(times.tai_to_utc_ns(t_ns)) // MINUTE_NS for t_ns in (entry.t0_ns, entry.t1_ns)
            )
            untimed = entry.untimed > 0
            self._pending.touch(Stretch(entry.table, untimed, first, last, entry.serial, now, now))

    def _is_sent(self, table: str) -> bool:
        return table in TAGS or (self._samples and influx_values.is_packet_type(table))

    def _guarded(self, what: Window | Stretch, lines: Iterator[Lines]) -> Iterator[Piece]:
        """Yield lines; where the archive is damaged, what can be read, and go on behind it."""
        try:
            yield from (Piece(each) for each in lines if each.given)
        except ArchiveError as error:
            self.damage = f"{what.table}: {error}"
            self.dropped["archive damaged"] += 1

    def _rows(self, window: Window) -> Iterator[Lines]:
        """Yield the rows of a window as lines."""
        tags = ("spacecraft", *TAGS.get(window.table, ()))
        for rows in self._read(window):
            for part in influx_values.pieces(influx_values.stamped(rows)):
                for made in self._values(part, window.table):
                    known = [name for name in tags if name in made.column_names]
                    labels = self._labels(window.untimed)
                    yield from influx_lines.lines(made, window.table, known, labels)

    def _values(self, rows: pa.Table, table: str) -> Iterator[pa.Table]:
        if influx_values.is_packet_type(table):
            yield from influx_values.engineering(rows, self._library, table)
        else:
            kept = [name for name in rows.column_names if name not in _NOT_SENT]
            yield rows.select(kept)

    def _minutes(self, stretch: Stretch) -> Iterator[Lines]:
        """Yield the minutes of a stretch as lines."""
        t0_ns = int(times.utc_to_tai_ns(stretch.first * MINUTE_NS))
        t1_ns = int(times.utc_to_tai_ns((stretch.last + 1) * MINUTE_NS)) - 1
        window = Window(stretch.table, stretch.untimed, t0_ns, t1_ns)
        parts = (
            made
            for rows in self._read(window)
            for part in influx_values.pieces(influx_values.ordered(rows))
            for made in influx_values.engineering(part, self._library, stretch.table)
        )
        for whole in influx_rollups.by_minute(parts):
            table = influx_rollups.rollup(whole)
            labels = self._labels(stretch.untimed)
            yield from influx_lines.lines(table, f"{stretch.table}@1m", ["spacecraft"], labels)

    def _read(self, window: Window) -> Iterator[pa.Table]:
        realm, table = self._realm, window.table
        end_ns = window.t1_ns + 1
        if not window.untimed:
            yield from self._store.scan(realm, table, start_ns=window.t0_ns, end_ns=end_ns)
            return
        for first in range(window.t0_ns, end_ns, HOUR_NS):  # in no order of time as they lie there
            span = first, min(first + HOUR_NS, end_ns) - 1
            parts = list(self._store.scan_untimed(realm, table, received_ns=span))
            if parts:
                yield pa.concat_tables(parts)

    def _labels(self, untimed: bool) -> dict[str, str]:
        return {"realm": self._realm} | ({"stamp": "received"} if untimed else {})


def merged(entries: Iterable[Appended]) -> list[Window]:
    """Return windows that cover the entries' rows, by table and time; close ones are one window.

    What lies between two of them may be sent again, which costs less than reading twice.
    """
    found: list[Window] = []
    spans = (
        Window(entry.table, entry.untimed > 0, entry.t0_ns, entry.t1_ns)
        for entry in entries
        if entry.t0_ns is not None and entry.t1_ns is not None
    )
    for span in sorted(spans, key=lambda each: (each.table, each.untimed, each.t0_ns)):
        last = found[-1] if found else None
        if (
            last is not None
            and (last.table, last.untimed) == (span.table, span.untimed)
            and span.t0_ns - last.t1_ns <= CLOSE_NS
        ):
            t1_ns = max(last.t1_ns, span.t1_ns)
            found[-1] = Window(last.table, last.untimed, last.t0_ns, t1_ns)
        else:
            found.append(span)
    return found
