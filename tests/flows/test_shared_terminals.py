"""Spacecraft that share one terminal of a relay in a virtual world, with kills of the service."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ground.command import facts
from ground.settings import Mission
from tests.flows import invariants
from tests.flows.commanded import Station
from tests.flows.skies import HOUR, SECOND, chenguang, sky, world_of

CRAFTS = [f"CG-{number}" for number in range(1, 5)]
ROWS = [("kashi", "TL-1", 0, 3600), *(("TL-1", name, 0, 3600) for name in CRAFTS)]


def mission() -> Mission:
    """Chenguang-1 four times over, and one terminal for all of them."""
    usual = chenguang()
    first = usual.spacecraft[0]
    crafts = tuple(
        first.model_copy(update={"name": name, "scid": 171 + place})
        for place, name in enumerate(CRAFTS)
    )
    relays = tuple(
        each.model_copy(update={"to": ("CG-*",), "slew_s": 5.0}) if each.name == "TL-1" else each
        for each in usual.relays
    )
    operators = tuple(each.model_copy(update={"spacecraft": ("*",)}) for each in usual.operators)
    more = {"spacecraft": crafts, "relays": relays, "operators": operators}
    return usual.model_copy(update=more)


def test_all_are_served_in_turn_whenever_the_service_is_killed(tmp_path: Path) -> None:
    made = mission()
    plan = sky(made, *ROWS)
    station = Station(tmp_path, made, plan, world_of(made, plan))
    station.run(2)
    asked = [
        station.send("PING", spacecraft=name, expires_ns=station.clock + HOUR).command.id
        for _ in range(2)
        for name in CRAFTS
    ]
    for seconds in (30, 40, 55):
        station.run(seconds)
        station.kill("service")
        station.run(5)
    station.until(*asked, seconds=1500)
    assert [station.ended(each) for each in asked] == ["COMPLETED"] * len(asked)
    assert station.now < plan.start_ns.max() + 1200 * SECOND
    pointed(station)
    invariants.check(station)
    station.__exit__()


def pointed(station: Station) -> None:
    """Check that no frame left but by a terminal that pointed there, and one at a time."""
    bookings: dict[str, facts.Booked] = {}
    for fact in station.facts:
        if isinstance(fact, facts.Booked):
            bookings[fact.booking] = fact
        elif isinstance(fact, facts.Unbooked):
            bookings.pop(fact.booking, None)
        there = {e.spacecraft for e in bookings.values() if e.start_ns <= fact.t_ns < e.end_ns}
        assert len(there) <= 1
        if isinstance(fact, facts.Released):
            assert any(
                each.spacecraft == fact.spacecraft and each.ready_ns <= fact.t_ns < each.end_ns
                for each in bookings.values()
            ), f"{fact.spacecraft} at {fact.t_ns}: {there}"


@pytest.mark.parametrize("seed", range(4))
def test_priorities_change_who_comes_first_and_nothing_else(tmp_path: Path, seed: int) -> None:
    chance, made = random.Random(seed), mission()
    plan = sky(made, *ROWS)
    station = Station(tmp_path, made, plan, world_of(made, plan, seed))
    station.run(2)
    asked = []
    for _ in range(20):
        taken = station.send(
            "PING",
            spacecraft=chance.choice(CRAFTS),
            user="director",
            priority=chance.randint(0, 3),
            expires_ns=station.clock + HOUR,
        )
        asked.append(taken.command.id)
        station.run(chance.choice([0.1, 1, 5, 30]))
        if chance.random() < 0.15:
            station.kill("service")
            station.run(5)
    station.until(*asked, seconds=3000)
    assert [station.ended(each) for each in asked] == ["COMPLETED"] * len(asked)
    pointed(station)
    invariants.check(station)
    station.__exit__()
