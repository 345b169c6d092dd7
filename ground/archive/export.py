"""Tables to files for other tools: CSV, Parquet and Arrow, a bounded number of rows at a time.

CSV has no arrays and no octets: the elements of a fixed-size list become columns `name[0]`,
`name[1]` and so on, a list that varies becomes text, octets become hexadecimal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from ground.archive import disk, newest
from ground.errors import InputError

Writer = Callable[[Any, pa.Schema], Any]


def export(path: Path, schema: pa.Schema, tables: Iterable[pa.Table], kind: str = "") -> int:
    """Write tables of one schema to a file, whole or not at all, and return how many rows.

    Args:
        kind: csv, parquet or arrow (the IPC file format); empty for what the file name ends in.

    Raises:
        InputError: a kind that is none of these.
        ArchiveError: the disk is full, say; no file is left.
    """
    kind = kind or path.suffix.lstrip(".").lower()
    if kind not in _WRITERS:
        raise InputError(f"{path}: {kind!r} is no format to export; expected csv, parquet or arrow")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk.reporting("exporting", path.parent):
        try:
            rows = _write(temporary, schema, tables, kind)
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return rows


def _write(path: Path, schema: pa.Schema, tables: Iterable[pa.Table], kind: str) -> int:
    flatten = flat if kind == "csv" else _whole
    rows = 0
    with path.open("xb") as stream:
        with _WRITERS[kind](stream, flatten(schema.empty_table()).schema) as writer:
            for table in tables:
                writer.write_table(flatten(table))
                rows += len(table)
        stream.flush()
        os.fsync(stream.fileno())
    return rows


def flat(table: pa.Table) -> pa.Table:
    """Return a table of plain columns, as CSV can hold them."""
    made: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        plain = column.cast(newest.plain(column.type))
        if pa.types.is_fixed_size_list(plain.type):
            for place in range(plain.type.list_size):
                made[f"{name}[{place}]"] = _cell(pc.list_element(plain, place))
        else:
            made[name] = _cell(plain)
    return pa.table(made)


def _cell(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose values have a text of their own."""
    kind = column.type
    if pa.types.is_nested(kind) or _octets(kind):
        return pa.chunked_array([[_text(value) for value in column.to_pylist()]], pa.string())
    return column


def _octets(kind: pa.DataType) -> bool:
    fixed = pa.types.is_fixed_size_binary(kind)
    return bool(fixed or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.hex() if isinstance(value, bytes) else json.dumps(value, default=_text)


def _whole(table: pa.Table) -> pa.Table:
    """Return the table with uniform dictionaries, as the Arrow file format wants them."""
    fields = [pa.field(field.name, newest.plain(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


_WRITERS: dict[str, Writer] = {
    "csv": pa.csv.CSVWriter,
    "parquet": pq.ParquetWriter,
    "arrow": pa.ipc.new_file,
}
