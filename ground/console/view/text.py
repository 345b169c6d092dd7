"""Text in cells of a terminal: cleaned, measured, fitted; and how ages and numbers read."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from protocols import times

SECOND_NS = 1_000_000_000
NEVER = "-"


def clean(text: str) -> str:
    """Return text from outside, safe on a terminal: control characters become visible escapes."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def width(text: str) -> int:
    """Return how many cells of a terminal the text takes; a CJK character takes two."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, cells: int, *, right: bool = False, more: str = "…", tail: bool = False) -> str:
    """Return text in exactly so many cells, padded or cut; a cut is marked by `more`.

    Args:
        right: pad on the left, as for numbers.
        tail: where it is cut, keep its end, as for paths.
    """
    taken = width(text)
    if taken <= cells:
        pad = " " * (cells - taken)
        return pad + text if right else text + pad
    room = cells - width(more)
    if room < 0:
        return set_cell_size(more, cells)
    return (
        more + set_cell_size(text[::-1], room)[::-1] if tail else set_cell_size(text, room) + more
    )


def age(span_ns: int) -> str:
    """Return how long ago in at most six characters, in whole seconds at the finest.

    A tenth of a second would repaint every row at every tick for nothing.
    """
    seconds = max(0, span_ns) // SECOND_NS
    if seconds < 1:
        return "<1s"
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02}m"
    return f"{min(seconds // 86_400, 999)}d{seconds % 86_400 // 3600:02}h"


def since(t_ns: int | None, now_ns: int) -> str:
    """Return the age of something that happened at a time; a dash where it never did."""
    return NEVER if t_ns is None else age(now_ns - t_ns)


def utc(t_ns: int, *, date: bool = True) -> str:
    """Return a time as people read it, in UTC to the second."""
    text = times.iso(t_ns)
    return f"{text[:10]} {text[11:19]}Z" if date else f"{text[11:19]}Z"


def count(number: float) -> str:
    """Return a count or size short: 1,234 as it is, larger with k, M, G, T."""
    for unit, scale in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(number) >= scale * 10:
            return f"{number / scale:.1f}{unit}"
    return f"{number:,.0f}"


def number(value: float | None) -> str:
    """Return a number of a limit or an axis, at most five significant digits."""
    return NEVER if value is None else f"{value:.5g}"
