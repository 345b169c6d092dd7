"""How fast contacts and eclipses of a large constellation are found."""

from __future__ import annotations

import numpy as np
import pytest
from skyfield.api import load, wgs84

from ground.relay import synthetic
from ground.relay.contacts import Contacts, contacts
from ground.relay.eclipse import umbras
from ground.relay.elements import Elements
from ground.relay.nodes import Geostationary, Spacecraft, Station
from protocols import times
from protocols.times import DAY_NS
from tests.ground.relay.test_contacts import theirs
from tests.speed.clock import Race

pytestmark = pytest.mark.speed

T0 = times.parse("2026-03-01T00:00:00")
SPACECRAFT, WITHIN_S = 1000, 5.0
PLACES = (
    (39.5, 76.0),
    (18.3, 109.3),
    (40.1, 116.3),
    (45.7, 126.6),
    (67.9, 21.0),
    (78.2, 15.4),
    (-38.2, -70.1),
    (-25.9, 27.7),
    (-31.8, 115.9),
    (64.8, -147.7),
    (28.1, -15.4),
    (-72.0, 2.5),
)


@pytest.fixture(scope="module")
def stations() -> list[Station]:
    return [Station(f"G{row}", *place) for row, place in enumerate(PLACES)]


@pytest.fixture(scope="module")
def fleet() -> list[Spacecraft]:
    """16 planes at 750 km, elements two days old."""
    return [
        Spacecraft(
            f"S{row}",
            synthetic.sun_synchronous(
                f"S{row}", T0 - 2 * DAY_NS, 750, row % 16 * 1.5, row // 16 * 5.8 + row % 16 * 3
            ),
        )
        for row in range(SPACECRAFT)
    ]


def test_contacts_with_stations_and_geostationary_relays_over_a_day(
    fleet: list[Spacecraft], stations: list[Station]
) -> None:
    relays = [Spacecraft(f"R{x}", Geostationary(x), relay=True) for x in (16.8, 77.0, 176.8)]
    scale = load.timescale(builtin=True)
    begin, end = scale.utc(2026, 3, 1), scale.utc(2026, 3, 2)
    bodies = [theirs(each.orbit, scale) for each in fleet[:4] if isinstance(each.orbit, Elements)]
    kashi = wgs84.latlon(*PLACES[0])

    def of_skyfield() -> list[object]:
        return [each.find_events(kashi, begin, end, altitude_degrees=5.0) for each in bodies]

    def ours() -> Contacts:
        return contacts([*fleet, *relays], stations, T0, T0 + DAY_NS)

    pairs = SPACECRAFT * (len(stations) + len(relays))
    race = Race("contacts, 12 stations and 3 relays, a day", work=pairs, unit="pair days")
    race.run(rounds=3, ours=ours, skyfield=of_skyfield)
    race.seconds["skyfield"] *= pairs / len(bodies)
    print(f"{len(ours())} contacts of {pairs} pairs in {race.seconds['ours']:.2f} s")
    race.at_least_rate(pairs / WITHIN_S)
    race.at_least(10, over="skyfield")


def test_contacts_with_low_relays_over_a_day(fleet: list[Spacecraft]) -> None:
    relays = [
        Spacecraft(f"L{row}", synthetic.circular(f"L{row}", T0, 1100, 85, row * 45, row * 97), True)
        for row in range(8)
    ]
    race = Race("contacts, 8 low relays, a day", work=SPACECRAFT * 8, unit="pair days")
    race.run(rounds=3, ours=lambda: contacts([*fleet, *relays], [], T0, T0 + DAY_NS))
    race.at_least_rate(SPACECRAFT * 8 / WITHIN_S)


def test_eclipses_over_a_day(fleet: list[Spacecraft]) -> None:
    orbits = [each.orbit for each in fleet]
    race = Race("umbras, a day", work=len(orbits), unit="spacecraft days")
    race.run(rounds=3, ours=lambda: umbras(orbits, T0, T0 + DAY_NS))
    race.at_least_rate(SPACECRAFT / WITHIN_S)
    assert np.diff(umbras(orbits[:4], T0, T0 + DAY_NS).spacecraft).min() >= 0
