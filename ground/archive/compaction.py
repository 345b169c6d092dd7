"""Segments become day files: a file for each UTC day and crew of at most ten spacecraft.

A round takes every segment that has rows of one day and, with them, all other days that these
segments touch. For each day and crew it merges their rows with those of the day file that is
there, into a new one; one transaction then puts the new files in the place of the old and of the
segments. A crash before it leaves files that the catalogue does not name.

Rows without a time go to the day `unknown`, in the order in which they came.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from ground.archive import disk, schemas, segments
from ground.archive.catalogue import DAY, SEGMENT, Catalogue, File
from ground.archive.flushing import remove
from ground.archive.reading import Reader, windows
from ground.archive.rows import NO_DAY, Span, Window, spans
from ground.archive.store import ArchiveError, Compacted, Progress

CREW = 10  # spacecraft in a day file
GROUP_OCTETS = 256 << 20  # rows in memory at once, about; a larger spacecraft gets more row groups
LARGE_OCTETS = 256 << 20  # a file of the day `unknown` that is larger gets a successor

Picked = tuple[File, list[Span]]


@dataclass(frozen=True, slots=True)
class Cell:
    """What becomes one day file: the spans of one day and crew, in files oldest first."""

    day: str
    crew: int
    picked: tuple[Picked, ...]

    @property
    def window(self) -> Window:
        """The rows of the cell."""
        held = [span for _, each in self.picked for span in each]
        spacecraft = tuple(sorted({span.spacecraft for span in held}))
        if self.day == NO_DAY:
            return Window(spacecraft, day=NO_DAY)
        start = min(span.t0_ns for span in held if span.t0_ns is not None)
        last = max(span.t1_ns for span in held if span.t1_ns is not None)
        return Window(spacecraft, start, last + 1, self.day)

    @property
    def rows(self) -> int:
        """How many rows the cell has."""
        return sum(span.rows for _, each in self.picked for span in each)


@dataclass(frozen=True, slots=True)
class _Made:
    """A day file that was written and that the catalogue does not name yet."""

    file: File
    held: list[Span]
    schema: pa.Schema
    sums: bytes


class Compactor:
    """Merges segments into day files."""

    def __init__(self, root: Path, catalogue: Catalogue, reader: Reader) -> None:
        self._root = root
        self._catalogue = catalogue
        self._reader = reader

    def compact(self, progress: Progress | None) -> Compacted:
        """Merge all segments; those that come later are merged the next time.

        Raises:
            ArchiveError: a file is damaged, or the disk is full; finished rounds stay.
        """
        found = self._catalogue.files(SEGMENT)
        total, done = sum(file.rows for file in found), Compacted()
        for realm, name in dict.fromkeys((file.realm, file.name) for file in found):
            while cells := self._cells(realm, name):
                done = self._round(realm, name, cells, done)
                if progress is not None:
                    progress(min(done.rows, total), total)
        return done

    def _cells(self, realm: str, name: str) -> list[Cell]:
        """Return what to merge in one round: the day of the oldest segment and what hangs on it."""
        picked = self._catalogue.pick(realm, name, Window())
        waiting = [(file, held) for file, held in picked if file.kind == SEGMENT]
        if not waiting:
            return []
        day = waiting[0][1][0].day
        chosen = [each for each in waiting if any(span.day == day for span in each[1])]
        crews = self._crews(realm, name)
        places = dict.fromkeys(
            (span.day, crews[span.spacecraft]) for _, held in chosen for span in held
        )
        days = [each for each in picked if each[0].kind == DAY and not _full(*each)]
        return [Cell(*place, _of(place, crews, [*days, *chosen])) for place in sorted(places)]

    def _crews(self, realm: str, name: str) -> dict[str, int]:
        """Return the crew of each spacecraft of a table; who comes later joins the last crew."""
        crews = self._catalogue.records.crews(realm, name)
        held = {
            span.spacecraft
            for _, each in self._catalogue.pick(realm, name, Window())
            for span in each
        }
        for spacecraft in sorted(held - crews.keys()):
            crews[spacecraft] = len(crews) // CREW
        return crews

    def _round(self, realm: str, name: str, cells: list[Cell], done: Compacted) -> Compacted:
        old = {file.id: file for cell in cells for file, _ in cell.picked}
        made: list[_Made] = []
        try:
            for cell in cells:
                made.append(self._write(realm, name, cell))
            before, after = _rows(old.values()), _rows(each.file for each in made)
            if before != after:
                raise ArchiveError(f"table {name} of {realm}: {before} rows became {after}")
            with self._catalogue.transaction():
                for each in made:
                    stored = self._catalogue.put_schema(each.schema)
                    self._catalogue.put_file(replace(each.file, schema=stored), each.held)
                    self._catalogue.put_sums(each.file, each.sums)
                self._catalogue.records.put_crews(realm, name, self._crews(realm, name))
                self._catalogue.drop_files(old.values())
        except BaseException:
            with suppress(sqlite3.Error):  # it may be interrupted and committed all the same
                unnamed = [each.file for each in made if not self._catalogue.committed(each.file)]
                remove(self._root, unnamed)
            raise
        remove(self._root, list(old.values()))
        return Compacted(
            merged=done.merged + len(old),
            written=done.written + len(made),
            rows=done.rows + _rows(file for file in old.values() if file.kind == SEGMENT),
            octets_before=done.octets_before + sum(file.octets for file in old.values()),
            octets_after=done.octets_after + sum(each.file.octets for each in made),
        )

    def _write(self, realm: str, name: str, cell: Cell) -> _Made:
        schema = schemas.union(self._catalogue.schema(file.schema) for file, _ in cell.picked)
        number = self._catalogue.new_number()
        folder = disk.realm_folder(self._root, realm) / "tlm" / f"day={cell.day}"
        path = folder / disk.table_folder(name) / f"g{cell.crew:03d}-{number:08d}.parquet"
        held: list[Span] = []
        made = segments.write(path, schema, self._groups(cell, schema, held))
        relative = str(path.relative_to(self._root))
        file = File(number, realm, name, DAY, relative, *made.facts, "")
        return _Made(file, held, schema, made.sums)

    def _groups(self, cell: Cell, schema: pa.Schema, held: list[Span]) -> Iterator[pa.Table]:
        """Yield the row groups of a day file, and note in `held` what they span."""
        for table in self._sorted(cell, schema):
            for group in segments.groups(table, least=1):
                held.extend(span for span, _ in spans(group))
                yield group

    def _sorted(self, cell: Cell, schema: pa.Schema) -> Iterator[pa.Table]:
        files = [file for file, _ in cell.picked]
        for window in windows(cell.picked, cell.window, GROUP_OCTETS):
            if window.day == NO_DAY and len(window.spacecraft) == 1:
                parts = (
                    part for file in files for part in self._reader.parts(file, schema, window)
                )
                yield from _joined(parts)
            else:
                yield self._reader.rows(files, schema, window)


def _joined(parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables joined until each has GROUP_OCTETS."""
    waiting: list[pa.Table] = []
    for part in parts:
        waiting.append(part)
        if sum(each.nbytes for each in waiting) >= GROUP_OCTETS:
            yield pa.concat_tables(waiting).unify_dictionaries().combine_chunks()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).unify_dictionaries().combine_chunks()


def _of(place: tuple[str, int], crews: dict[str, int], picked: list[Picked]) -> tuple[Picked, ...]:
    """Return the files that have rows of a day and crew, with those spans."""
    found = []
    for file, all_held in picked:
        held = [span for span in all_held if (span.day, crews[span.spacecraft]) == place]
        if held:
            found.append((file, held))
    return tuple(found)


def _full(file: File, held: list[Span]) -> bool:
    """Whether a file of rows without a time is left as it is."""
    return file.octets > LARGE_OCTETS and held[0].day == NO_DAY


def _rows(files: Iterable[File]) -> int:
    return sum(file.rows for file in files)
