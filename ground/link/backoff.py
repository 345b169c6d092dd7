"""When to try again: a machine that waits longer after each failure, and never in step with others.

The wait doubles from `first_s` to `longest_s`; each is drawn between half of it and all of it from
a seeded generator, so that stations that lost the same peer do not come back all at once.
"""

from __future__ import annotations

import numpy as np

_SECOND = 1_000_000_000


class Backoff:
    """How long to wait before the next attempt."""

    def __init__(self, first_s: float = 0.5, longest_s: float = 30.0, seed: int = 0) -> None:
        self._first, self._longest = first_s, longest_s
        self._chance = np.random.default_rng(seed)
        self._failures = 0
        self._next: int | None = None

    def fail(self, now: int) -> int:
        """Count a failure and return when to try again."""
        wait = min(self._longest, self._first * 2.0 ** min(self._failures, 60))
        self._failures += 1
        self._next = now + int(wait * self._chance.uniform(0.5, 1.0) * _SECOND)
        return self._next

    def succeed(self) -> None:
        """Forget the failures; say so when octets have come, not when a peer merely answered."""
        self._failures = 0
        self._next = None

    def expire(self, now: int) -> bool:
        """Return, once, whether it is time to try again."""
        if self._next is None or now < self._next:
            return False
        self._next = None
        return True

    def deadline(self) -> int | None:
        """Return when to try again; None where nothing failed."""
        return self._next
