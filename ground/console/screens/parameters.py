"""Parameters of a spacecraft: value, units, limits, age, raw, trend; what is seen is watched."""

from __future__ import annotations

from collections.abc import Sequence

from ground.console.model import Key
from ground.console.screens.page import GridPage, table
from ground.console.view import parameters
from ground.console.view.parts import Cell
from ground.console.view.rows import Look
from ground.console.view.text import clean

MARGIN = 10  # rows beyond the screen that are watched too, so that scrolling finds them there


class ParametersPage(GridPage):
    """Rows of any number; those on the screen and a few around them are watched."""

    NAME, TITLE, DIGIT = "params", "Parameters", "4"
    COLUMNS = parameters.COLUMNS
    EMPTY = "no parameter here: choose a spacecraft (2), or :params NAME"
    _made: tuple[object, ...] = ()
    _keys: Sequence[Key] = ()

    def source(self) -> Sequence[Key]:
        """The rows as chosen and filtered, listed anew only where that changes."""
        desk = self.desk
        now = (desk.model.mission, desk.spacecraft, desk.packet_type, self.words)
        if self._made != now:
            self._keys = parameters.keys(desk.model, desk.spacecraft, desk.packet_type, self.words)
            self._made = now
        return self._keys

    def draw(self, item: Key, look: Look) -> Sequence[Cell]:
        """Return the row of a parameter."""
        return parameters.cells(item, self.desk.model, look)

    def paint(self) -> None:
        """Show the rows, and have the station send those that are seen."""
        self.grid.show(table(self, self.source(), self.desk.look()))
        of = f" of {clean(self.desk.packet_type)}" if self.desk.packet_type else ""
        name = clean(self.desk.spacecraft) or "no spacecraft"
        place = f"{min(self.grid.cursor + 1, len(self._keys))}/{len(self._keys)}"
        self.say(f"{name}: parameters{of} {place}")

    def watched(self) -> list[Key]:
        """Return what is seen, and a margin around it."""
        first = max(0, self.grid.top - MARGIN)
        return list(self._keys[first : self.grid.top + len(self.grid.seen) + MARGIN])

    def enter(self) -> None:
        """Put the cursor on the row that was asked for, letting go of what would hide it."""
        key, self.desk.wanted = self.desk.wanted, None
        if key is not None:
            self.desk.spacecraft, self.desk.packet_type, self.words = key[0], "", ""
            self.paint()
            if key in self._keys:
                self.grid.move_to(list(self._keys).index(key))

    def crumbs(self) -> tuple[str, ...]:
        """Fleet, the spacecraft, the packet type."""
        last = self.desk.packet_type.rsplit("/", 1)[-1] or "all"
        return ("fleet", self.desk.spacecraft, last)

    def open(self) -> None:
        """Plot the parameter under the cursor alone."""
        if self.grid.current is not None:
            self.desk.plots = [self.grid.current]
            self.desk.go("plot")
