"""A recording as a link: read as fast as it is taken, then followed as it grows."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ground.link.reading import Reading, keep
from ground.link.receiver import Chunk

_LOOK_NS = 200_000_000  # how often to see whether a file has grown
_MISSING_NS = 1_000_000_000  # or has come


class File(Reading):
    """Receives the octets of a file, each once.

    `notes` is where it remembers how far it got; without, each start begins at the file's start.
    Another file of the same name, or one that became shorter, is read from its start.
    """

    def __init__(self, path: str, notes: Path | None = None) -> None:
        super().__init__(path)
        self._notes = notes
        self._inode = self._settled = 0

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
        inode, offset = (self._inode, self._offset) if self._inode else self._noted()
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
        try:
            chunks = self._read(self._file)
        except OSError as error:  # a disk that fails, say: it is opened again, and goes on there
            self._drop()
            self._look = now + _MISSING_NS
            self._is("down", f"{self.address}: octet {self._offset}: {error.strerror}")
            return []
        if not chunks:
            self._at_end(now)
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
