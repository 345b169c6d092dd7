"""Reading Parquet files: a row group of the columns wanted, each proved to be as it was written."""

from __future__ import annotations

import errno
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ground.archive import checksums
from ground.archive.catalogue import Catalogue, File
from ground.archive.rows import NO_DAY, Window
from ground.archive.store import ArchiveError

_OPEN_FILES = 128
_ALL = Window()


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


@dataclass(frozen=True, slots=True)
class _Open:
    """An open Parquet file.

    Attributes:
        stream: the file for our own eyes.
        parquet: the file as Arrow reads it, page checksums and all.
        groups: what each row group may hold.
        leaves: the leaf columns of each column.
        sums: uint32 [row groups, leaf columns], CRC-32 of column chunks as the catalogue has them.
    """

    stream: FileIO
    parquet: pq.ParquetFile
    groups: list[_Group]
    leaves: dict[str, range]
    sums: NDArray[np.uint32]

    def check(self, number: int, columns: Sequence[str]) -> None:
        """Raise OSError where a column of a row group is not as it was written."""
        for column in columns:
            for leaf in self.leaves[column]:
                place = checksums.place(self.parquet.metadata, number, leaf)
                if checksums.of_chunk(self.stream.fileno(), *place) != self.sums[number, leaf]:
                    raise OSError(f"row group {number} column {column}: the checksum is wrong")

    def close(self) -> None:
        self.parquet.close()
        self.stream.close()


class OpenFiles:
    """The Parquet files that are open, the last used ones first to hand."""

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        self._root = root
        self._catalogue = catalogue
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self.opened = 0  # files opened and
        self.row_groups = 0  # row groups read since the start, for tests and measurements

    def read(
        self, file: File, columns: Sequence[str] | None = None, window: Window = _ALL
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
        held = self._get(file)
        wanted = [
            name for name in (held.leaves if columns is None else columns) if name in held.leaves
        ]
        self.row_groups += 1
        try:
            held.check(number, wanted)
            return held.parquet.read_row_group(number, columns=wanted)
        except (OSError, pa.ArrowException) as error:
            raise ArchiveError(f"{self._root / file.path}: damaged: {error}") from error

    def close(self) -> None:
        """Close all files."""
        while self._open:
            self._open.popitem()[1].close()

    def _get(self, file: File) -> _Open:
        if file.path in self._open:
            self._open.move_to_end(file.path)
            return self._open[file.path]
        stream = (self._root / file.path).open("rb", buffering=0)
        try:
            held = self._open[file.path] = self._checked(file, stream)
        except BaseException:
            stream.close()
            raise
        self.opened += 1
        if len(self._open) > _OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        return held

    def _checked(self, file: File, stream: FileIO) -> _Open:
        path = self._root / file.path
        octets = os.fstat(stream.fileno()).st_size
        if octets != file.octets:
            raise ArchiveError(f"{path}: {octets} octets; expected {file.octets}")
        if checksums.footer(stream.fileno(), octets) != file.footer:
            raise ArchiveError(f"{path}: damaged: the checksum of its footer is wrong")
        sums = np.frombuffer(self._catalogue.sums(file), "<u4")
        try:
            parquet = pq.ParquetFile(path, page_checksum_verification=True) if len(sums) else None
        except FileNotFoundError:  # Arrow's does not say which file
            parquet = None
        if parquet is None:
            raise FileNotFoundError(errno.ENOENT, "replaced meanwhile", str(path))
        groups = [_group(parquet.metadata, at) for at in range(parquet.num_row_groups)]
        leaves = checksums.leaves(parquet.schema_arrow)
        return _Open(stream, parquet, groups, leaves, sums.reshape(len(groups), -1))


def _group(metadata: pq.FileMetaData, number: int) -> _Group:
    spacecraft = metadata.row_group(number).column(0).statistics
    times = metadata.row_group(number).column(1).statistics
    t0, t1 = (times.min, times.max) if times.has_min_max else (None, None)
    return _Group(spacecraft.min, spacecraft.max, t0, t1, times.null_count > 0)
