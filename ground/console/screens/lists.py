"""The lower half of the command page: stack, queue, history, and one command with every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ground.console.draft import Kinds
from ground.console.screens.page import Desk
from ground.console.stack import Item, Stack
from ground.console.view import orders
from ground.console.view.alarms import matches
from ground.console.view.parts import Line, Run, Table, across
from ground.console.widgets.lines import Lines
from ground.console.widgets.livegrid import LiveGrid
from ground.messages import CommandRow

VIEWS = ("stack", "queue", "history")


class Lists:
    """A caption and a grid; `view` is which list it shows, `opened` the command shown in full."""

    def __init__(self, desk: Desk, stack: Stack, kinds: Callable[[], Kinds]) -> None:
        self.desk, self.stack, self._kinds = desk, stack, kinds
        self.view, self.opened = "queue", ""
        self.caption = Lines(desk.palette)
        self.grid = LiveGrid(desk.palette, id="lists")

    @property
    def command(self) -> CommandRow | None:
        """The command under the cursor, or the one that is open."""
        rows = self.desk.orders.rows
        if self.opened:
            return rows.get(self.opened)
        current = self.grid.current
        if isinstance(current, Item):
            return rows.get(current.command)
        return current if isinstance(current, CommandRow) else None

    @property
    def item(self) -> Item | None:
        """The item of the stack under the cursor."""
        current = self.grid.current
        return current if isinstance(current, Item) and not self.opened else None

    def turn(self) -> None:
        """Show the next list."""
        self.opened = ""
        self.show(VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)])

    def show(self, view: str) -> None:
        """Show a list from its beginning."""
        self.view, self.opened = view, ""
        self.grid.table = None
        self.grid.move_to(0)

    def open(self) -> None:
        """Show the command under the cursor with every step."""
        row = self.command
        if row is not None and not self.opened:
            self.opened = row.id
            self.grid.table = None
            self.grid.move_to(0)

    def close(self) -> bool:
        """Show the list again; False where it is shown already."""
        was = self.opened
        if was:
            self.opened = ""
            self.grid.table = None
        return bool(was)

    def paint(self, words: str) -> None:
        """Show the list with what is known now."""
        self.caption.show([self._caption(words)])
        self.grid.show(self._opened() or self._table(words))

    def _table(self, words: str) -> Table:
        known, look = self.desk.orders, self.desk.look()
        if self.view == "stack":
            return Table(
                orders.STACK, self.stack.items, lambda it: it.number, self._item, "empty: F6 adds"
            )
        rows = known.queue() if self.view == "queue" else known.history()
        rows = [row for row in rows if matches(_text(row), words)]
        empty = "the station is not heard" if look.lost else known.trouble or "no command"
        return Table(
            orders.QUEUE, rows, lambda it: it.id, lambda it: orders.command(it, look), empty
        )

    def _item(self, it: Item) -> Any:
        rows, look = self.desk.orders.rows, self.desk.look()
        return orders.item(it, self._kinds(), rows, self.stack.waits(it, rows), look)

    def _opened(self) -> Table | None:
        row, look = self.desk.orders.rows.get(self.opened), self.desk.look()
        if row is None:
            return None
        lines = orders.detail(row, look)
        return Table(orders.DETAIL, lines, lambda it: it, lambda it: orders.told(it, look))

    def _caption(self, words: str) -> Line:
        known, row = self.desk.orders, self.desk.orders.rows.get(self.opened)
        run = "RUN" if self.stack.running else "HOLD"
        counts = {
            "stack": f"STACK {len(self.stack.items)} {run}",
            "queue": f"QUEUE {len(known.queue())}",
            "history": f"HISTORY {len(known.rows)}",
        }
        line = [
            Run(f" {text} ", "tab-on" if name == self.view else "tab")
            for name, text in counts.items()
        ]
        if row is not None:
            line.append(Run(f" {orders.short(row.sha256)}: every step (esc closes)", "dim"))
        if words:
            line.append(Run(f" filter: {words}", "key"))
        waiting = sum(approvable(each) for each in known.rows.values())
        right = [Run(f" {waiting} NEED APPROVAL ", "new")] if waiting else []
        more = self.desk.palette.glyphs.more
        return across(line, right, self.caption.size.width, "text", more, keep=True)


def approvable(row: CommandRow) -> bool:
    """Whether a command waits for a second person."""
    return row.hazard == "H2" and not row.approver and not row.ended


def _text(row: CommandRow) -> str:
    return " ".join((row.spacecraft, row.text, row.state, row.author, row.approver, row.sha256))
