"""A table of any length of which only what is seen is formatted, compared and repainted.

Each visible row is kept as the cells it was drawn from; at a tick a row is drawn again only where
they differ. The header is the widget's first line. Row by row costs a third of what a rich table
does and a fifteenth of textual's DataTable.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ground.console.palette import Palette
from ground.console.view.parts import Cell, Line, Run, Table, layout, line
from ground.console.view.text import fit
from ground.console.widgets.lines import strip

GUTTER = 1  # cells before a row, for its mark
_STEPS = {"j": 1, "down": 1, "k": -1, "up": -1}
_PAGES = {"ctrl+d": 0.5, "ctrl+u": -0.5, "pagedown": 1.0, "pageup": -1.0}
_ENDS = {"g": 0, "home": 0, "G": -1, "end": -1}


class LiveGrid(Widget):
    """Rows of a `Table`; cursor and marks follow a row's identity, not its place."""

    can_focus = True
    ALLOW_SELECT = False
    DEFAULT_CSS = "LiveGrid { height: 1fr; width: 1fr; }"

    class Moved(Message):
        """The mouse or another size has changed what is seen."""

    class Opened(Message):
        """A row was opened with the mouse."""

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.palette = palette
        self.table: Table | None = None
        self.top = self.cursor = 0  # the first row on the screen, and the one under the cursor
        self.marks: set[Hashable] = set()
        self._drawn: dict[int, tuple[Any, Strip]] = {}
        self._places: list[tuple[int, int]] = []

    @property
    def seen(self) -> Sequence[Any]:
        """The items on the screen."""
        return self.table.items[self.top : self.top + self._room] if self.table else ()

    @property
    def current(self) -> Any | None:
        """The item under the cursor."""
        items = self.table.items if self.table else ()
        return items[self.cursor] if self.cursor < len(items) else None

    @property
    def at_end(self) -> bool:
        """Whether the cursor is on the last row, or there is none."""
        return self.cursor >= len(self.table.items if self.table else ()) - 1

    def show(self, table: Table) -> None:
        """Show a table as it is now, and repaint the lines of which the cells changed."""
        before, self.table = self.table, table
        if before is None or before.columns is not table.columns:
            self._lay_out()
        elif before.items is not table.items:
            self._follow(before)
        self._into_view()
        self._repaint()

    def move_to(self, row: int) -> None:
        """Put the cursor on a row, or the nearest there is."""
        items = self.table.items if self.table else ()
        self.cursor = max(0, min(row, len(items) - 1))
        self._into_view()
        self._repaint()

    def mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go on to the next."""
        if self.table and self.current is not None:
            self.marks ^= {self.table.identify(self.current)}
            self.move_to(self.cursor + 1)

    def chosen(self) -> list[Any]:
        """Return the marked items that are listed; without any, the one under the cursor."""
        if self.table is None:
            return []
        marked = [each for each in self.table.items if self.table.identify(each) in self.marks]
        return marked or ([] if self.current is None else [self.current])

    def press(self, key: str) -> bool:
        """Move, where that is what a key does; return whether it was."""
        if key in _STEPS:
            self.move_to(self.cursor + _STEPS[key])
        elif key in _PAGES:
            self.move_to(self.cursor + int(_PAGES[key] * self._room))
        elif key in _ENDS and self.table is not None:
            self.move_to(_ENDS[key] % max(1, len(self.table.items)))
        else:
            return False
        return True

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; twice opens."""
        if event.y >= 1 and self.top + event.y - 1 < len(self.table.items if self.table else ()):
            self.move_to(self.top + event.y - 1)
            self.post_message(self.Moved())
            if event.chain == 2:
                self.post_message(self.Opened())

    def on_mouse_scroll_down(self) -> None:
        """Go down three rows."""
        self.move_to(self.cursor + 3)
        self.post_message(self.Moved())

    def on_mouse_scroll_up(self) -> None:
        """Go up three rows."""
        self.move_to(self.cursor - 3)
        self.post_message(self.Moved())

    def on_focus(self) -> None:
        """Show the cursor as the one that acts."""
        self._repaint()

    def on_blur(self) -> None:
        """Show the cursor as one that waits."""
        self._repaint()

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._lay_out()
        self._into_view()
        self.refresh()
        self.post_message(self.Moved())

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a region; the styles cache is passed by, as there are no borders."""
        made = [self._line(y) for y in range(crop.y, crop.bottom)]
        if (crop.x, crop.right) == (0, self.size.width):
            return made
        return [each.crop(crop.x, crop.right) for each in made]

    @property
    def _room(self) -> int:
        return max(0, self.size.height - 1)

    def _lay_out(self) -> None:
        columns = self.table.columns if self.table else ()
        self._places = layout(columns, self.size.width - GUTTER)
        self._drawn.clear()
        self.refresh()

    def _follow(self, before: Table) -> None:
        """Keep the cursor on the row it was on, and that row where it was on the screen."""
        assert self.table is not None
        if self.cursor >= len(before.items):
            return
        name, identify = before.identify(before.items[self.cursor]), self.table.identify
        items = self.table.items
        if self.cursor < len(items) and identify(items[self.cursor]) == name:
            return
        found = next((at for at, item in enumerate(items) if identify(item) == name), None)
        if found is not None:
            self.top = max(0, self.top + found - self.cursor)
            self.cursor = found

    def _into_view(self) -> None:
        total = len(self.table.items) if self.table else 0
        self.cursor = max(0, min(self.cursor, total - 1))
        self.top = min(self.top, self.cursor, max(0, total - self._room))
        self.top = max(self.top, self.cursor - self._room + 1, 0)

    def _repaint(self) -> None:
        """Ask for the lines to be painted that are not what they were."""
        for y in range(self.size.height):
            known = self._drawn.get(y)
            if known is None or known[0] != self._state(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def _state(self, y: int) -> Any:
        """Return everything that a line is drawn from."""
        if self.table is None:
            return ()
        at = self.top + y - 1
        if y == 0:
            return self._places
        if at >= len(self.table.items):
            return self.table.empty if y == 1 and not self.table.items else ()
        item = self.table.items[at]
        under = ("cursor" if self.has_focus else "pale") if at == self.cursor else ""
        marked = bool(self.marks) and self.table.identify(item) in self.marks
        return (tuple(self.table.draw(item)), under, marked)

    def _line(self, y: int) -> Strip:
        state = self._state(y)
        known = self._drawn.get(y)
        if known is not None and known[0] == state:
            return known[1]
        made = self._draw(y, state)
        self._drawn[y] = (state, made)
        return made

    def _draw(self, y: int, state: Any) -> Strip:
        wide = self.size.width
        if y == 0 and self.table is not None:
            return strip(self._header(), self.palette, wide, "head")
        if isinstance(state, str) or not state:
            text = [Run(f" {state}", "dim")] if state else []
            return strip(text, self.palette, wide, "text")
        cells, under, marked = state
        row = self._row(cells, marked, under)
        return strip(row, self.palette, wide, row[-1].style, under)

    def _header(self) -> Line:
        assert self.table is not None
        titles = [Cell(column.title, "head") for column in self.table.columns]
        return [Run(" ", "head"), *self._cells(titles)]

    def _row(self, cells: Sequence[Cell], marked: bool, under: str) -> Line:
        bare = under == "pale" and self.palette.depth == "none"
        gutter = fit("*" if marked else ">" if bare else " ", GUTTER)
        (text, style), *more = self._cells(cells) or [Run("", "text")]  # no size yet
        if gutter.isspace():  # one run fewer to send, for each row at each tick
            return [Run(gutter + text, style), *more]
        return [Run(gutter, "strong"), Run(text, style), *more]

    def _cells(self, cells: Sequence[Cell]) -> Line:
        columns = self.table.columns if self.table else ()
        return line(columns, self._places, cells, self.palette.glyphs.more)
