"""When a unit passes each hop of a way that is known: as early, and as late, as it can.

Between two nodes that store lies a leg: one contact, or several through bent pipes, all of them
open at the same time. A unit takes as long for a leg as for the slowest contact of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from ground.relay.plan import FOREVER_NS, Plan


@dataclass(frozen=True, slots=True)
class Legs:
    """The hops of a way, one place a hop.

    Attributes:
        first_ns: the earliest departure of the first octet.
        tx_ns: how long the unit passes, the same for all hops of a leg.
        last_ns: the latest departure of the last octet.
        owlt_ns: the one-way light time.
        retention_ns: how long the node before the hop holds a unit; 0 for a bent pipe.
        through: whether the node before the hop is a bent pipe.
    """

    first_ns: tuple[int, ...]
    tx_ns: tuple[int, ...]
    last_ns: tuple[int, ...]
    owlt_ns: tuple[int, ...]
    retention_ns: tuple[int, ...]
    through: tuple[bool, ...]

    @classmethod
    def of(
        cls, plan: Plan, contacts: Sequence[int], octets: float, now: int, not_after_ns: int
    ) -> Legs:
        """Return the hops over some contacts that join, for a unit of some octets."""
        nodes = [plan.nodes[plan.source[row]] for row in contacts]
        through = tuple(place > 0 and node.kind == "bent-pipe" for place, node in enumerate(nodes))
        spans = [ceil(octets * 8e9 / float(plan.rate_bps[row])) for row in contacts]
        owlt = tuple(int(plan.owlt_ns[row]) for row in contacts)
        tx = _slowest(spans, through)
        return cls(
            _firsts(plan, contacts, now, tx, owlt, through),
            tx,
            _lasts(plan, contacts, not_after_ns, tx, owlt, through),
            owlt,
            tuple(node.holds_ns for node in nodes),
            through,
        )

    def arrives_ns(self) -> int:
        """When the last octet arrives at the target, at the earliest."""
        return self.first_ns[-1] + self.tx_ns[-1] + self.owlt_ns[-1]

    def window_end_ns(self) -> int:
        """When the last octet must have left the source."""
        return self.last_ns[0]

    def passes_ns(self) -> list[int]:
        """How long the unit passes each leg."""
        return [tx for tx, through in zip(self.tx_ns, self.through, strict=True) if not through]

    def departs_ns(self) -> tuple[int, ...]:
        """When the first octet leaves for each hop: never so early that a node must let go."""
        departs = [self.first_ns[-1]]
        for place in range(len(self.first_ns) - 1, 0, -1):
            owlt, leaves = self.owlt_ns[place - 1], departs[-1]
            if self.through[place]:
                departs.append(leaves - owlt)
                continue
            latest = leaves - self.retention_ns[place] - self.tx_ns[place - 1] - owlt
            departs.append(max(self.first_ns[place - 1], latest))
        return tuple(departs[::-1])


def _slowest(spans: list[int], through: Sequence[bool]) -> tuple[int, ...]:
    tx = list(spans)
    for place in range(1, len(tx)):
        if through[place]:
            tx[place] = max(tx[place], tx[place - 1])
    for place in range(len(tx) - 1, 0, -1):
        if through[place]:
            tx[place - 1] = tx[place]
    return tuple(tx)


def _firsts(
    plan: Plan,
    contacts: Sequence[int],
    now: int,
    tx: Sequence[int],
    owlt: Sequence[int],
    through: Sequence[bool],
) -> tuple[int, ...]:
    firsts: list[int] = []
    ready = now
    for place, row in enumerate(contacts):
        first = max(ready, int(plan.start_ns[row] + plan.acquisition_ns[row]))
        firsts.append(first)
        passes = place + 1 < len(contacts) and through[place + 1]
        ready = first + owlt[place] + (0 if passes else tx[place])
    return tuple(firsts)


def _lasts(
    plan: Plan,
    contacts: Sequence[int],
    not_after_ns: int,
    tx: Sequence[int],
    owlt: Sequence[int],
    through: Sequence[bool],
) -> tuple[int, ...]:
    lasts: list[int] = []
    due = min(not_after_ns, FOREVER_NS)
    for place in range(len(contacts) - 1, -1, -1):
        last = min(int(plan.end_ns[contacts[place]]), due - owlt[place])
        lasts.append(last)
        due = last - (0 if through[place] else tx[place])
    return tuple(lasts[::-1])
