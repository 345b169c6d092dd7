"""Conditions over columns: which rows of a batch a condition of the database holds for.

A condition compares text from the database with a column, so the text is read by the nature of the
column it meets, once for each comparison and never for each row:

* numbers: decimal, `0x`, `0o`, `0b`, or floating point;
* engineering values with labels: the label. Real databases also write the number behind it (and
  `true`/`false` for booleans): text that is no label is compared with the raw value instead;
* strings: as they are; octets: hex.

Whatever cannot be compared does not hold: a parameter that is not in the packet, a value that is
not valid, text that does not read as the column's nature, two arrays of different sizes.

Source: XTCE 1.2 `ComparisonType`, `BooleanExpressionType`. Deviation: a number wider than its
parameter is not cut down to the parameter's bits; it equals nothing, which shows the mistake.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column
from ground.mdb.model import All, Comparison, Condition, Reference

Lookup = Callable[[Reference], Column | None]
Truth = NDArray[np.bool_]

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
BOOLEANS = {"true": 1, "false": 0}
PREFIXES = ("0x", "0o", "0b")
INDEX = re.compile(r"\[(\d+)\]")


def evaluate(condition: Condition, lookup: Lookup, rows: int) -> Truth:
    """Return for each row whether the condition holds.

    Args:
        lookup: gives the column of a reference, of `rows` rows; None where there is none.
        rows: how many rows the batch has.

    Returns:
        bool [N]; or [N, K] where a column of the condition is an array of K elements, each element
        judged by itself.
    """
    if isinstance(condition, Comparison):
        return _compare(condition, lookup, rows)
    every = isinstance(condition, All)
    truth = np.full(rows, every)
    for part in condition.parts:
        left, right = aligned(truth, evaluate(part, lookup, rows))
        if not _agree(left, right):
            return np.zeros(rows, np.bool_)
        truth = left & right if every else left | right
    return truth


def references(condition: Condition) -> set[Reference]:
    """Return every parameter that the condition looks at."""
    if isinstance(condition, Comparison):
        right = condition.value
        return {condition.left} | ({right} if isinstance(right, Reference) else set())
    return set().union(*(references(part) for part in condition.parts))


def find(columns: Callable[[str], Column | None], path: str) -> Column | None:
    """Return the column at a path; `/DC/cards[3].temperature` is one element of an array's column.

    Args:
        columns: gives the column of a path without index; None where there is none.
    """
    whole = columns(path)
    index = None if whole else INDEX.search(path)
    if index is None:
        return whole
    array, element = columns(path[: index.start()] + path[index.end() :]), int(index[1])
    if array is None or array.values.ndim != 2 or element >= array.values.shape[1]:
        return None
    valid = None if array.valid is None else array.valid[:, element]
    return Column(array.values[:, element], valid, array.labels)


def column_path(path: str) -> str:
    """Return the path of the column that holds a value: an element's path without its indices."""
    return INDEX.sub("", path)


