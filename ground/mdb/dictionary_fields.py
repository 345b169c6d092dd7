"""The lines of a ccsdspy CSV file as fields: what each line says, checked; not yet where it lies.

Source: the documentation of ccsdspy 2.0, "Loading definition from file" and "Byte order".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

from ground.errors import Where
from ground.mdb.dictionary_table import Notes, Row, Table
from ground.mdb.dictionary_tree import HEADER_BITS, LARGEST_PACKET, bad_size

REQUIRED = ("name", "data_type", "bit_length")
OPTIONAL = ("bit_offset", "byte_order", "calibration", "units", "description")
EXPAND = "expand"

_TYPE = re.compile(r"(uint|int|float|str|fill)\s*(?:\(([^()]*)\))?")
_ELEMENT = re.compile(r"(.+)\[(\d{1,6})\]")


@dataclass(frozen=True, slots=True)
class Field:
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


def fields(table: Table, notes: Notes) -> list[Field]:
    """Return the fields of a table, arrays joined and offsets counted from the packet's start."""
    return _offsets(_joined(list(_fields(table, notes)), notes), notes)


def _fields(table: Table, notes: Notes) -> Iterator[Field]:
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


def _field(row: Row, has_offset: bool, notes: Notes) -> Field | None:
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
    field = Field(row["name"], kind, bits, row, shape, offset, order)
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


def _joined(fields: list[Field], notes: Notes) -> list[Field]:
    """Make one array of the lines name[0], name[1] and so on."""
    result: list[Field] = []
    at = 0
    while at < len(fields):
        match = _ELEMENT.fullmatch(fields[at].name)
        end = at + 1
        while match and end < len(fields) and fields[end].name.startswith(match[1] + "["):
            end += 1
        result.append(_array(match[1], fields[at:end], notes) if match else fields[at])
        at = end
    return result


def _array(name: str, elements: list[Field], notes: Notes) -> Field:
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


def _offsets(fields: list[Field], notes: Notes) -> list[Field]:
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
