"""How a spacecraft's clock stands against the station's, from when its packets came.

How it works: a packet generated at t on board is received at r, later by the time that it was on
its way: r - t is that delay less what the on-board clock is ahead. The delay has a least part that
every path has, and jitter that only adds. So the truth is the lower edge of r - t over t: the least
of each span of time is kept, and the line below them all that is closest to them is the edge of
their lower convex hull under their middle. Its slope is the drift, its height the offset.

A clock that was set, began anew with a reboot, or wrapped is noticed by samples that are off by
more than `STEP_NS` and agree with each other: for `SURE_NS` where the clock went back or ahead,
which no delay does, for `PATIENT_NS` where they could just be late. Then all is forgotten and
starts with them. Others that are off (stored telemetry) are passed over, and counted.

The least delay is in the offset: who knows the light time takes it from `received_ns` first, which
over a pass of a low orbit also keeps the range rate out of the drift.

Source: S. Moon, P. Skelly, D. Towsley, "Estimation and removal of clock skew from network delay
measurements", INFOCOM 1999, §IV (the line below all points that is closest to them).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ground.messages import TimeCorrelated

Ints = NDArray[np.int64]
Point = tuple[int, int]  # on-board time, delay as it seems; ns

SECOND = 10**9
WINDOW_NS = 3600 * SECOND
SPAN_NS = 20 * SECOND  # of which the least delay is kept
STEP_NS = SECOND  # off by more than this, a sample is odd
CREEP_PPM = 100  # by which a clock may drift unseen in a gap
MOST_DRIFT = 1e-3  # of what is a clock at all
SURE_NS, PATIENT_NS = 5 * SECOND, 600 * SECOND
FEWEST_SPANS, SHORTEST_NS = 4, 60 * SECOND  # to solve for a drift


class Correlator:
    """Correlates the clock of one spacecraft.

    Attributes:
        samples: pairs that the present line rests on, or did before they left the window.
        resets: how often the clock was found to be another than before.
        odd: pairs that were passed over.
    """

    def __init__(self, spacecraft: str, window_ns: int = WINDOW_NS) -> None:
        self.spacecraft, self.samples, self.resets, self.odd = spacecraft, 0, 0, 0
        self._window_ns = window_ns
        self._least: dict[int, Point] = {}  # by number of the span
        self._last: Point | None = None  # the last that was taken
        self._seen_ns = 0  # on-board time of the last of all
        self._begun: Point | None = None  # the first odd one, while the next agree with it
        self._sharp = False  # whether the clock went back or ahead, where they began

    def receive(self, t_ns: Ints, received_ns: Ints) -> bool:
        """Take pairs of times; return whether the clock was found to be another than before.

        Args:
            t_ns, received_ns: int64 [N], generation on board and reception, in order of reception.
        """
        before = self.resets
        delays = received_ns - t_ns
        if self._smooth(t_ns, delays):
            self._take(t_ns, delays)
        else:
            for t, delay in zip(t_ns.tolist(), delays.tolist(), strict=True):
                self._one(t, delay)
        return self.resets != before

    def _smooth(self, t_ns: Ints, delays: Ints) -> bool:
        """Return whether none of these is odd, which one look at all of them tells."""
        if not len(t_ns):
            return True
        t0, delay0 = self._last or (int(t_ns[0]), int(delays[0]))
        apart = np.abs(np.diff(delays, prepend=delay0))
        passed = np.abs(np.diff(t_ns, prepend=t0))
        return bool((apart <= STEP_NS + passed // 10**6 * CREEP_PPM).all())

    def _take(self, t_ns: Ints, delays: Ints) -> None:
        if not len(t_ns):
            return
        numbers = t_ns // SPAN_NS
        order = np.lexsort((t_ns, delays, numbers))
        first = order[np.flatnonzero(np.diff(numbers[order], prepend=numbers[order][0] - 1))]
        for row in first.tolist():
            self._lower(int(numbers[row]), (int(t_ns[row]), int(delays[row])))
        self.samples += len(t_ns)
        self._last = int(t_ns[-1]), int(delays[-1])
        self._seen_ns, self._begun = self._last[0], None
        oldest = (max(self._least) * SPAN_NS - self._window_ns) // SPAN_NS
        self._least = {number: each for number, each in self._least.items() if number > oldest}

    def _lower(self, number: int, point: Point) -> None:
        known = self._least.get(number, point)
        self._least[number] = min(known, point, key=lambda each: (each[1], each[0]))

    def _one(self, t_ns: int, delay: int) -> None:
        """Take one pair, or put it aside."""
        point = t_ns, delay
        if self._last is None or _near(self._last, point):
            self._take(np.array([t_ns]), np.array([delay]))
            return
        self.odd += 1
        if self._begun is None or not _near(self._begun, point):
            self._begun = point
            self._sharp = t_ns <= self._seen_ns or delay < self._last[1]
        self._seen_ns = t_ns
        if t_ns + delay - sum(self._begun) >= (SURE_NS if self._sharp else PATIENT_NS):
            self._begin(point)

    def _begin(self, point: Point) -> None:
        """Forget the clock that was, and start with this one."""
        self.resets += 1
        self.samples, self._least, self._last = 0, {}, None
        self._take(np.array(point[:1]), np.array(point[1:]))

    def solve(self) -> TimeCorrelated | None:
        """Return how the clock stands by now; None while too little is known, or it is no clock."""
        points = [self._least[number] for number in sorted(self._least)]
        if len(points) < FEWEST_SPANS or points[-1][0] - points[0][0] < SHORTEST_NS:
            return None
        assert self._last is not None
        t0, delay0 = points[0]
        x = np.array([t - t0 for t, _ in points], np.float64)
        y = np.array([delay - delay0 for _, delay in points], np.float64)
        slope, height = _below(x, y)
        if abs(slope) > MOST_DRIFT:
            return None
        newest = self._last[0]
        delay = delay0 + round(height + slope * (newest - t0))
        return TimeCorrelated(
            spacecraft=self.spacecraft,
            t_ns=newest,
            offset_ns=-delay,
            drift_ppb=-slope / (1 + slope) * 1e9,
            sigma_ns=float(np.std(y - (height + slope * x))),
            samples=self.samples,
        )


def _near(one: Point, other: Point) -> bool:
    return abs(other[1] - one[1]) <= STEP_NS + abs(other[0] - one[0]) // 10**6 * CREEP_PPM


def _below(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and height of the line below all points that is closest to them in sum.

    It is the edge of the lower convex hull that spans the mean of x.
    """
    hull: list[tuple[float, float]] = []
    for point in zip(x.tolist(), y.tolist(), strict=True):
        while len(hull) > 1 and _above(hull, point):
            hull.pop()
        hull.append(point)
    middle = float(x.mean())
    place = next(i for i in range(1, len(hull)) if hull[i][0] >= middle)
    (x0, y0), (x1, y1) = hull[place - 1], hull[place]
    slope = (y1 - y0) / (x1 - x0)
    return slope, y0 - slope * x0


def _above(hull: Sequence[tuple[float, float]], point: tuple[float, float]) -> bool:
    """Return whether the last of the hull lies on or above the line from the one before it."""
    (x0, y0), (x1, y1), (x2, y2) = *hull[-2:], point
    return (y1 - y0) * (x2 - x0) >= (y2 - y0) * (x1 - x0)
