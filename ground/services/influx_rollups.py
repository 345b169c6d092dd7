"""Minimum, mean, maximum and count of every number over each minute, for each spacecraft.

A minute is one of UTC without leap seconds, as other tools count it; its row stands at its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.archive import rows as archived
from ground.services import tables

MINUTE_NS = 60_000_000_000
_OWN = ("time", "spacecraft", "sequence", "flags")


def by_minute(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables whose minutes are whole: no minute of a spacecraft is in two of them.

    One in which the database changed is; its row is then that of the later part.

    Args:
        parts: rows in order of spacecraft and `time`.
    """
    rest: pa.Table | None = None
    for part in parts:
        if rest is not None and not rest.schema.equals(part.schema):
            yield rest
            rest = None
        joined = part if rest is None else pa.concat_tables([rest, part])
        starts = _starts(joined)
        cut = int(starts[-1]) if len(starts) else 0
        if cut:
            yield joined.slice(0, cut)
        rest = joined.slice(cut)
    if rest is not None:
        yield rest


def rollup(rows: pa.Table) -> pa.Table:
    """Return a row a minute and spacecraft: `rows`, and four columns for each number of them.

    They are `<name>_min`, `_mean`, `_max` (float64, over finite values; null where there is none)
    and `_count`; arrays of fixed size give these for each element, as `<name>_0_min`.

    Args:
        rows: with `time` and `spacecraft`, in their order.
    """
    starts = _starts(rows)
    sizes = np.diff(np.append(starts, len(rows)))
    minutes = _minutes(rows)[starts] * MINUTE_NS
    made: dict[str, pa.Array] = {
        "time": pa.array(minutes).cast(tables.INSTANT),
        "spacecraft": rows["spacecraft"].take(pa.array(starts)),
        "rows": pa.array(sizes),
    }
    for name in rows.column_names:
        if name not in _OWN:
            for each, values in _numbers(name, rows[name]):
                made |= _rolled(each, values, starts)
    return pa.table(made)


def _minutes(rows: pa.Table) -> NDArray[np.int64]:
    stamps: NDArray[np.int64] = rows["time"].cast(pa.int64()).to_numpy()
    return stamps // MINUTE_NS


def _starts(rows: pa.Table) -> NDArray[np.int64]:
    """Return the first row of each minute and spacecraft."""
    if not len(rows):
        return np.zeros(0, np.int64)
    craft, _ = archived.ranked(rows["spacecraft"])
    differs = (np.diff(craft) != 0) | (np.diff(_minutes(rows)) != 0)
    return np.concatenate(([0], np.flatnonzero(differs) + 1))


def _numbers(name: str, column: pa.ChunkedArray) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield the float64 columns [N] that a column gives, nan for null; none for no numbers."""
    kind = column.type
    if pa.types.is_fixed_size_list(kind):
        for index in range(kind.list_size):
            yield from _numbers(f"{name}_{index}", pa.compute.list_element(column, index))
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        wide = column.cast(pa.float64(), safe=False)
        yield name, np.array(wide.to_numpy(), np.float64)


def _rolled(
    name: str, values: NDArray[np.float64], starts: NDArray[np.int64]
) -> dict[str, pa.Array]:
    usable = np.isfinite(values)
    values[~usable] = np.nan
    count = np.add.reduceat(usable.astype(np.int64), starts)
    total = np.add.reduceat(np.where(usable, values, 0.0), starts)
    none = count == 0
    lowest, highest = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    with np.errstate(over="ignore"):
        mean = np.clip(total / np.maximum(count, 1), lowest, highest)
    return {
        f"{name}_min": pa.array(lowest, mask=none),
        f"{name}_mean": pa.array(mean, mask=none),
        f"{name}_max": pa.array(highest, mask=none),
        f"{name}_count": pa.array(count),
    }
