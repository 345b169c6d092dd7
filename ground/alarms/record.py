"""What is kept of one alarm, and of one shelving; as values and as octets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ground.alarms.states import SHOWN, State
from ground.messages import AlarmRow


class Rule(Protocol):
    """How some alarms behave: whether they latch, and what an operator is to do."""

    @property
    def latch(self) -> bool: ...
    @property
    def response(self) -> str: ...
    def is_about(self, spacecraft: str, parameter: str) -> bool:
        """Return whether the rule is for this parameter of this spacecraft."""


@dataclass(slots=True)
class Record:
    """One alarm; the fields are those of `AlarmRow`.

    Attributes:
        worst: the worst since it was raised; where it had been raised before and nobody has
            acknowledged that, the worst of both.
        v: version of this form, in the octets.
    """

    spacecraft: str
    parameter: str
    element: int
    units: str
    response: str
    latched: bool
    raised_ns: int
    changed_ns: int
    severity: int
    worst: int
    value: str
    trip: str
    state: State = State.UNACKNOWLEDGED
    version: int = 1
    violations: int = 1
    acknowledged_by: str = ""
    assigned_to: str = ""
    comment: str = ""
    v: Literal[1] = 1

    @property
    def key(self) -> str:
        """Spacecraft, parameter and element."""
        return key(self.spacecraft, self.parameter, self.element)

    @property
    def id(self) -> str:
        """The key, and when it was raised."""
        return f"{self.key}|{self.raised_ns}"

    def row(self, shelf: Shelf | None) -> AlarmRow:
        """Return the alarm as it stands."""
        return AlarmRow(
            id=self.id,
            version=self.version,
            spacecraft=self.spacecraft,
            parameter=self.parameter,
            element=self.element,
            state=SHOWN[self.state],
            severity=self.severity,
            worst=self.worst,
            raised_ns=self.raised_ns,
            changed_ns=self.changed_ns,
            value=self.value,
            trip=self.trip,
            units=self.units,
            violations=self.violations,
            latched=self.latched,
            acknowledged_by=self.acknowledged_by,
            shelved_until_ns=None if shelf is None else shelf.until_ns,
            shelved_by="" if shelf is None else shelf.by,
            assigned_to=self.assigned_to,
            comment=self.comment,
            response=self.response,
        )


@dataclass(frozen=True, slots=True)
class Shelf:
    """That the alarms of one spacecraft, parameter and element are kept quiet until a time."""

    until_ns: int
    by: str
    reason: str
    v: Literal[1] = 1


def key(spacecraft: str, parameter: str, element: int) -> str:
    """Return what an alarm is of: no spacecraft's name has a slash, so that no two are the same."""
    return f"{spacecraft}|{parameter}|{element}"
