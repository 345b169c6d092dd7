"""The constellation loads, is reached at any time, and sees relays and Sun as it must."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ground import settings
from ground.relay.contacts import Contacts, contacts
from ground.relay.eclipse import umbras
from ground.services import geometry
from ground.services.check import check
from ground.services.planner import Planner, Wish
from ground.services.ways import Way
from ground.settings import Mission
from protocols import kernels, times
from protocols.times import DAY_NS, SECOND_NS

T0 = times.parse("2026-03-01T00:00:00")
MINUTE_NS = 60 * SECOND_NS
OCTETS = 512
GEOSTATIONARY = ("TL-1", "TL-2", "TL-3")


@pytest.fixture(autouse=True)
def compiled() -> Iterator[None]:
    kernels.bind()
    yield
    kernels.unbind()


@pytest.fixture(scope="module")
def mission() -> Mission:
    return settings.find("constellation")


@pytest.fixture(scope="module")
def crafts(mission: Mission) -> list[str]:
    return [each.name for each in mission.spacecraft]


@pytest.fixture
def planner(mission: Mission) -> Planner:
    made = Planner(mission)
    made.refresh(T0)
    return made


@pytest.fixture(scope="module")
def seen(mission: Mission) -> Contacts:
    sky = geometry.sky(mission)
    return contacts(sky.spacecraft, sky.stations, T0, T0 + 2 * DAY_NS)


def test_it_has_four_planes_of_twelve_that_take_commands(mission: Mission) -> None:
    planes = Counter(group for each in mission.spacecraft for group in each.groups)
    assert planes == {"phase-2": 48, "plane-1": 12, "plane-2": 12, "plane-3": 12, "plane-4": 12}
    assert [each.name for each in mission.spacecraft] == [f"CG2-{n:02d}" for n in range(1, 49)]
    assert all(each.tc and each.database and each.orbit for each in mission.spacecraft)
    shapes = {(each.orbit.ltan, each.orbit.phase_deg) for each in mission.spacecraft if each.orbit}
    assert len(shapes) == 48
    assert {ltan for ltan, _ in shapes} == {"05:45", "06:15", "17:45", "18:15"}


def test_neighbours_in_a_plane_stay_apart_by_a_twelfth_of_it(mission: Mission) -> None:
    phases = [each.orbit.phase_deg for each in mission.spacecraft if each.orbit]
    for plane in range(4):
        of_plane = np.sort(phases[12 * plane : 12 * plane + 12])
        assert np.diff(of_plane) == pytest.approx(30)
    assert phases[::12] == [0, 7.5, 15, 22.5]


def test_a_shipped_mission_is_found_by_name_and_has_no_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert check("constellation") == []


@pytest.mark.parametrize("hour", [0, 5, 11, 17, 23])
def test_every_satellite_is_reached_within_a_minute_at_any_time(
    planner: Planner, crafts: list[str], hour: int
) -> None:
    now = T0 + hour * 3600 * SECOND_NS
    ways = [planner.way(Wish(name, OCTETS, now + MINUTE_NS), now) for name in crafts]
    assert [each for each in ways if isinstance(each, str)] == []


def test_each_geostationary_relay_alone_reaches_all_planes_at_its_noon_and_some_at_its_dusk(
    planner: Planner, crafts: list[str]
) -> None:
    """At noon it looks at dawn-dusk planes face on; six hours later the Earth hides a part."""
    low = {"RL-1", "RL-2", "SF-1", "SF-2", "kashi-up", "sanya-up", "jiamusi-up", "miyun-up"}
    for relay, noon_utc_h in (("TL-1", 6.87), ("TL-2", 0.21), ("TL-3", 10.88)):
        planner.out_of_order(low | set(GEOSTATIONARY) - {relay})
        reached = []
        for hours in (0, 6):
            now = T0 + round((noon_utc_h + hours) * 3600) * SECOND_NS
            ways = [planner.way(Wish(name, OCTETS, now + MINUTE_NS), now) for name in crafts]
            found = [each for each in ways if isinstance(each, Way)]
            assert {each.relays for each in found} == {(relay,)}
            reached.append(len(found))
        assert reached[0] == 48
        assert 24 <= reached[1] <= 34


def test_without_geostationary_relays_everybody_is_reached_within_three_hours(
    planner: Planner, crafts: list[str]
) -> None:
    planner.out_of_order(GEOSTATIONARY)
    ways = [planner.way(Wish(name, OCTETS, T0 + 180 * MINUTE_NS), T0) for name in crafts]
    assert [each for each in ways if isinstance(each, str)] == []


def coverage(seen: Contacts, sources: tuple[str, ...], target: str) -> float:
    """Return the share of two days in which one of some sees a target, on a grid of 10 s."""
    grid = np.arange(T0, T0 + 2 * DAY_NS, 10 * SECOND_NS)
    dark = np.ones(len(grid), bool)
    at = seen.nodes.index
    rows = np.isin(seen.source, [at(each) for each in sources]) & (seen.target == at(target))
    for start_ns, end_ns in zip(seen.start_ns[rows], seen.end_ns[rows], strict=True):
        dark[np.searchsorted(grid, start_ns) : np.searchsorted(grid, end_ns)] = False
    return 1 - dark.mean()


def mean(seen: Contacts, sources: tuple[str, ...]) -> float:
    """Return the coverage of three satellites of each plane, in the mean."""
    names = [f"CG2-{n:02d}" for n in range(1, 49, 4)]
    return float(np.mean([coverage(seen, sources, name) for name in names]))


def test_one_geostationary_relay_sees_a_plane_for_seven_tenths_of_the_time(seen: Contacts) -> None:
    """69.7 % by another program: four stations, one relay and three relays, dawn-dusk, 750 km."""
    for relay in GEOSTATIONARY:
        assert mean(seen, (relay,)) == pytest.approx(0.697, abs=0.01)


def test_three_geostationary_relays_see_it_all_the_time(seen: Contacts) -> None:
    assert mean(seen, GEOSTATIONARY) == 1.0


def test_four_stations_see_a_satellite_for_a_twelfth_of_the_time(
    seen: Contacts, mission: Mission
) -> None:
    """8.6 % by the same other program."""
    stations = tuple(each.name for each in mission.sites)
    assert mean(seen, stations) == pytest.approx(0.086, abs=0.005)


@pytest.mark.parametrize(
    ("day", "dark"),
    [
        ("2026-03-20", set()),
        ("2026-06-21", {"17:45", "18:15"}),
        ("2026-09-23", set()),
        ("2026-12-21", {"05:45", "06:15"}),
    ],
)
def test_dusk_planes_are_dark_in_june_and_dawn_planes_in_december(
    mission: Mission, day: str, dark: set[str]
) -> None:
    """The orbit's normal is tilted by 8.4°, towards the Sun in one solstice, away in the other."""
    first = mission.spacecraft[::12]
    orbits = [geometry.orbit_of(each) for each in first]
    start_ns = times.parse(f"{day}T00:00:00")
    found = umbras([each for each in orbits if each is not None], start_ns, start_ns + DAY_NS)
    ltan = [each.orbit.ltan for each in first if each.orbit]
    assert {ltan[row] for row in found.spacecraft} == dark
    lasts_min = (found.end_ns - found.start_ns) / MINUTE_NS
    assert (lasts_min < 20).all()


def test_what_all_of_it_is_doubtful_for_is_told_in_one_line(planner: Planner) -> None:
    """Orbits are those of the first of January; 48 satellites and 4 relays have one."""
    assert planner.doubts(T0) == ["RL-1 and 51 more: elements are 59 days old"]


def test_operators_have_groups_that_there_are(mission: Mission) -> None:
    groups = {group for each in mission.spacecraft for group in each.groups}
    by_key = {each.key: set(each.spacecraft) for each in mission.operators}
    assert by_key["plane-1-operator"] == {"plane-1"}
    assert set.union(*by_key.values()) - {"*"} <= groups
