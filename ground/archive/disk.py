"""Files that are whole or absent: the lock, publishing by rename, and a full disk told clearly."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from ground.archive.store import ArchiveError
from ground.errors import GroundError, InputError, Refused

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SUFFIXES = {".arrows", ".parquet", ".tmp"}
_REALM = re.compile(r"live|(sim|replay)/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def realm_folder(root: Path, realm: str) -> Path:
    """Return the folder of a realm, below which all its telemetry lies.

    Raises:
        InputError: a name that is none of `live`, `sim/<name>`, `replay/<id>`.
    """
    if not _REALM.fullmatch(realm):
        raise InputError(f"{realm!r} is no realm; expected live, sim/<name> or replay/<id>")
    return root / realm


def telemetry(root: Path) -> Iterator[Path]:
    """Yield the files of every realm's telemetry, named by the catalogue or left by a crash."""
    for realm in ("live", "sim/*", "replay/*"):
        for path in sorted(root.glob(f"{realm}/tlm/**/*")):
            if path.suffix in _SUFFIXES and path.is_file():
                yield path


def table_folder(name: str) -> str:
    """Return a folder name for a table: readable, short, and unlike that of any other table."""
    readable = re.sub(r"[^A-Za-z0-9_]+", ".", name).strip(".")[:80] or "table"
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def lock(root: Path, what: str = "archive") -> int:
    """Return the descriptor that makes this process the only writer, until it is closed.

    Raises:
        Refused: another writer has it; the message names it and since when.
    """
    descriptor = os.open(root / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(descriptor, root, what)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _take(descriptor: int, root: Path, what: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
        raise Refused(
            f"{root}: the {what} is being written by process {pid} "
            f"since {since:%Y-%m-%dT%H:%M:%SZ}; one writer at a time"
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())


def write_all(descriptor: int, octets: bytes | bytearray) -> None:
    """Write every octet, however many calls it takes."""
    left = memoryview(octets)
    while left:
        left = left[os.write(descriptor, left) :]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, so that they survive a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def publish(temporary: Path, final: Path) -> None:
    """Give a finished and synced file its name."""
    temporary.rename(final)
    sync_folder(final.parent)


@contextmanager
def reporting(doing: str, root: Path) -> Iterator[None]:
    """Turn what the operating system or SQLite says into a message for people."""
    try:
        yield
    except GroundError:
        raise
    except OSError as error:
        raise _told(doing, root, error, error.errno in _FULL) from error
    except sqlite3.Error as error:
        raise _told(doing, root, error, "full" in str(error)) from error
    except pa.ArrowException as error:
        raise _told(doing, root, error, False) from error


def _told(doing: str, root: Path, error: Exception, full: bool) -> ArchiveError:
    if full:
        return ArchiveError(
            f"{root}: no space left on the disk while {doing}; nothing that was acknowledged is "
            "lost, and the archive goes on when there is room again"
        )
    return ArchiveError(f"{root}: while {doing}: {error}")
