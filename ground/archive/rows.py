"""Rows as the archive keeps them: keys checked, order made, and what a file's rows span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ground.archive.store import KEYS, SPACECRAFT

NO_DAY = "unknown"  # the day of rows without a time
_DAY_NS = 86_400_000_000_000
_NO_DAY = np.iinfo(np.int64).min
_LAST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Span:
    """Rows of one spacecraft on one UTC day within one file; times are inclusive."""

    spacecraft: str
    day: str
    rows: int
    t0_ns: int | None
    t1_ns: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that a reader wants: all, where nothing is said.

    Attributes:
        spacecraft: those of these spacecraft; empty means all.
        start_ns, end_ns: those with a time in [start_ns, end_ns); either one drops rows without.
        day: only those of this UTC day, or (`NO_DAY`) without a time.
        received: those received between these times, inclusive, Unix ns.
    """

    spacecraft: tuple[str, ...] = ()
    start_ns: int | None = None
    end_ns: int | None = None
    day: str | None = None
    received: tuple[int, int] | None = None


def checked(name: str, table: pa.Table) -> pa.Table:
    """Return the table with exact key types, uniform dictionaries and one chunk a column.

    Raises:
        ValueError: the first columns are not `KEYS`, a name occurs twice, a row names no
            spacecraft, only one of `t_ns` and `time` is null in a row, or a time is 2^63 - 1.
    """
    names = table.column_names
    if names[: len(KEYS)] != KEYS.names:
        raise ValueError(f"table {name!r} begins with {names[: len(KEYS)]}, not {KEYS.names}")
    if len(set(names)) != len(names):
        raise ValueError(f"table {name!r} has two columns of one name")
    columns = [_uniform(column) for column in table.columns]
    for place, key in enumerate(KEYS):
        if columns[place].type != key.type:
            columns[place] = columns[place].cast(key.type)
    made = pa.table(columns, names=names).unify_dictionaries().combine_chunks()
    if made["spacecraft"].null_count:
        raise ValueError(f"table {name!r} has rows without a spacecraft")
    if not made["t_ns"].is_null().equals(made["time"].is_null()):
        raise ValueError(f"table {name!r} has rows with only one of t_ns and time")
    if pc.max(made["t_ns"]).as_py() == _LAST:
        raise ValueError(f"table {name!r} has the largest of all times, which means none here")
    return made


def _uniform(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text dictionaries with int32 indices and other dictionaries as plain values."""
    kind = column.type
    if not pa.types.is_dictionary(kind) or kind == SPACECRAFT:
        return column
    if not (pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)):
        return column.cast(kind.value_type)
    chunks = [
        pa.DictionaryArray.from_arrays(
            chunk.indices.cast(pa.int32()), chunk.dictionary.cast(pa.string())
        )
        for chunk in column.chunks
    ]
    return pa.chunked_array(chunks, SPACECRAFT)


def ordered(table: pa.Table) -> pa.Table:
    """Return the rows sorted by (spacecraft, t_ns, sequence); stable, and free if they are so."""
    ranks, _ = ranked(table["spacecraft"])
    times = _times(table)
    sequence = _numbers(table["sequence"], 0)
    sequence[times == _LAST] = 0
    if _in_order(ranks, times, sequence):
        return table
    return table.take(pa.array(np.lexsort((sequence, times, ranks))))


def ranked(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return each row's place in the sorted list of spacecraft, and that list."""
    joined = column.unify_dictionaries().combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        joined = joined.chunk(0) if joined.num_chunks else pa.array([], SPACECRAFT)
    names = np.array(joined.dictionary.to_pylist(), dtype=object)
    order = np.argsort(names, kind="stable")
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    return place[joined.indices.to_numpy()], [str(name) for name in names[order]]


def spans(table: pa.Table) -> list[tuple[Span, int]]:
    """Return what the rows span, and for each span the row that is its newest.

    Of rows with equal times the one appended last is the newest. Spans come sorted by spacecraft,
    the one without a time before those with one.
    """
    if not len(table):
        return []
    ranks, names = ranked(table["spacecraft"])
    times = _times(table)
    days = _days(table)
    order = np.lexsort((times, days, ranks))
    cut = (np.diff(ranks[order]) != 0) | (np.diff(days[order]) != 0)
    first = np.flatnonzero(np.concatenate(([True], cut)))
    last = np.append(first[1:], len(order)) - 1
    found = []
    for begin, end in zip(first.tolist(), last.tolist(), strict=True):
        row = int(order[end])
        timed = times[row] != _LAST
        day = str(np.datetime64(int(days[row]), "D")) if timed else NO_DAY
        t0, t1 = (int(times[order[begin]]), int(times[row])) if timed else (None, None)
        found.append((Span(names[ranks[row]], day, end - begin + 1, t0, t1), row))
    return found


def within(table: pa.Table, window: Window) -> pa.Table:
    """Return the rows that are in a window."""
    mask = None
    if window.spacecraft:
        mask = pc.is_in(table["spacecraft"].cast(pa.string()), pa.array(window.spacecraft))
    if window.start_ns is not None:
        mask = _both(mask, pc.greater_equal(table["t_ns"], window.start_ns))
    if window.end_ns is not None:
        mask = _both(mask, pc.less(table["t_ns"], window.end_ns))
    if window.day is not None:
        mask = _both(mask, _of_day(table, window.day))
    if window.received is not None:
        unix_ns = table["received"].cast(pa.int64())
        mask = _both(mask, pc.greater_equal(unix_ns, window.received[0]))
        mask = _both(mask, pc.less_equal(unix_ns, window.received[1]))
    return table if mask is None else table.filter(mask)


def _of_day(table: pa.Table, day: str) -> pa.ChunkedArray:
    if day == NO_DAY:
        return table["t_ns"].is_null()
    return pa.chunked_array([_days(table) == np.datetime64(day, "D").astype(np.int64)])


def _days(table: pa.Table) -> NDArray[np.int64]:
    """Return the UTC day of each row, counted from 1970; _NO_DAY for rows without a time."""
    days = _numbers(table["time"].cast(pa.int64()), 0) // _DAY_NS
    days[table["time"].is_null().to_numpy()] = _NO_DAY
    return days


def _both(left: pa.ChunkedArray | None, right: pa.ChunkedArray) -> pa.ChunkedArray:
    return right if left is None else pc.and_kleene(left, right)


def _times(table: pa.Table) -> NDArray[np.int64]:
    """Return t_ns with the largest number for rows without a time."""
    return _numbers(table["t_ns"], _LAST)


def _numbers(column: pa.ChunkedArray, missing: int) -> NDArray[np.int64]:
    values = column.fill_null(missing) if column.null_count else column
    return np.array(values.to_numpy(), dtype=np.int64)


def _in_order(
    ranks: NDArray[np.int64], times: NDArray[np.int64], sequence: NDArray[np.int64]
) -> bool:
    same_time = (times[1:] > times[:-1]) | (
        (times[1:] == times[:-1]) & (sequence[1:] >= sequence[:-1])
    )
    return bool(np.all((ranks[1:] > ranks[:-1]) | ((ranks[1:] == ranks[:-1]) & same_time)))
