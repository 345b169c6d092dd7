"""CSV text as rows that know their line, for packet dictionaries written as tables.

Source: RFC 4180.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ground.errors import Where
from ground.mdb.model import Gravity, Problem

LARGEST_FILE = 16 << 20  # octets; the longest dictionary in reach has 150 thousand
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(slots=True)
class Notes:
    """What was found wrong so far, in order."""

    problems: list[Problem]

    def error(self, where: Where, message: str) -> None:
        self.problems.append(Problem(where, Gravity.ERROR, message))

    def unsupported(self, where: Where, message: str) -> None:
        self.problems.append(Problem(where, Gravity.UNSUPPORTED, message))

    def warning(self, where: Where, message: str) -> None:
        self.problems.append(Problem(where, Gravity.WARNING, message))

    @property
    def refused(self) -> bool:
        """Whether there is an error among the problems."""
        return any(each.gravity is Gravity.ERROR for each in self.problems)


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its first line, and its cells by column, without blanks around them."""

    where: Where
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def whole(self, column: str, low: int, high: int, notes: Notes) -> int | None:
        """Return a whole number of the range; None, and a note, where the cell holds none."""
        text = self[column]
        if _WHOLE.fullmatch(text) and low <= int(text) <= high:
            return int(text)
        message = f"{column} is {text[:40]!r}; expected a whole number from {low} to {high}"
        notes.error(self.where, message)
        return None


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV text with a header line."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read(octets: bytes, source: str, notes: Notes) -> Table:
    """Return the records of a CSV text; what is wrong with it goes to the notes.

    Empty lines are passed over. Cells that a short record lacks are empty; a record with more
    cells than the header is an error.
    """
    text = _text(octets, source, notes)
    records = list(_records(text, source, notes))
    if not records:
        if not notes.refused:
            notes.error(Where(source, 1), "no header line; expected one with names of columns")
        return Table(source, (), ())
    columns = tuple(cell.strip() for cell in records[0][1])
    rows = (_row(columns, cells, Where(source, line), notes) for line, cells in records[1:])
    return Table(source, columns, tuple(rows))


def _text(octets: bytes, source: str, notes: Notes) -> str:
    if len(octets) > LARGEST_FILE:
        notes.error(Where(source), f"{len(octets)} octets; expected at most {LARGEST_FILE}")
        return ""
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        message = f"octet {octets[error.start]:02x} is not UTF-8; expected a CSV text"
        notes.error(Where(source, line), message)
        return ""


def _records(text: str, source: str, notes: Notes) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not empty, each with its first line."""
    reader = csv.reader(_lines(text), skipinitialspace=True, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        notes.error(Where(source, line), f"{error}; expected CSV as of RFC 4180")


def _lines(text: str) -> Iterable[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").splitlines(keepends=True)


def _row(columns: Sequence[str], cells: list[str], where: Where, notes: Notes) -> Row:
    if any(cell.strip() for cell in cells[len(columns) :]):
        message = f"{len(cells)} cells; expected {len(columns)}, as many as columns"
        notes.error(where, message)
    return Row(where, {name: cell.strip() for name, cell in zip(columns, cells, strict=False)})
