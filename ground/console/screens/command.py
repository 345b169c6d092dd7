"""Commands: compose one, see what the station makes of it, and how the others fare.

Where nothing can be sent (a replay, a user who may not) there is no form and no line, and the page
says why; what others sent can be looked at, and by whom it concerns approved.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widget import Widget

from ground import messages
from ground.console.draft import Draft
from ground.console.screens.composer import LINE, Composer
from ground.console.screens.lists import Lists
from ground.console.screens.page import Desk, Page
from ground.console.stack import Stack
from ground.console.view import judgement
from ground.console.view.parts import Run, across
from ground.console.widgets.lines import Lines

_REPLAY = "realm REPLAY: this is a record, nothing can be sent from here"


class CommandPage(Page):
    """The form above, stack or queue or history below; tab goes from one to the other."""

    NAME, TITLE, DIGIT = "cmd", "Cmd", "6"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.sends = desk.palette.kind != "replay"
        self.stack = Stack()
        self.composer = Composer(desk, self._edited)
        self.lists = Lists(desk, self.stack, lambda: self.composer.kinds)
        self.told = Lines(desk.palette)
        self._was_usable = self._aside = False

    def compose(self) -> ComposeResult:
        """Caption; line, form and what the station says of them; the lists."""
        yield self.caption
        if self.sends:
            yield self.composer
            yield self.told
        yield self.lists.caption
        yield self.lists.grid

    @property
    def draft(self) -> Draft:
        """The command as it is composed now."""
        return self.composer.draft

    @property
    def target(self) -> Widget:
        """The form or the lists, whichever was used last; the lists where there is no form."""
        form = self._usable() and not self.lists.opened and not self._aside
        return self.composer.grid if form else self.lists.grid

    def refused(self) -> str:
        """Return why nothing can be sent to the target; "" where it can."""
        known, name = self.desk.orders, self.draft.spacecraft
        if not self.sends:
            return _REPLAY
        if self.desk.model.lost_ns is not None:
            return "the station is not heard: nothing can be sent"
        if name not in known.may:
            return known.trouble or f"not known yet what may be sent to {name or 'nobody'}"
        user = self.desk.session.feed.user or "this user"
        return "" if "send" in known.may[name] else f"{user} may not send to {name}"

    def crumbs(self) -> tuple[str, ...]:
        """Target and list."""
        return ("cmd", self.draft.spacecraft, self.lists.view)

    def enter(self) -> None:
        """Aim at the chosen spacecraft, unless a command to another is being composed."""
        self._aside = False
        if self.draft.command:
            self.desk.spacecraft = self.draft.spacecraft
        else:
            self.composer.draft = Draft(self.desk.spacecraft)

    def leave(self) -> None:
        """Be safe: what was armed is not, once it is out of sight."""
        if self.desk.arming.armed:
            self.desk.arming.disarm()
            self.desk.notice("DISARMED: another page")
        self.composer.editing = None

    def back(self) -> bool:
        """Leave the detail of a command."""
        return self.lists.close()

    def open(self) -> None:
        """Edit the field under the cursor, or show the command under it."""
        if self.screen.focused is self.lists.grid:
            self.lists.open()
        else:
            self.composer.open()

    def type(self) -> None:
        """Edit the command line."""
        why = self.refused()
        if why and not self._usable():
            self.desk.notice(why)
        else:
            self.composer.begin(LINE)

    def paint(self) -> None:
        """Ask for what is due, and show everything."""
        now, commanding = self.desk.clock(), self.desk.session.commanding
        if not self.draft.spacecraft and self.desk.spacecraft:
            self.composer.draft = Draft(self.desk.spacecraft)
        commanding.describe(self.draft.spacecraft, now)
        if self.sends:
            commanding.route(self._route(), now)
            self._paint_composer(now)
        self._paint_caption(now)
        self.lists.paint(self.words)

    def _usable(self) -> bool:
        """Whether anything can be sent from here to anyone."""
        return self.sends and any("send" in may for may in self.desk.orders.may.values())

    def _edited(self) -> None:
        """Take a keystroke as a sign of life, and show what it changed."""
        self.desk.arming.touch(self.desk.clock())
        self.paint()

    def _route(self) -> messages.PlanRoute:
        """Return the question which way the command would take."""
        judged = self.desk.orders.judged
        if judged is None or judged.taken is None or not judged.fits(self.draft):
            via = [each for each in self.draft.options.get("via", "").split(",") if each]
            return messages.PlanRoute(self.draft.spacecraft, via=via)
        asked, row = judged.request, judged.taken.command
        return messages.PlanRoute(
            *(asked.spacecraft, len(row.octets), asked.not_before_ns, row.expires_ns),
            *(asked.priority, asked.via),
        )

    def _paint_caption(self, now: int) -> None:
        glyphs, cells = self.desk.palette.glyphs, self.size.width
        if self._usable():
            draft, kinds, arming = self.draft, self.composer.kinds, self.desk.arming
            line = judgement.caption(draft, kinds, arming, glyphs, now, cells)
        else:
            runs = [Run(f" NO COMMANDS: {self.refused()}", "serious")]
            line = across(runs, [], cells, "text", glyphs.more)
        self.caption.show([line])

    def _paint_composer(self, now: int) -> None:
        usable = self._usable()
        self.composer.display = self.told.display = usable and not self.lists.opened
        if usable is not self._was_usable:  # the form has come, or it has gone
            self._was_usable, self._aside = usable, False
            self.screen.set_focus(self.target)
        focused = self.screen.focused
        if focused in (self.composer.grid, self.lists.grid):
            self._aside = usable and focused is self.lists.grid
        if not self.composer.display:
            return
        look, cells, room = self.desk.look(), self.size.width, self.size.height
        self.composer.paint(look, max(4, room * 2 // 5))
        orders, arming = self.desk.orders, self.desk.arming
        told = judgement.lines(orders, self.draft, arming, look.glyphs, now, cells)
        height = min(len(told), max(3, room // 3))
        if self.told.styles.height is None or self.told.styles.height.value != height:
            self.told.styles.height = height
        self.told.show(told)
