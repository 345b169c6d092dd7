"""Parquet files: written whole and checked when read.

Rows lie sorted by (spacecraft, t_ns, sequence); row groups end where a spacecraft ends. Pages
carry checksums, and the footer's digest stands in the catalogue, so that a flipped bit is an
error that names the file.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ground.archive import disk, encodings
from ground.archive.catalogue import File
from ground.archive.rows import NO_DAY, Window, ranked
from ground.archive.store import ArchiveError

GROUP_ROWS = 16_384  # a row group of a segment ends with the spacecraft that reaches this
LARGEST_GROUP = 1 << 20
_STATISTICS = ["spacecraft", "t_ns"]
_TAIL_OCTETS = 8  # length of the footer and the magic, at the end of a Parquet file
_OPEN_FILES = 128
ALL = Window()


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
        written = _write(descriptor, schema, groups)
        os.fsync(descriptor)
        disk.publish(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return written


def _write(descriptor: int, schema: pa.Schema, groups: Iterable[pa.Table]) -> Written:
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
    footer = hashlib.sha256(_footer(descriptor, sink.octets)).hexdigest()
    return Written(sink.octets, rows, memory, sink.digest.hexdigest(), footer)


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


def _footer(descriptor: int, octets: int) -> bytes:
    """Return the footer of a Parquet file with its length and magic, or what there is of it."""
    tail = os.pread(descriptor, _TAIL_OCTETS, max(0, octets - _TAIL_OCTETS))
    length = int.from_bytes(tail[:4], "little") + _TAIL_OCTETS
    return os.pread(descriptor, length, octets - length) if length <= octets else b""


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


@dataclass(frozen=True, slots=True)
class _Group:
    """What the statistics say of a row group."""

    first: str
    last: str
    t0_ns: int | None
    t1_ns: int | None
    untimed: bool

    def may_hold(self, window: Window) -> bool:
        names = window.spacecraft
        if names and not any(self.first <= name <= self.last for name in names):
            return False
        if window.day == NO_DAY:
            return self.untimed
        if window.start_ns is None and window.end_ns is None:
            return True
        if self.t0_ns is None or self.t1_ns is None:
            return False
        return (window.end_ns is None or self.t0_ns < window.end_ns) and (
            window.start_ns is None or self.t1_ns >= window.start_ns
        )


@dataclass(slots=True)
class _Open:
    """An open Parquet file and its row groups."""

    parquet: pq.ParquetFile
    groups: list[_Group] = field(default_factory=list)


class Segments:
    """The Parquet files that are open, the last used ones first to hand."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self.opened = 0  # files opened and
        self.row_groups = 0  # row groups read since the start, for tests and measurements

    def read(
        self, file: File, columns: Sequence[str] | None = None, window: Window = ALL
    ) -> Iterator[pa.Table]:
        """Yield the row groups that may hold rows of a window; others are among those rows.

        Raises:
            FileNotFoundError: it was compacted away meanwhile.
            ArchiveError: it is not as it was written.
        """
        for number in self.overlapping(file, window):
            yield self.row_group(file, number, columns)

    def overlapping(self, file: File, window: Window) -> list[int]:
        """Return which row groups may hold rows of a window, by their statistics."""
        held = self._get(file)
        return [at for at, group in enumerate(held.groups) if group.may_hold(window)]

    def row_group(self, file: File, number: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return one row group, those of the columns that the file has."""
        parquet = self._get(file).parquet
        names = parquet.schema_arrow.names
        wanted = None if columns is None else [name for name in columns if name in names]
        self.row_groups += 1
        try:
            return parquet.read_row_group(number, columns=wanted)
        except (OSError, pa.ArrowException) as error:
            raise ArchiveError(f"{self._root / file.path}: damaged: {error}") from error

    def close(self) -> None:
        """Let go of all files."""
        self._open.clear()  # a file closes once nobody reads it any more

    def _get(self, file: File) -> _Open:
        if file.path in self._open:
            self._open.move_to_end(file.path)
            return self._open[file.path]
        held = self._open[file.path] = self._checked(file)
        self.opened += 1
        if len(self._open) > _OPEN_FILES:
            self._open.popitem(last=False)
        return held

    def _checked(self, file: File) -> _Open:
        path = self._root / file.path
        with path.open("rb") as stream:
            octets = os.fstat(stream.fileno()).st_size
            footer = _footer(stream.fileno(), octets)
        if octets != file.octets:
            raise ArchiveError(f"{path}: {octets} octets; expected {file.octets}")
        if hashlib.sha256(footer).hexdigest() != file.footer:
            raise ArchiveError(f"{path}: the file's footer is damaged")
        parquet = pq.ParquetFile(path, page_checksum_verification=True)
        return _Open(
            parquet, [_group(parquet.metadata, at) for at in range(parquet.num_row_groups)]
        )


def _group(metadata: pq.FileMetaData, number: int) -> _Group:
    spacecraft = metadata.row_group(number).column(0).statistics
    times = metadata.row_group(number).column(1).statistics
    t0, t1 = (times.min, times.max) if times.has_min_max else (None, None)
    return _Group(spacecraft.min, spacecraft.max, t0, t1, times.null_count > 0)
