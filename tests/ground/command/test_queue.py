"""The queue: in order, fair, held for reasons, expired to the nanosecond, and quick when long."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ground.command import deadlines
from ground.command.queue import LEVEL_NS, NOT_BEFORE, Queue, Waiting

FAR = 10**18


def waiting(command: str, at: int = 0, priority: int = 1, craft: str = "A", **more: int) -> Waiting:
    times = {"not_before_ns": 0, "not_after_ns": FAR} | more
    return Waiting(command, craft, priority, at, **times)


def queue(*commands: Waiting) -> Queue:
    made = Queue()
    for each in commands:
        made.add(each, each.queued_ns)
    return made


def order(made: Queue, craft: str = "A") -> str:
    return " ".join(each.command for each in made.order(craft))


def ready(made: Queue, craft: str = "A") -> str:
    return " ".join(each.command for each in made.ready(craft))


def test_first_come_is_first_served_and_higher_priority_goes_before():
    made = queue(
        waiting("a", 0), waiting("b", 0), waiting("low", 1, 0), waiting("high", 2, 2),
        waiting("urgent", 3, 3), waiting("c", 4), waiting("urgent2", 5, 3),
    )  # fmt: skip
    assert order(made) == ready(made) == "urgent urgent2 high a b c low"


@pytest.mark.parametrize("later, first", [(2 * LEVEL_NS - 1, "high"), (2 * LEVEL_NS + 1, "low")])
def test_nothing_waits_for_more_than_twenty_minutes_of_others(later, first):
    made = queue(waiting("low", 0, 0), waiting("high", later, 2))
    assert order(made).split()[0] == first


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 2)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_command_starves(comers):
    """Fair: passed only by what came at most ten minutes a level later, of a higher level."""
    minute = LEVEL_NS // 10
    comers = sorted(comers)
    made = queue(*(waiting(str(n), at * minute, p) for n, (at, p) in enumerate(comers)))
    found = made.order("A")
    for place, each in enumerate(found):
        for ahead in found[:place]:
            if ahead.queued_ns > each.queued_ns:
                levels = ahead.priority - each.priority
                assert levels > 0 and ahead.queued_ns - each.queued_ns <= levels * LEVEL_NS


def test_a_held_command_lets_others_go_by_and_keeps_its_place():
    made = queue(waiting("a"), waiting("b"), waiting("c"))
    assert made.hold("a", "operator") and made.hold("a", "approval")
    assert (ready(made), order(made)) == ("b c", "a b c")
    assert made.release("a", "operator") and ready(made) == "b c"
    assert made.release("a", "approval") and ready(made) == "a b c"
    assert not made.release("a", "approval") and not made.hold("z", "operator")


def test_a_command_is_ready_exactly_at_its_time_and_expires_just_after_its_last():
    made = queue(waiting("a", not_before_ns=100, not_after_ns=200))
    assert made.due(99) == []
    assert ready(made) == "" and made.holds("a") == {NOT_BEFORE: 100} and made.deadline() == 100
    assert made.due(100) == ["A"] and ready(made) == "a" and made.deadline() == 201
    assert made.expire(200) == []
    assert [each.command for each in made.expire(201)] == ["a"]
    assert len(made) == 0 and made.deadline() is None and order(made) == ""


def test_a_hold_for_a_contact_ends_with_its_beginning_and_can_be_put_off():
    made = queue(waiting("a"))
    made.due(0)
    made.hold("a", "contact", 500)
    assert made.due(499) == []
    made.hold("a", "contact", 900)
    assert made.due(500) == [] and made.due(900) == ["A"] and ready(made) == "a"


def test_what_is_newly_ready_is_told_once():
    made = queue(waiting("a"), waiting("b", craft="B"))
    assert made.due(0) == ["A", "B"] and made.due(0) == []
    made.hold("b", "operator")
    made.release("b", "operator")
    assert made.due(0) == ["B"]


def test_an_operator_moves_a_command_before_another_one():
    made = queue(*(waiting(name) for name in "abcd"), waiting("x", craft="B"))
    assert made.move("d", "b") and order(made) == "a d b c"
    assert made.move("c", "b") and order(made) == "a d c b"
    assert made.move("b") and order(made) == "b a d c" == ready(made)
    assert made.move("b", "b") and not made.move("a", "x") and not made.move("z", "a")
    made.hold("c", "operator")
    assert made.move("a", "c") and (order(made), ready(made)) == ("b d a c", "b d a")
    made.add(waiting("e", 1), 1)
    assert order(made) == "b d a c e"


def test_another_priority_gives_another_place():
    made = queue(waiting("a"), waiting("b"), waiting("c"))
    assert made.prioritise("c", 3) and order(made) == "c a b"
    assert made.prioritise("a", 0) and order(made) == "c b a"
    found = made.get("c")
    assert found is not None and found.priority == 3 and not made.prioritise("z", 1)


def test_a_queue_is_bounded_in_all_and_for_each_spacecraft():
    made = Queue(most=3, most_of_one=2)
    made.add(waiting("a"), 0)
    made.add(waiting("b"), 0)
    assert not made.room("A") and made.room("B")
    made.add(waiting("c", craft="B"), 0)
    assert not made.room("B") and "c" in made
    with pytest.raises(ValueError, match="no room"):
        made.add(waiting("d", craft="B"), 0)


@pytest.mark.parametrize("crafts", [1, 1000])
def test_a_hundred_thousand_commands_cost_no_look_at_all_of_them(monkeypatch, crafts):
    """F19: asking what is due touches as many marks as are due, however many wait."""
    made, chance, total = Queue(most_of_one=10**6), random.Random(1), 100_000
    for n in range(total):
        start = 10**6 + n
        made.add(waiting(f"{n}", n, chance.randrange(4), f"S{n % crafts}", not_before_ns=start), n)
    made.due(0)
    popped = []
    pop = deadlines.heappop
    monkeypatch.setattr(deadlines, "heappop", lambda heap: popped.append(1) or pop(heap))
    for now in range(10**6, 10**6 + 50):
        assert len(made.due(now)) == 1 and made.deadline() == now + 1
    assert len(popped) == 50
    assert sum(1 for n in range(crafts) for _ in made.ready(f"S{n}")) == 50


class Machine(RuleBasedStateMachine):
    """Against a model that is a plain list, looked through from its beginning each time."""

    names = st.integers(0, 11).map(str)
    reasons = st.sampled_from(["operator", "contact"])

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.queue = Queue()
        self.model: list[Waiting] = []
        self.held: dict[str, dict[str, int | None]] = {}

    def place(self, each: Waiting) -> None:
        """Put a command behind all that go before it or came before it, as the rule says."""

        def key(one: Waiting) -> tuple[int, int]:
            return (0, 0) if one.priority == 3 else (1, one.queued_ns - one.priority * LEVEL_NS)

        at = sum(key(other) <= key(each) for other in self.model)
        self.model.insert(at, each)

    @rule(name=names, priority=st.integers(0, 3), early=st.integers(0, 3), life=st.integers(0, 9))
    def add(self, name, priority, early, life):
        if name in self.queue:
            return
        start = self.now + early * LEVEL_NS
        each = waiting(
            name, self.now, priority, "AB"[int(name) % 2],
            not_before_ns=start, not_after_ns=self.now + life * LEVEL_NS,
        )  # fmt: skip
        self.queue.add(each, self.now)
        self.place(each)
        self.held[name] = {NOT_BEFORE: start} if early else {}

    @rule(name=names, why=reasons, until=st.sampled_from([None, 1, 2]))
    def hold(self, name, why, until):
        until = None if until is None else self.now + until * LEVEL_NS
        if self.queue.hold(name, why, until):
            self.held[name][why] = until

    @rule(name=names, why=reasons)
    def release(self, name, why):
        assert self.queue.release(name, why) is (why in self.held.get(name, {}))
        self.held.get(name, {}).pop(why, None)

    @rule(name=names)
    def remove(self, name):
        assert (self.queue.remove(name) is not None) is (name in self.held)
        self.forget(name)

    def forget(self, name: str) -> None:
        self.held.pop(name, None)
        self.model = [each for each in self.model if each.command != name]

    @rule(levels=st.integers(0, 2))
    def pass_time(self, levels):
        self.now += levels * LEVEL_NS
        self.queue.due(self.now)
        for name in self.held:
            self.held[name] = {
                why: until
                for why, until in self.held[name].items()
                if until is None or until > self.now
            }
        gone = {each.command for each in self.queue.expire(self.now)}
        assert gone == {each.command for each in self.model if each.not_after_ns < self.now}
        for name in gone:
            self.forget(name)

    @invariant()
    def it_is_what_the_model_is(self):
        for craft in "AB":
            mine = [each for each in self.model if each.spacecraft == craft]
            assert self.queue.order(craft) == mine
            free = [each for each in mine if not self.held[each.command]]
            assert list(self.queue.ready(craft)) == free
        assert len(self.queue) == len(self.model)


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMachine = Machine.TestCase
