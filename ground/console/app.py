"""The console: one screen whose head is never covered, pages below it, one line of input.

The realm is the feed's and stays what it is: nothing here can change it. There is no modal screen
and no palette of textual's, as both dim the banner. One timer paints, at 2 Hz (or as chosen) and at
1 Hz while the terminal is not looked at; another takes in what has come, so that what was asked for
is shown at once.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.timer import Timer

from ground.console import commands
from ground.console.actions import Actions
from ground.console.acts import Question
from ground.console.feed import Feed
from ground.console.keyboard import Keyboard
from ground.console.ordering import Ordering
from ground.console.palette import Depth, Glyphs, Palette
from ground.console.screens.alarms import AlarmsPage
from ground.console.screens.command import CommandPage
from ground.console.screens.contacts import ContactsPage
from ground.console.screens.fleet import FleetPage, SpacecraftPage
from ground.console.screens.links import LinksPage, ServicesPage
from ground.console.screens.log import LogPage
from ground.console.screens.page import Desk, Page
from ground.console.screens.parameters import ParametersPage
from ground.console.screens.plot import PlotPage
from ground.console.session import Session
from ground.console.surround import Surround
from ground.console.view import parameters
from ground.console.widgets.foot import Foot
from ground.console.widgets.lines import Lines
from ground.console.widgets.prompt import Prompt
from ground.console.widgets.sheet import Sheet

PAGES: tuple[type[Page], ...] = (
    *(FleetPage, SpacecraftPage, ParametersPage, AlarmsPage, CommandPage, LinksPage),
    *(ContactsPage, PlotPage, LogPage, ServicesPage),
)
DRAIN_S = 0.1
QUIET_HZ = 1.0  # while the terminal is not looked at
TRAIL = 50


class Frame(Screen[None], inherit_bindings=False):
    """The only screen there is; it has no keys of its own."""


class Console(App[None], inherit_bindings=False):
    """The console on a feed; `clock` is the time in ns TAI."""

    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    AUTO_FOCUS = None
    CSS = "#head { dock: top; height: auto; }"

    def __init__(
        self,
        feed: Feed,
        clock: Callable[[], int],
        glyphs: Glyphs,
        *,
        rate_hz: float = 2.0,
        page: str = "fleet",
        depth: Depth | None = None,
    ) -> None:
        super().__init__()
        depth = depth or self._depth()
        self.ansi_color = depth != "full"
        palette = Palette(feed.realm, depth, glyphs)
        self.palette = palette
        self.clock = clock
        self.rate_hz = rate_hz
        session = Session(feed, clock(), rate_hz=rate_hz)
        self.desk = Desk(session, palette, clock, self.show_page, self.notice)
        self.pages = {each.NAME: each(self.desk) for each in PAGES}
        self.page = self.pages[page]
        self.trail: list[str] = []
        self.actions, self.ordering = Actions(self), Ordering(self)
        self.keyboard = Keyboard(self)
        names = tuple((each.DIGIT, each.NAME, each.TITLE) for each in PAGES)
        self.surround = Surround(self.desk, names)
        self.head = Lines(palette, style="band")
        self.sheet = Sheet(palette)
        self.foot = Foot(palette, self._completions)
        self._timer: Timer | None = None

    def get_default_screen(self) -> Screen[None]:
        """Return the one screen."""
        return Frame(id="_default")

    def compose(self) -> ComposeResult:
        """Head, pages, sheet, last line."""
        with Vertical(id="head"):
            yield self.head
        yield from self.pages.values()
        yield self.sheet
        yield self.foot

    def on_mount(self) -> None:
        """Colour the page, open the first, and start the timers."""
        self.screen.styles.background = self.palette.page
        for prompt in self.query(Prompt):
            prompt.paint(self.palette)
        self.head.styles.height = self.surround.height
        self.show_page(self.page.NAME)
        self._pace(self.rate_hz)
        self.set_interval(DRAIN_S, self._drain)

    # --- Painting ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Take in what has come, and show it."""
        session = self.desk.session
        session.tick(self.clock())
        self._choose_first()
        for what, answer in session.answers:
            told = f": {answer.reason}" if answer.reason else ""
            self.notice(f"{what}: done{told}" if answer.ok else f"{what} REFUSED{told}")
        session.answers.clear()
        self.ordering.tick()
        session.commanding.news = False
        self.paint()
        if self.surround.rings():
            self.bell()

    def paint(self) -> None:
        """Show what is known now."""
        if not self.is_running or not self.size.width:
            return
        self.page.paint()
        self.desk.session.watch(self.page.watched())
        self.head.show(self.surround.head(self.page, self.size.width, self.rate_hz))
        self._paint_foot()

    def notice(self, text: str) -> None:
        """Say something on the last line for some seconds."""
        self.surround.notice(text)
        if self.is_running:
            self._paint_foot()

    def ask(self, question: Question | str) -> None:
        """Open a sheet, or say why there is none."""
        if isinstance(question, str):
            self.notice(question)
        else:
            self.sheet.ask(question)

    def show_page(self, name: str) -> None:
        """Show a page; where one was before is kept for the way back."""
        if name != self.page.NAME:
            self.trail = [*self.trail, self.page.NAME][-TRAIL:]
        self._turn_to(name)

    def back(self) -> None:
        """Let go of the filter, else go to the page before; never quit."""
        if self.page.back():
            return
        if self.page.words:
            self.page.filter("")
        elif self.trail:
            self._turn_to(self.trail.pop())
        else:
            self.notice("nothing to go back to (:q quits)")

    def set_rate(self, rate_hz: float) -> None:
        """Paint and have values sent at another rate."""
        self.rate_hz = rate_hz
        self.desk.session.pace(rate_hz)
        self._pace(rate_hz)

    # --- What happens ------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Take keys before they go to the widget that has the focus.

        A key that came back from there would come after those typed behind it: `j` then `a` could
        act on the row above, and the letters of a command on the page.
        """
        if isinstance(event, events.Key) and not event.is_forwarded and self.keyboard.takes(event):
            return
        await super().on_event(event)

    def on_live_grid_opened(self) -> None:
        """Open what was clicked twice."""
        self.page.open()

    def on_live_grid_moved(self) -> None:
        """Watch what is seen now."""
        self.call_after_refresh(self.paint)

    def on_sheet_confirmed(self, event: Sheet.Confirmed) -> None:
        """Send what was confirmed, unless that has become impossible meanwhile."""
        self._close_sheet()
        self.actions.confirmed(event.question, event.choice, event.text)

    def on_sheet_closed(self) -> None:
        """Leave the sheet; nothing is sent."""
        asked = self.sheet.question is not None
        self._close_sheet()
        if asked:
            self.notice("cancelled, nothing was sent")

    def on_foot_filtered(self, event: Foot.Filtered) -> None:
        """Filter the page while it is typed."""
        self.page.filter(event.words)
        self.paint()

    def on_foot_ran(self, event: Foot.Ran) -> None:
        """Run a command."""
        self.actions.command(event.text)
        self.paint()

    def on_prompt_passed(self, event: Prompt.Passed) -> None:
        """Do what a function key says that was pressed while something was typed."""
        self.keyboard.passed(event.prompt, event.key)

    def on_foot_closed(self) -> None:
        """Give the focus back to the page."""
        self.screen.set_focus(self.page.target)
        self.paint()

    def on_app_focus(self) -> None:
        """Paint as often as was chosen."""
        self.ordering.check()
        self.desk.arming.unseen_ns = None
        self._pace(self.rate_hz)

    def on_app_blur(self) -> None:
        """Paint seldom while nobody looks."""
        self.desk.arming.unseen_ns = self.clock()
        self._pace(min(QUIET_HZ, self.rate_hz))

    def quit(self) -> None:
        """Quit, but not while armed."""
        if self.desk.arming.armed:
            self.notice("armed: ctrl+g first, then quit")
        else:
            self.exit()

    # --- Inside ------------------------------------------------------------------------------

    def _turn_to(self, name: str) -> None:
        if name != self.page.NAME:
            self.page.leave()
        self.page = self.pages[name]
        for each in self.pages.values():
            each.display = each is self.page
        self.page.enter()
        self.screen.set_focus(self.page.target)
        self.paint()
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        """Paint a page that has its size now; one that was just mounted takes the focus now."""
        if self.focused is None:
            self.screen.set_focus(self.page.target)
        self.paint()

    def _drain(self) -> None:
        """Take in what has come between two paintings; what was waited for is shown at once."""
        if not self.app_focus:
            return
        session = self.desk.session
        waited = bool(session.model.watched) and not session.model.values
        session.tick(self.clock())
        if session.answers or session.commanding.news or (waited and session.model.values):
            self.tick()

    def _pace(self, rate_hz: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_interval(1 / rate_hz, self.tick)

    def _choose_first(self) -> None:
        """Choose the only spacecraft there is, or the first, where none is chosen."""
        mission = self.desk.model.mission
        if not self.desk.spacecraft and mission is not None and mission.spacecraft:
            self.desk.spacecraft = mission.spacecraft[0]

    def _close_sheet(self) -> None:
        self.sheet.close()
        self.screen.set_focus(self.page.target)
        self.call_after_refresh(self.paint)

    def _paint_foot(self) -> None:
        asking = self.sheet.is_open
        self.foot.lines.show([self.surround.foot(self.page, self.size.width, asking=asking)])

    def _completions(self, text: str) -> list[str]:
        if not text.startswith(":"):
            return []
        model = self.desk.model
        names = model.mission.spacecraft if model.mission else ()
        known = commands.Known(names, parameters.names(model))
        return [":" + each for each in commands.complete(text[1:], known)]

    def _depth(self) -> Depth:
        if self.no_color:
            return "none"
        return "sixteen" if self.console.color_system in ("standard", "windows", None) else "full"
