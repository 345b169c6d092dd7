"""A console whose every visible value changes at each tick, for the bench; run in a terminal."""

from __future__ import annotations

import sys
import time

from ground import clock
from ground.console.app import Console
from ground.console.palette import ASTRO
from ground.messages import ParameterRow, WatchViewport
from tests.ground.console.fake import FakeFeed

PARAMETERS = 5_000


class BusyFeed(FakeFeed):
    """Sends all rows that are watched again, each with another value, before each painting."""

    def __init__(self) -> None:
        super().__init__("sim/bench")
        self.parameters = [
            ParameterRow(f"/CG1/EPS/P{at:04}_V", "/HK", "number", "V", "about it", 0, [], [])
            for at in range(PARAMETERS)
        ]
        self._watched: WatchViewport | None = None
        self._sent_s = 0.0

    def send(self, request: object) -> int:
        if isinstance(request, WatchViewport):
            self._watched = request if request.rows else None
        return super().send(request)

    def receive(self) -> list:
        now = time.monotonic()
        if self._watched is not None and now - self._sent_s >= 0.7 / self._watched.rate_hz:
            self._sent_s, self.shift = now, self.shift + 0.001
            self.say(self.viewport(self._watched))
        return super().receive()


if __name__ == "__main__":
    Console(BusyFeed(), clock.now_ns, ASTRO, rate_hz=float(sys.argv[1]), page=sys.argv[2]).run()
