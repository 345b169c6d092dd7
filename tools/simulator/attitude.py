"""Attitude of a satellite that looks at the Earth: quaternion, rates, wheels, pointing error.

Body axes: z to the Earth's centre, y against the orbit's normal, x along the way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.simulator.orbit import Orbit

Floats = NDArray[np.float64]

WHEELS_RPM = np.array([1800.0, -1750.0, 1820.0, -1790.0])
SNAP_DEG, SNAP_S = 0.45, 9.0  # how the arrays bend the body when the Sun goes, and for how long


class Attitude:
    """How the body turns and bends, from one stretch of a flight to the next."""

    def __init__(self) -> None:
        self._quaternion: Floats | None = None
        self._lit: bool | None = None
        self._bend_deg = 0.0

    def follow(self, orbit: Orbit) -> dict[str, Floats]:
        """Return quaternion [N, 4] and bend (degrees) [N] of the next stretch."""
        quaternion = quaternions(orbit, self._quaternion)
        self._quaternion = quaternion[-1:]
        return {"quaternion": quaternion, "bend_deg": self._bent(orbit.light > 0.5)}

    def _bent(self, lit: NDArray[np.bool_]) -> Floats:
        """Return how far arrays bend the body, [N]; it dies down after each change of light."""
        before = lit[:1] if self._lit is None else np.array([self._lit])
        snaps = np.concatenate([before, lit[:-1]]) != lit
        second = np.arange(len(lit))
        bend: Floats = self._bend_deg * np.exp(-(second + 1) / SNAP_S)
        for at in np.flatnonzero(snaps):
            bend[at:] += SNAP_DEG * np.exp(-second[: len(lit) - at] / SNAP_S)
        self._lit, self._bend_deg = bool(lit[-1]), float(bend[-1])
        return bend


def quaternions(orbit: Orbit, before: Floats | None = None) -> Floats:
    """Return the rotation from the inertial frame to the body, [N, 4], scalar part last.

    The sign is such that each follows the one before without a jump, the first one `before`
    ([1, 4]).

    Source: Shepperd, Quaternion from rotation matrix, 1978: start from the largest component.
    """
    a = _body_axes(orbit)
    trace = np.trace(a, axis1=1, axis2=2)
    products = np.empty((len(a), 4, 4))  # of each two components, times four
    for i in range(3):
        products[:, i, i] = 1 - trace + 2 * a[:, i, i]
        j, k = (i + 1) % 3, (i + 2) % 3
        products[:, i, j] = products[:, j, i] = a[:, i, j] + a[:, j, i]
        products[:, i, 3] = products[:, 3, i] = a[:, j, k] - a[:, k, j]
    products[:, 3, 3] = 1 + trace
    rows = np.arange(len(a))
    best = products[rows, np.argmax(np.diagonal(products, axis1=1, axis2=2), axis=1)]
    unit = best / np.linalg.norm(best, axis=1, keepdims=True)
    chain = np.concatenate([unit[:1] if before is None else before, unit])
    turns = np.sign(np.sum(chain[1:] * chain[:-1], axis=1))
    return np.asarray(unit * np.cumprod(turns)[:, None])


def _body_axes(orbit: Orbit) -> Floats:
    """Return the body's axes as rows of a matrix, [N, 3, 3]."""
    down = -_unit(orbit.position_m)
    across = -_unit(np.cross(orbit.position_m, orbit.velocity_mps))
    return np.stack([np.cross(across, down), across, down], axis=1)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def rates_dps(orbit: Orbit, rng: np.random.Generator) -> Floats:
    """Return the body rates in degrees a second, [N, 3]: one turn an orbit about y, and noise."""
    turning = np.cross(orbit.position_m, orbit.velocity_mps)
    rate = np.linalg.norm(turning, axis=1) / np.sum(orbit.position_m**2, axis=1)
    rates: Floats = rng.normal(0, 4e-4, orbit.position_m.shape)
    rates[:, 1] -= np.degrees(rate)
    return rates


def wheels_rpm(second: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Return the speeds of four wheels, [N, 4]: slow swings about a bias, and noise."""
    swing = 70 * np.sin(second[:, None] / 310 + np.arange(4))
    return np.asarray(WHEELS_RPM + swing + rng.normal(0, 0.4, (len(second), 4)))


def pointing_error_deg(bend_deg: Floats, rng: np.random.Generator) -> Floats:
    """Return the pointing error, [N]: noise, and the bend where sunlight comes or goes."""
    return np.asarray(np.abs(rng.normal(0.03, 0.008, len(bend_deg))) + bend_deg)
