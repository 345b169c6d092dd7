"""When things are due: each key has one time, and the earliest is known without looking at all."""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
_SPARE = 64  # outdated marks that are kept before the heap is made anew


class Deadlines(Generic[Key]):
    """Times by key, ns TAI: to set, drop and take what is due costs log N."""

    def __init__(self) -> None:
        self._times: dict[Key, tuple[int, int]] = {}
        self._heap: list[tuple[int, int, Key]] = []
        self._count = 0

    def set(self, key: Key, t_ns: int) -> None:
        """Let a key be due at a time, and at no other."""
        self._count += 1  # keys of one time come in the order in which they were set
        self._times[key] = t_ns, self._count
        heappush(self._heap, (t_ns, self._count, key))
        if len(self._heap) > 2 * len(self._times) + _SPARE:
            self._heap = [(*when, key) for key, when in self._times.items()]
            heapify(self._heap)

    def drop(self, key: Key) -> None:
        """Let a key be due never."""
        self._times.pop(key, None)

    def first(self) -> int | None:
        """Return when the next one is due."""
        while self._heap:
            t_ns, count, key = self._heap[0]
            if self._times.get(key) == (t_ns, count):
                return t_ns
            heappop(self._heap)
        return None

    def due(self, now: int) -> list[Key]:
        """Return the keys that are due by now, earliest first, and forget them."""
        found = []
        while (t_ns := self.first()) is not None and t_ns <= now:
            key = heappop(self._heap)[2]
            del self._times[key]
            found.append(key)
        return found

    def __len__(self) -> int:
        return len(self._times)
