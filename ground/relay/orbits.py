"""Where spacecraft are: SGP4 over many element sets and times at once.

SGP4 wants minutes since the epoch. They are counted in TAI: implementations that subtract Julian
days of UTC are a second wrong (7.5 km along a low orbit) after each leap second since the epoch.

Source: Vallado et al., AIAA 2006-6753; Hoots and Roehrich, Spacetrack Report No. 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sgp4.api import SGP4_ERRORS, Satrec, SatrecArray

from ground.relay.elements import Elements, satrec
from ground.relay.frames import (
    GEOSTATIONARY_KM,
    Float,
    Int64,
    carried,
    gmst_rad,
    to_teme,
)
from protocols.times import DAY_NS


@dataclass(frozen=True, slots=True)
class Geostationary:
    """A spacecraft that stands over a longitude of the equator; its station keeping is ignored."""

    longitude_deg: float


Orbit = Elements | Geostationary


@dataclass(frozen=True, slots=True)
class States:
    """Places and velocities in TEME.

    Attributes:
        t_ns: int64 [T], TAI.
        position_km, velocity_km_s: float64 [N, T, 3]; NaN where an orbit cannot be propagated.
        error: uint8 [N, T], SGP4's code, or `NOT_FINITE` where it reports none and gives no place.
    """

    t_ns: Int64
    position_km: Float
    velocity_km_s: Float
    error: NDArray[np.uint8]

    def failures(self) -> list[tuple[int, int, str]]:
        """Return (orbit, first time that failed in ns, reason) for each orbit that failed."""
        rows = np.flatnonzero(self.error.any(axis=1)).tolist()
        firsts = [int(np.flatnonzero(self.error[row])[0]) for row in rows]
        return [
            (row, int(self.t_ns[first]), REASONS[int(self.error[row, first])])
            for row, first in zip(rows, firsts, strict=True)
        ]


NOT_FINITE = 255
REASONS = {**SGP4_ERRORS, NOT_FINITE: "the place is not a number"}


def states(orbits: Sequence[Orbit], t_ns: Int64) -> States:
    """Return where spacecraft are at given times.

    Args:
        orbits: N of them.
        t_ns: int64 [T], TAI.

    Source: AIAA 2006-6753.
    """
    position = np.empty((len(orbits), len(t_ns), 3))
    velocity = np.empty_like(position)
    error = np.zeros(position.shape[:2], np.uint8)
    moving = [row for row, orbit in enumerate(orbits) if isinstance(orbit, Elements)]
    if moving:
        records = [satrec(each) for each in orbits if isinstance(each, Elements)]
        error[moving], position[moving], velocity[moving] = _propagate(records, t_ns)
    for row, orbit in enumerate(orbits):
        if isinstance(orbit, Geostationary):
            position[row] = _standing(orbit, t_ns)
            velocity[row] = carried(position[row])
    return States(t_ns, position, velocity, _settled(error, position, velocity))


def _propagate(records: list[Satrec], t_ns: Int64) -> tuple[NDArray[np.uint8], Float, Float]:
    day, of_day_ns = np.divmod(t_ns, DAY_NS)
    return SatrecArray(records).sgp4(day.astype(float), of_day_ns / DAY_NS)  # type: ignore[no-any-return]


def _standing(orbit: Geostationary, t_ns: Int64) -> Float:
    longitude = np.radians(orbit.longitude_deg)
    place = GEOSTATIONARY_KM * np.array([[np.cos(longitude), np.sin(longitude), 0.0]])
    return to_teme(place, gmst_rad(t_ns))


def _settled(error: NDArray[np.uint8], position: Float, velocity: Float) -> NDArray[np.uint8]:
    """Trust neither codes nor numbers alone: a failed state is NaN and has a code."""
    lost = ~(np.isfinite(position).all(axis=2) & np.isfinite(velocity).all(axis=2))
    error[lost & (error == 0)] = NOT_FINITE
    failed = error != 0
    position[failed] = np.nan
    velocity[failed] = np.nan
    return error
