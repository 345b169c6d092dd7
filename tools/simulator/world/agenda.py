"""What will happen when: a heap of acts at virtual times, first in first out at the same time."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Act = Callable[[], None]


class Agenda:
    """The clock of a world and all that is still to come.

    Attributes:
        now_ns: TAI; goes on only by `run`.
    """

    def __init__(self, start_ns: int) -> None:
        self.now_ns = start_ns
        self._acts: list[tuple[int, int, Act]] = []
        self._given = 0

    def at(self, t_ns: int, act: Act) -> None:
        """Have something done at a time, now if that has passed."""
        self._given += 1
        heapq.heappush(self._acts, (max(t_ns, self.now_ns), self._given, act))

    def next_ns(self) -> int | None:
        """Return when the next act is due; None where there is none."""
        return self._acts[0][0] if self._acts else None

    def run(self, until_ns: int, stop: Callable[[], bool] = lambda: False) -> None:
        """Do what is due up to and with a time; where `stop` says so, no later instant is begun."""
        while self._acts and self._acts[0][0] <= until_ns:
            t_ns = self._acts[0][0]
            if t_ns > self.now_ns and stop():
                return
            self.now_ns, _, act = heapq.heappop(self._acts)
            act()
        if not stop():
            self.now_ns = max(self.now_ns, until_ns)
