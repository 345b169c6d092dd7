"""Rows of parameters: status, engineering, units, limits, age, raw and trend."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np

from ground.columns import element
from ground.console.model import FRESH, NONE, Key, Model, Value
from ground.console.palette import SEVERITIES
from ground.console.view.alarms import matches
from ground.console.view.parts import Cell, Column
from ground.console.view.rows import Look
from ground.console.view.text import NEVER, clean, number, since
from ground.messages import ParameterRow

_INDEX = re.compile(r"\[([0-9]{1,9})\]")

COLUMNS = (
    Column("", 2),
    Column("parameter", 22, grow=3, tail=True),
    Column("value", 14, right=True, grow=1),
    Column("units", 7),
    Column("limits", 15, from_width=78),
    Column("age", 6, right=True),
    Column("raw", 12, right=True, from_width=100),
    Column("trend", 24, from_width=118),
    Column("packet type", 18, grow=1, tail=True, from_width=132),
    Column("description", 20, grow=4, from_width=150),
)


def keys(model: Model, spacecraft: str, packet_type: str, words: str) -> list[Key]:
    """Return the rows of a spacecraft, an array's elements each for itself, as filtered."""
    if not spacecraft:
        return []
    return [
        key
        for row in model.parameters.values()
        if packet_type in ("", row.packet_type)
        for key in _elements(spacecraft, row)
        if not words or matches(f"{_name(key)} {row.packet_type} {row.units}", words)
    ]


def cells(key: Key, model: Model, look: Look) -> list[Cell]:
    """Return the row of a parameter or of one element of it."""
    row, value = model.parameters.get(key[1]), model.values.get(key)
    units, limits, of = ("", "", "")
    if row is not None:
        units, limits, of = clean(row.units), ranges(row), clean(row.packet_type)
    about = clean(row.description) if row is not None else ""
    if value is None or value.state == NONE:
        blank = Cell(NEVER, "off")
        middle = [blank, Cell(units, "dim"), Cell(limits, "dim"), blank, blank, Cell("", "dim")]
        return [look.sign("off"), Cell(_name(key)), *middle, Cell(of, "dim"), Cell(about, "dim")]
    status = condition(value)
    old = "stale" if status == "stale" else ""
    return [
        look.sign(status),
        Cell(_name(key), old or "text"),
        Cell(("~" if old else "") + clean(value.value), old or _value_style(status)),
        Cell(units, "dim"),
        Cell(limits, status if value.severity and not old else "dim"),
        Cell(since(value.received_ns or value.t_ns, look.now_ns), old or "dim"),
        Cell(clean(value.raw), old or "dim"),
        Cell(spark(value, look), old or "spark"),
        Cell(of, "dim"),
        Cell(about, "dim"),
    ]


def condition(value: Value) -> str:
    """Return the status of a value: what is stale is never called normal."""
    if value.state != FRESH:
        return "stale"
    return SEVERITIES[min(value.severity, 3)]


def spark(value: Value, look: Look) -> str:
    """Return the newest values as bars of eight heights between their least and greatest."""
    trend, bars = value.trend, look.glyphs.spark
    there = np.isfinite(trend)
    if not there.any():
        return ""
    low, high = float(trend[there].min()), float(trend[there].max())
    span = high - low
    scaled = (trend - low) / span * (len(bars) - 2) if span > 0 else np.zeros_like(trend)
    heights = np.where(there, np.nan_to_num(scaled).round() + 1, 0).astype(int)
    return "".join(bars[height] for height in heights.tolist())


def ranges(row: ParameterRow) -> str:
    """Return the tightest range that is allowed."""
    if not row.limits:
        return ""
    _, low, high = row.limits[0]
    if low is None or high is None:
        return f"< {number(high)}" if low is None else f"> {number(low)}"
    return f"{number(low)}..{number(high)}"


def find(model: Model, spacecraft: str, text: str) -> Key | None:
    """Return the row a person means: a path, the last part of one, with an element or without.

    None where there is no such parameter, or more than one.
    """
    path, index = _split(text)
    ends = [
        row
        for row in model.parameters.values()
        if row.path == path or row.path.endswith("/" + path.lstrip("/"))
    ]
    exact = [row for row in ends if row.path == path] or ends
    if len(exact) != 1 or not spacecraft:
        return None
    if exact[0].elements and not 0 <= index < exact[0].elements:
        return None
    return spacecraft, exact[0].path, index if exact[0].elements else -1


def names(model: Model) -> list[str]:
    """Return the last parts of all paths, for completion."""
    return sorted({row.path.rsplit("/", 1)[-1] for row in model.parameters.values()})


def drawable(value: Value | None) -> bool:
    """Whether a plot of it makes sense: its newest sample is a number."""
    return value is None or not math.isnan(value.number)


def label(key: Key) -> str:
    """Return spacecraft and parameter as one name."""
    return f"{clean(key[0])} {_name(key)}"


def _elements(spacecraft: str, row: ParameterRow) -> Iterable[Key]:
    each = range(row.elements) if row.elements else (-1,)
    return ((spacecraft, row.path, index) for index in each)


def _name(key: Key) -> str:
    return clean(element(key[1], key[2]) if key[2] >= 0 else key[1])


def _split(text: str) -> tuple[str, int]:
    """Return the path of a name, and which element it means; -1 where it names none."""
    found = _INDEX.search(text)
    if found is None:
        return text, -1
    return text[: found.start()] + text[found.end() :], int(found[1])


def _value_style(status: str) -> str:
    return "text" if status == "normal" else status
