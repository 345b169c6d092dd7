"""Commands become packets: the values of their arguments, with what the database fixes.

A field takes, in this order: what is given; what an `ArgumentAssignment` of the command or of one
that it extends fixes, or a restriction of the inheritance demands; what the space packet protocol
demands at its place (version, type, sequence flags and count, length); its initial value.

Source: XTCE 1.2 `MetaCommandType`, `ArgumentAssignmentType`, `FixedValueEntryType`; CCSDS
133.0-B-2 §4.1.3 (primary header); ECSS-E-ST-70-41C annex B (packet error control).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ground.errors import InputError
from ground.mdb import encode, entries, layout, literals, writer
from ground.mdb.encode import HEADER, HEADER_OCTETS, LENGTH, SEQUENCE, SEQUENCE_MODULUS
from ground.mdb.layout import Frame, Group, Leaf, Node, Times, When
from ground.mdb.model import Argument, Database, ScalarType
from ground.mdb.writer import Value, Writer
from protocols.crc import CRC16_OCTETS, crc16_octets
from protocols.errors import EncodeError

LARGEST = 65536  # octets of a packet data field
TELECOMMAND = {**HEADER, (3, 1): 1}


class MissingValue(EncodeError):
    """A field has no value: none given, none fixed, no default."""


@dataclass(frozen=True, slots=True)
class Field:
    """One argument to be given: a scalar, or a member (`config.address`) of an aggregate.

    Attributes:
        argument: what the database says of the argument that it belongs to.
        repeated: a list of values is expected, as it stands in an array.
        default: engineering value, where the database has one.
    """

    name: str
    type: ScalarType
    argument: Argument
    repeated: bool
    default: literals.Value | None


@dataclass(frozen=True, slots=True)
class Telecommand:
    """A command to be filled in: `Telecommand.of` once, then `encode` for each.

    Attributes:
        fields: the arguments to be given, in order of declaration, base first.
        names: of all values that stand in the packet.
        fixed: values that cannot be given otherwise, by name.
        defaults: values of what need not be given, by name.
        packet_error_control: a CRC-16 of the whole packet follows its data.
    """

    path: str
    tree: Node
    fields: tuple[Field, ...]
    names: frozenset[str]
    fixed: Mapping[str, Value]
    defaults: Mapping[str, Value]
    packet_error_control: bool = False

    @classmethod
    def of(
        cls, database: Database, path: str, *, packet_error_control: bool = False
    ) -> Telecommand:
        """Return a command.

        Raises:
            InputError: it has no container, or one that cannot be laid out or filled.
        """
        tree = entries.of_command(database, path)
        leaves = {leaf.name: leaf for leaf in layout.leaves(tree)}
        try:
            fixed = _demanded(database, path, leaves) | _assigned(database, path, leaves)
            defaults = _initial(database, path, leaves)
        except EncodeError as error:
            raise InputError(f"{database.commands[path].where}: {path}: {error}") from None
        many = set(_repeated(tree))
        fields = tuple(
            Field(leaf.name, leaf.type, argument, leaf.name in many, _given(defaults, leaf.name))
            for argument in _arguments(database, path).values()
            for leaf in leaves.values()
            if _argument_of(leaf.name) == argument.name and leaf.name not in fixed
        )
        return cls(path, tree, fields, frozenset(leaves), fixed, defaults, packet_error_control)

    def encode(self, values: Mapping[str, Any], *, sequence: int = 0) -> bytes:
        """Return the packet.

        Args:
            values: engineering values by name of the field, lists where it is repeated; values of
                parameters in the container by their path.
            sequence: sequence count; cut down to the 14 bits of its field.

        Raises:
            EncodeError: a name that is no field or is fixed, a value missing, one that does not
                fit, or a packet that is too long or has no data.
        """
        for name in values:
            if name not in self.names or name in self.fixed:
                raise EncodeError(f"{name}: no field of the command to be given has this name")
        source = _Source(self, values, sequence)
        made = Writer(source)
        made.node(self.tree)
        for name, given in values.items():
            if isinstance(given, list) and len(given) != made.elements.get(name, 0):
                wanted = made.elements.get(name, 0)
                raise EncodeError(f"{name}: {len(given)} values found; {wanted} expected")
        return self._finished(made.octets, counted=source.counted)

    def header(self) -> bytes:
        """Return the octets from the start that no argument changes; counts and length are 0."""
        made = Writer(_Source(self, {}, 0, defaults=False))
        try:
            made.node(self.tree)
        except EncodeError:
            return bytes(made.octets[: made.at // 8])
        return bytes(made.octets)

    def _finished(self, octets: bytearray, *, counted: bool) -> bytes:
        """Return the packet with its length, if it has that field, and its error control."""
        tail = CRC16_OCTETS if self.packet_error_control else 0
        if counted:
            data = len(octets) - HEADER_OCTETS + tail
            if not 1 <= data <= LARGEST:
                raise EncodeError(f"a packet data field of {data} octets; 1 to {LARGEST} fit")
            octets[4:6] = (data - 1).to_bytes(2, "big")
        packet = bytes(octets)
        return packet + crc16_octets(packet).to_bytes(2, "big") if tail else packet


class _Source:
    """Gives the value of each field of one packet; `counted` once it met the length field."""

    def __init__(
        self,
        command: Telecommand,
        values: Mapping[str, Any],
        sequence: int,
        *,
        defaults: bool = True,
    ) -> None:
        self.command, self.values, self.defaults = command, values, defaults
        self.header = {**TELECOMMAND, SEQUENCE: sequence % SEQUENCE_MODULUS}
        self.counted = False

    def __call__(self, leaf: Leaf, element: int, at: int) -> Value:
        if leaf.name in self.values:
            return writer.value(leaf.name, leaf.type, self._element(leaf.name, element))
        if leaf.name in self.command.fixed:
            return self.command.fixed[leaf.name]
        place = (at, leaf.bits or 0)
        if place in self.header and _is_parameter(leaf.name):
            self.counted = self.counted or place == LENGTH
            number = self.header[place]
            return Value(number, number, number)
        if leaf.name in self.command.defaults and (self.defaults or _is_parameter(leaf.name)):
            return self.command.defaults[leaf.name]
        raise MissingValue(f"{leaf.name}: no value given")

    def _element(self, name: str, element: int) -> Any:
        given = self.values[name]
        if not isinstance(given, list):
            return given
        if element >= len(given):
            raise EncodeError(f"{name}: {len(given)} values found; more expected")
        return given[element]


def _is_parameter(name: str) -> bool:
    return name.startswith("/")


def _argument_of(name: str) -> str:
    """Return the argument that a value belongs to: `config` for `config.words[3]`."""
    return name.partition(".")[0].partition("[")[0]


def _given(values: Mapping[str, Value], name: str) -> literals.Value | None:
    return values[name].given if name in values else None


def _arguments(database: Database, path: str) -> dict[str, Argument]:
    lineage = entries.lineage(database, path)
    return {each.name: each for command in lineage for each in command.arguments}


def _demanded(database: Database, path: str, leaves: Mapping[str, Leaf]) -> dict[str, Value]:
    """Return what the restrictions of the container's inheritance fix."""
    found = {}
    for base in entries.command_chain(database, path):
        for each in encode.equalities(base.restriction):
            leaf, text = leaves.get(each.left.path), str(each.value)
            if leaf is not None and each.left.calibrated:
                found[leaf.name] = _literal(leaf, text)
            elif leaf is not None:
                found[leaf.name] = writer.value(leaf.name, leaf.type, text, calibrated=False)
    return found


