"""Packets become columns: each packet finds its type, then each type is decoded at once.

What comes in is a table of packets over one arena of octets; what goes out is a `Batch` for each
packet type, and the rows that no container describes. Packets of the same key take the same way
through the tree of containers, so the criteria are evaluated for the first packet of a key only.

Source: XTCE 1.2 `RestrictionCriteriaType`, `SequenceContainerType` (abstract).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ground.columns import Batch, Counts, PacketFlag
from ground.decode import steps
from ground.decode.calibrate import Calibration
from ground.decode.gather import Columns
from ground.decode.kernels import keys
from ground.decode.rows import Places, Rows, Trace
from ground.mdb.plan import KEY_BITS, Node, Plan
from protocols.packet import Packets

KEYS_KEPT = 4096  # ways remembered for each container; random headers must not fill the memory
FEW_KEYS = 64  # up to so many keys, comparing with each is faster than sorting
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of a table of packets.

    Attributes:
        batches: one for each packet type that occurred, in the order of the database.
        unknown: int64, rows that no container describes.
        counts: packets given, decoded, and dropped as `unknown`.
    """

    batches: list[Batch]
    unknown: NDArray[np.int64]
    counts: Counts


@dataclass(slots=True)
class _Fork:
    """A node of the tree at work.

    Attributes:
        key: the bits that decide the way from here to the end, for `keys`; None where the criteria
            look at more than bits of fixed place.
        ways: the packet types found so far, by the value of these bits; None for no type.
    """

    node: Node
    children: list[_Fork]
    calibration: Calibration
    key: NDArray[np.int64] | None
    ways: dict[int, str | None] = field(default_factory=dict)


