"""What every view is made of: runs of styled text, cells, columns and tables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ground.console.view.text import fit, width


class Run(NamedTuple):
    """Text in one style; styles are names of `ground.console.palette`."""

    text: str
    style: str = "text"


Cell = Run  # a run that a column pads or cuts to its width
Line = list[Run]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a grid.

    Attributes:
        width: in cells, at least; `grow` is its share of what is left over.
        from_width: shown where the grid is at least so wide.
        tail: what is cut keeps its end, as for paths.
    """

    title: str
    width: int
    right: bool = False
    grow: int = 0
    from_width: int = 0
    tail: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a grid, drawn only where they are seen.

    Attributes:
        identify: what stays the same about a row, so that cursor and marks follow it.
        draw: the cells of a row, one for each column.
    """

    columns: tuple[Column, ...]
    items: Sequence[Any]
    identify: Callable[[Any], Hashable]
    draw: Callable[[Any], Sequence[Cell]]
    empty: str = "nothing yet"


def layout(columns: Sequence[Column], cells: int) -> list[tuple[int, int]]:
    """Return which columns fit a grid of so many cells, as (index, width); a gap lies between."""
    shown = [index for index, column in enumerate(columns) if column.from_width <= cells]
    spare = cells - sum(columns[index].width + 1 for index in shown)
    shares = sum(columns[index].grow for index in shown)
    placed = []
    for index in shown:
        part = spare * columns[index].grow // shares if shares and spare > 0 else 0
        placed.append((index, columns[index].width + part))
    return placed


def line(
    columns: Sequence[Column],
    places: Sequence[tuple[int, int]],
    cells: Sequence[Cell],
    more: str,
) -> Line:
    """Return a row as runs, neighbours of equal style merged into one."""
    runs: Line = []
    for index, wide in places:
        column, (text, style) = columns[index], cells[index]
        text = fit(text, wide, right=column.right, more=more, tail=column.tail) + " "
        if runs and runs[-1].style == style:
            runs[-1] = Run(runs[-1].text + text, style)
        else:
            runs.append(Run(text, style))
    return runs


def across(
    left: Line, right: Line, cells: int, style: str, more: str = "…", *, keep: bool = False
) -> Line:
    """Return one line of so many cells: `left`, then `right` at its end where there is room.

    What does not fit is cut from the end of `left`'s runs: what comes first matters most. `keep`
    cuts there rather than leave `right` away, as long as `left` has half of the line.
    """
    need = sum(width(run.text) for run in right)
    room = max(cells // 2, 1) if keep else sum(width(run.text) for run in left) + 1
    if room + need > cells:
        right, need = [], 0
    runs, room = [], cells - need
    for text, name in left:
        if room <= 0:
            break
        part = text if width(text) <= room else fit(text, room, more=more)
        runs.append(Run(part, name))
        room -= width(part)
    return [*runs, Run(" " * room, style), *right] if room > 0 else [*runs, *right]
