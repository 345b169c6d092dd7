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

from ground.errors import Where
from ground.mdb import calibration
from ground.mdb.dictionary_fields import EXPAND, REQUIRED, Field, fields
from ground.mdb.dictionary_table import Notes, read
from ground.mdb.dictionary_tree import HEADER_BITS, KINDS, LENGTH, Tree, at_bit, encoding
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

PACKET = "PACKET"


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
    found = fields(table, notes)
    tree = Tree.plant(name or _stem(source), Where(source, 1), notes)
    entries = list(_Layout(tree, found).entries()) if not notes.refused else []
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


# ---- fields to entries ----------------------------------------------------------------------


class _Layout:
    """Puts fields one after the other; `at` is the bit so far, None after a variable one."""

    def __init__(self, tree: Tree, fields: list[Field]) -> None:
        self.tree = tree
        self.fields = fields
        self.notes = tree.notes
        self.at: int | None = HEADER_BITS
        self.seen: dict[str, Field] = {}

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

    def _place(self, field: Field) -> Location | None:
        if field.offset is None or field.offset == self.at:
            return None
        if self.at is None:
            message = f"{field.name} has a bit_offset after a field of variable length"
            self.notes.error(field.row.where, f"{message}; expected none in such a packet")
            return None
        self.at = field.offset
        return at_bit(field.offset)

    def _sizes(self, field: Field, later: list[Field]) -> tuple[Amount, ...] | None:
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

    def _room(self, field: Field, later: list[Field]) -> tuple[Amount, ...] | None:
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
        self, field: Field, sizes: tuple[Amount, ...] | None, location: Location | None
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
