"""Two persons: only what was asked for, by somebody else, in time."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ground.command.approval import AT_ONCE_NS, Approvals, digest

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
D = digest(b"octets", ["CG-1"], HOUR)


def asked(*, at_once: bool = False, not_after_ns: int = HOUR) -> Approvals:
    approvals = Approvals()
    approvals.ask("c1", D, "olga", "key-o", 0, not_after_ns=not_after_ns, at_once=at_once)
    return approvals


def test_a_second_person_approves():
    approvals = asked()
    assert not approvals.approved("c1", D, 0)
    assert approvals.approve("c1", D, "boris", "key-b", MINUTE).granted
    assert approvals.approved("c1", D, HOUR) and not approvals.approved("c1", D, HOUR + 1)


@pytest.mark.parametrize(
    "who, key, what, reason",
    [
        ("olga", "key-b", D, "olga asked for it; expected a second person"),
        ("boris", "key-o", D, "boris uses the key of olga; expected another key"),
        ("", "key-b", D, "nobody asked for it"),
        ("boris", "", D, "uses the key"),
        ("boris", "key-b", digest(b"octetz", ["CG-1"], HOUR), "not what was asked for"),
        ("boris", "key-b", digest(b"octets", ["CG-2"], HOUR), "not what was asked for"),
        ("boris", "key-b", digest(b"octets", ["CG-1"], HOUR + 1), "not what was asked for"),
    ],
)
def test_what_is_no_approval_is_refused_with_its_reason(who, key, what, reason):
    approvals = asked()
    refused = approvals.approve("c1", what, who, key, 1)
    assert not refused.granted and reason in refused.reasons[0]
    assert not approvals.approved("c1", D, 1)


def test_an_edit_voids_an_approval_and_the_old_one_shown_again_is_refused():
    approvals = asked()
    approvals.approve("c1", D, "boris", "key-b", 1)
    edited = digest(b"edited", ["CG-1"], HOUR)
    approvals.ask("c1", edited, "olga", "key-o", 2, not_after_ns=HOUR, at_once=False)
    assert not approvals.approved("c1", D, 2) and not approvals.approved("c1", edited, 2)
    assert not approvals.approve("c1", D, "boris", "key-b", 3).granted
    assert approvals.approve("c1", edited, "boris", "key-b", 3).granted


def test_an_approval_of_one_command_is_none_of_another():
    approvals = asked()
    approvals.ask("c2", D, "olga", "key-o", 0, not_after_ns=HOUR, at_once=False)
    approvals.approve("c1", D, "boris", "key-b", 1)
    assert not approvals.approved("c2", D, 1)
    assert not approvals.approve("c3", D, "boris", "key-b", 1).granted


def test_one_that_is_sent_at_once_has_two_minutes_to_be_approved_and_two_to_be_used():
    approvals = asked(at_once=True)
    assert approvals.deadline() == AT_ONCE_NS + 1
    assert approvals.approve("c1", D, "boris", "key-b", AT_ONCE_NS).granted
    assert approvals.approved("c1", D, 2 * AT_ONCE_NS)
    assert not approvals.approved("c1", D, 2 * AT_ONCE_NS + 1)
    assert not asked(at_once=True).approve("c1", D, "boris", "key-b", AT_ONCE_NS + 1).granted


def test_no_approval_outlasts_the_command():
    approvals = asked(at_once=True, not_after_ns=MINUTE)
    approvals.approve("c1", D, "boris", "key-b", 1)
    assert approvals.expire(MINUTE) == []
    (gone,) = approvals.expire(MINUTE + 1)
    assert (gone.command, gone.approver) == ("c1", "boris")
    assert approvals.asked("c1") is None and approvals.deadline() is None


def test_approving_twice_is_refused_and_leaves_the_first():
    approvals = asked()
    approvals.approve("c1", D, "boris", "key-b", 1)
    assert not approvals.approve("c1", D, "vera", "key-v", 2).granted
    found = approvals.asked("c1")
    assert found is not None and found.approver == "boris"


@given(
    st.tuples(st.binary(max_size=6), st.lists(st.text(max_size=3), max_size=3), st.integers(0, 3)),
    st.tuples(st.binary(max_size=6), st.lists(st.text(max_size=3), max_size=3), st.integers(0, 3)),
)
@settings(max_examples=200, deadline=None)
def test_two_digests_are_equal_only_for_the_same_octets_targets_and_expiry(one, other):
    """Also where octets and names could be cut at other places; targets are a set."""
    same = (one[0], set(one[1]), one[2]) == (other[0], set(other[1]), other[2])
    assert (digest(*one) == digest(*other)) is same


@dataclass
class Model:
    digest: bytes
    author: str
    until: int
    at_once: bool
    end: int
    approver: str = ""


class Machine(RuleBasedStateMachine):
    """Against a model that is a dictionary without heaps or digests of its own."""

    people = st.sampled_from(["olga", "boris", "vera"])
    names = st.sampled_from(["c1", "c2"])
    digests = st.sampled_from([b"A", b"B"])

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.machine = Approvals()
        self.model: dict[str, Model] = {}

    @rule(
        command=names, digest=digests, author=people, at_once=st.booleans(), life=st.integers(1, 9)
    )
    def ask(self, command, digest, author, at_once, life):
        end = self.now + life * MINUTE
        self.machine.ask(
            command, digest, author, author, self.now, not_after_ns=end, at_once=at_once
        )
        until = min(end, self.now + AT_ONCE_NS) if at_once else end
        self.model[command] = Model(digest, author, until, at_once, end)

    @rule(command=names, digest=digests, who=people)
    def approve(self, command, digest, who):
        granted = self.machine.approve(command, digest, who, who, self.now).granted
        model = self.model.get(command)
        expected = (
            model is not None
            and model.digest == digest
            and model.author != who
            and not model.approver
            and self.now <= model.until
        )
        assert granted is expected
        if granted and model is not None:
            model.approver = who
            model.until = min(model.end, self.now + AT_ONCE_NS) if model.at_once else model.end

    @rule(minutes=st.integers(0, 3))
    def pass_time(self, minutes):
        self.now += minutes * MINUTE
        gone = {each.command for each in self.machine.expire(self.now)}
        assert gone == {name for name, each in self.model.items() if each.until < self.now}
        for name in gone:
            del self.model[name]

    @rule(command=names)
    def void(self, command):
        self.machine.void(command)
        self.model.pop(command, None)

    @invariant()
    def only_what_two_persons_want_is_approved(self):
        for command in ("c1", "c2"):
            for octets in (b"A", b"B"):
                model = self.model.get(command)
                expected = model is not None and model.approver and model.digest == octets
                assert self.machine.approved(command, octets, self.now) is bool(expected)
        times = [each.until + 1 for each in self.model.values()]
        assert self.machine.deadline() == min(times, default=None)


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestMachine = Machine.TestCase
