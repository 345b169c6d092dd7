"""Checksums of Parquet files that let a reader trust one column without reading the others.

Page checksums do not cover page headers, and one wrong bit there can change values unseen. So
the CRC-32 of each column chunk, headers and all, stands in the catalogue, and so does the digest
of the footer, which says where the chunks lie.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

_TAIL_OCTETS = 8  # length of the footer and the magic, at the end of a Parquet file


def footer(descriptor: int, octets: int) -> str:
    """Return the SHA-256 of the footer, length and magic of a Parquet file of so many octets."""
    tail = os.pread(descriptor, _TAIL_OCTETS, max(0, octets - _TAIL_OCTETS))
    length = int.from_bytes(tail[:4], "little") + _TAIL_OCTETS
    found = os.pread(descriptor, length, octets - length) if length <= octets else b""
    return hashlib.sha256(found).hexdigest()


def of_chunks(descriptor: int, metadata: pq.FileMetaData) -> NDArray[np.uint32]:
    """Return the CRC-32 of each column chunk, uint32 [row groups, leaf columns]."""
    sums = np.zeros((metadata.num_row_groups, metadata.num_columns), "<u4")
    for group in range(metadata.num_row_groups):
        for leaf in range(metadata.num_columns):
            sums[group, leaf] = of_chunk(descriptor, *place(metadata, group, leaf))
    return sums


def of_chunk(descriptor: int, offset: int, length: int) -> int:
    """Return the CRC-32 of a part of a file."""
    return zlib.crc32(os.pread(descriptor, length, offset))


def place(metadata: pq.FileMetaData, group: int, leaf: int) -> tuple[int, int]:
    """Return offset and length of a column chunk with its page headers."""
    chunk = metadata.row_group(group).column(leaf)
    offset = chunk.data_page_offset
    if chunk.has_dictionary_page:
        offset = min(offset, chunk.dictionary_page_offset)
    return offset, chunk.total_compressed_size


def leaves(schema: pa.Schema) -> dict[str, range]:
    """Return which leaf columns of a Parquet file hold each column."""
    found, first = {}, 0
    for field in schema:
        count = sum(1 for _ in _leaves(field.type))
        found[field.name] = range(first, first + count)
        first += count
    return found


def _leaves(kind: pa.DataType) -> Iterator[pa.DataType]:
    if pa.types.is_struct(kind):
        for at in range(kind.num_fields):
            yield from _leaves(kind.field(at).type)
    elif (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    ):
        yield from _leaves(kind.value_type)
    else:
        yield kind
