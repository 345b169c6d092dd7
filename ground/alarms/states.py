"""The life of an alarm as a table: in which state, on what, it goes where.

An alarm belongs to one spacecraft, parameter and element. It is held from the first sample that is
out of limits until that is over and an operator has seen it:

                UNACKNOWLEDGED  ACKNOWLEDGED    RETURNED        LATCHED         NORMAL
    violate     -               -               UNACKNOWLEDGED  UNACKNOWLEDGED  UNACKNOWLEDGED
    worsen      UNACKNOWLEDGED  UNACKNOWLEDGED  -               -               -
    improve     UNACKNOWLEDGED  ACKNOWLEDGED    -               -               -
    conform     RETURNED        (settles)       -               -               -
    acknowledge ACKNOWLEDGED    refused         (settles)       refused         -
    clear       refused         refused         refused         NORMAL          -
    unshelve    UNACKNOWLEDGED  UNACKNOWLEDGED  RETURNED        LATCHED         -

"-" cannot happen; "(settles)" is LATCHED for an alarm that latches, else NORMAL, which is gone.
To shelve, comment or assign leaves the state as it is, whatever it is. An alarm that is
acknowledged and gets worse is unacknowledged again, as is one whose shelving ends while it is out
of limits.

Source: ANSI/ISA-18.2-2016 §5.2 alarm state diagram (clause unverified, the standard is not free):
UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED (return to normal, unacknowledged), LATCHED (latch
acknowledged), shelving beside them.

Deviation: an alarm that latches waits in RETURNED while unacknowledged, and in LATCHED after; to
the operator, both are alarms whose severity is back to normal. Suppressed by design is what a
database's contexts do; out of service is shelving.
"""

from __future__ import annotations

from enum import Enum

from ground.messages import AlarmState


class State(Enum):
    """Where an alarm stands."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    LATCHED = "latched"
    NORMAL = "normal"


class Step(Enum):
    """What happens to an alarm: by its samples, then by operators or their timers."""

    VIOLATE = "violate"  # out of limits after it was within them, or for the first time
    WORSEN = "worsen"
    IMPROVE = "improve"  # less severe, and still out of limits
    CONFORM = "conform"
    ACKNOWLEDGE = "acknowledge"
    CLEAR = "clear"
    UNSHELVE = "unshelve"


SETTLES = "settles"
UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED, LATCHED, NORMAL = State
COLUMNS = tuple(State)

TABLE: dict[Step, tuple[State | str | None, ...]] = {
    Step.VIOLATE: (None, None, UNACKNOWLEDGED, UNACKNOWLEDGED, UNACKNOWLEDGED),
    Step.WORSEN: (UNACKNOWLEDGED, UNACKNOWLEDGED, None, None, None),
    Step.IMPROVE: (UNACKNOWLEDGED, ACKNOWLEDGED, None, None, None),
    Step.CONFORM: (RETURNED, SETTLES, None, None, None),
    Step.ACKNOWLEDGE: (ACKNOWLEDGED, "already acknowledged", SETTLES, "already acknowledged", None),
    Step.CLEAR: ("out of limits", "out of limits", "not acknowledged", NORMAL, None),
    Step.UNSHELVE: (UNACKNOWLEDGED, UNACKNOWLEDGED, RETURNED, LATCHED, None),
}
"""For each step, in the order of `COLUMNS`: the next state, SETTLES, why it is refused, or None."""


def asked(state: State, step: Step, latches: bool) -> State | str:
    """Return the next state, or why the step is refused.

    Raises:
        LookupError: the step cannot happen in this state.
    """
    cell = TABLE[step][COLUMNS.index(state)]
    if cell is None:
        raise LookupError(f"{step.value} in {state.value}")
    if cell == SETTLES:
        return LATCHED if latches else NORMAL
    return cell


def after(state: State, step: Step, latches: bool) -> State:
    """Return the next state for a step that is never refused.

    Raises:
        LookupError: the step cannot happen in this state.
    """
    found = asked(state, step, latches)
    if not isinstance(found, State):
        raise LookupError(f"{step.value} in {state.value}: {found}")
    return found


SHOWN: dict[State, AlarmState] = {
    UNACKNOWLEDGED: "unacknowledged",
    ACKNOWLEDGED: "acknowledged",
    RETURNED: "returned",
    LATCHED: "acknowledged",
    NORMAL: "normal",
}
