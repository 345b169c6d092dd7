"""The life of a command: one case for each cell of its table, and no second execution."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ground.command import life
from ground.command.life import MOST_STEPS, Illegal, Life, Phase, Stage, Step, advance, begin, phase

S = Stage
LINK = (S.GW_ACK, S.RADIATED, S.RELAY_RECEIVED, S.RELAY_FORWARDED)
BOARD = (S.FARM_ACK, S.ACCEPTED, S.STARTED, S.PROGRESS)
UNSENT = (S.REFUSED, S.CANCELLED, S.EXPIRED, S.NO_ROUTE)

# What becomes of each step in each phase, typed from the prose of the contracts, by the words
# "to" (it stands there), "as" (recorded, it stands where it was) and "no"; "proof" is "to" with a
# detail and "no" without; "*" is "no" for a command that was never released.
EXPECTED = {
    (S.QUEUED,): "no proof no proof no no no no",
    (S.ROUTED,): "to no no no no no no no",
    (S.RELEASED,): "to as as as as as as no",
    LINK: "as* to as as as as as as*",
    BOARD: "to* to to to as as as to*",
    (S.COMPLETED,): "to* to to to as no no to*",
    (S.REJECTED, S.FAILED): "to* to to to no as as to*",
    (S.UNCERTAIN,): "no to to no no no no no",
    (S.REFUSED, S.NO_ROUTE): "to no no no no no no no",
    (S.CANCELLED, S.EXPIRED): "to proof no proof no no no no",
}
AT = {  # where a life of each phase stands; in flight and on board as early as can be
    Phase.GROUND: S.QUEUED,
    Phase.FLIGHT: S.RELEASED,
    Phase.BOARD: S.FARM_ACK,
    Phase.UNCERTAIN: S.UNCERTAIN,
    Phase.COMPLETED: S.COMPLETED,
    Phase.REJECTED: S.REJECTED,
    Phase.FAILED: S.FAILED,
    Phase.UNSENT: S.EXPIRED,
}
CELLS = [
    (stage, where, cell)
    for stages, row in EXPECTED.items()
    for stage in stages
    for where, cell in zip(Phase, row.split(), strict=True)
]


def standing(state: Stage, *, sent: bool) -> Life:
    """Return a life at a state, with what must have gone before."""
    before = (S.QUEUED, S.ROUTED, *([S.RELEASED] if sent else []))
    if phase(state) is Phase.BOARD:
        before += (state,)
    return Life("c1", state, tuple(Step(each, 10) for each in before))


def after(there: Life, stage: Stage, detail: str = "") -> Life | Illegal:
    return advance(there, stage, 99, detail)


@pytest.mark.parametrize("stage, where, cell", CELLS)
def test_each_cell_of_the_table(stage, where, cell):
    sent = where not in (Phase.GROUND, Phase.UNSENT)
    state = S.ROUTED if (stage, where) == (S.RELEASED, Phase.GROUND) else AT[where]
    there = standing(state, sent=sent)
    if cell.endswith("*"):
        assert isinstance(after(there, stage, "x"), Illegal)
        there, cell = standing(state, sent=True), cell[:-1]
    if cell == "proof":
        assert isinstance(after(there, stage), Illegal)
        there, cell = replace(there, steps=there.steps), "to"
    found = after(there, stage, "x")
    if cell == "no":
        assert isinstance(found, Illegal) and str(stage) in found.reason + found.stage
        return
    assert isinstance(found, Life)
    assert found.state is (stage if cell == "to" else there.state) or stage is there.state
    assert Step(stage, 99, "x") in found.steps


def test_every_stage_of_the_contract_is_in_the_table():
    assert set(life.TABLE) == set(Stage) and len(Stage) == 19
    assert [stage for stage, _, _ in CELLS].__len__() == 19 * len(Phase)


def along(*stages: Stage) -> Life:
    there = begin("c1", 0)
    for t_ns, stage in enumerate(stages, 1):
        found = advance(there, stage, t_ns)
        assert isinstance(found, Life), found
        there = found
    return there


def test_the_whole_way_keeps_every_stage_apart():
    way = list(Stage)[1 : list(Stage).index(S.COMPLETED) + 1]
    there = along(*way)
    assert there.state is S.COMPLETED and there.final
    assert [there.reached(stage) for stage in way] == list(range(1, len(way) + 1))


def test_accepted_may_overtake_the_acknowledgement_of_the_frame():
    there = along(S.ROUTED, S.RELEASED, S.ACCEPTED, S.FARM_ACK, S.RADIATED)
    assert there.state is S.ACCEPTED
    assert [step.stage for step in there.steps[-3:]] == [S.ACCEPTED, S.FARM_ACK, S.RADIATED]


def test_an_uncertain_command_is_reconciled_by_a_report():
    there = along(S.ROUTED, S.RELEASED, S.UNCERTAIN)
    assert there.ended and not there.final
    assert along(S.ROUTED, S.RELEASED, S.UNCERTAIN, S.RADIATED).state is S.UNCERTAIN
    assert along(S.ROUTED, S.RELEASED, S.UNCERTAIN, S.FARM_ACK).state is S.FARM_ACK
    assert along(S.ROUTED, S.RELEASED, S.UNCERTAIN, S.FAILED).state is S.FAILED


def test_what_the_spacecraft_received_is_never_queued_again_whatever_the_proof():
    received = along(S.ROUTED, S.RELEASED, S.FARM_ACK, S.UNCERTAIN)
    for stage in (S.QUEUED, S.CANCELLED, S.EXPIRED):
        assert isinstance(advance(received, stage, 9, "N(R) did not pass it"), Illegal)


def test_a_report_after_a_proof_shows_that_the_spacecraft_is_right():
    there = along(S.ROUTED, S.RELEASED)
    again = advance(there, S.QUEUED, 5, "frame 3 was not accepted, unit is past its expiry")
    assert isinstance(again, Life) and again.state is S.QUEUED
    heard = advance(again, S.ACCEPTED, 6)
    assert isinstance(heard, Life) and heard.state is S.ACCEPTED


def test_a_command_without_a_route_is_not_released():
    assert isinstance(advance(begin("c", 0), S.RELEASED, 1), Illegal)


def test_a_late_report_is_a_verdict_all_the_same():
    there = along(S.ROUTED, S.RELEASED, S.UNCERTAIN)
    done = advance(there, S.COMPLETED, 9, "ST[01,7]", late=True)
    assert isinstance(done, Life) and done.state is S.COMPLETED and done.late == (S.COMPLETED,)


def test_the_same_report_twice_changes_nothing():
    there = along(S.ROUTED, S.RELEASED, S.RADIATED)
    assert advance(there, S.RADIATED, 77) is there
    other = advance(there, S.RADIATED, 77, "sanya")
    assert isinstance(other, Life) and len(other.steps) == len(there.steps) + 1


def test_a_life_stays_small():
    there = along(S.ROUTED, S.RELEASED, S.STARTED)
    for number in range(10 * MOST_STEPS):
        found = advance(there, S.PROGRESS, number, f"step {number}")
        assert isinstance(found, Life)
        there = found
    assert len(there.steps) <= MOST_STEPS
    done = advance(there, S.COMPLETED, 9)
    assert isinstance(done, Life) and done.reached(S.COMPLETED) == 9


class Lives(RuleBasedStateMachine):
    """Any steps in any order, against the few sentences that must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.life = begin("c", 0)
        self.released = self.received = False

    @rule(stage=st.sampled_from(list(Stage)), proof=st.sampled_from(["", "proof"]))
    def step(self, stage: Stage, proof: str) -> None:
        before = self.life
        found = advance(before, stage, 1, proof)
        if isinstance(found, Illegal):
            return
        self.life = found
        if stage is S.RELEASED:
            first = phase(before.state) is Phase.GROUND
            assert not (first and self.received and before.state is S.QUEUED)
            assert before.state not in UNSENT
            self.released = True
        if stage in BOARD:
            self.received = True
        if stage is S.QUEUED:
            assert not self.received
        if before.final:
            assert found.state is before.state

    @invariant()
    def nothing_is_heard_of_what_never_left(self) -> None:
        heard = {step.stage for step in self.life.steps} & {*LINK, *BOARD, S.COMPLETED, S.FAILED}
        assert self.released or not heard

    @invariant()
    def it_is_bounded(self) -> None:
        assert len(self.life.steps) <= MOST_STEPS + len(Stage)


Lives.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLives = Lives.TestCase


@given(st.lists(st.sampled_from([*LINK, *BOARD, S.COMPLETED]), min_size=1, unique=True))
@settings(max_examples=100, deadline=None)
def test_the_order_of_reports_does_not_change_where_a_command_stands(stages):
    """The furthest of what was heard counts, however it came."""
    there = along(S.ROUTED, S.RELEASED, *stages)
    assert there.state is max(stages, key=life.ORDER.__getitem__)
    assert {step.stage for step in there.steps} >= set(stages)
