"""Decode programs: the steps that turn the octets of a container into columns.

Source: XTCE 1.2 `SequenceEntryType` (order, location, repetition and condition of entries).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.blocks import Layout, Seat
from ground.mdb.layout import Move
from ground.mdb.model import (
    Amount,
    BinaryEncoding,
    Condition,
    Encoding,
    FloatEncoding,
    IntegerEncoding,
    StringEncoding,
)

_BLANK: dict[type, Any] = {StringEncoding: "", BinaryEncoding: b"", IntegerEncoding: 0}


@dataclass(frozen=True, slots=True)
class Number:
    """A column out of a `Run`'s table.

    Attributes:
        name: of the column.
        seat: where it lies in the outputs; its mask is its first row in the table.
        encoding: set where what the kernel extracts is not yet the value.
    """

    name: str
    seat: Seat
    encoding: IntegerEncoding | FloatEncoding | None


@dataclass(frozen=True, slots=True)
class Text:
    """A column of strings, octets or wide integers of fixed size: (bit, bits) for each time."""

    name: str
    encoding: Encoding
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Fields of fixed size at known bits from one anchor.

    Attributes:
        table: int64 [K, 3]: bit from the anchor, width, and the sign bit's value as uint64 (0 for
            unsigned); sorted by the output that the field goes to.
        heights: how many rows go to each of the four outputs.
        coded: those of the numbers that have an encoding.
        layout: where the columns lie in the outputs, those of `texts` and of numbers with an
            encoding excepted.
        low, high: first and last bit that a field of the run touches.
        advance: bits from the anchor to where the next step goes on.
        reach: bits from the anchor to the farthest end of an entry.
    """

    table: NDArray[np.int64]
    heights: tuple[int, int, int, int]
    layout: Layout
    numbers: tuple[Number, ...]
    coded: tuple[Number, ...]
    texts: tuple[Text, ...]
    low: int
    high: int
    advance: int
    reach: int


@dataclass(frozen=True, slots=True)
class Varying:
    """A string or octets whose size only the packet tells."""

    name: str
    encoding: StringEncoding | BinaryEncoding


@dataclass(frozen=True, slots=True)
class Branch:
    """What is decoded only for the packets for which a condition holds."""

    condition: Condition
    body: Program


@dataclass(frozen=True, slots=True)
class Loop:
    """What is decoded several times, `gap` bits between.

    Attributes:
        fixed: how often, where that is fixed (and the body is not); columns are then [N, fixed].
        stride: bits from one time to the next where the body is a single run; None where each time
            must be decoded before the next one's place is known.
    """

    counts: tuple[Amount, ...]
    gap: Amount | None
    body: Program
    fixed: int | None
    stride: int | None


@dataclass(frozen=True, slots=True)
class Inner:
    """A container in a container, where positions in it depend on the packet."""

    body: Program
    bits: Amount | None


Step = Run | Varying | Move | Branch | Loop | Inner


@dataclass(frozen=True, slots=True)
class Program:
    """The steps that decode a container.

    Attributes:
        looked: columns that conditions and sizes look at.
        blanks: what stands in object columns where a packet has no value: "", b"", 0 or no element.
    """

    steps: tuple[Step, ...]
    looked: frozenset[str]
    blanks: Mapping[str, Any]


def blanks(steps: Iterable[Step]) -> Iterator[tuple[str, Any]]:
    for step in steps:
        match step:
            case Run():
                yield from ((each.name, _BLANK[type(each.encoding)]) for each in step.texts)
            case Varying(name, encoding):
                yield name, _BLANK[type(encoding)]
            case Branch() | Inner():
                yield from step.body.blanks.items()
            case Loop():
                for name in names(step.body):
                    none = np.empty(0, object if name in step.body.blanks else np.uint8)
                    if step.fixed is None or name in step.body.blanks:
                        yield name, none if step.fixed is None else step.body.blanks[name]


def names(program: Program) -> Iterator[str]:
    """Yield the names of the columns that a program gives; a name may come several times."""
    for step in program.steps:
        match step:
            case Run(numbers=numbers, texts=texts):
                yield from (each.name for each in numbers)
                yield from (each.name for each in texts)
            case Varying():
                yield step.name
            case Branch() | Inner() | Loop():
                yield from names(step.body)
