"""What the keys of commanding do: validate, stack, arm, load, fire; and acts on the queue.

Only `_fire` has a command sent, and only what was loaded while armed. Whatever is refused here is
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
from ground.console.requests import Arm, Fire
from ground.console.screens.command import CommandPage
from ground.console.screens.lists import approvable
from ground.console.view.orders import short
from ground.console.view.text import clean
from ground.errors import InputError
from ground.messages import ApproveCommand, CommandRow, ControlAuthority, ControlCommand

if TYPE_CHECKING:
    from ground.console.app import Console

Asked = Arm | Fire | ApproveCommand | ControlCommand | ControlAuthority
LOOKS = ("order_lists",)  # what a replay leaves
CONTROLS = {
    "order_cancel": "cancel",
    "order_hold": "hold",
    "order_release": "release",
    "order_first": "first",
    "order_priority": "priority",
}


class Ordering:
    """The actions of the command page."""

    def __init__(self, app: Console) -> None:
        self.app = app

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
        if not self.page.sends and action not in LOOKS:
            self.app.notice(self.page.refused())
            return
        if action in CONTROLS:
            self._control(CONTROLS[action])
            return
        doing: dict[str, Callable[[], None]] = {
            "order_line": self.page.type,
            "order_validate": self._validate,
            "order_stack": self._stack,
            "order_arm": self._arm,
            "order_load": self._load,
            "order_fire": self._fire,
            "order_lists": self.page.lists.turn,
            "order_step": self._step,
            "order_up": lambda: self._move(-1),
            "order_down": lambda: self._move(1),
            "order_rule": self._rule,
            "order_run": self._run,
            "order_approve": self._approve,
            "order_again": self._again,
        }
        doing[action]()

    def safe(self) -> None:
        """Disarm, hold the stack and leave any sheet about commands; needs no confirmation."""
        self.arming.disarm()
        self.page.stack.running = False
        question = self.app.sheet.question
        if question is not None and self.app.page is self.page:
            self.app.on_sheet_closed()
        self.app.notice("SAFE: disarmed, the stack holds")

    def tick(self) -> None:
        """Say what came of what was fired, let go where something changed, go on with the stack."""
        for outcome in self.app.desk.session.commanding.outcomes:
            self._ended(outcome)
        self.app.desk.session.commanding.outcomes.clear()
        self.check()
        item = self.page.stack.next() if self.page.stack.running else None
        if item is None or item.number == self.page.item or self.arming.loaded is not None:
            return
        if not self._waits(item.number):
            self._step()

    def check(self) -> None:
        """Let go of what is armed or loaded where something changed under it."""
        draft, session = self.page.draft, self.app.desk.session
        orders = session.commanding.orders
        around = Around(
            *(draft.spacecraft, draft, session.feed.user, orders.holder(draft.spacecraft)),
            *(orders.way(draft.spacecraft), session.model.lost_ns is None),
        )
        why = self.arming.check(around, self.app.clock())
        if why:
            self.app.notice(why)

    def ask(self, question: Question | str) -> None:
        """Open a sheet, or say why there is none."""
        if isinstance(question, str):
            self.app.notice(question)
        else:
            self.app.sheet.ask(question)

    def authority(self, asked: ControlAuthority) -> None:
        """Ask before an authority changes hands."""
        holder = self.app.desk.orders.holder(asked.spacecraft)
        self.ask(self._distant() or requests.authority(asked, holder))

    def confirmed(self, what: str, asked: Asked) -> None:
        """Do what a sheet asked and an operator confirmed, where that is still possible."""
        self.check()
        why = self._distant()
        if isinstance(asked, Arm):
            self._armed(asked)
        elif isinstance(asked, Fire):
            self._go(asked.loaded)
        elif why:
            self.app.notice(f"nothing was sent: {why}")
        else:
            self.app.desk.session.act(asked, what)
            self.app.notice(f"{what}: sent, waiting for the station")

    # --- From a draft to a command -----------------------------------------------------------

    def _validate(self) -> None:
        page, now = self.page, self.app.clock()
        why = page.refused()
        try:
            asked = request(page.draft, token_hex(16), now, dry_run=True)
        except InputError as error:
            why = why or str(error)
        if why:
            self.app.notice(clean(why))
            return
        self.app.desk.session.commanding.validate(page.draft, asked, now)
        self.app.notice("validating: a dry run at the station")

    def _stack(self) -> None:
        if self.page.refused() or not self.page.draft.command:
            self.app.notice(self.page.refused() or "no command to put on the stack yet")
            return
        number = self.page.stack.add(self.page.draft)
        self.page.lists.show("stack")
        self.app.notice(f"item {number} of the stack; n steps, each is loaded and fired by itself")

    def _arm(self) -> None:
        target, user = self.page.draft.spacecraft, self.app.desk.session.feed.user
        holder = self.app.desk.orders.holder(target)
        why = self.page.refused()
        if not why and holder != user:
            why = f"the authority over {target} is with {holder or 'nobody'}: :auth take {target}"
        self.ask(clean(why) or requests.arm(target))

    def _armed(self, asked: Arm) -> None:
        why = self.page.refused()
        if why or asked.target != self.page.draft.spacecraft:
            self.app.notice(f"not armed: {why or 'another target'}")
            return
        way = self.app.desk.orders.way(asked.target)
        self.arming.arm(asked.target, self.app.clock(), way)
        self.app.notice(f"ARMED for {asked.target}: F9 loads, ctrl+g is safe again")

    def _load(self) -> None:
        page, judged = self.page, self.app.desk.orders.judged
        why = page.refused() or ("" if self.arming.armed else "not armed: F7 first")
        if not why and (judged is None or judged.draft != page.draft or judged.taken is None):
            why = "not validated as it is now: F5 first"
        if not why and page.item:
            why = self._waits(page.item)
        if why or judged is None or judged.taken is None:
            self.app.notice(clean(why))
            return
        row = judged.taken.command
        asked = replace(
            judged.request, request=token_hex(16), dry_run=False, expires_ns=row.expires_ns
        )
        self.arming.load(Loaded(asked, row, page.draft, page.item))
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
                self.app.sheet.ask(question)

    def _go(self, loaded: Loaded) -> None:
        """Send what is loaded, where it still is what was loaded."""
        now, held = self.app.clock(), self.arming.loaded
        why = self.page.refused()
        if not self.arming.armed or held is None or held.command != loaded.command:
            why = why or "it is not loaded any more"
        if why or self.arming.waits(now):
            self.app.notice(f"nothing was sent: {why or 'fired already'}")
            return
        self.arming.fired_ns = now
        self.app.desk.session.commanding.fire(loaded, now)
        self.app.notice(f"FIRED {clean(loaded.command.text)}: waiting for the station")

    def _ended(self, outcome: Outcome) -> None:
        """Say what came of what was fired; what was taken is unloaded."""
        text = clean(outcome.loaded.command.text)
        held = self.arming.loaded
        ours = held is not None and held.command == outcome.loaded.command
        if outcome.command is not None:
            self.page.stack.sent(outcome.loaded.item, outcome.command.id)
            if ours:
                self.arming.unload()
                self.page.item = 0
            needs = f", it needs {clean(outcome.command.needs)}" if outcome.command.needs else ""
            self.page.lists.show("stack" if outcome.loaded.item else "queue")
            self.app.notice(f"{text}: taken, sha {short(outcome.command.sha256)}{needs}")
            return
        self.app.notice(f"{text} {'REFUSED: ' if outcome.refused else ''}{clean(outcome.why)}")
        if ours:
            self.arming.fired_ns = 0
            if outcome.refused:
                self._anew(outcome)

    def _anew(self, outcome: Outcome) -> None:
        """Give a refused request another number; where it may be repeated, offer that."""
        held = self.arming.loaded
        assert held is not None
        self.arming.load(replace(held, request=replace(held.request, request=token_hex(16))))
        again = requests.REPEAT in outcome.why.casefold() and not outcome.loaded.request.repeat
        if again and self.app.page is self.page:
            self._fire(outcome.why)

    # --- The stack ---------------------------------------------------------------------------

    def _step(self) -> None:
        """Put the next item into the form and have it validated."""
        item = self.page.stack.next()
        why = "the stack is empty" if item is None else self._waits(item.number)
        if item is None or why:
            self.app.notice(why)
            return
        self.page.edit(item.draft)
        self.page.item = item.number
        self._validate()

    def _waits(self, number: int) -> str:
        stack = self.page.stack
        item = next((each for each in stack.items if each.number == number), None)
        return stack.waits(item, self.app.desk.orders.rows) if item is not None else ""

    def _move(self, step: int) -> None:
        item = self.page.lists.item
        if item is not None:
            self.page.stack.move(item.number, step)

    def _rule(self) -> None:
        item = self.page.lists.item
        if item is not None:
            self.page.stack.turn(item.number)

    def _run(self) -> None:
        self.page.stack.running = not self.page.stack.running
        self.app.notice("the stack runs" if self.page.stack.running else "the stack holds")

    # --- Commands that were sent -------------------------------------------------------------

    def _control(self, act: str) -> None:
        item, row = self.page.lists.item, self.page.lists.command
        if act == "cancel" and item is not None and not item.command:
            self.page.stack.remove(item.number)
            return
        self.ask(
            self._distant() or self._about(row) or requests.control(cast(CommandRow, row), act)
        )

    def _approve(self) -> None:
        row = self.page.lists.command
        why = self._distant() or self._about(row)
        if not why and row is not None and not approvable(row):
            why = "it needs no approval"
        self.ask(why or requests.approve(cast(CommandRow, row)))

    def _again(self) -> None:
        """Take a command that was sent into the form; nothing is sent."""
        row, page = self.page.lists.command, self.page
        if row is None or page.refused():
            self.app.notice(page.refused() or "no command here")
            return
        page.take(row)

    def _about(self, row: CommandRow | None) -> str:
        if row is None:
            return "no command here"
        return f"it has ended: {row.state}" if row.ended else ""

    def _distant(self) -> str:
        """Return why nothing can be asked of the command service at all."""
        if not self.page.sends:
            return self.page.refused()
        return "" if self.app.desk.model.lost_ns is None else "the station is not heard"


def concerns(request: Any) -> TypeGuard[Asked]:
    """Whether what a sheet asked for is about commands."""
    return isinstance(request, Arm | Fire | ApproveCommand | ControlCommand | ControlAuthority)
