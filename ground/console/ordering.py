"""What the keys of commanding do from a draft to a command: validate, arm, load, fire.

Only `_go` has a command sent, and only what was loaded while armed. Whatever is refused here is
refused for the operator's sake: the station judges every request by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from ground.console import requests
from ground.console.acts import Question
from ground.console.arming import Arming, Around, Loaded
from ground.console.commanding import Outcome
from ground.console.draft import request
from ground.console.queueing import CONTROLS, Queueing
from ground.console.requests import Arm, Fire
from ground.console.screens.command import CommandPage
from ground.console.view.orders import short
from ground.console.view.text import clean
from ground.errors import InputError
from ground.messages import ApproveCommand, CommandRow, ControlAuthority, ControlCommand

if TYPE_CHECKING:
    from ground.console.app import Console

Asked = Arm | Fire | ApproveCommand | ControlCommand | ControlAuthority
LOOKS = ("order_lists",)  # what a replay leaves
FRESH_NS = 120_000_000_000  # a dry run is as good as what it was judged on


class Ordering:
    """The actions of the command page; `queue` has those on stack, queue and history."""

    def __init__(self, app: Console) -> None:
        self.app = app
        self.queue = Queueing(app, self.validate)
        self._fire_sheet: Question | None = None

    @property
    def page(self) -> CommandPage:
        """The command page."""
        return cast(CommandPage, self.app.pages["cmd"])

    @property
    def arming(self) -> Arming:
        """Whether we are armed, and what is loaded."""
        return self.app.desk.arming

    def run(self, action: str) -> None:
        """Do what a key of the page stands for."""
        self.check()
        self.arming.touch(self.app.clock())
        doing: dict[str, Callable[[], None]] = {
            "order_line": self.page.type,
            "order_validate": self.validate,
            "order_arm": self._arm,
            "order_load": self._load,
            "order_fire": self._fire,
        }
        if not self.page.sends and action not in LOOKS:
            self.app.notice(self.page.refused())
        elif action in doing:
            doing[action]()
        elif action in CONTROLS:
            self.queue.control(CONTROLS[action])
        else:
            self.queue.run(action)

    def safe(self) -> None:
        """Disarm, hold the stack and leave a sheet of this page; needs no confirmation."""
        self.arming.disarm()
        self.page.stack.running = False
        if self.app.sheet.question is not None and self.app.page is self.page:
            self.app.on_sheet_closed()
        self.app.notice("SAFE: disarmed, the stack holds")

    def tick(self) -> None:
        """Say what came of what was fired, let go where something changed, go on with the stack."""
        commanding = self.app.desk.session.commanding
        outcomes, commanding.outcomes = commanding.outcomes, []
        for outcome in outcomes:
            self._ended(outcome)
        self.check()
        if self.arming.loaded is None:
            self.queue.tick()

    def check(self) -> None:
        """Let go of what is armed or loaded where something changed under it."""
        draft, session = self.page.draft, self.app.desk.session
        orders = session.commanding.orders
        around = Around(
            *(draft.spacecraft, draft, session.feed.user, orders.holder(draft.spacecraft)),
            *(orders.way(draft.spacecraft), session.model.lost_ns is None),
        )
        why = self.arming.check(around, self.app.clock())
        if not why:
            return
        if self._fire_sheet is not None and self.app.sheet.question is self._fire_sheet:
            self.app.on_sheet_closed()
        self.app.notice(why)

    def authority(self, asked: ControlAuthority) -> None:
        """Ask before an authority changes hands."""
        holder = self.app.desk.orders.holder(asked.spacecraft)
        self.app.ask(self.queue.distant() or requests.authority(asked, holder))

    def confirmed(self, what: str, asked: Asked) -> None:
        """Do what a sheet asked and an operator confirmed, where that is still possible."""
        self.check()
        why = self.queue.distant()
        if isinstance(asked, Arm):
            self._armed(asked)
        elif isinstance(asked, Fire):
            self._go(asked.loaded)
        elif why:
            self.app.notice(f"nothing was sent: {why}")
        else:
            self.app.desk.session.act(asked, what)
            self.app.notice(f"{what}: sent, waiting for the station")

    def validate(self) -> None:
        """Have the station judge the draft in a dry run."""
        page, now, why = self.page, self.app.clock(), self.page.refused()
        try:
            asked = request(page.draft, token_hex(16), now, dry_run=True)
        except InputError as error:
            why = why or str(error)
        if why:
            self.app.notice(clean(why))
            return
        self.arming.way = None  # another question may have another answer
        self.app.desk.session.commanding.validate(page.draft, asked, now)
        self.app.notice("validating: a dry run at the station")

    def _arm(self) -> None:
        target, user = self.page.draft.spacecraft, self.app.desk.session.feed.user
        holder = self.app.desk.orders.holder(target)
        why = self.page.refused()
        if not why and holder != user:
            why = f"the authority over {target} is with {holder or 'nobody'}: :auth take {target}"
        self.app.ask(clean(why) or requests.arm(target))

    def _armed(self, asked: Arm) -> None:
        why = self.page.refused()
        if why or asked.target != self.page.draft.spacecraft or self.app.page is not self.page:
            self.app.notice(f"not armed: {why or 'another target'}")
            return
        way = self.app.desk.orders.way(asked.target)
        self.arming.arm(asked.target, self.app.clock(), way)
        self.app.notice(f"ARMED for {asked.target}: F9 loads, ctrl+g is safe again")

    def _load(self) -> None:
        page, judged = self.page, self.app.desk.orders.judged
        why = page.refused() or ("" if self.arming.armed else "not armed: F7 first")
        why = why or ("" if judged and judged.fits(page.draft) else "not validated as it is: F5")
        if not why and judged and self.app.clock() - judged.t_ns > FRESH_NS:
            why = "validated over two minutes ago: F5 again"
        why = why or self.queue.waits(page.composer.item)
        if why or judged is None or judged.taken is None:
            self.app.notice(clean(why))
            return
        row = judged.taken.command
        number, expires = token_hex(16), row.expires_ns
        asked = replace(judged.request, request=number, dry_run=False, expires_ns=expires)
        self.arming.load(Loaded(asked, row, page.draft, page.composer.item))
        self.app.notice(
            f"LOADED {clean(row.text)}, sha {short(row.sha256)}: F10 fires exactly this"
        )

    def _fire(self, why: str = "") -> None:
        loaded, now = self.arming.loaded, self.app.clock()
        if loaded is None or not self.arming.armed:
            self.app.notice("nothing is loaded: F5 validate, F7 arm, F9 load, then F10")
        elif self.arming.waits(now):
            self.app.notice("fired already, waiting for the station")
        else:
            question = requests.fire(loaded, self.app.desk.orders.judged, why, now)
            if question is None:
                self._go(loaded)
            else:
                self._fire_sheet = question
                self.app.ask(question)

    def _go(self, loaded: Loaded) -> None:
        """Send what is loaded, where it still is what was loaded."""
        now, held = self.app.clock(), self.arming.loaded
        why = self.page.refused()
        if not self.arming.armed or held is None or held.number != loaded.number:
            why = why or "it is not loaded any more"
        if why or self.arming.waits(now):
            self.app.notice(f"nothing was sent: {why or 'fired already'}")
            return
        self.arming.fired_ns = now
        self.app.desk.session.commanding.fire(loaded, now)
        self.app.notice(f"FIRED {clean(loaded.command.text)}: waiting for the station")

    def _ended(self, outcome: Outcome) -> None:
        """Say what came of what was fired; what was taken is unloaded."""
        loaded, row, held = outcome.loaded, outcome.command, self.arming.loaded
        text = clean(loaded.command.text)
        ours = held is not None and held.number == loaded.number
        if row is not None:
            self.page.stack.sent(loaded.item, row.id)
            self.page.lists.show("stack" if loaded.item else "queue")
            if ours:
                self.arming.unload()
                self.page.composer.item = 0
            self.app.notice(f"{text}: taken as {_named(row, loaded)}")
            return
        self.app.notice(f"{text} {'REFUSED: ' if outcome.refused else ''}{clean(outcome.why)}")
        if ours:
            self.arming.fired_ns = 0  # a request that may have been lost keeps its number
        if ours and outcome.refused:
            self._anew(outcome)

    def _anew(self, outcome: Outcome) -> None:
        """Give a refused request another number; where it may be repeated, offer that."""
        held = self.arming.loaded
        assert held is not None
        self.arming.load(replace(held, request=replace(held.request, request=token_hex(16))))
        again = requests.REPEAT in outcome.why.casefold() and not outcome.loaded.request.repeat
        if again and self.app.page is self.page:
            self._fire(outcome.why)


def _named(row: CommandRow, loaded: Loaded) -> str:
    """Return under what a command was taken, and what is now expected of whom."""
    told = f"{clean(row.id)}, sha {short(row.sha256)}"
    if row.sha256 != loaded.command.sha256:  # others went before: it has another sequence count
        told += f" (loaded as {short(loaded.command.sha256)}: its count or expiry is another)"
    return f"{told}, it needs {clean(row.needs)}" if row.needs else told


def concerns(request: Any) -> TypeGuard[Asked]:
    """Whether what a sheet asked for is about commands."""
    return isinstance(request, Arm | Fire | ApproveCommand | ControlCommand | ControlAuthority)
