"""Who sees whom when: the rows of a contact plan, as the world keeps to them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Contact:
    """From when to when octets pass from one node to another, ns TAI.

    Attributes:
        owlt_ns: one-way light time.
        rate_bps: of the octets as they are given.
    """

    source: str
    target: str
    start_ns: int
    end_ns: int
    owlt_ns: int
    rate_bps: float

    def sending_ns(self, octets: int) -> int:
        """Return how long so many octets take to leave."""
        return int(octets * 8 * 10**9 / self.rate_bps)


class Contacts:
    """A plan that is looked at from where time is."""

    def __init__(self, rows: Iterable[Contact]) -> None:
        pairs: dict[tuple[str, str], list[Contact]] = defaultdict(list)
        for each in sorted(rows):
            pairs[each.source, each.target].append(each)
        self._of = dict(pairs)
        self._starts = {pair: [each.start_ns for each in of] for pair, of in pairs.items()}
        self._targets: dict[str, list[str]] = defaultdict(list)
        for source, target in pairs:
            self._targets[source].append(target)
        ends = {t for of in pairs.values() for each in of for t in (each.start_ns, each.end_ns)}
        self._edges = sorted(ends)

    def open(self, source: str, target: str, t_ns: int) -> Contact | None:
        """Return the contact that a pair has now."""
        at = bisect_right(self._starts.get((source, target), ()), t_ns)
        for each in reversed(self._of.get((source, target), ())[:at]):
            if t_ns < each.end_ns:
                return each
        return None

    def coming(self, source: str, target: str, t_ns: int) -> Contact | None:
        """Return the next contact of a pair that begins after a time."""
        at = bisect_right(self._starts.get((source, target), ()), t_ns)
        of = self._of.get((source, target), [])
        return of[at] if at < len(of) else None

    def targets(self, source: str) -> list[str]:
        """Return all nodes that one ever sends to."""
        return self._targets.get(source, [])

    def epoch(self, t_ns: int) -> int:
        """Return a number that changes whenever a contact begins or ends."""
        return bisect_right(self._edges, t_ns)

    def turn_ns(self, t_ns: int) -> int | None:
        """Return when the next contact begins or ends; None after the last."""
        at = self.epoch(t_ns)
        return self._edges[at] if at < len(self._edges) else None

    def path(
        self, source: str, goals: Collection[str], t_ns: int, through: Callable[[str], bool]
    ) -> list[str] | None:
        """Return the nodes of a way with fewest hops that is open as a whole now.

        Args:
            through: whether a node can pass on what it gets at once.
        """
        before: dict[str, str | None] = {source: None}
        queue = deque([source])
        while queue:
            node = queue.popleft()
            for target in self.targets(node):
                if target in before or self.open(node, target, t_ns) is None:
                    continue
                before[target] = node
                if target in goals:
                    return _walked(before, target)
                if through(target):
                    queue.append(target)
        return None


def _walked(before: dict[str, str | None], last: str) -> list[str]:
    path, node = [last], before[last]
    while node is not None:
        path.append(node)
        node = before[node]
    return path[::-1]
