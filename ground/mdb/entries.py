"""The entries of a container become its layout: base first, references followed, types taken apart.

Names of columns: a scalar is `/P`, a member `/P.m`. Elements of an array share the column of their
name without an index. An array inside the elements of another one, of fixed size, is a column for
each inner element: `/P.m[0]`, `/P.m[1]`.

Source: XTCE 1.2 `EntryListType`, `BaseContainerType`, `ReferenceLocationType`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod

from ground.errors import InputError
from ground.mdb.layout import Frame, Group, Leaf, Move, Node, Skip, Times, When, fixed, size
from ground.mdb.model import (
    Amount,
    ArgumentEntry,
    ArrayType,
    BinaryEncoding,
    Command,
    Condition,
    Container,
    ContainerEntry,
    Database,
    Encoding,
    Entry,
    Fixed,
    FixedEntry,
    FloatCoding,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    Location,
    Origin,
    ParameterEntry,
    ParameterType,
    ScalarType,
    StringEncoding,
)

FIELDS_MAX = 1 << 17  # fields of one packet: a definition with more of them is a mistake
WORD = 64
FLOAT_BITS = {FloatCoding.IEEE754: (16, 32, 64), FloatCoding.MIL_1750A: (32, 48)}
WIDEST = 8 * (6 + 65536)  # bits of the longest space packet


def of_container(database: Database, path: str) -> Group:
    """Return the layout of a container with all that it inherits.

    Raises:
        InputError: a cycle, a type without an encoding, a place that cannot be computed.
    """
    return _Reader(database).whole(chain(database, database.containers[path]))


def of_command(database: Database, path: str) -> Group:
    """Return the layout of a command's container with all that it inherits.

    Raises:
        InputError: as for a container; or neither the command nor one it extends has one.
    """
    arguments = {each.name: each.type for one in lineage(database, path) for each in one.arguments}
    return _Reader(database, arguments).whole(command_chain(database, path))


def command_chain(database: Database, path: str) -> list[Container]:
    """Return a command's container and those it extends, the most basic first.

    A command without a container has that of the nearest one that it extends. The containers of
    commands are their own: names of two may be the same, and those extended here come first.

    Raises:
        InputError: none of them has a container.
    """
    commands = reversed(lineage(database, path))
    found = [each.container for each in commands if each.container is not None]
    if not found:
        raise InputError(f"{path}: the command has no container")
    return chain(database, found[0], found[1:])


def lineage(database: Database, path: str) -> list[Command]:
    """Return a command and those it extends, the most basic first."""
    found = [database.commands[path]]
    while found[-1].base is not None:
        base = database.commands[found[-1].base]
        if base in found:
            raise InputError(f"{found[-1].where}: {base.path} cannot be extended from here")
        found.append(base)
    return found[::-1]


def chain(
    database: Database, container: Container, inherited: Sequence[Container] = ()
) -> list[Container]:
    """Return the container and those it extends, the most basic first.

    Args:
        inherited: containers that go before others of their name.
    """
    found = [container]
    while found[-1].base is not None:
        path = found[-1].base
        near = (each for each in inherited if each.path == path and each not in found)
        far = database.containers.get(path) or database.command_containers.get(path)
        base = next(near, far)
        if base is None or base in found:
            raise InputError(f"{found[-1].where}: {found[-1].base} cannot be extended from here")
        found.append(base)
    return found[::-1]


class _Reader:
    """Follows the references of one container."""

    def __init__(self, database: Database, arguments: Mapping[str, str] | None = None) -> None:
        self.database = database
        self.arguments = arguments or {}
        self.types = {**database.types, **database.argument_types} if arguments else {}
        self.open: list[str] = []
        self.fields = 0

    def whole(self, containers: Sequence[Container]) -> Group:
        """Lay out a container: what stands forward, then what is placed from its end."""
        forward: list[Node] = []
        ends: list[tuple[int, Node]] = []
        for container in containers:
            for entry in _without_next(self, container):
                node, location = self.entry(entry), entry.location
                if location is not None and location.origin is Origin.CONTAINER_END:
                    ends.append((_from_end(location, entry), node))
                else:
                    forward.extend(_placed(node, location, entry.condition))
        return Group((*forward, *_at_end(ends, containers[-1])))

    def entry(self, entry: Entry) -> Node:
        """Lay out one entry without its place; its condition where it is placed from the end."""
        node = self._content(entry)
        if entry.repeat is not None:
            node = Times((entry.repeat.count,), entry.repeat.gap, node)
        located = entry.location is not None and entry.location.origin is Origin.CONTAINER_END
        return When(entry.condition, node) if entry.condition is not None and located else node

    def _content(self, entry: Entry) -> Node:
        match entry:
            case FixedEntry(bits=bits, value=value):
                return Skip(bits, int.from_bytes(value, "big"))
            case ContainerEntry(container=path):
                return self._included(path, entry)
            case ParameterEntry(parameter=path, sizes=sizes):
                return self._value(
                    self.database.parameters[path].type, path, sizes, self.database.types
                )
            case ArgumentEntry(argument=name, sizes=sizes):
                return self._value(self._argument(name, entry), name, sizes, self.types)

    def _argument(self, name: str, entry: ArgumentEntry) -> str:
        if name not in self.arguments:
            raise InputError(f"{entry.where}: the command has no argument {name}")
        return self.arguments[name]

    def _included(self, path: str, entry: ContainerEntry) -> Node:
        if path in self.open:
            raise InputError(f"{entry.where}: container {path} contains itself")
        container = self.database.containers[path]
        self.open.append(path)
        body = self.whole(chain(self.database, container))
        self.open.pop()
        return Frame(body, container.bits)

    def _value(
        self,
        path: str,
        name: str,
        sizes: tuple[Amount, ...],
        types: Mapping[str, ParameterType],
        inside: bool = False,
    ) -> Node:
        """Lay out a value of the type at `path`; `inside` the elements of an array."""
        self.fields += 1
        if self.fields > FIELDS_MAX:
            raise InputError(f"{name}: more than {FIELDS_MAX} fields in one container")
        type_ = types[path]
        if isinstance(type_, ScalarType):
            return _leaf(name, type_)
        if isinstance(type_, ArrayType):
            return self._array(type_, name, sizes or type_.sizes, types, inside)
        members = [
            self._value(each.type, f"{name}.{each.name}", (), types, inside)
            for each in type_.members
        ]
        return Group(tuple(members))

    def _array(
        self,
        type_: ArrayType,
        name: str,
        sizes: tuple[Amount, ...],
        types: Mapping[str, ParameterType],
        inside: bool,
    ) -> Node:
        if not sizes:
            raise InputError(f"{type_.where}: {name} is an array without a size")
        if not inside or fixed(sizes) is None:
            return Times(sizes, None, self._value(type_.element, name, (), types, True))
        ranges = [range(each.value) for each in sizes if isinstance(each, Fixed)]
        if prod(map(len, ranges)) > FIELDS_MAX:
            raise InputError(f"{type_.where}: {name} has more than {FIELDS_MAX} elements")
        named = (name + "".join(f"[{i}]" for i in index) for index in product(*ranges))
        return Group(tuple(self._value(type_.element, each, (), types, True) for each in named))


def _leaf(name: str, type_: ScalarType) -> Leaf:
    encoding = type_.encoding
    if encoding is None:
        raise InputError(f"{type_.where}: {name} stands in a container but has no encoding")
    if isinstance(encoding, StringEncoding | BinaryEncoding):
        bits = encoding.size.value if isinstance(encoding.size, Fixed) else None
    else:
        bits = encoding.bits
    least = 0 if isinstance(encoding, StringEncoding | BinaryEncoding) else 1
    if bits is not None and not least <= bits <= WIDEST:
        raise InputError(f"{type_.where}: {name} of {bits} bits does not fit a packet")
    if not _known(encoding):
        raise InputError(f"{type_.where}: {name} has an encoding that is not supported: {encoding}")
    return Leaf(name, type_, encoding, bits)


def _known(encoding: Encoding) -> bool:
    if isinstance(encoding, FloatEncoding):
        return encoding.bits in FLOAT_BITS[encoding.coding]
    if isinstance(encoding, IntegerEncoding) and encoding.bits > WORD:
        reordered = encoding.byte_order is not None or encoding.bits_reversed
        return not reordered and encoding.coding not in (
            IntegerCoding.BCD,
            IntegerCoding.PACKED_BCD,
        )
    return True


def _placed(node: Node, location: Location | None, condition: Condition | None) -> tuple[Node, ...]:
    parts = (node,) if location is None else (Move(location.origin, location.bits), node)
    return parts if condition is None else (When(condition, Group(parts)),)


def _from_end(location: Location, entry: Entry) -> int:
    if not isinstance(location.bits, Fixed):
        raise InputError(f"{entry.where}: a place from the container's end must be a fixed number")
    return location.bits.value


def _at_end(ends: list[tuple[int, Node]], container: Container) -> Iterator[Node]:
    """Place entries that are counted from the container's end, the farthest from it first.

    A container that declares its size ends there; any other ends after its last entry. Going
    backwards "the location refers to the end of the entry" (`ReferenceLocationType`).
    """
    farthest_first = sorted(ends, key=lambda each: -each[0])
    for index, (distance, node) in enumerate(farthest_first):
        bits = size(node.body if isinstance(node, When) else node) or 0
        if isinstance(container.bits, Fixed):
            yield Move(Origin.CONTAINER_START, Fixed(container.bits.value - distance - bits))
        else:
            between = farthest_first[index - 1][0] - distance - bits if index else 0
            yield Move(Origin.CONTAINER_END, Fixed(between))
            if index == len(ends) - 1 and distance > 0:
                node = _followed(node, distance)
        yield node


def _followed(node: Node, bits: int) -> Node:
    """Add bits after a node, which are there only where the node is."""
    if isinstance(node, When):
        return When(node.condition, Group((node.body, Skip(bits))))
    return Group((node, Skip(bits)))


def _without_next(reader: _Reader, container: Container) -> Iterator[Entry]:
    """Give entries that are placed before the next one a place of their own."""
    following: Entry | None = None
    turned: list[Entry] = []
    for entry in reversed(container.entries):
        if entry.location is not None and entry.location.origin is Origin.NEXT_ENTRY:
            entry = replace(entry, location=_before(reader, entry, following))
        turned.append(entry)
        following = entry
    yield from reversed(turned)


def _before(reader: _Reader, entry: Entry, following: Entry | None) -> Location:
    place = following.location if following is not None else None
    bits, own = reader.entry(entry), entry.location
    width = size(bits)
    if place is not None and own is not None and following is not None and width is not None:
        by = (place.bits, own.bits)
        if isinstance(by[0], Fixed) and isinstance(by[1], Fixed):
            if place.origin is Origin.CONTAINER_START:
                return Location(place.origin, Fixed(by[0].value - by[1].value - width))
            later = size(reader.entry(following))
            if place.origin is Origin.CONTAINER_END and later is not None:
                return Location(place.origin, Fixed(by[0].value + by[1].value + later))
    raise InputError(f"{entry.where}: nextEntry needs a next entry of fixed place and size")
