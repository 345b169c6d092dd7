"""Which Parquet encoding a column gets, by its kind.

Measured on housekeeping: integers and times as differences (DELTA_BINARY_PACKED), a tenth of
what a dictionary takes; quantised floats, labels and text by dictionary; noisy floats with their
octets split (BYTE_STREAM_SPLIT), where a dictionary would grow as large as the column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

SAMPLE = 4096  # values looked at to tell a quantised float from a noisy one
_QUANTISED = 0.8  # distinct values in the sample, at most, for a dictionary to pay


@dataclass(frozen=True, slots=True)
class Encodings:
    """Leaf columns with a dictionary, and the encoding of those without."""

    dictionary: list[str]
    plain: dict[str, str]


def choose(table: pa.Table) -> Encodings:
    """Return encodings for a table's leaf columns, judged by its kinds and a sample of its rows."""
    made = Encodings([], {})
    for name, column in zip(table.column_names, table.columns, strict=True):
        for path, values in _leaves(name, column):
            encoding = _encoding(values)
            if encoding is None:
                made.dictionary.append(path)
            else:
                made.plain[path] = encoding
    return made


def _leaves(path: str, column: pa.ChunkedArray) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Yield the leaves of a column by the path that Parquet knows them by."""
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind) or pa.types.is_large_list(kind):
        chunks = [chunk.flatten() for chunk in column.slice(0, SAMPLE).chunks]
        yield from _leaves(f"{path}.list.element", pa.chunked_array(chunks, kind.value_type))
    elif pa.types.is_struct(kind):
        for place, child in enumerate(column.flatten()):
            yield from _leaves(f"{path}.{kind.field(place).name}", child)
    else:
        yield path, column


def _encoding(values: pa.ChunkedArray) -> str | None:
    """Return an encoding by its name in Parquet, or None for a dictionary."""
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_temporal(kind):
        return "DELTA_BINARY_PACKED"
    if pa.types.is_floating(kind):
        return None if _quantised(values) else "BYTE_STREAM_SPLIT"
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return None
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "DELTA_LENGTH_BYTE_ARRAY"
    return "PLAIN"


def _quantised(values: pa.ChunkedArray) -> bool:
    """Whether a float column repeats its values: few distinct ones among evenly spaced rows."""
    step = max(1, len(values) // SAMPLE)
    found = values.take(pa.array(np.arange(0, len(values), step))).drop_null()
    if not len(found):
        return True
    return len(np.unique(found.to_numpy())) <= _QUANTISED * len(found)
