"""The log of events, the newest last; the cursor on the last line stays on the last line."""

from __future__ import annotations

from collections.abc import Sequence

from ground.console.screens.page import GridPage
from ground.console.view import rows
from ground.console.view.parts import Cell
from ground.console.view.rows import Look
from ground.messages import EventRow


class LogPage(GridPage):
    """Events of the station and from on board."""

    NAME, TITLE, DIGIT = "log", "Log", "0"
    COLUMNS = rows.EVENTS
    EMPTY = "no event"

    def source(self) -> Sequence[EventRow]:
        """All events that are kept."""
        return list(self.desk.model.events)

    def identify(self, item: EventRow) -> int:
        """Return what tells an event from others that read the same."""
        return id(item)

    def draw(self, item: EventRow, look: Look) -> Sequence[Cell]:
        """Return the line of an event."""
        return rows.event(item, look)

    def enter(self) -> None:
        """Start with the newest."""
        self.paint()
        self.grid.move_to(len(self.desk.model.events))

    def paint(self) -> None:
        """Show the events; follow them where the cursor is on the last."""
        follows = self.grid.at_end
        super().paint()
        if follows and not self.grid.at_end:
            self.grid.move_to(len(self.desk.model.events))
