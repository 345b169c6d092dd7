"""`kill -9` at an exact place: each write, sync and send of a process is numbered, and one kills.

Run a flow once to learn which places there are (`places`), then once for each with `at`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ground.archive import disk


class Killed(BaseException):
    """The process that was running is no more."""


class Crashes:
    """The places at which a process may be killed.

    Attributes:
        whose: the processes whose places count.
        at: the number of the place that kills; 0 for none.
        cut: how many octets of a write that it is killed in are written; 0 for half of them.
        places: so far, by what they are; `where`: the one that killed.
        running: the process that runs now, "" for none.
    """

    def __init__(self, whose: str = "", at: int = 0, cut: int = 0) -> None:
        self.whose, self.at, self.cut = whose, at, cut
        self.places: list[str] = []
        self.where = self.running = ""

    def place(self, what: str) -> bool:
        """Pass a place; return whether it is the one that kills."""
        if not self.running or self.running != self.whose:
            return False
        self.places.append(what)
        number = len(self.places)
        if number == self.at:
            self.where = f"{self.running} at {number}: {what}"
        return number == self.at

    def point(self, what: str) -> None:
        """Pass a place, alive or not."""
        if self.place(what):
            raise Killed(self.where)

    @contextmanager
    def of(self, process: str) -> Iterator[None]:
        """Say which process runs."""
        before, self.running = self.running, process
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # who is killed closes nothing
            try:
                yield
            finally:
                self.running = before

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Number each write (nothing of it, a part, all of it on disk) and each sync.

        Nothing is synced in truth, as no power is cut; what was written survives the process.
        """
        write_all, sync, data_sync = disk.write_all, os.fsync, os.fdatasync

        def writing(descriptor: int, octets: bytes | bytearray) -> None:
            self.point("before a write")
            if self.place("in a write"):
                write_all(descriptor, octets[: self.cut or len(octets) // 2])
                raise Killed(self.where)
            write_all(descriptor, octets)
            self.point("after a write")

        def syncing(descriptor: int) -> None:
            if not self.running:
                sync(descriptor)
            self.point("in a sync")

        def data_syncing(descriptor: int) -> None:
            if not self.running:
                data_sync(descriptor)
            self.point("in a sync")

        patch.setattr(disk, "write_all", writing)
        patch.setattr(os, "fsync", syncing)
        patch.setattr(os, "fdatasync", data_syncing)
