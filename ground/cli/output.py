"""What a command prints: one JSON object, JSON lines, or a table for people.

Source: contracts of the shell: `{"schema": "ground.<verb>/1", "rows": [...], "counts": {...}}`;
integers exact, octets as hex, non-finite floats as strings. JSON is written in ASCII, so that no
control character of a value reaches a terminal.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
SHOWN_OCTETS = 24  # of a value of octets in a table
TO_SECOND, TO_MILLISECOND = len("2026-11-22T10:00:00"), len("2026-11-22T10:00:00.000")
WIDE = 160  # characters of a line that has room for every column
PIPED_WIDTH = 10_000  # characters of a line that nobody reads on a screen


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table: the key of the row, the title, and what it holds.

    `time` is how many characters of a time are shown: TO_SECOND or TO_MILLISECOND. One that is
    `aside` is left out on a narrow terminal, where the others could not be read beside it; one
    that is `whole` is not broken over lines.
    """

    key: str
    title: str
    number: bool = False
    time: int = 0
    aside: bool = False
    whole: bool = False

    def cell(self, row: Row) -> str:
        """Return the row's value as a person reads it."""
        text = cell(row.get(self.key))
        return text[: self.time].replace("T", " ") if self.time else text


def clean(text: str) -> str:
    """Return text that is safe on a terminal: control characters become visible escapes."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def literal(text: str) -> str:
    """Return text from outside for a line with rich's markup, which it is then no part of."""
    from rich.markup import escape

    return escape(clean(text))


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it exactly."""
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    return plain(value.item())


def emit(
    verb: str,
    rows: Iterable[Row],
    headings: Sequence[Heading],
    *,
    as_json: bool = False,
    as_lines: bool = False,
    counts: Mapping[str, Any] | None = None,
    beside: Mapping[str, Any] | None = None,
    empty: str = "nothing",
) -> None:
    """Print rows in the form that was asked for; JSON lines stream, a table is drawn at once.

    `beside` are further keys of the JSON object. `empty` is said to a person in place of a table
    without rows.
    """
    if as_lines:
        for row in rows:
            sys.stdout.write(json.dumps(plain(row)) + "\n")
    elif as_json:
        whole = {"schema": f"ground.{verb}/1", "rows": [plain(row) for row in rows]}
        json.dump(whole | {"counts": plain(counts or {})} | plain(beside or {}), sys.stdout)
        sys.stdout.write("\n")
    else:
        _table(rows, headings, empty)


def cell(value: Any) -> str:
    """Return a value as a person reads it in a table."""
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return value[:SHOWN_OCTETS].hex() + ("…" if len(value) > SHOWN_OCTETS else "")
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.8g}"
    return clean(str(value))


def _table(rows: Iterable[Row], headings: Sequence[Heading], empty: str) -> None:
    table = drawn(rows, fitting(headings))
    console().print(table if table.row_count else literal(empty))


def fitting(headings: Sequence[Heading]) -> Sequence[Heading]:
    """Return the columns that there is room for."""
    room = console().width >= WIDE
    return [each for each in headings if room or not each.aside]


def drawn(rows: Iterable[Row], headings: Sequence[Heading]) -> Any:
    """Return rows as a table to draw; one with a bad severity stands out."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(
            heading.title,
            justify="right" if heading.number else "left",
            no_wrap=bool(heading.number or heading.time or heading.whole),
            overflow="fold",
        )
    for row in rows:
        cells = [Text(heading.cell(row)) for heading in headings]
        table.add_row(*cells, style=STYLES.get(str(row.get("severity", "")).lower()))
    return table


STYLES = {"caution": "yellow", "serious": "dark_orange", "critical": "bold red"}


def console(*, stderr: bool = False) -> Any:
    """Return the console to draw on; piped output is as wide as it needs to be."""
    from rich.console import Console

    class Calm(Console):
        """Leaves a reader that has gone away to the caller; rich itself would exit with 1."""

        def on_broken_pipe(self) -> None:
            raise  # the BrokenPipeError that rich is handling

    made = Calm(stderr=stderr, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        made.width = PIPED_WIDTH
    return made


def say(text: str = "") -> None:
    """Print a line for people, with rich's markup; pass what is from outside by `literal`."""
    console().print(text)
