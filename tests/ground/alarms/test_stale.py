"""Packet types that go quiet; times worked by hand."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import settings as limited
from hypothesis import strategies as st

from ground.alarms.stale import Stale
from ground.messages import StaleRow
from ground.settings import StaleRule

S = 10**9
RULES = [
    StaleRule(packets="EVENT", after_s=math.inf),
    StaleRule(packets="/S/FAST", after_s=2.5, spacecraft="CG-1"),
    StaleRule(packets="/S/F*", after_s=10),
]


def test_a_packet_type_is_stale_after_its_time_and_speaks_again():
    stale = Stale(RULES)
    assert stale.deadline() is None
    assert stale.receive("CG-1", "/S/FAST", 0) == []
    assert stale.deadline() == 2.5 * S
    assert stale.expire(2 * S) == []
    assert stale.receive("CG-1", "/S/FAST", 2 * S) == []
    assert stale.expire(4 * S) == []
    assert stale.deadline() == 4.5 * S
    assert stale.expire(5 * S) == [StaleRow("CG-1", "/S/FAST", 2 * S, stale=True)]
    assert stale.expire(9 * S) == []
    assert stale.rows() == [StaleRow("CG-1", "/S/FAST", 2 * S, stale=True)]
    assert stale.receive("CG-1", "/S/FAST", 9 * S) == [
        StaleRow("CG-1", "/S/FAST", 9 * S, stale=False)
    ]
    assert stale.expire(12 * S) == [StaleRow("CG-1", "/S/FAST", 9 * S, stale=True)]


def test_the_first_rule_that_is_about_it_applies_else_thirty_seconds():
    stale = Stale(RULES)
    for spacecraft, packet_type in (
        ("CG-1", "/S/FAST"),
        ("CG-2", "/S/FAST"),
        ("CG-2", "/S/SLOW"),
        ("CG-2", "/S/EVENT"),
    ):
        stale.receive(spacecraft, packet_type, 0)
    gone = [(row.spacecraft, row.packet_type) for row in stale.expire(10**6 * S)]
    assert gone == [("CG-1", "/S/FAST"), ("CG-2", "/S/FAST"), ("CG-2", "/S/SLOW")]
    again = Stale(RULES)
    again.receive("CG-2", "/S/SLOW", 0)
    assert again.deadline() == 30 * S


def test_a_packet_that_came_earlier_than_the_last_puts_nothing_off():
    stale = Stale()
    stale.receive("CG-1", "/S/A", 100 * S)
    stale.receive("CG-1", "/S/A", 50 * S)
    assert stale.deadline() == 130 * S


def test_there_is_room_for_so_many_and_the_others_are_counted():
    stale = Stale(capacity=2)
    for number in range(5):
        stale.receive("CG-1", f"/S/{number}", 0)
    assert (len(stale.rows()), stale.lost) == (2, 3)


@limited(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.booleans()), max_size=40))
def test_what_is_stale_is_what_was_last_heard_longer_ago_than_its_time(things):
    stale, last, told, now = Stale(default_s=15), {}, {}, 0
    for which, passed, heard in things:
        now += passed * S
        rows = stale.expire(now)
        if heard:
            last[f"/S/{which}"] = now
            rows += stale.receive("CG-1", f"/S/{which}", now)
        told |= {row.packet_type: row.stale for row in rows}
        expected = {each for each, at in last.items() if at + 15 * S <= now}
        assert {each for each, is_stale in told.items() if is_stale} == expected
        assert {row.packet_type for row in stale.rows() if row.stale} == expected
