"""The newest row of each spacecraft and table, as the catalogue keeps it: one record batch each.

So "the latest value of everything" is a read of one small table, never a scan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from ground.archive import rows, schemas
from ground.archive.catalogue import Catalogue
from ground.archive.rows import Span


def put(
    catalogue: Catalogue, realm: str, name: str, table: pa.Table, found: Sequence[tuple[Span, int]]
) -> None:
    """Store the newest rows of a table, inside a transaction; `found` is what `rows.spans` says."""
    newest_rows = {span.spacecraft: (span.t1_ns, row) for span, row in found}
    kept = _plain(table.take(pa.array([row for _, row in newest_rows.values()], pa.int64())))
    [batch] = kept.combine_chunks().to_batches()
    octets = (batch.slice(at, 1).serialize().to_pybytes() for at in range(len(batch)))
    catalogue.records.put_latest(
        realm,
        name,
        catalogue.put_schema(kept.schema),
        [
            (spacecraft, t_ns, each)
            for (spacecraft, (t_ns, _)), each in zip(newest_rows.items(), octets, strict=True)
        ],
    )


def get(
    catalogue: Catalogue, realm: str, name: str | None, spacecraft: Sequence[str] | None
) -> dict[str, pa.Table]:
    """Return the newest rows by table, sorted by spacecraft; text of dictionaries comes plain."""
    found: dict[str, dict[str, list[bytes]]] = {}
    for table, digest, octets in catalogue.records.latest(realm, name, spacecraft):
        found.setdefault(table, {}).setdefault(digest, []).append(octets)
    return {
        table: _joined([_stream(catalogue.schema(digest), each) for digest, each in held.items()])
        for table, held in found.items()
    }


def _stream(schema: pa.Schema, batches: Iterable[bytes]) -> pa.Table:
    """Return batches as one table: behind their schema they are an Arrow stream."""
    octets = b"".join([schema.serialize().to_pybytes(), *batches])
    return pa.ipc.open_stream(pa.py_buffer(octets)).read_all()


def _joined(tables: list[pa.Table]) -> pa.Table:
    schema = schemas.union(table.schema for table in tables)
    parts = [schemas.conform(table, schema) for table in tables]
    joined = pa.concat_tables(parts).combine_chunks()
    column = joined["spacecraft"].cast(pa.string()).dictionary_encode()
    return rows.ordered(joined.set_column(0, "spacecraft", column))


def _plain(table: pa.Table) -> pa.Table:
    """Return the table with text in place of dictionaries, as one row carries none."""
    fields = [pa.field(field.name, plain(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def plain(kind: pa.DataType) -> pa.DataType:
    """Return a type without dictionaries in it."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(plain(kind.value_type), kind.list_size)
    if pa.types.is_list(kind):
        return pa.list_(plain(kind.value_type))
    return kind
