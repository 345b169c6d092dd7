"""Mission databases as they were read, kept by their hash so that old rows can be read again."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ground.archive import disk

FOLDER = "databases"


def keep(root: Path, digest: str, files: Mapping[str, bytes]) -> None:
    """Write a database's files under its digest, whole or not at all.

    Raises:
        ValueError: a digest that is not hexadecimal, or a file name that leads elsewhere.
    """
    final = _folder(root, digest)
    places = {name: _place(name) for name in files}
    if final.is_dir():
        return
    temporary = final.with_name(f"{digest}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    disk.make_folder(temporary)
    for name, octets in files.items():
        path = temporary / places[name]
        disk.make_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            disk.write_all(descriptor, octets)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        disk.sync_folder(path.parent)
    disk.publish(temporary, final)


def files(root: Path, digest: str) -> dict[str, bytes]:
    """Return a database's files by name; empty where none is kept under this digest."""
    folder = _folder(root, digest)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _folder(root: Path, digest: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{8,128}", digest):
        raise ValueError(f"{digest!r} is no hexadecimal digest")
    return root / FOLDER / digest


def _place(name: str) -> PurePosixPath:
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or not place.parts or "\0" in name:
        raise ValueError(f"{name!r} is no file name below a folder")
    return place
