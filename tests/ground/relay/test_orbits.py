"""Orbits, the Earth's frame and the Sun: against skyfield and published values."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sgp4.api import Satrec
from skyfield.api import load, wgs84
from skyfield.sgp4lib import TEME

from ground.relay import frames, sun, synthetic
from ground.relay.elements import Elements, satrec
from ground.relay.orbits import NOT_FINITE, Geostationary, states
from ground.relay.tle import parse
from protocols import times
from protocols.times import DAY_NS, SECOND_NS
from tests.clauses import clause
from tests.ground.relay.test_elements import ONE, TWO

T0 = times.parse("2026-03-20T00:00:00")


@pytest.fixture(scope="module")
def iss() -> Elements:
    return parse(f"{ONE}\n{TWO}\n", "iss")[0]


@pytest.fixture(scope="module")
def scale():  # type: ignore[no-untyped-def]
    return load.timescale(builtin=True)


def at_times(iss: Elements, number: int = 200) -> np.ndarray:
    return iss.epoch_ns + np.arange(number, dtype=np.int64) * 97 * SECOND_NS


def test_one_orbit_at_one_time_and_many_at_many_are_the_same(iss: Elements) -> None:
    orbits = [replace(iss, mean_anomaly_deg=each) for each in range(0, 360, 40)]
    t_ns = at_times(iss)
    many = states([*orbits, Geostationary(77.0)], t_ns)
    assert many.position_km.shape == (10, 200, 3)
    assert many.position_km.flags.c_contiguous
    for row in (0, 3, 8):
        for node in (0, 77, 199):
            one = states([orbits[row]], t_ns[node : node + 1])
            assert (one.position_km[0, 0] == many.position_km[row, node]).all()
            assert (one.velocity_km_s[0, 0] == many.velocity_km_s[row, node]).all()
    assert states([], t_ns).position_km.shape == (0, 200, 3)


def test_places_are_those_of_the_reference_reader(iss: Elements) -> None:
    reference = Satrec.twoline2rv(ONE, TWO)
    t_ns = at_times(iss)
    found = states([iss], t_ns)
    for node in range(0, 200, 20):
        _, r, v = reference.sgp4_tsince((t_ns[node] - iss.epoch_ns) / 60e9)
        assert np.abs(found.position_km[0, node] - r).max() < 1e-7
        assert np.abs(found.velocity_km_s[0, node] - v).max() < 1e-10


def test_a_leap_second_after_the_epoch_does_not_stop_the_spacecraft(iss: Elements) -> None:
    """2008-12-31T23:59:60 is in between: 102.48 days on are counted in true seconds."""
    t_ns = times.parse("2009-01-01T00:00:00") + np.array([-2, -1, 0, 1]) * SECOND_NS
    found = states([iss], t_ns)
    steps = np.linalg.norm(np.diff(found.position_km[0], axis=0), axis=1)
    assert np.ptp(steps) < 0.01
    assert steps.mean() == pytest.approx(7.66, abs=0.05)


def test_a_failed_orbit_is_not_a_number_has_a_reason_and_harms_no_other(iss: Elements) -> None:
    decayed = replace(iss, bstar=0.5)
    t_ns = iss.epoch_ns + np.arange(10, dtype=np.int64) * DAY_NS
    found = states([iss, decayed], t_ns)
    assert np.isfinite(found.position_km[0]).all()
    assert np.isfinite(found.position_km[1, 0]).all()
    assert np.isnan(found.position_km[1, -1]).all()
    assert np.isnan(found.velocity_km_s[1, -1]).all()
    ((row, first_ns, reason),) = found.failures()
    assert row == 1
    assert iss.epoch_ns < first_ns <= t_ns[-1]
    assert "decayed" in reason or "eccentricity" in reason


def test_a_place_that_is_not_a_number_is_a_failure_though_sgp4_reports_none(iss: Elements) -> None:
    """SGP4 gives code 0 and NaN for a mean motion of NaN: the code alone says nothing."""
    broken = replace(iss, mean_motion_rev_day=math.nan)
    error, place, _ = satrec(broken).sgp4_tsince(0.0)
    assert error == 0
    assert math.isnan(place[0])
    found = states([broken], np.array([iss.epoch_ns]))
    assert found.error.tolist() == [[NOT_FINITE]]
    assert found.failures() == [(0, iss.epoch_ns, "the place is not a number")]


@clause("AIAA 2006-6753, TEME to PEF")
def test_sidereal_time_is_that_of_the_published_example() -> None:
    """1992-08-20 12:14 UT1 is 152.578787886°: Vallado, Fundamentals, example 3-5."""
    found = frames.gmst_rad(np.array([times.parse("1992-08-20T12:14:00")]))
    assert math.degrees(float(found[0])) == pytest.approx(152.578787886, abs=1e-6)
    day = np.array([T0, T0 + 1000 * SECOND_NS])
    turned = np.diff(frames.gmst_rad(day))[0] / 1000
    assert turned == pytest.approx(frames.ROTATION_RAD_S, rel=1e-9)


def test_stations_stand_where_skyfield_has_them() -> None:
    sites = ((39.5, 75.9, 1.3), (-77.8, 166.7, 0.0), (0, 0, 9), (90, 0, 0))
    for latitude, longitude, height in sites:
        place = wgs84.latlon(latitude, longitude, height * 1000)
        ours = frames.earth_fixed_km(latitude, longitude, height)
        assert np.abs(ours - place.itrs_xyz.km).max() < 1e-6
    assert frames.up(0, 90) == pytest.approx([0, 1, 0])


def test_stations_turn_with_the_earth_as_skyfield_turns_it(scale) -> None:  # type: ignore[no-untyped-def]
    """The whole IAU model and UT1 − UTC move the equator by less than 0.5 km."""
    t_ns = T0 + np.arange(0, 30, 7, dtype=np.int64) * DAY_NS
    ours = frames.to_teme(frames.earth_fixed_km(20, 110, 0)[None], frames.gmst_rad(t_ns))
    place = wgs84.latlon(20, 110)
    for node in range(len(t_ns)):
        theirs = place.at(scale.utc(2026, 3, 20 + 7 * node)).frame_xyz(TEME).km
        assert np.linalg.norm(ours[node] - theirs) < 0.5
    back = frames.to_earth(ours, frames.gmst_rad(t_ns))
    assert back == pytest.approx(np.tile(frames.earth_fixed_km(20, 110, 0), (5, 1)))


def test_a_geostationary_relay_stands_over_its_longitude_and_moves_with_the_earth() -> None:
    t_ns = T0 + np.arange(100, dtype=np.int64) * 1000 * SECOND_NS
    found = states([Geostationary(-16.5)], t_ns)
    fixed = frames.to_earth(found.position_km, frames.gmst_rad(t_ns))[0]
    assert np.degrees(np.arctan2(fixed[:, 1], fixed[:, 0])) == pytest.approx(-16.5)
    assert np.linalg.norm(found.velocity_km_s[0], axis=1) == pytest.approx(3.0747, abs=1e-3)
    slope = (found.position_km[0, 2] - found.position_km[0, 0]) / 2000
    assert slope == pytest.approx(found.velocity_km_s[0, 1], abs=0.01)


def test_the_sun_is_where_the_almanac_has_it() -> None:
    """Vallado, Fundamentals, example 5-1: 2006-04-02 00:00, in AU; and the seasons of 2026."""
    found = sun.position_km(np.array([times.parse("2006-04-02T00:00:00")]))[0]
    expected = np.array([146_186_212, 28_788_976, 12_481_064])
    assert np.linalg.norm(found - expected) < 3e-4 * np.linalg.norm(expected)
    seasons = {
        "2026-03-20T14:46": 0.0,
        "2026-06-21T08:25": 23.436,
        "2026-09-23T00:05": 0.0,
        "2026-12-21T20:50": -23.436,
    }
    for date, declination in seasons.items():
        x, y, z = sun.position_km(np.array([times.parse(date)]))[0]
        assert math.degrees(math.atan2(z, math.hypot(x, y))) == pytest.approx(declination, abs=0.01)


def test_a_sun_synchronous_orbit_turns_once_a_year_at_its_altitude() -> None:
    made = synthetic.sun_synchronous("x", T0, 750, 18.0, 0)
    year_ns = int(365.2421897 * DAY_NS)
    t_ns = T0 + np.array([0, year_ns]) + np.arange(0, 6000, 10)[:, None] * SECOND_NS
    nodes = []
    for column in t_ns.T:
        found = states([made], np.ascontiguousarray(column))
        momentum = np.cross(found.position_km[0], found.velocity_km_s[0]).mean(axis=0)
        nodes.append(math.degrees(math.atan2(momentum[0], -momentum[1])))
        altitude = np.linalg.norm(found.position_km[0], axis=1) - synthetic.RADIUS_KM
        assert altitude.mean() == pytest.approx(750, abs=10)
    assert (nodes[1] - nodes[0] + 180) % 360 - 180 == pytest.approx(0, abs=0.1)  # 360 turned once


@pytest.mark.parametrize("ltan_h", [6.0, 18.0, 10.5])
def test_the_node_has_its_local_time(ltan_h: float) -> None:
    """The mean Sun at 12 h of local time: over the node of 18 h it stands 90° west of it."""
    made = synthetic.sun_synchronous("x", T0, 750, ltan_h, 0)
    x, y, _ = sun.position_km(np.array([T0]))[0]
    sun_deg = math.degrees(math.atan2(y, x))
    ahead_h = ((made.raan_deg - sun_deg + 180) % 360 - 180) / 15
    assert (ahead_h - (ltan_h - 12) + 12) % 24 - 12 == pytest.approx(0, abs=0.3)  # equation of time
    found = states([made], np.array([T0]))
    assert abs(found.position_km[0, 0, 2]) < 30  # at the node, going north
    assert found.velocity_km_s[0, 0, 2] > 7
