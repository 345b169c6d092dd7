"""Which way brings a unit to a spacecraft first, and if none does, which limit is in the way.

`reach` searches once for all nodes, `route` asks for one, `alternatives` for a way by each first
relay. A refusal is a value that says its reason: `NoRoute`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from ground.errors import InputError
from ground.relay import rounds
from ground.relay.legs import Legs
from ground.relay.plan import FOREVER_NS, PRIORITIES, SECOND_NS, Kind, Plan

HOPS = 6
MOST_HOPS = 32


@dataclass(frozen=True, slots=True)
class Route:
    """A way through the plan, and what it means for a unit of the size asked for.

    Attributes:
        contacts: rows of the plan, one a hop.
        nodes: names from the source to the target.
        kinds: the kinds of these nodes.
        departs_ns: when the first octet leaves the source, at the earliest.
        arrives_ns: when the last octet arrives.
        hop_departs_ns: when the first octet leaves for each hop.
        owlt_ns: one-way light time of all hops together.
        waits_ns: how long the unit lies in nodes on the way.
        rate_bps: that of the slowest hop.
        window_end_ns: when the last octet must have left the source, so that every hop is open
            still and it arrives before its expiry.
        slack_ns: by how much the departure may be late.
        free_octets: what is left for the unit's priority on the fullest hop.
        plan_id: the plan that it is a way through.
    """

    contacts: tuple[int, ...]
    nodes: tuple[str, ...]
    kinds: tuple[Kind, ...]
    departs_ns: int
    arrives_ns: int
    hop_departs_ns: tuple[int, ...]
    owlt_ns: int
    waits_ns: int
    rate_bps: float
    window_end_ns: int
    slack_ns: int
    free_octets: float
    plan_id: str

    @property
    def hops(self) -> int:
        """Contacts on the way."""
        return len(self.contacts)

    @property
    def why(self) -> str:
        """What speaks for it, for people."""
        by = ", ".join(self.nodes[1:-1]) or "nobody"
        times_ns = self.arrives_ns - self.departs_ns, self.waits_ns, self.slack_ns
        whole, waits, slack = (f"{each / SECOND_NS:.3f} s" for each in times_ns)
        return (
            f"by {by}: {whole} under way, {waits} of it waiting; {self.hops} hops, "
            f"{self.rate_bps:g} bit/s at the slowest; may leave {slack} later"
        )


@dataclass(frozen=True, slots=True)
class NoRoute:
    """No way, and why, in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What one search found: the earliest arrival at every node.

    Attributes:
        arrives_ns: int64 [V], FOREVER_NS where there is no way.
    """

    plan: Plan
    ask: Ask
    arrives_ns: NDArray[np.int64]
    best: NDArray[np.int64]
    trail: NDArray[np.int64]

    def route(self, target: str) -> Route | NoRoute:
        """Return the way to a node."""
        place = _place(self.plan, target)
        if self.best[place] <= 0:
            return NoRoute(_reason(self.ask, self.plan, place))
        contacts = self.way(place)
        if self._twice(contacts):
            return _search(self.plan, replace(self.ask, strict=True)).route(target)
        return _route(self.plan, self.ask, contacts)

    def way(self, place: int) -> tuple[int, ...]:
        """Return the contacts to a node that can be reached; none to the source."""
        label, rows = int(self.best[place]), []
        while self.trail[label, 1] >= 0:
            rows.append(int(self.trail[label, 0]))
            label = int(self.trail[label, 1])
        return tuple(rows[::-1])

    def _twice(self, contacts: tuple[int, ...]) -> bool:
        nodes = [self.ask.source, *(int(self.plan.target[row]) for row in contacts)]
        storing = [place for place in nodes if self.plan.nodes[place].kind != "bent-pipe"]
        return len(set(storing)) < len(storing)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a search; see `reach`."""

    source: int
    octets: float
    now: int
    not_after_ns: int
    priority: int
    hops: int
    closed: NDArray[np.bool_]
    retention_ns: NDArray[np.int64]
    through: NDArray[np.bool_]
    strict: bool = False
    goal: int = -1  # a place that alone is asked for


class Limits(TypedDict, total=False):
    """What may be asked of a way besides where, whence and when.

    octets: the size of the unit as it is sent.
    not_after_ns: when it expires; its last octet arrives by then or it is not sent.
    priority: 0 to 3; what is left of a contact is kept for each.
    hops: the most contacts on the way.
    without: nodes that it must not come to.
    """

    octets: float
    not_after_ns: int
    priority: int
    hops: int
    without: Collection[str]


def reach(plan: Plan, source: str, *, now: int, **limits: Unpack[Limits]) -> Reach:
    """Search the earliest arrivals at all nodes.

    Raises:
        InputError: a name is not of the plan, or a number cannot be.
    """
    return _search(plan, _ask(plan, source, now, **limits))


def route(
    plan: Plan, source: str, target: str, *, now: int, **limits: Unpack[Limits]
) -> Route | NoRoute:
    """Return the way to one node on which a unit arrives first, or why there is none.

    Raises:
        InputError: as `reach`.
    """
    ask = replace(_ask(plan, source, now, **limits), goal=_place(plan, target))
    return _search(plan, ask).route(target)


