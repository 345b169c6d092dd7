"""The hot tail: what was appended last, in Arrow streams that grow, one for each table.

Every append adds one LZ4 record batch to each table's stream and syncs it; the committed length
stands in the catalogue, so octets beyond it (of an append that never finished) are no rows. A
stream whose append failed is cut back and never written again: the next append starts another.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from ground.archive import disk
from ground.archive.catalogue import HOT, Catalogue, File
from ground.archive.store import ArchiveError

FILE_OCTETS = 1 << 20  # a small file is counted as one of this size, as each must be opened
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


class _Collect:
    """A file to Arrow, a buffer to us: what the stream writer emits until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._octets = bytearray()

    def write(self, octets: bytes) -> int:
        self._octets += octets
        return len(octets)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytearray:
        taken, self._octets = self._octets, bytearray()
        return taken


@dataclass(slots=True)
class _Stream:
    """One growing file; `file` is what is committed of it."""

    file: File
    schema: pa.Schema
    descriptor: int
    collect: _Collect
    writer: pa.RecordBatchStreamWriter
    added: File = field(init=False)

    def add(self, table: pa.Table) -> None:
        """Write a table's rows behind the committed ones."""
        self.writer.write_table(table)
        octets = self.collect.take()
        disk.write_all(self.descriptor, octets)
        self.added = replace(
            self.file,
            octets=self.file.octets + len(octets),
            rows=self.file.rows + len(table),
            memory=self.file.memory + table.nbytes,
            digest=f"{zlib.crc32(octets, int(self.file.digest, 16)):08x}",
        )

    def close(self) -> None:
        """Close the file; whatever the stream writer still says goes nowhere."""
        self.writer.close()
        os.close(self.descriptor)


class Tail:
    """The streams that this writer has open, by realm and table."""

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        self._root = root
        self._catalogue = catalogue
        self._streams: dict[tuple[str, str], _Stream] = {}
        self._ended: dict[tuple[str, str], int] = {}  # memory of the files of older schemas

    def add(self, realm: str, name: str, table: pa.Table) -> File:
        """Write rows to the table's stream and return what the file is once they are committed."""
        stream = self._streams.get((realm, name))
        if stream is None or not stream.schema.equals(table.schema):
            self._end((realm, name))
            stream = self._streams[realm, name] = self._start(realm, name, table.schema)
        stream.add(table)
        return stream.added

    def sync(self, keys: Iterable[tuple[str, str]]) -> None:
        """Wait until what was added to these streams is on the disk."""
        for key in keys:
            os.fdatasync(self._streams[key].descriptor)

    def commit(self, keys: Iterable[tuple[str, str]]) -> None:
        """Take what was added as committed, once the catalogue has it."""
        for key in keys:
            self._streams[key].file = self._streams[key].added

    def abandon(self, keys: Iterable[tuple[str, str]]) -> None:
        """Cut these streams back to what is committed and write to them no more.

        The catalogue is asked what that is: whoever was interrupted may have committed first.
        """
        for key in keys:
            stream = self._streams.pop(key, None)
            if stream is None:
                continue
            with suppress(OSError, sqlite3.Error):
                octets = self._catalogue.committed(stream.file)
                os.ftruncate(stream.descriptor, octets)
                if not octets:
                    (self._root / stream.file.path).unlink()
            stream.close()

    def memory(self, realm: str, name: str) -> int:
        """Return about how many octets of rows were added to the table since it was closed."""
        stream = self._streams.get((realm, name))
        return self._ended.get((realm, name), 0) + (stream.file.memory if stream else 0)

    def close(self, realm: str, name: str) -> None:
        """Write to this table's stream no more; its files are to become a segment."""
        self._end((realm, name))
        self._ended.pop((realm, name), None)

    def _end(self, key: tuple[str, str]) -> None:
        stream = self._streams.pop(key, None)
        if stream:
            self._ended[key] = self._ended.get(key, 0) + max(stream.file.memory, FILE_OCTETS)
            stream.close()

    def close_all(self) -> None:
        """Write to no stream any more."""
        for realm, name in list(self._streams):
            self.close(realm, name)

    def _start(self, realm: str, name: str, schema: pa.Schema) -> _Stream:
        number = self._catalogue.new_number()
        folder = disk.realm_folder(self._root, realm) / "tlm" / "hot" / disk.table_folder(name)
        disk.make_folder(folder)
        path = folder / f"{number:08d}.arrows"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        disk.sync_folder(folder)
        relative = str(path.relative_to(self._root))
        file = File(number, realm, name, HOT, relative, 0, 0, 0, "0", "", "")
        collect = _Collect()
        writer = pa.ipc.new_stream(collect, schema, options=_OPTIONS)
        return _Stream(file, schema, descriptor, collect, writer)


def read(root: Path, file: File, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the committed rows of a hot file, in the order in which they were appended.

    Raises:
        FileNotFoundError: it became a segment meanwhile.
        ArchiveError: it is not as it was written.
    """
    path = root / file.path
    with path.open("rb") as stream:
        octets = stream.read(file.octets)
    if len(octets) != file.octets:
        raise ArchiveError(f"{path}: {len(octets)} octets; expected {file.octets} or more")
    if zlib.crc32(octets) != int(file.digest, 16):
        raise ArchiveError(f"{path}: the checksum of its rows is wrong; the file is damaged")
    try:
        reader = pa.ipc.open_stream(pa.py_buffer(octets))
        if columns is not None:
            fields = [reader.schema.get_field_index(column) for column in columns]
            options = pa.ipc.IpcReadOptions(included_fields=[at for at in fields if at >= 0])
            reader = pa.ipc.open_stream(pa.py_buffer(octets), options=options)
        return reader.read_all()
    except pa.ArrowException as error:
        raise ArchiveError(f"{path}: {error}") from error
