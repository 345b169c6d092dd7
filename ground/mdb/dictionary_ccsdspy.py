"""Packet dictionaries of ccsdspy: one CSV file is one packet type, one line is one field.

Columns: `name`, `data_type` (uint, int, float, str or fill, with a shape in parentheses for an
array), `bit_length`, and where wanted `bit_offset`, `byte_order` (big, little, or digits as 3412),
`calibration` (JSON: labels by value or "[first,last]", or coefficients by exponent), `units`,
`description`.

A shape is numbers (`int(12, 24)`), the name of an earlier field that counts the elements, or
`expand`: as many elements as the packet has room for between what stands before and after.

Offsets count from the start of the packet, as ccsdspy has it. Deviation: where a field would lie in
the primary header, which cannot be meant, they count from its end, and a warning says so.

`name[0]`, `name[1]` and so on, line by line, become one array.

Source: the documentation of ccsdspy 2.0, "Loading definition from file" and "Byte order".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

from ground.errors import Where
from ground.mdb import calibration
from ground.mdb.dictionary_table import Notes, Row, Table, read
from ground.mdb.dictionary_tree import (
    HEADER_BITS,
    KINDS,
    LARGEST_PACKET,
    LENGTH,
    Tree,
    at_bit,
    bad_size,
    encoding,
)
from ground.mdb.model import (
    Amount,
    ArrayType,
    Database,
    Dynamic,
    Entry,
    Fixed,
    FixedEntry,
    Kind,
    Location,
    ParameterEntry,
    Reference,
    ScalarType,
)

REQUIRED = ("name", "data_type", "bit_length")
OPTIONAL = ("bit_offset", "byte_order", "calibration", "units", "description")
EXPAND = "expand"
PACKET = "PACKET"

_TYPE = re.compile(r"(uint|int|float|str|fill)\s*(?:\(([^()]*)\))?")
_ELEMENT = re.compile(r"(.+)\[(\d{1,6})\]")


@dataclass(frozen=True, slots=True)
class _Field:
    """One line, read. `shape` is sizes, or the name of what counts the elements, or EXPAND."""

    name: str
    kind: str
    bits: int
    row: Row
    shape: tuple[int, ...] | str = ()
    offset: int | None = None
    byte_order: tuple[int, ...] | None = None

    @property
    def total(self) -> int | None:
        """Bits of all elements, where the packet does not decide it."""
        return None if isinstance(self.shape, str) else self.bits * prod(self.shape)


def load(
    octets: bytes, source: str, *, apid: int | None = None, name: str | None = None
) -> Database:
    """Read one ccsdspy CSV file.

    Args:
        source: what problems name as the file.
        apid: of the packets that the file describes; without it, of any APID.
        name: of the system; without it, the file's name.

    Raises:
        DatabaseError: the file is wrong; it holds every problem with its line.
    """
    notes = Notes([])
    table = read(octets, source, notes)
    fields = _offsets(_joined(list(_fields(table, notes)), notes), notes)
    tree = Tree.plant(name or _stem(source), Where(source, 1), notes)
    entries = list(_Layout(tree, fields).entries()) if not notes.refused else []
    conditions = () if apid is None else (tree.apid_is(apid),)
    tree.add_packet(PACKET, entries, Where(source, 1), conditions)
    return tree.grown(hashlib.sha256(octets).hexdigest(), source)


def describes(octets: bytes) -> bool:
    """Return whether a file looks like this dialect: its header has a column of those required."""
    header = octets.partition(b"\n")[0].decode("utf-8-sig", "replace")
    return not set(REQUIRED).isdisjoint(cell.strip(' "\r') for cell in header.split(","))


def _stem(source: str) -> str:
    last = re.split(r"[/\\]", source)[-1]
    return re.sub(r"[^\w-]+", "_", last.rsplit(".", 1)[0]) or PACKET


# ---- lines to fields ------------------------------------------------------------------------


def _fields(table: Table, notes: Notes) -> Iterator[_Field]:
    missing = [column for column in REQUIRED if column not in table.columns]
    if not table.columns:
        return
    if missing:
        message = f"no column {', '.join(missing)}; expected {', '.join(REQUIRED)}"
        notes.error(Where(table.source, 1), message)
        return
    for column in table.columns:
        if column not in REQUIRED + OPTIONAL:
            expected = f"expected one of {', '.join(REQUIRED + OPTIONAL)}"
            notes.warning(Where(table.source, 1), f"column {column!r} was not read; {expected}")
    if not table.rows and not notes.refused:
        notes.error(Where(table.source, 1), "no fields; expected a line for each")
    for row in table.rows:
        field = _field(row, "bit_offset" in table.columns, notes)
        if field is not None:
            yield field


def _field(row: Row, has_offset: bool, notes: Notes) -> _Field | None:
    match = _TYPE.fullmatch(row["data_type"])
    if match is None:
        expected = "expected uint, int, float, str or fill, with a shape for arrays"
        notes.error(row.where, f"data_type {row['data_type'][:40]!r}; {expected}")
    bits = row.whole("bit_length", 1, LARGEST_PACKET, notes)
    offset = row.whole("bit_offset", 0, LARGEST_PACKET, notes) if has_offset else None
    if match is None or bits is None or (has_offset and offset is None):
        return None
    kind, shape = match[1], _shape(match[2], row, notes)
    wrong = bad_size(kind, bits)
    if wrong:
        notes.error(row.where, f"bit_length is {bits}; {wrong}")
    if shape is None or wrong:
        return None
    order = _byte_order(row, bits, notes)
    field = _Field(row["name"], kind, bits, row, shape, offset, order)
    if (field.total or 0) > LARGEST_PACKET:
        notes.error(row.where, f"{field.name} of {field.total} bits does not fit; expected less")
        return None
    return field


def _shape(text: str | None, row: Row, notes: Notes) -> tuple[int, ...] | str | None:
    if text is None:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if all(re.fullmatch(r"[1-9][0-9]{0,5}", part) for part in parts):
        return tuple(int(part) for part in parts)
    if len(parts) == 1 and parts[0] and not parts[0].isdigit():
        return parts[0]
    expected = "expected numbers from 1, the name of another field, or expand"
    notes.error(row.where, f"shape ({text[:40]}); {expected}")
    return None


def _byte_order(row: Row, bits: int, notes: Notes) -> tuple[int, ...] | None:
    """Return the place at which each octet is sent, from the most significant one.

    Digits name octets by significance, 1 the least; the last digit is sent first, so that 4321 is
    little and 1234 is big.
    """
    order, count = row["byte_order"], bits // 8
    if order in ("", "big"):
        return None
    if order == "little" and bits % 8 == 0:
        return tuple(reversed(range(count)))
    if bits % 8 == 0 and sorted(order) == sorted("123456789"[:count]):
        places = {int(digit): count - 1 - index for index, digit in enumerate(order)}
        return tuple(places[significance] for significance in range(count, 0, -1))
    expected = f"expected big, little, or each digit of 1 to {count} once, for whole octets"
    notes.error(row.where, f"byte_order {order[:40]!r} for {bits} bits; {expected}")
    return None


# ---- elements that stand line by line -------------------------------------------------------


def _joined(fields: list[_Field], notes: Notes) -> list[_Field]:
    """Make one array of the lines name[0], name[1] and so on."""
    result: list[_Field] = []
    at = 0
    while at < len(fields):
        match = _ELEMENT.fullmatch(fields[at].name)
        end = at + 1
        while match and end < len(fields) and fields[end].name.startswith(match[1] + "["):
            end += 1
        result.append(_array(match[1], fields[at:end], notes) if match else fields[at])
        at = end
    return result


def _array(name: str, elements: list[_Field], notes: Notes) -> _Field:
    first = elements[0]
    for index, element in enumerate(elements):
        expected = replace(first, name=f"{name}[{index}]", row=element.row, offset=element.offset)
        if element != expected or element.shape:
            message = f"{element.name} ({element.kind}, {element.bits} bits); expected "
            notes.error(element.row.where, message + f"{expected.name}, of one kind with the first")
            break
        if first.offset is not None and element.offset not in (
            first.offset,  # as some tables leave it to the reader
            first.offset + index * first.bits,
        ):
            message = f"{element.name} at bit {element.offset}; expected the elements in a row"
            notes.error(element.row.where, message)
            break
    return replace(first, name=name, shape=(len(elements),))


def _offsets(fields: list[_Field], notes: Notes) -> list[_Field]:
    """Count all offsets from the start of the packet."""
    inside = [field for field in fields if field.offset is not None and field.offset < HEADER_BITS]
    if not inside:
        return fields
    found = f"{inside[0].name} at bit {inside[0].offset} would lie in the primary header"
    notes.warning(inside[0].row.where, f"{found}; offsets were counted from its end")
    return [
        replace(field, offset=field.offset + HEADER_BITS) if field.offset is not None else field
        for field in fields
    ]


# ---- fields to entries ----------------------------------------------------------------------


class _Layout:
    """Puts fields one after the other; `at` is the bit so far, None after a variable one."""

    def __init__(self, tree: Tree, fields: list[_Field]) -> None:
        self.tree = tree
        self.fields = fields
        self.notes = tree.notes
        self.at: int | None = HEADER_BITS
        self.seen: dict[str, _Field] = {}

    def entries(self) -> Iterator[Entry]:
        for index, field in enumerate(self.fields):
            location = self._place(field)
            if field.kind == "fill" and field.total is not None:
                octets = bytes((field.total + 7) // 8)
                yield FixedEntry(field.total, octets, field.row.where, field.name, location)
            elif self.tree.is_new(self.tree.path(field.name), field.row.where):
                sizes = self._sizes(field, self.fields[index + 1 :])
                yield self._parameter(field, sizes, location)
            self.seen[field.name] = field
            total = field.total
            self.at = None if self.at is None or total is None else self.at + total

    def _place(self, field: _Field) -> Location | None:
        if field.offset is None or field.offset == self.at:
            return None
        if self.at is None:
            message = f"{field.name} has a bit_offset after a field of variable length"
            self.notes.error(field.row.where, f"{message}; expected none in such a packet")
            return None
        self.at = field.offset
        return at_bit(field.offset)

    def _sizes(self, field: _Field, later: list[_Field]) -> tuple[Amount, ...] | None:
        if not isinstance(field.shape, str):
            return tuple(Fixed(size) for size in field.shape)
        if field.shape == EXPAND:
            return self._room(field, later)
        counter = self.seen.get(field.shape)
        if counter is None or counter.shape or counter.kind not in ("uint", "int"):
            message = f"{field.name} takes its size from {field.shape!r}; expected an earlier field"
            self.notes.error(field.row.where, f"{message} of one integer")
            return None
        return (Dynamic(Reference(self.tree.path(field.shape), calibrated=False)),)

    def _room(self, field: _Field, later: list[_Field]) -> tuple[Amount, ...] | None:
        """Return how many elements the packet has room for, from its length field."""
        after = [each.total for each in later]
        if self.at is None or None in after:
            message = f"{field.name} grows with the packet, beside another field of variable length"
            self.notes.error(field.row.where, f"{message}; expected one such field in a packet")
            return None
        taken = self.at + sum(total for total in after if total is not None)
        length = Reference(self.tree.path(LENGTH), calibrated=False)
        return (Dynamic(length, 8 / field.bits, (7 * 8 - taken) / field.bits),)

    def _parameter(
        self, field: _Field, sizes: tuple[Amount, ...] | None, location: Location | None
    ) -> Entry:
        path, row = self.tree.path(field.name), field.row
        meaning = calibration.read(row["calibration"], row.where, self.notes)
        kind = meaning.kind(KINDS.get(field.kind, Kind.BINARY))
        scalar = ScalarType(
            path=path + "[]" if field.shape else path,
            kind=kind,
            encoding=encoding(field.kind, field.bits, field.byte_order),
            where=row.where,
            units=row["units"],
            description=row["description"],
            signed=field.kind == "int",
            calibrator=meaning.calibrator,
            labels=meaning.labels,
        )
        if field.shape:
            dimensions = max(1, len(field.shape)) if not isinstance(field.shape, str) else 1
            array = ArrayType(
                path, scalar.path, dimensions, row.where, sizes or (), scalar.description
            )
            self.tree.add_array(scalar, array)
        else:
            self.tree.add(scalar)
        return ParameterEntry(path, row.where, location)
