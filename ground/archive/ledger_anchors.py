"""Anchors of a ledger: how far it had come, in a file beside it.

A ledger whose end was cut off is still a whole chain; that it was longer, only somebody else can
say. `ledger.anchor` has one line of JSON for each anchor: the number of a record, its h, and its
time. A copy of that file kept elsewhere proves the ledger against whoever can write the folder.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ground.archive import disk
from ground.errors import InputError

NAME = "ledger.anchor"
_DIGEST_OCTETS = 32
_LONGEST = 300  # characters of a line


@dataclass(frozen=True, slots=True)
class Anchor:
    """That record `number` was on disk and had this h; `t_ns` is the time of its fact, TAI."""

    number: int
    digest: bytes
    t_ns: int

    def line(self) -> bytes:
        """Return the anchor as it is written."""
        told = {"record": self.number, "hash": self.digest.hex(), "t_ns": self.t_ns}
        return json.dumps(told).encode() + b"\n"


def read(path: Path) -> Iterator[Anchor]:
    """Yield the anchors of a file, none where there is no file; a torn last line is left out.

    Raises:
        InputError: a line is no anchor.
    """
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(_LONGEST), b""), 1):
            if line.endswith(b"\n"):
                yield _parsed(path, number, line)


def last(folder: Path) -> Anchor | None:
    """Return the newest anchor of a ledger; None where there is none."""
    newest = deque(read(folder / NAME), maxlen=1)
    return newest[0] if newest else None


def _parsed(path: Path, number: int, line: bytes) -> Anchor:
    try:
        told = json.loads(line)
        anchor = Anchor(told["record"], bytes.fromhex(told["hash"]), told["t_ns"])
        if len(anchor.digest) == _DIGEST_OCTETS and type(anchor.number) is type(anchor.t_ns) is int:
            return anchor
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise InputError(f"{path}:{number}: no anchor; expected record, hash and t_ns")


class Anchors:
    """The writer of a file of anchors.

    Attributes:
        last: the newest anchor; None where there is none.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self.last = last(folder)
        self._cut_torn()

    def _cut_torn(self) -> None:
        """Cut off a last line that a power cut tore."""
        octets = self._path.read_bytes() if self._path.exists() else b""
        whole = octets.rfind(b"\n") + 1
        if whole < len(octets):
            os.truncate(self._path, whole)

    def add(self, anchor: Anchor) -> None:
        """Write an anchor and make it survive a power cut; OSError where the disk refuses."""
        new = not self._path.exists()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o644)
        try:
            self._write(descriptor, anchor.line())
        finally:
            os.close(descriptor)
        if new:
            disk.sync_folder(self._path.parent)
        self.last = anchor

    def _write(self, descriptor: int, line: bytes) -> None:
        """Write a line whole or not at all."""
        size = os.fstat(descriptor).st_size
        try:
            disk.write_all(descriptor, line)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
        os.fdatasync(descriptor)
