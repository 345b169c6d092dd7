"""Contacts: who sees whom in the next hours, and by which a command would go now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from ground import messages
from ground.console.screens.page import Desk, GridPage
from ground.console.view import timeline
from ground.console.view.alarms import matches
from ground.console.view.parts import Cell, Run, across
from ground.console.view.rows import Look
from ground.console.view.text import age, clean, since, utc
from ground.console.view.timeline import Scene
from ground.console.widgets.lines import Lines
from ground.messages import ContactRow, HopRow

MINUTE_NS = 60_000_000_000
SPANS = (
    *(("30 min", 30), ("1 h", 60), ("2 h", 120), ("6 h", 360)),
    *(("12 h", 720), ("24 h", 1440)),
)
BEFORE = 10  # of the span that lies before now: a tenth
STEP_NS = MINUTE_NS  # the span moves on a minute at a time, so that the bars hold still
_REPLAY = "realm REPLAY: contacts are planned for now, a record has none"


class ContactsPage(GridPage):
    """The timeline above, its contacts below; `+` and `-` zoom, `h` and `l` pan."""

    NAME, TITLE, DIGIT = "contacts", "Contacts", "8"
    COLUMNS = timeline.COLUMNS
    EMPTY = "no contact in this time"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.span, self.begin_ns = 2, 0  # 0 follows now
        self.lines, self.notes = Lines(desk.palette), Lines(desk.palette)

    def compose(self) -> ComposeResult:
        """Caption, timeline, handovers and notes, table."""
        yield self.caption
        yield self.lines
        yield self.notes
        yield self.grid

    def turn(self, action: str) -> None:
        """Zoom, pan, or follow now again."""
        quarter, (start, _) = self._span_ns // 4, self._between()
        if action in ("contacts_in", "contacts_out"):
            step = 1 if action == "contacts_out" else -1
            self.span = max(0, min(len(SPANS) - 1, self.span + step))
        elif action == "contacts_now":
            self.begin_ns = 0
        else:
            self.begin_ns = start + (quarter if action == "contacts_on" else -quarter)

    def source(self) -> Sequence[ContactRow]:
        """The contacts of the time that is shown, the first first."""
        planned, (start, end) = self.desk.orders.contacts, self._between()
        rows = planned.contacts if planned else []
        shown = [each for each in rows if each.end_ns > start and each.start_ns < end]
        return sorted(shown, key=lambda each: (each.start_ns, each.source, each.target))

    def identify(self, item: ContactRow) -> tuple[str, str, int]:
        """Return who sees whom from when on."""
        return item.source, item.target, item.start_ns

    def text(self, item: ContactRow) -> str:
        """Return what a filter searches."""
        return f"{item.source} {item.target} {item.origin}"

    def draw(self, item: ContactRow, look: Look) -> Sequence[Cell]:
        """Return the row of a contact."""
        return timeline.contact(item, timeline.taken(item, self._hops()), look)

    def crumbs(self) -> tuple[str, ...]:
        """The spacecraft whose handovers are told."""
        return "contacts", self.desk.spacecraft

    def paint(self) -> None:
        """Ask for what is due; show timeline, handovers, notes and table."""
        desk, now, (start, end) = self.desk, self.desk.clock(), self._between()
        commanding = desk.session.commanding
        commanding.contacts(messages.PlanContacts([], start, end), now)
        if desk.spacecraft:
            commanding.route(messages.PlanRoute(desk.spacecraft), now)
        rows = [each for each in self.source() if matches(self.text(each), self.words)]
        scene = Scene(rows, self._hops(), desk.spacecraft, start, end, now)
        cells, glyphs = self.size.width, desk.palette.glyphs
        room = max(4, self.size.height // 2)
        drawn = timeline.draw(scene, cells, min(room, len(timeline.links(scene)) + 1), glyphs)
        notes = [timeline.serves(scene, glyphs, cells)]
        notes += [
            across([Run(f" {clean(each)}", "caution")], [], cells, "text", glyphs.more)
            for each in self._notes()[: max(1, self.size.height // 6)]
        ]
        for widget, shown in ((self.lines, drawn), (self.notes, notes)):
            widget.styles.height = len(shown)
            widget.show(shown)
        super().paint()

    def tell(self, listed: int, total: int) -> None:
        """Write the caption: the span, how old the plan is, and the way a command would take."""
        if self.desk.palette.kind == "replay":
            self.say(_REPLAY)
            return
        planned, now = self.desk.orders.contacts, self.desk.clock()
        if planned is None:
            self.say(self.desk.orders.trouble or "asking for the plan")
            return
        hops = self._hops()
        way = " > ".join([hops[0].source, *(each.target for each in hops)]) if hops else "none"
        held = f" from {utc(self.begin_ns, date=False)}" if self.begin_ns else ""
        more = f", {planned.left_out} left out" if planned.left_out else ""
        some = f"{listed} of {total}" if self.words else str(total)
        plan = f"plan {clean(planned.plan[:8])} made {since(planned.made_ns, now)} ago"
        left = self._left(now)
        self.say(
            f"{SPANS[self.span][0]}{held}: {some} contacts{more}, {plan}; way {clean(way)}{left}"
        )

    @property
    def _span_ns(self) -> int:
        return SPANS[self.span][1] * MINUTE_NS

    def _between(self) -> tuple[int, int]:
        """Return the time that is shown; it moves on by whole minutes."""
        now = self.desk.clock() // STEP_NS * STEP_NS
        start = self.begin_ns or now - self._span_ns // BEFORE
        return start, start + self._span_ns

    def _hops(self) -> Sequence[HopRow]:
        """Return the hops that a command would take now."""
        known = self.desk.orders
        routes = (
            known.routes.routes if known.routes and known.routed == self.desk.spacecraft else []
        )
        return routes[0].hops if routes else ()

    def _left(self, now_ns: int) -> str:
        known = self.desk.orders
        if not self._hops() or known.routes is None:
            return ""
        return f", open for {age(known.routes.routes[0].until_ns - now_ns)}"

    def _notes(self) -> list[str]:
        planned = self.desk.orders.contacts
        return planned.notes if planned else []
