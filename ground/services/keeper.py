"""What waits to be in the archive: rows, how far each journal was taken, and notes, together.

How it works: everything that was taken since the last commit goes in one append, so that the
archive's rows and its cursors always agree. Where the archive cannot take it (the disk is full,
say), it waits in memory, nothing is acknowledged, and the caller takes no more until it is in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError, Source
from ground.services.chain import Tables, joined

LARGEST = 64 << 20  # octets that wait, before they are committed ahead of time
PACKETS = 50_000  # that wait: well within what `Recent` remembers
LIVE = "live"  # in place of a digest of settings: a cursor outlives a change of the mission
_ANCHOR = "anchor/"


class Keeper:
    """The writer of one realm's rows.

    Attributes:
        failed: why the archive took nothing at the last try; "" where it did.
        waiting: octets that wait.
    """

    def __init__(self, store: EmbeddedStore, realm: str) -> None:
        self.failed = ""
        self.waiting = 0
        self._store, self._realm = store, realm
        self._packets = 0
        self._parts: list[Tables] = []
        self._cursors: dict[str, Source] = {}
        self._notes: dict[str, bytes | None] = {}

    def cursor(self, journal: str) -> tuple[int, int]:
        """Return how far a journal was taken, and from where to read again to be in that state."""
        found = self._store.source(self._realm, digest(journal), LIVE)
        position = 0 if found is None else found.offset
        note = self._store.note(self._realm, _ANCHOR + journal)
        return position, min(position, int(note)) if note is not None else position

    def add(self, tables: Tables) -> None:
        """Take rows; they wait for the next commit."""
        self._parts.append(tables)
        self._packets += tables["packets"].num_rows if "packets" in tables else 0
        self.waiting += sum(table.get_total_buffer_size() for table in tables.values())

    def move(self, journal: str, position: int, anchor: int) -> None:
        """Note how far a journal was taken."""
        self._cursors[journal] = Source(digest(journal), LIVE, journal, 0, position)
        self._notes[_ANCHOR + journal] = str(anchor).encode()

    def note(self, notes: Mapping[str, bytes | None]) -> None:
        """Take notes by key; None deletes one."""
        self._notes.update(notes)

    @property
    def full(self) -> bool:
        """Whether it is time to commit before the clock says so."""
        return self.waiting > LARGEST or self._packets > PACKETS

    def commit(self) -> dict[str, int]:
        """Append all that waits and return how far each journal is in the archive now.

        Where the archive refuses, it all waits on, `failed` says why, and nothing is returned.
        """
        if not (self._parts or self._cursors or self._notes):
            return {}
        tables = joined(self._parts)
        self._parts = [tables]
        try:
            self._store.append(
                self._realm, tables, cursors=list(self._cursors.values()), notes=self._notes
            )
        except ArchiveError as error:
            self.failed = str(error)
            return {}
        self.failed = ""
        moved = {name: source.offset for name, source in self._cursors.items()}
        self._parts, self._cursors, self._notes = [], {}, {}
        self.waiting = self._packets = 0
        return moved


def digest(journal: str) -> str:
    """Return what names a journal among the sources of an archive."""
    return hashlib.sha256(f"journal:{journal}".encode()).hexdigest()
