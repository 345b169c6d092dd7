"""What a station notes beside telemetry, as rows of the archive.

Tables `alarms` and `events`, a row for each change; `clocks` and `status`, a row a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.messages import AlarmRow, EventRow, ServiceReported, TimeCorrelated
from ground.services import tables

STATION = "station"  # in place of a spacecraft's name
LEVELS = {"info": 0, "caution": 1, "serious": 2, "critical": 3}
_APART = ("spacecraft",)  # what the head of every table holds already
_TYPES = {"str": pa.string(), "int": pa.int64(), "bool": pa.bool_(), "int | None": pa.int64()}


def alarms(rows: Sequence[AlarmRow], received_ns: int) -> pa.Table:
    """Return alarms as they changed; `t_ns` is when, `sequence` the version of each."""
    return _table(
        rows,
        AlarmRow,
        np.array([row.changed_ns for row in rows], np.int64),
        np.array([row.version for row in rows], np.int64),
        received_ns,
    )


def events(rows: Sequence[EventRow], received_ns: int) -> pa.Table:
    """Return events; `severity` is text here and `level` its number as of `Severity`."""
    t_ns = np.array([row.t_ns for row in rows], np.int64)
    table = _table(rows, EventRow, t_ns, np.zeros(len(rows), np.int64), received_ns)
    levels = pa.array([LEVELS[row.severity] for row in rows], pa.uint8())
    return table.append_column("level", levels)


def status(report: ServiceReported, now: int) -> pa.Table:
    """Return how a service is, as one row: what waits, how far it got, and its figures."""
    one = np.ones(1, np.int64)
    station = tables.names([STATION], one * 0)
    head = tables.head(station, one * now, one > 0, one * 0, np.zeros(1, np.uint8))
    queues = {f"queue {name}": float(each) for name, each in report.queues.items()}
    columns = {name: pa.array([each]) for name, each in (queues | report.figures).items()}
    return pa.table(head | {"service": pa.array([report.service]), **columns})


def clocks(rows: Sequence[TimeCorrelated]) -> pa.Table:
    """Return how spacecraft's clocks stand."""
    count = len(rows)
    head = tables.head(
        tables.names([row.spacecraft for row in rows], np.arange(count)),
        np.array([row.t_ns for row in rows], np.int64),
        np.ones(count, np.bool_),
        np.zeros(count, np.int64),
        np.zeros(count, np.uint8),
    )
    columns = ("offset_ns", "drift_ppb", "sigma_ns", "samples")
    found = {name: pa.array([getattr(row, name) for row in rows]) for name in columns}
    return pa.table(head | found)


def _table(
    rows: Sequence[AlarmRow] | Sequence[EventRow],
    kind: type[AlarmRow] | type[EventRow],
    t_ns: NDArray[np.int64],
    sequence: NDArray[np.int64],
    received_ns: int,
) -> pa.Table:
    names = [row.spacecraft or STATION for row in rows]
    known = list(dict.fromkeys(names))
    codes = np.array([known.index(name) for name in names], np.int32)
    head = tables.head(
        tables.names(known, codes),
        t_ns,
        np.ones(len(rows), np.bool_),
        sequence,
        np.zeros(len(rows), np.uint8),
        tables.instants(np.full(len(rows), received_ns, np.int64)),
    )
    columns = {
        each.name: pa.array([getattr(row, each.name) for row in rows], _TYPES.get(str(each.type)))
        for each in fields(kind)
        if each.name not in (*_APART, *head)
    }
    return pa.table(head | columns)
