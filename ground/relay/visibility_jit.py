# mypy: disallow-untyped-decorators=False
"""Compiled twins of `ground.relay.visibility`.

Constants are repeated, as compiled code is kept by the age of this file alone.
"""

from __future__ import annotations

import math

import numba
import numpy as np

ABOVE, BELOW, CLEAR = 0, 1, 2
DOCKED_KM, SLACK_KM = 1e-6, 10.0
BISECTIONS, SECTIONS, MEASURED = 24, 30, 14
GOLDEN, NOWHERE = 0.6180339887498949, -1e12
NEAREST, FARTHEST, HIGHEST = -1, -2, -3  # further kinds, for `extremes`

_TRACKS = ", ".join(["float64[:,:,::1]"] * 6)


@numba.njit(inline="always")
def _valued(kind, px, py, pz, qx, qy, qz, ux, uy, uz, limit):  # type: ignore[no-untyped-def]
    dx, dy, dz = px - qx, py - qy, pz - qz
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    if kind == ABOVE:
        return dx * ux + dy * uy + dz * uz - length * limit
    if kind == BELOW:
        return length * limit - (dx * ux + dy * uy + dz * uz)
    if kind == CLEAR:
        along = (px * dx + py * dy + pz * dz) / max(length * length, DOCKED_KM**2)
        along = min(max(along, 0.0), 1.0)
        x, y, z = px - along * dx, py - along * dy, pz - along * dz
        return math.sqrt(x * x + y * y + z * z) - limit
    if kind == NEAREST:
        return -length
    if kind == FARTHEST:
        return length
    if kind == HIGHEST:
        return (dx * ux + dy * uy + dz * uz) / max(length, DOCKED_KM)
    return limit - length


@numba.njit(inline="always")
def _finite(value):  # type: ignore[no-untyped-def]
    return value if math.isfinite(value) else NOWHERE


@numba.njit(nogil=True)
def _at(kind, p, dp, q, dq, u, du, i, j, limit, seconds, step_s):  # type: ignore[no-untyped-def]
    """Return the margin of one pair at one time, by cubic Hermite interpolation."""
    node = min(int(seconds / step_s), p.shape[1] - 2)
    part = seconds / step_s - node
    beyond = part - 1
    a, b = (1 + 2 * part) * beyond * beyond, part * beyond * beyond * step_s
    c, d = part * part * (1 - 2 * beyond), part * part * beyond * step_s
    n, m = node, node + 1
    return _finite(
        _valued(
            kind,
            a * p[i, n, 0] + b * dp[i, n, 0] + c * p[i, m, 0] + d * dp[i, m, 0],
            a * p[i, n, 1] + b * dp[i, n, 1] + c * p[i, m, 1] + d * dp[i, m, 1],
            a * p[i, n, 2] + b * dp[i, n, 2] + c * p[i, m, 2] + d * dp[i, m, 2],
            a * q[j, n, 0] + b * dq[j, n, 0] + c * q[j, m, 0] + d * dq[j, m, 0],
            a * q[j, n, 1] + b * dq[j, n, 1] + c * q[j, m, 1] + d * dq[j, m, 1],
            a * q[j, n, 2] + b * dq[j, n, 2] + c * q[j, m, 2] + d * dq[j, m, 2],
            a * u[j, n, 0] + b * du[j, n, 0] + c * u[j, m, 0] + d * du[j, m, 0],
            a * u[j, n, 1] + b * du[j, n, 1] + c * u[j, m, 1] + d * du[j, m, 1],
            a * u[j, n, 2] + b * du[j, n, 2] + c * u[j, m, 2] + d * du[j, m, 2],
            limit,
        )
    )


@numba.njit(nogil=True)
def _edge(kind, p, dp, q, dq, u, du, i, j, limit, step_s, inside, outside):  # type: ignore[no-untyped-def]
    """Return the time of an edge between a time that is seen and one that is not."""
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        if _at(kind, p, dp, q, dq, u, du, i, j, limit, middle, step_s) >= 0:
            inside = middle
        else:
            outside = middle
    return inside


@numba.njit(nogil=True)
def _largest(kind, p, dp, q, dq, u, du, i, j, limit, step_s, low, high, sign, sections):  # type: ignore[no-untyped-def]
    """Return the time of the largest sign × margin between two times, by golden section."""
    first, second = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_first = sign * _at(kind, p, dp, q, dq, u, du, i, j, limit, first, step_s)
    at_second = sign * _at(kind, p, dp, q, dq, u, du, i, j, limit, second, step_s)
    for _ in range(sections):
        if at_first > at_second:
            high, second, at_second = second, first, at_first
            first = high - GOLDEN * (high - low)
            at_first = sign * _at(kind, p, dp, q, dq, u, du, i, j, limit, first, step_s)
        else:
            low, first, at_first = first, second, at_second
            second = low + GOLDEN * (high - low)
            at_second = sign * _at(kind, p, dp, q, dq, u, du, i, j, limit, second, step_s)
    return (low + high) / 2


