"""Which way a command would take now: the contact plan of a mission, kept fresh, and asked.

A plan is made for `horizon_h` from some minutes ago on, and made anew when a quarter of it is used
up, or when an uplink or relay is lost or comes back. Ways are asked for by size and spacecraft; the
answer is kept while it holds, as commands come in hundreds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ground.errors import InputError
from ground.messages import ContactRow
from ground.relay import route as routing
from ground.relay import window
from ground.relay.plan import Origin, Plan, keep
from ground.relay.route import NoRoute, Route
from ground.services import geometry
from ground.services.geometry import CENTRE
from ground.services.ways import Way, hops
from ground.settings import Mission, Uplink
from protocols.tc import Kind

SECOND_NS = 10**9
PAST_NS = 600 * SECOND_NS
OVERHEAD = 64  # octets that an envelope, its packet and its frame add
MOST_KEPT = 10_000
MOST_PARTS = 64  # plans that are kept for what ways must pass
MOST_VIA = 16
_ORIGINS = {Origin.VISIBLE: "visible", Origin.BOOKED: "booked", Origin.OPERATOR: "operator"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a way is asked for.

    Attributes:
        octets: of the frames that are to go.
        via: a station, and relays in their order, that it must pass; "direct" for no relay.
    """

    spacecraft: str
    octets: int
    not_after_ns: int
    priority: int = 1
    via: tuple[str, ...] = ()


