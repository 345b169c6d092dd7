"""One schema over files written at different times: what a table's columns are now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import pyarrow as pa

from ground.archive.store import SPACECRAFT


def digest(schema: pa.Schema) -> tuple[str, bytes]:
    """Return a schema's octets and the name that the catalogue keeps them by."""
    octets = schema.remove_metadata().serialize().to_pybytes()
    return hashlib.sha256(octets).hexdigest(), octets


def union(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """Return the columns of all, each of a type that holds its values in every one of them."""
    fields: dict[str, pa.Field] = {}
    for schema in schemas:
        for field in schema:
            known = fields.get(field.name)
            kind = field.type if known is None else merged(known.type, field.type)
            fields[field.name] = pa.field(field.name, kind)
    return pa.schema(list(fields.values()))


def merged(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    """Return a type for the values of both: the wider number, else text."""
    if left == right:
        return left
    if pa.types.is_null(left) or pa.types.is_null(right):
        return right if pa.types.is_null(left) else left
    if SPACECRAFT in (left, right) and pa.string() in (left, right):
        return SPACECRAFT
    if pa.types.is_integer(left) and pa.types.is_integer(right):
        return _wider(left, right)
    numbers = all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in (left, right))
    if numbers:
        return pa.float64()
    if _lists(left) and _lists(right):
        return pa.list_(merged(left.value_type, right.value_type))
    return pa.string()


def _lists(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind))


def _wider(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    """Return the narrowest integer type that holds both; text where none does."""
    if pa.types.is_signed_integer(left) == pa.types.is_signed_integer(right):
        return left if left.bit_width >= right.bit_width else right
    signed, unsigned = (left, right) if pa.types.is_signed_integer(left) else (right, left)
    bits = max(signed.bit_width, 2 * unsigned.bit_width)
    return {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}.get(bits, pa.string())


def together(parts: Sequence[pa.Table]) -> pa.Table:
    """Return tables end to end, with the columns of all; those that one lacks are null."""
    if len(parts) == 1:
        return parts[0]
    if any(not part.schema.equals(parts[0].schema) for part in parts):
        schema = union(part.schema for part in parts)
        parts = [conform(part, schema) for part in parts]
    return pa.concat_tables(parts)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with exactly these columns; those it lacks are null."""
    if table.schema.equals(schema):
        return table
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
            continue
        columns.append(_cast(table[field.name], field.type))
    return pa.table(columns, schema=schema)


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    if kind == SPACECRAFT:
        return column.cast(pa.string()).dictionary_encode()
    if pa.types.is_string(kind) and (pa.types.is_nested(column.type) or _octets(column.type)):
        return pa.chunked_array([[_text(value) for value in column.to_pylist()]], kind)
    return column.cast(kind, safe=not pa.types.is_floating(kind))


def _octets(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    ) or pa.types.is_fixed_size_binary(kind)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.hex() if isinstance(value, bytes) else str(value)
