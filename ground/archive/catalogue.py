"""The catalogue: which files there are, what they span, the newest rows, how far sources got.

SQLite in WAL mode: one writer, and readers that it never blocks. A file exists once its row here
is committed, so whatever is written together becomes visible together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ground.archive import appends, disk, records, schemas
from ground.archive.rows import Span, Window
from ground.archive.store import ArchiveError

NAME = "catalogue.sqlite"
VERSION = 2

HOT, SEGMENT, DAY = "hot", "segment", "day"

_TABLES = """
CREATE TABLE schemas (digest TEXT PRIMARY KEY, octets BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY, realm TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE, octets INTEGER NOT NULL, rows INTEGER NOT NULL,
    memory INTEGER NOT NULL, digest TEXT NOT NULL, footer TEXT NOT NULL, schema TEXT NOT NULL);
CREATE INDEX files_of_table ON files (realm, name, kind);
CREATE TABLE spans (
    file INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE, spacecraft TEXT NOT NULL,
    day TEXT NOT NULL, rows INTEGER NOT NULL, t0 INTEGER, t1 INTEGER,
    PRIMARY KEY (file, spacecraft, day)) WITHOUT ROWID;
CREATE TABLE sums (
    file INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE, octets BLOB NOT NULL);
CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_SECOND = f"{records.NOTES} {appends.TABLES}"  # what version 2 added


@dataclass(frozen=True, slots=True)
class File:
    """One file of a table, as the catalogue knows it.

    Attributes:
        kind: HOT (Arrow stream, growing), SEGMENT (Parquet as flushed), DAY (Parquet, compacted).
        path: relative to the archive's root.
        octets: size; of a hot file, how much of it is committed.
        memory: octets of the rows in memory, about.
        digest: SHA-256 of the file; of a hot file, the CRC-32 of what is committed.
        footer: SHA-256 of a Parquet file's footer; empty for a hot file.
        schema: digest that names the schema.
    """

    id: int
    realm: str
    name: str
    kind: str
    path: str
    octets: int
    rows: int
    memory: int
    digest: str
    footer: str
    schema: str


_COLUMNS = "id, realm, name, kind, path, octets, rows, memory, digest, footer, schema"
_PLACED = ", ".join(f"f.{column}" for column in _COLUMNS.split(", "))
_GENERATION = "CASE f.kind WHEN 'day' THEN 0 WHEN 'segment' THEN 1 ELSE 2 END, f.id"


