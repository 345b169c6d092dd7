"""The log of appends: which windows of time each append touched, for whoever follows an archive.

A follower (one that copies to InfluxDB, say) keeps the serial of the last entry that it has dealt
with and asks for those behind it. Flushing and compacting move rows between files and never touch
the log. An append is cut where its rows leave more than a minute empty, so that one packet with a
wrong time does not send a follower through all the years between.

The log is bounded: once it is long, its older half is merged, four neighbours of a table and day
into one, again and again as they grow older. A window then covers more than was asked for, never
less, so a follower that was away for a month reads some rows twice and misses none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ground.archive.store import Appended
from protocols import times

GAP_NS = 60_000_000_000  # rows farther apart than this are windows of their own
WINDOWS = 32  # of one append and table, at most
ENTRIES = 65536  # in the log, about, before the older half is merged
_CHECKED_EACH = 1024  # serials
_MERGED = 4

TABLES = """CREATE TABLE appends (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, realm TEXT NOT NULL, name TEXT NOT NULL,
    t0 INTEGER, t1 INTEGER, untimed INTEGER NOT NULL, rows INTEGER NOT NULL);
"""

FROM_FILES = """INSERT INTO appends (realm, name, t0, t1, untimed, rows)
    SELECT f.realm, f.name, min(s.t0), max(s.t1), sum(s.rows) * (s.t0 IS NULL), sum(s.rows)
    FROM files f JOIN spans s ON s.file = f.id GROUP BY f.realm, f.name, f.id, s.day ORDER BY f.id;
"""  # what an archive holds that was made before it had a log

_MERGE = f"""
CREATE TEMP TABLE merged AS
    SELECT max(serial) AS serial, realm, name, min(t0) AS t0, max(t1) AS t1,
           sum(untimed) AS untimed, sum(rows) AS rows
    FROM (SELECT *, t0 / 86400000000000 AS day, (row_number() OVER (
              PARTITION BY realm, name, untimed > 0, t0 / 86400000000000 ORDER BY serial
          ) - 1) / {_MERGED} AS part
          FROM appends WHERE serial <= :until)
    GROUP BY realm, name, untimed > 0, day, part;
DELETE FROM appends WHERE serial <= :until;
INSERT INTO appends SELECT * FROM merged;
DROP TABLE merged;
"""  # noqa: S608


class Appends:
    """The log in the catalogue's database; whatever writes must be inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, realm: str, name: str, table: pa.Table) -> None:
        """Note an append of these rows."""
        for window in windows(table):
            row = self._connection.execute(
                "INSERT INTO appends (realm, name, t0, t1, untimed, rows) VALUES (?, ?, ?, ?, ?, ?)"
                " RETURNING serial",
                (realm, name, *window),
            ).fetchone()
            if row[0] % _CHECKED_EACH == 0:
                self._bound()

    def after(self, serial: int, limit: int) -> list[Appended]:
        """Return the entries behind a serial, oldest first, at most `limit`."""
        query = "SELECT * FROM appends WHERE serial > ? ORDER BY serial LIMIT ?"
        return [Appended(*row) for row in self._connection.execute(query, (serial, limit))]

    def last(self) -> int:
        """Return the serial of the newest entry; 0 where there is none."""
        row = self._connection.execute("SELECT max(serial) FROM appends").fetchone()
        return int(row[0] or 0)

    def _bound(self) -> None:
        """Merge the older half of the log where it has become long."""
        [count] = self._connection.execute("SELECT count(*) FROM appends").fetchone()
        if count <= ENTRIES:
            return
        [until] = self._connection.execute(
            "SELECT serial FROM appends ORDER BY serial LIMIT 1 OFFSET ?", (ENTRIES // 2,)
        ).fetchone()
        for statement in _MERGE.strip().split(";")[:-1]:
            values = {"until": until} if ":until" in statement else {}
            self._connection.execute(statement, values)


def windows(table: pa.Table) -> Iterator[tuple[int | None, int | None, int, int]]:
    """Yield (t0_ns, t1_ns, untimed, rows), inclusive: rows with a time, then those without."""
    untimed = table["t_ns"].is_null()
    if table["t_ns"].null_count < len(table):
        stamped = np.sort(table["t_ns"].drop_null().to_numpy())
        for first, last, rows in _cut(stamped):
            yield first, last, 0, rows
    if not table["t_ns"].null_count:
        return
    received = table["received"].filter(untimed)
    if received.null_count < len(received):
        unix_ns = pc.min_max(received.cast(pa.int64())).as_py()
        first, last = (int(times.utc_to_tai_ns(unix_ns[which])) for which in ("min", "max"))
        known = len(received) - received.null_count
        yield first, last, known, known
    if received.null_count:
        yield None, None, received.null_count, received.null_count


def _cut(stamped: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Yield (first, last, rows) of sorted times, cut at the widest gaps that are wide enough."""
    gaps = stamped[1:] - stamped[:-1]
    gaps[gaps < 0] = np.iinfo(np.int64).max  # wider than the numbers are
    widest = np.argsort(-gaps, kind="stable")[: WINDOWS - 1]
    cuts = np.sort(widest[gaps[widest] > GAP_NS]) + 1
    for part in np.split(stamped, cuts):
        yield int(part[0]), int(part[-1]), len(part)
