"""When the Earth hides the Sun from a spacecraft, in part (penumbra) or altogether (umbra).

How it works: seen from the spacecraft, the Sun is a disc of angle a = asin(Rs / d), the Earth one
of b = asin(Re / r), and c the angle between their centres. Wholly hidden while c ≤ b − a, hidden in
part while c ≤ b + a. The margins b ∓ a − c are scanned and refined as those of contacts are.

Deviation: the Earth is a sphere of its equatorial radius, and its air does not bend light: an edge
may be off by a few seconds, against minutes of eclipse.

Source: conical shadow, Montenbruck and Gill, Satellite Orbits §3.4.2 (number unverified).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ground.relay import sun
from ground.relay.frames import EARTH_RADIUS_KM, Float, Int64
from ground.relay.intervals import Int32, intervals
from ground.relay.orbits import Orbit, States, states
from ground.relay.visibility import hermite
from protocols.times import SECOND_NS

STEP_S = 60.0
CELLS = 1 << 18  # states held at a time
SLACK_RAD = 0.01
NOT_HIDDEN = -10.0  # the margin where there is no place


@dataclass(frozen=True, slots=True)
class Eclipses:
    """Spans of shadow as columns, sorted by spacecraft and start.

    Attributes:
        spacecraft: int32 [K], places in the orbits asked about.
        start_ns, end_ns: int64 [K], TAI; cut off at the ends of the span asked about.
    """

    spacecraft: Int32
    start_ns: Int64
    end_ns: Int64

    def __len__(self) -> int:
        return len(self.spacecraft)


def umbras(
    orbits: Sequence[Orbit], start_ns: int, end_ns: int, *, step_s: float = STEP_S
) -> Eclipses:
    """Return when spacecraft see nothing of the Sun."""
    return _shadows(orbits, start_ns, end_ns, step_s, -1.0)


def penumbras(
    orbits: Sequence[Orbit], start_ns: int, end_ns: int, *, step_s: float = STEP_S
) -> Eclipses:
    """Return when spacecraft see less than all of the Sun; umbras lie within."""
    return _shadows(orbits, start_ns, end_ns, step_s, 1.0)


def margins(position_km: Float, sun_km: Float, sign: float) -> Float:
    """Return how deep places [..., 3] are in penumbra (sign 1) or umbra (−1), in radians.

    Below 0 outside; `NOT_HIDDEN` where a place is not a number.
    """
    towards_km = sun_km - position_km
    distance_km = np.linalg.norm(towards_km, axis=-1)
    radius_km = np.linalg.norm(position_km, axis=-1)
    cosine = -np.einsum("...i,...i->...", towards_km, position_km) / (distance_km * radius_km)
    earth = np.arcsin(np.minimum(EARTH_RADIUS_KM / radius_km, 1.0))
    apart = np.arccos(np.clip(cosine, -1, 1))
    value = earth + sign * np.arcsin(sun.SUN_RADIUS_KM / distance_km) - apart
    return np.where(np.isfinite(value), value, NOT_HIDDEN)


def _shadows(
    orbits: Sequence[Orbit], start_ns: int, end_ns: int, step_s: float, sign: float
) -> Eclipses:
    step_ns = round(step_s * SECOND_NS)
    steps = max(-((start_ns - end_ns) // step_ns), 0) + 2  # one node beyond each end
    t_ns = start_ns - step_ns + step_ns * np.arange(steps + 1, dtype=np.int64)
    sun_km = sun.position_km(t_ns)
    size = max(CELLS // len(t_ns), 1)
    parts = [
        _of_chunk(states(orbits[first : first + size], t_ns), sun_km, step_s, sign, first)
        for first in range(0, len(orbits), size)
    ]
    rows, begin_s, stop_s = (
        np.concatenate([each[column] for each in parts]) if parts else np.zeros(0)
        for column in range(3)
    )
    begin_ns = np.maximum(t_ns[0] + np.ceil(begin_s * SECOND_NS).astype(np.int64), start_ns)
    stop_ns = np.minimum(t_ns[0] + np.floor(stop_s * SECOND_NS).astype(np.int64), end_ns)
    left = stop_ns > begin_ns
    return Eclipses(rows[left].astype(np.int32), begin_ns[left], stop_ns[left])


def _of_chunk(
    there: States, sun_km: Float, step_s: float, sign: float, first: int
) -> tuple[Int64, Float, Float]:
    """Return spacecraft, start and end of spans in seconds from the first node."""
    p, dp = there.position_km, there.velocity_km_s

    def at(rows: Int64, seconds: Float) -> Float:
        node = np.minimum((seconds / step_s).astype(np.int64), len(sun_km) - 2)
        part = (seconds / step_s - node)[:, None]
        sun_then = sun_km[node] * (1 - part) + sun_km[node + 1] * part
        return margins(hermite(p, dp, rows, node, part, step_s), sun_then, sign)

    rows, begin_s, stop_s = intervals(margins(p, sun_km, sign), at, step_s, SLACK_RAD)
    return rows + first, begin_s, stop_s
