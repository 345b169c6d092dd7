"""What proves a stage of a command, each with its window: reports of ST[01], telemetry, packets.

Source: ECSS-E-ST-70-41C §7.4.4.1d (acknowledgement flags ask for reports of success; failures are
always reported), §8.1 (subtypes); XTCE 1.2 `VerifierSetType`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from ground.command import constraints
from ground.command.constraints import Lookup
from ground.command.life import Stage
from ground.mdb.model import Verifier
from protocols.pus.header import Acknowledge
from protocols.pus.verification import Subtype

REPORTS: dict[int, Stage] = {
    Subtype.ACCEPTED: Stage.ACCEPTED,
    Subtype.NOT_ACCEPTED: Stage.ACCEPTED,
    Subtype.STARTED: Stage.STARTED,
    Subtype.NOT_STARTED: Stage.STARTED,
    Subtype.PROGRESSED: Stage.PROGRESS,
    Subtype.NOT_PROGRESSED: Stage.PROGRESS,
    Subtype.COMPLETED: Stage.COMPLETED,
    Subtype.NOT_COMPLETED: Stage.COMPLETED,
    Subtype.NOT_ROUTED: Stage.ACCEPTED,
}
ASKED = {
    Acknowledge.ACCEPTANCE: (Stage.ACCEPTED, Subtype.ACCEPTED),
    Acknowledge.START: (Stage.STARTED, Subtype.STARTED),
    Acknowledge.COMPLETION: (Stage.COMPLETED, Subtype.COMPLETED),
}
"""Progress is not awaited: how many steps there are, if any, the spacecraft alone knows."""

STAGES = {
    "transferred": Stage.GW_ACK,
    "sent": Stage.RADIATED,
    "received": Stage.ACCEPTED,
    "accepted": Stage.ACCEPTED,
    "queued": Stage.ACCEPTED,
    "executing": Stage.STARTED,
    "completed": Stage.COMPLETED,
    "failed": Stage.COMPLETED,
}
"""XTCE's stages of verifiers; `failed` proves that COMPLETED will not come."""

Condition = Callable[[Lookup], bool | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be seen for a stage.

    Attributes:
        text: for people.
        opens_ns, closes_ns: the window, ends included, from the release on; or, `after_last`, from
            when the check before this one passed or was late.
        condition: on the latest telemetry; `container`: a packet that must come; else it is a
            report of ST[01] about `stage`.
        failure: it proves that the command failed, and is not awaited.
    """

    stage: Stage
    text: str
    closes_ns: int
    opens_ns: int = 0
    after_last: bool = False
    condition: Condition | None = None
    container: str | None = None
    failure: bool = False

    @property
    def is_report(self) -> bool:
        """Whether a report of ST[01] is awaited."""
        return self.condition is None and self.container is None


@dataclass(frozen=True, slots=True)
class Report:
    """A report of ST[01], and who sent it.

    `t_ns` is when the spacecraft made it, TAI; when it was received where that is not known.
    """

    spacecraft: str
    apid: int
    sequence: int
    subtype: int
    t_ns: int
    detail: str = ""


def of_reports(acknowledge: int, closes_ns: int) -> list[Check]:
    """Return the reports that the acknowledgement flags of a telecommand ask for."""
    return [
        Check(stage, f"ST[01,{subtype}]", closes_ns)
        for flag, (stage, subtype) in ASKED.items()
        if acknowledge & flag
    ]


def of_database(verifiers: Iterable[Verifier], delay_ns: int, default_ns: int) -> list[Check]:
    """Return the verifiers of a command, arguments in place, as checks.

    Args:
        delay_ns: of the way there and back, by which windows from the release are moved.
        default_ns: how long a window is open where the database does not say.
    """
    return [_check(each, delay_ns, default_ns) for each in verifiers]


def _check(verifier: Verifier, delay_ns: int, default_ns: int) -> Check:
    after_last = verifier.window_from == "timeLastVerifierPassed"
    moved = 0 if after_last else delay_ns
    opens, closes = verifier.window_s or (0.0, default_ns / 1e9)
    condition = None
    if verifier.condition is not None:
        condition = partial(constraints.holds, verifier.condition)
    return Check(
        STAGES[verifier.stage],
        constraints.verifier_text(verifier),
        round(closes * 1e9) + moved,
        round(opens * 1e9),
        after_last,
        condition,
        verifier.container,
        verifier.stage == "failed",
    )
