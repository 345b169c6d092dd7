"""Routes against what other implementations publish: HDTN, A-SABR, pydtnsim, ION.

Alternatives of ours are the best way by each first relay. Of Yen's list in the HDTN tutorial (seven
ways, several by one relay) that is the first of each next hop: 3, 2 and 5, arriving at 3, 4, 11.
"""

from __future__ import annotations

import json

import pytest

from ground.relay import foreign, ion
from ground.relay.plan import SECOND_NS, Contact, Node, Plan, of, without
from ground.relay.route import NoRoute, Route, alternatives, route
from ground.relay.volumes import Volumes
from protocols import times
from tests.clauses import clause

S = SECOND_NS

BUG_0002 = """
## begin ionadmin
a range +0 +3600 1 1 1
a range +0 +3600 1 2 1
a range +0 +3600 1 3 1
a range +0 +3600 2 4 1
a range +0 +3600 3 4 1

a contact +1 +3600 1 1 100000
a contact +1 +3600 1 2 100000
a contact +1 +3600 2 1 100000
a contact +1 +3600 1 3 100000
a contact +1 +3600 3 1 100000
a contact +0 +30 3 4 100000
a contact +0 +30 4 3 100000
a contact +31 +60 2 4 100000
a contact +31 +60 4 2 100000
a contact +61 +90 3 4 100000
a contact +61 +90 4 3 100000
a contact +91 +120 2 4 100000
a contact +91 +120 4 2 100000
a contact +121 +150 3 4 100000
a contact +121 +150 4 3 100000
a contact +151 +3600 2 4 100000
a contact +151 +3600 4 2 100000
a contact +151 +3600 3 4 100000
a contact +151 +3600 4 3 100000
"""

RANGES = [(5, 9, 1), (6, 8, 1), (6, 9, 1), (7, 8, 1), (7, 9, 1), (1, 2, 1), (1, 3, 1), (1, 4, 1)]
RANGES += [(near, far, 324) for near in (2, 3, 4) for far in (5, 6, 7)]
PERIOD = [  # two hours of ION's cgr-test: seconds, nodes, octets a second there and back
    [(1200, 8, 6, 16384, 16384), (120, 9, 5, 16384, 16384)],
    [(1200, 8, 7, 16384, 16384), (120, 9, 6, 16384, 16384)],
    [(300, 9, 7, 16384, 16384)],
    [(300, 5, 2, 131072, 1024), (600, 6, 3, 131072, 1024), (900, 7, 4, 131072, 1024)],
    [(300, 5, 3, 131072, 1024), (600, 6, 4, 131072, 1024), (900, 7, 2, 131072, 1024)],
    [(300, 5, 4, 131072, 1024), (600, 6, 2, 131072, 1024), (900, 7, 3, 131072, 1024)],
]
PAUSES = [1200, 1200, 1200, 900, 900, 1800]


def cgr_test() -> str:
    """The text of ION's tests/cgr-test/global.ionrc, which repeats its two hours 24 times."""
    lines = ["m horizon +0"]
    lines += [f"a range 2010/01/01-00:00:00 2012/01/01-00:00:00 {u} {v} {s}" for u, v, s in RANGES]
    for far in (2, 3, 4):
        for ends in (f"{far} 1", f"1 {far}"):
            lines.append(f"a contact  +0 2015/01/01-00:00:00\t{ends}   1310720")
    for _ in range(24):
        for block, pause in zip(PERIOD, PAUSES, strict=True):
            for seconds, u, v, there, back in block:
                lines.append(f"a contact  +0 +{seconds}\t\t{u} {v}    {there}")
                lines.append(f"a contact  +0 +{seconds}\t\t{v} {u}    {back}")
            lines.append(f"@ +{pause}")
    return "\n".join(lines)


def stored(plan: Plan, source: str, target: str, at_s: float, **more) -> Route | NoRoute:
    return route(plan, source, target, now=round(at_s * S), **more)


def patient(plan: Plan) -> Plan:
    """The same plan with nodes that store for ever, as its authors assume."""
    return of([Node(node.name, "station") for node in plan.nodes], plan.contacts())


@pytest.fixture(scope="module")
def cases(shared):
    return json.loads((shared / "vectors/cgr_expected.json").read_text())["cases"]


