"""Values become the bits of one packet, in the order of a layout.

Unlike `encode`, which fills many packets of one fixed layout, a `Writer` makes one packet, and
sizes, places and conditions may depend on values that were written before.

Source: XTCE 1.2 `SequenceEntryType`, `LocationInContainerInBitsType`, `RepeatType`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ground.columns import Column
from ground.mdb import conditions, instants, patterns, uncalibrate
from ground.mdb.layout import Frame, Group, Leaf, Move, Node, Skip, Times, When
from ground.mdb.model import (
    Amount,
    BinaryEncoding,
    Dynamic,
    Fixed,
    IntegerEncoding,
    Kind,
    Origin,
    Reference,
    ScalarType,
    StringEncoding,
)
from protocols.errors import EncodeError

LARGEST_BITS = 8 * (6 + 65536)  # of the longest space packet


@dataclass(frozen=True, slots=True)
class Value:
    """One value: as given, as its encoding holds it, and its bits where their number is fixed."""

    given: Any
    raw: Any
    pattern: int | None = None


def value(name: str, type_: ScalarType, given: Any, *, calibrated: bool = True) -> Value:
    """Return a value that a type's encoding can express.

    Args:
        name: what the value is called in an error.
        given: a number, a label, text, octets; ns of a time.
        calibrated: a number is an engineering value.

    Raises:
        EncodeError: the type cannot express it.
    """
    timed = type_.kind in (Kind.ABSOLUTE_TIME, Kind.RELATIVE_TIME) and calibrated
    number: Any = _counted(name, type_, given) if timed else given
    column = np.array([number], object if isinstance(number, str | bytes) else None)
    raw = uncalibrate.raw(name, type_, column, calibrated=calibrated)
    encoding = type_.encoding
    if encoding is None:
        return Value(given, raw[0])
    if isinstance(encoding, StringEncoding | BinaryEncoding):
        if not isinstance(encoding.size, Fixed):
            return Value(given, raw[0])
        octets = patterns.octets(name, encoding, encoding.size.value, raw[0])
        return Value(given, raw[0], int.from_bytes(octets, "big"))
    if raw.dtype.kind == "O" and isinstance(raw[0], str | bytes):
        raise EncodeError(f"{name}: text found; a number expected")
    return Value(given, raw[0], int(patterns.numbers(name, encoding, encoding.bits, raw)[0]))


def _counted(name: str, type_: ScalarType, given: int) -> int | float:
    reference = type_.time
    if reference is None or (type_.kind is Kind.ABSOLUTE_TIME and reference.epoch is None):
        raise EncodeError(f"{name}: a time without an epoch cannot be encoded")
    counts = instants.count(name, reference, given)
    whole = isinstance(type_.encoding, IntegerEncoding) and type_.calibrator is None
    return round(counts) if whole else float(counts)


class Writer:
    """Goes through a layout and writes it.

    Attributes:
        octets: what is written so far, of packet and overshoot.
        reach: bits from the start to the farthest end of what is written.
    """

    def __init__(self, give: Callable[[Leaf, int, int], Value]) -> None:
        """Take what gives the value of a leaf: its element (from 0) and its bit are told."""
        self.give = give
        self.octets = bytearray()
        self.start = self.at = self.reach = 0
        self.written: dict[str, tuple[ScalarType, Value]] = {}
        self.elements: dict[str, int] = {}

    def node(self, node: Node) -> None:
        """Write a node where the writer stands.

        Raises:
            EncodeError: a value that is missing or does not fit, or a packet that is too long.
        """
        match node:
            case Leaf():
                self._leaf(node)
            case Skip(bits, content):
                self._put(bits, content)
            case Move(origin, by):
                origins = {Origin.CONTAINER_START: self.start, Origin.CONTAINER_END: self.reach}
                self.at = origins.get(origin, self.at) + self._amount(by)
            case Group(parts):
                for part in parts:
                    self.node(part)
            case When(condition, body):
                if conditions.evaluate(condition, self._column, 1).all():
                    self.node(body)
            case Times(counts, gap, body):
                self._times(prod(map(self._amount, counts)), gap, body)
            case Frame(body, size):
                self._frame(body, size)

    def _leaf(self, leaf: Leaf) -> None:
        element = self.elements.get(leaf.name, 0)
        self.elements[leaf.name] = element + 1
        made = self.give(leaf, element, self.at)
        self.written[leaf.name] = (leaf.type, made)
        if made.pattern is not None and leaf.bits is not None:
            self._put(leaf.bits, made.pattern)
        else:
            self._sized(leaf, made)

    def _sized(self, leaf: Leaf, made: Value) -> None:
        """Write what is as long as other values or it itself say."""
        assert isinstance(leaf.encoding, StringEncoding | BinaryEncoding)
        bits = self._size(leaf.encoding, made.raw)
        if not 0 <= bits <= LARGEST_BITS:
            raise EncodeError(f"{leaf.name}: a size of {bits} bits does not fit a packet")
        octets = patterns.octets(leaf.name, leaf.encoding, bits, made.raw)
        self._put(bits, int.from_bytes(octets, "big"))

    def _size(self, encoding: StringEncoding | BinaryEncoding, value: Any) -> int:
        """Return the bits of a field that the database does not fix."""
        if encoding.size is not None:
            return self._amount(encoding.size)
        assert isinstance(encoding, StringEncoding)
        tail = len(encoding.terminator or b"")
        bits = 8 * (len(str(value).encode(encoding.charset, "replace")) + tail)
        if encoding.max_bits is not None and bits > encoding.max_bits:
            raise EncodeError(
                f"a string of {bits} bits found; at most {encoding.max_bits} expected"
            )
        return bits + encoding.prefix_bits

    def _times(self, count: int, gap: Amount | None, body: Node) -> None:
        if count > LARGEST_BITS:
            raise EncodeError(f"{count} elements found; at most {LARGEST_BITS} fit a packet")
        between = 0 if gap is None else self._amount(gap)
        for element in range(count):
            self.at += between if element else 0
            self.node(body)

    def _frame(self, body: Node, size: Amount | None) -> None:
        outer, reach, self.start, self.reach = self.start, self.reach, self.at, self.at
        self.node(body)
        self.at = self.reach if size is None else self.start + self._amount(size)
        self.start, self.reach = outer, max(reach, self.reach, self.at)

    def _put(self, bits: int, content: int) -> None:
        """Write bits and go on after them; bits that are written twice are joined."""
        at, end = self.at, self.at + bits
        if at < 0 or end > LARGEST_BITS:
            raise EncodeError(f"bits {at} to {end} found; at most {LARGEST_BITS} fit a packet")
        if content >> bits:
            raise EncodeError(f"{content.bit_length()} bits found; {bits} expected")
        first, last = at // 8, -(-end // 8)
        if len(self.octets) < last:
            self.octets.extend(bytes(last - len(self.octets)))
        there = int.from_bytes(self.octets[first:last], "big")
        made = there | content << (8 * last - end)
        self.octets[first:last] = made.to_bytes(last - first, "big")
        self.at, self.reach = end, max(self.reach, end)

    def _amount(self, amount: Amount) -> int:
        match amount:
            case Fixed(number):
                return number
            case Dynamic(reference, slope, intercept):
                column = self._column(reference)
                if column is None or column.values.dtype.kind not in "iuf":
                    raise EncodeError(f"{reference.path}: a number written before expected")
                return max(0, round(float(column.values[0]) * slope + intercept))
        for condition, number in amount.choices:
            if conditions.evaluate(condition, self._column, 1).all():
                return number
        if amount.default is None:
            raise EncodeError("no choice holds for a size that is looked up")
        return amount.default

    def _column(self, reference: Reference) -> Column | None:
        """Return what was written last under a name, as a column of one row."""
        found = self.written.get(reference.path)
        if found is None:
            return None
        type_, made = found
        return column(type_, made.given) if reference.calibrated else column(None, made.raw)


def column(type_: ScalarType | None, value: Any) -> Column:
    """Return one value as a column of one row; a label as conditions compare it."""
    labelled = type_ is not None and type_.kind in (Kind.ENUMERATED, Kind.BOOLEAN)
    if labelled and isinstance(value, str):
        return Column(np.zeros(1, np.int32), None, (value,))
    return Column(np.array([value], object if isinstance(value, str | bytes) else None))
