"""Is every file as it was written? Digests of whole files, then where in a file the damage is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ground.archive import hot
from ground.archive.catalogue import HOT, Catalogue, File
from ground.archive.store import ArchiveError, Damage, Progress


def verify(root: Path, catalogue: Catalogue, progress: Progress | None) -> list[Damage]:
    """Return what is wrong with the files that the catalogue names, reading all of each."""
    files = catalogue.files()
    total, done = sum(file.octets for file in files), 0
    found: list[Damage] = []
    for file in files:
        if what := _checked(root, file, catalogue):
            found.append(Damage(str(root / file.path), what))
        done += file.octets
        if progress is not None:
            progress(done, total)
    return found


def _checked(root: Path, file: File, catalogue: Catalogue) -> str:
    """Return what is wrong with a file; empty where nothing is."""
    try:
        return _damage(root, file)
    except FileNotFoundError:
        if any(each.path == file.path for each in catalogue.files()):
            return "missing"
        return ""  # replaced since the catalogue was asked
    except OSError as error:
        return str(error)


def _damage(root: Path, file: File) -> str:
    path = root / file.path
    if file.kind == HOT:
        try:
            hot.read(root, file)
        except ArchiveError as error:
            return str(error).removeprefix(f"{path}: ")
        return ""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest == file.digest:
        return ""
    octets = path.stat().st_size
    if octets != file.octets:
        return f"{octets} octets; expected {file.octets}"
    return f"SHA-256 is {digest}; expected {file.digest}; damaged: {', '.join(_places(path))}"


def _places(path: Path) -> Iterator[str]:
    """Yield the columns of the row groups whose pages do not read."""
    try:
        parquet = pq.ParquetFile(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException):
        yield "the footer"
        return
    found = False
    for number in range(parquet.num_row_groups):
        for name in parquet.schema_arrow.names:
            try:
                parquet.read_row_group(number, columns=[name])
            except (OSError, pa.ArrowException):
                found = True
                yield f"row group {number} column {name}"
    if not found:
        yield "nothing that pages hold"
