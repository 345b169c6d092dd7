"""Ways up, over plans made by hand: by which nodes, how COP-1 is set, and what is out of order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ground.errors import InputError
from ground.services.planner import MOST_PARTS, Planner, Wish
from ground.services.ways import Way
from ground.settings import Mission
from protocols.tc import Kind
from tests.ground.services.commanded import DAY, NOW, S, mission_in, plan_of

DIRECT = [("kashi", "CG-1"), ("sanya", "CG-1")]
UP = [(site, relay) for site in ("kashi", "sanya") for relay in ("TL-1", "TL-2", "SF-1")]
DOWN = [(relay, "CG-1") for relay in ("TL-1", "TL-2", "SF-1")]
ACROSS = [("TL-2", "SF-1"), ("SF-1", "TL-2"), ("TL-1", "TL-2"), ("TL-2", "TL-1")]


@pytest.fixture
def mission(tmp_path: Path) -> Mission:
    return mission_in(tmp_path)


def planner(mission: Mission, *hops: tuple[Any, ...]) -> Planner:
    made = Planner(mission)
    made.use(plan_of(mission, *hops), NOW, NOW + DAY)
    return made


def wish(*via: str, octets: int = 200, expires_s: float = 3600, craft: str = "CG-1") -> Wish:
    return Wish(craft, octets, NOW + round(expires_s * S), 1, via)


def nodes(found: Way | str) -> tuple[str, ...]:
    assert isinstance(found, Way), found
    return found.nodes[1:]


@pytest.mark.parametrize(
    "via, way",
    [
        (("kashi",), ("kashi", "CG-1")),
        (("sanya",), ("sanya", "CG-1")),
        (("sanya", "direct"), ("sanya", "CG-1")),
        (("TL-2",), ("*", "TL-2", "CG-1")),
        (("kashi", "TL-2"), ("kashi", "TL-2", "CG-1")),
        (("sanya", "TL-1"), ("sanya", "TL-1", "CG-1")),
        (("TL-2", "SF-1"), ("*", "TL-2", "SF-1", "CG-1")),
        (("SF-1", "TL-2"), ("*", "SF-1", "TL-2", "CG-1")),
        (("sanya", "SF-1", "TL-2"), ("sanya", "SF-1", "TL-2", "CG-1")),
    ],
)
def test_a_way_passes_exactly_what_it_must_in_that_order(
    mission: Mission, via: tuple[str, ...], way: tuple[str, ...]
) -> None:
    found = nodes(planner(mission, *DIRECT, *UP, *DOWN, *ACROSS).way(wish(*via), NOW))
    assert found[1:] == way[1:]
    assert way[0] in ("*", found[0])


@pytest.mark.parametrize("via", [("TL-1", "SF-1"), ("SF-1", "TL-1")])
def test_what_has_no_contact_with_the_next_is_no_way(
    mission: Mission, via: tuple[str, ...]
) -> None:
    assert isinstance(planner(mission, *DIRECT, *UP, *DOWN, *ACROSS).way(wish(*via), NOW), str)


@pytest.mark.parametrize(
    "asked", [wish("no"), wish("kashi", craft="no"), wish(craft="kashi"), wish(craft="TL-2")]
)
def test_what_is_no_node_is_no_way(mission: Mission, asked: Wish) -> None:
    assert isinstance(planner(mission, *DIRECT, *UP).way(asked, NOW), str)
    assert planner(mission, *DIRECT, *UP).alternatives(asked, NOW, 3) == []


def test_the_first_to_arrive_is_the_way(mission: Mission) -> None:
    """8 Mbit/s: 200 + 64 octets take 264 us; 10 ms to fly, but sanya opens 1 s later."""
    later = ("sanya", "CG-1", NOW + S, NOW + DAY, 8e6, 1_000_000)
    made = planner(mission, ("kashi", "CG-1"), later)
    assert nodes(made.way(wish(), NOW)) == ("kashi", "CG-1")
    fresh = planner(mission, ("kashi", "CG-1"), later)
    assert nodes(fresh.way(wish(), NOW + 2 * S)) == ("sanya", "CG-1")


def test_alternatives_begin_with_the_best_and_each_has_another_first_relay(
    mission: Mission,
) -> None:
    found = planner(mission, *DIRECT, *UP, *DOWN).alternatives(wish(), NOW, 10)
    firsts = [each.nodes[2] for each in found]
    assert sorted(firsts) == ["CG-1", "SF-1", "TL-1", "TL-2"]
    assert firsts[0] == "CG-1"
    arrivals = [each.route.arrives_ns for each in found]
    assert arrivals == sorted(arrivals)
    assert found[0].why.startswith("arrives first")
    assert planner(mission, *DIRECT, *UP, *DOWN).alternatives(wish(), NOW, 2) == found[:2]


@pytest.mark.parametrize(
    "relay, envelope, kind, stores",
    [
        ("TL-1", (), Kind.AD, False),
        ("TL-2", (202,), Kind.AD, False),
        ("SF-1", (204,), Kind.BD, True),
    ],
)
def test_each_kind_of_relay_has_its_form_and_service(
    mission: Mission, relay: str, envelope: tuple[int, ...], kind: Kind, stores: bool
) -> None:
    found = planner(mission, *UP, *DOWN).way(wish(relay), NOW)
    assert isinstance(found, Way)
    assert (found.envelope, found.kind, found.stores) == (envelope, kind, stores)


def test_flight_is_the_longest_that_a_frame_may_take(mission: Mission) -> None:
    """Two hops of 10 ms; a relay that holds for 2 s and adds 1 ms, there and here; two frames.

    A CLTU of 256 + 64 octets is 46 blocks: 16 + 64 x 46 + 64 = 3024 bits, 378 us at 8 Mbit/s.
    """
    found = planner(mission, *UP, *DOWN).way(wish("TL-2"), NOW)
    assert isinstance(found, Way)
    assert found.flight_ns == 2 * 10_000_000 + 1_000_000 + 2_001_000_000 + 2 * 378_000
    assert found.margin_ns == 2 * S


def test_a_way_is_kept_while_it_holds(mission: Mission) -> None:
    made = planner(mission, *DIRECT)
    first = made.way(wish(), NOW)
    assert made.way(wish(), NOW + S) is first
    assert made.way(wish(expires_s=900), NOW + S) is first
    assert made.way(wish(octets=100), NOW) is not first


def test_a_kept_way_is_not_given_to_what_expires_before_it_arrives(mission: Mission) -> None:
    made = planner(mission, ("kashi", "CG-1", NOW, NOW + DAY, 8e6, S))
    assert isinstance(made.way(wish(), NOW), Way)
    found = made.way(wish(expires_s=0.5), NOW)
    assert isinstance(found, str)
    assert "after its expiry" in found


def test_no_way_yet_is_asked_again_with_a_later_expiry(mission: Mission) -> None:
    made = planner(mission, ("kashi", "CG-1", NOW + 100 * S, NOW + DAY, 8e6, 0))
    assert isinstance(made.way(wish(expires_s=50), NOW), str)
    found = made.way(wish(expires_s=500), NOW)
    assert isinstance(found, Way)
    assert found.opens_ns == NOW + 100 * S - 264 * 8  # 264 octets over the cable at 1 Gbit/s
    assert not found.open(NOW)
    assert found.open(NOW + 100 * S)


def test_a_way_that_has_closed_is_another_one(mission: Mission) -> None:
    made = planner(
        mission,
        ("kashi", "CG-1", NOW, NOW + 10 * S, 8e6, 0),
        ("sanya", "CG-1", NOW + 5 * S, NOW + 20 * S, 8e6, 0),
    )
    assert nodes(made.way(wish(), NOW)) == ("kashi", "CG-1")
    assert nodes(made.way(wish(), NOW + 10 * S)) == ("sanya", "CG-1")
    assert isinstance(made.way(wish(), NOW + 20 * S), str)


def test_what_is_out_of_order_is_on_no_way(mission: Mission) -> None:
    made = planner(mission, *DIRECT, *UP, *DOWN)
    assert made.out_of_order(["kashi-up"])
    assert not made.out_of_order({"kashi-up"})
    assert made.down == {"kashi-up"}
    assert nodes(made.way(wish(), NOW)) == ("sanya", "CG-1")
    assert nodes(made.way(wish("TL-2"), NOW)) == ("sanya", "TL-2", "CG-1")
    assert isinstance(made.way(wish("kashi"), NOW), str)
    made.out_of_order(["kashi-up", "TL-2"])
    assert isinstance(made.way(wish("TL-2"), NOW), str)
    assert made.out_of_order([])
    assert nodes(made.way(wish("kashi", "TL-2"), NOW)) == ("kashi", "TL-2", "CG-1")


def test_of_two_uplinks_of_a_site_the_one_that_works_is_used(tmp_path: Path) -> None:
    second = '\n[[uplink]]\nname = "kashi-x"\nsite = "kashi"\nkind = "memory"\n'
    mission = mission_in(tmp_path, second)
    twice = [("kashi", "CG-1", NOW, NOW + DAY, 8e6, 0, 0, link) for link in (0, 1)]
    made = planner(mission, *twice)
    used = {}
    for down in ("kashi-up", "kashi-x"):
        made.out_of_order([down])
        found = made.way(wish(), NOW)
        assert isinstance(found, Way)
        used[down] = found.uplink
    assert used == {"kashi-up": "kashi-x", "kashi-x": "kashi-up"}


def test_an_uplink_that_is_not_enabled_is_on_no_way(tmp_path: Path) -> None:
    text = '\n[[uplink]]\nname = "off"\nsite = "third"\nkind = "memory"\nenabled = false\n'
    site = '\n[[site]]\nname = "third"\nlatitude_deg = 39.5\nlongitude_deg = 76.0\n'
    mission = mission_in(tmp_path, site + text)
    made = planner(mission, ("third", "CG-1"))
    assert isinstance(made.way(wish(), NOW), str)


def test_what_ways_must_pass_takes_no_memory_without_end(mission: Mission) -> None:
    made = planner(mission, *DIRECT, *UP, *DOWN)
    for number in range(3 * MOST_PARTS):
        made.way(wish(*(("TL-1", "TL-2")[number >> bit & 1] for bit in range(8))), NOW)
    assert len(made._parts) <= MOST_PARTS


def test_a_plan_is_made_anew_when_a_quarter_of_it_is_used(mission: Mission) -> None:
    made = Planner(mission)
    with pytest.raises(InputError, match="no contact plan"):
        made.way(wish(), NOW)
    assert made.refresh(NOW)
    assert not made.refresh(NOW + 6 * 3600 * S - 1)
    assert made.refresh(NOW + 6 * 3600 * S)
    assert made.until_ns == NOW + 30 * 3600 * S
    assert made.refresh(NOW)  # the clock was set back


def test_contacts_are_listed_by_node_and_time(mission: Mission) -> None:
    made = planner(mission, ("kashi", "CG-1", NOW, NOW + S, 8e6, 0), *UP)
    found = made.contacts(["CG-1"], NOW - S, NOW + DAY)
    assert [(each.source, each.target, each.origin) for each in found] == [
        ("kashi", "CG-1", "visible")
    ]
    assert made.contacts(["CG-1"], NOW + S, NOW + DAY) == []
    assert len(made.contacts([], NOW, NOW + 1)) == 1 + len(UP)
    with pytest.raises(InputError, match="no node of the plan"):
        made.contacts(["no"], NOW, NOW + 1)
