"""A trend as lines of a terminal: least to greatest of each column, gaps left as gaps.

A braille cell is two dots wide and four high; dot (row, column) of it is one bit of the code point.
Source: Unicode 15, Braille Patterns U+2800: dots 1-3 and 7 on the left, 4-6 and 8 on the right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ground.console.palette import Glyphs
from ground.console.view.parts import Line, Run
from ground.console.view.text import fit, number, utc
from ground.messages import TrendRead

_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.int32)
LABEL = 11  # cells of an axis label
Limits = list[tuple[str, float]]  # severity, and a value at which it begins


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a plot shows: a trend over [start_ns, end_ns), and the limits of its parameter."""

    title: str
    units: str
    trend: TrendRead | None
    start_ns: int
    end_ns: int
    limits: Limits
    stale: bool = False

    def same(self, other: Picture) -> bool:
        """Whether it looks like another one; arrays are compared by identity."""
        fields = ("title", "start_ns", "end_ns", "limits", "stale")
        alike = all(getattr(self, each) == getattr(other, each) for each in fields)
        return alike and self.trend is other.trend


def dots_across(cells: int) -> int:
    """Return how many bins a plot of this width can show."""
    return max(2, (cells - LABEL - 1) * 2)


def draw(picture: Picture, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return a plot as lines: its title, the curve with its axis, and the time below."""
    room, deep = cells - LABEL - 1, height - 2
    if room < 4 or deep < 2:
        return [[Run(fit("no room for a plot", cells), "dim")] for _ in range(height)]
    least, greatest = _columns(picture, room * 2)
    low, high = _range(least, greatest, picture.limits)
    curve = _curve(least, greatest, low, high, room, deep, glyphs)
    marks = _marks(picture.limits, low, high, deep)
    style = "stale" if picture.stale else "plot"
    body = [
        [
            Run(_label(at, deep, low, high) + glyphs.rule, "axis"),
            *_row(curve[at], marks.get(at), style, glyphs),
        ]
        for at in range(deep)
    ]
    return [_title(picture, least, greatest, cells, glyphs), *body, _times(picture, room, glyphs)]


def _columns(picture: Picture, across: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return least and greatest of each column of dots, nan where there is no sample."""
    least, greatest = np.full(across, np.nan), np.full(across, np.nan)
    span = picture.end_ns - picture.start_ns
    if picture.trend is None or span <= 0:
        return least, greatest
    columns = picture.trend.columns
    share = (columns["start_ns"] - picture.start_ns).astype(np.float64) / span
    at = np.floor(share * across + 1e-6)
    inside = (at >= 0) & (at < across) & np.isfinite(columns["minimum"])
    at = at[inside].astype(np.intp)
    np.fmin.at(least, at, columns["minimum"][inside])
    np.fmax.at(greatest, at, columns["maximum"][inside])
    return least, greatest


def _range(
    least: NDArray[np.float64], greatest: NDArray[np.float64], limits: Limits
) -> tuple[float, float]:
    """Return the span of the axis: all samples, and the limits that are not far away."""
    if np.isnan(least).all():
        return 0.0, 1.0
    low, high = float(np.nanmin(least)), float(np.nanmax(greatest))
    reach = max(high - low, abs(high) * 0.01, 1e-12)
    near = [value for _, value in limits if low - 2 * reach <= value <= high + 2 * reach]
    low, high = min([low, *near]), max([high, *near])
    margin = max(high - low, abs(high) * 0.01, 1e-12) * 0.04
    return low - margin, high + margin


def _curve(
    least: NDArray[np.float64],
    greatest: NDArray[np.float64],
    low: float,
    high: float,
    room: int,
    deep: int,
    glyphs: Glyphs,
) -> list[str]:
    """Return the dots as text, each column from its least to its greatest, joined to the next."""
    there = ~np.isnan(least)
    rows = deep * 4
    top = _places(greatest, low, high, rows)
    bottom = _places(least, low, high, rows)
    joined = there[1:] & there[:-1]
    top[1:] = np.where(joined & (bottom[:-1] < top[1:]), bottom[:-1], top[1:])
    bottom[1:] = np.where(joined & (top[:-1] > bottom[1:]), top[:-1], bottom[1:])
    each = np.arange(rows)[:, None]
    lit = (each >= top) & (each <= bottom) & there
    codes = (lit.reshape(deep, 4, room, 2) * _BITS[None, :, None, :]).sum(axis=(1, 3))
    if glyphs.braille:
        return ["".join(chr(0x2800 + code) if code else " " for code in row) for row in codes]
    return ["".join("*" if code else " " for code in row) for row in codes]


def _places(values: NDArray[np.float64], low: float, high: float, rows: int) -> NDArray[np.intp]:
    """Return the rows of dots at which values lie, from the top."""
    share = (high - np.nan_to_num(values, nan=low)) / (high - low)
    return np.clip(np.floor(share * rows), 0, rows - 1).astype(np.intp)


def _marks(limits: Limits, low: float, high: float, deep: int) -> dict[int, str]:
    """Return which lines a limit runs along, and its severity; the worst where two meet."""
    marks: dict[int, str] = {}
    for severity, value in limits:
        if low <= value <= high:
            marks[min(deep - 1, int((high - value) / (high - low) * deep))] = severity
    return marks


def _row(text: str, severity: str | None, style: str, glyphs: Glyphs) -> Line:
    """Return a line of the curve; where a limit runs, it shows wherever the curve does not."""
    if severity is None:
        return [Run(text, style)]
    runs: Line = []
    for at, char in enumerate(text):
        blank = char == " "
        part = (glyphs.dash if at % 2 == 0 else " ") if blank else char
        name = severity if blank else style
        if runs and runs[-1].style == name:
            runs[-1] = Run(runs[-1].text + part, name)
        else:
            runs.append(Run(part, name))
    return runs


def _label(at: int, deep: int, low: float, high: float) -> str:
    """Return the axis label of a line: at the top, the middle and the bottom."""
    if at not in (0, deep // 2, deep - 1):
        return " " * LABEL
    value = high - (at + 0.5) / deep * (high - low)
    return fit(number(value), LABEL - 1, right=True) + " "


def _title(
    picture: Picture,
    least: NDArray[np.float64],
    greatest: NDArray[np.float64],
    cells: int,
    glyphs: Glyphs,
) -> Line:
    units = f" {picture.units}" if picture.units else ""
    if np.isnan(least).all():
        what = "waiting for the station" if picture.trend is None else "no samples in this time"
    else:
        what = f"{number(float(np.nanmin(least)))}..{number(float(np.nanmax(greatest)))}{units}"
    bounds = sorted({value for _, value in picture.limits})
    told = f"  limits {', '.join(map(number, bounds))}" if bounds else ""
    name = f" {picture.title} "
    rest = cells - len(name)
    stale = "  STALE" if picture.stale else ""
    return [Run(name, "strong"), Run(fit(f" {what}{told}{stale}", rest, more=glyphs.more), "dim")]


def _times(picture: Picture, room: int, glyphs: Glyphs) -> Line:
    """Return the line below: when it begins, its middle where there is room, and its end."""
    first, last = utc(picture.start_ns), utc(picture.end_ns, date=False)
    if room < len(first) + len(last) + 2:
        first = utc(picture.start_ns, date=False)
    gap = room - len(first) - len(last)
    return [Run(fit(" " * (LABEL + 1) + first + " " * gap + last, LABEL + 1 + room), "axis")]
