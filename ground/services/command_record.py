"""The facts that the command service is about to write, and what it will do once they are."""

from __future__ import annotations

from typing import Any

from ground.alarms.text import visible
from ground.command import facts
from ground.command.facts import Entry
from ground.messages import RadiateUnit, ReadUnits
from ground.services.command_state import State

Output = tuple[str, RadiateUnit | ReadUnits]
"""The uplink, and what its gateway is asked for."""


class Record:
    """State and the facts that change it; nothing in `outputs` may go before they are on disk.

    Attributes:
        state: as of all facts, written or about to be.
    """

    def __init__(self) -> None:
        self.state = State()
        self._facts: list[Entry] = []
        self._outputs: list[Output] = []
        self.authority_changed = False
        self.taken = self.released = self.booked = 0

    def restore(self, fact: Entry) -> None:
        """Take in a fact that is on disk."""
        self._count(fact)
        self.state.apply(fact)

    def write(self, fact: Entry) -> None:
        """Take in a fact, and have it written."""
        self.restore(fact)
        self._facts.append(fact)
        self.authority_changed |= isinstance(fact, facts.AuthorityChanged)

    def send(self, uplink: str, message: RadiateUnit | ReadUnits) -> None:
        """Ask the gateway of an uplink for something, once what was written before is on disk."""
        self._outputs.append((uplink, message))

    def take(self) -> tuple[list[Entry], list[Output]]:
        """Return what is to be written, and what is to be sent after that."""
        found = self._facts, self._outputs
        self._facts, self._outputs = [], []
        return found

    def refuse(
        self, now: int, operator: str, verb: str, about: str, subject: str, why: Any
    ) -> None:
        """Write that a request was refused."""
        reasons = [visible(str(each), 500) for each in why][:20]
        about, subject = visible(about, 80), visible(subject, 200)
        self.write(facts.Refused(now, operator, verb, about, subject, reasons))

    def _count(self, fact: Entry) -> None:
        self.taken += isinstance(fact, facts.Accepted)
        self.released += isinstance(fact, facts.Released)
        self.booked += isinstance(fact, facts.Booked)
