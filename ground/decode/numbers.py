"""Columns as numbers: what calibration starts from, and what it may leave behind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column
from ground.mdb.conditions import number

NUMBERS = "iufb"


def numeric(column: Column, zero: str = "", one: str = "") -> Column:
    """Return a column of numbers: float64 where it holds text, octets or wide integers.

    Args:
        zero, one: text that stands for 0 and 1, as a boolean encoded as a string has it.
    """
    if column.values.dtype.kind in NUMBERS:
        return column
    words = {zero: 0.0, one: 1.0} if one else {}
    found = np.array([_number(value, words) for value in column.values.ravel()], np.float64)
    return finite(found.reshape(column.values.shape), column.valid)


def finite(values: NDArray[np.float64], valid: NDArray[np.bool_] | None) -> Column:
    """Return a column in which only finite values are valid."""
    usable = np.isfinite(values)
    if usable.all():
        return Column(values, valid)
    return Column(values, usable if valid is None else usable & valid)


def _number(value: Any, words: dict[str, float]) -> float:
    if isinstance(value, bytes):
        value = int.from_bytes(value)
    if isinstance(value, str):
        found = words.get(value, number(value))
        value = np.nan if found is None else found
    try:
        return float(value)
    except (OverflowError, TypeError):  # an integer beyond 2^1024; no value at all
        return float("nan")
