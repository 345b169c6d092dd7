"""A process of a station: one for each service of a realm, and none without its supervisor."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ground.errors import Refused

WAIT_S, LOOK_S = 15.0, 0.05  # longer than one whose supervisor is gone takes to end
PATIENCE_S = 10.0


@contextmanager
def only(folder: Path, service: str, patience_s: float = 0.0) -> Iterator[None]:
    """Be the only process of a service.

    Without that, the sockets of one that is just ending would be taken over, and then removed by
    it.

    Raises:
        Refused: another is still running after `patience_s`.
    """
    descriptor = _take(folder / f"{service}.lock", service, patience_s)
    try:
        yield
    finally:
        os.close(descriptor)


def _take(path: Path, service: str, patience_s: float) -> int:
    """Return the descriptor that holds the lock until it is closed, or the process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + patience_s
    while not _taken(descriptor):
        if time.monotonic() >= end:
            pid = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise Refused(f"{path}: process {pid} is the {service} here; expected one at a time")
        time.sleep(LOOK_S)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def end_with_parent() -> None:
    """End this process when its standard input ends, which the supervisor holds open.

    It ends as if told to by SIGTERM; where that takes too long, at once.
    """
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)
