"""Which things that came over several links are the same one.

How it works: a thing is known by a key that its octets give. One that comes with a known key is
the same if it was first received within half a minute of now (what is sent later may well be
another of equal octets) and has not come over this link yet. The newest are remembered, and
forgotten in the order in which they were first seen; where one may be older than what is
remembered, as it is for a link that was cut off for an hour, the archive is asked, a minute at a
time. So memory is bounded, and a restart changes nothing.

Times are those of reception: clocks of gateways must agree within that half minute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WITHIN_NS = 30 * 10**9
CAPACITY = 131_072  # about 300 octets each
_AHEAD_NS = 60 * 10**9  # of what the archive is asked for at once
_PART = 8  # this part of the capacity is forgotten at once
_LONG_AGO = int(np.iinfo(np.int64).min)
_NEVER = (0, -1)

Stored = tuple[Hashable, int, str, str]
"""A key, when and over which link it was first received, and over which link it was this time."""

Load = Callable[[int, int], Iterable[Stored]]
"""Gives what the archive holds of a span of reception times, inclusive, TAI."""


@dataclass(slots=True)
class Sighting:
    """One thing: when and over which link it came first, and over which links it came."""

    first_ns: int
    first: str
    links: tuple[str, ...]


class Sightings:
    """What a run has seen, and the archive before it.

    Args:
        newest_ns: the newest reception time in the archive, None where it holds nothing.
        load: reads the archive.
    """

    def __init__(
        self, newest_ns: int | None, load: Load = lambda *_: (), capacity: int = CAPACITY
    ) -> None:
        self._load, self._capacity = load, capacity
        self._gone_ns = _LONG_AGO if newest_ns is None else newest_ns
        self._recent: dict[Hashable, list[Sighting]] = {}
        self._order: deque[tuple[Hashable, Sighting]] = deque()
        self._stored: dict[Hashable, list[Sighting]] = {}
        self._span = _NEVER  # of reception times that `_stored` holds

    def see(
        self, keys: Sequence[Hashable], received_ns: NDArray[np.int64], link: str
    ) -> list[Sighting]:
        """Return for each thing what is known of it now; it is new if that is from here and now."""
        if not len(keys):
            return []
        self._ask(int(received_ns.min()) - WITHIN_NS, int(received_ns.max()) + WITHIN_NS)
        pairs = zip(keys, received_ns.tolist(), strict=True)
        found = [self._one(key, at_ns, link) for key, at_ns in pairs]
        self._forget()
        return found

    def _one(self, key: Hashable, at_ns: int, link: str) -> Sighting:
        for known in (self._recent, self._stored):
            same = [
                each
                for each in known.get(key, ())
                if link not in each.links and abs(each.first_ns - at_ns) <= WITHIN_NS
            ]
            if same:
                nearest = min(same, key=lambda each: abs(each.first_ns - at_ns))
                nearest.links += (link,)
                return nearest
        fresh = Sighting(at_ns, link, (link,))
        self._recent.setdefault(key, []).append(fresh)
        self._order.append((key, fresh))
        return fresh

    def _ask(self, start_ns: int, end_ns: int) -> None:
        """Have what the archive holds of these times at hand, where memory does not reach."""
        if start_ns > self._gone_ns or (self._span[0] <= start_ns and end_ns <= self._span[1]):
            return
        self._span = start_ns, end_ns + _AHEAD_NS
        self._stored = {}
        for key, first_ns, first, link in self._load(*self._span):
            known = self._find(self._stored, key, first_ns, first)
            if known is None and self._find(self._recent, key, first_ns, first) is None:
                known = Sighting(first_ns, first, (first,))
                self._stored.setdefault(key, []).append(known)
            if known is not None and link not in known.links:
                known.links += (link,)

    @staticmethod
    def _find(
        within: dict[Hashable, list[Sighting]], key: Hashable, first_ns: int, first: str
    ) -> Sighting | None:
        known = within.get(key, ())
        return next((it for it in known if (it.first_ns, it.first) == (first_ns, first)), None)

    def _forget(self) -> None:
        """Forget the oldest where there are too many; what a span of the archive lacks stays."""
        if len(self._order) <= self._capacity:
            return
        while len(self._order) > self._capacity - self._capacity // _PART:
            key, gone = self._order.popleft()
            left = self._recent[key]
            left.remove(gone)
            if not left:
                del self._recent[key]
            self._gone_ns = max(self._gone_ns, gone.first_ns)
            if self._span[0] <= gone.first_ns <= self._span[1]:
                self._stored.setdefault(key, []).append(gone)
