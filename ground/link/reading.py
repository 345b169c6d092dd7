"""What links that read files share: pieces of one file, given until they are taken."""

from __future__ import annotations

import os
from pathlib import Path

from ground.link.receiver import CHUNK_OCTETS, Chunk, Receiver

_CHUNKS = 4  # that one call returns at most, so that other links have their turn


class Reading(Receiver):
    """A file that is being read, if any; what is refused is given again."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._file: int | None = None
        self._offset = self._given = 0  # octets that were taken, and given beyond them
        self._look: int | None = None  # when to read again

    def _read(self, file: int) -> list[Chunk]:
        """Return what follows what was taken.

        Raises:
            OSError: the file cannot be read from there; what came before that was given.
        """
        chunks: list[Chunk] = []
        at = self._offset
        try:
            while len(chunks) < _CHUNKS and (octets := os.pread(file, CHUNK_OCTETS, at)):
                chunks.append(Chunk(octets, at == 0))
                at += len(octets)
        except OSError:
            if not chunks:
                raise
        self._given = at - self._offset
        return chunks

    def taken(self) -> None:
        self._offset += self._given
        self._given = 0

    def refused(self) -> bool:
        self._given = 0
        return True

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
