"""The archive as a display reads it: in a thread of its own, as a day's trend may take a second.

Jobs go in, at most MOST_WAITING of them; what they return is fetched by the service once the file
descriptor says that something is there. The thread alone touches the archive.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ground.archive.embedded import EmbeddedStore
from ground.archive.store import Store
from ground.errors import GroundError
from ground.messages import Answered
from ground.services.library import Library

MOST_WAITING = 64

Job = Callable[[Store | None, Library | None], Any]
"""Reads what it needs, of nothing where there is no archive yet, and returns a message."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """To whom the answer goes."""

    client: bytes
    request: int


class ArchiveReader:
    """Does jobs in turn; `fileno` becomes readable when `done` has something."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._store: EmbeddedStore | None = None
        self._library: Library | None = None
        self._jobs: queue.SimpleQueue[tuple[Ticket, Job] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Ticket, Any]] = queue.SimpleQueue()
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="archive", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many jobs wait to be done."""
        return self._jobs.qsize()

    def fileno(self) -> int:
        """Return what to poll."""
        return self._reading

    def ask(self, ticket: Ticket, job: Job) -> bool:
        """Let a job be done; False where too many wait."""
        if self.waiting >= MOST_WAITING:
            return False
        self._jobs.put((ticket, job))
        return True

    def done(self) -> list[tuple[Ticket, Any]]:
        """Return what jobs returned, or why they could not."""
        with suppress(BlockingIOError):
            os.read(self._reading, 4096)
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self._done.get_nowait())
        return found

    def close(self) -> None:
        """End the thread after the job at hand."""
        with suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        self._jobs.put(None)
        self._thread.join()
        os.close(self._reading)
        os.close(self._writing)

    def _run(self) -> None:
        while (asked := self._jobs.get()) is not None:
            ticket, job = asked
            self._done.put((ticket, self._do(job)))
            with suppress(BlockingIOError):
                os.write(self._writing, b"!")
        self._close()

    def _do(self, job: Job) -> Any:
        try:
            self._open()
            return job(self._store, self._library)
        except GroundError as error:
            self._close()
            return Answered(ok=False, reason=str(error))
        except Exception as error:  # whatever is wrong with one question, the next is answered
            self._close()
            return Answered(ok=False, reason=f"reading failed: {type(error).__name__}: {error}")

    def _open(self) -> None:
        """Open the archive if there is one by now."""
        if self._store is None and self._root.is_dir():
            self._store = EmbeddedStore.open(self._root, write=False)
            self._library = Library(self._store)

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = self._library = None
