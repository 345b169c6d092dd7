"""A plot of one trend, drawn anew when its picture changes."""

from __future__ import annotations

from ground.console.palette import Palette
from ground.console.view.plotting import Picture, dots_across, draw
from ground.console.widgets.lines import Lines


class BraillePlot(Lines):
    """Least to greatest of each column of dots, with limits, gaps and axes."""

    DEFAULT_CSS = "BraillePlot { height: 1fr; width: 1fr; }"

    def __init__(self, palette: Palette) -> None:
        super().__init__(palette)
        self._picture: Picture | None = None

    @property
    def bins(self) -> int:
        """How many bins of a trend it can show."""
        return dots_across(self.size.width)

    def picture(self, picture: Picture) -> None:
        """Show a picture, unless it is the one that is shown."""
        if self._picture is None or not picture.same(self._picture):
            self._picture = picture
            self._paint()

    def on_resize(self) -> None:
        """Draw in the new size."""
        self._paint()

    def _paint(self) -> None:
        if self._picture is not None and self.size.width:
            size, glyphs = self.size, self.palette.glyphs
            self.show(draw(self._picture, size.width, size.height, glyphs))
