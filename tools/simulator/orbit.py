"""Where the satellite is, where the Sun and the station are, and what the Earth hides.

A dawn-dusk orbit at 750 km whose plane stands 8 degrees off the terminator's, so that about the
winter solstice each revolution has some 19 minutes of umbra, entered just north of the station.

Frames: true equator, mean equinox of date, as SGP4 gives it; UT1 is taken as UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, radians, sin

import numpy as np
from numpy.typing import NDArray
from sgp4.api import WGS72, Satrec

from protocols import times

Floats = NDArray[np.float64]

ELEMENTS_DAY = 2461760.5  # Julian day of the elements, 2027-12-21T00:00:00 UTC
REVOLUTIONS_A_DAY = 14.425767  # semi-major axis 7128.14 km: 750 km above the equator
INCLINATION_DEG = 98.3938  # the plane turns with the Sun, 360 degrees a year
NODE_DEG = 170.764  # ascending at 05:28 local solar time
ECCENTRICITY, PERIGEE_DEG, ANOMALY_DEG, DRAG = 0.001, 90.0, 270.0, 2e-5

STATION_LATITUDE_DEG, STATION_LONGITUDE_DEG = 39.5, 76.0  # Kashi
SUN_RADIUS_M, EARTH_RADIUS_M, ASTRONOMICAL_UNIT_M = 6.957e8, 6.378137e6, 1.495978707e11
FLATTENING = 1 / 298.257223563
UNIX_DAY = 2440587.5  # Julian day of 1970-01-01
DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Orbit:
    """The geometry over time. N rows.

    Attributes:
        position_m, velocity_mps: [N, 3], inertial.
        sun: [N, 3], unit vector from the Earth to the Sun.
        light: [N], part of the Sun's disc that is seen, 0 in umbra to 1.
        elevation_deg, range_m: [N], as the station sees the satellite.
    """

    position_m: Floats
    velocity_mps: Floats
    sun: Floats
    light: Floats
    elevation_deg: Floats
    range_m: Floats


def propagate(t_ns: NDArray[np.int64]) -> Orbit:
    """Return the geometry at these times (ns TAI)."""
    unix_ns = times.tai_to_utc_ns(t_ns)
    day = unix_ns // DAY_NS + UNIX_DAY
    fraction = unix_ns % DAY_NS / DAY_NS
    error, position_km, velocity_kmps = _satellite().sgp4_array(day, fraction)
    if error.any():
        raise ValueError(f"SGP4 error {error.max()}: the orbit has decayed")
    position = position_km * 1e3
    sun, distance = sun_direction(day + fraction)
    elevation, span = _from_station(position, sidereal_angle(day + fraction))
    light = disc_seen(position, sun, distance)
    return Orbit(position, velocity_kmps * 1e3, sun, light, elevation, span)


def _satellite() -> Satrec:
    satellite = Satrec()
    satellite.sgp4init(
        WGS72,
        "i",
        99171,
        ELEMENTS_DAY - 2433281.5,  # days since 1949-12-31
        DRAG,
        0.0,
        0.0,
        ECCENTRICITY,
        radians(PERIGEE_DEG),
        radians(INCLINATION_DEG),
        radians(ANOMALY_DEG),
        radians(REVOLUTIONS_A_DAY * 360) / 1440,  # a minute
        radians(NODE_DEG),
    )
    return satellite


def sun_direction(julian_day: Floats) -> tuple[Floats, Floats]:
    """Return the unit vector to the Sun, [N, 3], and its distance in metres, [N].

    Source: Vallado, Fundamentals of Astrodynamics and Applications, algorithm 29; good to 0.01 deg.
    """
    century = (julian_day - 2451545.0) / 36525
    anomaly = np.radians(357.5291092 + 35999.05034 * century)
    longitude = np.radians(
        280.460
        + 36000.771 * century
        + 1.914666471 * np.sin(anomaly)
        + 0.019994643 * np.sin(2 * anomaly)
    )
    obliquity = np.radians(23.439291 - 0.0130042 * century)
    along = np.sin(longitude)
    sun = [np.cos(longitude), np.cos(obliquity) * along, np.sin(obliquity) * along]
    distance = 1.000140612 - 0.016708617 * np.cos(anomaly) - 0.000139589 * np.cos(2 * anomaly)
    return np.stack(sun, axis=-1), distance * ASTRONOMICAL_UNIT_M


def sidereal_angle(julian_day: Floats) -> Floats:
    """Return Greenwich mean sidereal time in radians.

    Source: Vallado, equation 3-47 (IAU 1982).
    """
    century = (julian_day - 2451545.0) / 36525
    seconds = 67310.54841 + (876600 * 3600 + 8640184.812866) * century + 0.093104 * century**2
    return np.radians(seconds % 86400 / 240)


def disc_seen(position_m: Floats, sun: Floats, distance_m: Floats) -> Floats:
    """Return the part of the Sun's disc that the Earth leaves to see, 0 to 1.

    Source: Montenbruck and Gill, Satellite Orbits, section 3.4.2: overlap of two discs.
    """
    to_sun = sun * distance_m[:, None] - position_m
    sun_range, radius = np.linalg.norm(to_sun, axis=1), np.linalg.norm(position_m, axis=1)
    a, b = np.arcsin(SUN_RADIUS_M / sun_range), np.arcsin(EARTH_RADIUS_M / radius)
    cosine = -np.sum(position_m * to_sun, axis=1) / (radius * sun_range)
    c = np.arccos(np.clip(cosine, -1, 1))
    x = (c**2 + a**2 - b**2) / (2 * c)
    y = np.sqrt(np.maximum(a**2 - x**2, 0))
    hidden = (
        a**2 * np.arccos(np.clip(x / a, -1, 1))
        + b**2 * np.arccos(np.clip((c - x) / b, -1, 1))
        - c * y
    )
    partial = 1 - hidden / (np.pi * a**2)
    return np.where(c >= a + b, 1.0, np.where(c <= b - a, 0.0, np.clip(partial, 0, 1)))


def _from_station(position_m: Floats, sidereal: Floats) -> tuple[Floats, Floats]:
    """Return elevation (degrees) and range (metres) of the satellite."""
    x, y, z = position_m.T
    fixed = np.stack(
        [
            np.cos(sidereal) * x + np.sin(sidereal) * y,
            -np.sin(sidereal) * x + np.cos(sidereal) * y,
            z,
        ],
        axis=-1,
    )
    latitude, longitude = radians(STATION_LATITUDE_DEG), radians(STATION_LONGITUDE_DEG)
    squash = 1 - FLATTENING
    reduced = atan2(squash * sin(latitude), cos(latitude))
    out, up_axis = EARTH_RADIUS_M * cos(reduced), EARTH_RADIUS_M * squash * sin(reduced)
    station = np.array([out * cos(longitude), out * sin(longitude), up_axis])
    up = np.array([cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)])
    line = fixed - station
    span = np.linalg.norm(line, axis=1)
    return np.degrees(np.arcsin(line @ up / span)), span
