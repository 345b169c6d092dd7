"""Mean orbital elements of one spacecraft, checked, as SGP4 wants them.

How it works: TLE (`tle`), OMM (`omm`) and missions that have not flown yet (`synthetic`) all become
`Elements`; `checked` holds them against what is possible, since SGP4 itself takes anything and
answers with NaN or with a place where nothing flies.

The constants are those of WGS72: the elements were fitted with them, and another set moves the
result by kilometres (Vallado et al., AIAA 2006-6753; section unverified).

Source: CCSDS 502.0-B-3 §4 (OMM); Hoots and Roehrich, Spacetrack Report No. 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sgp4.api import WGS72, Satrec

from ground.errors import InputError, Where
from protocols.times import DAY_NS, tai_to_utc_ns

LARGEST_SGP4_NUMBER = 339_999  # the last that five characters hold (Z9999)
FASTEST_REV_DAY = 20.0  # at the Earth's surface a circular orbit makes 17
_NOWHERE = Where("elements")
_UNIX_EPOCH_JD, _SGP4_EPOCH_JD = 2_440_587.5, 2_433_281.5  # 1970-01-01, 1949-12-31
_REV_DAY_IN_RAD_MIN = 1440 / (2 * math.pi)  # to divide by, which rounds as SGP4's own reader does


@dataclass(frozen=True, slots=True)
class Elements:
    """Mean elements of SGP4, in the units of TLE and OMM.

    Attributes:
        name: of the object, or "" where the set names none.
        norad_id: catalogue number as digits; text, as it may have nine of them, or "".
        object_id: international designator as written, or "".
        epoch_ns: TAI.
        mean_motion_rev_day: Kozai's mean motion.
        mean_motion_dot, mean_motion_ddot: rev/day² / 2 and rev/day³ / 6, as written; SGP4 does not
            use them.
        bstar: drag term, 1/Earth radii.
        where: the file and line that they came from.
        fitted: whether they were fitted to what was measured, and so are worth less each day;
            False for an orbit that is laid down.
    """

    name: str
    norad_id: str
    object_id: str
    epoch_ns: int
    mean_motion_rev_day: float
    eccentricity: float
    inclination_deg: float
    raan_deg: float
    argument_of_perigee_deg: float
    mean_anomaly_deg: float
    bstar: float = 0.0
    mean_motion_dot: float = 0.0
    mean_motion_ddot: float = 0.0
    where: Where = _NOWHERE
    fitted: bool = True


def satrec(elements: Elements) -> Satrec:
    """Return the record that SGP4 propagates; catalogue numbers that it cannot hold become 0.

    Its epoch (`jdsatepoch`) is set to days of TAI, exact to the nanosecond, so that what SGP4 calls
    minutes since epoch are true minutes over leap seconds too; `orbits.states` counts so.
    """
    number = int(elements.norad_id or 0)
    made = Satrec()
    made.sgp4init(
        WGS72,
        "i",
        number if number <= LARGEST_SGP4_NUMBER else 0,
        # Over the Julian date, as the reference code goes: very long orbits show the rounding.
        tai_to_utc_ns(elements.epoch_ns) / DAY_NS + _UNIX_EPOCH_JD - _SGP4_EPOCH_JD,
        elements.bstar,
        elements.mean_motion_dot / (_REV_DAY_IN_RAD_MIN * 1440),
        elements.mean_motion_ddot / (_REV_DAY_IN_RAD_MIN * 1440**2),
        elements.eccentricity,
        math.radians(elements.argument_of_perigee_deg),
        math.radians(elements.inclination_deg),
        math.radians(elements.mean_anomaly_deg),
        elements.mean_motion_rev_day / _REV_DAY_IN_RAD_MIN,
        math.radians(elements.raan_deg),
    )
    made.jdsatepoch, made.jdsatepochF = divmod(elements.epoch_ns, DAY_NS)
    made.jdsatepochF /= DAY_NS
    return made


def checked(elements: Elements) -> Elements:
    """Return elements that are possible.

    Raises:
        InputError: a number is not finite or not plausible; names file and line.
    """
    for name, low, high, expected in _PLAUSIBLE:
        value = getattr(elements, name)
        if not low <= value <= high:  # NaN is in no range
            raise InputError(f"{elements.where}: {name} {value:g} found; {expected} expected")
    if elements.mean_motion_rev_day == 0 or elements.eccentricity == 1:
        raise InputError(
            f"{elements.where}: mean motion {elements.mean_motion_rev_day:g} and eccentricity"
            f" {elements.eccentricity:g} found; an orbit around the Earth expected"
        )
    return elements


_PLAUSIBLE = (
    ("mean_motion_rev_day", 0, FASTEST_REV_DAY, f"above 0 and up to {FASTEST_REV_DAY:g} rev/day"),
    ("eccentricity", 0, 1, "0 up to but not including 1"),
    ("inclination_deg", 0, 180, "0 to 180 degrees"),
    ("raan_deg", -360, 360, "−360 to 360 degrees"),
    ("argument_of_perigee_deg", -360, 360, "−360 to 360 degrees"),
    ("mean_anomaly_deg", -360, 360, "−360 to 360 degrees"),
    ("bstar", -10, 10, "−10 to 10 per Earth radius"),
    ("mean_motion_dot", -100, 100, "−100 to 100 rev/day²"),
    ("mean_motion_ddot", -1000, 1000, "−1000 to 1000 rev/day³"),
)
