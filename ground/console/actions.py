"""What keys and commands do. Nothing here sends an act: it asks, and `confirmed` sends.

A disabled action says why on the last line. In a replay only the replay itself can be moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from ground.console import acts, commands, keys, ordering
from ground.console.acts import Question
from ground.console.replaying import Replaying
from ground.console.screens.alarms import AlarmsPage
from ground.console.screens.contacts import ContactsPage
from ground.console.screens.parameters import ParametersPage
from ground.console.screens.plot import PlotPage
from ground.console.view import parameters
from ground.console.view.text import clean
from ground.errors import InputError
from ground.messages import AlarmRow, ControlReplay

if TYPE_CHECKING:
    from ground.console.app import Console

_PAGE_OF = {"shelved": "alarms"}


class Actions:
    """The actions by id, on the page that is shown."""

    def __init__(self, app: Console) -> None:
        self.app = app
        self.replaying = Replaying(app)

    def run(self, action: str, key: str = "") -> None:
        """Do an action that a key stands for."""
        if action == "page":
            self._page(key)
        elif action.startswith("replay_"):
            self.replaying.key(action)
        elif action.startswith("plot_"):
            self._plot(action)
        elif action.startswith("order_"):
            self.app.ordering.run(action)
        elif action.startswith("contacts_"):
            cast(ContactsPage, self.app.pages["contacts"]).turn(action)
        elif action in ("acknowledge", "acknowledge_visible", "shelve", "unshelve", "clear"):
            self._alarm(action)
        else:
            self._plain(action)

    def _plain(self, action: str) -> None:
        page = self.app.page
        doing: dict[str, Callable[[], None]] = {
            "open": page.open,
            "back": self.app.back,
            "last": self._last,
            "pane": self._pane,
            "help": self._help,
            "mark": self._mark,
            "unmark": self._unmark,
            "merge": self._merge,
            "command": lambda: self.app.foot.type(":"),
            "filter": lambda: self.app.foot.type("/" + page.words),
        }
        if action in doing:
            doing[action]()

    def command(self, text: str) -> None:
        """Do what was typed behind `:`."""
        try:
            self._typed(commands.parse(text))
        except InputError as error:
            self.app.notice(clean(str(error)))

    def confirmed(self, question: Question, choice: int, text: str) -> None:
        """Send what a sheet asked and an operator confirmed, where that is still possible."""
        session, now = self.app.desk.session, self.app.clock()
        request = question.make(choice, text, now)
        if ordering.concerns(request):
            self.app.ordering.confirmed(question.what, request)
            return
        replayed = isinstance(request, ControlReplay)
        why = self.replaying.refused() if replayed else self._refused()
        if why:
            self.app.notice(f"nothing was sent: {why}")
            return
        session.act(request, question.what)
        self.app.notice(f"{question.what}: sent, waiting for the station")

    def _typed(self, typed: commands.Typed) -> None:
        verb, words = typed.verb, typed.words
        if verb == "quit":
            self.app.quit()
        elif verb == "auth":
            desk = self.app.desk
            names = desk.model.mission.spacecraft if desk.model.mission else []
            self.app.ordering.authority(commands.authority(words, names, desk.spacecraft))
        elif verb == "help":
            self._help()
        elif verb == "rate":
            self.app.set_rate(commands.rate(words))
        elif verb == "filter":
            self.app.page.filter(" ".join(words))
        elif verb == "replay":
            self.replaying.command(words)
        elif verb == "plot":
            self._plot_named(words)
        else:
            self._show(verb, words)

    def _show(self, verb: str, words: Sequence[str]) -> None:
        """Show a page; `sat` and `params` may name a spacecraft, and more words filter."""
        desk = self.app.desk
        names = desk.model.mission.spacecraft if desk.model.mission else []
        rest = list(words)
        if verb in ("sat", "params") and rest and rest[0] in names:
            desk.spacecraft, desk.packet_type = rest.pop(0), ""
        elif verb == "sat" and rest:
            known = ", ".join(names) or "none yet"
            raise InputError(f"{rest[0]!r}: no spacecraft here; expected one of {known}")
        elif verb == "params":
            desk.packet_type = ""
        name = _PAGE_OF.get(verb, verb)
        page = self.app.pages[name]
        if isinstance(page, AlarmsPage):
            page.shelved = verb == "shelved"
        page.filter(" ".join(rest))
        self.app.show_page(name)

    # --- Alarms ------------------------------------------------------------------------------

    def _alarm(self, action: str) -> None:
        """Ask before an act on alarms, or say why there is none."""
        page = self.app.page
        why = self._refused()
        if why or not isinstance(page, AlarmsPage):
            self.app.notice(why or "no alarms here")
            return
        asks: dict[str, Callable[[Sequence[AlarmRow]], Question | str]] = {
            "acknowledge": lambda rows: acts.acknowledge(rows, False),
            "acknowledge_visible": lambda rows: acts.acknowledge(rows, True),
            "shelve": acts.shelve,
            "unshelve": acts.unshelve,
            "clear": acts.clear,
        }
        self.app.ask(asks[action](page.seen() if action.endswith("visible") else page.current()))

    def _refused(self) -> str:
        return acts.refused(self.app.desk.model, self.app.desk.session.feed.role)

    def _mark(self) -> None:
        if isinstance(self.app.page, AlarmsPage):
            self.app.page.grid.mark()

    def _unmark(self) -> None:
        if isinstance(self.app.page, AlarmsPage):
            self.app.page.grid.marks.clear()

    def _merge(self) -> None:
        if isinstance(self.app.page, AlarmsPage):
            self.app.page.merge()

    # --- Plots -------------------------------------------------------------------------------

    def _plot(self, action: str) -> None:
        plot: Any = self.app.pages["plot"]
        if action == "plot_add":
            self._plot_add(plot)
            return
        doing: dict[str, Callable[[], None]] = {
            "plot_open": lambda: self.app.show_page("plot"),
            "plot_in": lambda: plot.zoom(-1),
            "plot_out": lambda: plot.zoom(1),
            "plot_back": lambda: plot.pan(-1),
            "plot_on": lambda: plot.pan(1),
            "plot_drop": plot.drop,
            "plot_now": lambda: setattr(plot, "end_ns", None),
        }
        doing[action]()

    def _plot_add(self, plot: PlotPage) -> None:
        page = self.app.page
        if isinstance(page, ParametersPage) and page.grid.current is not None:
            self.app.notice(plot.add(page.grid.current))
        elif isinstance(page, AlarmsPage) and page.grid.current is not None:
            row = page.grid.current
            self.app.notice(plot.add((row.spacecraft, row.parameter, row.element)))
        else:
            self.app.notice("no parameter under the cursor")

    def _plot_named(self, words: Sequence[str]) -> None:
        """Plot the parameters named; without a name, show what is plotted."""
        desk = self.app.desk
        found = [parameters.find(desk.model, desk.spacecraft, word) for word in words]
        for word, key in zip(words, found, strict=True):
            if key is None:
                expected = "one name, with [element] for an array's"
                raise InputError(f"{word!r}: no parameter, or more than one; expected {expected}")
        if found:
            desk.plots = [key for key in found if key is not None][-4:]
        self.app.show_page("plot")

    # --- Places ------------------------------------------------------------------------------

    def _page(self, digit: str) -> None:
        for page in self.app.pages.values():
            if digit == page.DIGIT:
                if isinstance(page, AlarmsPage):
                    page.shelved = False
                self.app.show_page(page.NAME)

    def _last(self) -> None:
        if self.app.trail:
            self.app.show_page(self.app.trail[-1])

    def _pane(self) -> None:
        every = self.app.page.query("LiveGrid")
        grids = [grid for grid in every if all(each.display for each in grid.ancestors_with_self)]
        at = next((at for at, grid in enumerate(grids) if grid.has_focus), 0)
        if grids:
            self.app.screen.set_focus(grids[(at + 1) % len(grids)])

    def _help(self) -> None:
        page, realm = self.app.page, self.app.palette.kind
        told = [f"{key.name:14} {key.text}" for key in keys.here(page.NAME, realm)]
        half = -(-len(told) // 2)
        pairs = zip(told[:half], [*told[half:], ""], strict=False)
        lines = [f"  {left:40} {right}" for left, right in pairs]
        verbs = f"  : {', '.join(commands.VERBS)}"
        self.app.sheet.read([f"KEYS of {page.TITLE} (esc closes)", *lines, verbs])
