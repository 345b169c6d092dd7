"""Writing Parquet files, whole or not at all.

Rows lie sorted by (spacecraft, t_ns, sequence) and row groups end where a spacecraft ends. Pages
carry checksums; those of whole column chunks, with the page headers, go to the catalogue.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ground.archive import checksums, disk, encodings
from ground.archive.rows import ranked

GROUP_ROWS = 16_384  # a row group of a segment ends with the spacecraft that reaches this
LARGEST_GROUP = 1 << 20
_STATISTICS = ["spacecraft", "t_ns"]


class _Digesting:
    """A file to Arrow that computes the digest of what passes; deaf once it has failed."""

    closed = False

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.digest = hashlib.sha256()
        self.octets = 0
        self.failed = False

    def write(self, octets: bytes) -> int:
        if self.failed:
            return len(octets)
        try:
            disk.write_all(self._descriptor, octets)
        except BaseException:
            self.failed = True
            raise
        self.digest.update(octets)
        self.octets += len(octets)
        return len(octets)

    def tell(self) -> int:
        return self.octets

    def flush(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, as the catalogue wants to know it."""

    octets: int
    rows: int
    memory: int
    digest: str
    footer: str
    sums: bytes

    @property
    def facts(self) -> tuple[int, int, int, str, str]:
        """Return what is the middle of a catalogue's `File`."""
        return self.octets, self.rows, self.memory, self.digest, self.footer


def write(path: Path, schema: pa.Schema, groups: Iterable[pa.Table]) -> Written:
    """Write one row group for each table, sync, and give the file its name.

    Raises:
        OSError: the disk is full, say; nothing is left of the file.
    """
    disk.make_folder(path.parent)
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        written = _write(temporary, descriptor, schema, groups)
        os.fsync(descriptor)
        disk.publish(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return written


def _write(path: Path, descriptor: int, schema: pa.Schema, groups: Iterable[pa.Table]) -> Written:
    sink = _Digesting(descriptor)
    writer, rows, memory = None, 0, 0
    try:
        for group in groups:
            writer = writer or _writer(sink, schema, group)
            writer.write_table(group, row_group_size=max(1, len(group)))
            rows, memory = rows + len(group), memory + group.nbytes
        writer = writer or _writer(sink, schema, schema.empty_table())
        writer.close()
    except BaseException:
        sink.failed = True
        if writer is not None:
            with suppress(Exception):
                writer.close()
        raise
    footer = checksums.footer(descriptor, sink.octets)
    sums = checksums.of_chunks(descriptor, pq.read_metadata(path))
    return Written(sink.octets, rows, memory, sink.digest.hexdigest(), footer, sums.tobytes())


def _writer(sink: _Digesting, schema: pa.Schema, sample: pa.Table) -> pq.ParquetWriter:
    chosen = encodings.choose(sample)
    return pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=chosen.dictionary or False,
        column_encoding=chosen.plain,
        write_statistics=_STATISTICS,
        write_page_checksum=True,
    )


def groups(table: pa.Table, least: int = GROUP_ROWS) -> Iterator[pa.Table]:
    """Cut sorted rows into row groups that end where a spacecraft ends, with `least` rows or more.

    So with `least` 1 each spacecraft has its own; a very large one has several.
    """
    ranks, _ = ranked(table["spacecraft"])
    ends = [*(np.flatnonzero(np.diff(ranks)) + 1).tolist(), len(table)]
    start = 0
    for end in ends:
        while end - start > LARGEST_GROUP:
            yield table.slice(start, LARGEST_GROUP)
            start += LARGEST_GROUP
        if end - start >= least or end == len(table):
            yield table.slice(start, end - start)
            start = end
