"""The layout of a container as a tree of nodes: in which order bits stand, still without places.

`entries` makes the tree out of a database, `tables` turns it into decode tables.

Source: XTCE 1.2 `SequenceEntryType`, `LocationInContainerInBitsType`, `RepeatType`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from ground.mdb import conditions
from ground.mdb.model import (
    Amount,
    BinaryEncoding,
    Condition,
    Dynamic,
    Encoding,
    Fixed,
    Lookup,
    Origin,
    Reference,
    ScalarType,
    StringEncoding,
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value. `bits` is None where only the packet tells how long it is."""

    name: str
    type: ScalarType
    encoding: Encoding
    bits: int | None


@dataclass(frozen=True, slots=True)
class Skip:
    """Bits that are no value; `content` is what they hold in what we make, right-aligned."""

    bits: int
    content: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """Go on `by` bits after the start of the container, its end so far, or the entry before."""

    origin: Origin
    by: Amount


@dataclass(frozen=True, slots=True)
class When:
    """What is there only where a condition holds."""

    condition: Condition
    body: Node


@dataclass(frozen=True, slots=True)
class Times:
    """What stands several times (the product of the counts), `gap` bits between."""

    counts: tuple[Amount, ...]
    gap: Amount | None
    body: Node


@dataclass(frozen=True, slots=True)
class Frame:
    """A container inside another one: it counts bits from its own start."""

    body: Node
    bits: Amount | None


@dataclass(frozen=True, slots=True)
class Group:
    """One after the other."""

    parts: tuple[Node, ...]


Node = Leaf | Skip | Move | When | Times | Frame | Group


def size(node: Node) -> int | None:
    """Return the bits that a node takes, where the packet does not decide it."""
    match node:
        case Leaf() | Skip():
            return node.bits
        case Group():
            return _total(node.parts)
        case Times():
            return _repeated(node)
        case Frame(body, bits):
            if bits is None:
                return size(body)
            return bits.value if isinstance(bits, Fixed) and size(body) is not None else None
        case _:
            return None


def _total(parts: Sequence[Node]) -> int | None:
    at = reach = 0
    for part in parts:
        if isinstance(part, Move):
            if not isinstance(part.by, Fixed):
                return None
            at = {Origin.CONTAINER_START: 0, Origin.CONTAINER_END: reach}.get(part.origin, at)
            at += part.by.value
            continue
        bits = size(part)
        if bits is None:
            return None
        at += bits
        reach = max(reach, at)
    return reach


def _repeated(node: Times) -> int | None:
    count, each, gap = fixed(node.counts), size(node.body), fixed((node.gap or Fixed(0),))
    if count is None or each is None or gap is None:
        return None
    return count * each + max(count - 1, 0) * gap


def fixed(amounts: Iterable[Amount]) -> int | None:
    """Return the product of amounts that the database fixes; None where a packet decides."""
    values = [amount.value for amount in amounts if isinstance(amount, Fixed)]
    return prod(values) if len(values) == len(list(amounts)) else None


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield every leaf once, in order of transmission."""
    match node:
        case Leaf():
            yield node
        case When(_, body) | Frame(body, _) | Times(_, _, body):
            yield from leaves(body)
        case Group(parts):
            for part in parts:
                yield from leaves(part)


def amounts(node: Node) -> Iterator[Amount]:
    """Yield every size, place and count."""
    match node:
        case Leaf(encoding=StringEncoding(size=amount) | BinaryEncoding(size=amount)):
            yield from () if amount is None else (amount,)
        case Move(_, by):
            yield by
        case When(_, body):
            yield from amounts(body)
        case Times(counts, gap, body):
            yield from (*counts, *(() if gap is None else (gap,)))
            yield from amounts(body)
        case Frame(body, bits):
            yield from () if bits is None else (bits,)
            yield from amounts(body)
        case Group(parts):
            for part in parts:
                yield from amounts(part)


def criteria(node: Node) -> Iterator[Condition]:
    """Yield every condition under which something is there."""
    match node:
        case When(condition, body):
            yield condition
            yield from criteria(body)
        case Times(_, _, body) | Frame(body, _):
            yield from criteria(body)
        case Group(parts):
            for part in parts:
                yield from criteria(part)


def measured(node: Node) -> set[Reference]:
    """Return every parameter that a size, place or count is computed from."""
    return {amount.reference for amount in amounts(node) if isinstance(amount, Dynamic)}


def references(node: Node) -> set[Reference]:
    """Return every parameter that decides what stands where."""
    lookups = [amount for amount in amounts(node) if isinstance(amount, Lookup)]
    choices = [condition for amount in lookups for condition, _ in amount.choices]
    return measured(node).union(*map(conditions.references, [*criteria(node), *choices]))
