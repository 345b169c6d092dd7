"""Routes from a control centre to 1,040 nodes over a day of 680,000 contacts, in one search.

The reference is a heap Dijkstra over nodes in pure Python on the same plan: arrivals are equal.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right

import numpy as np
import pytest

from ground.relay.plan import FOREVER_NS, SECOND_NS, Node, from_columns
from ground.relay.route import reach
from tests.speed.clock import Race

pytestmark = pytest.mark.speed

DAY_NS = 86_400 * SECOND_NS
STATIONS, GEOS, LEOS, CRAFT = 12, 3, 24, 1000
OCTETS, LIGHT_M_S = 256, 299_792_458


@pytest.fixture(scope="module")
def plan():
    """Passes of random times: stations and relays to spacecraft and back, relays to relays."""
    nodes = [Node("centre", "centre")]
    nodes += [Node(f"station-{n}", "station") for n in range(STATIONS)]
    nodes += [Node(f"geo-{n}", "bent-pipe") for n in range(GEOS)]
    nodes += [Node(f"leo-{n}", "store-and-forward", FOREVER_NS) for n in range(LEOS)]
    nodes += [Node(f"craft-{n}", "spacecraft") for n in range(CRAFT)]
    ground, geo = range(1, 13), range(13, 16)
    leo, craft = range(16, 40), range(40, 1040)
    rng = np.random.default_rng(1)
    parts = [links(rng, [0], [*ground, *geo], 1, DAY_NS, 3e5, False)]
    parts += [links(rng, ground, craft, 7, 500 * SECOND_NS, 2e6)]
    parts += [links(rng, ground, leo, 7, 600 * SECOND_NS, 2e6)]
    parts += [links(rng, geo, craft, 13, 3000 * SECOND_NS, 4e7)]
    parts += [links(rng, geo, leo, 13, 3000 * SECOND_NS, 4e7, False)]
    parts += [links(rng, leo, craft, 9, 900 * SECOND_NS, 3e6)]
    parts += [links(rng, leo, leo, 20, 2000 * SECOND_NS, 4e6, False)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return from_columns(nodes, **columns)


def links(rng, ones, others, passes, longest_ns, range_m, both=True):
    """Contacts of each pair, a number of passes a day that do not overlap."""
    pairs = np.array([(u, v) for u in ones for v in others if u != v])
    source, target = np.repeat(pairs, passes, axis=0).T
    slot = DAY_NS // passes
    start = np.tile(np.arange(passes) * slot, len(pairs))
    if passes > 1:
        start = start + rng.integers(0, max(slot - longest_ns, 1), len(start))
    length = rng.integers(longest_ns // 3, longest_ns, len(start)) if passes > 1 else DAY_NS
    owlt = (rng.uniform(0.5, 1, len(start)) * range_m / LIGHT_M_S * 1e9).astype(np.int64)
    rate = rng.choice([64e3, 256e3, 2e6], len(start))
    ends = (source, target), (target, source)
    made = [
        {"source": u, "target": v, "start_ns": start, "end_ns": np.minimum(start + length, DAY_NS),
         "rate_bps": rate, "owlt_ns": owlt, "acquisition_ns": np.full(len(start), 15 * SECOND_NS)}
        for u, v in ends[: 1 + both]
    ]  # fmt: skip
    return {name: np.concatenate([each[name] for each in made]) for name in made[0]}


def python_dijkstra(plan):
    """Return the search of a plan whose bent pipes are fed by the centre alone, for ever."""
    names = ("start_ns", "end_ns", "rate_bps", "owlt_ns", "acquisition_ns")
    start, end, rate, owlt, acquisition = (getattr(plan, name).tolist() for name in names)
    until, edges = plan.groups.until.tolist(), plan.groups.edges.tolist()
    first, target = plan.groups.first.tolist(), plan.groups.target.tolist()
    pipe = [node.kind == "bent-pipe" for node in plan.nodes]
    ends = [node.kind == "spacecraft" for node in plan.nodes]

    def search(now):
        best, queue = [math.inf] * len(pipe), [(now, 0, 0)]
        best[0], done = now, set()
        while queue:
            ready, node, takes = heapq.heappop(queue)
            if (node in done) or ends[node]:
                continue
            done.add(node)
            for group in range(edges[node], edges[node + 1]):
                v = target[group]
                row = bisect_right(until, ready, first[group], first[group + 1])
                while row < first[group + 1] and start[row] < best[v]:
                    takes_here = max(takes, math.ceil(OCTETS * 8e9 / rate[row]))
                    leaves = max(ready, start[row] + acquisition[row])
                    arrives = leaves + takes_here + owlt[row]
                    if leaves + takes_here <= end[row] and arrives < best[v]:
                        best[v] = arrives
                        through = pipe[v]
                        at = leaves + owlt[row] if through else arrives
                        heapq.heappush(queue, (at, v, takes_here if through else 0))
                    row += 1
        return best

    return search


def test_all_nodes_from_a_control_centre(plan):
    """Below 5 ms warm; a search with an expiry of two hours, too."""
    search, now = python_dijkstra(plan), 3600 * SECOND_NS
    found = reach(plan, "centre", now=now, octets=OCTETS)
    want = search(now)
    assert found.arrives_ns[1:].tolist() == want[1:]
    assert (found.arrives_ns < FOREVER_NS).all()
    name = f"routes to {len(plan.nodes)} nodes, {len(plan):,} contacts"
    race = Race(name, 1, "searches")
    race.run(
        ours=lambda: reach(plan, "centre", now=now, octets=OCTETS),
        heap_in_python=lambda: search(now),
    )
    race.at_least(3, over="heap_in_python")
    race.at_least_rate(200)
    soon = now + 7200 * SECOND_NS
    race = Race(f"{name}, expiry in 2 h", 1, "searches")
    race.run(ours=lambda: reach(plan, "centre", now=now, octets=OCTETS, not_after_ns=soon))
    race.at_least_rate(200)


def test_relays_that_hold_for_six_hours(plan):
    """Departures become intervals, and a relay keeps several: told, not asked."""
    nodes = [
        Node(node.name, node.kind) if node.kind == "store-and-forward" else node
        for node in plan.nodes
    ]
    columns = ("source", "target", "start_ns", "end_ns", "rate_bps", "owlt_ns", "acquisition_ns")
    held = from_columns(nodes, **{name: getattr(plan, name) for name in columns})
    race = Race(f"routes, relays hold 6 h, {len(plan):,} contacts", 1, "searches")
    race.run(ours=lambda: reach(held, "centre", now=0, octets=OCTETS))
    soon = 7200 * SECOND_NS
    race = Race("routes, relays hold 6 h, expiry in 2 h", 1, "searches")
    race.run(ours=lambda: reach(held, "centre", now=0, octets=OCTETS, not_after_ns=soon))
