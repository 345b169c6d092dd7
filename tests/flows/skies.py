"""Missions, contact plans and worlds for tests of commanding, made by hand."""

from __future__ import annotations

from functools import cache

from ground import settings
from ground.relay import plan as plans
from ground.relay.plan import Plan
from ground.services import geometry
from ground.services.command_catalogues import Catalogues
from ground.services.planner import Planner
from ground.settings import Mission
from protocols import times
from tools.simulator import scenario
from tools.simulator.world import Faults, World

SECOND = 10**9
HOUR = 3600 * SECOND
START = times.parse("2026-11-22T00:00:00")
LOW_NS, HIGH_NS = 5_000_000, 130_000_000


class FixedPlanner(Planner):
    """A planner whose plan comes from the test."""

    def refresh(self, now: int) -> bool:
        return False


_CATALOGUES: list[tuple[Mission, Catalogues]] = []


def catalogues(mission: Mission) -> Catalogues:
    """The commands of a mission, read once; they hold nothing of a run."""
    found = next((known for each, known in _CATALOGUES if each is mission), None)
    if found is None:
        found = Catalogues(mission)
        _CATALOGUES.append((mission, found))
    return found


@cache
def chenguang() -> Mission:
    return settings.find("chenguang1")


def sky(mission: Mission, *rows: tuple[str, str, float, float], start_ns: int = START) -> Plan:
    """A contact plan by hand: (source, target, begin, end), in seconds from the start."""
    relays = {each.name: each for each in mission.relays}
    high = {each.name for each in mission.relays if each.longitude_deg is not None}
    ups = {each.site: each.fastest_bps for each in mission.uplinks}
    far = start_ns + 1000 * HOUR
    made = [plans.Contact(geometry.CENTRE, site, start_ns - HOUR, far, 1e9) for site in ups]
    for source, target, begin, end in rows:
        rate = relays[source].fastest_bps if source in relays else ups[source]
        owlt = HIGH_NS if high & {source, target} else LOW_NS
        span = start_ns + round(begin * SECOND), start_ns + round(end * SECOND)
        made.append(plans.Contact(source, target, *span, rate, owlt))
    return plans.of(geometry.graph(mission, geometry.sky(mission)), made)


def world_of(mission: Mission, plan: Plan, seed: int = 1, faults: Faults | None = None) -> World:
    """The world in which a plan is true."""
    rows = tuple(scenario.planned(plan))
    return World(seed, scenario.scenario(mission, START, rows, faults or Faults()))
