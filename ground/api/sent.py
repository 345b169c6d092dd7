"""A command on its way, for scripts: its stages as they come, until one of them or its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol

from ground.errors import NotReachable
from ground.messages import CommandRow, CommandTaken, ConstraintRow, RouteRow, StepRow

STAGES = (
    *("QUEUED", "ROUTED", "RELEASED", "GW_ACK", "RADIATED", "RELAY_RECEIVED", "RELAY_FORWARDED"),
    *("FARM_ACK", "ACCEPTED", "STARTED", "PROGRESS", "COMPLETED"),
)
POLL_S = 0.2
SILENT_S = 30.0  # that a station may be away, as while it is started anew


class Asks(Protocol):
    """Tells how a command stands, and lets time pass."""

    def command(self, command: str) -> CommandRow: ...

    def _idle(self, seconds: float) -> None: ...


class Sent:
    """A command that a station took, or for a dry run would take.

    Attributes:
        row: the command as it was last known; see `refresh`.
        constraints: its conditions on telemetry when it was sent.
        routes: the way it was to take, then what else there was.
        wrong: what would refuse it; for a dry run alone.
    """

    def __init__(self, station: Asks, taken: CommandTaken) -> None:
        self._station = station
        self.row: CommandRow = taken.command
        self.constraints: list[ConstraintRow] = taken.constraints
        self.routes: list[RouteRow] = taken.routes
        self.wrong: list[str] = taken.wrong

    @property
    def id(self) -> str:
        """By which all acts name it."""
        return self.row.id

    @property
    def stages(self) -> list[StepRow]:
        """What has happened as far as it is known here, oldest first."""
        return self.row.steps

    def refresh(self) -> CommandRow:
        """Ask how it stands now."""
        self.row = self._station.command(self.id)
        return self.row

    def reached(self, stage: str) -> bool:
        """Return whether it came to a stage or a later one, and to no other end."""
        if self.row.ended and self.row.state != "COMPLETED":
            return False
        wanted = STAGES[STAGES.index(stage) :]
        return any(each.stage in wanted for each in self.stages)

    def follow(
        self, stage: str = "COMPLETED", *, timeout_s: float | None = None
    ) -> Iterator[StepRow]:
        """Yield each step as it becomes known, until a stage is reached or the command ends.

        Raises:
            TimeoutError: neither came in time. The command goes on.
            NotReachable: the station was away for longer than a start takes.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        told, heard = 0, time.monotonic()
        while True:
            yield from self.stages[told:]
            told = len(self.stages)
            if self.row.ended or self.reached(stage):
                return
            if end is not None and time.monotonic() >= end:
                waits = f", waits for {self.row.needs}" if self.row.needs else ""
                raise TimeoutError(f"{self.id} is {self.row.state}{waits}; expected {stage} by now")
            self._station._idle(POLL_S)
            try:
                self.refresh()
                heard = time.monotonic()
            except NotReachable:
                if time.monotonic() - heard > SILENT_S:
                    raise

    def wait(self, stage: str = "COMPLETED", *, timeout_s: float | None = None) -> bool:
        """Wait for a stage or the end; return whether the stage was reached.

            sent = station.send("CG-1", "CARD_POWER", {"card": "3", "power": "OFF"})
            assert sent.wait("COMPLETED", timeout_s=60), sent.row.state

        Raises as `follow`.
        """
        for _ in self.follow(stage, timeout_s=timeout_s):
            pass
        return self.reached(stage)
