"""A line of values as braille dots: two columns and four rows of dots a character."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint32)
_BLANK = 0x2800


def braille(
    low: NDArray[np.float64], high: NDArray[np.float64], *, width: int, height: int
) -> list[str]:
    """Return `height` lines of `width` characters that show the band from `low` to `high`.

    Args:
        low, high: [2 x width], the least and the greatest value of each column of dots; NaN
            leaves the column empty.
        width, height: in characters.
    """
    dots = np.zeros((height * 4, width * 2), bool)
    shown = np.isfinite(low) & np.isfinite(high)
    if shown.any():
        bottom, top = extent(low[shown], high[shown])
        scale = (height * 4 - 1) / (top - bottom)
        first = np.rint((top - high[shown]) * scale).astype(int)
        last = np.rint((top - low[shown]) * scale).astype(int)
        for column, start, stop in zip(np.flatnonzero(shown), first, last, strict=True):
            dots[start : stop + 1, column] = True
    cells = dots.reshape(height, 4, width, 2).transpose(0, 2, 1, 3)
    codes = (cells * _DOTS).sum(axis=(2, 3)) + _BLANK
    return ["".join(map(chr, line)) for line in codes]


def extent(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[float, float]:
    """Return the bottom and top of a plot: the values' own, or one apart where they are equal."""
    bottom, top = float(np.min(low)), float(np.max(high))
    if bottom == top:
        return bottom - 0.5, top + 0.5
    return bottom, top


def labelled(
    low: NDArray[np.float64], high: NDArray[np.float64], *, width: int, height: int
) -> list[str]:
    """Return the plot with its top and bottom values written at the left."""
    lines = braille(low, high, width=width, height=height)
    shown = np.isfinite(low) & np.isfinite(high)
    bottom, top = extent(low[shown], high[shown]) if shown.any() else (0.0, 0.0)
    marks = [f"{top:.6g}", *[""] * (height - 2), f"{bottom:.6g}"]
    room = max(map(len, marks))
    return [f"{mark:>{room}} ┤{line}" for mark, line in zip(marks, lines, strict=True)]
