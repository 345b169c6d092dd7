"""Rows of the archive as InfluxDB is to have them: engineering values, one time for each row.

A series of InfluxDB holds one row for each nanosecond and overwrites the first by the second. Rows
of the archive may share a time (a clock of whole seconds, a burst of events), so the second of a
spacecraft and time is moved by 1 ns, the third by 2. As a window is always sent whole, and in the
archive's order, the same rows get the same times whenever they are sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.archive import rows as archived
from ground.archive.store import KEYS
from ground.decode import calibrate
from ground.errors import InputError
from ground.mdb.model import ScalarType
from ground.services import query, tables
from ground.services.library import Library

CELLS = 1_000_000  # of one piece, so that what is made of it stays small
_SENT_KEYS = ("spacecraft", "sequence", "flags")
_KEPT_BACK = (*KEYS.names, "database")


def ordered(rows: pa.Table) -> pa.Table:
    """Return the rows with `time` filled from `received` where it is null, sorted by it.

    Rows of one spacecraft stay together; of equal times the order stays as it was.
    """
    time = rows["time"]
    if not time.null_count:
        return rows
    filled = pa.compute.coalesce(time, rows["received"])
    made = rows.set_column(rows.schema.get_field_index("time"), "time", filled)
    craft, _ = archived.ranked(made["spacecraft"])
    return made.take(pa.array(np.lexsort((_unix_ns(filled), craft))))


def stamped(rows: pa.Table) -> pa.Table:
    """Return the rows `ordered`, and no two of a spacecraft with the same time."""
    made = ordered(rows)
    moved = _unix_ns(made["time"]) + _ranks(made)
    time = pa.array(moved).cast(tables.INSTANT)
    return made.set_column(made.schema.get_field_index("time"), "time", time)


def _unix_ns(time: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.array(time.cast(pa.int64()).to_numpy(), np.int64)


def _ranks(rows: pa.Table) -> NDArray[np.int64]:
    """Return how many rows of the same spacecraft and time come right before each."""
    if not len(rows):
        return np.zeros(0, np.int64)
    craft, _ = archived.ranked(rows["spacecraft"])
    differs = (np.diff(craft) != 0) | (np.diff(_unix_ns(rows["time"])) != 0)
    first = np.concatenate(([0], np.flatnonzero(differs) + 1))
    sizes = np.diff(np.append(first, len(rows)))
    ranks: NDArray[np.int64] = np.arange(len(rows)) - np.repeat(first, sizes)
    return ranks


def pieces(rows: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows a bounded number of cells at a time."""
    wide = sum(_width(field.type) for field in rows.schema)
    step = max(1, CELLS // max(1, wide))
    for start in range(0, len(rows), step):
        yield rows.slice(start, step)


def _width(kind: pa.DataType) -> int:
    return int(kind.list_size) if pa.types.is_fixed_size_list(kind) else 1


def engineering(rows: pa.Table, library: Library, table: str) -> Iterator[pa.Table]:
    """Yield the rows of a packet type in engineering values, cut where another database begins.

    A column whose database is not known (of a derived packet type, say) stays as it is stored.
    """
    if "database" not in rows.column_names:
        yield _made(rows, {})
        return
    digests = rows["database"].cast(pa.string())
    codes = digests.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy()
    cuts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(rows)]
    for first, last in pairwise(cuts):
        if last > first:
            digest = digests[first].as_py()
            yield _made(rows.slice(first, last - first), _types(library, digest, table))


def _types(library: Library, digest: str | None, table: str) -> Mapping[str, ScalarType]:
    try:
        return library.types(digest, table) if digest else {}
    except InputError:
        return {}


def _made(rows: pa.Table, types: Mapping[str, ScalarType]) -> pa.Table:
    made = {name: rows[name] for name in ("time", *_SENT_KEYS)}
    paths = [name for name in rows.column_names if name not in _KEPT_BACK]
    known = [path for path in paths if path in types]
    raw = {path: tables.from_arrow(rows[path], types[path]) for path in known}
    values = calibrate.engineering(types, raw, known)
    for path in paths:
        made[path] = tables.shown(values[path], types[path]) if path in values else rows[path]
    return pa.table(made)


def is_packet_type(table: str) -> bool:
    """Return whether a table is of a packet type, as its path says, or of a service."""
    return table.startswith("/") and table not in query.SERVICE_TABLES
