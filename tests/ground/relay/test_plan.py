"""The contact plan: what it holds, what it refuses, and what is made of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ground.errors import InputError
from ground.relay.plan import (
    FOREVER_NS,
    Contact,
    Node,
    Origin,
    from_columns,
    keep,
    of,
    with_booked,
    without,
)
from ground.relay.volumes import Volumes

NODES = (Node("c", "centre"), Node("g", "bent-pipe"), Node("s", "spacecraft"), Node("t"))
ROWS = (
    Contact("c", "g", 0, 100, 8.0),
    Contact("g", "s", 10, 20, 8.0, 3, 2, 1, (1.0, 2.0, 3.0, math.inf), Origin.OPERATOR),
    Contact("g", "s", 30, 40, 8.0),
    Contact("t", "s", 5, 9, 16.0),
)


def test_rows_come_back_sorted_whatever_their_order():
    plan = of(NODES, ROWS[::-1])
    assert plan.contacts() == [ROWS[0], ROWS[2], ROWS[1], ROWS[3]]
    assert plan.id == of(NODES, ROWS).id


def test_columns_and_rows_make_the_same_plan():
    columns = {
        "source": np.array([1, 0]),
        "target": np.array([2, 1]),
        "start_ns": np.array([30, 0]),
        "end_ns": np.array([40, 100]),
        "rate_bps": np.array([8, 8]),
    }
    assert from_columns(NODES, **columns).id == of(NODES, [ROWS[0], ROWS[2]]).id


@pytest.mark.parametrize("field, value", [("end_ns", 41), ("rate_bps", 9.0), ("owlt_ns", 1)])
def test_the_id_is_that_of_the_content(field, value):
    changed = {name: getattr(ROWS[2], name) for name in Contact.__slots__} | {field: value}
    assert of(NODES, [Contact(**changed)]).id != of(NODES, [ROWS[2]]).id
    assert of([*NODES, Node("u")], ROWS).id != of(NODES, ROWS).id


def test_a_plan_cannot_be_changed():
    plan = of(NODES, ROWS)
    with pytest.raises(ValueError, match="read-only"):
        plan.start_ns[0] = 1


def test_a_plan_may_be_empty():
    plan = of(NODES, [])
    assert len(plan) == 0
    assert plan.contacts() == []


@pytest.mark.parametrize(
    "contact, expected",
    [
        (Contact("c", "x", 0, 1, 1.0), "a node of the plan"),
        (Contact("c", "c", 0, 1, 1.0), "two different nodes"),
        (Contact("c", "g", 1, 1, 1.0), "an end after its start"),
        (Contact("c", "g", 0, FOREVER_NS, 1.0), "times within"),
        (Contact("c", "g", 0, 1, 0.0), "a rate above 0"),
        (Contact("c", "g", 0, 1, math.inf), "a rate above 0"),
        (Contact("c", "g", 0, 1, 1.0, -1), "delays of at least 0"),
        (Contact("c", "g", 0, 1, 1.0, 0, 0, -1), "a link number"),
        (Contact("c", "g", 0, 1, 1.0, free_octets=(math.nan,) * 4), "a volume"),
    ],
)
def test_what_cannot_be_a_contact_is_refused(contact, expected):
    with pytest.raises(InputError, match=expected):
        of(NODES, [ROWS[0], contact])


def test_a_name_stands_for_one_node():
    with pytest.raises(InputError, match="each name once"):
        of([Node("a"), Node("a")], [])


def test_how_long_a_node_holds_follows_from_its_kind_unless_it_is_said():
    assert [node.holds_ns for node in NODES[:3]] == [FOREVER_NS, 0, -1]
    assert Node("r", "regenerative").holds_ns == 2_000_000_000
    assert Node("r", "regenerative", 7).holds_ns == 7
    assert Node("g", "bent-pipe", 7).holds_ns == 0
    assert Node("s", "spacecraft", 7).holds_ns == -1


def test_groups_lead_from_each_node_to_the_next_contact():
    """Overlapping contacts of a link: the latest end so far rises, though their ends do not."""
    rows = [Contact("a", "b", 0, 50, 1.0), Contact("a", "b", 10, 20, 1.0)]
    groups = of([Node("a"), Node("b")], rows).groups
    assert groups.until.tolist() == [50, 50]
    assert (groups.edges.tolist(), groups.first.tolist()) == ([0, 1, 1], [0, 2])
    assert of(NODES, ROWS).groups.target.tolist() == [1, 2, 2, 2]


def test_a_plan_without_nodes_or_rows():
    plan = of(NODES, ROWS)
    assert without(plan, nodes=["g"]).contacts() == [ROWS[3]]
    assert without(plan, contacts=[0, 3]).contacts() == [ROWS[2], ROWS[1]]
    assert keep(plan, np.ones(4, bool)).id == plan.id


def test_what_is_merely_visible_from_a_booked_relay_falls_away():
    """An operator's contact stays, and so does the relay's own feeder link."""
    booked = Contact("g", "s", 32, 36, 8.0)
    plan = with_booked(of(NODES, ROWS), [booked], relays=["g"])
    assert [(row.start_ns, row.origin) for row in plan.contacts() if row.source == "g"] == [
        (32, Origin.BOOKED),
        (10, Origin.OPERATOR),
    ]
    assert plan.contacts()[0] == ROWS[0]


def test_a_unit_takes_volume_from_its_own_priority_and_below():
    plan = of(NODES, ROWS)
    volumes = Volumes(plan)
    row = plan.contacts().index(ROWS[1])
    volumes.take((row,), 1, 1)
    assert volumes.plan.free_octets[row].tolist() == [0.0, 1.0, 3.0, math.inf]
    assert volumes.plan.id == plan.id
    assert plan.free_octets[row].tolist() == [1.0, 2.0, 3.0, math.inf]
    volumes.give((row,), 1, 1)
    assert volumes.plan.free_octets.tolist() == plan.free_octets.tolist()
