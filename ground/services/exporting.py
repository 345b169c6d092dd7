"""Parameters out to a file that other tools read: a row a packet, raw and engineering columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ground.archive import export as writing
from ground.archive.store import KEYS, Store
from ground.decode import calibrate
from ground.errors import InputError
from ground.services import names, query, superseded, tables
from ground.services.library import Library

Progress = Callable[[int, int], None]
_Wanted = dict[str, list[names.Pattern]]
FORMS = ("csv", "parquet", "arrow")


def export(
    store: Store,
    library: Library,
    texts: Sequence[str],
    span: query.Span,
    to: Path,
    form: str | None,
    progress: Progress,
) -> dict[str, Any]:
    """Write the parameters that the globs mean to one file and say how much there was.

    A parameter is two columns: its engineering value under its path, and `PATH.raw` where that
    is something else. Arrays are lists (in CSV, a column for each element); where only some
    elements are meant, each is a parameter of its own.

    Raises:
        InputError: no such parameter or element, several packet types (one file has one), no
            format, or no folder for the file.
    """
    chosen = form or to.suffix.lstrip(".").lower()
    if chosen not in FORMS:
        raise InputError(f"{to}: format {chosen or 'unknown'}; expected one of {', '.join(FORMS)}")
    if not to.absolute().parent.is_dir():
        raise InputError(f"{to}: no folder {to.parent}; expected one that exists")
    table, wanted = _one_table(store, texts, span.realm)
    total = next(info.rows for info in store.tables(span.realm) if info.name == table)
    parts = _parts(store, library, table, wanted, span, lambda done: progress(done, total))
    if chosen == "csv":
        parts = map(_flat, parts)
    first = next(parts, None)
    if first is None:
        raise InputError(f"{' '.join(texts)}: no rows in this span; expected some to export")
    whole = chain([first], _alike(parts, first.schema, table))
    rows = writing.export(to, first.schema, whole, chosen)
    size = to.stat().st_size
    return {"path": str(to), "rows": rows, "columns": len(first.column_names), "octets": size}


def _one_table(store: Store, texts: Sequence[str], realm: str) -> tuple[str, _Wanted]:
    listed = query.parameters(store, realm)
    chosen = names.choose(texts, (path for paths in listed.values() for path in paths))
    found = {table: {p: chosen[p] for p in paths if p in chosen} for table, paths in listed.items()}
    found = {table: paths for table, paths in found.items() if paths}
    if len(found) > 1:
        raise InputError(
            f"{' '.join(texts)}: parameters of {len(found)} packet types ({', '.join(found)}); "
            "expected those of one, as a file has one row for each packet"
        )
    return next(iter(found.items()))


def _parts(
    store: Store,
    library: Library,
    table: str,
    wanted: _Wanted,
    span: query.Span,
    progress: Callable[[int], None],
) -> Iterator[pa.Table]:
    """Yield the rows in parts that fit in memory, with both values of each parameter."""
    needed = query.needed(store, library, table, wanted, span)
    keys = [*KEYS.names, "severity", "database"]
    stored = store.scan(span.realm, table, columns=[*keys, *sorted(needed)], **span.as_arguments())
    done = 0
    for rows in stored:
        for part, types in query.by_database(superseded.best(rows), library, table):
            raw = {
                path: tables.from_arrow(part[path], types[path])
                for path in sorted(needed)
                if path in types
            }
            engineering = calibrate.engineering(types, raw, [p for p in wanted if p in types])
            made = {key: part[key] for key in keys[:-1]}
            for path, column in engineering.items():
                if calibrate.identical(types[path]):
                    made |= _columns(path, part[path], None, wanted[path])
                else:
                    values = tables.shown(column, types[path])
                    made |= _columns(path, values, part[path], wanted[path])
            yield pa.table(made)
        done += rows.num_rows
        progress(done)


def _columns(
    path: str, values: pa.Array, raw: pa.ChunkedArray | None, patterns: list[names.Pattern]
) -> dict[str, Any]:
    """Return the columns of one parameter: a whole one, or each of the elements that are meant."""
    size = values.type.list_size if pa.types.is_fixed_size_list(values.type) else 0
    indices = names.elements(patterns, path, size)
    if len(indices) == size:
        return {path: values} | ({} if raw is None else {f"{path}.raw": raw})
    made: dict[str, Any] = {}
    for index in indices:
        name = names.element(path, index)
        made[name] = pc.list_element(values, index)
        if raw is not None:
            made[f"{name}.raw"] = pc.list_element(raw, index)
    return made


def _alike(parts: Iterator[pa.Table], schema: pa.Schema, table: str) -> Iterator[pa.Table]:
    """Yield the parts, as long as they have the columns of the first one."""
    for part in parts:
        if not part.schema.equals(schema):
            raise InputError(
                f"{table}: decoded by databases that give these parameters other types; "
                "expected a span of time with one of them"
            )
        yield part


def _flat(part: pa.Table) -> pa.Table:
    """Return the rows with a column for each element of an array, as CSV has no lists."""
    made: dict[str, Any] = {}
    for name, column in zip(part.column_names, part.columns, strict=True):
        if not pa.types.is_fixed_size_list(column.type):
            made[name] = column
            continue
        for index in range(column.type.list_size):
            made[names.element(name, index)] = pc.list_element(column, index)
    return pa.table(made)
