"""One operator holds a spacecraft, hands it over on record, and loses it by doing nothing."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ground.command.authorise import Decision
from ground.command.authority import LEASE_NS, NOTED_NS, OFFER_NS, Authority
from ground.command.facts import AuthorityChanged

MINUTE = 60 * 10**9
CG = "CG-1"


def taken() -> Authority:
    authority = Authority()
    assert isinstance(authority.take(CG, "olga", 0), AuthorityChanged)
    return authority


def refused(found: object) -> str:
    assert isinstance(found, Decision) and not found.granted
    return found.reasons[0]


def test_one_operator_holds_a_spacecraft_for_half_an_hour():
    authority = taken()
    assert LEASE_NS == 30 * MINUTE
    assert authority.holds(CG, "olga", LEASE_NS - 1) and not authority.holds(CG, "olga", LEASE_NS)
    assert "olga holds CG-1" in refused(authority.take(CG, "boris", LEASE_NS - 1))
    assert isinstance(authority.take(CG, "boris", LEASE_NS), AuthorityChanged)
    assert authority.holds(CG, "boris", LEASE_NS)


def test_activity_extends_the_lease_and_is_not_noted_every_time():
    authority = taken()
    assert authority.would_extend(CG, "olga", NOTED_NS) is None
    fact = authority.would_extend(CG, "olga", NOTED_NS + 1)
    assert fact is not None and (fact.how, fact.until_ns) == ("extended", NOTED_NS + 1 + LEASE_NS)
    assert authority.would_extend(CG, "boris", 5 * MINUTE) is None


def test_a_hand_over_needs_acceptance():
    authority = taken()
    offer = authority.give(CG, "olga", "boris", MINUTE)
    assert isinstance(offer, AuthorityChanged) and offer.offered_to == "boris"
    assert authority.holds(CG, "olga", MINUTE)
    assert "not offered" in refused(authority.accept(CG, "vera", MINUTE))
    done = authority.accept(CG, "boris", 2 * MINUTE)
    assert isinstance(done, AuthorityChanged)
    assert (done.how, done.holder, done.since_ns) == ("accepted", "boris", 2 * MINUTE)
    assert not authority.holds(CG, "olga", 2 * MINUTE)
    assert "not offered" in refused(authority.accept(CG, "boris", 3 * MINUTE))


@pytest.mark.parametrize("after, accepted", [(OFFER_NS - 1, True), (OFFER_NS, False)])
def test_an_offer_ends_after_five_minutes(after, accepted):
    authority = taken()
    authority.give(CG, "olga", "boris", 0)
    assert isinstance(authority.accept(CG, "boris", after), AuthorityChanged) is accepted


def test_an_offer_can_be_withdrawn():
    authority = taken()
    authority.give(CG, "olga", "boris", 0)
    fact = authority.give(CG, "olga", "", 1)
    assert isinstance(fact, AuthorityChanged) and fact.how == "withdrawn"
    refused(authority.accept(CG, "boris", 2))


def test_who_does_not_hold_it_gives_and_drops_nothing():
    authority = taken()
    refused(authority.give(CG, "boris", "vera", 1))
    refused(authority.give(CG, "olga", "olga", 1))
    refused(authority.drop(CG, "boris", 1))
    assert isinstance(authority.drop(CG, "olga", 1), AuthorityChanged)
    refused(authority.drop(CG, "olga", 2))
    refused(authority.take(CG, "", 2))


def test_to_force_needs_a_reason_and_takes_it_from_whoever_holds_it():
    authority = taken()
    assert "reason" in refused(authority.force(CG, "dina", "  ", 1))
    fact = authority.force(CG, "dina", "olga does not answer", 1)
    assert isinstance(fact, AuthorityChanged)
    assert (fact.how, fact.by, fact.reason) == ("forced", "dina", "olga does not answer")
    assert authority.holds(CG, "dina", 1) and not authority.holds(CG, "olga", 1)


def test_the_end_of_a_lease_is_on_record():
    authority = taken()
    authority.take("CG-2", "boris", MINUTE)
    assert authority.deadline() == LEASE_NS and authority.expire(LEASE_NS - 1) == []
    (fact,) = authority.expire(LEASE_NS)
    assert (fact.spacecraft, fact.how, fact.holder) == (CG, "expired", "")
    assert list(authority.leases(LEASE_NS)) == ["CG-2"]


class Machine(RuleBasedStateMachine):
    """Whatever is done: one holder at most, and what is restored from the facts is the same."""

    people = st.sampled_from(["olga", "boris", "vera"])
    crafts = st.sampled_from(["A", "B"])

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.machine, self.restored = Authority(), Authority()
        self.holder: dict[str, str] = {}

    def note(self, found: object) -> None:
        if isinstance(found, AuthorityChanged):
            self.restored.restore(found)
            self.holder[found.spacecraft] = found.holder

    @rule(
        craft=crafts,
        who=people,
        to=people,
        act=st.sampled_from(["take", "give", "accept", "drop"]),
    )
    def act(self, craft, who, to, act):
        held = self.machine.lease(craft, self.now)
        more = (to,) if act == "give" else ()
        found = getattr(self.machine, act)(craft, who, *more, self.now)
        self.note(found)
        if isinstance(found, AuthorityChanged) and held is not None and act == "take":
            assert held.holder == who
        if isinstance(found, AuthorityChanged) and act == "accept":
            assert held is not None and held.offered_to == who

    @rule(craft=crafts, who=people)
    def extend(self, craft, who):
        fact = self.machine.would_extend(craft, who, self.now)
        if fact is not None:
            self.machine.restore(fact)
        self.note(fact)

    @rule(craft=crafts, who=people)
    def force(self, craft, who):
        self.note(self.machine.force(craft, who, "why", self.now))

    @rule(minutes=st.integers(0, 20))
    def pass_time(self, minutes):
        self.now += minutes * MINUTE
        for fact in self.machine.expire(self.now):
            self.note(fact)

    @invariant()
    def it_is_restored_as_it_was(self):
        assert self.machine.leases(self.now) == self.restored.leases(self.now)
        for craft, lease in self.machine.leases(self.now).items():
            assert lease.holder == self.holder[craft]
            assert self.now < lease.until_ns <= self.now + LEASE_NS


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestMachine = Machine.TestCase
