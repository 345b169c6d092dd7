"""A process of a station: one for each service of a realm, and none without its supervisor."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from pathlib import Path

from ground.errors import Refused

WAIT_S, LOOK_S = 15.0, 0.05  # longer than one whose supervisor is gone takes to end
PATIENCE_S = 10.0


def only(folder: Path, service: str, patience_s: float = 0.0) -> int:
    """Return the descriptor that makes this process the only one of a service, until it is closed.

    Without it, the sockets of one that is just ending would be taken over, and then removed by it.

    Raises:
        Refused: another is still running after `patience_s`.
    """
    path = folder / f"{service}.lock"
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
