"""Alarms: a list that holds still, marks, and what is asked before an act."""

from __future__ import annotations

from collections.abc import Sequence

from ground.console.screens.page import Desk, GridPage, table
from ground.console.view import alarms
from ground.console.view.parts import Cell
from ground.console.view.rows import Look
from ground.messages import AlarmRow


class AlarmsPage(GridPage):
    """All alarms that are not shelved, or those that are; new ones wait for `n`."""

    NAME, TITLE, DIGIT = "alarms", "Alarms", "5"
    COLUMNS = alarms.COLUMNS
    EMPTY = "no alarm"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.roll = alarms.Roll()
        self.shelved = False
        self._revision = -1

    def enter(self) -> None:
        """Take in what has come while the page was not shown."""
        self.merge()

    def source(self) -> Sequence[AlarmRow]:
        """The list as it stands."""
        return self.roll.rows

    def identify(self, item: AlarmRow) -> str:
        """Return the alarm's id."""
        return item.id

    def text(self, item: AlarmRow) -> str:
        """Return what a filter searches."""
        parts = (alarms.grade(item), item.state, item.spacecraft, alarms.name(item), item.value)
        return " ".join((*parts, item.comment, item.acknowledged_by))

    def draw(self, item: AlarmRow, look: Look) -> Sequence[Cell]:
        """Return the row of an alarm."""
        return alarms.cells(
            item, look.glyphs, look.now_ns, gone=self.roll.gone(item), lost=look.lost
        )

    def paint(self) -> None:
        """Show the list with what its alarms are now; rows keep their places."""
        model = self.desk.model
        if self._revision != model.revision:
            self._revision = model.revision
            self.roll.receive(model.alarms, self._wanted)
        self.grid.show(table(self, self.roll.rows, self.desk.look()))
        waiting, listed = self.roll.waiting, len(self.roll.rows)
        name = "shelved alarms" if self.shelved else "alarms"
        marked = f", {len(self.grid.marks)} marked" if self.grid.marks else ""
        name = name.removesuffix("s") if listed == 1 else name
        self.say(f"{listed} {name}{marked}", f" {waiting} new - press n " if waiting else "")

    def merge(self) -> None:
        """Take the new alarms in, let go of those that are gone, and sort."""
        self.roll.merge(self.desk.model.alarms.values(), self._wanted)
        self.grid.marks &= {row.id for row in self.roll.rows}
        self.paint()

    def filter(self, words: str) -> None:
        """Filter, and sort anew."""
        super().filter(words)
        self.merge()

    def current(self) -> list[AlarmRow]:
        """Return those that are marked, else the one under the cursor; none that is gone."""
        return [row for row in self.grid.chosen() if not self.roll.gone(row)]

    def seen(self) -> list[AlarmRow]:
        """Return those on the screen; none that is gone."""
        return [row for row in self.grid.seen if not self.roll.gone(row)]

    def open(self) -> None:
        """Show the parameter of the alarm under the cursor."""
        row = self.grid.current
        if row is not None:
            self.desk.wanted = (row.spacecraft, row.parameter, row.element)
            self.desk.go("params")

    def _wanted(self, row: AlarmRow) -> bool:
        hidden = (row.shelved_until_ns is not None) != self.shelved
        return not hidden and alarms.matches(self.text(row), self.words)
