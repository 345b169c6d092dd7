"""From the hot tail to Parquet segments, and putting an archive right when a writer opens it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from ground.archive import databases, disk, hot, schemas, segments
from ground.archive.catalogue import HOT, SEGMENT, Catalogue, File
from ground.archive.reading import Reader, missing
from ground.archive.rows import Window, spans
from ground.archive.store import ArchiveError


class Flusher:
    """Writes segments; one for all hot files that a table has."""

    def __init__(self, root: Path, catalogue: Catalogue, reader: Reader) -> None:
        self._root = root
        self._catalogue = catalogue
        self._reader = reader

    def recover(self) -> None:
        """Remove what the catalogue does not name and turn an old hot tail into segments.

        A damaged hot file stays as it is: reading its table tells.
        """
        named = {self._root / file.path for file in self._catalogue.files()}
        for path in disk.telemetry(self._root):
            if path not in named:
                path.unlink()
        for path in self._root.glob(f"{databases.FOLDER}/*.tmp"):
            shutil.rmtree(path, ignore_errors=True)
        for realm, name in dict.fromkeys((f.realm, f.name) for f in self._catalogue.files(HOT)):
            with suppress(ArchiveError):
                self.flush(realm, name)

    def flush(self, realm: str, name: str) -> None:
        """Turn the hot files of a table, written to no more, into one sorted segment.

        Raises:
            ArchiveError: one is damaged or missing; the others are flushed all the same.
        """
        files = self._catalogue.files(HOT, realm=realm, name=name)
        try:
            self._flush(realm, name, files)
        except (ArchiveError, FileNotFoundError) as error:
            whole = [file for file in files if self._reads(file)]
            if whole != files:
                self._flush(realm, name, whole)
            if isinstance(error, FileNotFoundError):
                raise missing(error) from error
            raise

    def _reads(self, file: File) -> bool:
        try:
            hot.read(self._root, file)
        except (ArchiveError, FileNotFoundError):
            return False
        return True

    def _flush(self, realm: str, name: str, files: list[File]) -> None:
        if not files:
            return
        schema = schemas.union(self._catalogue.schema(file.schema) for file in files)
        table = self._reader.rows(files, schema, Window())
        number = self._catalogue.new_number()
        folder = disk.realm_folder(self._root, realm) / "tlm" / "seg" / disk.table_folder(name)
        path = folder / f"{number:08d}.parquet"
        made = segments.write(path, schema, segments.groups(table))
        relative = str(path.relative_to(self._root))
        with self._catalogue.transaction():
            stored = self._catalogue.put_schema(schema)
            file = File(number, realm, name, SEGMENT, relative, *made.facts, stored)
            self._catalogue.put_file(file, [span for span, _ in spans(table)])
            self._catalogue.put_sums(file, made.sums)
            self._catalogue.drop_files(files)
        remove(self._root, files)


def remove(root: Path, files: list[File]) -> None:
    """Remove files that the catalogue no longer names; what cannot be removed goes next time."""
    for file in files:
        with suppress(OSError):
            (root / file.path).unlink()