def alternatives(
    plan: Plan, source: str, target: str, *, now: int, k: int = 3, **limits: Unpack[Limits]
) -> tuple[Route, ...]:
    """Return the best way, and then the best that starts by none of the first relays so far.

    A first relay is forbidden only as the first: a later way may come to it from another.

    Args:
        k: the most ways to return.

    Raises:
        InputError: as `reach`.
    """
    ask = replace(_ask(plan, source, now, **limits), goal=_place(plan, target))
    found, start = _search(plan, ask), ask.source
    ways: list[Route] = []
    while len(ways) < k and isinstance(way := found.route(target), Route):
        ways.append(way)
        closed = found.ask.closed.copy()
        own = slice(plan.groups.edges[start], plan.groups.edges[start + 1])
        closed[own] |= plan.groups.target[own] == plan.places[way.nodes[1]]
        found = _search(plan, replace(found.ask, closed=closed))
    return tuple(ways)


def _ask(
    plan: Plan,
    source: str,
    now: int,
    octets: float = 0,
    not_after_ns: int = FOREVER_NS,
    priority: int = PRIORITIES - 1,
    hops: int = HOPS,
    without: Collection[str] = (),
) -> Ask:
    if not 0 <= octets < 1e18 or not 0 <= priority < PRIORITIES or not 1 <= hops <= MOST_HOPS:
        expected = f"octets from 0, a priority of 0 to {PRIORITIES - 1}, 1 to {MOST_HOPS} hops"
        raise InputError(f"a route for {octets} {priority} {hops}; expected {expected}")
    start, expiry = (min(max(t, -FOREVER_NS), FOREVER_NS) for t in (now, not_after_ns))
    closed = _closed(plan, (_place(plan, name) for name in without))
    place, stores = _place(plan, source), rounds.holds(plan)
    return Ask(place, octets, start, expiry, priority, hops, closed, *stores)


def _search(plan: Plan, ask: Ask) -> Reach:
    arrives_ns, best, trail = rounds.rounds(
        rounds.columns(plan),
        rounds.index(plan),
        ask.closed,
        ask.retention_ns,
        ask.through,
        ask.source,
        ask.now,
        float(ask.octets),
        ask.priority,
        ask.not_after_ns,
        ask.hops,
        ask.strict,
        ask.goal,
    )
    return Reach(plan, ask, arrives_ns, best, trail)


def _closed(plan: Plan, places: Iterable[int]) -> NDArray[np.bool_]:
    barred = np.zeros(len(plan.nodes), bool)
    barred[list(places)] = True
    return barred[plan.groups.target]


def _place(plan: Plan, name: str) -> int:
    if name not in plan.places:
        raise InputError(f"{name!r}; expected a node of the plan")
    return plan.places[name]


def _route(plan: Plan, ask: Ask, contacts: tuple[int, ...]) -> Route:
    legs = Legs.of(plan, contacts, ask.octets, ask.now, ask.not_after_ns)
    departs, arrives, window_end = legs.departs_ns(), legs.arrives_ns(), legs.window_end_ns()
    rows = np.array(contacts, np.int64)
    nodes = [plan.nodes[place] for place in (ask.source, *plan.target[rows].tolist())]
    flies = sum(legs.passes_ns()) + int(plan.owlt_ns[rows].sum())
    return Route(
        contacts=contacts,
        nodes=tuple(node.name for node in nodes),
        kinds=tuple(node.kind for node in nodes),
        departs_ns=departs[0],
        arrives_ns=arrives,
        hop_departs_ns=departs,
        owlt_ns=int(plan.owlt_ns[rows].sum()),
        waits_ns=arrives - departs[0] - flies,
        rate_bps=float(plan.rate_bps[rows].min()),
        window_end_ns=window_end,
        slack_ns=window_end - departs[0] - legs.tx_ns[0],
        free_octets=float(plan.free_octets[rows, ask.priority].min()),
        plan_id=plan.id,
    )


def _reason(ask: Ask, plan: Plan, place: int) -> str:
    """Return the first limit without which there would be a way."""
    name, source = plan.nodes[place].name, plan.nodes[ask.source].name
    if place == ask.source:
        return f"{name} is where it starts"
    if (late := _found(plan, replace(ask, not_after_ns=FOREVER_NS), place)) is not None:
        after_s = (int(late.arrives_ns[place]) - ask.not_after_ns) / SECOND_NS
        return f"it would reach {name} {after_s:.9g} s after its expiry"
    if _found(plan, replace(ask, octets=0), place) is not None:
        return f"{ask.octets:g} octets are too many for the contacts to {name}"
    if (far := _found(plan, replace(ask, hops=MOST_HOPS), place)) is not None:
        return f"{len(far.way(place))} hops lead to {name}; at most {ask.hops} are allowed"
    stores = np.where(ask.retention_ns < 0, -1, FOREVER_NS)
    patient = replace(ask, retention_ns=stores, through=np.zeros_like(ask.through))
    if _found(plan, patient, place) is not None:
        return f"the nodes on the way to {name} do not store for so long"
    if _found(plan, replace(ask, closed=np.zeros_like(ask.closed)), place) is not None:
        return f"the nodes that lead to {name} are barred"
    return f"no contacts lead from {source} to {name} from now on, or several limits are in the way"


def _found(plan: Plan, ask: Ask, place: int) -> Reach | None:
    found = _search(plan, replace(ask, goal=place))
    return found if found.best[place] >= 0 else None
