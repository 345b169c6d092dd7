"""Reading a table: files from the catalogue, row groups by their statistics, rows in order.

The catalogue may replace files while they are read (a hot tail becomes a segment, segments become
day files). A file that is gone when it is opened means that the catalogue now names another with
the same rows, so the reading starts again from the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from ground.archive import disk, hot, rows, schemas
from ground.archive.catalogue import HOT, Catalogue, File
from ground.archive.open_files import OpenFiles
from ground.archive.rows import NO_DAY, Span, Window
from ground.archive.store import ArchiveError, TableInfo
from ground.errors import InputError

WINDOW_OCTETS = 64 << 20  # rows held at once by a scan, about
_SORTED_BY = ("spacecraft", "t_ns", "sequence")


class Reader:
    """Reads the tables that a catalogue names."""

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        self.root = root
        self._catalogue = catalogue
        self.files = OpenFiles(root, catalogue)

    def schema(self, realm: str, name: str) -> pa.Schema:
        """Return the columns of a table over all its files.

        Raises:
            InputError: there is no such table.
        """
        disk.realm_folder(self.root, realm)
        names = self._catalogue.schema_names(realm, name)
        if not names:
            raise InputError(f"{self.root}: realm {realm} has no table {name!r}")
        return schemas.union(self._catalogue.schema(each) for each in names)

    def tables(self, realm: str | None) -> list[TableInfo]:
        """Return what tables there are, in a realm or in all."""
        found: dict[tuple[str, str], list[Span]] = {}
        with self._catalogue.view():
            for each, name, part in self._catalogue.summaries(realm):
                found.setdefault((each, name), []).append(part)
            return [_info(*key, parts, self.schema(*key)) for key, parts in found.items()]

    def read(
        self, realm: str, name: str, columns: Sequence[str] | None, window: Window
    ) -> pa.Table:
        """Return the rows of a window, sorted; no spacecraft named means all."""
        wanted = self._wanted(realm, name, columns)

        gone = ""
        while True:
            try:
                files = [file for file, _ in self._pick(realm, name, window)]
                read = self.rows(files, wanted, window)
                return read.select(wanted.names if columns is None else columns)
            except FileNotFoundError as error:
                gone = once(error, gone)

    def rows(self, files: Sequence[File], schema: pa.Schema, window: Window) -> pa.Table:
        """Return the rows that these files hold in a window, sorted, with these columns."""
        parts = [part for file in files for part in self.parts(file, schema, window)]
        joined = pa.concat_tables(parts) if parts else schema.empty_table()
        return rows.ordered(joined.unify_dictionaries().combine_chunks())

    def parts(self, file: File, schema: pa.Schema, window: Window) -> Iterator[pa.Table]:
        """Yield what a file holds in a window, in the order in which it lies there."""
        if file.kind == HOT:
            read: Iterator[pa.Table] = iter([hot.read(self.root, file, schema.names)])
        else:
            read = self.files.read(file, schema.names, window)
        for table in read:
            kept = rows.within(table, window)
            if len(kept):
                yield schemas.conform(kept, schema)

    def scan(
        self, realm: str, name: str, columns: Sequence[str] | None, window: Window
    ) -> Iterator[pa.Table]:
        """Yield the rows of a window in order, a bounded number at a time."""
        wanted = self._wanted(realm, name, columns)
        for part in windows(self._pick(realm, name, window), window, WINDOW_OCTETS):
            tables = self._untimed(realm, name, wanted, part) if part.day == NO_DAY else None
            for table in tables or [self.read(realm, name, wanted.names, part)]:
                yield table.select(wanted.names if columns is None else columns)

    def _untimed(
        self, realm: str, name: str, wanted: pa.Schema, window: Window
    ) -> Iterator[pa.Table]:
        """Yield rows without a time in pieces; when files change, skip what has been given."""
        given, gone = 0, ""
        while True:
            try:
                for piece in self._pieces(realm, name, wanted, window, given):
                    given += len(piece)
                    yield piece
                return
            except FileNotFoundError as error:
                gone = once(error, gone)

    def _pieces(
        self, realm: str, name: str, wanted: pa.Schema, window: Window, skip: int
    ) -> Iterator[pa.Table]:
        for file, _ in self._pick(realm, name, window):
            for part in self.parts(file, wanted, window):
                if skip < len(part):
                    yield part.slice(skip)
                skip = max(0, skip - len(part))

    def first(
        self,
        realm: str,
        name: str,
        columns: Sequence[str] | None,
        window: Window | None,
        limit: int,
    ) -> pa.Table:
        """Return the first rows of a window; none of no window."""
        wanted = self._wanted(realm, name, columns)
        found, count = [wanted.empty_table()], 0
        for part in self.scan(realm, name, wanted.names, window) if window and limit else ():
            found.append(part)
            count += len(part)
            if count >= limit:
                break
        joined = pa.concat_tables(found).slice(0, limit).unify_dictionaries().combine_chunks()
        return joined.select(wanted.names if columns is None else columns)

    def _wanted(self, realm: str, name: str, columns: Sequence[str] | None) -> pa.Schema:
        """Return the columns to read: those wanted and those that rows are sorted by."""
        schema = self.schema(realm, name)
        if columns is None:
            return schema
        unknown = [column for column in columns if column not in schema.names]
        if unknown:
            raise InputError(f"table {name!r} of realm {realm} has no column {unknown[0]!r}")
        needed = [*_SORTED_BY, *(column for column in columns if column not in _SORTED_BY)]
        return pa.schema([schema.field(column) for column in dict.fromkeys(needed)])

    def _pick(self, realm: str, name: str, window: Window) -> list[tuple[File, list[Span]]]:
        return self._catalogue.pick(realm, name, window)


def _info(realm: str, name: str, parts: Sequence[Span], schema: pa.Schema) -> TableInfo:
    return TableInfo(
        realm=realm,
        name=name,
        rows=sum(part.rows for part in parts),
        t0_ns=min((part.t0_ns for part in parts if part.t0_ns is not None), default=None),
        t1_ns=max((part.t1_ns for part in parts if part.t1_ns is not None), default=None),
        spacecraft=tuple(part.spacecraft for part in parts),
        columns=tuple(schema.names),
    )


def once(error: FileNotFoundError, before: str) -> str:
    """Return which file is gone, so that the reader asks the catalogue again.

    Raises:
        ArchiveError: it was this one before, so it is missing for good.
    """
    gone = str(error.filename)
    if gone == before:
        raise missing(error) from error
    return gone


def missing(error: FileNotFoundError) -> ArchiveError:
    """Return what to tell of a file that is missing for good."""
    return ArchiveError(f"{error.filename}: the catalogue names this file and it is missing")


def windows(
    picked: Sequence[tuple[File, list[Span]]], window: Window, octets: int
) -> Iterator[Window]:
    """Cut what the files hold into windows of about so many octets, in the order of the rows.

    Small spacecraft share a window; a large one is cut by time, its rows without a time last.
    """
    total = sum(file.rows for file, _ in picked)
    limit = max(1, octets * total // max(1, sum(file.memory for file, _ in picked)))
    held: dict[str, list[Span]] = {}
    for _, spans in picked:
        for span in spans:
            held.setdefault(span.spacecraft, []).append(span)
    together: list[str] = []
    count = 0
    for name in sorted(held):
        size = sum(span.rows for span in held[name])
        if together and count + size > limit:
            yield replace(window, spacecraft=tuple(together))
            together, count = [], 0
        if size > limit:
            yield from _by_time(replace(window, spacecraft=(name,)), held[name], limit)
        else:
            together.append(name)
            count += size
    if together:
        yield replace(window, spacecraft=tuple(together))


def _by_time(window: Window, spans: Sequence[Span], limit: int) -> Iterator[Window]:
    """Cut the rows of one spacecraft by time, as if they lay evenly within each span."""
    cuts = sorted(cut for span in spans for cut in _cuts(span, limit))
    begin, count = None, 0
    for start, size in cuts:
        if begin is None:
            begin = start if window.start_ns is None else window.start_ns
        elif count + size > limit and start > begin:
            yield replace(window, start_ns=begin, end_ns=start)
            begin, count = start, 0
        count += size
    if begin is not None:
        last = max(span.t1_ns for span in spans if span.t1_ns is not None) + 1
        yield replace(
            window, start_ns=begin, end_ns=last if window.end_ns is None else window.end_ns
        )
    if any(span.t0_ns is None for span in spans):
        yield replace(window, day=NO_DAY)


def _cuts(span: Span, limit: int) -> list[tuple[int, int]]:
    """Return (start, rows) of the even parts of a span, none with more rows than a quarter."""
    if span.t0_ns is None or span.t1_ns is None:
        return []
    parts = min(-(-4 * span.rows // limit), span.t1_ns - span.t0_ns + 1)
    length = span.t1_ns - span.t0_ns + 1
    return [(span.t0_ns + length * part // parts, span.rows // parts + 1) for part in range(parts)]
