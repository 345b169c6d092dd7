"""The search for the earliest arrival: in round h, all that can be reached by h contacts.

What is known of a node is a list of labels. A label says when a first octet may leave the node
(from `lo` to `hi`), by when the last one must have left (`end`) and how long the unit already takes
to pass (`tx`). Nodes differ only in how a label is made of a transmission that arrives:

* a node that stores without limit: from the arrival of the last octet on, for ever;
* one that stores for a while: until its retention after the latest such arrival;
* a bent pipe: it passes octets on as they come, so that its legs are open at the same time and
  the unit passes once, at the slowest rate of them;
* one that forwards nothing: no label is needed, only the arrival.

One label is better than another if it allows all that the other does. Where nothing is stored for
ever a later arrival may allow more than an earlier one, so that a node may keep several; of those
of a storing node none overlap. A way may then meet a storing node twice, and relays drop what they
have had before: where that happens, the caller asks again with `strict`, which keeps labels apart
by the nodes of limited retention they have passed.

Ways of one arrival are told apart by fewer contacts, then by the later end of the contact that ends
first, then by the first node; the last two only label by label, as the search goes.

Source: rounds after RAPTOR (Delling et al. 2012) on contacts; order of ties 734.3-B-1 §3.2.8.1.4
(as cited by Unibo-CGR; clause unverified).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ground.relay.plan import FOREVER_NS, Plan
from protocols.kernels import kernel

MOST_LABELS = 1 << 20  # a search that would need more is cut off
Columns = tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.float64],
]
Index = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]
Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def columns(plan: Plan) -> Columns:
    """Return the columns of a plan that the search reads."""
    times = plan.start_ns, plan.end_ns, plan.owlt_ns, plan.acquisition_ns
    return (*times, plan.rate_bps, plan.free_octets)


def index(plan: Plan) -> Index:
    """Return where the contacts of each link lie."""
    groups = plan.groups
    return groups.edges, groups.first, groups.target, groups.until


def holds(plan: Plan) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the retention of each node [V], and which are bent pipes."""
    retention = np.array([node.holds_ns for node in plan.nodes], np.int64)
    return retention, np.array([node.kind == "bent-pipe" for node in plan.nodes], bool)


@dataclass(slots=True)
class _Label:
    node: int
    lo: int
    hi: int = FOREVER_NS
    end: int = FOREVER_NS
    tx: int = 0
    contact: int = -1
    parent: int = -1
    term: int = FOREVER_NS  # the end of the contact that ends first
    entry: int = -1  # the first node after the source
    live: bool = True


@kernel("ground.relay.rounds_jit")
def rounds(
    contacts: Columns,
    index: Index,
    closed: NDArray[np.bool_],
    retention: NDArray[np.int64],
    through: NDArray[np.bool_],
    source: int,
    now: int,
    octets: float,
    priority: int,
    not_after: int,
    hops: int,
    strict: bool,
    goal: int,
) -> Found:
    """Return the earliest arrivals of a unit's last octet at all nodes, and the ways there.

    Args:
        closed: bool [G], the links that may not be used.
        retention: int64 [V], see `Node.holds_ns`.
        through: bool [V], the bent pipes.
        goal: the one node that is asked for, so that nothing later than its arrival is looked at;
            -1 for all.

    Returns:
        int64 [V] arrival, FOREVER_NS where there is none; int64 [V] label at that arrival, or -1;
        int64 [L, 2] contact and parent of each label, -1 at the source.
    """
    search = _Search(contacts, index, retention, through, octets, priority, not_after, strict, goal)
    search.add(_Label(source, now))
    search.arrival[source], search.best[source] = now, 0
    done = 0
    for _ in range(hops):
        search.round, done = len(search.labels), search.round
        for place in range(done, search.round):
            if search.labels[place].live and len(search.labels) < MOST_LABELS:
                search.expand(place, closed)
    trail = np.array([(each.contact, each.parent) for each in search.labels], np.int64)
    return search.arrival, search.best, trail


