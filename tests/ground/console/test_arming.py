"""The way from safe to fired as a machine, the stack, and the conversation behind them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ground import messages
from ground.console.arming import ARMED_NS, Arming, Around, Loaded
from ground.console.commanding import PATIENCE_NS, Commanding
from ground.console.draft import Draft, request
from ground.console.stack import Stack
from tests.ground.console.fake import NOW, SECOND, FakeFeed
from tests.ground.console.fake_commanding import command

DRAFT = Draft("CG-1", "/CG1/OBSW/PING")
AROUND = Around("CG-1", DRAFT, "a.chen", "a.chen", ("KASHI", "CG-1"), True)


def _armed():
    arming = Arming()
    arming.arm("CG-1", NOW, AROUND.way)
    return arming


def _loaded(item=0, number="a" * 32):
    return Loaded(request(DRAFT, number, NOW, dry_run=False), command(9), DRAFT, item)


def test_nothing_happens_while_nothing_changes():
    """Armed for two minutes, less a nanosecond."""
    arming = _armed()
    assert arming.check(AROUND, NOW + ARMED_NS - 1) == ""
    assert arming.armed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"target": "CG-2"}, "another target"),
        ({"holder": "l.wang"}, "authority"),
        ({"holder": ""}, "authority"),
        ({"way": ("KASHI", "GEO-1", "CG-1")}, "route"),
        ({"way": ()}, "route"),
        ({"heard": False}, "not heard"),
    ],
)
def test_it_lets_go_at_once_of_what_changed(change, why):
    """Each of the reasons by itself; what was loaded goes too."""
    arming = _armed()
    arming.load(_loaded())
    assert why in arming.check(replace(AROUND, **change), NOW + SECOND)
    assert not arming.armed
    assert arming.loaded is None


def test_it_lets_go_after_two_minutes_and_a_key_begins_them_anew():
    """A key that comes too late revives nothing."""
    arming = _armed()
    arming.touch(NOW + 100 * SECOND)
    assert arming.check(AROUND, NOW + 219 * SECOND) == ""
    arming.touch(NOW + 221 * SECOND)
    assert "two minutes" in arming.check(AROUND, NOW + 221 * SECOND)


def test_it_lets_go_after_a_minute_out_of_sight():
    """A terminal that nobody looks at; a shorter glance away changes nothing."""
    arming = _armed()
    arming.unseen_ns = NOW
    assert arming.check(AROUND, NOW + 60 * SECOND) == ""
    assert "out of sight" in arming.check(AROUND, NOW + 60 * SECOND + 1)


def test_a_way_that_was_not_known_is_the_first_one_heard():
    """Not known is no change; the next other one is."""
    arming = Arming()
    arming.arm("CG-1", NOW, None)
    assert arming.check(replace(AROUND, way=None), NOW) == ""
    assert arming.check(AROUND, NOW) == ""
    assert "route" in arming.check(replace(AROUND, way=()), NOW)


def test_any_edit_unloads_and_leaves_it_armed():
    """An option is an edit as well."""
    arming = _armed()
    arming.load(_loaded())
    edited = replace(AROUND, draft=DRAFT.give("hold", "yes", option=True))
    assert "unloaded" in arming.check(edited, NOW)
    assert arming.armed
    assert arming.loaded is None


def test_a_stack_moves_only_what_has_not_been_sent():
    """J and K, among those that wait."""
    stack = Stack()
    for name in "abc":
        stack.add(Draft("CG-1", name))
    stack.move(3, -1)
    assert [each.number for each in stack.items] == [1, 3, 2]
    stack.sent(1, "id")
    stack.move(3, -1)
    assert [each.number for each in stack.items] == [1, 3, 2]
    assert stack.next().number == 3
    stack.remove(3)
    assert stack.next().number == 2


def test_an_item_waits_for_what_its_rule_says_of_the_one_before():
    """Released, accepted, completed; manual waits for nobody."""
    stack = Stack()
    stack.add(DRAFT)
    stack.add(DRAFT)
    stack.sent(1, command(1).id)
    reached = {}
    for stages in (("QUEUED",), ("RELEASED",), ("RELEASED", "ACCEPTED"), ("ACCEPTED", "COMPLETED")):
        rows = {command(1).id: command(1, *stages)}
        for rule in ("manual", "released", "accepted", "completed"):
            while stack.items[1].rule != rule:
                stack.turn(2)
            reached[stages[-1], rule] = not stack.waits(stack.items[1], rows)
    told = {key: value for key, value in reached.items() if key[1] != "manual"}
    assert all(value for key, value in reached.items() if key[1] == "manual")
    assert {key for key, value in told.items() if value} == {
        *[("RELEASED", "released"), ("ACCEPTED", "released"), ("ACCEPTED", "accepted")],
        *[("COMPLETED", "accepted"), ("COMPLETED", "completed")],
    }


def _talking(realm="live"):
    feed = FakeFeed(realm)
    return feed, Commanding(feed)


def _told(feed, talk, now=NOW):
    for each in feed.receive():
        talk.take(each, now)


def test_in_a_replay_nothing_is_asked_and_nothing_sent():
    """Whatever is called."""
    feed, talk = _talking("replay/7")
    talk.tick(NOW)
    talk.describe("CG-1", NOW)
    talk.route(messages.PlanRoute("CG-1"), NOW)
    talk.contacts(messages.PlanContacts([], NOW, NOW + 1), NOW)
    talk.validate(DRAFT, request(DRAFT, "a" * 32, NOW, dry_run=True), NOW)
    talk.fire(_loaded(), NOW)
    assert feed.sent == []


def test_a_dry_run_is_never_sent_for_good():
    """A request that is none is not sent as one."""
    feed, talk = _talking()
    talk.validate(DRAFT, request(DRAFT, "a" * 32, NOW, dry_run=False), NOW)
    assert feed.sent == []


def test_what_was_fired_and_never_answered_is_not_told_as_refused():
    """Nobody knows whether it was taken: the request keeps its number."""
    feed, talk = _talking()
    feed.commanding.silent = True
    talk.fire(_loaded(), NOW)
    talk.tick(NOW + PATIENCE_NS + 1)
    (outcome,) = talk.outcomes
    assert not outcome.refused
    assert "look in the queue" in outcome.why


def test_questions_are_asked_now_and_then_and_not_at_each_tick():
    """Authority and queue each ten seconds, a route each five."""
    feed, talk = _talking()
    for step in range(12):
        talk.tick(NOW + step * SECOND)
        talk.route(messages.PlanRoute("CG-1"), NOW + step * SECOND)
        _told(feed, talk)
    kinds = [type(each) for each in feed.sent]
    assert kinds.count(messages.ReadAuthority) == kinds.count(messages.ListCommands) == 2
    assert kinds.count(messages.PlanRoute) == 3


def test_a_fact_is_not_undone_by_an_older_answer():
    """A list that was made before the last step came."""
    _, talk = _talking()
    newer, older = command(1, "QUEUED", "ROUTED"), command(1, "QUEUED")
    talk.orders.receive(messages.CommandsChanged([newer]))
    talk.orders.receive(messages.CommandsListed([older]))
    assert talk.orders.rows[newer.id].state == "ROUTED"


def test_only_so_many_ended_commands_are_kept():
    """The oldest go; what has not ended stays."""
    from ground.console.orders import KEPT

    _, talk = _talking()
    rows = [replace(command(1, "COMPLETED"), id=str(at), accepted_ns=at) for at in range(KEPT + 9)]
    talk.orders.receive(messages.CommandsListed([*rows, command(2, "QUEUED")]))
    assert len(talk.orders.rows) == KEPT + 1
    assert "0" not in talk.orders.rows
    assert len(talk.orders.queue()) == 1
