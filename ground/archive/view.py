"""An archive as its readers see it: tables, rows, newest rows, sources and databases.

A writer reads in the same way (`embedded`), so it sees what it has appended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from ground.archive import databases, disk, newest
from ground.archive.catalogue import Catalogue
from ground.archive.identities import Identities, Known
from ground.archive.reading import Reader
from ground.archive.rows import NO_DAY, Window
from ground.archive.store import Appended, Damage, Progress, Source, TableInfo
from ground.archive.verify import verify
from protocols import times


class View:
    """What can be asked of an archive that is open; belongs to one thread."""

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        self._root = root
        self._catalogue = catalogue
        self._reader = Reader(root, catalogue)
        self._known = Known(catalogue, self._reader)

    def close(self) -> None:
        """Close all files."""
        self._reader.files.close()
        self._catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def tables(self, realm: str | None = None) -> list[TableInfo]:
        """Return what tables there are, in a realm or in all."""
        with disk.reporting("listing tables", self._root):
            return self._reader.tables(realm)

    def schema(self, realm: str, table: str) -> pa.Schema:
        """Return a table's columns, over all that was ever appended to it.

        Raises:
            InputError: there is no such table.
        """
        with disk.reporting(f"reading {table}", self._root):
            return self._reader.schema(realm, table)

    def read(
        self,
        realm: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        spacecraft: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Return rows sorted by (spacecraft, t_ns, sequence), the hot tail among them.

        Args:
            columns: those wanted, in this order; None is all. A file from before a column
                existed gives nulls.
            spacecraft: names; None is all.
            start_ns, end_ns: [start_ns, end_ns) of t_ns; naming either leaves out rows without.
            limit: the first so many rows.

        Raises:
            InputError: there is no such table or column.
            ArchiveError: a file that is needed is damaged; the message names it.
        """
        with disk.reporting(f"reading {table}", self._root):
            window = _window(spacecraft, start_ns, end_ns)
            if window is None or limit is not None:
                return self._reader.first(realm, table, columns, window, limit or 0)
            return self._reader.read(realm, table, columns, window)

    def scan(
        self,
        realm: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        spacecraft: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[pa.Table]:
        """Yield the rows that `read` returns, in order, a bounded number at a time."""
        with disk.reporting(f"reading {table}", self._root):
            window = _window(spacecraft, start_ns, end_ns)
            if window is not None:
                yield from self._reader.scan(realm, table, columns, window)

    def scan_untimed(
        self,
        realm: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        received_ns: tuple[int, int],
    ) -> Iterator[pa.Table]:
        """Yield rows without a generation time that were received in a span, inclusive, in pieces.

        Of each spacecraft in order of arrival. Such rows lie all over an archive, and all of the
        table's are looked through.

        Args:
            columns: those wanted, `time` and `received` among them; None is all.
            received_ns: first and last, TAI.
        """
        first, last = (int(times.tai_to_utc_ns(each)) for each in received_ns)
        window = Window(day=NO_DAY, received=(first, last))
        with disk.reporting(f"reading {table}", self._root):
            yield from self._reader.scan(realm, table, columns, window)

    def latest(
        self, realm: str, table: str | None = None, spacecraft: Sequence[str] | None = None
    ) -> dict[str, pa.Table]:
        """Return the newest row of each spacecraft, by table; rows sorted by spacecraft.

        The newest is the one with the largest t_ns; of equal ones, and where no row has a time,
        the one appended last.
        """
        with disk.reporting("reading the latest values", self._root):
            return newest.get(self._catalogue, realm, table, spacecraft)

    def source(self, realm: str, sha256: str, settings: str) -> Source | None:
        """Return how far a source got, or None where it was never seen."""
        with disk.reporting("looking for a source", self._root):
            found = self._catalogue.records.sources(realm, sha256, settings)
        return found[0] if found else None

    def sources(self, realm: str) -> list[Source]:
        """Return all sources of a realm, by path."""
        with disk.reporting("listing sources", self._root):
            return self._catalogue.records.sources(realm)

    def note(self, realm: str, key: str) -> bytes | None:
        """Return what a service noted under a key, or None."""
        with disk.reporting("reading a note", self._root):
            return self._catalogue.records.note(realm, key)

    def notes(self, realm: str, prefix: str = "") -> dict[str, bytes]:
        """Return the notes of a realm whose keys begin with `prefix`, by key."""
        with disk.reporting("reading notes", self._root):
            return self._catalogue.records.notes(realm, prefix)

    def appended(self, after: int, limit: int) -> list[Appended]:
        """Return the entries of the log of appends behind a serial, oldest first (`appends`)."""
        with disk.reporting("reading the log of appends", self._root):
            return self._catalogue.appends.after(after, limit)

    def appended_last(self) -> int:
        """Return the serial of the log's newest entry; 0 where nothing was appended."""
        with disk.reporting("reading the log of appends", self._root):
            return self._catalogue.appends.last()

    def verify(self, progress: Progress | None = None) -> list[Damage]:
        """Return the files that are not as they were written, and what is wrong; reads them all.

        Args:
            progress: called with octets checked so far and octets to check.
        """
        with disk.reporting("verifying", self._root):
            return verify(self._root, self._catalogue, progress)

    def identities(
        self,
        realm: str,
        spacecraft: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        *,
        table: str = "packets",
        timed: bool = True,
        untimed: bool = True,
    ) -> Identities:
        """Return what is stored of a time and of no time, to ask whether a packet is among it.

        Files that overlap the time are read once and remembered, so asking again costs little.
        The answer holds for what was appended before; it may know more than was asked for.

        Args:
            spacecraft: names; None is all.
            start_ns, end_ns: [start_ns, end_ns) of t_ns; None is without an end.
            timed: whether rows with a time are asked about; without, that time is not read.
            untimed: whether rows without one are; they lie all over an archive.
        """
        with disk.reporting(f"reading {table}", self._root):
            asked = [_window(spacecraft, start_ns, end_ns)] if timed else []
            if untimed:
                asked.append(_window(spacecraft, day=NO_DAY))
            return self._known.find(realm, table, [window for window in asked if window])

    def database_files(self, digest: str) -> dict[str, bytes]:
        """Return the sources of a mission database by name; empty where there is none."""
        with disk.reporting("reading a mission database", self._root):
            return databases.files(self._root, digest)


def _window(
    spacecraft: Sequence[str] | None,
    start_ns: int | None = None,
    end_ns: int | None = None,
    day: str | None = None,
) -> Window | None:
    """Return what to read; None where no spacecraft is wanted."""
    if spacecraft is not None and not spacecraft:
        return None
    return Window(tuple(spacecraft or ()), start_ns, end_ns, day)
