"""Lines of styled runs: banner, bars, sheets, plots; only lines that changed are repainted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ground.console.palette import Palette
from ground.console.view.parts import Line, Run
from ground.console.view.text import width


def strip(line: Line, palette: Palette, cells: int, style: str, over: str = "") -> Strip:
    """Return a line as textual draws it, padded with `style` or cut to so many cells."""
    taken = sum(width(run.text) for run in line)
    pad = " " * (cells - taken)
    if pad and line and line[-1].style == style:
        line, pad = [*line[:-1], Run(line[-1].text + pad, style)], ""
    segments = [Segment(text, palette.style(name, over)) for text, name in line]
    if pad:
        segments.append(Segment(pad, palette.style(style, over)))
    made = Strip(segments, max(taken, cells))
    return made.crop(0, cells) if taken > cells else made


class Lines(Widget):
    """Some lines of text; textual's own style cache is passed by, as there are no borders."""

    DEFAULT_CSS = "Lines { height: 1; width: 1fr; }"
    ALLOW_SELECT = False

    def __init__(self, palette: Palette, *, id: str | None = None, style: str = "text") -> None:
        super().__init__(id=id)
        self.palette, self.fill = palette, style
        self._lines: list[Line] = []

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; those that are as they were are left alone."""
        before, self._lines = self._lines, list(lines)
        for y in range(max(len(before), len(self._lines))):
            if before[y : y + 1] != self._lines[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a region of the widget."""
        wide = self.size.width
        made = [
            strip(self._lines[y] if y < len(self._lines) else [], self.palette, wide, self.fill)
            for y in range(crop.y, crop.bottom)
        ]
        if (crop.x, crop.right) == (0, wide):
            return made
        return [each.crop(crop.x, crop.right) for each in made]