def test_published_routes_of_hdtn_and_a_sabr(shared, cases):
    """Arrival, next hop and contacts are as published; a route that is not there is none."""
    checked = 0
    for case in cases:
        if "plan" not in case:
            continue
        path = shared / case["plan"]
        reader = foreign.read_hdtn if path.suffix == ".json" else foreign.read_asabr
        plan = patient(reader(path.read_text()))
        found = stored(plan, str(case["source"]), str(case["dest"]), case["t0"])
        checked += 1
        if "route" in case:
            assert isinstance(found, NoRoute)
            continue
        assert isinstance(found, Route)
        assert found.arrives_ns == case["arrival"] * S
        assert [plan.contact(row) for row in found.contacts] == published(path, case["contacts"])
        if "next_hop" in case:
            assert found.nodes[1] == str(case["next_hop"])
    assert checked == 5


def published(path, places):
    """The contacts that a case names, from the file itself."""
    if path.suffix == ".json":
        rows = {row["contact"]: row for row in json.loads(path.read_text())["contacts"]}
        return [
            Contact(
                str(row["source"]),
                str(row["dest"]),
                row["startTime"] * S,
                row["endTime"] * S,
                float(row["rateBitsPerSec"]),
                row["owlt"] * S,
            )
            for row in (rows[place] for place in places)
        ]
    lines = [line.split() for line in path.read_text().splitlines() if line[:7] == "contact"]
    found = []
    for place in places:
        _, u, v, start, end, rate, delay = lines[int(place[1:])]
        ns = [int(each) * S for each in (start, end, delay)]
        found.append(Contact(u, v, ns[0], ns[1], 8.0 * int(rate), ns[2]))
    return found


