"""Values of columns, as people read them on one line; nothing in them moves a cursor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ground.columns import Column
from ground.mdb.model import Kind, ScalarType
from protocols import times

LONGEST = 80  # characters of one value
SHOWN = 8  # elements of an array that is shown as a whole


def visible(text: str, longest: int = LONGEST) -> str:
    """Return text on one line, at most this long: what is not printable becomes an escape."""
    shown = text[: longest + 1]
    if not shown.isprintable():
        shown = "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
        )
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def value(column: Column, row: int, element: int = -1, type: ScalarType | None = None) -> str:
    """Return one value of a column, "" where there is none.

    Args:
        element: of an array; -1 for a value that is no array, or for all of one.
        type: says whether an integer is an instant, int64 ns TAI.
    """
    found, valid = column.values[row], None if column.valid is None else column.valid[row]
    if element >= 0 and isinstance(found, np.ndarray):
        found, valid = found[element], None if valid is None else valid[element]
    if valid is not None and not np.any(valid):
        return ""
    if isinstance(found, np.generic | np.ndarray):
        found = found.tolist()
    if column.labels is not None:
        found = _labelled(found, column.labels)
    if type is not None and type.kind is Kind.ABSOLUTE_TIME and isinstance(found, int):
        return times.iso(found)
    return visible(_plain(found))


def _plain(found: Any) -> str:
    if isinstance(found, list):
        shown = " ".join(_plain(each) for each in found[:SHOWN])
        return shown + (f" … ({len(found)})" if len(found) > SHOWN else "")
    if isinstance(found, float):
        return f"{found:.8g}"
    if isinstance(found, bytes):
        return found[: LONGEST // 2 + 1].hex()
    return "" if found is None else str(found)


def _labelled(found: Any, labels: tuple[str, ...]) -> Any:
    if isinstance(found, list):
        return [_labelled(each, labels) for each in found]
    index = int(found)
    return labels[index] if 0 <= index < len(labels) else None
