"""Decoded batches put together by hand, so that each value a test expects stands in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ground.messages import ParametersDecoded

SECOND = 10**9
HK, MODES = "/A/HK", "/A/MODES"


def batch(
    rows: list[tuple[str, int]],
    values: dict[str, Any],
    *,
    packet_type: str = HK,
    received: list[int] | None = None,
    timed: bool = True,
    labels: dict[str, list[str]] | None = None,
) -> ParametersDecoded:
    """Return a batch of (spacecraft, t in seconds); `received` in seconds, else a second later."""
    crafts = list(dict.fromkeys(name for name, _ in rows))
    t_ns = np.array([t for _, t in rows], np.int64) * SECOND
    came = t_ns + SECOND if received is None else np.array(received, np.int64) * SECOND
    head = {
        "t_ns": t_ns,
        "timed": np.full(len(rows), timed),
        "received_ns": came,
        "craft": np.array([crafts.index(name) for name, _ in rows], np.int32),
        "sequence": np.arange(len(rows), dtype=np.int64),
        "flags": np.zeros(len(rows), np.uint8),
        "severity": np.zeros(len(rows), np.uint8),
    }
    columns = {name: np.asarray(column) for name, column in values.items()}
    return ParametersDecoded(packet_type, "0" * 64, crafts, labels or {}, head | columns)


def objects(*values: Any) -> np.ndarray[Any, Any]:
    """Return values of any kind as one column."""
    column = np.empty(len(values), object)
    column[:] = list(values)
    return column
