"""When a margin is not negative: times between a grid's nodes where it turns, and short excursions.

How it works: a margin is known at nodes `step_s` apart, and by a function at any time between. Two
nodes of unlike sign hold an edge, found by bisection. A pass or a gap shorter than a step shows as
an extreme node of the wrong sign: where the margin could reach zero beside it, a golden-section
search looks for the true extreme, and if that has the other sign, both its edges are found.

How far the margin can go beyond an extreme node: for one that is convex (or concave) there, by no
more than its second difference, since each chord to a neighbour, drawn on, bounds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int32 = NDArray[np.int32]
Margin = Callable[[NDArray[np.int64], Float], Float]  # (rows [K], seconds [K]) -> margins [K]

BISECTIONS = 24  # of two steps: nodes 40 s apart give 5 µs
SECTIONS = 30
GOLDEN = 0.6180339887498949
NOWHERE = -1e12  # the margin where there is no place: far below any


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans of time of pairs, one a row, sorted by row, column and start.

    Attributes:
        row, column: int32 [K], which pair.
        start_s, end_s: float64 [K], from the first node.
    """

    row: Int32
    column: Int32
    start_s: Float
    end_s: Float

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def none(cls) -> Spans:
        """Return no spans."""
        nobody, never = np.zeros(0, np.int32), np.zeros(0)
        return cls(nobody, nobody, never, never)

    def between(self, start_s: Float, end_s: Float) -> Spans:
        """Return the same with other starts and ends, but for those of which nothing is left."""
        left = end_s > start_s
        return Spans(self.row[left], self.column[left], start_s[left], end_s[left])


def intervals(
    margins: Float, at: Margin, step_s: float, slack: float
) -> tuple[NDArray[np.int64], Float, Float]:
    """Return row, start and end of every span in which a margin is not negative.

    Args:
        margins: float64 [N, T] at the nodes, finite.
        at: the margins of rows at times in seconds from the first node.
        slack: how far beyond the second difference an extreme is still looked for.

    Returns:
        int64 [K], float64 [K], float64 [K] in seconds; sorted by row and start.
    """
    seen = margins >= 0
    up = _crossings(seen[:, 1:] & ~seen[:, :-1], at, step_s, 1)
    down = _crossings(seen[:, :-1] & ~seen[:, 1:], at, step_s, 0)
    rise, fall = _excursions(margins, at, step_s, slack, 1.0)
    gap, back = _excursions(margins, at, step_s, slack, -1.0)
    last_s = (margins.shape[1] - 1) * step_s
    open_first, open_last = _edges_at(seen[:, 0], 0.0), _edges_at(seen[:, -1], last_s)
    rows, starts = _sorted(open_first, up, rise, back)
    _, ends = _sorted(open_last, down, fall, gap)  # as many, in turn: each span has two edges
    return rows, starts, ends


Edges = tuple[NDArray[np.int64], Float]


def _edges_at(chosen: NDArray[np.bool_], seconds: float) -> Edges:
    rows = np.flatnonzero(chosen)
    return rows, np.full(len(rows), seconds)


def _sorted(*edges: Edges) -> Edges:
    rows = np.concatenate([each[0] for each in edges])
    seconds = np.concatenate([each[1] for each in edges])
    order = np.lexsort((seconds, rows))
    return rows[order], seconds[order]


def _crossings(between: NDArray[np.bool_], at: Margin, step_s: float, inside: int) -> Edges:
    """Return edges between two nodes, of which the one after (1) or before (0) is inside."""
    rows, nodes = np.nonzero(between)
    seen, unseen = _seconds(nodes + inside, step_s), _seconds(nodes + 1 - inside, step_s)
    return rows, _bisect(at, rows, seen, unseen)


def _seconds(nodes: NDArray[np.int64], step_s: float) -> Float:
    return np.asarray(nodes * step_s, np.float64)


def _bisect(at: Margin, rows: NDArray[np.int64], inside: Float, outside: Float) -> Float:
    """Return the edges between times inside and outside, each the last time known inside."""
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        seen = at(rows, middle) >= 0
        inside, outside = np.where(seen, middle, inside), np.where(seen, outside, middle)
    return inside


def _excursions(
    margins: Float, at: Margin, step_s: float, slack: float, sign: float
) -> tuple[Edges, Edges]:
    """Return both edges of passes (sign 1) or gaps (sign −1) that no node lies in."""
    value = sign * margins
    left, middle, right = value[:, :-2], value[:, 1:-1], value[:, 2:]
    outside = (margins < 0) if sign > 0 else (margins >= 0)
    alone = outside[:, :-2] & outside[:, 1:-1] & outside[:, 2:]
    extreme = alone & (left <= middle) & (middle > right)
    extreme &= 2 * middle - left - right + slack >= -middle
    rows, nodes = np.nonzero(extreme)
    low, high = _seconds(nodes, step_s), _seconds(nodes + 2, step_s)
    peak = largest(lambda each, seconds: sign * at(each, seconds), rows, low, high)
    inside = (at(rows, peak) >= 0) == (sign > 0)
    rows, low, peak, high = rows[inside], low[inside], peak[inside], high[inside]
    if sign > 0:
        return (rows, _bisect(at, rows, peak, low)), (rows, _bisect(at, rows, peak, high))
    return (rows, _bisect(at, rows, low, peak)), (rows, _bisect(at, rows, high, peak))


def largest(
    at: Margin, rows: NDArray[np.int64], low: Float, high: Float, sections: int = SECTIONS
) -> Float:
    """Return the times of the largest values between two times, by golden section."""
    first, second = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_first, at_second = at(rows, first), at(rows, second)
    for _ in range(sections):
        left = at_first > at_second
        low, high = np.where(left, low, first), np.where(left, second, high)
        new = np.where(left, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        value = at(rows, new)
        first, second = np.where(left, new, second), np.where(left, first, new)
        at_first, at_second = np.where(left, value, at_second), np.where(left, at_first, value)
    return (low + high) / 2


def both(a: Spans, b: Spans) -> Spans:
    """Return the spans in which a pair is in `a` and in `b` (each without overlaps of its own)."""
    row, column = np.concatenate([a.row, b.row]), np.concatenate([a.column, b.column])
    row, column = np.tile(row, 2), np.tile(column, 2)
    seconds = np.concatenate([a.start_s, b.start_s, a.end_s, b.end_s])
    change = np.repeat([1, -1], len(row) // 2)
    order = np.lexsort((change, seconds, column, row))
    begins = np.flatnonzero(np.cumsum(change[order]) == 2)
    return Spans(
        row[order][begins],
        column[order][begins],
        seconds[order][begins],
        seconds[order][begins + 1],
    )
