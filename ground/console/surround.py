"""What surrounds every page: the lines above it, the line below, and the bell."""

from __future__ import annotations

from ground.console import keys
from ground.console.palette import kind
from ground.console.screens.page import Desk, Page
from ground.console.view import heads
from ground.console.view.orders import held
from ground.console.view.parts import Line, Run, across

NOTICE_NS = 8_000_000_000
BELL_NS = 10_000_000_000  # the bell rings at most so often, and for critical alarms only
CRITICAL = 3


class Surround:
    """Composes head and foot for a page; `pages` are (digit, name, title) of all."""

    def __init__(self, desk: Desk, pages: tuple[tuple[str, str, str], ...]) -> None:
        self._desk, self._pages = desk, pages
        self._notice, self._noticed_ns = "", 0
        self._critical: set[str] = set()
        self._rung_ns = 0

    @property
    def height(self) -> int:
        """How many lines the head has."""
        return 4 if self._replayed else 3

    def notice(self, text: str) -> None:
        """Say something on the last line for some seconds."""
        self._notice, self._noticed_ns = text, self._desk.clock()

    def head(self, page: Page, cells: int, rate_hz: float) -> list[Line]:
        """Return banner, alarm bar, tabs, and in a replay its bar."""
        now, palette, model = self._desk.clock(), self._desk.palette, self._desk.model
        feed = self._desk.session.feed
        place = heads.Place(
            page=page.NAME,
            crumbs=page.crumbs(),
            pages=self._pages,
            spacecraft=self._desk.spacecraft,
            rate_hz=rate_hz,
            user=feed.user,
            role=feed.role,
            authority=self._authority(now),
            armed=self._desk.arming.armed,
        )
        lines = [
            heads.banner(model, place, palette.band, palette.glyphs, now, cells),
            heads.alarm_bar(model, palette.glyphs, now, cells),
            heads.tabs(place, cells, palette.glyphs.more),
        ]
        if self._replayed:
            lines.append(heads.replay_bar(model, palette.glyphs, cells))
        return lines

    def foot(self, page: Page, cells: int, *, asking: bool) -> Line:
        """Return a notice while it is new, else the keys that act here."""
        more = self._desk.palette.glyphs.more
        if self._notice and self._desk.clock() - self._noticed_ns < NOTICE_NS:
            return across([Run(f" {self._notice}", "strong")], [], cells, "tab", more)
        if asking:
            return across([Run(" enter confirms, esc closes", "dim")], [], cells, "tab")
        runs: Line = []
        for key in keys.here(page.NAME, kind(self._desk.model.realm)):
            if key.hint:
                runs += [Run(f" {key.name}", "key"), Run(f" {key.text} ", "dim")]
        return across(runs, [], cells, "tab", more)

    def rings(self) -> bool:
        """Whether a critical alarm is new, and the bell has been quiet for a while."""
        waiting = {
            row.id
            for row in self._desk.model.alarms.values()
            if row.severity == CRITICAL and row.state == "unacknowledged"
            if row.shelved_until_ns is None
        }
        new, self._critical = waiting - self._critical, waiting
        now = self._desk.clock()
        if not new or now - self._rung_ns < BELL_NS:
            return False
        self._rung_ns = now
        return True

    def _authority(self, now_ns: int) -> str:
        name, orders = self._desk.spacecraft, self._desk.orders
        user = self._desk.session.feed.user
        return held(orders.authority.get(name), name, user, now_ns)

    @property
    def _replayed(self) -> bool:
        return self._desk.palette.kind == "replay"