class Decoder:
    """Decodes packets by a plan. It keeps no packet; calls may come in any order and size."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._root = _fork(plan.root)
        self._calibrations = {path: Calibration(types) for path, types in plan.column_types.items()}

    def decode(self, packets: Packets) -> Decoded:
        """Return the columns of these packets; rows are counted from the first one given."""
        arena = _writable(packets.arena)
        first = packets.offset * 8
        last = first + packets.length * 8
        found: dict[str, list[NDArray[np.int64]]] = {}
        unknown: list[NDArray[np.int64]] = []
        for path, rows in _route(self._root, arena, first, last, np.arange(len(first))):
            unknown.append(rows) if path is None else found.setdefault(path, []).append(rows)
        counts = Counts(given=len(first))
        batches = [
            self._batch(path, arena, first, last, packets.flags, _sorted(found[path]))
            for path in self.plan.programs
            if path in found
        ]
        lost = _sorted(unknown)
        counts.out = len(first) - len(lost)
        counts.drop("unknown", len(lost))
        return Decoded(batches, lost, counts)

    def positions(self, packets: Packets, row: int = 0) -> Trace:
        """Return (column, bit from the packet's start, bits) for each field of one packet.

        Fields come in order of place; one whose condition does not hold is not among them.
        """
        trace: Trace = []
        one = packets.take(np.array([row]))
        first = one.offset * 8
        last, arena = first + one.length * 8, _writable(one.arena)
        for path, rows in _route(self._root, arena, first, last, np.arange(1)):
            if path is not None and len(rows):
                self._run(path, _rows(arena, first, last, self._calibrations[path], trace))
        return sorted(
            ((name, at - int(first[0]), bits) for name, at, bits in trace),
            key=lambda each: each[1],
        )

    def _run(self, path: str, rows: Rows) -> Columns:
        return steps.run(self.plan.programs[path], rows)

    def _batch(
        self,
        path: str,
        arena: NDArray[np.uint8],
        first: Places,
        last: Places,
        flags: NDArray[np.uint8],
        chosen: NDArray[np.int64],
    ) -> Batch:
        if len(chosen) != len(first):
            first, last, flags = first[chosen], last[chosen], flags[chosen]
        rows = _rows(arena, first, last, self._calibrations[path])
        columns = self._run(path, rows)
        left = last - rows.reach
        flags = flags.copy()
        if left.any():
            flags[left > 0] |= np.uint8(PacketFlag.LONG)
            flags[left < 0] |= np.uint8(PacketFlag.SHORT)
        if rows.short.any():
            flags[rows.short] |= np.uint8(PacketFlag.SHORT)
        return Batch(path, chosen, columns, flags, left)


def _fork(node: Node) -> _Fork:
    children = [_fork(each) for _, each in node.children]
    return _Fork(node, children, Calibration(node.types or {}), _key(node))


def _key(node: Node) -> NDArray[np.int64] | None:
    """Return the bits that decide the way from a node on: its own and those of all below it."""
    bits: dict[tuple[int, int], int] = {}
    for each in _inner(node):
        if each.key is None:
            return None
        for at, width, mask in each.key.tolist():
            bits[at, width] = bits.get((at, width), 0) | mask
    if sum(width for _, width in bits) > KEY_BITS:
        return None
    end = max((at + width for at, width in bits), default=0)
    if bits and end < KEY_BITS and min(bits)[0] >= 0:  # one load instead of one a field
        masks = [mask << end - at - width for (at, width), mask in bits.items()]
        return np.array([[0, end, np.bitwise_or.reduce(masks)]], np.int64)
    return np.array([[*place, mask] for place, mask in bits.items()], np.int64).reshape(-1, 3)


def _inner(node: Node) -> Iterator[Node]:
    """Yield the nodes from this one on that have children."""
    if node.children:
        yield node
        for _, each in node.children:
            yield from _inner(each)


def _rows(
    arena: NDArray[np.uint8],
    first: Places,
    last: Places,
    calibration: Calibration,
    trace: Trace | None = None,
) -> Rows:
    short = np.zeros(len(first), np.bool_)
    return Rows(arena, first, last, first, first, first, short, calibration, {}, trace)


def _writable(arena: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an array as the compiled kernels were compiled for."""
    return arena if arena.flags.carray else np.array(arena, np.uint8)


def _sorted(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    if len(parts) == 1:
        return parts[0]
    return np.sort(np.concatenate([*parts, np.empty(0, np.int64)]))


# ---- which packet is of which type ------------------------------------------------------------


def _route(
    fork: _Fork, arena: NDArray[np.uint8], first: Places, last: Places, rows: NDArray[np.int64]
) -> Iterator[tuple[str | None, NDArray[np.int64]]]:
    """Yield rows (ascending) with the path of their type; None for those without one.

    `first` and `last` belong to `rows`. Where all take one way, as they mostly do, nothing is
    copied.
    """
    if fork.key is None or not fork.children:
        yield from _criteria(fork, arena, first, last, rows)
        return
    words, inside = np.empty(len(first), np.uint64), np.empty(len(first), np.bool_)
    whole, same = keys(arena, first, last, fork.key, words, inside)
    if not whole:
        short = np.flatnonzero(~inside)
        yield from _criteria(fork, arena, first[short], last[short], rows[short])
    groups = _groups(words, None if whole else np.flatnonzero(inside))
    for key, chosen in [(int(words[0]), rows)] if whole and same and len(rows) else groups:
        if key not in fork.ways:
            if len(fork.ways) >= KEYS_KEPT:
                fork.ways.clear()
            one = chosen[:1]
            ((fork.ways[key], _),) = _criteria(fork, arena, first[one], last[one], rows[one])
        yield fork.ways[key], rows if len(chosen) == len(rows) else rows[chosen]


def _criteria(
    fork: _Fork, arena: NDArray[np.uint8], first: Places, last: Places, rows: NDArray[np.int64]
) -> Iterator[tuple[str | None, NDArray[np.int64]]]:
    """Yield what `_route` does, by the criteria themselves; nothing where there are no rows."""
    own = None if fork.node.abstract else fork.node.path
    if not fork.children:
        yield own, rows
        return
    for way, chosen in _walk(fork, arena, first, last, np.arange(len(first))):
        if way == NOWHERE:
            yield own, rows[chosen]
        else:
            child = fork.children[way]
            yield from _criteria(child, arena, first[chosen], last[chosen], rows[chosen])


def _groups(
    words: NDArray[np.uint64], rows: NDArray[np.intp] | None
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Yield each key that occurs in these rows (None: in all), with its rows."""
    left = words if rows is None else words[rows]
    rows = np.arange(len(words)) if rows is None else rows
    for _ in range(FEW_KEYS):
        if not len(left):
            return
        same = left == left[0]
        if same.all():
            yield int(left[0]), rows
            return
        yield int(left[0]), rows[same]
        other = ~same
        left, rows = left[other], rows[other]
    order = np.argsort(left, kind="stable")
    for piece in np.split(order, np.flatnonzero(np.diff(left[order])) + 1):
        yield int(left[piece[0]]), rows[piece]


def _walk(
    fork: _Fork,
    arena: NDArray[np.uint8],
    first: Places,
    last: Places,
    chosen: NDArray[np.intp],
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Evaluate the criteria of the children in their order; the first that holds wins."""
    assert fork.node.probe is not None
    rows = _rows(arena, first[chosen], last[chosen], fork.calibration)
    steps.run(fork.node.probe, rows)
    free = np.ones(len(chosen), np.bool_)
    for way, (condition, _) in enumerate(fork.node.children):
        here = free if condition is None else free & rows.holds(condition)
        if here.any():
            yield way, chosen[here]
            free = free & ~here
    if free.any():
        yield NOWHERE, chosen[free]
