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
from ground.mdb.plan import Node, Plan
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
    """A node of the tree at work, with the ways that are known already."""

    node: Node
    children: list[_Fork]
    calibration: Calibration
    ways: dict[int, int] = field(default_factory=dict)


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
        noticed = np.where(left > 0, np.uint8(PacketFlag.LONG), np.uint8(0))
        noticed[rows.short | (left < 0)] |= np.uint8(PacketFlag.SHORT)
        return Batch(path, chosen, columns, flags | noticed, left)


def _fork(node: Node) -> _Fork:
    return _Fork(node, [_fork(each) for _, each in node.children], Calibration(node.types or {}))


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
    own = None if fork.node.abstract else fork.node.path
    if not fork.children:
        yield own, rows
        return
    for way, chosen in _ways(fork, arena, first, last):
        every = len(chosen) == len(rows)
        onward = rows if every else rows[chosen]
        if way == NOWHERE:
            yield own, onward
        elif every:
            yield from _route(fork.children[way], arena, first, last, rows)
        else:
            yield from _route(fork.children[way], arena, first[chosen], last[chosen], onward)


def _ways(
    fork: _Fork, arena: NDArray[np.uint8], first: Places, last: Places
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Yield the child, or NOWHERE, and the rows that go there; one child may come several times."""
    if fork.node.key is None:
        yield from _walk(fork, arena, first, last, np.arange(len(first)))
        return
    words, inside = np.empty(len(first), np.uint64), np.empty(len(first), np.bool_)
    keys(arena, first, last, fork.node.key, words, inside)
    whole = bool(inside.all())
    if not whole:
        yield from _walk(fork, arena, first, last, np.flatnonzero(~inside))
    for key, rows in _groups(words, None if whole else np.flatnonzero(inside)):
        way = fork.ways.get(key)
        if way is None:
            way = next(way for way, _ in _walk(fork, arena, first, last, rows[:1]))
            if len(fork.ways) >= KEYS_KEPT:
                fork.ways.clear()
            fork.ways[key] = way
        yield way, rows


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
