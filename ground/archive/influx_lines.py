"""InfluxDB line protocol out of Arrow tables, a request's worth of lines at a time.

    measurement,tag=value,... field=value,... nanoseconds

Text is made by whole columns: each column is cast once, and one join lays the pieces of a row
beside each other. What a line cannot carry (octets, lists whose length varies, nan and infinity,
integers beyond 63 bits) is left out and counted, never sent as something else.

Source: docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ground.archive import influx_fields
from ground.archive.influx_fields import Field

TIME = "time"
REQUEST_LINES = 5_000
REQUEST_FIELDS = 200_000  # some 6 MB of text; a server takes 25 MB at once by default


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines for one request.

    Attributes:
        text: string [N], one line each with its line feed.
        fields: values in them.
        given: rows they were made from.
        left_out: what is in no line: `time` and `field` count rows without one; all else counts
            values, by kind (see `influx_fields`).
    """

    text: pa.StringArray
    fields: int
    given: int
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.text)

    def body(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the lines [start, stop) as they are sent; without a copy of each line."""
        part = self.text[start : len(self.text) if stop is None else stop]
        if not len(part):
            return b""
        _, edges, octets = part.buffers()
        offsets = memoryview(edges).cast("i")
        first, last = offsets[part.offset], offsets[part.offset + len(part)]
        return memoryview(octets)[first:last].tobytes()


def lines(
    table: pa.Table,
    measurement: str,
    tags: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> Iterator[Lines]:
    """Yield the rows of a table as lines: each row one line, each other column one field or more.

    Args:
        table: with a column `time` (timestamp, UTC; a row without is left out and counted) and at
            least one more. Null values give no field. An array of fixed size gives `name_0`, ...
        tags: columns of text that are tags; where null or empty the line has no such tag.
        labels: tags with the same value in each line.

    Raises:
        ValueError: a measurement that a server would read as a comment or not at all.
    """
    if not measurement or measurement.startswith("#"):
        raise ValueError(f"{measurement!r} is no measurement")
    names = [name for name in table.column_names if name != TIME and name not in tags]
    wide = sum(influx_fields.width(table.schema.field(name).type) for name in names)
    step = max(1, min(REQUEST_LINES, REQUEST_FIELDS // max(1, wide)))
    head = influx_fields.measurement(measurement) + influx_fields.tags(labels or {})
    for start in range(0, len(table), step):
        yield _request(table.slice(start, step), head, tags, names)


def _request(table: pa.Table, head: str, tags: Sequence[str], names: Sequence[str]) -> Lines:
    left_out = Counter[str]()
    given = len(table)
    if table[TIME].null_count:
        left_out["time"] = table[TIME].null_count
        table = table.filter(table[TIME].is_valid())
    fields = [
        field
        for name in names
        for field in influx_fields.fields(name, influx_fields.whole(table[name]), left_out)
    ]
    text, without = _joined(table, head, tags, fields)
    left_out["field"] += without
    count = sum(len(field.text) - field.text.null_count for field in fields)
    return Lines(text, count, given, {kind: n for kind, n in left_out.items() if n})


def _joined(
    table: pa.Table, head: str, tags: Sequence[str], fields: Sequence[Field]
) -> tuple[pa.StringArray, int]:
    """Return the lines, and how many rows have no field and so no line."""
    always = next((field for field in fields if not field.text.null_count), None)
    if always is not None:
        rest = [piece for field in fields if field is not always for piece in field.pieces(",")]
        middle, empty = [*always.pieces(" "), *rest], None
    else:
        middle, empty = _sparse(len(table), fields)
    begin = [pa.scalar(head), *(influx_fields.tag(name, table[name]) for name in tags)]
    stamp = influx_fields.whole(table[TIME]).cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    end = [pa.scalar(" "), stamp.cast(pa.string()), pa.scalar("\n")]
    text = pc.binary_join_element_wise(*begin, *middle, *end, "", null_handling="skip")
    if empty is None:
        return text, 0
    return text.filter(pc.invert(empty)), int(pc.sum(empty).as_py() or 0)


def _sparse(rows: int, fields: Sequence[Field]) -> tuple[list[pa.Array], pa.Array]:
    """Return the joined fields of rows where each may be null, and which rows have none.

    The join begins with something that is never null, as it drops rows without anything.
    """
    if not fields:
        return [pa.array([""] * rows, pa.string())], pa.array([True] * rows, pa.bool_())
    begin = pa.array([""] * rows, pa.string())
    whole = [field.joined(",") for field in fields]
    joined = pc.binary_join_element_wise(begin, *whole, "", null_handling="skip")
    return [pa.scalar(" "), pc.utf8_slice_codeunits(joined, 1)], pc.equal(joined, "")
