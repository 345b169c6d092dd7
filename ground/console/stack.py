"""Commands put in order to be sent one after the other, each by its own load and fire.

The stack never sends by itself: a step puts the next item into the form, where its rule allows. On
HOLD an operator steps; running, the next item comes into the form as soon as it may go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ground.console.draft import Draft
from ground.messages import CommandRow

RULES: Mapping[str, tuple[str, ...]] = {
    "manual": (),
    "released": ("RELEASED",),
    "accepted": ("ACCEPTED", "COMPLETED"),
    "completed": ("COMPLETED",),
}
"""What the command before must have reached, any of these."""


@dataclass(frozen=True, slots=True)
class Item:
    """A command in its place; `command` is its id once it was sent."""

    number: int
    draft: Draft
    rule: str = "manual"
    command: str = ""


@dataclass(slots=True)
class Stack:
    """The items in the order in which they are to go."""

    items: list[Item] = field(default_factory=list)
    running: bool = False
    _last: int = 0

    def add(self, draft: Draft) -> int:
        """Put a command behind the others; return its number."""
        self._last += 1
        self.items.append(Item(self._last, draft))
        return self._last

    def remove(self, number: int) -> None:
        """Take an item away."""
        self.items = [each for each in self.items if each.number != number]

    def move(self, number: int, step: int) -> None:
        """Move an item that has not been sent up or down among those that have not either."""
        at = self._at(number)
        to = at + step
        if 0 <= to < len(self.items) and not self.items[at].command and not self.items[to].command:
            self.items = list(self.items)
            self.items[at], self.items[to] = self.items[to], self.items[at]

    def turn(self, number: int) -> None:
        """Give an item the next rule."""
        at, rules = self._at(number), list(RULES)
        rule = rules[(rules.index(self.items[at].rule) + 1) % len(rules)]
        self._put(at, replace(self.items[at], rule=rule))

    def sent(self, number: int, command: str) -> None:
        """Note that an item was sent, and as which command."""
        if any(each.number == number for each in self.items):
            at = self._at(number)
            self._put(at, replace(self.items[at], command=command))

    def next(self) -> Item | None:
        """Return the first item that has not been sent."""
        return next((each for each in self.items if not each.command), None)

    def waits(self, item: Item, rows: Mapping[str, CommandRow]) -> str:
        """Return what an item waits for by its rule; "" where it may go."""
        at, wanted = self._at(item.number), RULES[item.rule]
        if not wanted or at == 0:
            return ""
        before = rows.get(self.items[at - 1].command)
        reached = {step.stage for step in before.steps} if before else set()
        return "" if reached & set(wanted) else f"the one before is not {item.rule} yet"

    def _at(self, number: int) -> int:
        return next(at for at, each in enumerate(self.items) if each.number == number)

    def _put(self, at: int, item: Item) -> None:
        self.items = [*self.items[:at], item, *self.items[at + 1 :]]
