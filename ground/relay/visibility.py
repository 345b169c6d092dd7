"""Who sees whom: all pairs of spacecraft with stations, relays and the Sun, at once.

How it works: what must hold for a link is a margin in kilometres, at least 0 while it holds, and
each is smooth in time: the height of a place above a cone around a direction (elevation over a
mask, Sun keep-out), of the line of sight above the Earth, and of a largest range above the range.
`spans` scans one margin on a grid of nodes and refines the edges (`intervals`) on places between
the nodes by cubic Hermite interpolation of places and velocities: over 40 s of a low orbit that is
right to 0.1 m, so edges are to a millisecond even where a line of sight only grazes the Earth.
Several margins are joined by `intervals.both`.

Source: edge method and its accuracy measured in tests/ground/relay/test_visibility.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ground.relay.intervals import NOWHERE, Int32, intervals, largest
from protocols.kernels import kernel

Float = NDArray[np.float64]
Int64 = NDArray[np.int64]
Index = NDArray[np.int32] | NDArray[np.int64]

# Kinds of margin; p is the place of the row, q of the column, d = p − q, u a direction from q.
ABOVE = 0  # d·u − |d| limit: p is higher over q's horizon than the limit, a sine
BELOW = 1  # |d| limit − d·u: p is farther from q's direction u than the limit, a cosine
CLEAR = 2  # distance of the segment from the Earth's centre − limit
NEAR = 3  # limit − |d|

MEASURED = (
    14  # golden sections for an extreme: of 80 s to 0.1 s, in which it changes by millimetres
)
DOCKED_KM = 1e-6  # what divides by a range takes it to be at least this
SLACK_KM = 10.0  # looked for beyond what a convex margin can do between nodes

Tracks = tuple[Float, Float, Float, Float, Float, Float]


@kernel("ground.relay.visibility_jit")
def spans(
    kind: int,
    p: Float,
    dp: Float,
    q: Float,
    dq: Float,
    u: Float,
    du: Float,
    limit: Float,
    step_s: float,
) -> tuple[Int32, Int32, Float, Float]:
    """Return the spans in which the margin of pairs is not negative.

    Args:
        kind: of margin, see above.
        p, dp: float64 [N, T, 3], places (km, any frame that is not fixed to the Earth) and
            velocities of the rows at T nodes; NaN where there is none, which nobody sees.
        q, dq: float64 [M, T, 3], of the columns.
        u, du: float64 [M, T, 3], unit vectors at the columns and their change a second.
        limit: float64 [N, M]; NaN for a pair that is not asked about.
        step_s: seconds between nodes.

    Returns:
        row and column int32 [K], start and end float64 [K] in seconds from the first node; sorted
        by row, column and start.
    """
    tracks = (p, dp, q, dq, u, du)
    found = [_column(kind, tracks, column, limit, step_s) for column in range(len(q))]
    row, start_s, end_s = (np.concatenate([each[part] for each in found]) for part in range(3))
    column = np.repeat(np.arange(len(q)), [len(each[0]) for each in found])
    order = np.lexsort((start_s, column, row))
    return (
        row[order].astype(np.int32),
        column[order].astype(np.int32),
        start_s[order],
        end_s[order],
    )


def _column(
    kind: int, tracks: Tracks, column: int, limit: Float, step_s: float
) -> tuple[Int64, Float, Float]:
    p, _, q, _, u, _ = tracks
    asked = np.flatnonzero(~np.isnan(limit[:, column]))
    nodes = margin(kind, p[asked], q[column], u[column], limit[asked, column, None])

    def at(rows: Int64, seconds: Float) -> Float:
        rows = asked[rows]
        here = places(tracks, rows, np.full(len(rows), column), seconds, step_s)
        return margin(kind, *here, limit[rows, column])

    rows, start_s, end_s = intervals(nodes, at, step_s, SLACK_KM)
    return asked[rows], start_s, end_s


@kernel("ground.relay.visibility_jit")
def extremes(
    p: Float,
    dp: Float,
    q: Float,
    dq: Float,
    u: Float,
    du: Float,
    row: Int32,
    column: Int32,
    start_s: Float,
    end_s: Float,
    step_s: float,
) -> tuple[Float, Float, Float]:
    """Return the least and largest range of each span, and the largest sine of elevation.

    Args:
        p, dp, q, dq, u, du, step_s: as of `spans`; `u` up at the columns.
        row, column, start_s, end_s: [K], the spans.

    Returns:
        float64 [K] three times: km, km, and d·u / |d|.
    """
    tracks = (p, dp, q, dq, u, du)
    pieces = np.maximum(np.ceil((end_s - start_s) / step_s), 1).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(pieces + 1)])
    span = np.repeat(np.arange(len(row)), pieces + 1)
    sample = np.arange(first[-1]) - first[span]
    width = (end_s - start_s) / pieces
    seconds = start_s[span] + sample * width[span]
    found = []
    for value in (_nearness, _farness, _sine):

        def at(spans: Int64, when: Float, value=value) -> Float:  # type: ignore[no-untyped-def]
            here: Float = value(*places(tracks, row[spans], column[spans], when, step_s))
            return here

        order = np.lexsort((at(span, seconds), span))
        best = seconds[order[first[1:] - 1]]
        every = np.arange(len(row))
        low, high = np.maximum(best - width, start_s), np.minimum(best + width, end_s)
        peak = largest(at, every, low, high, MEASURED)
        found.append(np.maximum(at(every, peak), at(every, best)))
    return -found[0], found[1], found[2]


def _nearness(p: Float, q: Float, u: Float) -> Float:
    return -_length(p - q)


def _farness(p: Float, q: Float, u: Float) -> Float:
    return _length(p - q)


def _sine(p: Float, q: Float, u: Float) -> Float:
    return np.asarray(_dot(p - q, u) / np.maximum(_length(p - q), DOCKED_KM))


def margin(kind: int, p: Float, q: Float, u: Float, limit: Float) -> Float:
    """Return margins in km for places [..., 3]; `NOWHERE` where a place is not a number."""
    d = p - q
    if kind == ABOVE:
        value = _dot(d, u) - _length(d) * limit
    elif kind == BELOW:
        value = _length(d) * limit - _dot(d, u)
    elif kind == CLEAR:
        along = np.clip(_dot(p, d) / np.maximum(_dot(d, d), DOCKED_KM**2), 0, 1)
        value = _length(p - along[..., None] * d) - limit
    else:
        value = limit - _length(d)
    return np.where(np.isfinite(value), value, NOWHERE)


def places(
    tracks: Tracks, row: Index, column: Index, seconds: Float, step_s: float
) -> tuple[Float, Float, Float]:
    """Return p of rows, q and u of columns at times [K] between nodes, each [K, 3]."""
    p, dp, q, dq, u, du = tracks
    node = np.minimum((seconds / step_s).astype(np.int64), p.shape[1] - 2)
    part = (seconds / step_s - node)[:, None]
    return (
        hermite(p, dp, row, node, part, step_s),
        hermite(q, dq, column, node, part, step_s),
        hermite(u, du, column, node, part, step_s),
    )


def hermite(x: Float, dx: Float, row: Index, node: Int64, part: Float, step_s: float) -> Float:
    """Return what curves [N, T, 3] with slopes are at parts [K, 1] of the step after nodes [K]."""
    beyond = part - 1
    return np.asarray(
        (1 + 2 * part) * beyond**2 * x[row, node]
        + part * beyond**2 * step_s * dx[row, node]
        + part**2 * (1 - 2 * beyond) * x[row, node + 1]
        + part**2 * beyond * step_s * dx[row, node + 1]
    )


def _dot(a: Float, b: Float) -> Float:
    return np.asarray(np.einsum("...i,...i->...", a, b))


def _length(a: Float) -> Float:
    return np.sqrt(_dot(a, a))
