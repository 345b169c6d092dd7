"""How columns come together: what stands several times in a packet is one column.

Elements stand side by side, [N, E]; where their number varies, a row is an array of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column

Columns = Mapping[str, Column]
Places = NDArray[np.int64]


def gather(
    times: list[tuple[NDArray[np.intp], Columns]],
    number: int,
    fixed: int | None,
    blanks: Mapping[str, Any],
) -> Columns:
    """Return the columns of a body that was decoded time after time, each time for other rows.

    Args:
        times: which rows took part, and their columns.
        number: rows in all.
        fixed: how many elements a row must have; None where that varies.
    """
    if fixed is None:
        return _listed(times, number)
    columns: dict[str, list[Column]] = {}
    for here, found in times:
        for name, column in found.items():
            columns.setdefault(name, []).append(spread(column, here, number, blanks.get(name)))
    joined = {name: beside(each) for name, each in columns.items()}
    return {
        name: _widened(each, fixed, len(times), blanks.get(name)) for name, each in joined.items()
    }


def _listed(times: list[tuple[NDArray[np.intp], Columns]], number: int) -> Columns:
    """Return columns with an array for each row.

    A row costs what it has: one packet may have ten thousand times, and all others two.
    """
    parts: dict[str, list[tuple[NDArray[np.intp], NDArray[Any]]]] = {}
    for here, found in times:
        for name, column in found.items():
            parts.setdefault(name, []).append(_elements(column, here))
    columns = {}
    for name, each in parts.items():
        rows = np.concatenate([here for here, _ in each])
        values = _joined(tuple(values for _, values in each))
        order = np.argsort(rows, kind="stable")
        columns[name] = cut(Column(values[order]), np.bincount(rows, minlength=number))
    return columns


def _elements(column: Column, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Return the row of each valid element, and the elements."""
    if varies(column):
        arrays = tuple(column.values)
        return np.repeat(rows, [len(each) for each in arrays]), _joined(arrays)
    values = column.values if column.values.ndim > 1 else column.values[:, np.newaxis]
    row = np.broadcast_to(rows[:, np.newaxis], values.shape)
    if column.valid is None:
        return row.reshape(-1), values.reshape(-1)
    valid = column.valid.reshape(values.shape)
    return row[valid], values[valid]


def _widened(column: Column, times: int, done: int, blank: Any) -> Column:
    """Add what is missing to an array of fixed size where no packet had all of it."""
    if done == times or not done:
        return column
    values = column.values if column.values.ndim > 1 else column.values[:, np.newaxis]
    width = values.shape[1] // done
    missing = np.zeros((len(values), width * (times - done)), values.dtype)
    if missing.dtype == object:
        fill(missing, blank)
    return beside([column, Column(missing, np.zeros(missing.shape, np.bool_))])


def beside(columns: list[Column]) -> Column:
    """Return one column with the elements of all: [N, E], or an array a row where one varies."""
    if any(varies(column) for column in columns):
        rows = zip(*(_ragged(column).values for column in columns), strict=True)
        return Column(_objects([_joined(row) for row in rows]))
    values = [each.values if each.values.ndim > 1 else each.values[:, None] for each in columns]
    joined = np.concatenate(values, axis=1)
    if all(column.valid is None for column in columns):
        return Column(joined)
    valid = [
        np.ones(value.shape, np.bool_) if each.valid is None else each.valid.reshape(value.shape)
        for each, value in zip(columns, values, strict=True)
    ]
    return Column(joined, np.concatenate(valid, axis=1))


def _joined(parts: tuple[NDArray[Any], ...]) -> NDArray[Any]:
    """Return the elements of all parts; an empty one has no say in the dtype."""
    filled = [part for part in parts if len(part)]
    return np.concatenate(filled) if filled else parts[0]


def varies(column: Column) -> bool:
    """Return whether each row is an array of its own size."""
    values = column.values
    if values.dtype != object or values.ndim > 1 or not len(values):
        return False
    return isinstance(values[0], np.ndarray)


def _ragged(column: Column) -> Column:
    """Return a column with the valid elements of each row as an array."""
    if varies(column):
        return column
    values = column.values if column.values.ndim > 1 else column.values[:, np.newaxis]
    if column.valid is None:
        return Column(_objects(list(values)))
    valid = column.valid.reshape(values.shape)
    return Column(_objects([row[mask] for row, mask in zip(values, valid, strict=True)]))


def cut(column: Column, count: Places) -> Column:
    """Cut a column of elements into one array for each packet."""
    ends = np.cumsum(count)
    pieces = np.split(column.values, ends[:-1]) if len(ends) else []
    return Column(_objects([piece.reshape(-1) for piece in pieces]))


def _objects(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    values = np.empty(len(arrays), object)
    for index, each in enumerate(arrays):
        values[index] = each
    return values


def spread(column: Column, rows: NDArray[np.intp], number: int, blank: Any) -> Column:
    """Return a column of `number` rows that has these values in `rows` and none elsewhere."""
    shape = (number, *column.values.shape[1:])
    values, valid = np.zeros(shape, column.values.dtype), np.zeros(shape, np.bool_)
    if values.dtype == object:
        fill(values, blank)
    values[rows] = column.values
    valid[rows] = True if column.valid is None else column.valid
    return Column(values, None if valid.all() else valid, column.labels)


def fill(values: NDArray[Any], blank: Any) -> None:
    """Set every element of an object array to one object, which may be an array itself."""
    flat = values.reshape(-1)
    for index in range(len(flat)):
        flat[index] = blank
