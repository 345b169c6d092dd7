"""A database built from tables: the primary header at the root, packets told apart by APID.

Paths: parameters of the header are `/System/CCSDS_APID` and so on, the container that packets
extend is `/System/CCSDSPacket`.

Source: CCSDS 133.0-B-2 §4.1.3 (primary header).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ground.errors import Where
from ground.mdb.dictionary_table import Notes
from ground.mdb.model import (
    All,
    ArrayType,
    BinaryEncoding,
    Comparison,
    Container,
    Database,
    DatabaseError,
    Encoding,
    Entry,
    Fixed,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    Kind,
    Location,
    Origin,
    Parameter,
    ParameterEntry,
    ParameterType,
    Reference,
    ScalarType,
    StringEncoding,
)

HEADER_BITS = 48
LARGEST_PACKET = 8 * (6 + 65536)  # bits of the longest packet
ROOT = "CCSDSPacket"
APID = "CCSDS_APID"
LENGTH = "CCSDS_PACKET_LENGTH"
HEADER = {
    "CCSDS_VERSION_NUMBER": 3,
    "CCSDS_PACKET_TYPE": 1,
    "CCSDS_SECONDARY_FLAG": 1,
    APID: 11,
    "CCSDS_SEQUENCE_FLAG": 2,
    "CCSDS_SEQUENCE_COUNT": 14,
    LENGTH: 16,
}
_NAME = re.compile(r"[^\s./:\[\]]{1,200}")


def encoding(kind: str, bits: int, byte_order: tuple[int, ...] | None = None) -> Encoding:
    """Return the encoding of a kind: uint, int, float, str, or binary for anything else."""
    match kind:
        case "uint":
            return IntegerEncoding(bits, IntegerCoding.UNSIGNED, byte_order)
        case "int":
            return IntegerEncoding(bits, IntegerCoding.TWOS_COMPLEMENT, byte_order)
        case "float":
            return FloatEncoding(bits, byte_order=byte_order)
        case "str":
            return StringEncoding(Fixed(bits), "latin-1", terminator=b"\0")
    return BinaryEncoding(Fixed(bits))


KINDS = {"uint": Kind.INTEGER, "int": Kind.INTEGER, "float": Kind.FLOAT, "str": Kind.STRING}


def bad_size(kind: str, bits: int) -> str | None:
    """Return what is wrong with a size for a kind, as `expected ...`; None where it is right."""
    if kind == "float" and bits not in (16, 32, 64):
        return "expected 16, 32 or 64 for a floating point number"
    if kind == "str" and bits % 8:
        return "expected a multiple of 8 for text"
    return None


def at_bit(bit: int) -> Location:
    """Return the place so many bits after the start of the packet."""
    return Location(Origin.CONTAINER_START, Fixed(bit))


@dataclass(slots=True)
class Tree:
    """The database while it grows."""

    name: str
    where: Where
    notes: Notes
    types: dict[str, ParameterType]
    parameters: dict[str, Parameter]
    containers: dict[str, Container]

    @classmethod
    def plant(cls, name: str, where: Where, notes: Notes) -> Tree:
        """Return a database of this name that holds the primary header alone."""
        tree = cls(name, where, notes, {}, {}, {})
        for field, bits in HEADER.items():
            path = tree.path(field)
            tree.add(ScalarType(path, Kind.INTEGER, encoding("uint", bits), where, signed=False))
        root = Container(tree.path(ROOT), tree.header(), where, abstract=True)
        tree.containers[root.path] = root
        return tree

    def path(self, *names: str) -> str:
        """Return the path of something in this database."""
        return "/".join(("", self.name, *names))

    def header(self) -> tuple[Entry, ...]:
        """Return the entries of the primary header."""
        return tuple(ParameterEntry(self.path(field), self.where) for field in HEADER)

    def apid_is(self, apid: int) -> Comparison:
        """Return the condition that a packet is of this APID."""
        return Comparison(Reference(self.path(APID), calibrated=False), "==", str(apid))

    def length_is(self, octets: int) -> Comparison:
        """Return the condition that a packet is so many octets long in all."""
        return Comparison(Reference(self.path(LENGTH), calibrated=False), "==", str(octets - 7))

    def add(self, type_: ParameterType) -> None:
        """Add a parameter with a type of its own, of the same path."""
        self.types[type_.path] = type_
        self.parameters[type_.path] = Parameter(
            type_.path, type_.path, type_.where, type_.description
        )

    def add_array(self, element: ScalarType, array: ArrayType) -> None:
        """Add a parameter that is an array of such elements."""
        self.types[element.path] = element
        self.add(array)

    def is_new(self, path: str, where: Where) -> bool:
        """Return whether a parameter may have this path; note it where it may not."""
        name = path.rsplit("/", 1)[-1]
        if not _NAME.fullmatch(name):
            expected = "expected one without blanks and any of . / : [ ]"
            self.notes.error(where, f"name {name[:60]!r}; {expected}")
            return False
        if path in self.parameters:
            first = self.parameters[path].where
            self.notes.error(where, f"{name} stands at {first} too; expected another name")
            return False
        return True

    def add_packet(
        self,
        name: str,
        entries: Iterable[Entry],
        where: Where,
        conditions: tuple[Comparison, ...],
        description: str = "",
    ) -> None:
        """Add a packet that extends the header where all conditions hold.

        Without any condition it holds the header itself, and the database knows no other packet.
        """
        path = self.path(name)
        if conditions:
            restriction = conditions[0] if len(conditions) == 1 else All(conditions)
            base = self.path(ROOT)
            made = Container(
                path, tuple(entries), where, base, restriction, False, None, description
            )
        else:
            self.containers.clear()
            made = Container(path, (*self.header(), *entries), where, description=description)
        self.containers[path] = made

    def grown(self, digest: str, source: str) -> Database:
        """Return the finished database.

        Raises:
            DatabaseError: there was an error.
        """
        if self.notes.refused:
            raise DatabaseError(self.notes.problems)
        children: dict[str, tuple[str, ...]] = {}
        for each in self.containers.values():
            if each.base is not None:
                children[each.base] = (*children.get(each.base, ()), each.path)
        return Database(
            name=self.name,
            digest=digest,
            source=source,
            types=self.types,
            parameters=self.parameters,
            containers=self.containers,
            children=children,
            problems=tuple(self.notes.problems),
        )
