"""Watched values, each made into text once for all who look at it, with a short trend.

A trend is the last TREND values that were shown, at least a second of telemetry apart. A value
that nobody watches any more is kept for a minute, so that scrolling there and back keeps its trend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ground.messages import Columns
from ground.services.display_text import NOTHING, Reading
from ground.services.display_values import NOT_YET, SECOND_NS, State, Values

Row = tuple[str, str, int]  # spacecraft, parameter path, element or -1
TREND = 24
KEEP_NS = 60 * SECOND_NS
SWEEP_NS = 10 * SECOND_NS


def _no_trend() -> NDArray[np.float32]:
    return np.full(TREND, np.nan, np.float32)


@dataclass(slots=True)
class Shown:
    """A watched value as it was read last: what stood behind it then, and its trend."""

    state: State = NOT_YET
    reading: Reading = NOTHING
    trend: NDArray[np.float32] = field(default_factory=_no_trend)
    slot_ns: int = 0  # when the newest place of the trend began
    holders: int = 0
    released: int = 0  # monotonic ns at which the last holder went
    moved: int = -1  # `Values.moved` when this was looked at


class Watched:
    """The values that clients watch, by row; `look` reads one anew where it has changed."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._shown: dict[Row, Shown] = {}
        self._swept = 0

    def __len__(self) -> int:
        return len(self._shown)

    def hold(self, rows: Sequence[Row]) -> None:
        """Note that one more viewport watches these rows."""
        for row in rows:
            self._shown.setdefault(row, Shown()).holders += 1

    def release(self, rows: Sequence[Row], now: int) -> None:
        """Note that one viewport fewer watches these rows."""
        for row in rows:
            self._shown[row].holders -= 1
            self._shown[row].released = now

    def sweep(self, now: int) -> None:
        """Let go of what nobody has watched for a while."""
        if now - self._swept < SWEEP_NS:
            return
        self._swept = now
        gone = [
            row
            for row, each in self._shown.items()
            if not each.holders and now - each.released >= KEEP_NS
        ]
        for row in gone:
            del self._shown[row]

    def look(self, row: Row) -> Shown:
        """Return a held row as it is now."""
        shown = self._shown[row]
        if shown.moved == self._values.moved:
            return shown
        shown.moved = self._values.moved
        spacecraft, path, element = row
        state = self._values.state(spacecraft, path)
        if state.samples < shown.state.samples:  # a replay went back: what was is not before
            shown.trend = _no_trend()
        if state.samples != shown.state.samples:
            shown.reading = self._values.read(spacecraft, path, element)
            _push(shown)
        shown.state = state
        return shown


def columns(places: Sequence[int], shown: Sequence[Shown]) -> Columns:
    """Return the columns of a `ViewportChanged` for rows at these places."""
    readings = [each.reading for each in shown]
    return {
        "row": np.array(places, np.int32),
        "t_ns": np.array([each.t_ns for each in readings], np.int64),
        "received_ns": np.array([each.received_ns for each in readings], np.int64),
        "severity": np.array([each.severity for each in readings], np.uint8),
        "state": np.array([each.state.kind for each in shown], np.uint8),
        "number": np.array([each.number for each in readings], np.float64),
        "trend": np.array([each.trend for each in shown], np.float32).reshape(-1, TREND),
    }


def _push(shown: Shown) -> None:
    """Put the newest number at the end of the trend; within a second it takes the last one's."""
    reading = shown.reading
    t_ns = reading.t_ns or reading.received_ns
    if abs(t_ns - shown.slot_ns) >= SECOND_NS:
        shown.trend[:-1] = shown.trend[1:]
        shown.slot_ns = t_ns
    with np.errstate(over="ignore"):
        shown.trend[-1] = np.float32(reading.number)