def _assigned(database: Database, path: str, leaves: Mapping[str, Leaf]) -> dict[str, Value]:
    """Return what argument assignments fix, those of the command itself before those of others."""
    return {
        name: _literal(leaves[name], text)
        for command in entries.lineage(database, path)
        for name, text in command.assignments
        if name in leaves
    }


def _initial(database: Database, path: str, leaves: Mapping[str, Leaf]) -> dict[str, Value]:
    arguments, found = _arguments(database, path), {}
    for name, leaf in leaves.items():
        whole = database.parameters.get(name) or arguments.get(name)
        text = leaf.type.initial if whole is None or whole.initial is None else whole.initial
        if text is not None:
            found[name] = _literal(leaf, text)
    return found


def _literal(leaf: Leaf, text: str) -> Value:
    try:
        given = literals.parse(leaf.type, text)
    except EncodeError as error:
        raise EncodeError(f"{leaf.name}: {error}") from None
    return writer.value(leaf.name, leaf.type, given)


def _repeated(node: Node) -> Iterator[str]:
    """Yield the names of what stands in an array."""
    match node:
        case Times(_, _, body):
            yield from (leaf.name for leaf in layout.leaves(body))
        case When(_, body) | Frame(body, _):
            yield from _repeated(body)
        case Group(parts):
            for part in parts:
                yield from _repeated(part)
