"""The archive on one machine: Arrow IPC hot tail, Parquet segments and day files, SQLite catalogue.

    archive/
      catalogue.sqlite                              names every file; newest rows; sources
      databases/<digest>/...                        mission databases, exactly as they were read
      <realm>/tlm/hot/<table>/<n>.arrows            appended last, synced with each append
      <realm>/tlm/seg/<table>/<n>.parquet           flushed
      <realm>/tlm/day=YYYY-MM-DD/<table>/gNNN-<n>.parquet   compacted: at most ten spacecraft,
                                                    a row group for each

An append is written and synced to every table's stream, then committed as one transaction of the
catalogue. What the catalogue does not name is no part of the archive: a writer removes it when it
opens, so whatever a crash leaves behind goes away.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from ground.archive import databases, disk, newest, rows
from ground.archive.catalogue import HOT, Catalogue
from ground.archive.compaction import Compactor
from ground.archive.flushing import Flusher
from ground.archive.hot import Tail
from ground.archive.store import ArchiveError, Compacted, Progress, Source, Store
from ground.archive.view import View

HOT_OCTETS = 128 << 20  # rows of a table in the hot tail, in memory, before they become a segment


class EmbeddedStore(View, Store):
    """One archive, opened for reading (see `View`) or, one at a time, for writing."""

    def __init__(self, root: Path, catalogue: Catalogue, lock: int | None) -> None:
        super().__init__(root, catalogue)
        self._lock = lock
        self._tail = Tail(root, catalogue)
        self._flusher = Flusher(root, catalogue, self._reader)

    @classmethod
    def open(cls, root: Path, *, write: bool) -> EmbeddedStore:
        """Open an archive; a writer makes it where there is none and mends what a crash left.

        Raises:
            Refused: another process writes.
            ArchiveError: there is no archive to read, or none that this software knows.
        """
        with disk.reporting("opening the archive", root):
            if not write:
                return cls(root, Catalogue(root, write=False), None)
            disk.make_folder(root.absolute())
            lock = disk.lock(root)
            try:
                store = cls(root, Catalogue(root, write=True), lock)
                store._flusher.recover()
            except BaseException:
                os.close(lock)
                raise
            return store

    def close(self) -> None:
        """Close all files and let the next writer in; the hot tail stays as it is."""
        self._tail.close_all()
        super().close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def append(
        self,
        realm: str,
        tables: Mapping[str, pa.Table],
        *,
        cursor: Source | None = None,
        cursors: Sequence[Source] = (),
        notes: Mapping[str, bytes | None] = MappingProxyType({}),
    ) -> None:
        """Add rows to tables, and note how far sources got, all together or not at all.

        After the return everything is on the disk; before it, nothing is visible.

        Args:
            cursor, cursors: sources and how far they got; each replaces what was stored of it.
            notes: values by key, whatever a service must remember with these rows; None forgets.

        Raises:
            ValueError: a table's first columns are not the archive's (see `rows.checked`).
            ArchiveError: the disk is full, say. Nothing of this append is kept.
        """
        self._writing()
        disk.realm_folder(self._root, realm)
        ready = {name: rows.checked(name, table) for name, table in tables.items() if len(table)}
        with disk.reporting("appending", self._root):
            for name in ready:
                if self._tail.memory(realm, name) > HOT_OCTETS:
                    with suppress(ArchiveError):  # old rows that are damaged keep no new ones out
                        self._flush(realm, name)
            sources = [*cursors] if cursor is None else [cursor, *cursors]
            self._append(realm, ready, sources, notes)

    def _append(
        self,
        realm: str,
        tables: Mapping[str, pa.Table],
        sources: Sequence[Source],
        notes: Mapping[str, bytes | None],
    ) -> None:
        keys = [(realm, name) for name in tables]
        try:
            files = {name: self._tail.add(realm, name, table) for name, table in tables.items()}
            self._tail.sync(keys)
            with self._catalogue.transaction():
                for name, table in tables.items():
                    schema = self._catalogue.put_schema(table.schema)
                    found = rows.spans(table)
                    spans = [span for span, _ in found]
                    self._catalogue.put_file(replace(files[name], schema=schema), spans)
                    newest.put(self._catalogue, realm, name, table, found)
                    self._catalogue.appends.put(realm, name, table)
                for source in sources:
                    self._catalogue.records.put_source(realm, source)
                self._catalogue.records.put_notes(realm, notes)
        except BaseException:
            self._tail.abandon(keys)
            raise
        self._tail.commit(keys)

    def flush(self) -> None:
        """Turn the hot tail into sorted Parquet segments.

        Raises:
            ArchiveError: a hot file is damaged (the others are flushed), or the disk is full.
        """
        self._writing()
        damaged = []
        with disk.reporting("flushing", self._root):
            for realm, name in dict.fromkeys((f.realm, f.name) for f in self._catalogue.files(HOT)):
                try:
                    self._flush(realm, name)
                except ArchiveError as error:
                    damaged.append(error)
        if damaged:
            raise damaged[0]

    def _flush(self, realm: str, name: str) -> None:
        self._tail.close(realm, name)
        self._flusher.flush(realm, name)

    def compact(self, progress: Progress | None = None) -> Compacted:
        """Flush, and merge all segments into day files; what comes later is merged the next time.

        A reader sees the same rows before, while and after. Again at once, it does nothing.

        Args:
            progress: called with rows merged so far and rows to merge.

        Raises:
            ArchiveError: a file is damaged (the message names it), or the disk is full.
        """
        self.flush()
        with disk.reporting("compacting", self._root):
            return Compactor(self._root, self._catalogue, self._reader).compact(progress)

    def put_source(self, realm: str, source: Source) -> None:
        """Note how far a source got."""
        self._writing()
        disk.realm_folder(self._root, realm)
        with disk.reporting("noting a source", self._root), self._catalogue.transaction():
            self._catalogue.records.put_source(realm, source)

    def keep_database(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Store the sources of a mission database, exactly, under the digest that rows name it by.

        Storing it again changes nothing.

        Raises:
            ValueError: a digest that is not hexadecimal, or a file name that leads elsewhere.
        """
        self._writing()
        with disk.reporting("keeping a mission database", self._root):
            databases.keep(self._root, digest, files)

    def _writing(self) -> None:
        if self._lock is None:
            raise ArchiveError(f"{self._root}: the archive was opened for reading")
