"""The journal of a link: what was received, on disk before anything interprets it.

In: records (`Records`), each a datagram or a piece of a stream. Out: the same, by position or by
time, from any process. Segments are Arrow IPC streams named by the position with which they
begin; `journal_messages` says how each batch proves itself.

How safe: `append` returns when the kernel has the octets, so that `kill -9` loses nothing of
them; `sync` returns when the disk has them. After a power cut the end may lie before positions
that a reader has stored. So a journal that was not closed and was written under another boot
goes on a GiB further, and no position is ever given to other octets.

Where `sync` fails, the kernel may forget what it could not write and say nothing next time. So
all since the last sync is kept in memory, the segment is cut back to what is known to be on disk,
and nothing more is taken until all that is kept stands in a new segment.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ground.archive import disk
from ground.archive import journal_messages as messages
from ground.archive.journal_reader import Reader, Span, read, seek, span
from ground.archive.journal_records import Records
from ground.archive.journal_segments import SUFFIX, Segment, segments
from ground.archive.store import ArchiveError

__all__ = ["Journal", "JournalError", "Reader", "Records", "Span", "read", "seek", "span"]

SEGMENT_OCTETS = 64 << 20
_MESSAGE_OCTETS = 1 << 20  # of records in a message
_UNSYNCED_OCTETS = 32 << 20  # kept in memory at most: then a sync comes before its time
_POWER_CUT = 1 << 30  # octets that were perhaps given to a reader and did not reach the disk
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class JournalError(ArchiveError):
    """The journal cannot take records now: the reason, for people."""


class Journal:
    """The writer of one link's journal; there is one at a time.

    Attributes:
        end: the position behind the last record that was appended.
        synced: the position before which all is on disk.
        torn: octets that were cut off when it was opened, as no message was whole there.

    Raises:
        Refused: another process writes it.
    """

    def __init__(self, folder: Path, *, segment_octets: int = SEGMENT_OCTETS) -> None:
        disk.make_folder(folder)
        self.folder = folder
        self.end = self.synced = self.torn = 0
        self._segment_octets = segment_octets
        self._begin = messages.schema_message({"ground.journal": "1", "boot": _boot()})
        self._file: int | None = None
        self._path = folder
        self._size = self._synced_size = 0
        self._unsynced: list[tuple[int, bytearray]] = []  # (position, message)
        self._broken = ""
        self._lock = disk.lock(folder, "journal")
        try:
            self.recover()
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Sync, mark the end of the segment, and let another process write."""
        try:
            self._rotate()
        finally:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            os.close(self._lock)

    def append(self, records: Records) -> int:
        """Write records and return the position behind them.

        Their positions must not lie before the end; a hole is a jump.

        Raises:
            JournalError: none of them is in the journal; or, where `end` moved, all of them are
                and the disk then refused to sync.
        """
        self._mend()
        if not len(records):
            return self.end
        position = int(records.position[0])
        if position < self.end:
            raise ValueError(f"record at position {position}, before the end {self.end}")
        if self._size >= self._segment_octets:
            self._rotate()
        made = [messages.encode(each) for each in _parted(records)]
        if self._file is None:
            self._create(position)
        self._write(b"".join(made) if len(made) > 1 else made[0])
        self._unsynced += [(position, each) for each in made]
        self.end = records.end
        if self._size - self._synced_size > _UNSYNCED_OCTETS:
            self.sync()
        return self.end

    def sync(self) -> None:
        """Make all that was appended survive a power cut.

        Raises:
            JournalError: the disk refused; nothing is taken until it stands elsewhere.
        """
        self._mend()
        if self._file is None or not self._unsynced:
            return
        try:
            os.fdatasync(self._file)
        except OSError as error:
            self._abandon()
            self._broken = f"the disk did not take what was written ({error.strerror})"
            raise JournalError(f"{self._path}: {self._broken}") from error
        self._unsynced.clear()
        self._synced_size, self.synced = self._size, self.end

    def jump(self, position: int) -> None:
        """Let the next record begin at a position, if that lies further; the hole stays."""
        if position > self.end:
            self._rotate()
            self.end = self.synced = position

    def trim(self, before_position: int, keep_octets: int) -> int:
        """Delete the oldest segments wholly before a position until so many octets are left.

        Returns how many octets of disk became free. The last segment always stays.
        """
        known = segments(self.folder)
        sizes = [path.stat().st_size for _, path in known]
        freed = 0
        for at, (following, _) in enumerate(known[1:]):
            if following > before_position or sum(sizes[at:]) <= keep_octets:
                break
            known[at][1].unlink()
            freed += sizes[at]
        return freed

    def recover(self) -> None:
        """Find the end, and cut off what a crash left half written behind it."""
        known = segments(self.folder)
        if not known:
            return
        first, path = known[-1]
        with Segment(path) as segment:
            last, size = segment.last(), segment.size
            behind = last.behind if last is not None else 0
            closed = size > behind > 0 and segment.closed(behind)
            this_boot = segment.begins_with(self._begin)
        self.end = last.header.end if last is not None else first
        if not closed:
            self.torn = size - behind if last is not None else 0
            if this_boot:
                self._go_on(path, behind)
            else:
                self.end += _POWER_CUT
        self.synced = self.end

    def _go_on(self, path: Path, behind: int) -> None:
        """Go on in a segment behind its last whole message; without one it is begun anew."""
        if not behind:
            return
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        os.ftruncate(self._file, behind)
        os.fdatasync(self._file)
        self._size = self._synced_size = behind

    def _create(self, position: int) -> None:
        path = self.folder / f"{position:020d}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            self._file = os.open(path, flags, 0o644)
        except OSError as error:
            raise _told(path, error) from error
        self._path, self._size, self._synced_size = path, 0, 0
        try:
            self._write(self._begin)
            disk.sync_folder(self.folder)
        except (JournalError, OSError) as error:
            self._drop_file()
            raise _told(path, error) if isinstance(error, OSError) else error from error
        self._synced_size = self._size

    def _write(self, octets: bytes | bytearray) -> None:
        """Write all of these octets, or none that anybody sees."""
        assert self._file is not None
        at, left = self._size, memoryview(octets)
        try:
            while left:
                written = os.pwrite(self._file, left, at)
                at, left = at + written, left[written:]
        except OSError as error:
            os.ftruncate(self._file, self._size)
            raise _told(self._path, error) from error
        self._size = at

    def _rotate(self) -> None:
        """End the segment: what follows begins another."""
        self.sync()
        if self._file is None:
            return
        with suppress(JournalError):  # a segment without the mark is read all the same
            self._write(messages.END_OF_STREAM)
        self._close_file()

    def _abandon(self) -> None:
        """Let go of a segment whose sync failed, cut back to what is known to be on disk."""
        assert self._file is not None
        with suppress(OSError):
            os.ftruncate(self._file, self._synced_size)
        if self._synced_size <= len(self._begin):
            self._drop_file()
        else:
            self._close_file()

    def _drop_file(self) -> None:
        self._path.unlink(missing_ok=True)
        self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _mend(self) -> None:
        """After a failed sync: bring all that is kept into a new segment and onto the disk."""
        if not self._broken:
            return
        self._create(self._unsynced[0][0])
        assert self._file is not None
        try:
            for _, message in self._unsynced:
                self._write(message)
            os.fdatasync(self._file)
        except (JournalError, OSError) as error:
            self._drop_file()
            raise JournalError(f"{self._path}: {self._broken}") from error
        self._broken = ""
        self._unsynced.clear()
        self._synced_size, self.synced = self._size, self.end


def _parted(records: Records) -> Iterator[Records]:
    """Yield the records of each message."""
    starts, first = records.starts, 0
    while first < len(records):
        behind = int(starts.searchsorted(starts[first] + _MESSAGE_OCTETS, side="right")) - 1
        stop = max(first + 1, behind)
        yield records.rows(first, stop)
        first = stop


def _told(path: Path, error: OSError) -> JournalError:
    if error.errno in _FULL:
        return JournalError(f"{path}: no space left on the disk")
    return JournalError(f"{path}: {error.strerror}")


def _boot() -> str:
    """Return what tells one boot of this machine from another; "" where nothing does."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