class Planner:
    """The contact plan and the ways through it; `now` is ns TAI.

    Attributes:
        plan: the newest one; None before the first `refresh`.
        made_ns: when it was made.
    """

    def __init__(self, mission: Mission) -> None:
        self._mission = mission
        self._settings = mission.commanding
        self._uplinks = [each for each in mission.uplinks if each.enabled]
        self._sky = geometry.sky(mission)
        self._crafts = {each.name: each for each in mission.spacecraft}
        self._relays = {each.name: each for each in mission.relays}
        self._sites = {each.name for each in mission.sites}
        self._down: set[str] = set()  # uplinks and relays that are out of order
        self._whole: Plan | None = None  # with what is out of order too
        # by what was asked for: when, until which expiry, and what was found
        self._known: dict[tuple[str, int, int, tuple[str, ...]], tuple[int, int, Way | str]] = {}
        self._choices: dict[tuple[str, int, int, tuple[str, ...], int], tuple[int, list[Way]]] = {}
        self._parts: dict[tuple[str, ...], Plan] = {}
        self._elevation: dict[tuple[str, str, int], float] = {}
        self.plan: Plan | None = None
        self.made_ns = self._until_ns = 0

    # ---- the plan ---------------------------------------------------------------------------

    def refresh(self, now: int) -> bool:
        """Make the plan anew where it is time; return whether it changed."""
        horizon = round(self._settings.horizon_h * 3600 * SECOND_NS)
        if self.plan is not None and now - self.made_ns < horizon // 4 and now >= self.made_ns:
            return False
        self._make(now, horizon)
        return True

    def use(self, plan: Plan, now: int, until_ns: int) -> None:
        """Take a plan as it is, from an import or a test."""
        self._whole, self.made_ns, self._until_ns = plan, now, until_ns
        self._choose()

    def out_of_order(self, names: Collection[str]) -> bool:
        """Say which uplinks and relays cannot be used; return whether that is new."""
        if set(names) == self._down:
            return False
        self._down = set(names)
        self._choose()
        return True

    @property
    def until_ns(self) -> int:
        """Up to when contacts are foreseen."""
        return self._until_ns

    @property
    def down(self) -> frozenset[str]:
        """The uplinks and relays that cannot be used."""
        return frozenset(self._down)

    def contacts(self, nodes: Sequence[str], start_ns: int, end_ns: int) -> list[ContactRow]:
        """Return the contacts of some nodes (all where none is named) that overlap a time.

        Raises:
            InputError: a node that there is not.
        """
        plan = self._planned()
        for name in nodes:
            if name not in plan.places:
                known = ", ".join(list(plan.places)[:20])
                raise InputError(f"{name!r}: no node of the plan; expected one of {known}")
        wanted = {plan.places[name] for name in nodes}
        found = []
        for at in range(len(plan)):
            ends = int(plan.source[at]), int(plan.target[at])
            if plan.end_ns[at] <= start_ns or plan.start_ns[at] >= end_ns:
                continue
            if (not wanted or wanted.intersection(ends)) and plan.nodes[ends[0]].name != CENTRE:
                found.append(self._contact(plan, at))
        return sorted(found, key=lambda each: (each.start_ns, each.source, each.target))

    def doubts(self, now: int) -> list[str]:
        """Return what is doubtful about the plan."""
        return [*geometry.doubts(self._sky, now), *(f"{each}: not in use" for each in self._down)]

    # ---- ways -------------------------------------------------------------------------------

    def way(self, wish: Wish, now: int) -> Way | str:
        """Return the way on which a command arrives first, or why there is none."""
        key = wish.spacecraft, wish.octets, wish.priority, wish.via
        asked_ns, expires_ns, known = self._known.get(key, (now + 1, 0, ""))
        if asked_ns <= now and _holds(known, expires_ns, wish, now):
            return known
        found = self._find(wish, now)
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[key] = now, wish.not_after_ns, found
        return found

    def alternatives(self, wish: Wish, now: int, count: int) -> list[Way]:
        """Return the best ways, each by another first relay, or none; as of a second ago at most.

        They are for people to look at, and commands come in hundreds.
        """
        key = wish.spacecraft, wish.octets, wish.priority, wish.via, count
        asked_ns, kept = self._choices.get(key, (now + 1, []))
        last_ns = max((each.route.arrives_ns for each in kept), default=0)
        if 0 <= now - asked_ns < SECOND_NS and kept and last_ns <= wish.not_after_ns:
            return kept
        found = self._alternatives(wish, now, count)
        if len(self._choices) >= MOST_KEPT:
            self._choices.clear()
        self._choices[key] = now, found
        return found

    def _alternatives(self, wish: Wish, now: int, count: int) -> list[Way]:
        found: list[Way] = []
        barred: list[tuple[str, str]] = []
        plan = self._chosen(wish)
        while len(found) < count and not isinstance(plan, str):
            way = self._search(plan, wish, now)
            if isinstance(way, str):
                break
            found.append(way.because(_why(way, found)))
            first = way.nodes[2]
            barred += [(each, first) for each in self._sites]
            plan = keep(plan, ~_between(plan, barred))
        return found

    def _find(self, wish: Wish, now: int) -> Way | str:
        plan = self._chosen(wish)
        return plan if isinstance(plan, str) else self._search(plan, wish, now)

    def _search(self, plan: Plan, wish: Wish, now: int) -> Way | str:
        found = routing.route(
            plan, CENTRE, wish.spacecraft, now=now, octets=wish.octets + OVERHEAD,
            not_after_ns=wish.not_after_ns, priority=wish.priority, hops=self._settings.hops + 1,
        )  # fmt: skip
        return found.reason if isinstance(found, NoRoute) else self._made(plan, found, wish)

    def _chosen(self, wish: Wish) -> Plan | str:
        """Return the contacts that a way may use: all, or those between what it must pass."""
        plan = self._planned()
        unknown = [each for each in wish.via if each != "direct" and each not in plan.places]
        if wish.spacecraft not in plan.places or unknown:
            return f"{(unknown or [wish.spacecraft])[0]!r}: no node of the contact plan"
        if wish.spacecraft not in self._crafts or len(wish.via) > MOST_VIA:
            what = f"via {len(wish.via)} nodes" if wish.via else f"to {wish.spacecraft!r}"
            return f"{what}; expected a spacecraft, by at most {MOST_VIA} nodes"
        if not wish.via:
            return plan
        if wish.via not in self._parts:
            if len(self._parts) >= MOST_PARTS:
                self._parts.clear()
            self._parts[wish.via] = self._part(plan, wish.via)
        return self._parts[wish.via]

    def _part(self, plan: Plan, via: tuple[str, ...]) -> Plan:
        sites = [each for each in via if each in self._sites]
        relays = [each for each in via if each in self._relays]
        if sites:
            others = self._sites - set(sites)
            plan = keep(plan, ~_between(plan, [(CENTRE, each) for each in others]))
        if not relays and "direct" not in via:
            return plan
        crafts = [node.name for node in plan.nodes if node.kind == "spacecraft"]
        steps = list(pairwise(relays))
        firsts, lasts = relays[:1] or crafts, relays[-1:]
        steps += [(site, first) for site in self._sites for first in firsts]
        steps += [(last, craft) for last in lasts for craft in crafts]
        steps += [(CENTRE, site) for site in self._sites]
        return keep(plan, _between(plan, steps))

    def _made(self, plan: Plan, found: Route, wish: Wish) -> Way | str:
        """Return a route as a way: with the uplink, and how FOP-1 is to be set for it."""
        uplink = self._uplink(plan, found)
        settings = self._crafts[wish.spacecraft].tc
        if uplink is None or settings is None:
            return f"{wish.spacecraft}: takes no commands" if uplink else "no uplink for this way"
        cop = window.cop_parameters(
            found,
            frame_octets=settings.length,
            clcw_period_ns=round(settings.clcw_period_s * SECOND_NS),
            loss=settings.loss,
            most_window=settings.window // 2,
            longest_rtt_ns=round(self._settings.longest_round_trip_s * SECOND_NS),
        )
        relays = [self._relays[each] for each in found.nodes[2:-1]]
        enveloped = [each for each in relays if each.kind != "bent-pipe"]
        waits = sum(round((each.delay_s + each.retention_s) * SECOND_NS) for each in enveloped)
        delays = sum(round(each.delay_s * SECOND_NS) for each in relays)
        stores = any(each.kind == "store-and-forward" for each in relays)
        frame_ns = round(window.cltu_bits(settings.length + OVERHEAD) * 1e9 / found.rate_bps)
        flight = found.owlt_ns + delays + frame_ns * max(1, len(relays) + 1)
        return Way(
            nodes=found.nodes,
            uplink=uplink.name,
            route=found,
            envelope=tuple(each.scid or 0 for each in enveloped),
            apid=enveloped[0].apid if enveloped else 0,
            flight_ns=flight if stores else flight + waits,
            margin_ns=round(self._settings.margin_s * SECOND_NS),
            stores=stores,
            kind=Kind.AD if cop.mode == "AD" and settings.sequence_controlled else Kind.BD,
            window=cop.window,
            t1_ns=cop.t1_ns,
            limit=min(255, cop.limit),
            hops=hops(plan, found.contacts),
            why=cop.reason,
        )

    def _choose(self) -> None:
        """Take what is out of order out of the plan."""
        self._known.clear()
        self._choices.clear()
        self._parts.clear()
        whole = self._whole
        if whole is None or not self._down:
            self.plan = whole
            return
        links = np.stack([whole.source, whole.target, whole.link], axis=1)
        kinds, which = np.unique(links, axis=0, return_inverse=True)
        works = [self._works(whole, *each) for each in kinds.tolist()]
        self.plan = keep(whole, np.array(works, bool)[which.reshape(-1)])

    def _works(self, plan: Plan, source: int, target: int, link: int) -> bool:
        one, other = plan.nodes[source].name, plan.nodes[target].name
        if one in self._down or other in self._down:
            return False
        if one not in self._sites:
            return True
        uplink = self._link(one, other, link)
        return uplink is not None and uplink.name not in self._down

    def _uplink(self, plan: Plan, found: Route) -> Uplink | None:
        """Return the uplink of the first radio hop."""
        link = int(plan.link[found.contacts[1]])
        return self._link(found.nodes[1], found.nodes[2], link)

    def _link(self, site: str, target: str, link: int) -> Uplink | None:
        """Return the uplink from a site to a node, by the number of the link in the plan."""
        ways = [e for e in self._uplinks if e.site == site and e.reaches(target)]
        return ways[link] if link < len(ways) else None

    def _contact(self, plan: Plan, at: int) -> ContactRow:
        each = plan.contact(at)
        seen = self._elevation.get((each.source, each.target, each.start_ns))
        return ContactRow(
            each.source, each.target, each.start_ns, each.end_ns, each.rate_bps, each.owlt_ns,
            _ORIGINS[each.origin], geometry.NO_ELEVATION if seen is None else seen,
        )  # fmt: skip

    def _make(self, now: int, horizon: int) -> None:
        start, end = now - min(PAST_NS, horizon // 8), now + horizon
        made, found = geometry.foresee(self._mission, self._sky, start, end, self._uplinks)
        self._elevation = geometry.highest(found)
        self.use(made, now, end)

    def _planned(self) -> Plan:
        if self.plan is None:
            raise InputError("no contact plan yet; expected `refresh` before")
        return self.plan


def _holds(known: Way | str, expires_ns: int, wish: Wish, now: int) -> bool:
    """Return whether what was found before is the answer still; the plan is the same one.

    What arrives first does so until it has left, and where there was no way there is none later.
    """
    if isinstance(known, str):
        return wish.not_after_ns <= expires_ns
    return now < known.until_ns and known.arrives(now) <= wish.not_after_ns


def _why(way: Way, better: Sequence[Way]) -> str:
    """Return why a way is where it is in the list, for people."""
    if not better:
        return f"arrives first; {way.why}"
    later = (way.route.arrives_ns - better[0].route.arrives_ns) / 1e9
    return f"arrives {later:.1f} s later; {way.why}"


def _between(plan: Plan, steps: Sequence[tuple[str, str]]) -> NDArray[np.bool_]:
    """Return which contacts are between one of these pairs."""
    size = len(plan.nodes)
    pairs = [plan.places[one] * size + plan.places[other] for one, other in steps]
    return np.isin(plan.source.astype(np.int64) * size + plan.target, pairs)
