"""A layout becomes a program: places are worked out as far as the database alone can tell.

How it works: the layout is walked once. Fields of fixed size whose distance from a common anchor
is known are gathered in a `Run`, one table for one kernel call. Whatever only the packet can tell
ends the run and becomes a step of its own; the next run is anchored where that step ends.

Source: XTCE 1.2 `SequenceEntryType` (order and location of entries).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ground.blocks import Layout, Seat
from ground.errors import InputError
from ground.mdb.entries import FIELDS_MAX
from ground.mdb.layout import Frame, Group, Leaf, Move, Node, Skip, Times, When, fixed, leaves, size
from ground.mdb.model import (
    BinaryEncoding,
    Encoding,
    Fixed,
    FloatCoding,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    Origin,
    StringEncoding,
)
from ground.mdb.program import (
    Branch,
    Inner,
    Loop,
    Number,
    Program,
    Run,
    Step,
    Text,
    Varying,
    blanks,
)

WORDS = (8, 16, 32, 64)  # widths of the outputs of the extraction kernel
FAR = 1 << 32  # bits; no place in a packet is beyond
COUNT_MAX = 4096  # more conditional repeats than this make an array of varying size


def build(node: Node, *, looked: frozenset[str], only: bool = False) -> Program:
    """Return the program of a container's layout.

    Args:
        looked: columns that conditions and sizes look at.
        only: leave out every column of fixed size that is not among `looked`.
    """
    builder = _Builder(looked, only, _Span(0, 0, True))
    builder.add(node)
    return builder.finish()


@dataclass(slots=True)
class _Span:
    """The container that is being laid out: its start and farthest end, from the anchor.

    `start` is None, and `known` False, once the anchor has moved on from the container's start.
    """

    start: int | None
    reach: int
    known: bool


@dataclass(slots=True)
class _Builder:
    looked: frozenset[str]
    only: bool
    span: _Span
    at: int = 0
    steps: list[Step] = field(default_factory=list)
    cells: dict[str, list[tuple[Leaf, int]]] = field(default_factory=dict)
    fields: int = 0

    def add(self, node: Node) -> None:
        match node:
            case Leaf():
                self._leaf(node)
            case Skip(bits):
                self._advance(bits)
            case Move():
                self._move(node)
            case When(condition, body):
                self._step(Branch(condition, self._body(body)))
            case Times():
                self._times(node)
            case Frame():
                self._frame(node)
            case Group(parts):
                for part in parts:
                    self.add(part)

    def finish(self) -> Program:
        self._flush()
        return Program(tuple(self.steps), self.looked, dict(blanks(self.steps)))

    def _leaf(self, leaf: Leaf) -> None:
        if leaf.bits is None:
            assert isinstance(leaf.encoding, StringEncoding | BinaryEncoding)
            self._step(Varying(leaf.name, leaf.encoding))
            return
        if not self.only or leaf.name in self.looked:
            self.cells.setdefault(leaf.name, []).append((leaf, self.at))
            self.fields += 1
            if self.fields > FIELDS_MAX:
                raise InputError(f"{leaf.type.where}: more than {FIELDS_MAX} fields in a container")
        self._advance(leaf.bits)

    def _advance(self, bits: int) -> None:
        self.at += bits
        self.span.reach = max(self.span.reach, self.at)

    def _move(self, move: Move) -> None:
        by = move.by.value if isinstance(move.by, Fixed) else None
        if by is not None and move.origin is Origin.PREVIOUS_ENTRY:
            self.at += by
        elif by is not None and move.origin is Origin.CONTAINER_END and self.span.known:
            self.at = self.span.reach + by
        elif by is not None and move.origin is Origin.CONTAINER_START and self._started:
            self.at = (self.span.start or 0) + by
        else:
            self._step(move)

    @property
    def _started(self) -> bool:
        return self.span.start is not None

    def _times(self, node: Times) -> None:
        count, each, gap = fixed(node.counts), size(node.body), fixed((node.gap or Fixed(0),))
        if count == 0:
            return
        if each is None or gap is None:
            repeats = count if count is not None and count <= COUNT_MAX else None
            self._step(Loop(node.counts, node.gap, self._body(node.body), repeats, None))
        elif count is None:
            if each + gap <= 0:
                raise InputError(f"a repeated entry of {each} bits with {gap} bits between")
            self._step(Loop(node.counts, node.gap, self._body(node.body), None, each + gap))
        elif next(leaves(node.body), None) is None:
            self._advance(size(node) or 0)
        else:
            for index in range(count):
                self.at += gap if index else 0
                self.add(node.body)

    def _frame(self, node: Frame) -> None:
        if size(node) is None:
            builder = _Builder(self.looked, self.only, _Span(0, 0, True))
            builder.add(node.body)
            self._step(Inner(builder.finish(), node.bits))
            return
        outer, start = self.span, self.at
        self.span = _Span(start, start, True)
        self.add(node.body)
        self.at = start + node.bits.value if isinstance(node.bits, Fixed) else self.span.reach
        self.span = outer
        self._advance(0)

    def _body(self, node: Node) -> Program:
        builder = _Builder(self.looked, self.only, _Span(None, 0, False))
        builder.add(node)
        return builder.finish()

    def _step(self, step: Step) -> None:
        """Add a step after which the anchor is where that step ends."""
        self._flush()
        self.steps.append(step)

    def _flush(self) -> None:
        if max(abs(self.at), self.span.reach) > FAR:
            raise InputError(f"a container of more than {FAR} bits")
        if self.cells or self.at or self.span.reach:
            self.steps.append(_run(self.cells, self.at, self.span.reach))
        self.cells, self.at = {}, 0
        self.span.start, self.span.reach, self.span.known = None, 0, False


def _run(cells: dict[str, list[tuple[Leaf, int]]], advance: int, reach: int) -> Run:
    numbers = [each for each in cells.items() if width(each[1][0][0]) is not None]
    texts = [each for each in cells.items() if width(each[1][0][0]) is None]
    numbers.sort(key=lambda each: (width(each[1][0][0]) or 0, _dtype(each[1][0][0]).str))
    rows = [_row(leaf, at) for _, places in numbers for leaf, at in places]
    ends = [(at, at + (leaf.bits or 0)) for places in cells.values() for leaf, at in places]
    heights = [0, 0, 0, 0]
    order = {name: at for at, name in enumerate(cells)}
    found = sorted(_numbers(numbers, heights), key=lambda each: order[each.name])
    seats = {each.name: None if each.encoding else each.seat for each in found}
    return Run(
        table=np.array(rows, np.int64).reshape(-1, 3),
        heights=(heights[0], heights[1], heights[2], heights[3]),
        layout=Layout(seats | {name: None for name, _ in texts}),
        numbers=tuple(found),
        coded=tuple(each for each in found if each.encoding is not None),
        texts=tuple(
            Text(name, places[0][0].encoding, tuple((at, leaf.bits or 0) for leaf, at in places))
            for name, places in texts
        ),
        low=min((start for start, _ in ends), default=0),
        high=max((end for _, end in ends), default=0),
        advance=advance,
        reach=reach,
    )


def _numbers(
    cells: list[tuple[str, list[tuple[Leaf, int]]]], heights: list[int]
) -> Iterator[Number]:
    row = 0
    for name, places in cells:
        leaf, count = places[0][0], len(places)
        group = WORDS.index(width(leaf) or 0)
        coded = None if _plain(leaf.encoding) else leaf.encoding
        assert not isinstance(coded, StringEncoding | BinaryEncoding)
        yield Number(name, Seat(group, heights[group], row, _dtype(leaf), count), coded)
        heights[group] += count
        row += count


def _row(leaf: Leaf, at: int) -> tuple[int, int, int]:
    bits = leaf.bits or 0
    signed = _plain(leaf.encoding) and _dtype(leaf).kind == "i"
    sign = 1 << bits - 1 if signed and bits < 64 else 0  # 64 bits need no extension
    return at, bits, sign


def width(leaf: Leaf) -> int | None:
    """Return the width of the output that a field is extracted to; None for no number of a word."""
    encoding = leaf.encoding
    if not isinstance(encoding, IntegerEncoding | FloatEncoding) or encoding.bits > WORDS[-1]:
        return None
    return next(each for each in WORDS if encoding.bits <= each)


def _plain(encoding: Encoding) -> bool:
    """Return whether the extracted bits are the value as they are."""
    if not isinstance(encoding, IntegerEncoding | FloatEncoding):
        return False
    if encoding.bits_reversed or (encoding.byte_order and len(encoding.byte_order) > 1):
        return False
    if isinstance(encoding, FloatEncoding):
        return encoding.coding is FloatCoding.IEEE754 and encoding.bits in (32, 64)
    return encoding.coding in (IntegerCoding.UNSIGNED, IntegerCoding.TWOS_COMPLEMENT)


def _dtype(leaf: Leaf) -> np.dtype[np.generic]:
    bits = width(leaf) or 64
    if not _plain(leaf.encoding):
        return np.dtype(f"u{bits // 8}")
    if isinstance(leaf.encoding, FloatEncoding):
        return np.dtype(f"f{bits // 8}")
    assert isinstance(leaf.encoding, IntegerEncoding)
    signed = leaf.encoding.coding is IntegerCoding.TWOS_COMPLEMENT
    return np.dtype(f"{'i' if signed else 'u'}{bits // 8}")