@lru_cache(maxsize=4096)
def number(text: str) -> int | float | None:
    """Read a number as XTCE writes it; None where the text is none."""
    text = text.strip()
    if "_" in text:  # Python's own grouping, which is not XTCE's
        return None
    try:
        if text.lstrip("+-")[:2].lower() in PREFIXES:
            return int(text, 0)
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def aligned(left: NDArray[Any], right: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both arrays with as many axes; one value a row ([N]) stands for each element."""
    while left.ndim < right.ndim:
        left = left[..., np.newaxis]
    while right.ndim < left.ndim:
        right = right[..., np.newaxis]
    return left, right


def _agree(left: NDArray[Any], right: NDArray[Any]) -> bool:
    pairs = zip(left.shape, right.shape, strict=True)
    return all(a == b or (axis > 0 and 1 in (a, b)) for axis, (a, b) in enumerate(pairs))


def _compare(comparison: Comparison, lookup: Lookup, rows: int) -> Truth:
    left, compare = lookup(comparison.left), OPERATORS[comparison.operator]
    if left is None:
        return np.zeros(rows, np.bool_)
    if isinstance(comparison.value, Reference):
        right = lookup(comparison.value)
        return np.zeros(rows, np.bool_) if right is None else _with_column(left, right, compare)
    text = comparison.value
    if left.labels is None:
        return _masked(_with_text(left.values, text, compare), left)
    if text in left.labels or _code(text) is None:
        return _masked(_with_label(left, text, compare), left)
    return _with_code(comparison.left, text, compare, lookup, rows)


def _with_code(
    left: Reference, text: str, compare: Callable[[Any, Any], Any], lookup: Lookup, rows: int
) -> Truth:
    """Compare an enumeration by the number behind its labels."""
    raw = lookup(Reference(left.path, calibrated=False, instance=left.instance))
    if raw is None or raw.labels is not None:
        return np.zeros(rows, np.bool_)
    return _masked(_with_text(raw.values, str(_code(text)), compare), raw)


def _code(text: str) -> int | float | None:
    return BOOLEANS.get(text.strip().lower(), number(text))


def _with_label(column: Column, text: str, compare: Callable[[Any, Any], Any]) -> Truth:
    holds = np.array([compare(label, text) for label in column.labels or ()] or [False], np.bool_)
    return np.asarray(holds[np.clip(column.values, 0, len(holds) - 1)])


def _with_text(values: NDArray[Any], text: str, compare: Callable[[Any, Any], Any]) -> Truth:
    if values.dtype.kind not in "biuf":
        truths = [_one(value, text, compare) for value in values.ravel()]
        return np.array(truths, np.bool_).reshape(values.shape)
    literal = _code(text) if values.dtype.kind == "b" else number(text)
    if literal is None:
        return np.zeros(values.shape, np.bool_)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(compare(values, literal), np.bool_)


def _one(value: Any, text: str, compare: Callable[[Any, Any], Any]) -> bool:
    """Compare one value of an object column: a string, octets or a wide integer."""
    literal: Any = text
    if isinstance(value, bytes):
        literal = _octets(text)
    elif isinstance(value, int | float | np.number):
        literal = number(text)
    elif not isinstance(value, str):
        return False
    return literal is not None and bool(compare(value, literal))


def _octets(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text.strip().removeprefix("0x").removeprefix("0X"))
    except ValueError:
        return None


def _with_column(left: Column, right: Column, compare: Callable[[Any, Any], Any]) -> Truth:
    a, b = aligned(_plain(left), _plain(right))
    if not _agree(a, b):
        return np.zeros(len(a), np.bool_)
    if a.dtype == object or b.dtype == object:
        truth = np.array(_pairwise(a, b, compare), np.bool_)
    else:
        truth = compare(a, b)
    for column in (left, right):
        truth = _masked(truth, column)
    return truth


def _pairwise(a: NDArray[Any], b: NDArray[Any], compare: Callable[[Any, Any], Any]) -> Any:
    a, b = np.broadcast_arrays(a.astype(object), b.astype(object))
    pairs = zip(a.ravel(), b.ravel(), strict=True)
    return np.array([_alike(x, y) and compare(x, y) for x, y in pairs], np.bool_).reshape(a.shape)


def _alike(x: Any, y: Any) -> bool:
    numeric = int | float | np.number
    return (isinstance(x, numeric) and isinstance(y, numeric)) or (
        type(x) is type(y) and isinstance(x, str | bytes)
    )


def _plain(column: Column) -> NDArray[Any]:
    """Return values that compare by themselves: labels become strings."""
    if column.labels is None:
        return column.values
    table = np.array([*column.labels, None], object)
    return np.asarray(table[np.clip(column.values, 0, len(table) - 1)])


def _masked(truth: Truth, column: Column) -> Truth:
    if column.valid is None:
        return truth
    left, right = aligned(truth, column.valid)
    return np.asarray(left & right, np.bool_)
