"""Requests about commands, answered: authorised before anything in them is parsed.

Every refusal is on record with its reasons and has no other effect. What was taken once is not
taken again: a request has the sender's number, and asked twice it answers with the same command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ground.command import authorise, facts
from ground.command.authorise import Decision, Grant, Verb
from ground.command.life import Stage
from ground.errors import InputError
from ground.messages import (
    Answered,
    ApproveCommand,
    BookRelay,
    CancelBooking,
    CommandTaken,
    ControlAuthority,
    ControlCommand,
    DirectChannel,
    SendCommand,
)
from ground.services import command_bounds, command_rows, ways
from ground.services.command_bookings import Bookings
from ground.services.command_order import Order, understood
from ground.services.command_state import Command
from ground.services.command_views import LOOKS, Views
from ground.services.commander import Commander
from ground.settings import Mission
from protocols.cop1.signals import Order as Directive

SECOND_NS = 10**9
WAITING = (Stage.QUEUED, Stage.ROUTED)
ACTS = (
    *(SendCommand, ApproveCommand, ControlCommand, ControlAuthority, DirectChannel),
    *(BookRelay, CancelBooking),
)
_DIRECTIVES = {
    "init": Directive.INITIATE,
    "init-clcw": Directive.INITIATE_WITH_CLCW,
    "init-unlock": Directive.INITIATE_WITH_UNLOCK,
    "init-set-vr": Directive.INITIATE_WITH_SET_VR,
    "terminate": Directive.TERMINATE,
    "resume": Directive.RESUME,
    "set-vs": Directive.SET_VS,
    "set-window": Directive.SET_WINDOW,
    "set-t1": Directive.SET_T1,
    "set-limit": Directive.SET_LIMIT,
    "set-timeout-type": Directive.SET_TIMEOUT_TYPE,
}
_ACTS = {
    "cancel": Verb.CANCEL,
    "hold": Verb.HOLD,
    "release": Verb.RELEASE,
    "first": Verb.REORDER,
    "priority": Verb.PRIORITY,
}
_AUTHORITY = {
    "take": Verb.TAKE_AUTHORITY,
    "give": Verb.GIVE_AUTHORITY,
    "accept": Verb.ACCEPT_AUTHORITY,
    "drop": Verb.DROP_AUTHORITY,
    "force": Verb.FORCE_AUTHORITY,
}


class Desk:
    """Answers the requests of operators; `now` is ns TAI."""

    def __init__(self, commander: Commander, mission: Mission) -> None:
        self._commander, self._mission = commander, mission
        self._record, self._state = commander.record, commander.record.state
        self._grants = [
            Grant(each.key, frozenset(each.roles), each.spacecraft) for each in mission.operators
        ]
        self._groups = _groups(mission)
        self._views = Views(commander, self._may)
        self._bookings = Bookings(commander, mission, self._allowed)

    def answer(self, message: Any, user: str, now: int) -> Any:
        """Return the answer to a request of an operator."""
        try:
            command_bounds.check(message)
            return self._answer(message, user, now)
        except InputError as error:
            if isinstance(message, ACTS) and not getattr(message, "dry_run", False):
                self._record.refuse(now, user, *_about(message), str(error).splitlines())
            return Answered(False, str(error)[:2000], wrong=True)

    def has_taken(self, message: Any) -> bool:
        """Return whether a request is one to send that was taken before."""
        return isinstance(message, SendCommand) and message.request in self._state.requests

    def _answer(self, message: Any, user: str, now: int) -> Any:
        match message:
            case SendCommand():
                return self._send(message, user, now)
            case ApproveCommand():
                return self._approve(message, user, now)
            case ControlCommand():
                return self._control(message, user, now)
            case ControlAuthority():
                return self._authority(message, user, now)
            case DirectChannel():
                return self._direct(message, user, now)
            case BookRelay():
                return self._bookings.book(message, user, now)
            case CancelBooking():
                return self._bookings.cancel(message, user, now)
        if isinstance(message, LOOKS):
            return self._views.answer(message, user, now)
        return Answered(False, f"{type(message).__name__} is not for the command service")

    # ---- who may ----------------------------------------------------------------------------

    def _may(self, verb: Verb, user: str, spacecraft: str) -> Decision:
        return authorise.decide(verb, user, spacecraft, self._grants, self._groups)

    def _allowed(
        self, verbs: Sequence[Verb], user: str, spacecraft: str, subject: str, now: int
    ) -> Answered | None:
        """Return a refusal, which is written, where one of these verbs is not allowed."""
        denied = [reason for verb in verbs for reason in self._may(verb, user, spacecraft).reasons]
        return self._refused(user, verbs[0], spacecraft, subject, denied, now) if denied else None

    def _refused(
        self, user: str, verb: Verb, spacecraft: str, subject: str, why: Sequence[str], now: int
    ) -> Answered:
        self._record.refuse(now, user, verb.value, spacecraft, subject, why)
        return Answered(False, "; ".join(why)[:2000])

    # ---- sending ----------------------------------------------------------------------------

    def _send(self, asked: SendCommand, user: str, now: int) -> CommandTaken | Answered:
        refusal = self._allowed(_verbs(asked), user, asked.spacecraft, asked.command[:80], now)
        if refusal is not None:
            return refusal
        before = self._state.requests.get(asked.request)
        if before is not None:
            return self._same(self._state.commands[before], asked, user, now)
        order = understood(asked, self._commander, self._mission, user, now)
        if asked.dry_run:
            return self._would(order, now)
        if order.wrong:
            return self._refused(user, Verb.SEND, asked.spacecraft, order.text, order.wrong, now)
        return self._take(order, user, now)

    def _same(
        self, known: Command, asked: SendCommand, user: str, now: int
    ) -> CommandTaken | Answered:
        if known.taken.author != user:
            why = ["this number of a request is somebody else's"]
            return self._refused(user, Verb.SEND, asked.spacecraft, asked.command, why, now)
        return CommandTaken(self._views.row(known), [], [], [])

    def _would(self, order: Order, now: int) -> CommandTaken:
        """Return what would be taken."""
        made = command_rows.draft(order.accepted(f"c{self._record.taken + 1}", now))
        routes = [ways.row(each) for each in order.ways]
        return CommandTaken(made, order.constraints, routes, list(order.wrong))

    def _take(self, order: Order, user: str, now: int) -> CommandTaken:
        for fact in order.authority:
            self._record.write(fact)
        name = f"c{self._record.taken + 1}"
        self._record.write(order.accepted(name, now))
        known = self._state.commands[name]
        self._commander.routes.route(known, now)
        routes = [ways.row(each) for each in order.ways]
        return CommandTaken(self._views.row(known), order.constraints, routes, [])

    # ---- acts on what was taken -------------------------------------------------------------

    def _known(self, name: str) -> Command:
        found = self._state.commands.get(name)
        if found is None:
            raise InputError(f"command {name[:40]!r}; expected one of those that wait, as c12")
        return found

    def _approve(self, asked: ApproveCommand, user: str, now: int) -> Answered:
        refusal = self._allowed([Verb.APPROVE], user, "", asked.command, now)
        if refusal is not None:
            return refusal
        taken = self._known(asked.command).taken
        denied = list(self._may(Verb.APPROVE, user, taken.spacecraft).reasons)
        digest = _digest(asked.sha256)
        if not denied:
            judged = self._state.approvals.judge(taken.command, digest, user, user, now)
            denied = list(judged.reasons)
        if denied:
            about = taken.spacecraft, taken.command
            return self._refused(user, Verb.APPROVE, *about, denied, now)
        self._record.write(facts.Approved(now, taken.command, user, user, digest))
        return Answered(True)

    def _control(self, asked: ControlCommand, user: str, now: int) -> Answered:
        refusal = self._allowed([_ACTS[asked.act]], user, "", asked.command, now)
        if refusal is not None:
            return refusal
        known = self._known(asked.command)
        taken = known.taken
        verbs = [authorise.concerning(_ACTS[asked.act], user, taken.author)]
        if asked.act == "priority" and asked.value >= 3:
            verbs.append(Verb.URGENT)
        refusal = self._allowed(verbs, user, taken.spacecraft, taken.command, now)
        if refusal is not None:
            return refusal
        if known.life.state not in WAITING:
            why = [f"{known.id} is {known.life.state}; it waits no more"]
            return self._refused(user, verbs[0], taken.spacecraft, taken.command, why, now)
        held = self._state.authority.lease(taken.spacecraft, now)
        if verbs[0] is Verb.RELEASE and held is not None and held.holder != user:
            why = [f"{held.holder} holds {taken.spacecraft}; expected a hand-over"]
            return self._refused(user, verbs[0], taken.spacecraft, taken.command, why, now)
        self._done(asked, known, user, now)
        return Answered(True)

    def _done(self, asked: ControlCommand, known: Command, user: str, now: int) -> None:
        name = known.id
        match asked.act:
            case "cancel":
                why = f"by {user}: {asked.reason}" if asked.reason else f"by {user}"
                self._record.write(facts.Ended(now, name, "CANCELLED", why))
            case "hold":
                self._record.write(facts.Held(now, name, user, "operator"))
            case "release":
                self._record.write(facts.Unheld(now, name, user, "operator"))
            case "first":
                self._record.write(facts.Moved(now, name, user, "", known.priority))
            case _:
                if not 0 <= asked.value <= 3:
                    raise InputError(f"priority {asked.value}; expected 0 to 3")
                if asked.value != known.priority:  # the same one would be a move to the front
                    self._record.write(facts.Moved(now, name, user, "", asked.value))

    def _authority(self, asked: ControlAuthority, user: str, now: int) -> Answered:
        verb = _AUTHORITY[asked.act]
        refusal = self._allowed([verb], user, asked.spacecraft, asked.act, now)
        if refusal is not None:
            return refusal
        self._commander.catalogues.of(asked.spacecraft)
        authority, name = self._state.authority, asked.spacecraft
        match asked.act:
            case "take":
                found = authority.take(name, user, now)
            case "give":
                found = self._give(asked, user, now)
            case "accept":
                found = authority.accept(name, user, now)
            case "drop":
                found = authority.drop(name, user, now)
            case _:
                found = authority.force(name, user, asked.reason, now)
        if isinstance(found, Decision):
            return self._refused(user, verb, name, asked.act, found.reasons, now)
        self._record.write(found)
        return Answered(True)

    def _give(
        self, asked: ControlAuthority, user: str, now: int
    ) -> facts.AuthorityChanged | Decision:
        """Offer a spacecraft to somebody who may command it; to nobody takes an offer back."""
        name = asked.spacecraft
        if asked.to and not self._may(Verb.ACCEPT_AUTHORITY, asked.to, name).granted:
            return Decision(False, (f"{asked.to} may not command {name}",))
        return self._state.authority.give(name, user, asked.to, now)

    def _direct(self, asked: DirectChannel, user: str, now: int) -> Answered:
        refusal = self._allowed([Verb.DIRECTIVE], user, asked.spacecraft, asked.directive, now)
        if refusal is not None:
            return refusal
        if not self._state.authority.holds(asked.spacecraft, user, now):
            why = [f"{user} does not hold {asked.spacecraft}"]
            what = asked.directive
            return self._refused(user, Verb.DIRECTIVE, asked.spacecraft, what, why, now)
        ok = self._commander.direct(
            asked.spacecraft, _DIRECTIVES[asked.directive], asked.directive, asked.value, user, now
        )
        return Answered(ok, "" if ok else "FOP-1 rejects it in its state, or the value is none")


def _about(asked: Any) -> tuple[str, str, str]:
    """Return the verb, the spacecraft and the subject of an act, for the record."""
    match asked:
        case SendCommand():
            return Verb.SEND.value, asked.spacecraft, asked.command
        case ApproveCommand():
            return Verb.APPROVE.value, "", asked.command
        case ControlCommand():
            return _ACTS[asked.act].value, "", asked.command
        case ControlAuthority():
            return _AUTHORITY[asked.act].value, asked.spacecraft, asked.act
        case BookRelay():
            return Verb.BOOK.value, asked.spacecraft, asked.relay
        case CancelBooking():
            return Verb.BOOK.value, "", asked.booking
    return Verb.DIRECTIVE.value, asked.spacecraft, asked.directive


def _verbs(asked: SendCommand) -> list[Verb]:
    """Return all that a request to send asks for."""
    if asked.dry_run:
        return [Verb.DRY_RUN]
    verbs = [Verb.SEND]
    if asked.repeat:
        verbs.append(Verb.REPEAT)
    if asked.override:
        verbs.append(Verb.OVERRIDE)
    if asked.priority >= 3:
        verbs.append(Verb.URGENT)
    return verbs


def _groups(mission: Mission) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for craft in mission.spacecraft:
        for group in craft.groups:
            found.setdefault(group, []).append(craft.name)
    return found


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError(f"sha256 {text[:80]!r}; expected 64 hex digits") from None
