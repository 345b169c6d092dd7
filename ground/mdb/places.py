"""Where each value of a container stands, for a layout that the database fixes.

Source: XTCE 1.2 `SequenceEntryType`, `LocationInContainerInBitsType`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ground.mdb import layout
from ground.mdb.layout import Frame, Group, Leaf, Move, Node, Skip, Times, fixed
from ground.mdb.model import Encoding, Fixed, Origin, ScalarType
from protocols.errors import EncodeError


@dataclass(frozen=True, slots=True)
class Place:
    """One column: where each of its elements stands, in bits from the start of the packet."""

    name: str
    type: ScalarType
    encoding: Encoding
    bits: int
    offsets: tuple[int, ...]
    array: bool


def of(node: Node) -> tuple[tuple[Place, ...], int]:
    """Return the places of a layout, in order of transmission, and its size in bits.

    Raises:
        EncodeError: what stands where depends on the packet.
    """
    walk = _Walk()
    walk.node(node)
    made = (
        Place(name, leaf.type, leaf.encoding, bits, tuple(offsets), name in walk.arrays)
        for name, (leaf, bits, offsets) in walk.places.items()
    )
    return tuple(made), walk.reach


class _Walk:
    """Goes through a layout and notes where each value stands."""

    def __init__(self) -> None:
        self.start = self.at = self.reach = 0
        self.places: dict[str, tuple[Leaf, int, list[int]]] = {}
        self.arrays: set[str] = set()

    def node(self, node: Node, inside: bool = False) -> None:
        match node:
            case Leaf():
                self.leaf(node, inside)
            case Skip(bits):
                self.at += bits
            case Move(origin, Fixed(by)):
                origins = {Origin.CONTAINER_START: self.start, Origin.CONTAINER_END: self.reach}
                self.at = origins.get(origin, self.at) + by
            case Group(parts):
                for part in parts:
                    self.node(part, inside)
            case Times():
                self.times(node)
            case Frame(body, _):
                self.frame(body, layout.size(node), inside)
            case _:
                raise EncodeError("a container whose layout depends on the packet is not encoded")
        self.reach = max(self.reach, self.at)

    def leaf(self, leaf: Leaf, inside: bool) -> None:
        if leaf.bits is None:
            raise EncodeError(f"{leaf.name}: a size that depends on the packet is not encoded")
        self.places.setdefault(leaf.name, (leaf, leaf.bits, []))[2].append(self.at)
        if inside:
            self.arrays.add(leaf.name)
        self.at += leaf.bits

    def times(self, node: Times) -> None:
        count, gap = fixed(node.counts), fixed((node.gap or Fixed(0),))
        if count is None or gap is None:
            raise EncodeError("an array whose size depends on the packet is not encoded")
        for element in range(count):
            self.at += gap if element else 0
            self.node(node.body, inside=True)

    def frame(self, body: Node, bits: int | None, inside: bool) -> None:
        outer, reach, self.start, self.reach = self.start, self.reach, self.at, self.at
        self.node(body, inside)
        self.at = self.start + bits if bits is not None else self.reach
        self.start, self.reach = outer, max(reach, self.reach)
