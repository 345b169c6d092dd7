"""A value out of a decoded batch, as text that people read and as a number that is plotted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ground.messages import ParametersDecoded
from protocols import times

LONGEST = 80  # characters of one value
SHOWN = 8  # elements of an array that is shown as a whole


@dataclass(frozen=True, slots=True)
class Reading:
    """One value: times in ns TAI (0 where there is none), `Severity`, and how it reads.

    `number` is nan where the engineering value is no number; a label's is its place among them.
    """

    t_ns: int = 0
    received_ns: int = 0
    severity: int = 0
    number: float = math.nan
    raw: str = ""
    value: str = ""


NOTHING = Reading()


def read(
    message: ParametersDecoded, row: int, path: str, element: int, *, instant: bool = False
) -> Reading:
    """Return the value in a row of a batch.

    Args:
        element: of an array; -1 for all of it, or for a value that is no array.
        instant: whether the engineering value is a time, int64 ns TAI.
    """
    columns = message.columns
    raw = _cell(columns[f"raw:{path}"][row], element)
    if not _valid(message, row, path, element):
        raw = None
    value = raw
    if f"eng:{path}" in columns:
        value = None if raw is None else _known(_cell(columns[f"eng:{path}"][row], element))
    coded, labels = value, message.labels.get(path)
    if labels is not None:
        value = _labelled(value, labels)
    return Reading(
        t_ns=int(columns["t_ns"][row]) if columns["timed"][row] else 0,
        received_ns=int(columns["received_ns"][row]),
        severity=_severity(message, row, path, element),
        number=math.nan if labels is not None and value is None else number(coded),
        raw=text(raw),
        value=times.iso(value) if instant and isinstance(value, int) else text(value),
    )


def text(value: Any) -> str:
    """Return a value as people read it; "" for none."""
    if value is None:
        return ""
    if isinstance(value, list):
        shown = " ".join(text(each) or "-" for each in value[:SHOWN])
        return shown + (f" … ({len(value)})" if len(value) > SHOWN else "")
    if isinstance(value, float):
        return f"{value:.8g}"
    if isinstance(value, bytes):
        value = value[: LONGEST // 2 + 1].hex()
    whole = str(value)
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"


def number(value: Any) -> float:
    """Return a value as a number to plot; nan where it is none."""
    if isinstance(value, bool | int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return math.nan


def _cell(found: Any, element: int) -> Any:
    """Return a cell of a column, or an element of it, as plain Python; None where it has none."""
    if element >= 0:
        if not isinstance(found, np.ndarray | list) or element >= len(found):
            return None
        found = found[element]
    if isinstance(found, np.ndarray):
        return found.tolist()
    return found.item() if isinstance(found, np.generic) else found


def _known(value: Any) -> Any:
    """Return an engineering value; None for nan, by which a number that has none is marked."""
    if isinstance(value, list):
        return [_known(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _valid(message: ParametersDecoded, row: int, path: str, element: int) -> bool:
    """Return whether there is a value; of a whole array, whether any element has one."""
    column = message.columns.get(f"valid:{path}")
    if column is None:
        return True
    found = column[row]
    if isinstance(found, np.ndarray):
        return bool(found.any() if element < 0 else element < len(found) and found[element])
    return bool(found)


def _severity(message: ParametersDecoded, row: int, path: str, element: int) -> int:
    """Return the severity; that of a whole array is its worst element's."""
    column = message.columns.get(f"sev:{path}")
    if column is None:
        return 0
    found = column[row]
    if isinstance(found, np.ndarray):
        if element < 0:
            return int(found.max(initial=0))
        return int(found[element]) if element < len(found) else 0
    return int(found)


def _labelled(value: Any, labels: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_labelled(each, labels) for each in value]
    known = isinstance(value, int) and 0 <= value < len(labels)
    return labels[value] if known else None
