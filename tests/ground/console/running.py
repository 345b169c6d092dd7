"""A console that runs without a terminal, pressed and looked at by a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual.pilot import Pilot

from ground.console.app import Console
from ground.console.palette import GLYPHS
from tests.ground.console import strips
from tests.ground.console.fake import Clock, FakeFeed

_NAMED = {"space": " "}


class Running:
    """The console with its feed and clock; its own timers are slow beside a test."""

    def __init__(self, app: Console, feed: FakeFeed, clock: Clock, pilot: Pilot[None]) -> None:
        self.app, self.feed, self.clock, self._pilot = app, feed, clock, pilot

    async def settle(self, ticks: int = 1) -> None:
        """Let everything that is on its way arrive and be painted."""
        for _ in range(ticks):
            await self._pilot.pause()
            self.app.tick()
        await self._pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys one behind the other without waiting between, as fast typing does."""
        for key in keys:
            char = _NAMED.get(key, key if len(key) == 1 else None)
            self.app.post_message(events.Key(key, char))
        await self.settle()

    async def type(self, text: str) -> None:
        """Type each character of a text."""
        await self.press(*("space" if char == " " else char for char in text))

    async def command(self, text: str) -> None:
        """Type a command and enter it."""
        await self.type(":" + text)
        await self.press("enter")

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        return strips.text(self.app)

    @property
    def screen(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)


@asynccontextmanager
async def running(
    realm: str = "live",
    size: tuple[int, int] = (120, 36),
    *,
    feed: FakeFeed | None = None,
    glyphs: str = "astro",
    **more: Any,
) -> AsyncIterator[Running]:
    """Run a console on a station that is not there."""
    feed = feed or FakeFeed(realm)
    clock = Clock()
    app = Console(feed, clock, GLYPHS[glyphs], **({"depth": "full"} | more))
    async with app.run_test(size=size) as pilot:
        made = Running(app, feed, clock, pilot)
        await made.settle(3)
        yield made