def test_alternatives_are_the_first_of_each_next_hop_in_yens_list(shared, cases):
    """HDTN TestYen, from the pyCGR tutorial: next hops 3, 2, 5 arrive at 3, 4 and 11."""
    case = next(case for case in cases if "yen_routes" in case)
    plan = patient(foreign.read_hdtn((shared / case["plan"]).read_text()))
    found = alternatives(plan, "1", "5", k=7, now=0)
    assert [int(way.nodes[1]) for way in found] == case["yen_next_hops_first3"]
    assert [way.arrives_ns // S for way in found] == case["yen_arrivals"][:3]


def inline(case) -> Plan:
    names = sorted({name for row in case["inline"] for name in row[:2]})
    rows = [Contact(u, v, t0 * S, t1 * S, 8.0 * rate) for u, v, t0, t1, rate in case["inline"]]
    return of([Node(name, "station") for name in names], rows)


def test_published_routes_of_pydtnsim(cases):
    """Its EDT is our arrival at size 0, its to_time the end of our window; capacity is per hop."""
    checked = 0
    for case in cases:
        if "inline" not in case:
            continue
        plan = inline(case)
        found = alternatives(plan, case["source"], case["dest"], now=0)
        checked += 1
        assert [list(way.nodes[1:]) for way in found] == [each["hops"] for each in case["routes"]]
        for way, want in zip(found, case["routes"], strict=True):
            assert way.arrives_ns == want["edt"] * S
            assert way.window_end_ns == want["to_time"] * S
            spans = [plan.end_ns[row] - plan.start_ns[row] for row in way.contacts]
            assert min(spans) / S * way.rate_bps / 8 == want["capacity"]
    assert checked == 2


def test_a_hop_that_ends_before_the_one_ahead_of_it_makes_no_route():
    """pydtnsim: later hops before the first; a bottleneck shared by two ways."""
    nodes = [Node(str(n), "station") for n in range(1, 6)]
    rows = [Contact("1", "2", 50 * S, 60 * S, 8e3), Contact("2", "4", 20 * S, 30 * S, 8e3)]
    assert isinstance(route(of(nodes, rows), "1", "4", now=0), NoRoute)
    rows = [Contact("1", "2", 30 * S, 70 * S, 8e3), Contact("2", "4", 30 * S, 110 * S, 8e3)]
    found = route(of(nodes, rows), "1", "4", now=0, octets=40_000)
    assert isinstance(found, Route)
    assert found.departs_ns == 30 * S
    assert isinstance(route(of(nodes, rows), "1", "4", now=0, octets=40_001), NoRoute)


def test_volumes_taken_by_one_bundle_are_gone_for_the_next():
    """A-SABR eto_management, by volumes alone: we keep no queue, so that order is the caller's."""
    nodes = [Node(str(n), "station") for n in range(5)]
    rows = [
        Contact("0", "1", 0, 100 * S, 8.0, free_octets=(40.0,) * 4),
        Contact("1", "2", 100 * S, 200 * S, 8.0),
        Contact("2", "3", 200 * S, 300 * S, 8.0),
        Contact("1", "4", 0, 90 * S, 8.0),
    ]
    volumes = Volumes(of(nodes, rows))
    first = stored(volumes.plan, "0", "3", 15, octets=20)
    assert isinstance(first, Route)
    assert first.arrives_ns == 220 * S
    assert first.hop_departs_ns == (15 * S, 100 * S, 200 * S)
    volumes.take(first.contacts, 20, 3)
    second = stored(volumes.plan, "0", "3", 35, octets=20)
    assert isinstance(second, Route)
    volumes.take(second.contacts, 20, 3)
    assert isinstance(stored(volumes.plan, "0", "4", 55, octets=20), NoRoute)
    volumes.give(second.contacts, 20, 3)
    third = stored(volumes.plan, "0", "4", 35, octets=20)
    assert isinstance(third, Route)
    assert third.arrives_ns == 75 * S


def test_a_relay_that_cannot_hold_makes_no_route():
    """A-SABR no-retention: 0→1 [0, 10], 1→2 [11, 20], and node 1 holds for 0.2 s at most."""
    rows = [Contact("0", "1", 0, 10 * S, 8.0), Contact("1", "2", 11 * S, 20 * S, 8.0)]
    nodes = [Node("0", "centre"), Node("1", "regenerative", S // 5), Node("2")]
    found = route(of(nodes, rows), "0", "2", now=0)
    assert isinstance(found, NoRoute)
    assert "do not store" in found.reason
    nodes[1] = Node("1", "regenerative", 2 * S)
    assert isinstance(route(of(nodes, rows), "0", "2", now=0), Route)


@pytest.mark.parametrize("at_s, arrival_s", [(0, 3925), (200, 3925), (5000, 11125)])
@clause("734.3-B-1 §3.2.8.1.4 (unverified)")
def test_the_plan_of_ions_cgr_test(at_s, arrival_s):
    """678 directed contacts; 9→1 at size 0, without SABR's margin of OWLT.

    At 0 s three ways of three hops arrive at 3925 s. That by 7 and 4 has the latest end of the
    contact that ends first, 2700 s; by 5 and 2 that is 120 s.
    """
    start = times.parse("2011-01-01T00:00:00Z")
    plan = patient(ion.read(cgr_test(), reference_ns=start))
    assert len(plan) == 678
    found = alternatives(plan, "9", "1", now=start + at_s * S)
    assert {way.arrives_ns - start for way in found} >= {arrival_s * S}
    assert found[0].arrives_ns - start == arrival_s * S
    if at_s == 0:
        assert found[0].nodes == ("9", "7", "4", "1")
        by_5 = next(way for way in found if way.nodes[1] == "5")
        assert by_5.nodes == ("9", "5", "2", "1")
        assert by_5.arrives_ns - start == arrival_s * S
        spans = [(plan.start_ns[row] - start, plan.end_ns[row] - start) for row in by_5.contacts]
        assert spans[:2] == [(0, 120 * S), (3600 * S, 3900 * S)]


def test_the_way_changes_with_the_hour_and_is_never_remembered():
    """ION bug-0002: 4→2 by 3 and 1 at 1 s, direct at 35 s, by 3 and 1 at 65 s, direct at 160 s."""
    plan = patient(ion.read(BUG_0002))
    ways = {at: stored(plan, "4", "2", at, octets=100) for at in (1, 35, 65, 160)}
    assert [way.nodes for way in ways.values()] == [
        ("4", "3", "1", "2"),
        ("4", "2"),
        ("4", "3", "1", "2"),
        ("4", "2"),
    ]
    assert ways[1].arrives_ns == round(4.003 * S)
    assert ways[35].arrives_ns == round(36.001 * S)


def test_a_plan_without_a_node_goes_round_it(shared):
    """HDTN tutorial: node 3 fails, and the way is by 2 no more, as that goes on to 3."""
    plan = patient(foreign.read_hdtn((shared / "cgr/hdtn_cgrTutorial.json").read_text()))
    found = route(plan, "1", "5", now=0, without=["3"])
    assert isinstance(found, Route)
    assert "3" not in found.nodes
    assert found == route(plan, "1", "5", now=0, without=["3"])
    again = route(without(plan, nodes=["3"]), "1", "5", now=0)
    assert isinstance(again, Route)
    assert (again.arrives_ns, again.nodes) == (found.arrives_ns, found.nodes)
