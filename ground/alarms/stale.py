"""Which packet types of which spacecraft have gone quiet.

How it works: each pair of spacecraft and packet type has its time after which it is stale, by the
first rule that is about it. A heap holds one deadline for each; one that has been put off by
another packet is pushed back when it comes up.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Protocol

from ground.messages import StaleRow

DEFAULT_S = 30.0
CAPACITY = 100_000  # pairs that are watched
LONGEST_S = 1e9  # longer, and it is never stale

Pair = tuple[str, str]


class Rule(Protocol):
    """After how long without a packet some packet types are stale; infinity is never."""

    @property
    def after_s(self) -> float: ...
    def is_about(self, spacecraft: str, packet_type: str) -> bool:
        """Return whether the rule is for this packet type of this spacecraft."""


class Stale:
    """Watches packet types go quiet.

    Args:
        rules: the first that is about a packet type applies.
        default_s: what applies where none is.

    Attributes:
        lost: packets of pairs for which there was no room.
    """

    def __init__(
        self, rules: Iterable[Rule] = (), default_s: float = DEFAULT_S, capacity: int = CAPACITY
    ) -> None:
        self.lost = 0
        self._rules, self._default_s, self._capacity = tuple(rules), default_s, capacity
        self._last_ns: dict[Pair, int] = {}
        self._after_ns: dict[Pair, int | None] = {}
        self._stale: set[Pair] = set()
        self._due: list[tuple[int, Pair]] = []

    def receive(self, spacecraft: str, packet_type: str, now: int) -> list[StaleRow]:
        """Note a packet; return that it speaks again, where it was stale.

        Args:
            now: when it was received, ns.
        """
        pair = spacecraft, packet_type
        if pair not in self._last_ns and not self._watch(pair, now):
            self.lost += 1
            return []
        self._last_ns[pair] = max(now, self._last_ns[pair])
        if pair not in self._stale:
            return []
        self._stale.remove(pair)
        self._push(pair)
        return [StaleRow(*pair, now, stale=False)]

    def _watch(self, pair: Pair, now: int) -> bool:
        if len(self._last_ns) >= self._capacity:
            return False
        rule = next((rule for rule in self._rules if rule.is_about(*pair)), None)
        after_s = self._default_s if rule is None else rule.after_s
        self._after_ns[pair] = round(after_s * 1e9) if after_s <= LONGEST_S else None
        self._last_ns[pair] = now
        self._push(pair)
        return True

    def _push(self, pair: Pair) -> None:
        after_ns = self._after_ns[pair]
        if after_ns is not None:
            heapq.heappush(self._due, (self._last_ns[pair] + after_ns, pair))

    def expire(self, now: int) -> list[StaleRow]:
        """Return what has gone quiet by now."""
        rows = []
        while (due := self.deadline()) is not None and due <= now:
            _, pair = heapq.heappop(self._due)
            self._stale.add(pair)
            rows.append(StaleRow(*pair, self._last_ns[pair], stale=True))
        return rows

    def deadline(self) -> int | None:
        """Return when the next packet type is stale, if no packet of it comes."""
        while self._due:
            due, pair = self._due[0]
            true = self._last_ns[pair] + (self._after_ns[pair] or 0)
            if due == true:
                return due
            heapq.heapreplace(self._due, (true, pair))
        return None

    def rows(self) -> list[StaleRow]:
        """Return every packet type that is watched, as it stands."""
        return [
            StaleRow(*pair, last_ns, stale=pair in self._stale)
            for pair, last_ns in self._last_ns.items()
        ]
