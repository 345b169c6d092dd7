"""Eclipses: hand-worked geometry, skyfield's places and Sun of another formula, the seasons."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skyfield.api import EarthSatellite, load

from ground.relay import eclipse, sun, synthetic
from ground.relay.eclipse import penumbras, umbras
from ground.relay.elements import Elements
from ground.relay.frames import EARTH_RADIUS_KM
from ground.relay.orbits import Geostationary, states
from protocols import times
from protocols.times import DAY_NS, SECOND_NS
from tests.ground.relay.test_contacts import theirs

T0 = times.parse("2026-01-01T00:00:00")
ORBITS = [
    synthetic.circular(f"S{row}", T0, altitude, inclination, row * 70.0, row * 31.0)
    for row, (altitude, inclination) in enumerate([(420, 51.6), (750, 98.4), (1400, 20), (9000, 5)])
]


def test_the_cones_are_those_of_similar_triangles() -> None:
    """The umbra ends where Rs / (D + x) = Re / x; behind it the Earth is a ring of Sun."""
    au, rs, re = sun.ASTRONOMICAL_UNIT_KM, sun.SUN_RADIUS_KM, EARTH_RADIUS_KM
    there = np.array([au, 0.0, 0.0])
    tip = re * au / (rs - re)
    assert tip == pytest.approx(1.384e6, rel=1e-3)
    for away, inside in ((0.999 * tip, True), (1.001 * tip, False)):
        assert (eclipse.margins(np.array([-away, 0, 0]), there, -1.0) >= 0) == inside
    x = 7000.0  # behind the Earth: radius of umbra and penumbra there, by the lines that touch both
    for sign, radius in ((-1.0, re - x * (rs - re) / au), (1.0, re + x * (rs + re) / au)):
        for factor, inside in ((0.9999, True), (1.0001, False)):
            place = np.array([-x, radius * factor, 0])
            assert (eclipse.margins(place, there, sign) >= 0) == inside


def test_day_and_night_over_the_ground_are_told_apart() -> None:
    there = np.array([sun.ASTRONOMICAL_UNIT_KM, 0, 0])
    places = np.array([[7000.0, 0, 0], [-7000, 0, 0], [0, 7000, 0], [math.nan, 0, 0]])
    assert (eclipse.margins(places, there, -1.0) >= 0).tolist() == [False, True, False, False]


@pytest.mark.parametrize("which", [umbras, penumbras])
def test_edges_are_those_of_a_dense_scan(which) -> None:  # type: ignore[no-untyped-def]
    """Every second of half a day, from SGP4 at that very time."""
    sign = -1.0 if which is umbras else 1.0
    found = which(ORBITS, T0, T0 + DAY_NS // 2)
    t_ns = T0 + np.arange(0, 43_200, dtype=np.int64) * SECOND_NS
    dark = eclipse.margins(states(ORBITS, t_ns).position_km, sun.position_km(t_ns), sign) >= 0
    assert dark.any(axis=1).tolist() == [True, True, True, False]  # the last is too high in winter
    for row in range(len(ORBITS)):
        mine = found.spacecraft == row
        left = t_ns[:, None] >= found.start_ns[mine]
        assert (dark[row] == (left & (t_ns[:, None] <= found.end_ns[mine])).any(axis=1)).all()


def test_edges_are_exact_to_a_millisecond() -> None:
    found = umbras(ORBITS[:2], T0 + 1, T0 + DAY_NS // 2)
    for row, start_ns, end_ns in zip(found.spacecraft, found.start_ns, found.end_ns, strict=True):
        if start_ns == T0 + 1 or end_ns == T0 + DAY_NS // 2:
            continue
        for edge, later in ((start_ns, True), (end_ns, False)):
            t_ns = edge + np.array([-1, 1]) * 1_000_000
            place = states([ORBITS[row]], t_ns).position_km[0]
            seen = eclipse.margins(place, sun.position_km(t_ns), -1.0) >= 0
            assert seen.tolist() == [not later, later]


def test_umbra_lies_within_penumbra_and_both_are_cut_at_the_span() -> None:
    dark, half = umbras(ORBITS, T0, T0 + DAY_NS), penumbras(ORBITS, T0, T0 + DAY_NS)
    assert len(dark)
    for row, start_ns, end_ns in zip(dark.spacecraft, dark.start_ns, dark.end_ns, strict=True):
        mine = half.spacecraft == row
        assert ((half.start_ns[mine] <= start_ns) & (half.end_ns[mine] >= end_ns)).any()
    assert half.start_ns.min() >= T0
    assert half.end_ns.max() <= T0 + DAY_NS
    assert len(umbras([], T0, T0 + DAY_NS)) == 0


def test_places_of_skyfield_in_a_cylinder_are_dark_at_the_same_times() -> None:
    """Another frame and propagator's wrapper, another Sun (mean longitude and two terms of centre).

    A cylinder lies between umbra and penumbra but for refraction, so it may differ by seconds.
    """
    scale = load.timescale(builtin=True)
    orbit = ORBITS[0]
    assert isinstance(orbit, Elements)
    body: EarthSatellite = theirs(orbit, scale)
    seconds = np.arange(0, 86_400, 20.0)
    t = scale.tt_jd(scale.utc(2026, 1, 1).tt + seconds / 86400)
    place = body.at(t).xyz.km.T
    century = (t.tt - 2_451_545.0) / 36525
    anomaly = np.radians(357.52911 + 35999.05029 * century)
    longitude = np.radians(
        280.46646
        - 1.397 * century
        + 36000.76983 * century
        + 1.914602 * np.sin(anomaly)
        + 0.019993 * np.sin(2 * anomaly)
    )  # of J2000, as skyfield's axes: precession is 1.397° a century
    tilt = math.radians(23.4393)
    unit = np.stack([np.cos(longitude), math.cos(tilt) * np.sin(longitude),
                     math.sin(tilt) * np.sin(longitude)], axis=1)  # fmt: skip
    along = (place * unit).sum(axis=1)
    dark = (along < 0) & (np.linalg.norm(place - along[:, None] * unit, axis=1) < EARTH_RADIUS_KM)
    t_ns = T0 + np.round(seconds * 1e9).astype(np.int64)
    for found, slack_s, certain in (
        (umbras([orbit], T0, T0 + DAY_NS), -6.0, True),
        (penumbras([orbit], T0, T0 + DAY_NS), 6.0, False),
    ):
        after = t_ns[:, None] >= found.start_ns - round(slack_s * 1e9)
        before = t_ns[:, None] <= found.end_ns + round(slack_s * 1e9)
        ours = (after & before).any(axis=1)
        assert (dark | ~ours).all() if certain else (ours | ~dark).all()
    assert 0.3 < dark.mean() < 0.45


def season(orbit: Elements) -> tuple[list[int], float]:
    """Return the days of 2026 with umbra, and the longest umbra in minutes."""
    found = umbras([orbit], T0, T0 + 365 * DAY_NS)
    longest_ns = int((found.end_ns - found.start_ns).max())
    return np.unique((found.start_ns - T0) // DAY_NS).tolist(), longest_ns / 60e9


def longest_min(altitude_km: float) -> float:
    """Return the longest umbra of a dawn-dusk orbit by hand: at the June solstice, mean Sun.

    Sin β = sin i cos δ + cos i sin δ; a share acos(cos ρ / cos β) / π of the orbit is dark, where
    ρ is the Earth's angular radius less that of the Sun.
    """
    radius = EARTH_RADIUS_KM + altitude_km
    i = math.radians(synthetic.sun_synchronous_inclination_deg(altitude_km))
    tilt = math.radians(23.436)
    cos_beta = math.cos(math.asin(math.sin(i) * math.cos(tilt) + math.cos(i) * math.sin(tilt)))
    rho = math.asin(EARTH_RADIUS_KM / radius) - math.radians(0.2622)  # the Sun's radius in June
    period_min = 2 * math.pi * math.sqrt(radius**3 / 398_600.4) / 60
    return math.acos(math.cos(rho) / cos_beta) / math.pi * period_min


@pytest.mark.parametrize("altitude_km", [700, 750, 800])
def test_a_dusk_orbit_has_its_season_around_the_june_solstice(altitude_km: float) -> None:
    days, longest = season(synthetic.sun_synchronous("x", T0, altitude_km, 18.0, 0))
    assert longest == pytest.approx(longest_min(altitude_km), abs=0.5)
    assert days == list(range(days[0], days[-1] + 1))
    solstice = 171  # 21 June
    assert (days[0] + days[-1]) / 2 == pytest.approx(solstice, abs=2)
    assert 70 < len(days) < 90


def test_a_dawn_orbit_has_its_season_around_the_december_solstice() -> None:
    days, longest = season(synthetic.sun_synchronous("x", T0, 750, 6.0, 0))
    assert min(day for day in days if day > 60) - max(day for day in days if day < 60) > 100
    assert 70 < len(days) < 90
    assert longest == pytest.approx(longest_min(750), abs=0.5)


def test_a_noon_orbit_is_dark_for_a_third_of_every_turn() -> None:
    """At 750 km and β near 0: acos(cos ρ) / π = ρ / 180° = 63.2 / 180 of 99.8 min."""
    orbit = synthetic.sun_synchronous("x", T0, 750, 12.0, 0)
    begin = times.parse("2026-03-20T00:00:00")
    found = umbras([orbit], begin, begin + DAY_NS)
    whole = (found.end_ns - found.start_ns)[1:-1] / 60e9
    assert whole == pytest.approx(99.8 * 63.2 / 180, abs=0.6)


def test_a_geostationary_relay_is_dark_near_the_equinoxes_alone() -> None:
    """Known of every such spacecraft: about 45 nights a season, at most some 70 minutes."""
    found = umbras([Geostationary(77.0)], T0, T0 + 182 * DAY_NS)
    days = np.unique((found.start_ns - T0) // DAY_NS)
    assert 40 <= len(days) <= 47
    assert times.iso(int(found.start_ns[0]))[:7] in ("2026-02", "2026-03")
    assert (found.end_ns - found.start_ns).max() / 60e9 == pytest.approx(68, abs=3)
