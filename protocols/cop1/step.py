"""One event on its way through one cell of the table.

Source: 232.1-B-2 §5.3.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.cop1.signals import Action, Directive, Event, Transmit
from protocols.cop1.table import Code


@dataclass(frozen=True, slots=True)
class Step:
    """One event on its way through one cell; `event` is None when the timer expires."""

    event: Event | None
    now: int
    code: Code | None
    out: list[Action]

    def requested(self) -> Directive:
        assert isinstance(self.event, Directive)  # only rows 23 to 40 ask
        return self.event

    def fdu(self) -> Transmit:
        assert isinstance(self.event, Transmit)  # only rows 19 to 22 ask
        return self.event
