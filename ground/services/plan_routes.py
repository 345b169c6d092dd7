"""Which way a command would take, asked of a mission or of a contact plan without a station."""

from __future__ import annotations

from typing import Any

from ground.errors import InputError
from ground.messages import PlanRoute, RouteRow, RoutesPlanned
from ground.relay import route as routing
from ground.relay import window
from ground.relay.plan import FOREVER_NS, Plan
from ground.relay.route import NoRoute, Route
from ground.services.planner import Planner, Wish
from ground.services.ways import hops, row
from ground.settings import Mission, Telecommand

SECOND_NS = 10**9


def mission_routes(mission: Mission, asked: PlanRoute) -> RoutesPlanned:
    """Return the ways of a mission as they would be foreseen at the time asked about.

    Raises:
        InputError: it has no such spacecraft, or none that takes commands.
    """
    known = {each.name: each.tc for each in mission.spacecraft}
    if known.get(asked.spacecraft) is None:
        takers = ", ".join(name for name, tc in known.items() if tc is not None) or "none"
        expected = f"expected one that takes commands: {takers}"
        raise InputError(f"{mission.path}: spacecraft {asked.spacecraft!r}; {expected}")
    planner = Planner(mission)
    planner.refresh(asked.at_ns)
    not_after = asked.expires_ns or planner.until_ns
    wish = Wish(asked.spacecraft, asked.octets, not_after, asked.priority, tuple(asked.via))
    best = planner.way(wish, asked.at_ns)
    if isinstance(best, str):
        return RoutesPlanned([], best)
    found = planner.alternatives(wish, asked.at_ns, 1 + asked.alternatives)
    return RoutesPlanned([row(each) for each in found], "")


def plan_routes(plan: Plan, source: str, asked: PlanRoute) -> RoutesPlanned:
    """Return the ways through a plan, the best first; or why there is none.

    A plan says nothing about frames: COP-1 is set as for a spacecraft that a mission file says
    nothing more of.

    Raises:
        InputError: a name is not of the plan.
    """
    more: dict[str, Any] = {
        "now": asked.at_ns, "octets": asked.octets, "priority": asked.priority,
        "not_after_ns": asked.expires_ns or FOREVER_NS,
    }  # fmt: skip
    best = routing.route(plan, source, asked.spacecraft, **more)
    if isinstance(best, NoRoute):
        return RoutesPlanned([], best.reason)
    count = 1 + asked.alternatives
    found = routing.alternatives(plan, source, asked.spacecraft, k=count, **more)
    return RoutesPlanned([_row(each, plan, found[0]) for each in found], "")


def _row(found: Route, plan: Plan, best: Route) -> RouteRow:
    usual = Telecommand()
    cop = window.cop_parameters(
        found,
        frame_octets=usual.length,
        clcw_period_ns=round(usual.clcw_period_s * SECOND_NS),
        loss=usual.loss,
        most_window=usual.window // 2,
    )
    later = (found.arrives_ns - best.arrives_ns) / SECOND_NS
    place = "arrives first" if found is best else f"arrives {later:.1f} s later"
    return RouteRow(
        list(hops(plan, found.contacts)), "", found.departs_ns, found.arrives_ns,
        found.window_end_ns, cop.mode, cop.window, cop.t1_ns, f"{place}; {cop.reason}",
    )  # fmt: skip
