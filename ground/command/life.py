"""The life of a command as a table: where it stands, what is heard of it, and where it goes.

A command that was taken is QUEUED and ends once. What is known of it is of five kinds (`Phase`):
on the GROUND nothing has left; in FLIGHT it may have been received, and nobody knows; on BOARD the
spacecraft has said something about it; UNCERTAIN is what no report came about in time; and ends.

Reports of different ways overtake each other: telemetry says ACCEPTED before a CLCW says FARM_ACK.
So a stage that is heard of is always recorded with its time, and the life stands at the furthest.
What would bring a command back to the ground or end it unexecuted, once it has left, needs a proof
that it was not received: that its frame's number was not accepted and every copy of it is gone.
Once the spacecraft has said anything, no proof counts. That is how nothing is executed twice.

    step               GROUND  FLIGHT  BOARD  UNCERTAIN  COMPLETED  REJECTED  FAILED  UNSENT
    QUEUED             go      proof   -      proof      -          -         -       -
    ROUTED             go      -       -      -          -          -         -       -
    RELEASED           go      go      keep   keep       keep       keep      keep    -
    GW_ACK to          keep*   go      keep   keep       keep       keep      keep    keep*
      RELAY_FORWARDED
    FARM_ACK to        go*     go      go     go         keep       keep      keep    go*
      PROGRESS
    COMPLETED          go*     go      go     go         keep       -         -       go*
    REJECTED, FAILED   go*     go      go     go         -          keep      keep    go*
    UNCERTAIN          -       go      go     -          -          -         -       -
    REFUSED, NO_ROUTE  go      -       -      -          -          -         -       -
    CANCELLED,         go      proof   -      proof      -          -         -       -
      EXPIRED

"go": it stands there, or where it was if that is further; "keep": recorded, it stands where it
was; "proof": go where the step has a detail that says how it is known; "-": illegal; "*": only if
the command had left before, as when what the spacecraft says contradicts the proof: then the
spacecraft is right. UNSENT are REFUSED, CANCELLED, EXPIRED and NO_ROUTE.

RELEASED goes from ROUTED alone the first time; after that it is a retransmission of the same
frame, which must not happen after an end that says that nothing will. REFUSED is what we refuse,
REJECTED what the spacecraft does (ST[01,2]), FAILED what it tried (ST[01,4], [01,6], [01,8]) or
what telemetry contradicts. A report after its window is late, and a verdict all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, StrEnum


class Stage(StrEnum):
    """The stages in the order of a command's way, then the ends."""

    QUEUED = "QUEUED"
    ROUTED = "ROUTED"
    RELEASED = "RELEASED"
    GW_ACK = "GW_ACK"
    RADIATED = "RADIATED"
    RELAY_RECEIVED = "RELAY_RECEIVED"
    RELAY_FORWARDED = "RELAY_FORWARDED"
    FARM_ACK = "FARM_ACK"
    ACCEPTED = "ACCEPTED"
    STARTED = "STARTED"
    PROGRESS = "PROGRESS"
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    NO_ROUTE = "NO_ROUTE"
    FAILED = "FAILED"
    UNCERTAIN = "UNCERTAIN"


class Phase(Enum):
    """What a stage says about where the command is."""

    GROUND = 0
    FLIGHT = 1
    BOARD = 2
    UNCERTAIN = 3
    COMPLETED = 4
    REJECTED = 5
    FAILED = 6
    UNSENT = 7  # the other ends: it was not executed and never will be


ORDER = {stage: place for place, stage in enumerate(Stage)}
ENDS = frozenset(stage for stage in Stage if ORDER[stage] >= ORDER[Stage.COMPLETED])
_FINAL = frozenset({Stage.COMPLETED, Stage.REJECTED, Stage.FAILED})
MOST_STEPS = 64  # of a life: beyond them only what was not heard of yet is recorded

GO, KEEP, PROOF, NO = "go", "keep", "proof", "-"
_LINK = (KEEP, GO, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP)
_BOARD = (GO, GO, GO, GO, KEEP, KEEP, KEEP, GO)
_GROUND_END = (GO, NO, NO, NO, NO, NO, NO, NO)
_UNLESS_RECEIVED = (GO, PROOF, NO, PROOF, NO, NO, NO, NO)
_BAD_END = (GO, GO, GO, GO, NO, KEEP, KEEP, GO)

TABLE: dict[Stage, tuple[str, ...]] = {
    Stage.QUEUED: _UNLESS_RECEIVED,
    Stage.ROUTED: _GROUND_END,
    Stage.RELEASED: (GO, GO, KEEP, KEEP, KEEP, KEEP, KEEP, NO),
    Stage.GW_ACK: _LINK,
    Stage.RADIATED: _LINK,
    Stage.RELAY_RECEIVED: _LINK,
    Stage.RELAY_FORWARDED: _LINK,
    Stage.FARM_ACK: _BOARD,
    Stage.ACCEPTED: _BOARD,
    Stage.STARTED: _BOARD,
    Stage.PROGRESS: _BOARD,
    Stage.COMPLETED: (GO, GO, GO, GO, KEEP, NO, NO, GO),
    Stage.REJECTED: _BAD_END,
    Stage.FAILED: _BAD_END,
    Stage.UNCERTAIN: (NO, GO, GO, NO, NO, NO, NO, NO),
    Stage.REFUSED: _GROUND_END,
    Stage.NO_ROUTE: _GROUND_END,
    Stage.CANCELLED: _UNLESS_RECEIVED,
    Stage.EXPIRED: _UNLESS_RECEIVED,
}
"""For each step, in the order of `Phase`, what becomes of the life."""


