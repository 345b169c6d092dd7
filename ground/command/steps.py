"""What the facts of the ledger mean for the lives of commands: live and at a restart the same.

`taken` folds one fact into the lives. A fact that tells of a step that a life cannot take leaves it
as it is and comes back as `Illegal`, for the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ground.command import life
from ground.command.facts import (
    Accepted,
    Custody,
    Ended,
    Entry,
    FarmAcknowledged,
    Queued,
    Released,
    Routed,
    UnitReported,
    Verified,
)
from ground.command.life import Illegal, Life, Stage

UNITS = {"taken": Stage.GW_ACK, "radiated": Stage.RADIATED}
CUSTODY = {"RECEIVED": Stage.RELAY_RECEIVED, "FORWARDED": Stage.RELAY_FORWARDED}
FAILED, LATE = "failed", "late"  # verdicts; a late stage is no step, but for UNCERTAIN


class Told(NamedTuple):
    """That a fact tells of a step of a command, as `life.advance` takes it."""

    command: str
    stage: Stage
    t_ns: int
    detail: str
    late: bool = False


def told(entry: Entry) -> Iterator[Told]:
    """Yield the steps that a fact tells of; none for most kinds."""
    match entry:
        case Queued():
            yield Told(entry.command, Stage.QUEUED, entry.t_ns, entry.proof)
        case Routed():
            yield Told(entry.command, Stage.ROUTED, entry.t_ns, " > ".join(entry.nodes))
        case Released():
            for command in entry.commands:
                yield Told(command, Stage.RELEASED, entry.t_ns, f"unit {entry.unit}")
        case UnitReported() if entry.state in UNITS:
            for command in entry.commands:
                yield Told(
                    command, UNITS[entry.state], entry.at_ns, f"{entry.gateway} {entry.unit}"
                )
        case Custody() if entry.state in CUSTODY:
            for command in entry.commands:
                yield Told(
                    command, CUSTODY[entry.state], entry.at_ns, f"{entry.relay} {entry.unit}"
                )
        case FarmAcknowledged():
            for command in entry.commands:
                yield Told(command, Stage.FARM_ACK, entry.t_ns, "")
        case Verified():
            yield from _verdict(entry)
        case Ended():
            yield Told(entry.command, Stage(entry.end), entry.t_ns, entry.detail)
        case _:
            return


def _verdict(entry: Verified) -> Iterator[Told]:
    """Yield the step of a verdict: the stage that passed, or the end of what failed or is late."""
    stage = Stage(entry.stage)
    if entry.verdict == FAILED:
        stage = Stage.REJECTED if stage is Stage.ACCEPTED else Stage.FAILED
    if entry.verdict != LATE or stage is Stage.UNCERTAIN:
        yield Told(entry.command, stage, entry.at_ns, entry.detail, entry.late)


def taken(lives: dict[str, Life], entry: Entry) -> list[Illegal]:
    """Let a fact change the lives in place; return the steps that could not be.

    A command that is not among them (it ended, and was let go) is passed over.
    """
    if isinstance(entry, Accepted):
        lives[entry.command] = life.begin(entry.command, entry.t_ns)
        return []
    wrong = []
    for step in told(entry):
        before = lives.get(step.command)
        if before is None:
            continue
        after = life.advance(before, step.stage, step.t_ns, step.detail, late=step.late)
        if isinstance(after, Illegal):
            wrong.append(after)
        else:
            lives[step.command] = after
    return wrong
