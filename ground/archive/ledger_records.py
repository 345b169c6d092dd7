"""How a ledger lies on disk: segments of records, and how to walk them without trusting them.

A segment is `NNNNNNNNNNNN.ledger`, named by its first record; segments let a reader begin near the
end, and keep what a reader must hold small. All numbers are big-endian.

    segment head    magic 8 | number of the first record 8 | h before it 32 | CRC-32 4
    record          mark 4 | octets of the fact 4 | number 8 | synced 8 | h 32 | CRC-32 4 | fact

`synced` is the last record that the writer knew to be on disk when it made this one. So where a
record is not whole and others behind it are, one of them tells whether it had been whole: damage,
which is never mended, or a group that a power cut tore, which was never acted on. The CRC proves a
record by itself, also behind damage; h (`ground.command.entries`) proves its place.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ground.archive.store import ArchiveError
from ground.command import entries
from ground.command.facts import Entry

SUFFIX = ".ledger"
MAGIC = b"GLEDGER1"
MARK = b"\x89GLR"
HEAD = struct.Struct(">8sQ32sI")
RECORD = struct.Struct(">4sIQQ32sI")
_WINDOW = 1 << 20  # octets that are read at once


class LedgerError(ArchiveError):
    """The ledger is not as it was written: where, and which record."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a segment: the number of its first record and h before it."""

    first: int
    before: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """A record that is whole: its number, what was synced before it, h, its fact, its place."""

    number: int
    synced: int
    digest: bytes
    octets: bytes
    at: int

    @property
    def behind(self) -> int:
        """Where the next record lies."""
        return self.at + RECORD.size + len(self.octets)

    @property
    def entry(self) -> Entry:
        """The fact; DecodeError where this version of the software knows none such."""
        return entries.decode(self.octets)


def segments(folder: Path) -> list[Path]:
    """Return the segments of a ledger in their order."""
    if not folder.is_dir():
        return []
    named = (each for each in folder.iterdir() if each.suffix == SUFFIX and each.stem.isdecimal())
    return sorted(named, key=lambda each: int(each.stem))


def name(first: int) -> str:
    """Return the name of the segment that begins with a record."""
    return f"{first:012d}{SUFFIX}"


def head(first: int, before: bytes) -> bytes:
    """Return the octets with which a segment begins."""
    begin = HEAD.pack(MAGIC, first, before, 0)[:-4]
    return begin + zlib.crc32(begin).to_bytes(4, "big")


def record(number: int, synced: int, digest: bytes, octets: bytes) -> bytes:
    """Return the octets of a record."""
    begin = RECORD.pack(MARK, len(octets), number, synced, digest, 0)[:-4]
    return begin + _checksum(begin, octets).to_bytes(4, "big") + octets


def _checksum(begin: bytes | memoryview, octets: bytes | memoryview) -> int:
    return zlib.crc32(octets, zlib.crc32(begin))


class Segment:
    """A segment, open to read; it may still grow."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._at, self._window = 0, memoryview(b"")

    def __enter__(self) -> Segment:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    @property
    def size(self) -> int:
        """Octets that the file has now."""
        return os.fstat(self._file).st_size

    def head(self) -> Head:
        """Return the head.

        Raises:
            LedgerError: it is not as it was written, or that of another segment.
        """
        octets = bytes(self._octets(0, HEAD.size)[: HEAD.size])
        if len(octets) == HEAD.size:
            magic, first, before, crc = HEAD.unpack(octets)
            whole = magic == MAGIC and zlib.crc32(octets[:-4]) == crc
            if whole and self.path.name == name(first):
                return Head(first, before)
        raise LedgerError(f"{self.path}: octet 0: the head is damaged; expected {MAGIC.decode()}")

    def record(self, at: int) -> Record | None:
        """Return the record at a place; None where none is whole there."""
        begin = self._octets(at, RECORD.size)[: RECORD.size]
        if len(begin) < RECORD.size or begin[:4] != MARK:
            return None
        _, length, number, synced, digest, crc = RECORD.unpack(begin)
        if length > entries.LARGEST:
            return None
        whole = self._octets(at, RECORD.size + length)
        octets = whole[RECORD.size : RECORD.size + length]
        if len(octets) < length or _checksum(whole[: RECORD.size - 4], octets) != crc:
            return None
        return Record(number, synced, digest, bytes(octets), at)

    def records(self, at: int) -> Iterator[Record]:
        """Yield the whole records from a place on, until one is not whole."""
        while (found := self.record(at)) is not None:
            yield found
            at = found.behind

    def find(self, at: int) -> Record | None:
        """Return the first whole record at or behind a place, wherever it begins."""
        size = self.size
        while at < size:
            window = os.pread(self._file, _WINDOW, at)
            place = window.find(MARK)
            if place < 0:
                at += max(1, len(window) - len(MARK) + 1)
            elif (found := self.record(at + place)) is not None:
                return found
            else:
                at += place + 1
        return None

    def look_again(self) -> None:
        """Forget what was read: it may have been half written."""
        self._window = memoryview(b"")

    def _octets(self, at: int, wanted: int) -> memoryview:
        """Return octets from a place on: so many, or more, or what there is."""
        inside = at - self._at
        if inside < 0 or inside + wanted > len(self._window):
            self._at, inside = at, 0
            self._window = memoryview(os.pread(self._file, max(_WINDOW, wanted), at))
        return self._window[inside:]


def damaged(segment: Segment, at: int, number: int) -> Record | None:
    """Return a whole record that proves that record `number`, not whole at `at`, once was.

    None also where it is whole by now, as a writer was at work.
    """
    segment.look_again()
    if segment.record(at) is not None:
        return None
    while (found := segment.find(at)) is not None:
        if found.synced >= number:
            return found
        at = found.at + 1
    return None
