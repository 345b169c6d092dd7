"""A recording as a link: read as fast as it is taken, then followed as it grows."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ground.link.receiver import CHUNK_OCTETS, Chunk, Receiver

_CHUNKS = 4  # that one call returns at most, so that other links have their turn
_LOOK_NS = 200_000_000  # how often to see whether a file has grown
_MISSING_NS = 1_000_000_000  # or has come


class File(Receiver):
    """Receives the octets of a file, each once.

    `notes` is where it remembers how far it got; without, each start begins at the file's start.
    Another file of the same name, or one that became shorter, is read from its start.
    """

    def __init__(self, path: str, notes: Path | None = None) -> None:
        super().__init__(path)
        self._notes = notes
        self._file: int | None = None
        self._inode = self._offset = self._given = self._settled = 0
        self._look: int | None = None

    def open(self, now: int) -> None:
        """Open the file where reading it stopped."""
        self._look = now
        try:
            self._file = os.open(self.address, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._look = now + _MISSING_NS
            self._is("down", f"{self.address}: {error.strerror}")
            return
        found = os.fstat(self._file)
        inode, offset = self._noted()
        again = inode == found.st_ino and offset <= found.st_size
        self._inode, self._offset = found.st_ino, offset if again else 0
        self._given, self._settled = 0, self._offset
        self._is("up", f"from octet {self._offset}")

    def _noted(self) -> tuple[int, int]:
        try:
            noted = json.loads(self._notes.read_text()) if self._notes else {}
            return int(noted["inode"]), int(noted["offset"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, 0

    def receive(self, now: int) -> list[Chunk]:
        """Return what follows; at its end, look again a little later."""
        if self._look is None or now < self._look:
            return []
        if self._file is None:
            self.open(now)
        if self._file is None:
            return []
        chunks = self._read(self._file)
        if not chunks:
            self._at_end(now)
        return chunks

    def _read(self, file: int) -> list[Chunk]:
        chunks: list[Chunk] = []
        at = self._offset
        while len(chunks) < _CHUNKS and (octets := os.pread(file, CHUNK_OCTETS, at)):
            chunks.append(Chunk(octets, at == 0))
            at += len(octets)
        self._given = at - self._offset
        return chunks

    def _at_end(self, now: int) -> None:
        self._look = now + _LOOK_NS
        self._is("up", f"at the end, octet {self._offset}")
        try:
            found = Path(self.address).stat()
        except OSError:  # it lost its name; there may yet be another
            return
        if found.st_ino != self._inode or found.st_size < self._offset:
            self._drop()
            self._forget()
            self.reconnects += 1
            self.open(now)

    def taken(self) -> None:
        self._offset += self._given
        self._given = 0

    def refused(self) -> bool:
        self._given = 0
        return True

    def settle(self) -> None:
        """Remember how far the file is in the journal."""
        if self._notes is not None and self._settled != self._offset:
            noted = json.dumps({"inode": self._inode, "offset": self._offset})
            if keep(self._notes, noted):
                self._settled = self._offset

    def _forget(self) -> None:
        self._offset = self._given = self._settled = 0
        if self._notes is not None:
            self._notes.unlink(missing_ok=True)

    def deadline(self) -> int | None:
        return self._look

    def close(self) -> None:
        self._drop()
        self._look = None
        self._is("disabled")

    def _drop(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def keep(notes: Path, text: str) -> bool:
    """Write a small file so that it is the old or the new one; return whether the disk took it."""
    aside = notes.with_suffix(".tmp")
    try:
        with aside.open("w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        aside.rename(notes)
    except OSError:  # full, say: then more is read again after a restart, and nothing is lost
        return False
    return True