class _Search:
    """The labels of one search; plain form of `rounds_jit`."""

    def __init__(
        self,
        contacts: Columns,
        index: Index,
        retention: NDArray[np.int64],
        through: NDArray[np.bool_],
        octets: float,
        priority: int,
        not_after: int,
        strict: bool,
        goal: int,
    ) -> None:
        self.start, self.end, self.owlt, self.acquisition, self.rate, self.free = contacts
        self.edges, self.first, self.target, self.until = index
        self.retention, self.through, self.strict, self.goal = retention, through, strict, goal
        self.octets, self.priority, self.not_after = octets, priority, not_after
        self.labels: list[_Label] = []
        self.at: list[list[int]] = [[] for _ in retention]
        self.arrival = np.full(len(retention), FOREVER_NS, np.int64)
        self.best = np.full(len(retention), -1, np.int64)
        self.round = 0  # the first label of the round

    def add(self, label: _Label) -> None:
        if label.live:
            self.at[label.node].append(len(self.labels))
        self.labels.append(label)

    def single(self, node: int) -> bool:
        """Whether the earliest arrival is all that counts of a node."""
        stores = int(self.retention[node])
        return stores < 0 or (stores >= FOREVER_NS and not self.strict)

    def expand(self, place: int, closed: NDArray[np.bool_]) -> None:
        label = self.labels[place]
        for group in range(int(self.edges[label.node]), int(self.edges[label.node + 1])):
            node = int(self.target[group])
            single = self.single(node)
            if closed[group] or (single and label.lo > self.arrival[node]):
                continue
            rows = slice(int(self.first[group]), int(self.first[group + 1]))
            row = rows.start + int(np.searchsorted(self.until[rows], label.lo, side="right"))
            while row < rows.stop and self.start[row] <= min(label.hi, self.not_after):
                if single and self.start[row] > self.arrival[node]:
                    break  # not at the first one that fits: a later one may be faster
                self.send(place, row, node)
                row += 1

    def send(self, place: int, row: int, node: int) -> None:
        """Send from a label over a contact, if the unit fits."""
        label, start, end = self.labels[place], int(self.start[row]), int(self.end[row])
        span = self.octets * 8e9 / float(self.rate[row])
        if self.free[row, self.priority] < self.octets or span > end - start:
            return
        first = max(label.lo, start + int(self.acquisition[row]))
        tx, close = max(label.tx, ceil(span)), min(label.end, end)
        owlt = int(self.owlt[row])
        arrival = first + tx + owlt
        late = first > label.hi or first >= close or first + tx > close
        if late or arrival > self.not_after:
            return
        entry = node if label.parent < 0 else label.entry
        made = _Label(node, arrival, contact=row, parent=place, entry=entry)
        made.term = min(label.term, end)
        if self.through[node]:
            made.lo, made.hi = first + owlt, min(label.hi, close) + owlt
            made.end, made.tx = close + owlt, tx
            self.pass_on(made, arrival)
        elif self.single(node):
            self.improve(made, arrival, True)
        else:
            made.hi = min(label.hi, close - max(tx, 1)) + tx + owlt + int(self.retention[node])
            made.hi = min(made.hi, FOREVER_NS)
            self.store(made, arrival)

    def improve(self, made: _Label, arrival: int, alone: bool) -> None:
        """Take a label as the best of its node if it is; `alone`: the only one that it needs."""
        node, best = made.node, int(self.best[made.node])
        if best >= 0 and arrival >= self.arrival[node]:
            old = self.labels[best]
            later = (made.term, -made.entry) > (old.term, -old.entry)
            if best < self.round or arrival > self.arrival[node] or not later:
                return
        if alone and best >= self.round:  # one of an earlier round has fewer hops: it stays
            self.labels[best].live = False
        self.found(node, arrival)
        made.live = alone and self.retention[node] >= 0
        self.add(made)

    def pass_on(self, made: _Label, arrival: int) -> None:
        """Keep a label of a bent pipe unless another allows all that it does."""
        for place in self.at[made.node]:
            old = self.labels[place]
            wider = old.lo <= made.lo and old.hi >= made.hi and old.end >= made.end
            if wider and old.tx <= made.tx and self.passed(place, made.parent):
                self.improve(made, arrival, False)
                return
        self.keep(made, arrival)

    def store(self, made: _Label, arrival: int) -> None:
        """Keep what a label of a storing node adds to the times when a unit may leave it."""
        if self.strict and self.meets(made.parent, made.node):
            return
        cursor, kept = made.lo, False
        while cursor <= made.hi:
            stop = made.hi
            for place in self.at[made.node]:
                old = self.labels[place]
                if old.hi < cursor or old.lo > stop or not self.passed(place, made.parent):
                    continue
                if old.lo <= cursor:
                    cursor = old.hi + 1
                    break
                stop = old.lo - 1
            else:
                piece = _Label(made.node, cursor, stop, FOREVER_NS, 0, made.contact, made.parent)
                piece.term, piece.entry = made.term, made.entry
                if cursor == made.lo:
                    kept = True
                    self.keep(piece, arrival)
                else:
                    self.add(piece)
                cursor = stop + 1
        if not kept:
            self.improve(made, arrival, False)

    def keep(self, made: _Label, arrival: int) -> None:
        if arrival < self.arrival[made.node]:
            self.found(made.node, arrival)
        self.add(made)

    def found(self, node: int, arrival: int) -> None:
        """Note that the next label is the best of a node."""
        self.arrival[node], self.best[node] = arrival, len(self.labels)
        if node == self.goal:
            self.not_after = arrival

    def meets(self, place: int, node: int) -> bool:
        """Whether the way to a label has been at a node."""
        while place >= 0:
            if self.labels[place].node == node:
                return True
            place = self.labels[place].parent
        return False

    def passed(self, place: int, parent: int) -> bool:
        """Whether the nodes that a label must not meet again lie on the way to another, too."""
        if not self.strict:
            return True
        place = self.labels[place].parent
        while place >= 0:
            node = self.labels[place].node
            limited = 0 <= self.retention[node] < FOREVER_NS and not self.through[node]
            if limited and not self.meets(parent, node):
                return False
            place = self.labels[place].parent
        return True
