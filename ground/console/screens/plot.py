"""Plots of up to four parameters over one span of time, above each other."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widget import Widget

from ground.console.model import STALE, Key
from ground.console.palette import SEVERITIES
from ground.console.screens.page import Desk, Page
from ground.console.view.parameters import drawable, label
from ground.console.view.plotting import Picture
from ground.console.view.text import clean, utc
from ground.console.widgets.brailleplot import BraillePlot

PANES = 4
SECOND_NS = 1_000_000_000
SPANS = (
    *(("1 min", 60), ("5 min", 300), ("15 min", 900), ("1 h", 3_600)),
    *(("6 h", 21_600), ("1 d", 86_400), ("7 d", 604_800)),
)
ASK_NS = SECOND_NS  # a trend is asked for once a second


class PlotPage(Page):
    """Least and greatest of each bin; it follows now, or holds a time."""

    NAME, TITLE, DIGIT = "plot", "Plot", "9"
    can_focus = True
    DEFAULT_CSS = "PlotPage BraillePlot { display: none; }"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.panes = [BraillePlot(desk.palette) for _ in range(PANES)]
        self.span = 1
        self.end_ns: int | None = None  # None follows now
        self._asked: dict[Key, tuple[int, int, int]] = {}

    def compose(self) -> ComposeResult:
        """Caption, and the panes, hidden until they are needed."""
        yield self.caption
        yield from self.panes

    @property
    def target(self) -> Widget:
        """The page itself."""
        return self

    def add(self, key: Key) -> str:
        """Plot another parameter; return what was done."""
        if key in self.desk.plots:
            return "plotted already (P opens the plot)"
        self.desk.plots = [*self.desk.plots, key][-PANES:]
        return f"plot of {label(key)} added, {len(self.desk.plots)} of {PANES} (P opens)"

    def drop(self) -> None:
        """Take the last plot away."""
        self.desk.plots = self.desk.plots[:-1]

    def zoom(self, step: int) -> None:
        """Show more time or less."""
        self.span = max(0, min(len(SPANS) - 1, self.span + step))

    def pan(self, step: int) -> None:
        """Go a quarter of the span back or on; beyond now it follows again."""
        newest = self._newest()
        end = (newest if self.end_ns is None else self.end_ns) + step * self._span_ns // 4
        self.end_ns = None if end >= newest else end

    def paint(self) -> None:
        """Ask for what is due, and draw what has come."""
        plots = self.desk.plots
        for at, pane in enumerate(self.panes):
            pane.display = at < len(plots)
            if at < len(plots) and pane.size.width:
                self._draw(pane, plots[at])
        self.say(self._told() if plots else "no plot: p on a parameter adds one, or :plot NAME")

    def crumbs(self) -> tuple[str, ...]:
        """The spacecraft of the plots."""
        return ("plot", *sorted({key[0] for key in self.desk.plots}))

    def watched(self) -> list[Key]:
        """Return what is plotted, so that its state is known."""
        return list(self.desk.plots)

    @property
    def _span_ns(self) -> int:
        return SPANS[self.span][1] * SECOND_NS

    def _draw(self, pane: BraillePlot, key: Key) -> None:
        model, bins = self.desk.model, pane.bins
        step = max(1, self._span_ns // bins)
        end = self._newest() if self.end_ns is None else self.end_ns
        end = -(-end // step) * step  # whole bins, so that they hold still while time goes on
        start = end - step * bins
        self._ask(key, start, end, bins)
        row, value = model.parameters.get(key[1]), model.values.get(key)
        limits = [
            (severity if severity in SEVERITIES else "caution", bound)
            for severity, low, high in (row.limits if row else [])
            for bound in (low, high)
            if bound is not None
        ]
        stale = model.lost_ns is not None or (value is not None and value.state == STALE)
        title = label(key) + ("" if drawable(value) else " (its newest sample is no number)")
        units = clean(row.units) if row else ""
        pane.picture(Picture(title, units, model.trends.get(key), start, end, limits, stale))

    def _newest(self) -> int:
        """Return now; where the newest sample is of another time, as after a recording, that."""
        now, values = self.desk.look().now_ns, self.desk.model.values
        times = [values[key].t_ns for key in self.desk.plots if key in values]
        newest = max((t_ns for t_ns in times if t_ns > 0), default=now)
        return now if now - self._span_ns < newest <= now else newest + 1

    def _told(self) -> str:
        span = SPANS[self.span][0]
        if self.end_ns is not None:
            return f"{span} (held, n follows now)"
        newest = self._newest()
        now = newest == self.desk.look().now_ns
        return f"{span} to now" if now else f"{span} to the newest sample, {utc(newest)}"

    def _ask(self, key: Key, start: int, end: int, bins: int) -> None:
        """Ask for a trend where it is another one than before, or a second old."""
        now = self.desk.clock()
        asked = self._asked.get(key)
        want = (start, end, bins)
        if asked is None or asked[0] // ASK_NS != now // ASK_NS or asked[1:] != want[:2]:
            self._asked[key] = (now, start, end)
            self.desk.session.trend(key, start, end, bins, now)
