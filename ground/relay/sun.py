"""Where the Sun is, to a hundredth of a degree.

Source: The Astronomical Almanac, "Low precision formulas for the Sun's coordinates" (0.01° from
1950 to 2050), as Vallado, Fundamentals of Astrodynamics, algorithm 29 (number unverified).
"""

from __future__ import annotations

import numpy as np

from ground.relay.frames import Float, Int64, julian_utc

ASTRONOMICAL_UNIT_KM = 149_597_870.7
SUN_RADIUS_KM = 696_000.0


def position_km(t_ns: Int64) -> Float:
    """Return the Sun's places [T, 3] from the Earth, in the mean equator and equinox of date.

    That frame is TEME but for nutation, under 0.005°.

    Args:
        t_ns: int64 [T], TAI.
    """
    day, fraction = julian_utc(t_ns)
    days = day - 2_451_545.0 + fraction
    anomaly = np.radians(357.529 + 0.98560028 * days)
    mean_longitude_deg = 280.459 + 0.98564736 * days
    longitude = np.radians(
        mean_longitude_deg + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly)
    )
    range_km = ASTRONOMICAL_UNIT_KM * (
        1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly)
    )
    obliquity = np.radians(23.439 - 0.00000036 * days)
    unit = [
        np.cos(longitude),
        np.cos(obliquity) * np.sin(longitude),
        np.sin(obliquity) * np.sin(longitude),
    ]
    return np.asarray(range_km[:, None] * np.stack(unit, axis=1))
