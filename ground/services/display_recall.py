"""What a display that was just started can know already: the archive's newest rows and events.

A station that is started at night shows the last value of every parameter, marked as stale until
one comes, instead of nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from ground.alarms import limits
from ground.archive.store import Store
from ground.decode import calibrate
from ground.mdb.model import ScalarType
from ground.messages import EventRow, EventsRaised, ParametersDecoded
from ground.services import query, tables, telling
from ground.services.library import Library
from ground.services.noted import STATION
from protocols import times

EVENTS, EVENT_TABLE = 500, "events"
EVENTS_NS = 30 * 86_400 * 10**9  # no older ones


def read(
    store: Store, library: Library, realm: str, now_ns: int
) -> Iterator[ParametersDecoded | EventsRaised]:
    """Yield the newest row of each packet type and spacecraft, judged by itself, then events."""
    for table, rows in store.latest(realm).items():
        if table.startswith("/"):  # a packet type's path; the others are services' own
            for part, types in query.by_database(rows, library, table):
                yield _batch(table, part, types)
    yield EventsRaised(_events(store, realm, now_ns))


def _batch(packet_type: str, rows: pa.Table, types: Mapping[str, ScalarType]) -> ParametersDecoded:
    raw = {
        name: tables.from_arrow(rows[name], types[name])
        for name in rows.column_names
        if name in types
    }
    engineering = calibrate.engineering(types, raw)
    levels = limits.check(types, raw, engineering)
    severities = {path: limits.severity(each) for path, each in levels.items()}
    columns, labels = telling.values(raw, engineering, severities)
    stamped, received = tables.numbers(rows["t_ns"]), rows["received"].cast(pa.int64())
    unix_ns = received.fill_null(0).to_numpy()
    names = rows["spacecraft"].to_pylist()
    head = {
        "t_ns": stamped.values,
        "timed": np.ones(len(names), bool) if stamped.valid is None else stamped.valid,
        "received_ns": np.where(unix_ns > 0, times.utc_to_tai_ns(unix_ns), 0),
        "craft": np.arange(len(names), dtype=np.int32),
        "sequence": rows["sequence"].to_numpy(),
        "flags": rows["flags"].to_numpy(),
        "severity": rows["severity"].to_numpy(),
    }
    [database] = rows["database"].unique().to_pylist()
    return ParametersDecoded(packet_type, database, names, labels, head | columns)


def _events(store: Store, realm: str, now_ns: int) -> list[EventRow]:
    """Return the newest events, newest last."""
    if EVENT_TABLE not in {info.name for info in store.tables(realm)}:
        return []
    columns = ["t_ns", "source", "spacecraft", "severity", "kind", "text"]
    rows = store.read(realm, EVENT_TABLE, columns=columns, start_ns=now_ns - EVENTS_NS).to_pylist()
    rows.sort(key=lambda row: int(row["t_ns"]))
    return [
        EventRow(**row | {"spacecraft": "" if row["spacecraft"] == STATION else row["spacecraft"]})
        for row in rows[-EVENTS:]
    ]