@numba.njit(nogil=True)
def _nodes(kind, p, q, u, i, j, limit, out):  # type: ignore[no-untyped-def]
    """Fill `out` with the margins of one pair at all nodes."""
    for k in range(len(out)):
        value = _valued(
            kind, p[i, k, 0], p[i, k, 1], p[i, k, 2], q[j, k, 0], q[j, k, 1], q[j, k, 2],
            u[j, k, 0], u[j, k, 1], u[j, k, 2], limit,
        )  # fmt: skip
        out[k] = _finite(value)


@numba.njit(nogil=True)
def _pair(kind, p, dp, q, dq, u, du, i, j, limit, step_s, margins, edges):  # type: ignore[no-untyped-def]
    """Fill `edges` with starts and ends in turn; return how many there are."""
    count, last = 0, len(margins) - 1
    if margins[0] >= 0:
        edges[0] = 0.0
        count = 1
    for k in range(last):
        here, after = margins[k], margins[k + 1]
        seen = here >= 0
        if k > 0 and seen == (margins[k - 1] >= 0) == (after >= 0):
            sign = -1.0 if seen else 1.0
            before_, here_, after_ = sign * margins[k - 1], sign * here, sign * after
            if before_ <= here_ > after_ and 2 * here_ - before_ - after_ + SLACK_KM >= -here_:
                low, high = (k - 1) * step_s, (k + 1) * step_s
                peak = _largest(
                    kind, p, dp, q, dq, u, du, i, j, limit, step_s, low, high, sign, SECTIONS
                )  # fmt: skip
                if (_at(kind, p, dp, q, dq, u, du, i, j, limit, peak, step_s) >= 0) != seen:
                    for far in (low, high):
                        inside, outside = (far, peak) if seen else (peak, far)
                        edges[count] = _edge(
                            kind, p, dp, q, dq, u, du, i, j, limit, step_s, inside, outside
                        )
                        count += 1
        if seen != (after >= 0):
            inside, outside = (k, k + 1) if seen else (k + 1, k)
            edges[count] = _edge(
                kind, p, dp, q, dq, u, du, i, j, limit, step_s, inside * step_s, outside * step_s
            )
            count += 1
    if margins[last] >= 0:
        edges[count] = last * step_s
        count += 1
    return count


@numba.njit(
    [f"Tuple((int32[::1], int32[::1], float64[::1], float64[::1]))(int64, {_TRACKS},"
     " float64[:,::1], float64)"],
    cache=True,
    nogil=True,
)  # fmt: skip
def spans(kind, p, dp, q, dq, u, du, limit, step_s):  # type: ignore[no-untyped-def]
    nodes = p.shape[1]
    margins = np.empty(nodes)
    edges = np.empty(2 * nodes + 2)
    pairs = np.empty((256, 2), np.int32)
    times = np.empty((256, 2))
    count = 0
    for i in range(p.shape[0]):
        for j in range(q.shape[0]):
            most = limit[i, j]
            if math.isnan(most):
                continue
            _nodes(kind, p, q, u, i, j, most, margins)
            found = _pair(kind, p, dp, q, dq, u, du, i, j, most, step_s, margins, edges)
            while count + found // 2 > len(pairs):
                pairs = np.concatenate((pairs, np.empty_like(pairs)))
                times = np.concatenate((times, np.empty_like(times)))
            for edge in range(0, found, 2):
                pairs[count, 0], pairs[count, 1] = i, j
                times[count, 0], times[count, 1] = edges[edge], edges[edge + 1]
                count += 1
    row, column = pairs[:count, 0].copy(), pairs[:count, 1].copy()
    return row, column, times[:count, 0].copy(), times[:count, 1].copy()


@numba.njit(nogil=True)
def _extreme(kind, p, dp, q, dq, u, du, i, j, start_s, end_s, step_s):  # type: ignore[no-untyped-def]
    pieces = max(math.ceil((end_s - start_s) / step_s), 1)
    width = (end_s - start_s) / pieces
    best, best_s = -np.inf, start_s
    for sample in range(pieces + 1):
        seconds = start_s + sample * width
        value = _at(kind, p, dp, q, dq, u, du, i, j, 0.0, seconds, step_s)
        if value > best:
            best, best_s = value, seconds
    low, high = max(best_s - width, start_s), min(best_s + width, end_s)
    peak = _largest(kind, p, dp, q, dq, u, du, i, j, 0.0, step_s, low, high, 1.0, MEASURED)
    return max(best, _at(kind, p, dp, q, dq, u, du, i, j, 0.0, peak, step_s))


@numba.njit(
    [f"Tuple((float64[::1], float64[::1], float64[::1]))({_TRACKS},"
     " int32[::1], int32[::1], float64[::1], float64[::1], float64)"],
    cache=True,
    nogil=True,
)  # fmt: skip
def extremes(p, dp, q, dq, u, du, row, column, start_s, end_s, step_s):  # type: ignore[no-untyped-def]
    out = np.empty((3, len(row)))
    for span in range(len(row)):
        for which, kind in enumerate((NEAREST, FARTHEST, HIGHEST)):
            out[which, span] = _extreme(
                kind, p, dp, q, dq, u, du, row[span], column[span],
                start_s[span], end_s[span], step_s,
            )  # fmt: skip
    return -out[0], out[1].copy(), out[2].copy()
