"""Plans as JSON, ours and others': round trips, and where a fault is."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.errors import InputError
from ground.relay import foreign, plan_json
from ground.relay.plan import FOREVER_NS, KINDS, SECOND_NS, Contact, Node, Origin, of

ROW = {"source": "a", "destination": "b", "start_ns": 0, "end_ns": 9, "rate_bps": 8}
NODES = [{"name": "a", "kind": "centre"}, {"name": "b", "kind": "spacecraft"}]


def text(**changed):
    return json.dumps({"schema": plan_json.SCHEMA, "nodes": NODES, "contacts": [ROW], **changed})


def test_a_plan_by_hand_is_read():
    """Whatever may be left out is."""
    plan = plan_json.read(text())
    assert plan.contacts() == [Contact("a", "b", 0, 9, 8.0)]
    assert plan.nodes == (Node("a", "centre"), Node("b", "spacecraft"))
    full = ROW | {"free_octets": [1, 2, 3, None], "origin": "booked", "link": 2, "owlt_ns": 5}
    row = plan_json.read(text(contacts=[full])).contact(0)
    assert row == Contact("a", "b", 0, 9, 8.0, 5, 0, 2, (1, 2, 3, math.inf), Origin.BOOKED)


@st.composite
def plans(draw):
    names = draw(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=5, unique=True))
    kinds, held = st.sampled_from(KINDS), st.none() | st.integers(0, FOREVER_NS - 1)
    nodes = [Node(name, draw(kinds), draw(held)) for name in names]
    times, small = st.integers(-(10**18), 10**18), st.integers(0, 10**12)
    volume = st.floats(0, 1e18) | st.just(math.inf)
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        u, v = draw(st.permutations(names))[:2]
        start, length = draw(times), draw(st.integers(1, 10**15))
        rate = draw(st.floats(1e-3, 1e12))
        free = (draw(volume), draw(volume), draw(volume), draw(volume))
        delays = draw(small), draw(small), draw(st.integers(0, 9))
        origin = draw(st.sampled_from(Origin))
        rows.append(Contact(u, v, start, start + length, rate, *delays, free, origin))
    return of(nodes, rows)


@given(plans())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(plan):
    again = plan_json.read(plan_json.write(plan))
    assert again.id == plan.id
    assert (again.nodes, again.contacts()) == (plan.nodes, plan.contacts())


@pytest.mark.parametrize(
    "given, where",
    [
        ("[]", "list; expected an object"),
        ("{", "p.json:1: "),
        ("[" * 100_000, "expected JSON"),
        ('{"a": 1, "a": 2}', "a name is twice"),
        ('{"a": NaN}', "NaN is not JSON"),
        (text(schema="x"), "schema 'x'; expected 'ground.contact-plan/1'"),
        (text(more=1), "p.json.more; expected"),
        (text(contacts={}), "contacts; expected a list"),
        (text(contacts=[1]), r"contacts\[0\]; expected an object"),
        (text(contacts=[ROW, ROW | {"start_ns": 0.5}]), r"contacts\[1\].start_ns: 0.5; expected"),
        (text(contacts=[ROW | {"start_ns": True}]), "start_ns: True; expected a whole"),
        (text(contacts=[ROW | {"start_ns": 10**30}]), "start_ns: 10+"),
        (text(contacts=[ROW | {"rate_bps": "8"}]), "rate_bps: '8'; expected a number"),
        (text(contacts=[ROW | {"rate_bps": 0}]), "contact 0; expected a rate above 0"),
        (text(contacts=[ROW | {"source": "x"}]), "'x'; expected a node of the plan"),
        (text(contacts=[ROW | {"source": ""}]), "source: ''; expected a name"),
        (text(contacts=[ROW | {"target": "b"}]), r"contacts\[0\].target; expected"),
        (text(contacts=[{"source": "a"}]), r"contacts\[0\]; expected destination"),
        (text(contacts=[ROW | {"origin": "me"}]), "origin; expected visible"),
        (text(contacts=[ROW | {"free_octets": [1]}]), "free_octets; expected a list of 4"),
        (text(nodes=[{"name": "a", "kind": "moon"}]), r"nodes\[0\].kind: 'moon'; expected centre"),
        (text(nodes=[NODES[0] | {"retention_ns": -1}]), "retention_ns: -1; expected at least 0"),
        (text(nodes=NODES * 2), "each name once"),
    ],
)
def test_a_fault_is_named_with_its_place(given, where):
    with pytest.raises(InputError, match=where) as caught:
        plan_json.read(given, source="p.json")
    assert str(caught.value).startswith("p.json")


HDTN = {
    "contact": 0,
    "source": 1,
    "dest": 2,
    "startTime": 3,
    "endTime": 4.5,
    "rateBitsPerSec": 8,
    "owlt": 1,
}


def test_plans_of_hdtn_and_a_sabr_are_read():
    want = [Contact("1", "2", 13 * SECOND_NS, 14_500_000_000, 8.0, SECOND_NS)]
    ten = 10 * SECOND_NS
    hdtn = foreign.read_hdtn(json.dumps({"contacts": [HDTN]}), reference_ns=ten)
    asabr = foreign.read_asabr("node 1 x\n# c\n\ncontact 1 2 3 4.5 1 1\n", reference_ns=ten)
    assert hdtn.contacts() == asabr.contacts() == want


@pytest.mark.parametrize(
    "change, where",
    [
        ({"source": "1"}, r"contacts\[0\].source: '1'"),
        ({"startTime": 1e300}, "startTime"),
        ({"endTime": 1}, "an end after its start"),
        ({"endTime": 1e29}, "expected at most"),
        ({"dest": 1}, "two different nodes"),
    ],
)
def test_a_fault_in_a_plan_of_hdtn_is_named(change, where):
    with pytest.raises(InputError, match=where):
        foreign.read_hdtn(json.dumps({"contacts": [HDTN | change]}), source="h.json")


@pytest.mark.parametrize(
    "line, where",
    [
        ("contact 1 2 3", "expected contact FROM"),
        ("contact 1 2 3 4 x 1", "expected numbers"),
        ("contact 1 2 nan 4 1 1", "expected at most"),
        ("contract 1 2 3 4 1 1", "expected a contact"),
    ],
)
def test_a_fault_in_a_plan_of_a_sabr_is_named(line, where):
    with pytest.raises(InputError, match=where) as caught:
        foreign.read_asabr("# c\n" + line, source="a.cp")
    assert str(caught.value).startswith("a.cp:2: ") or "expected contact FROM" in str(caught.value)
