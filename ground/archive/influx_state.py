"""What a sender keeps on disk: how far it got, and the lines that a server refused for good."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ground.archive import disk
from ground.archive.store import ArchiveError

REJECT_OCTETS = 64 << 20  # of one reject file; the one before it is kept, older ones go


class CursorFile:
    """The serial up to which a destination has everything; whole or as it was, whatever happens.

    Args:
        path: of the file.
        destination: what names the place and what is sent there. Of another one the file says
            nothing, so that a new place is filled from the beginning.
    """

    def __init__(self, path: Path, destination: str) -> None:
        self._path = path
        self._destination = destination

    def read(self) -> int:
        """Return the stored serial; 0 where there is none."""
        try:
            stored = json.loads(self._path.read_bytes())
            serial = stored["serial"] if stored["destination"] == self._destination else 0
        except FileNotFoundError:
            return 0
        except (ValueError, LookupError, TypeError):
            raise ArchiveError(f"{self._path}: no cursor; remove it to send all again") from None
        if type(serial) is not int or serial < 0:
            raise ArchiveError(f"{self._path}: serial {serial!r}; expected a count")
        return serial

    def write(self, serial: int) -> None:
        """Store a serial; after the return it survives a power cut."""
        octets = json.dumps({"serial": serial, "destination": self._destination}).encode()
        with disk.reporting("noting how far InfluxDB is", self._path.parent):
            disk.make_folder(self._path.parent.absolute())
            temporary = self._path.with_suffix(".tmp")
            with temporary.open("wb") as stream:
                stream.write(octets)
                stream.flush()
                os.fsync(stream.fileno())
            disk.publish(temporary, self._path)


class RejectFile:
    """Lines that a server refused, each behind a comment with its reason.

    After mending, its lines can be sent as they are: the comments are those of line protocol.
    """

    def __init__(self, path: Path, limit: int = REJECT_OCTETS) -> None:
        self.path = path
        self._limit = limit

    def add(self, lines: bytes, reason: str) -> None:
        """Append lines; after the return they survive a power cut."""
        with disk.reporting("keeping refused lines", self.path.parent):
            disk.make_folder(self.path.parent.absolute())
            if self.path.exists() and self.path.stat().st_size > self._limit:
                self.path.rename(self.path.with_suffix(".old"))
            with self.path.open("ab") as stream:
                stream.write(f"# {' '.join(reason.split())}\n".encode() + lines)
                stream.flush()
                os.fsync(stream.fileno())