class Catalogue:
    """One connection to the catalogue; belongs to the thread that opened it."""

    def __init__(self, root: Path, *, write: bool) -> None:
        path = root / NAME
        if not write and not path.exists():
            raise ArchiveError(f"{root}: there is no archive here")
        self._root = root
        self._connection = self._connect(path, write)
        self._schemas: dict[str, pa.Schema] = {}
        self._stored: set[str] = set()
        self._number = 0
        self.records = records.Records(self._connection)
        self.appends = appends.Appends(self._connection)
        self._check(write)

    @staticmethod
    def _connect(path: Path, write: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        connection.execute("PRAGMA foreign_keys = ON")
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        else:
            connection.execute("PRAGMA query_only = ON")
        return connection

    def _check(self, write: bool) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and write:
            if next(disk.telemetry(self._root), None) is not None:
                raise ArchiveError(
                    f"{self._root}: telemetry is here and the catalogue that names it is not; "
                    f"expected {NAME} beside it, and nothing was changed"
                )
            self._run(f"{_TABLES} {records.TABLES} {_SECOND}")
        elif version == 1 and write:
            self._run(f"{_SECOND} {appends.FROM_FILES}")
        elif version != VERSION:
            raise ArchiveError(
                f"{self._root / NAME}: version {version}; this software reads version {VERSION}"
                + ("; `ground compact` makes it so" if version == 1 else "")
            )
        row = self._connection.execute("SELECT value FROM numbers WHERE name = 'file'").fetchone()
        self._number = row[0] if row else 0

    def _run(self, script: str) -> None:
        self._connection.executescript(f"BEGIN; {script} PRAGMA user_version = {VERSION}; COMMIT;")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside as one, on disk; or nothing of it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute(
                "INSERT OR REPLACE INTO numbers VALUES ('file', ?)", (self._number,)
            )
            self._connection.execute("COMMIT")
        except BaseException:
            self._stored.clear()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def view(self) -> Iterator[None]:
        """Let the queries inside see one state of the catalogue."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def new_number(self) -> int:
        """Return a number that no file of this archive has."""
        self._number += 1
        return self._number

    # Schemas ------------------------------------------------------------------------------------

    def put_schema(self, schema: pa.Schema) -> str:
        """Store a schema, inside a transaction, and return the digest that names it."""
        name, octets = schemas.digest(schema)
        if name not in self._stored:
            self._connection.execute("INSERT OR IGNORE INTO schemas VALUES (?, ?)", (name, octets))
            self._stored.add(name)
        return name

    def schema(self, digest: str) -> pa.Schema:
        """Return a stored schema."""
        if digest not in self._schemas:
            query = "SELECT octets FROM schemas WHERE digest = ?"
            octets = self._connection.execute(query, (digest,)).fetchone()[0]
            self._schemas[digest] = pa.ipc.read_schema(pa.py_buffer(octets))
        return self._schemas[digest]

    # Files --------------------------------------------------------------------------------------

    def put_file(self, file: File, spans: Iterable[Span]) -> None:
        """Store a file, or a hot file's growth: its spans are added to those it has."""
        marks = ", ".join("?" * len(_COLUMNS.split(", ")))
        self._connection.execute(
            f"INSERT INTO files ({_COLUMNS}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET "  # noqa: S608
            "octets = excluded.octets, rows = excluded.rows, memory = excluded.memory, "
            "digest = excluded.digest",
            tuple(getattr(file, column) for column in _COLUMNS.split(", ")),
        )
        self._connection.executemany(
            "INSERT INTO spans VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "rows = rows + excluded.rows, t0 = min(t0, excluded.t0), t1 = max(t1, excluded.t1)",
            [(file.id, s.spacecraft, s.day, s.rows, s.t0_ns, s.t1_ns) for s in spans],
        )

    def put_sums(self, file: File, octets: bytes) -> None:
        """Store the checksums of a Parquet file's column chunks."""
        self._connection.execute("INSERT INTO sums VALUES (?, ?)", (file.id, octets))

    def sums(self, file: File) -> bytes:
        """Return the checksums of a Parquet file's column chunks; empty if the file is gone."""
        query = "SELECT octets FROM sums WHERE file = ?"
        row = self._connection.execute(query, (file.id,)).fetchone()
        return bytes(row[0]) if row else b""

    def committed(self, file: File) -> int:
        """Return how many octets of a file are committed; 0 where the catalogue does not name it.

        Whoever was interrupted in a transaction asks, as it may have been committed by then.
        """
        query = "SELECT octets FROM files WHERE id = ?"
        row = self._connection.execute(query, (file.id,)).fetchone()
        return int(row[0]) if row else 0

    def drop_files(self, files: Iterable[File]) -> None:
        """Forget files and what they span."""
        self._connection.executemany("DELETE FROM files WHERE id = ?", [(f.id,) for f in files])

    def files(self, *kinds: str, realm: str | None = None, name: str | None = None) -> list[File]:
        """Return the files of these kinds (all, without one), oldest generation first."""
        terms, values = ["1"], list[str]()
        if kinds:
            terms.append(f"f.kind IN ({', '.join('?' * len(kinds))})")
            values += kinds
        for column, value in (("realm", realm), ("name", name)):
            if value is not None:
                terms.append(f"f.{column} = ?")
                values.append(value)
        query = f"SELECT {_PLACED} FROM files f WHERE {' AND '.join(terms)} ORDER BY {_GENERATION}"  # noqa: S608
        return [File(*row) for row in self._connection.execute(query, values)]

    def pick(self, realm: str, name: str, window: Window) -> list[tuple[File, list[Span]]]:
        """Return the files that hold such rows, oldest generation first, with the spans that do."""
        terms, values = ["f.realm = ?", "f.name = ?"], list[str | int]([realm, name])
        if window.spacecraft:
            terms.append(f"s.spacecraft IN ({', '.join('?' * len(window.spacecraft))})")
            values += window.spacecraft
        if window.start_ns is not None:
            terms.append("s.t1 >= ?")
            values.append(window.start_ns)
        if window.end_ns is not None:
            terms.append("s.t0 < ?")
            values.append(window.end_ns)
        if window.day is not None:
            terms.append("s.day = ?")
            values.append(window.day)
        query = (
            f"SELECT {_PLACED}, s.spacecraft, s.day, s.rows, s.t0, s.t1 "  # noqa: S608
            "FROM files f CROSS JOIN spans s ON s.file = f.id "
            f"WHERE {' AND '.join(terms)} ORDER BY {_GENERATION}, s.spacecraft, s.t0"
        )
        found: dict[int, tuple[File, list[Span]]] = {}
        for row in self._connection.execute(query, values):
            _, held = found.setdefault(row[0], (File(*row[:11]), []))
            held.append(Span(*row[11:]))
        return list(found.values())

    def schema_names(self, realm: str, name: str) -> list[str]:
        """Return the digests of a table's schemas, oldest generation first."""
        query = (
            "SELECT f.schema FROM files f WHERE f.realm = ? AND f.name = ? "  # noqa: S608
            f"GROUP BY f.schema ORDER BY min({_GENERATION.split(', f.id')[0]}), min(f.id)"
        )
        return [row[0] for row in self._connection.execute(query, (realm, name))]

    def summaries(self, realm: str | None) -> list[tuple[str, str, Span]]:
        """Return (realm, table, span over all its days) for each spacecraft of each table."""
        query = (
            "SELECT f.realm, f.name, s.spacecraft, '', sum(s.rows), min(s.t0), max(s.t1) "
            "FROM files f JOIN spans s ON s.file = f.id WHERE f.realm = ? OR ? IS NULL "
            "GROUP BY f.realm, f.name, s.spacecraft ORDER BY f.realm, f.name, s.spacecraft"
        )
        rows = self._connection.execute(query, (realm, realm))
        return [(row[0], row[1], Span(*row[2:])) for row in rows]
