"""The small records beside the files: newest rows, how far sources got, notes of services.

And which spacecraft share a day file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from ground.archive.store import Source

TABLES = """CREATE TABLE latest (
    realm TEXT NOT NULL, name TEXT NOT NULL, spacecraft TEXT NOT NULL, t_ns INTEGER,
    schema TEXT NOT NULL, octets BLOB NOT NULL,
    PRIMARY KEY (realm, name, spacecraft)) WITHOUT ROWID;
CREATE TABLE sources (
    realm TEXT NOT NULL, sha256 TEXT NOT NULL, settings TEXT NOT NULL, path TEXT NOT NULL,
    size INTEGER NOT NULL, offset INTEGER NOT NULL, finished INTEGER NOT NULL,
    PRIMARY KEY (realm, sha256, settings)) WITHOUT ROWID;
CREATE TABLE crews (
    realm TEXT NOT NULL, name TEXT NOT NULL, spacecraft TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (realm, name, spacecraft)) WITHOUT ROWID;
"""

NOTES = """CREATE TABLE notes (
    realm TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (realm, key)) WITHOUT ROWID;
"""


class Records:
    """Records in the catalogue's database; whatever puts some must be inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put_latest(
        self, realm: str, name: str, schema: str, rows: Iterable[tuple[str, int | None, bytes]]
    ) -> None:
        """Store (spacecraft, t_ns, octets) where none newer is stored."""
        self._connection.executemany(
            "INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "t_ns = excluded.t_ns, schema = excluded.schema, octets = excluded.octets "
            "WHERE latest.t_ns IS NULL OR excluded.t_ns >= latest.t_ns",
            [(realm, name, spacecraft, t_ns, schema, octets) for spacecraft, t_ns, octets in rows],
        )

    def latest(
        self, realm: str, name: str | None, spacecraft: Sequence[str] | None
    ) -> list[tuple[str, str, bytes]]:
        """Return (table, schema digest, octets) of newest rows, by table and spacecraft."""
        query = (
            "SELECT name, schema, octets FROM latest WHERE realm = ? AND (name = ? OR ? IS NULL)"
        )
        values: list[str | None] = [realm, name, name]
        if spacecraft is not None:
            query += f" AND spacecraft IN ({', '.join('?' * len(spacecraft))})"
            values += spacecraft
        return list(self._connection.execute(query + " ORDER BY name, spacecraft", values))

    def put_source(self, realm: str, source: Source) -> None:
        """Store how far a source got."""
        values = (source.sha256, source.settings, source.path, source.size, source.offset)
        self._connection.execute(
            "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?)",
            (realm, *values, source.finished),
        )

    def sources(self, realm: str, sha256: str = "", settings: str = "") -> list[Source]:
        """Return the sources of a realm, or the one that is named."""
        query = (
            "SELECT sha256, settings, path, size, offset, finished FROM sources WHERE realm = ? "
            "AND (? = '' OR (sha256 = ? AND settings = ?)) ORDER BY path, sha256, settings"
        )
        rows = self._connection.execute(query, (realm, sha256, sha256, settings))
        return [
            Source(sha256, settings, path, size, offset, bool(finished))
            for sha256, settings, path, size, offset, finished in rows
        ]

    def put_notes(self, realm: str, notes: Mapping[str, bytes | None]) -> None:
        """Store values by key; None forgets what was stored."""
        gone = [(realm, key) for key, value in notes.items() if value is None]
        kept = [(realm, key, value) for key, value in notes.items() if value is not None]
        self._connection.executemany("DELETE FROM notes WHERE realm = ? AND key = ?", gone)
        self._connection.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", kept)

    def note(self, realm: str, key: str) -> bytes | None:
        """Return the value of a key."""
        query = "SELECT value FROM notes WHERE realm = ? AND key = ?"
        row = self._connection.execute(query, (realm, key)).fetchone()
        return None if row is None else bytes(row[0])

    def notes(self, realm: str, prefix: str) -> dict[str, bytes]:
        """Return the values of all keys with this prefix, by key."""
        query = (
            "SELECT key, value FROM notes WHERE realm = ? AND substr(key, 1, ?) = ? ORDER BY key"
        )
        rows = self._connection.execute(query, (realm, len(prefix), prefix))
        return {key: bytes(value) for key, value in rows}

    def crews(self, realm: str, name: str) -> dict[str, int]:
        """Return which spacecraft share a day file, by the number of the file."""
        query = "SELECT spacecraft, number FROM crews WHERE realm = ? AND name = ?"
        return dict(self._connection.execute(query, (realm, name)))

    def put_crews(self, realm: str, name: str, crews: dict[str, int]) -> None:
        """Store which spacecraft share a day file."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO crews VALUES (?, ?, ?, ?)",
            [(realm, name, spacecraft, number) for spacecraft, number in crews.items()],
        )