def phase(stage: Stage) -> Phase:
    """Return what a stage says about where the command is."""
    if stage in ENDS:
        return Phase[stage] if stage in Phase.__members__ else Phase.UNSENT
    if ORDER[stage] < ORDER[Stage.RELEASED]:
        return Phase.GROUND
    return Phase.FLIGHT if ORDER[stage] < ORDER[Stage.FARM_ACK] else Phase.BOARD


_PHASE = {stage: phase(stage) for stage in Stage}
_UNSENT = (Phase.GROUND, Phase.UNSENT)
_HEARD = frozenset(stage for stage in Stage if TABLE[stage][Phase.BOARD.value] != NO) - {
    Stage.RELEASED,
    Stage.UNCERTAIN,
}


@dataclass(frozen=True, slots=True)
class Step:
    """That a stage was reached or reported, when (ns TAI), and what is known about it."""

    stage: Stage
    t_ns: int
    detail: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Life:
    """What has happened to a command.

    Attributes:
        state: where it stands: the furthest stage, or the end.
        steps: oldest first as they were learnt; their times may lie otherwise.
    """

    command: str
    state: Stage
    steps: tuple[Step, ...]

    @property
    def ended(self) -> bool:
        """Whether it is at an end; an UNCERTAIN one may still go on."""
        return self.state in ENDS

    @property
    def final(self) -> bool:
        """Whether it is at an end that no report changes any more."""
        return self.state in _FINAL or (_PHASE[self.state] is Phase.UNSENT and not self.sent)

    @property
    def sent(self) -> bool:
        """Whether it ever left, so that it may have been received."""
        return any(step.stage is Stage.RELEASED for step in self.steps)

    @property
    def late(self) -> tuple[Stage, ...]:
        """The stages whose reports came after their windows, or did not come."""
        return tuple(step.stage for step in self.steps if step.late)

    def reached(self, stage: Stage) -> int | None:
        """Return when a stage was first reached, ns TAI; None where it was not."""
        return next((step.t_ns for step in self.steps if step.stage is stage), None)


@dataclass(frozen=True, slots=True)
class Illegal:
    """A step that a life cannot take, which leaves it as it is."""

    command: str
    state: Stage
    stage: Stage
    reason: str


def begin(command: str, t_ns: int, detail: str = "") -> Life:
    """Return the life of a command that was taken: it is queued."""
    return Life(command, Stage.QUEUED, (Step(Stage.QUEUED, t_ns, detail),))


def advance(
    life: Life, stage: Stage, t_ns: int, detail: str = "", *, late: bool = False
) -> Life | Illegal:
    """Return the life after a stage was reached or reported, or why that cannot be.

    The same step with the same detail, heard of again, changes nothing. A `detail` is what tells
    two reports of one stage apart (which station, which relay, which step of progress), and the
    proof where one is needed.
    """
    cell = TABLE[stage][_PHASE[life.state].value]
    reason = _wrong(life, stage, detail, cell)
    if reason:
        return Illegal(life.command, life.state, stage, reason)
    back = stage is Stage.QUEUED
    if cell == KEEP or (not back and _further(life.state, stage)):
        return _recorded(life, Step(stage, t_ns, detail, late))
    moved = replace(life, state=stage)
    return _recorded(moved, Step(stage, t_ns, detail, late), anew=life.state is not stage)


def _further(state: Stage, stage: Stage) -> bool:
    """Whether a life stands further than a stage already; routing again is no step back."""
    return state not in ENDS and ORDER[state] >= ORDER[stage] and stage not in ENDS


def _wrong(life: Life, stage: Stage, detail: str, cell: str) -> str:
    """Return why a step is illegal; "" where it is not."""
    if cell == NO:
        return f"{stage} cannot follow {life.state}"
    if stage in _HEARD and _PHASE[life.state] in _UNSENT and not life.sent:
        return f"{stage} of a command that was never released"
    if stage is Stage.RELEASED and life.state is Stage.QUEUED:
        return "it has no route"
    if stage is Stage.QUEUED and life.state is Stage.QUEUED:
        return "it is queued already"
    if cell == PROOF:
        return _unproven(life, stage, detail)
    return ""


def _unproven(life: Life, stage: Stage, detail: str) -> str:
    if any(_PHASE[step.stage] is Phase.BOARD for step in life.steps):
        return f"{stage} of a command that the spacecraft has received"
    return "" if detail else f"{stage} needs a proof that it was not received"


def _recorded(life: Life, step: Step, *, anew: bool = False) -> Life:
    """Return the life with a step recorded, unless it is known or there are too many."""
    known = any(each.stage is step.stage and each.detail == step.detail for each in life.steps)
    full = len(life.steps) >= MOST_STEPS and life.reached(step.stage) is not None
    if full or (known and not anew):
        return life
    return replace(life, steps=(*life.steps, step))
