"""The ledger of a realm: every fact about commanding, on disk before it is acted on.

`append` numbers facts and links them into the chain; `commit` writes and syncs all of them at
once, so that many commands share one wait for the disk. Nothing may be done about a fact before
`commit` has returned. `read` gives the facts back, each proved.

    <home>/ledger/<realm, / as ->/000000000001.ledger ...   segments (`ledger_records`)
                                  ledger.anchor             how far it had come (`ledger_anchors`)
                                  torn-NUMBER-AT.octets     what a crash left unfinished, kept
                                  writer.lock               one writer at a time

A full disk: nothing of the group is in the file, `commit` says so and may be called again. A sync
that fails is the end: the kernel may have thrown away what it could not write and say nothing next
time, so that the ledger takes nothing more, and the service must stop and restore itself.

At its start the writer cuts off a last group that was never whole, and keeps its octets beside.
Damage to what was once on disk is never mended: `LedgerError` names octet and record.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ground.archive import disk, ledger_records
from ground.archive.ledger_anchors import Anchor, Anchors
from ground.archive.ledger_chain import compare, damage, follows, linked, reaches, read
from ground.archive.ledger_records import HEAD, LedgerError, Record, Segment, damaged, segments
from ground.archive.store import ArchiveError
from ground.command import entries
from ground.command.facts import Entry

__all__ = ["Ledger", "LedgerError", "LedgerFailed", "LedgerFull", "Record", "folder_of", "read"]

SEGMENT_OCTETS = 64 << 20
ANCHOR_RECORDS = 1000
ANCHOR_NS = 60 * 10**9
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LedgerFull(ArchiveError):
    """No room on the disk: nothing of the group was written; `commit` may be called again."""


class LedgerFailed(ArchiveError):
    """The disk failed: nothing that was not committed may be acted on, and nothing more goes in."""


def folder_of(home: Path, realm: str) -> Path:
    """Return the folder of the ledger of a realm; InputError for what is no realm."""
    disk.realm_folder(home, realm)
    return home / "ledger" / realm.replace("/", "-")


class Ledger:
    """The writer of a ledger; there is one at a time.

    Attributes:
        number: of the last fact appended; 0 for none.
        committed: of the last fact that is on disk.
        head: h of the last fact appended.
        torn: octets of a last group that was not whole when it was opened, now cut off.

    Raises:
        Refused: another process writes it.
        LedgerError: what was on disk is damaged or gone.
    """

    def __init__(
        self, folder: Path, realm: str, *, segment_octets: int = SEGMENT_OCTETS,
        anchor_records: int = ANCHOR_RECORDS, anchor_ns: int = ANCHOR_NS,
    ) -> None:  # fmt: skip
        disk.make_folder(folder)
        self.folder, self.realm = folder, realm
        self.number = self.committed = self.torn = 0
        self.head = entries.genesis(realm)
        self._committed_head = self.head
        self._segment_octets = segment_octets
        self._anchor_every = (anchor_records, anchor_ns)
        self._pending: list[bytes] = []
        self._newest_ns = 0
        self._size = 0
        self._file: int | None = None
        self._broken = ""
        self._lock = disk.lock(folder, "ledger")
        try:
            self._anchors = Anchors(folder)
            self._recover()
        except BaseException:
            self._release()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Commit, anchor the end, and let another process write."""
        try:
            if not self._broken:
                self.commit()
                self._anchor(always=True)
        finally:
            self._release()

    def append(self, facts: Sequence[Entry]) -> range:
        """Take facts into the next group and return their numbers.

        Raises:
            EncodeError: one of them is not well-typed; none is taken.
            LedgerFailed: the disk failed before.
        """
        self._check()
        first = self.number + 1
        for octets in [entries.encode(each) for each in facts]:
            self.number += 1
            self.head = entries.link(self.head, octets)
            made = ledger_records.record(self.number, self.committed, self.head, octets)
            self._pending.append(made)
        if facts:
            self._newest_ns = facts[-1].t_ns
        return range(first, self.number + 1)

    def commit(self) -> int:
        """Put all that was appended on disk, with one sync; return the number of the last fact.

        Raises:
            LedgerFull: there is no room; nothing was written, and it may be tried again.
            LedgerFailed: the disk failed; nothing more is taken.
        """
        self._check()
        if self._pending:
            if self._file is None or self._size >= self._segment_octets:
                self._create()
            self._write(b"".join(self._pending))
            self._pending.clear()
            self.committed, self._committed_head = self.number, self.head
            self._anchor()
        return self.committed

    def read(self, first: int = 1) -> Iterator[tuple[int, Entry]]:
        """Yield the committed facts from a number on, each proved; as `read`."""
        last = self.committed
        for record in read(self.folder, self.realm, first):
            if record.number > last:
                return
            yield record.number, record.entry

    # ---- the file -------------------------------------------------------------------------------

    def _check(self) -> None:
        if self._broken:
            raise LedgerFailed(f"{self.folder}: {self._broken}; nothing more is taken")

    def _create(self) -> None:
        """Begin a segment; it has its name only once its head is on disk."""
        path = self.folder / ledger_records.name(self.committed + 1)
        temporary = path.with_suffix(".tmp")
        head = ledger_records.head(self.committed + 1, self._committed_head)
        file = None
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
            file = os.open(temporary, flags, 0o644)
            disk.write_all(file, head)
            os.fsync(file)
            disk.publish(temporary, path)
        except OSError as error:
            if file is not None:
                os.close(file)
            raise self._failed(error, may_retry=not path.exists()) from error
        if self._file is not None:
            os.close(self._file)
        self._file, self._size = file, len(head)

    def _write(self, octets: bytes) -> None:
        assert self._file is not None
        try:
            disk.write_all(self._file, octets)
        except OSError as error:
            raise self._failed(error, may_retry=self._cut_back()) from error
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise self._failed(error, may_retry=False) from error
        self._size += len(octets)

    def _cut_back(self) -> bool:
        """Return whether the file ends again where it did before the group."""
        assert self._file is not None
        with suppress(OSError):
            os.ftruncate(self._file, self._size)
            return True
        return False

    def _failed(self, error: OSError, *, may_retry: bool) -> ArchiveError:
        if may_retry and error.errno in _FULL:
            return LedgerFull(f"{self.folder}: no space left on the disk; nothing was written")
        self._broken = f"the disk failed ({error.strerror})"
        return LedgerFailed(f"{self.folder}: {self._broken}; nothing more is taken")

    def _anchor(self, *, always: bool = False) -> None:
        """Write an anchor where it is time; a full disk puts it off."""
        last = self._anchors.last
        if not self.committed or (last is not None and not self._due(last) and not always):
            return
        if last is not None and last.number == self.committed:
            return
        try:
            self._anchors.add(Anchor(self.committed, self._committed_head, self._newest_ns))
        except OSError as error:
            if error.errno not in _FULL:
                raise self._failed(error, may_retry=False) from error

    def _due(self, last: Anchor) -> bool:
        records, span_ns = self._anchor_every
        return self.committed - last.number >= records or self._newest_ns - last.t_ns >= span_ns

    def _release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        os.close(self._lock)

    # ---- at its start ---------------------------------------------------------------------------

    def _recover(self) -> None:
        """Find the end in the last segment, and cut off what was never whole."""
        known = segments(self.folder)
        if known:
            with Segment(known[-1]) as segment:
                end = self._walk(segment)
                self._keep_torn(segment, end)
            self._file = os.open(known[-1], os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            os.ftruncate(self._file, end)
            os.fsync(self._file)  # also what is whole was perhaps not on disk yet
            disk.sync_folder(self.folder)
            self._size = end
        self.committed, self._committed_head = self.number, self.head
        reaches(self.folder, self.number, self._anchors.last)

    def _walk(self, segment: Segment) -> int:
        """Follow the chain to its end, and return where that is."""
        head = segment.head()
        if head.first == 1:
            follows(segment.path, head, 0, self.head)
        self.number, self.head, end = head.first - 1, head.before, HEAD.size
        for record in linked(segment, self.number, self.head):
            self.number, self.head, end = record.number, record.digest, record.behind
            compare(segment.path, record, self._anchors.last)
            self._newest_ns = record.entry.t_ns
        return end

    def _keep_torn(self, segment: Segment, end: int) -> None:
        self.torn = segment.size - end
        if not self.torn:
            return
        if damaged(segment, end, self.number + 1) is not None or self._anchored_behind():
            raise damage(segment.path, end, self.number + 1)
        kept = self.folder / f"torn-{self.number + 1}-{end}.octets"
        with segment.path.open("rb") as file, kept.open("wb") as copy:
            file.seek(end)
            copy.write(file.read(self.torn))

    def _anchored_behind(self) -> bool:
        return self._anchors.last is not None and self._anchors.last.number > self.number
