"""What a viewport shows, one value a row, as scripts and commands like to have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ground.columns import Severity
from ground.messages import ViewportChanged

Row = tuple[str, str, int]
"""Spacecraft, path of a parameter, element of an array or -1."""

Freshness = Literal["none", "fresh", "stale"]
_STATES: tuple[Freshness, ...] = ("none", "fresh", "stale")


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest value of one parameter of a spacecraft.

    Attributes:
        element: of an array; -1 for all of it, or for what is no array.
        t_ns, received_ns: generation and reception time, ns TAI; None where not known.
        raw, value: as people read them, "" for none; `number` the engineering value, nan for none.
    """

    spacecraft: str
    parameter: str
    element: int
    t_ns: int | None
    received_ns: int | None
    raw: str
    value: str
    number: float
    severity: Severity
    state: Freshness

    @property
    def name(self) -> str:
        """Path of the parameter or element, as `/DC/cards[3].temperature`."""
        if self.element < 0:
            return self.parameter
        folder, slash, last = self.parameter.rpartition("/")
        head, dot, member = last.partition(".")
        return f"{folder}{slash}{head}[{self.element}]{dot}{member}"


def samples(message: ViewportChanged, rows: Sequence[Row]) -> list[Sample]:
    """Return the rows that changed; `rows` are those that were asked for."""
    columns = {name: values.tolist() for name, values in message.columns.items()}
    return [
        Sample(
            spacecraft=rows[row][0],
            parameter=rows[row][1],
            element=rows[row][2],
            t_ns=columns["t_ns"][at] or None,
            received_ns=columns["received_ns"][at] or None,
            raw=message.raw[at],
            value=message.value[at],
            number=columns["number"][at],
            severity=Severity(columns["severity"][at]),
            state=_STATES[columns["state"][at]],
        )
        for at, row in enumerate(columns["row"])
    ]
