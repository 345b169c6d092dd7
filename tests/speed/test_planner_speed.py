"""How fast the contacts of a constellation are foreseen, and ways for all of it found."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from skyfield.api import load, wgs84

from ground import settings
from ground.relay.elements import Elements
from ground.services import geometry
from ground.services.planner import Planner, Wish
from ground.services.ways import Way
from protocols import times
from tests.ground.relay.test_contacts import theirs
from tests.speed.clock import Race

pytestmark = pytest.mark.speed

HOUR_NS = 3600 * 10**9
NOW = times.parse("2026-03-01T00:10:00")  # a plan begins 10 minutes before
WITHIN_S = 1.0
MISSION = settings.find("constellation")


def fresh() -> Planner:
    made = Planner(MISSION)
    made.refresh(NOW)
    return made


def test_a_day_of_a_constellation_is_foreseen() -> None:
    """Skyfield is asked for passes over one station alone, and taken times the pairs there are; a
    plan has ranges, lines of sight, links and rates of them beside.
    """
    scale = load.timescale(builtin=True)
    begin = scale.from_datetime(datetime(2026, 3, 1, tzinfo=UTC))
    end = scale.tt_jd(begin.tt + 1 + 10 / 1440)
    orbits = [geometry.orbit_of(each) for each in MISSION.spacecraft[::24]]
    bodies = [theirs(each, scale) for each in orbits if isinstance(each, Elements)]
    site = MISSION.sites[0]
    place = wgs84.latlon(site.latitude_deg, site.longitude_deg)

    def of_skyfield() -> list[object]:
        return [each.find_events(place, begin, end, altitude_degrees=5.0) for each in bodies]

    pairs = len(MISSION.spacecraft) * (len(MISSION.sites) + len(MISSION.relays))
    planner = Planner(MISSION)

    def ours() -> None:
        planner.made_ns = NOW + HOUR_NS  # as if it were of another time, so that it is made anew
        assert planner.refresh(NOW)

    race = Race("contact plan of 48 satellites, a day", work=pairs, unit="pair days")
    race.run(rounds=3, ours=ours, skyfield=of_skyfield)
    race.seconds["skyfield"] *= pairs / len(bodies)
    assert planner.plan is not None
    print(f"{len(planner.plan)} contacts in {race.seconds['ours']:.2f} s")
    race.at_least_rate(pairs / WITHIN_S)
    race.at_least(5, over="skyfield")


def test_ways_to_all_satellites() -> None:
    """From what is known, against anew after a relay was lost or came back."""
    planner = fresh()
    wishes = [Wish(each.name, 512, NOW + HOUR_NS) for each in MISSION.spacecraft]

    def found() -> list[Way | str]:
        return [planner.way(each, NOW) for each in wishes]

    def anew() -> list[Way | str]:
        planner.out_of_order({"SF-2"} - planner.down)  # forgets the ways it knew
        return found()

    assert all(isinstance(each, Way) for each in anew())
    race = Race("ways to 48 satellites", work=len(wishes), unit="ways")
    race.run(ours=found, anew=anew)
    race.at_least(10, over="anew")
    race.at_least_rate(10_000)
