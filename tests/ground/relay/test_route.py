"""Routes: hand-worked cases of each limit, and random plans against every path there is."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from ground.errors import InputError
from ground.relay import rounds, rounds_jit
from ground.relay.plan import FOREVER_NS, KINDS, Contact, Node, keep, of
from ground.relay.route import NoRoute, Route, alternatives, reach, route
from tests.clauses import clause

FAST = 8e9  # one octet a nanosecond
USUAL = {"regenerative": 5, "store-and-forward": 30}


def plan_of(kinds, *rows):
    """A plan of nodes a, b, c, ... and contacts (source, target, start, end, owlt, rate)."""
    nodes = [Node(name, *kind) for name, kind in zip("abcdefgh", kinds, strict=False)]
    contacts = [
        Contact(u, v, start, end, more[1] if len(more) > 1 else FAST, more[0] if more else 0)
        for u, v, start, end, *more in rows
    ]
    return of(nodes, contacts)


SEVERAL = "or several limits are in the way"
STORE, CRAFT, PIPE = ("station",), ("spacecraft",), ("bent-pipe",)


def test_a_later_contact_of_a_pair_may_arrive_first():
    """The first one is slow and far: 10 octets at an eighth of the rate; the next one is not."""
    plan = plan_of([STORE, CRAFT], ("a", "b", 0, 100, 50, FAST / 8), ("a", "b", 20, 60, 5))
    found = route(plan, "a", "b", now=0, octets=10)
    assert (found.departs_ns, found.arrives_ns) == (20, 35)


def test_the_legs_of_a_bent_pipe_are_open_at_the_same_time():
    """Up [0, 100], down [150, 200] seen from the relay 30 away: what leaves at 100 is gone."""
    legs = ("a", "b", 0, 100, 30), ("b", "c", 150, 200, 40)
    found = route(plan_of([STORE, PIPE, CRAFT], *legs), "a", "c", now=0, octets=10)
    assert isinstance(found, NoRoute)
    assert found.reason == "the nodes on the way to c do not store for so long"
    stores = route(plan_of([STORE, STORE, CRAFT], *legs), "a", "c", now=0, octets=10)
    assert (stores.departs_ns, stores.arrives_ns) == (0, 200)


def test_a_bent_pipe_takes_as_long_as_its_slowest_leg_and_only_once():
    """Up at 1 octet/ns from 40, down at a half from 60: 10 octets take 20 ns, not 30."""
    plan = plan_of([STORE, PIPE, CRAFT], ("a", "b", 40, 100, 30), ("b", "c", 60, 200, 40, FAST / 2))
    found = route(plan, "a", "c", now=0, octets=10)
    assert found.hop_departs_ns == (40, 70)
    assert (found.arrives_ns, found.owlt_ns, found.waits_ns) == (40 + 20 + 70, 70, 0)
    assert found.window_end_ns == 100
    assert found.slack_ns == 40


def test_a_unit_leaves_late_enough_for_a_relay_that_holds_it_briefly():
    """The relay holds for 5: for its contact at 80 the unit arrives at 75, and left at 65."""
    kinds = [STORE, ("regenerative", 5), CRAFT]
    found = route(
        plan_of(kinds, ("a", "b", 0, 100), ("b", "c", 80, 200)), "a", "c", now=0, octets=10
    )
    assert found.hop_departs_ns == (65, 80)
    assert (found.arrives_ns, found.waits_ns) == (90, 5)


def test_a_route_says_what_speaks_for_it():
    plan = plan_of([STORE, STORE, CRAFT], ("a", "b", 0, 10**9), ("b", "c", 2 * 10**9, 10**10, 8))
    assert route(plan, "a", "c", now=0).why == (
        "by b: 2.000 s under way, 2.000 s of it waiting; 2 hops, 8e+09 bit/s at the slowest; "
        "may leave 1.000 s later"
    )
    assert route(plan, "a", "b", now=0).why.startswith("by nobody: ")


def test_acquisition_comes_before_the_first_octet():
    nodes = [Node("a", "station"), Node("b", "spacecraft")]
    plan = of(nodes, [Contact("a", "b", 10, 30, FAST, acquisition_ns=15)])
    assert route(plan, "a", "b", now=0, octets=5).departs_ns == 25
    assert isinstance(route(plan, "a", "b", now=0, octets=6), NoRoute)


def test_a_way_never_meets_a_storing_node_twice():
    """b lets go before d can be reached; a loop b, c, b would be dropped by b as a duplicate."""
    kinds = [STORE, ("regenerative", 5), STORE, CRAFT, STORE]
    loop = ("a", "b", 0, 10), ("b", "c", 0, 10), ("c", "b", 50, 60), ("b", "d", 50, 60)
    found = route(plan_of(kinds, *loop), "a", "d", now=0)
    assert isinstance(found, NoRoute)
    detour = ("a", "e", 0, 10), ("e", "c", 20, 30)
    found = route(plan_of(kinds, *loop, *detour), "a", "d", now=0)
    assert (found.nodes, found.arrives_ns) == (("a", "e", "c", "b", "d"), 50)


@pytest.mark.parametrize(
    "asked, reason",
    [
        ({"not_after_ns": 29}, "it would reach c 1e-09 s after its expiry"),
        ({"octets": 60}, "60 octets are too many for the contacts to c"),
        ({"octets": 5, "priority": 0}, "5 octets are too many for the contacts to c"),
        ({"hops": 1}, "2 hops lead to c; at most 1 are allowed"),
        ({"without": ["b"]}, "the nodes that lead to c are barred"),
        ({"now": 41}, f"no contacts lead from a to c from now on, {SEVERAL}"),
        ({"hops": 1, "not_after_ns": 29}, f"no contacts lead from a to c from now on, {SEVERAL}"),
    ],
)
def test_a_refusal_says_which_limit_is_in_the_way(asked, reason):
    nodes = [Node("a", "centre"), Node("b", "station"), Node("c", "spacecraft")]
    free = (4.0, math.inf, math.inf, math.inf)
    rows = [Contact("a", "b", 0, 40, FAST), Contact("b", "c", 30, 80, FAST, free_octets=free)]
    found = route(of(nodes, rows), "a", "c", **{"now": 0, **asked})
    assert found == NoRoute(reason)


@clause("734.3-B-1 §3.2.8.1.4 (unverified)")
def test_ties_go_to_fewer_hops_then_to_the_later_end_then_to_the_lower_node():
    direct = plan_of([STORE] * 3, ("a", "b", 0, 9), ("b", "c", 10, 20), ("a", "c", 10, 12))
    assert route(direct, "a", "c", now=0).nodes == ("a", "c")
    ends = plan_of([STORE] * 4, ("a", "b", 0, 8), ("a", "c", 0, 9), *by("bcd", 10, 20))
    assert route(ends, "a", "d", now=0).nodes == ("a", "c", "d")
    equal = plan_of([STORE] * 4, ("a", "b", 0, 9), ("a", "c", 0, 9), *by("bcd", 10, 20))
    assert route(equal, "a", "d", now=0).nodes == ("a", "b", "d")


def by(names, start, end):
    return [(name, names[-1], start, end) for name in names[:-1]]


def test_alternatives_start_by_another_relay_each():
    plan = plan_of(
        [STORE] * 4, ("a", "d", 9, 12), ("a", "b", 0, 8), ("a", "c", 0, 9), *by("bcd", 3, 20)
    )
    found = alternatives(plan, "a", "d", now=0, k=5)
    assert [way.nodes[1] for way in found] == ["c", "b", "d"]
    assert alternatives(plan, "a", "d", now=0, k=1) == found[:1]


def test_one_search_answers_for_every_node():
    plan = plan_of([STORE] * 4, ("a", "b", 0, 8), ("b", "c", 3, 9))
    found = reach(plan, "a", now=0)
    assert found.arrives_ns.tolist() == [0, 0, 3, FOREVER_NS]
    assert found.route("c") == route(plan, "a", "c", now=0)
    assert isinstance(found.route("d"), NoRoute)
    assert isinstance(found.route("a"), NoRoute)


@pytest.mark.parametrize("wrong", [{"octets": -1}, {"octets": math.nan}, {"hops": 0}])
def test_what_cannot_be_asked_is_an_error(wrong):
    plan = plan_of([STORE] * 2, ("a", "b", 0, 8))
    with pytest.raises(InputError, match="expected octets"):
        route(plan, "a", "b", **{"now": 0, **wrong})
    with pytest.raises(InputError, match="expected a node"):
        route(plan, "a", "x", now=0)


def random_plan(rng):
    nodes = [Node("0", "centre")]
    for place in range(1, rng.randint(2, 6)):
        kind = rng.choice(KINDS[1:])
        held = rng.choice([None, None, 0, 3, 15, 40])
        nodes.append(Node(str(place), kind, USUAL.get(kind) if held is None else held))
    contacts = []
    for _ in range(rng.randint(3, 20)):
        source, target = rng.sample(nodes, 2)
        start = rng.randint(0, 90)
        contacts.append(
            Contact(
                source.name,
                target.name,
                start,
                start + rng.randint(1, 40),
                rng.choice([8e9, 4e9, 1.6e9, 8e8]),
                rng.choice([0, 0, 1, 5, 20]),
                rng.choice([0, 0, 0, 2, 6]),
                rng.randint(0, 1),
                tuple(rng.choice([math.inf, math.inf, 5.0, 2.0]) for _ in range(4)),
            )
        )
    return of(nodes, contacts)


def every_path(plan, octets, now, not_after, priority, hops):
    """The earliest (arrival, hops) at each node, by walking all simple paths from node 0."""
    rows, nodes, best = plan.contacts(), {node.name: node for node in plan.nodes}, {}

    def walk(name, done, seen, leg, earliest, latest):
        for contact in rows:
            target = nodes[contact.target]
            again = target.name in seen and target.kind != "bent-pipe"
            usable = contact.source == name and contact.free_octets[priority] >= octets
            if again or not usable or done == hops:
                continue
            legs = [*leg, contact]  # through bent pipes: all open at once, at the slowest rate
            takes = max(math.ceil(octets * 8e9 / each.rate_bps) for each in legs)
            lo, hi, light = earliest, latest, 0
            for each in legs:
                lo = max(lo, each.start_ns + each.acquisition_ns - light)
                hi = min(hi, each.end_ns - max(takes, 1) - light)
                light += each.owlt_ns
            if lo > hi or lo + takes + light > not_after:
                continue
            arrival = lo + takes + light
            best[target.name] = min(best.get(target.name, (math.inf,)), (arrival, done + 1))
            if target.kind == "bent-pipe":
                walk(target.name, done + 1, seen, legs, earliest, latest)
            elif target.kind != "spacecraft":
                until = hi + takes + light + target.holds_ns
                walk(target.name, done + 1, seen | {target.name}, [], arrival, until)

    walk("0", 0, {"0"}, [], now, FOREVER_NS)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_routes_agree_with_every_path_on_10000_random_plans(seed):
    """2,500 plans each: sizes, rates, light times, acquisition, retention, expiry, bent pipes.

    The compiled search finds the same labels as the plain one.
    """
    found = 0
    for number in range(2500):
        rng = random.Random(seed * 2500 + number)
        plan = random_plan(rng)
        asked = {
            "octets": rng.choice([0, 1, 1, 3, 5]),
            "now": rng.choice([0, 0, 10, 30]),
            "not_after_ns": rng.choice([FOREVER_NS, 60, 100]),
            "priority": rng.randrange(4),
            "hops": rng.choice([1, 2, 3, 6, 6]),
        }
        want = every_path(plan, *asked.values())
        searched = reach(plan, "0", **asked)
        for node in plan.nodes[1:]:
            way = searched.route(node.name)
            if number % 4 == 0:
                assert way == route(plan, "0", node.name, **asked)
            got = (way.arrives_ns, way.hops) if isinstance(way, Route) else None
            assert got == want.get(node.name), (seed, number, node.name)
            found += got is not None
            if isinstance(way, Route):
                check(plan, way, asked)
        twins_agree(searched)
    assert found > 2500


def check(plan, way, asked):
    """A route's times fit its contacts, and its source may wait for as long as it says."""
    assert way.departs_ns >= asked["now"]
    assert way.slack_ns >= 0
    assert way.waits_ns >= 0
    for row, departs in zip(way.contacts, way.hop_departs_ns, strict=True):
        takes = math.ceil(asked["octets"] * 8e9 / plan.rate_bps[row])
        assert plan.start_ns[row] + plan.acquisition_ns[row] <= departs
        assert departs + takes <= plan.end_ns[row]
    if asked["octets"]:
        alone = np.zeros(len(plan), bool)
        alone[list(way.contacts)] = True
        latest = way.departs_ns + way.slack_ns
        for now, there in ((latest, Route), (latest + 1, NoRoute)):
            late = route(keep(plan, alone), "0", way.nodes[-1], **(asked | {"now": now}))
            assert isinstance(late, there)


def twins_agree(searched):
    plan, ask = searched.plan, searched.ask
    for strict, goal in ((False, -1), (True, -1), (False, 1)):
        arguments = (
            rounds.columns(plan), rounds.index(plan), ask.closed, ask.retention_ns, ask.through,
            ask.source, ask.now, float(ask.octets), ask.priority, ask.not_after_ns, ask.hops,
            strict, goal,
        )  # fmt: skip
        plain, compiled = rounds.rounds.plain(*arguments), rounds_jit.rounds(*arguments)
        for one, other in zip(plain, compiled, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_plan_may_lie_at_the_end_of_the_programme() -> None:
    t_ns = 2_460_000_000 * 10**9  # TAI, December 2035
    contacts = [
        Contact("c", "s", t_ns, t_ns + 100 * 10**9, 1e6),
        Contact("s", "x", t_ns + 10**10, t_ns + 10**11, 8000.0, 10**8),
    ]
    nodes = [Node("c", "centre"), Node("s", "station"), Node("x", "spacecraft")]
    found = route(of(nodes, contacts), "c", "x", now=t_ns, octets=1000)
    assert isinstance(found, Route)
    assert found.arrives_ns == t_ns + 11 * 10**9 + 10**8
