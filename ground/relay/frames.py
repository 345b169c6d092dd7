"""The Earth under the orbits: sidereal time, stations, and turning between TEME and the Earth.

SGP4 gives places in TEME (true equator, mean equinox). Turned by Greenwich mean sidereal time of
1982 they are in PEF, fixed to the Earth but for polar motion, which is under 15 m and left out.

Stations are geodetic on WGS84, as every map and receiver gives them; the WGS72 in SGP4 is the
gravity that the elements were fitted with, which is another thing.

Deviation: UT1 is taken as UTC. They differ by at most 0.9 s, in which the equator moves 0.4 km: an
edge of a pass moves by less than 0.06 s.

Source: Vallado et al., AIAA 2006-6753 appendix C (TEME to PEF; letter unverified); Aoki et al. 1982
(GMST82); NIMA TR8350.2 (WGS84).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from protocols.times import DAY_NS, tai_to_utc_ns

Float = NDArray[np.float64]
Int64 = NDArray[np.int64]

EARTH_RADIUS_KM = 6378.137  # WGS84, at the equator
FLATTENING = 1 / 298.257223563
ROTATION_RAD_S = 7.292115855306589e-5  # of the Earth against the mean equinox: rate of GMST82
LIGHT_KM_S = 299_792.458
GEOSTATIONARY_KM = 42_164.17  # from the Earth's centre

_UNIX_EPOCH_JD = 2_440_587.5
_J2000_JD = 2_451_545.0
_TURN = 2 * np.pi


def julian_utc(t_ns: Int64) -> tuple[Float, Float]:
    """Return UTC as Julian days at midnight and fractions of the day.

    Args:
        t_ns: int64, TAI, any shape.
    """
    days, of_day_ns = np.divmod(tai_to_utc_ns(t_ns), DAY_NS)
    return days + _UNIX_EPOCH_JD, of_day_ns / DAY_NS


def gmst_rad(t_ns: Int64) -> Float:
    """Return Greenwich mean sidereal time in radians, 0 to 2π.

    Args:
        t_ns: int64, TAI, any shape.

    Source: Aoki et al. 1982, as Vallado et al., AIAA 2006-6753 (appendix unverified).
    """
    day, fraction = julian_utc(t_ns)
    centuries = (day - _J2000_JD + fraction) / 36525
    beyond_days_s = 67310.54841 + centuries * (
        8640184.812866 + centuries * (0.093104 - centuries * 6.2e-6)
    )  # without the 876600 h a century, which are whole turns but for the time of day
    turns = beyond_days_s / 86400 + (day - _J2000_JD) % 1 + fraction
    return np.asarray(turns % 1 * _TURN)


def earth_fixed_km(latitude_deg: float, longitude_deg: float, height_km: float) -> Float:
    """Return the place [3] of a geodetic station in the Earth's frame, on WGS84."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    squared = FLATTENING * (2 - FLATTENING)
    radius = EARTH_RADIUS_KM / np.sqrt(1 - squared * np.sin(latitude) ** 2)
    across = (radius + height_km) * np.cos(latitude)
    along = (radius * (1 - squared) + height_km) * np.sin(latitude)
    return np.array([across * np.cos(longitude), across * np.sin(longitude), along])


def up(latitude_deg: float, longitude_deg: float) -> Float:
    """Return the unit vector [3] away from the ellipsoid, in the Earth's frame."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    return np.array(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )


def to_earth(vectors: Float, gmst: Float) -> Float:
    """Return TEME vectors [..., T, 3] in the Earth's frame (PEF), for sidereal times [T]."""
    return _turned(vectors, -gmst)


def to_teme(vectors: Float, gmst: Float) -> Float:
    """Return vectors [..., T, 3] or [..., 1, 3] of the Earth's frame in TEME, as [..., T, 3]."""
    return _turned(vectors, gmst)


def carried(vectors: Float) -> Float:
    """Return the velocities, a second, of TEME vectors [..., 3] that turn with the Earth."""
    made = np.zeros_like(vectors)
    made[..., 0] = -ROTATION_RAD_S * vectors[..., 1]
    made[..., 1] = ROTATION_RAD_S * vectors[..., 0]
    return made


def _turned(vectors: Float, angle: Float) -> Float:
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(vectors, -1, 0)
    turned = (x * cosine - y * sine, x * sine + y * cosine, np.broadcast_to(z, (x * cosine).shape))
    return np.ascontiguousarray(np.stack(turned, -1))
