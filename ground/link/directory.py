"""A folder into which others drop recordings: each complete file is read once, in order of names.

A file is complete when its size and time of change are the same in two looks two seconds apart;
names that begin with a dot or end as those of copies under way do are not looked at. A file that
takes its time does not hold up those behind it.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from ground.link.reading import Reading, keep
from ground.link.receiver import Chunk

_LOOK_NS = 500_000_000
_QUIET_NS = 2_000_000_000  # for which a file must not have changed
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".partial", "~")

Identity = tuple[int, int]  # size, and time of change in ns


class Directory(Reading):
    """Receives the files of a folder; `notes` is where it remembers which are done."""

    def __init__(self, folder: str, notes: Path | None = None) -> None:
        super().__init__(folder)
        self._notes = notes
        self._done: dict[str, Identity] = {}
        self._unsettled = False  # whether more is done than is noted
        self._seen: dict[str, tuple[Identity, int]] = {}  # as found, and since when
        self._name = ""
        self._identity: Identity = (0, 0)

    def open(self, now: int) -> None:
        """Remember what is done, and look."""
        self._done = self._noted()
        self._seen.clear()
        self._look = now
        self._is("up", "no file yet")

    def _noted(self) -> dict[str, Identity]:
        try:
            noted = json.loads(self._notes.read_text()) if self._notes else {}
            return {str(name): (int(size), int(at)) for name, (size, at) in noted.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def receive(self, now: int) -> list[Chunk]:
        """Return what follows of the file that is being read; else look for one."""
        if self._look is None or now < self._look:
            return []
        if self._file is None:
            self._next(now)
        if self._file is None:
            self._look = now + _LOOK_NS
            return []
        chunks = self._read(self._file)
        if not chunks:
            self._finish()
        return chunks

    def _read(self, file: int) -> list[Chunk]:
        """Return what follows; a file that cannot be read to its end is done."""
        try:
            return super()._read(file)
        except OSError as error:
            self.dropped["unreadable"] += 1
            self._is("up", f"{self._name}: {error.strerror}")
            return []

    def _next(self, now: int) -> None:
        """Open the first complete file that is not done."""
        try:
            found = self._files()
        except OSError as error:
            self._is("down", f"{self.address}: {error.strerror}")
            return
        if self.state == "down":
            self._is("up", "no file yet")
        before, self._seen = self._seen, {}
        for name, identity in found.items():
            known, since = before.get(name, (identity, now))
            self._seen[name] = (identity, since if known == identity else now)
        for name in sorted(found):
            identity, since = self._seen[name]
            if now - since >= _QUIET_NS and self._opened(name, identity):
                return

    def _files(self) -> dict[str, Identity]:
        """Return the files that are not done."""
        found = {}
        with os.scandir(self.address) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.endswith(_UNFINISHED):
                    continue
                about = entry.stat()
                identity = about.st_size, about.st_mtime_ns
                if stat.S_ISREG(about.st_mode) and self._done.get(entry.name) != identity:
                    found[entry.name] = identity
        return found

    def _opened(self, name: str, identity: Identity) -> bool:
        try:
            self._file = os.open(Path(self.address) / name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self.dropped["unreadable"] += 1
            self._done[name], self._unsettled = identity, True
            self._is("up", f"{name}: {error.strerror}")
            return False
        self._name, self._identity = name, identity
        self._offset = self._given = 0
        self._is("up", f"reading {name}")
        return True

    def _finish(self) -> None:
        self._drop()
        self._done[self._name], self._unsettled = self._identity, True
        if "reading" in self.detail:
            self._is("up", f"read {self._name}, {self._offset} octets")

    def settle(self) -> None:
        """Remember which files are in the journal; forget those that are no longer here."""
        if self._notes is None or not self._unsettled:
            return
        self._done = {name: each for name, each in self._done.items() if self._exists(name)}
        self._unsettled = not keep(self._notes, json.dumps(self._done))

    def _exists(self, name: str) -> bool:
        return (Path(self.address) / name).exists()
