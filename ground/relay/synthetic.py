"""Elements for spacecraft that have not flown yet, from the shape of their orbit.

Source: Kozai's and Brouwer's mean motion: Hoots and Roehrich, Spacetrack Report No. 3 §6; drift of
the node by J2: Vallado, Fundamentals of Astrodynamics, §9.6 (numbers unverified).
"""

from __future__ import annotations

import math

import numpy as np

from ground.relay.elements import Elements, checked, satrec
from ground.relay.frames import gmst_rad
from protocols.times import DAY_NS, tai_to_utc_ns

RADIUS_KM, MU_KM3_S2, J2 = 6378.135, 398_600.8, 1.082616e-3  # WGS72, as SGP4
SUN_DEG_DAY = 360 / 365.2421897  # mean motion of the mean Sun along the equator


def circular(
    name: str,
    epoch_ns: int,
    altitude_km: float,
    inclination_deg: float,
    node_deg: float,
    phase_deg: float,
) -> Elements:
    """Return a circular orbit.

    Args:
        epoch_ns: TAI.
        altitude_km: mean, above the equator of WGS72.
        node_deg: right ascension of the ascending node.
        phase_deg: angle from the node along the orbit at the epoch.

    Raises:
        InputError: no orbit of a spacecraft.
    """
    axis_km = RADIUS_KM + altitude_km
    motion_rad_s = math.sqrt(MU_KM3_S2 / axis_km**3) if axis_km > 0 else math.nan
    cosine = math.cos(math.radians(inclination_deg))
    kozai = 1 + 0.75 * J2 * (RADIUS_KM / axis_km) ** 2 * (3 * cosine**2 - 1)
    return checked(
        Elements(
            name=name,
            norad_id="",
            object_id="",
            epoch_ns=epoch_ns,
            mean_motion_rev_day=motion_rad_s * kozai * 86400 / (2 * math.pi),
            eccentricity=0.0,
            inclination_deg=inclination_deg,
            raan_deg=node_deg % 360,
            argument_of_perigee_deg=0.0,
            mean_anomaly_deg=phase_deg % 360,
            fitted=False,
        )
    )


def sun_synchronous(
    name: str, epoch_ns: int, altitude_km: float, ltan_h: float, phase_deg: float
) -> Elements:
    """Return a circular orbit whose ascending node keeps its local mean time.

    Args:
        ltan_h: local mean time of the ascending node in hours, 18.0 for dawn-dusk.
        others: as of `circular`.

    Raises:
        InputError: too high for any inclination.
    """
    inclination_deg = sun_synchronous_inclination_deg(altitude_km)
    node_deg = node_of_local_time_deg(epoch_ns, ltan_h)
    return circular(name, epoch_ns, altitude_km, inclination_deg, node_deg, phase_deg)


def sun_synchronous_inclination_deg(altitude_km: float) -> float:
    """Return the inclination whose node turns with the mean Sun; NaN above some 5,970 km.

    The first guess is cos i = −Ω̇ / (1.5 J2 (R/a)² n). SGP4 has terms of higher order, which make
    a degree a year of it; so the guess is mended by the drift that SGP4 itself gives.
    """
    cosine = _first_guess(altitude_km)
    for _ in range(3):
        if not abs(cosine) <= 1:
            return math.nan
        made = circular("", 0, altitude_km, math.degrees(math.acos(cosine)), 0, 0)
        drift_deg_day = math.degrees(satrec(made).nodedot) * 1440
        cosine *= SUN_DEG_DAY / drift_deg_day
    return math.degrees(math.acos(cosine)) if abs(cosine) <= 1 else math.nan


def _first_guess(altitude_km: float) -> float:
    axis_km = RADIUS_KM + altitude_km
    motion_rad_s = math.sqrt(MU_KM3_S2 / axis_km**3) if axis_km > 0 else math.nan
    by_j2_rad_s = 1.5 * J2 * (RADIUS_KM / axis_km) ** 2 * motion_rad_s
    return -math.radians(SUN_DEG_DAY / 86400) / by_j2_rad_s


def node_of_local_time_deg(epoch_ns: int, ltan_h: float) -> float:
    """Return the right ascension of a node that has a local mean time at the epoch.

    The node's longitude is 15° for each hour that its time is ahead of UTC.
    """
    of_day_h = tai_to_utc_ns(epoch_ns) % DAY_NS / DAY_NS * 24
    greenwich_deg = math.degrees(float(gmst_rad(np.array([epoch_ns], np.int64))[0]))
    return (greenwich_deg + (ltan_h - of_day_h) * 15) % 360
