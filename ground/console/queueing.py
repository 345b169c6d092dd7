"""What the keys do on the stack, and with commands that were sent: each act asks by a sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from ground.console import requests
from ground.console.screens.command import CommandPage
from ground.console.screens.lists import approvable
from ground.console.view.text import clean
from ground.messages import CommandRow

if TYPE_CHECKING:
    from ground.console.app import Console

CONTROLS = {
    "order_cancel": "cancel",
    "order_hold": "hold",
    "order_release": "release",
    "order_first": "first",
    "order_priority": "priority",
}


ROWS = ("order_up", "order_down", "order_rule", "order_approve", "order_again")


class Queueing:
    """The actions on stack, queue and history; `validate` has the draft judged."""

    def __init__(self, app: Console, validate: Callable[[], None]) -> None:
        self.app, self._validate = app, validate

    @property
    def page(self) -> CommandPage:
        """The command page."""
        return cast(CommandPage, self.app.pages["cmd"])

    def run(self, action: str) -> None:
        """Do what a key stands for; what is done to a row wants the cursor among them."""
        if action in ROWS and not self._aside():
            return
        doing: dict[str, Callable[[], None]] = {
            "order_stack": self._add,
            "order_lists": self.page.lists.turn,
            "order_step": self.step,
            "order_up": lambda: self._move(-1),
            "order_down": lambda: self._move(1),
            "order_rule": self._rule,
            "order_run": self._run,
            "order_approve": self._approve,
            "order_again": self._again,
        }
        doing[action]()

    def tick(self) -> None:
        """Put the next item into the form as soon as it may go, where the stack runs."""
        item = self.page.stack.next() if self.page.stack.running else None
        if item is None or item.number == self.page.composer.item:
            return
        if not self.waits(item.number):
            self.step()

    def step(self) -> None:
        """Put the next item of the stack into the form and have it validated; none is sent."""
        item = self.page.stack.next()
        why = "the stack is empty" if item is None else self.waits(item.number)
        if item is None or why:
            self.app.notice(why)
            return
        self.page.composer.draft, self.page.composer.item = item.draft, item.number
        self._validate()

    def waits(self, number: int) -> str:
        """Return what an item of the stack waits for by its rule; "" for any other draft."""
        stack = self.page.stack
        item = next((each for each in stack.items if each.number == number), None)
        return stack.waits(item, self.app.desk.orders.rows) if item is not None else ""

    def control(self, act: str) -> None:
        """Ask before a command is held, released, moved or cancelled; an item just goes."""
        item, row = self.page.lists.item, self.page.lists.command
        if not self._aside():
            return
        if act == "cancel" and item is not None and not item.command:
            self.page.stack.remove(item.number)
            return
        why = self.distant() or _gone(row)
        self.app.ask(why or requests.control(cast(CommandRow, row), act))

    def distant(self) -> str:
        """Return why nothing can be asked of the command service at all."""
        if not self.page.sends:
            return self.page.refused()
        return "" if self.app.desk.model.lost_ns is None else "the station is not heard"

    def _aside(self) -> bool:
        """Whether the cursor is in the lists; else say so."""
        here = self.app.focused is self.page.lists.grid
        if not here:
            self.app.notice("tab first: this is done to a row of the list")
        return here

    def _add(self) -> None:
        draft = self.page.draft
        why = self.page.refused() or "; ".join(draft.wrong)
        if why or not draft.command:
            self.app.notice(clean(why) or "no command to put on the stack")
            return
        number = self.page.stack.add(draft)
        self.page.lists.show("stack")
        self.app.notice(f"item {number} of the stack; n steps, each is loaded and fired by itself")

    def _move(self, step: int) -> None:
        item = self.page.lists.item
        if item is not None:
            self.page.stack.move(item.number, step)

    def _rule(self) -> None:
        item = self.page.lists.item
        if item is not None:
            self.page.stack.turn(item.number)

    def _run(self) -> None:
        self.page.stack.running = not self.page.stack.running
        self.app.notice("the stack runs" if self.page.stack.running else "the stack holds")

    def _approve(self) -> None:
        row = self.page.lists.command
        why = self.distant() or _gone(row)
        if not why and row is not None and not approvable(row):
            why = "it needs no approval"
        self.app.ask(why or requests.approve(cast(CommandRow, row)))

    def _again(self) -> None:
        row, why = self.page.lists.command, self.page.refused()
        if row is None or why:
            self.app.notice(why or "no command here")
        else:
            self.page.composer.take(row)


def _gone(row: CommandRow | None) -> str:
    if row is None:
        return "no command here"
    return f"it has ended: {row.state}" if row.ended else ""
