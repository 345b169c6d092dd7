"""The table of an alarm's life: as it is printed, and cell by cell through the machine."""

from __future__ import annotations

import pytest

from ground.alarms import states
from ground.alarms.alarm import Alarms
from ground.alarms.states import SETTLES, TABLE, State, Step, after, asked
from ground.messages import AcknowledgeAlarms, ClearAlarms, ShelveAlarms, UnshelveAlarms
from tests.ground.alarms.samples import NAMES, SECOND, Latches, refs, sampled

PRINTED = [line.split() for line in states.__doc__.splitlines() if line.startswith("    ")]
CELLS = [
    (step, state, latches)
    for step in Step
    for state in State
    for latches in (False, True)
    if latches or state is not State.LATCHED
]
NOW = 100 * SECOND


def test_the_code_has_the_table_that_is_printed():
    head, *rows = PRINTED
    assert head == [state.name for state in states.COLUMNS]
    assert [row[0] for row in rows] == [step.value for step in Step]
    for (step, *cells), written in zip(rows, TABLE.values(), strict=True):
        for cell, meant in zip(cells, written, strict=True):
            if cell == "refused":
                assert isinstance(meant, str) and meant != SETTLES, step
            else:
                names = {"-": None, "(settles)": SETTLES}
                assert meant == names.get(cell) or meant is State[cell], step


def machine(state: State, *, latches: bool) -> Alarms:
    """Bring a machine with one alarm, at severity 2, into a state by the shortest way."""
    alarms = Alarms([Latches(latch=latches)])
    if state is State.NORMAL:
        return alarms
    alarms.judge(NAMES, [sampled([2])])
    if state in (State.ACKNOWLEDGED, State.LATCHED):
        alarms.act(AcknowledgeAlarms(refs(*alarms.rows())), "chen", NOW)
    if state in (State.RETURNED, State.LATCHED):
        alarms.judge(NAMES, [sampled([0], first=2)])
    return alarms


def step(alarms: Alarms, what: Step) -> str:
    """Let something happen; return why it is refused."""
    severity = {Step.VIOLATE: 2, Step.WORSEN: 3, Step.IMPROVE: 1, Step.CONFORM: 0}
    if what in severity:
        alarms.judge(NAMES, [sampled([severity[what]], first=9)])
        return ""
    seen = refs(*alarms.rows())
    if what is Step.UNSHELVE:
        alarms.act(ShelveAlarms(seen, NOW + SECOND, "known"), "chen", NOW)
        return alarms.act(UnshelveAlarms(refs(*alarms.rows())), "chen", NOW)[0].reason
    act = AcknowledgeAlarms(seen) if what is Step.ACKNOWLEDGE else ClearAlarms(seen)
    return alarms.act(act, "chen", NOW)[0].reason


@pytest.mark.parametrize(("what", "state", "latches"), CELLS)
def test_every_cell_is_what_the_machine_does(what, state, latches):
    alarms = machine(state, latches=latches)
    before = alarms.rows()
    reason = step(alarms, what)
    rows = alarms.rows()
    try:
        expected = asked(state, what, latches)
    except LookupError:
        other = what in (Step.WORSEN, Step.IMPROVE)  # out of limits again is to violate
        assert [row.state for row in rows] == (
            ["unacknowledged"] if other else [row.state for row in before]
        )
        return
    if isinstance(expected, str):
        assert expected in reason
        assert rows == before
    elif expected is State.NORMAL:
        assert reason == ""
        assert rows == []
    else:
        assert reason == ""
        assert [row.state for row in rows] == [states.SHOWN[expected]]
        assert rows[0].severity == {Step.VIOLATE: 2, Step.WORSEN: 3, Step.IMPROVE: 1}.get(
            what, 0 if expected in (State.RETURNED, State.LATCHED) else 2
        )


def test_a_step_of_samples_that_cannot_happen_is_our_own_mistake():
    with pytest.raises(LookupError, match="worsen in returned"):
        after(State.RETURNED, Step.WORSEN, False)
    with pytest.raises(LookupError, match="acknowledge in acknowledged: already"):
        after(State.ACKNOWLEDGED, Step.ACKNOWLEDGE, False)
