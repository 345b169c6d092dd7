"""What must not pass the desk: it is refused, on record, without effect, and nothing is sent.

The tables here are typed by hand, from what each role is for, and not from the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import zmq

from ground import messages, wire
from ground.bus.keys import Keyring
from ground.bus.roles import LEAST
from ground.command import authorise, entries, facts
from ground.command.authorise import Grant, Verb
from ground.messages import (
    Answered,
    ApproveCommand,
    BookRelay,
    CancelBooking,
    ControlAuthority,
    ControlCommand,
    DescribeCommands,
    DirectChannel,
    ListCommands,
    PlanContacts,
    PlanRoute,
    ReadAuthority,
    SendCommand,
)
from tests.ground.bus.conftest import (  # noqa: F401  fixtures
    context,
    home,
    keyring,
    run,
    until,
)
from tests.ground.bus.test_requests import Station
from tests.ground.services.commanded import NOW, OPERATORS, Control, S, control_of

USERS = {"V": "viewer", "C": "olga", "A": "anna", "D": "dirk"}

# Who may what: V view, C command, A approve, D direct. Anything else is denied.
ALLOWED = {
    "list": "VCAD",
    "history": "VCAD",
    "describe": "VCAD",
    "contacts": "VCAD",
    "route": "VCAD",
    "read_authority": "VCAD",
    "dry_run": "CD",
    "send": "C",
    "repeat": "C",
    "cancel": "CD",
    "hold": "CD",
    "release": "CD",
    "reorder": "CD",
    "priority": "CD",
    "take_authority": "CD",
    "give_authority": "CD",
    "accept_authority": "CD",
    "drop_authority": "CD",
    "approve": "A",
    "cancel_others": "D",
    "hold_others": "D",
    "release_others": "D",
    "reorder_others": "D",
    "priority_others": "D",
    "urgent": "",  # with send it needs command and direct
    "override": "",
    "force_authority": "D",
    "directive": "D",
}
BY_ONE_GRANT = ALLOWED | {"urgent": "D", "override": "D", "book": "D"}
DIRECTIVES = (
    "init", "init-clcw", "init-unlock", "init-set-vr", "terminate", "resume", "set-vs",
    "set-window", "set-t1", "set-limit", "set-timeout-type",
)  # fmt: skip


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return control_of(tmp_path)


def by(control: Control, author: str, **more: Any) -> str:
    """Return a command that waits and is by somebody, whether he may send or not."""
    holder = control.commander.record.state.authority.lease("CG-1", control.now)
    control.send(holder.holder if holder else "oskar", hold=True, repeat=True)
    [*_, fact] = control.of(facts.Accepted)
    name, number = f"x{len(control.facts)}", control.request()
    made = replace(fact, command=name, request=number, author=author, key=author, **more)
    control.commander.record.write(made)
    control.take()
    return name


def send(**more: Any) -> SendCommand:
    return SendCommand("ab" * 16, "CG-1", "PING", {}, **more)


def act(name: str, *more: Any, other: bool = False) -> Callable[[Control, str], Any]:
    return lambda it, user: ControlCommand(by(it, "oskar" if other else user), name, *more)


def held_by(control: Control, user: str) -> None:
    """Let somebody hold the spacecraft, whether he may or not."""
    fact = control.commander.record.state.authority.force("CG-1", user, "test", control.now)
    control.commander.record.write(fact)
    control.take()


def offered(control: Control, user: str) -> ControlAuthority:
    other = "oskar" if user != "oskar" else "olga"
    held_by(control, other)
    fact = control.commander.record.state.authority.give("CG-1", other, user, control.now)
    control.commander.record.write(fact)
    control.take()
    return ControlAuthority("CG-1", "accept")


def holding(act_: Any, to: str = "") -> Callable[[Control, str], Any]:
    def asked(control: Control, user: str) -> ControlAuthority:
        held_by(control, user)
        return ControlAuthority("CG-1", act_, to)

    return asked


def approval(control: Control, user: str) -> ApproveCommand:
    control.send("oskar", "SAFE", typed="CG-1")
    [row] = [each for each in control.of(facts.Accepted) if each.hazard == "H2"]
    return ApproveCommand(row.command, row.digest.hex())


def directed(control: Control, user: str) -> DirectChannel:
    held_by(control, user)
    return DirectChannel("CG-1", "terminate")


def released(control: Control, user: str) -> ControlCommand:
    name = by(control, user)
    held_by(control, user)
    return ControlCommand(name, "release")


ASKED: dict[str, Callable[[Control, str], Any]] = {
    "list": lambda it, user: ListCommands(),
    "history": lambda it, user: ListCommands(ended=True),
    "describe": lambda it, user: DescribeCommands("CG-1"),
    "contacts": lambda it, user: PlanContacts([], NOW, NOW + S),
    "route": lambda it, user: PlanRoute("CG-1"),
    "read_authority": lambda it, user: ReadAuthority(),
    "dry_run": lambda it, user: send(dry_run=True),
    "send": lambda it, user: send(),
    "repeat": lambda it, user: send(repeat=True),
    "urgent": lambda it, user: send(priority=3),
    "override": lambda it, user: send(override="why"),
    "cancel": act("cancel"),
    "hold": act("hold"),
    "release": released,
    "reorder": act("first"),
    "priority": act("priority", 2),
    "cancel_others": act("cancel", other=True),
    "hold_others": act("hold", other=True),
    "release_others": act("release", other=True),
    "reorder_others": act("first", other=True),
    "priority_others": act("priority", 2, other=True),
    "take_authority": lambda it, user: ControlAuthority("CG-1", "take"),
    "give_authority": holding("give", "oskar"),
    "accept_authority": offered,
    "drop_authority": holding("drop"),
    "force_authority": lambda it, user: ControlAuthority("CG-1", "force", reason="why"),
    "approve": approval,
    "directive": directed,
}


def granted(answer: Any) -> bool:
    return not isinstance(answer, Answered) or answer.ok


def test_the_table_has_every_verb() -> None:
    assert set(BY_ONE_GRANT) == {each.value for each in Verb}
    assert set(ASKED) == set(ALLOWED)


@pytest.mark.parametrize("verb", sorted(BY_ONE_GRANT))
def test_a_role_alone_may_what_the_table_says(verb: str) -> None:
    for letter, user in USERS.items():
        [role] = OPERATORS[user]
        grants = [Grant(user, frozenset([role]), ("CG-1",))]
        found = authorise.decide(verb, user, "CG-1", grants)
        assert found.granted == (letter in BY_ONE_GRANT[verb]), (verb, role)
        assert not authorise.decide(verb, user, "CG-2", grants).granted
        assert not authorise.decide(verb, "other", "CG-1", grants).granted
        assert not authorise.decide(verb, "", "CG-1", [Grant("", frozenset([role]))]).granted


@pytest.mark.parametrize("verb", sorted(ALLOWED))
@pytest.mark.parametrize("letter", [*USERS, "-"])
def test_the_desk_does_for_a_role_what_the_table_says(
    control: Control, verb: str, letter: str
) -> None:
    user = USERS.get(letter, "nobody")
    asked = ASKED[verb](control, user)
    before = list(control.facts)
    answer = control.ask(user, asked)
    assert granted(answer) == (letter in ALLOWED[verb]), answer
    made = control.facts[len(before) :]
    if not granted(answer):
        assert all(isinstance(each, facts.Refused) for each in made)
        assert "no role" in answer.reason or "no grant" in answer.reason
        assert bool(made) == (verb not in ("list", "history", "describe", "contacts", "route",
                                           "read_authority"))  # fmt: skip
    assert not control.sent


@pytest.mark.parametrize("directive", DIRECTIVES)
@pytest.mark.parametrize("user", ["viewer", "olga", "anna", "nobody"])
def test_no_cop_1_directive_is_for_anybody_but_a_director(
    control: Control, directive: Any, user: str
) -> None:
    """CVE-2026-55521: initialising and disabling COP-1 was not checked."""
    held_by(control, user)
    channel = control.commander.forwards["CG-1"]
    before = channel.numbers, channel.state
    assert not granted(control.ask(user, DirectChannel("CG-1", directive, 5)))
    assert (channel.numbers, channel.state) == before
    assert not control.of(facts.Directed)
    assert [each.verb for each in control.of(facts.Refused)] == ["directive"]


@pytest.mark.parametrize("directive", DIRECTIVES)
def test_a_director_who_does_not_hold_the_spacecraft_directs_nothing(
    control: Control, directive: Any
) -> None:
    held_by(control, "oskar")
    answer = control.ask("dirk", DirectChannel("CG-1", directive, 5))
    assert answer == Answered(False, "dirk does not hold CG-1")
    assert not control.of(facts.Directed)


@pytest.mark.parametrize("letter", [*USERS, "-"])
@pytest.mark.parametrize("asked", [BookRelay("TL-2", "CG-1", NOW, NOW + S), CancelBooking("b1")])
def test_relays_are_booked_by_directors_alone(control: Control, letter: str, asked: Any) -> None:
    """A director is refused for what he asks, and not for who he is."""
    answer = control.ask(USERS.get(letter, "nobody"), asked)
    assert not answer.ok
    denied = "no role for book" in answer.reason or "no grant" in answer.reason
    assert denied == (letter not in BY_ONE_GRANT["book"])
    assert [each.verb for each in control.facts] == ["book"]


# ---- requests at the door -----------------------------------------------------------------------

# The least role on the bus for each request: v view, o operate, s service.
DOOR = {
    "ListAlarms": "v", "DescribeMission": "v", "WatchViewport": "v", "ReadTrend": "v",
    "ReadStatus": "v", "ListEvents": "v", "ListCommands": "v", "DescribeCommands": "v",
    "ReadAuthority": "v", "PlanContacts": "v", "PlanRoute": "v",
    "AcknowledgeAlarms": "o", "ShelveAlarms": "o", "UnshelveAlarms": "o", "ClearAlarms": "o",
    "CommentAlarms": "o", "AssignAlarms": "o", "SetLimits": "o", "ControlLink": "o",
    "ControlReplay": "o", "SendCommand": "o", "ApproveCommand": "o", "ControlCommand": "o",
    "ControlAuthority": "o", "DirectChannel": "o", "BookRelay": "o", "CancelBooking": "o",
    "ReadJournal": "s", "AcknowledgeJournal": "s", "RadiateUnit": "s", "ReadUnits": "s",
}  # fmt: skip
MAY = {"view": "v", "operate": "vo", "admin": "vo", "gateway": "", "service": "vs"}
PLAIN = {int: 0, float: 0.0, str: "x", bytes: b"x", bool: False}


def sample(hint: Any) -> Any:
    """Return some value of a type."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return inner[0]
    if origin in (list, dict):
        return origin()
    if type(None) in inner:
        return None
    if origin is tuple:
        return tuple(sample(each) for each in inner)
    return PLAIN[hint] if hint in PLAIN else example(hint)


def example(form: type) -> Any:
    hints = get_type_hints(form)
    return form(*(sample(hints[each.name]) for each in fields(form)))


@pytest.fixture
def door(context: Any, run: Any, keyring: Keyring) -> Iterator[Station]:  # noqa: F811
    station = Station(context, run.requests("commanding"), keyring)
    with station.stack:
        yield station


def test_the_door_has_every_request() -> None:
    assert set(DOOR) == set(LEAST)


@pytest.mark.parametrize("role", sorted(MAY))
def test_a_key_of_a_role_passes_the_door_with_what_the_table_says(door: Station, role: Any) -> None:
    caller = door.call(door.keyring.make("other", role))
    for name, least in DOOR.items():
        answer = door.ask(caller, example(getattr(messages, name)))
        assert answer.ok == (least in MAY[role]), (role, name)
    assert len(door.done) == sum(least in MAY[role] for least in DOOR.values())


def test_a_key_of_another_station_passes_no_door(door: Station, tmp_path: Path) -> None:
    """Forged: a key with the right name and role that is authorised elsewhere."""
    elsewhere = Keyring(tmp_path).make("olga", "operate")
    caller = door.call(elsewhere)
    until(lambda: (door.serve(), caller.trouble)[1])
    assert caller.trouble == "key not authorised"
    assert not door.done
    assert door.works()


def test_a_request_of_another_realm_does_not_pass(door: Station) -> None:
    socket = door.raw(zmq.DEALER, door.keyring.own("olga"))
    frames = wire.encode(
        send(), topic="sim/other/requests/SendCommand/1", realm="sim/other", seq=0, t_ns=0,
        request=1,
    )  # fmt: skip
    socket.send_multipart(frames)
    until(lambda: (door.serve(), door.server.refused)[1])
    assert dict(door.server.refused) == {"other realm": 1}
    assert not door.done


def test_a_key_that_is_authorised_twice_is_one_person(door: Station) -> None:
    """A second name for the key of the author would let him approve his own command."""
    pair = door.keyring.own("olga")
    text = (door.keyring._folder / "olga.key").read_text()
    (door.keyring._folder / "second.key").write_text(text)
    door.ask(door.call(pair), send())
    assert len({user for user, _, _ in door.done}) == 1
    assert len([name for name, _ in door.keyring.authorised().values()]) == 2  # and the station's


# ---- what is asked again ------------------------------------------------------------------------


def test_a_request_that_is_asked_again_is_taken_once(control: Control) -> None:
    first = control.ask("olga", send())
    control.word(1)
    control.turn(1)
    released = len(control.units)
    again = control.ask("olga", send())
    assert again.command.id == first.command.id == "c1"
    control.turn(1)
    assert len(control.of(facts.Accepted)) == 1
    assert len(control.units) == released == 1


def test_a_request_that_is_asked_again_after_a_restart_is_taken_once(control: Control) -> None:
    control.ask("olga", send())
    later = control.again()
    assert later.ask("olga", send()).command.id == "c1"
    assert len(later.of(facts.Accepted)) == 1


def test_the_number_of_somebody_elses_request_is_refused(control: Control) -> None:
    control.ask("olga", send())
    answer = control.ask("oskar", send())
    assert not answer.ok
    assert "somebody else's" in answer.reason
    assert "c1" not in answer.reason
    assert [each.operator for each in control.of(facts.Refused)] == ["oskar"]


def test_the_same_text_again_is_refused_unless_it_is_meant(control: Control) -> None:
    control.send("olga")
    assert not granted(control.send("olga"))
    assert granted(control.send("olga", repeat=True))
    control.turn(31)
    assert granted(control.send("olga"))


# ---- who does not have to be listened to --------------------------------------------------------


class Untouched:
    """Raises when anything is looked up or done."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was looked at before the sender was authorised")


FORBIDDEN = [
    ("viewer", {}),
    ("anna", {}),
    ("dirk", {}),
    ("nobody", {}),
    ("", {}),
    ("olga", {"to": "CG-2"}),  # the group "far" is not his
    ("olga", {"to": "CG-9"}),
    ("olga", {"to": "*"}),
    ("olga", {"to": "near"}),
    ("olga", {"to": "CG-1/../CG-2"}),
    ("olga", {"override": "because"}),
    ("olga", {"priority": 3}),
    ("viewer", {"dry_run": True}),
]


@pytest.mark.parametrize("user, more", FORBIDDEN)
def test_nothing_is_parsed_before_the_sender_is_authorised(
    control: Control, user: str, more: dict[str, Any]
) -> None:
    """CVE-2025-68271: arguments were parsed before the check."""
    control.commander.catalogues = Untouched()  # type: ignore[assignment]
    control.commander.planner = Untouched()  # type: ignore[assignment]
    hostile = {"card": "__import__('os').system('true')"}
    answer = control.send(user, "CARD_OFF", arguments=hostile, **more)
    assert not answer.ok
    [refused] = control.facts
    assert isinstance(refused, facts.Refused)
    assert refused.operator == user
    assert not control.sent


def test_the_catalogue_would_be_looked_at_for_one_who_may(control: Control) -> None:
    control.commander.catalogues = Untouched()  # type: ignore[assignment]
    with pytest.raises(AssertionError, match="was looked at"):
        control.send("olga")


def test_a_grant_for_a_group_is_for_no_other(control: Control) -> None:
    assert granted(control.send("olga", to="CG-1"))
    answer = control.send("olga", to="CG-2")
    assert answer == Answered(False, "olga has no grant for CG-2")
    assert not control.commander.record.state.queue.order("CG-2")


def test_who_does_not_hold_the_spacecraft_sends_nothing(control: Control) -> None:
    control.send("olga")
    answer = control.send("oskar", "CONNECTION_TEST", application="OBSW")
    assert "olga holds CG-1" in answer.reason
    assert len(control.of(facts.Accepted)) == 1


# ---- what makes no sense ------------------------------------------------------------------------

HUGE, FAR = "9" * 300_000, (1 << 63) - 1
BLANKS = "\u3000" * 190_000  # three octets each: no fact may become longer than the ledger takes
LIMIT = {
    "monitor": "RATE_HIGH", "parameter": "1", "low_event": "STATION_LOCK",
    "high_event": "STATION_LOSS",
}  # fmt: skip
MALFORMED: list[dict[str, Any]] = [
    {"command": "NO_SUCH"},
    {"command": ""},
    {"command": "/"},
    {"command": "../../../etc/passwd"},
    {"command": "/CG1/OBSW/../DC/CARD_OFF"},
    {"command": "PING\0"},
    {"command": "PING\n"},
    {"command": "\x1b]0;PING\x07"},
    {"command": "PING" * 100_000},
    {"command": "CARD_OFF"},  # without its argument
    {"command": "CARD_OFF", "arguments": {"card": "65"}},
    {"command": "CARD_OFF", "arguments": {"card": "-1"}},
    {"command": "CARD_OFF", "arguments": {"card": "3.5"}},
    {"command": "CARD_OFF", "arguments": {"card": "[3]"}},
    {"command": "CARD_OFF", "arguments": {"card": "3;4"}},
    {"command": "CARD_OFF", "arguments": {"card": "nan"}},
    {"command": "CARD_OFF", "arguments": {"card": "1e400"}},
    {"command": "CARD_OFF", "arguments": {"card": HUGE}},
    {"command": "CARD_OFF", "arguments": {"card": "3" + " " * 390_000}},
    {"command": "CARD_OFF", "arguments": {"card": "3", "power": "ON"}},
    {"command": "CARD_OFF", "arguments": {"card": "3", "\x1b[2J": "1"}},
    {"command": "CARD_OFF", "arguments": {str(n): "1" for n in range(50_000)}},
    {"arguments": {"a" * 500_000: "1"}},
    {"command": "MONITOR_LIMIT", "arguments": LIMIT | {"low": BLANKS + "5", "high": BLANKS + "9"}},
    {"request": ""},
    {"request": "xyz"},
    {"request": "AB" * 16},
    {"request": "ab" * 16 + "\n"},
    {"priority": -1},
    {"priority": FAR},
    {"expires_ns": 1},
    {"expires_ns": -FAR},
    {"expires_ns": FAR},
    {"not_before_ns": FAR},
    {"not_before_ns": -FAR},
    {"on_board_ns": FAR},
    {"on_board_ns": 1 << 62},
    {"on_board_ns": NOW - S},
    {"override": "x" * 2_000_000},
    {"override": "why\x1b[31m"},
    {"typed": "CG-1\r"},
    {"via": ["kashi"] * 100_000},
    {"via": ["kashi"] * 17},
    {"via": ["\x1b"]},
]


@pytest.fixture
def loose(tmp_path: Path) -> Control:
    """Somebody there may do everything."""
    roles = '["view", "command", "approve", "direct"]'
    return control_of(tmp_path, more=f'\n[[operator]]\nkey = "all"\nroles = {roles}\n')


@pytest.mark.parametrize("more", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("dry_run", [False, True], ids=["send", "dry"])
def test_a_malformed_request_is_refused_and_has_no_effect(
    loose: Control, more: dict[str, Any], dry_run: bool
) -> None:
    asked = {"arguments": {}, "typed": "CG-1"} | more
    answer = loose.send("all", asked.pop("command", "PING"), dry_run=dry_run, **asked)
    if dry_run:
        assert not granted(answer) or answer.wrong or "via" in more
        assert not loose.facts
    else:
        assert not answer.ok
        assert answer.reason.isprintable() or "\n" in answer.reason
        [refused] = loose.facts
        assert refused.operator == "all"
        assert "".join([refused.subject, refused.spacecraft, *refused.reasons]).isprintable()
        entries.encode(refused)
    loose.turn(1)
    assert not loose.sent
    assert not loose.commander.record.state.commands


NUMBERS = [-FAR - 1, -1, 4, FAR]
ODD: list[Any] = [
    *(PlanRoute("CG-1", priority=n) for n in NUMBERS),
    *(PlanRoute("CG-1", octets=n) for n in NUMBERS),
    *(PlanRoute("CG-1", at_ns=n, expires_ns=n, alternatives=n) for n in NUMBERS),
    *(PlanRoute(name) for name in ("", "control", "kashi", "TL-1", "TL-2", "../x", "\x1b")),
    *(PlanRoute("CG-1", via=via) for via in (["x"], ["control"], ["CG-1"], ["kashi"] * 9000)),
    *(PlanContacts([], n, m) for n in NUMBERS for m in NUMBERS),
    *(ListCommands(limit=n) for n in NUMBERS),
    ListCommands(commands=["c1"] * 9000, spacecraft=["CG-1"] * 9000),
    PlanContacts(["kashi"] * 9000, 0, FAR),
    PlanContacts(["no", "\x1b"], 0, 1),
    DescribeCommands("\x1b[2J"),
    DescribeCommands("TL-1"),
    ApproveCommand("c1", "zz"),
    ApproveCommand("c1", "00"),
    ApproveCommand("\x1b" * 100_000, ""),
    ApproveCommand("c1", "0" * 2_000_000),
    ControlCommand("c1", "priority", -FAR),
    ControlCommand("c1", "cancel", 0, "x\x1b" * 500_000),
    ControlCommand("c1\0", "cancel"),
    ControlAuthority("CG-1", "give", "x\n"),
    ControlAuthority("CG-1", "give", "nobody"),
    ControlAuthority("CG-1", "force", "", "\x1b"),
    ControlAuthority("CG-1", "force", "", "x" * 2_000_000),
    ControlAuthority("CG-1", "force", "", " "),
    ControlAuthority("TL-1", "take"),
    DirectChannel("TL-1", "init"),
    *(DirectChannel("CG-1", each, n) for each in DIRECTIVES for n in (-FAR - 1, FAR)),
]


@pytest.mark.parametrize("asked", ODD, ids=lambda each: str(each)[:60].encode("unicode_escape"))
def test_odd_requests_end_nothing(loose: Control, asked: Any) -> None:
    loose.send("all", hold=True)
    answer = loose.ask("all", asked)
    loose.turn(1)
    loose.word(1)
    loose.turn(3)
    for each in loose.facts:
        entries.encode(each)
    if isinstance(answer, Answered):
        assert len(answer.reason) <= 2000
    assert loose.commander.record.state.commands["c1"].life.state.value in ("QUEUED", "ROUTED")


# ---- two persons --------------------------------------------------------------------------------


@pytest.fixture
def armed(tmp_path: Path) -> Control:
    """SAFE, asked for by bea, who may approve as well; the channel is open."""
    more = '\n[[operator]]\nkey = "bea"\nroles = ["command", "approve"]\n'
    made = control_of(tmp_path, more=more)
    made.send("bea", hold=True)
    made.word(1)
    made.turn(1)
    made.send("bea", "SAFE", typed="CG-1")
    return made


def hash_of(control: Control, command: str = "c2") -> str:
    return control.commander.record.state.commands[command].taken.digest.hex()


def refused(control: Control, user: str, sha256: str, command: str = "c2") -> str:
    """Return why an approval is refused; it is on record, and nothing leaves."""
    before = len(control.units)
    answer = control.ask(user, ApproveCommand(command, sha256))
    assert not answer.ok
    assert isinstance(control.facts[-1], facts.Refused)
    control.turn(1)
    assert len(control.units) == before
    return str(answer.reason)


def test_what_a_second_person_approved_leaves(armed: Control) -> None:
    armed.turn(1)
    assert not armed.units
    assert armed.ask("anna", ApproveCommand("c2", hash_of(armed))).ok
    armed.turn(1)
    assert len(armed.units) == 1


def test_the_author_approves_nothing_of_his_own(armed: Control) -> None:
    assert "expected a second person" in refused(armed, "bea", hash_of(armed))


def test_the_key_of_the_author_approves_nothing(armed: Control) -> None:
    """Somebody else by name, over the same key."""
    approvals = armed.commander.record.state.approvals
    found = approvals.judge("c2", bytes.fromhex(hash_of(armed)), "anna", "bea", armed.now)
    assert "another key" in found.reasons[0]


@pytest.mark.parametrize("change", ["", "00" * 32, "first octet", "last octet"])
def test_an_approval_of_another_hash_is_none(armed: Control, change: str) -> None:
    known = hash_of(armed)
    other = {"first octet": "ff" + known[2:], "last octet": known[:-2] + "ff"}.get(change, change)
    assert "not what was asked for" in refused(armed, "anna", other)


def test_an_approval_is_given_once(armed: Control) -> None:
    armed.ask("anna", ApproveCommand("c2", hash_of(armed)))
    assert "approved it already" in refused_after_release(armed)


def refused_after_release(control: Control) -> str:
    answer = control.ask("anna", ApproveCommand("c2", hash_of(control)))
    assert not answer.ok
    return str(answer.reason)


def test_an_approval_after_two_minutes_is_none_and_the_command_expires(armed: Control) -> None:
    known = hash_of(armed)
    armed.now += 121 * S
    assert "the time to approve it is over" in refused(armed, "anna", known)
    armed.turn(1)
    assert armed.stages("c2")[-1] == "EXPIRED"
    assert "waits for no approval" in refused(armed, "anna", known)


def test_sent_again_after_a_cancel_it_needs_its_own_approval(armed: Control) -> None:
    """An edit is that: the old approval and the old hash are void."""
    old = hash_of(armed)
    armed.ask("bea", ControlCommand("c2", "cancel"))
    armed.send("bea", "SAFE", typed="CG-1", repeat=True, expires_ns=armed.now + 600 * S)
    assert "waits for no approval" in refused(armed, "anna", old)
    assert "not what was asked for" in refused(armed, "anna", old, "c3")
    armed.turn(1)
    assert not armed.units
    assert armed.ask("anna", ApproveCommand("c3", hash_of(armed, "c3"))).ok
    armed.turn(1)
    assert len(armed.units) == 1


def test_nobody_lets_go_of_what_waits_for_approval_by_another_hold(armed: Control) -> None:
    armed.ask("bea", ControlCommand("c2", "hold"))
    armed.ask("bea", ControlCommand("c2", "release"))
    armed.ask("bea", ControlCommand("c2", "first"))
    armed.turn(1)
    assert not armed.units


def test_an_approval_holds_over_a_restart_and_is_used_once(armed: Control) -> None:
    armed.ask("anna", ApproveCommand("c2", hash_of(armed)))
    later = armed.again()
    later.turn(10)  # until words are of after the start
    later.word(1)
    later.turn(1)
    assert len([e for e in later.of(facts.Released) if e.commands == ["c2"]]) == 1
    assert "approved it already" in refused_after_release(later)


@pytest.mark.parametrize("typed", ["", "CG-2", "cg-1", "CG-1 "])
@pytest.mark.parametrize("command", ["CARD_OFF", "SAFE"])
def test_a_hazardous_command_asks_for_the_targets_name(
    control: Control, command: str, typed: str
) -> None:
    arguments = {"card": "3"} if command == "CARD_OFF" else {}
    answer = control.send("olga", command, arguments=arguments, typed=typed)
    assert "expected the target's name" in answer.reason
    assert not control.of(facts.Accepted)


# ---- what comes onto screens --------------------------------------------------------------------


def test_a_gateways_reason_comes_onto_no_screen_with_control_characters(control: Control) -> None:
    control.send("olga", service="BD")
    control.turn(1)
    [unit] = control.units
    hostile = "gone\x1b]0;x\x07\n" + "y" * 1_000_000
    row = messages.UnitRow(unit.unit, "refused", NOW, hostile)
    control.commander.units([row], "gateway", control.now)
    control.take()
    for each in control.facts:
        entries.encode(each)
    [shown] = control.ask("olga", ListCommands(ended=True)).commands
    texts = [shown.text, shown.needs, *(step.detail for step in shown.steps)]
    assert all(text.isprintable() and len(text) < 5000 for text in texts)
    assert any("gone\\x1b" in text for text in texts)


def test_a_reason_to_cancel_is_shown_as_it_was_given(control: Control) -> None:
    control.send("olga", hold=True)
    control.ask("olga", ControlCommand("c1", "cancel", 0, "wrong card"))
    [shown] = control.ask("olga", ListCommands(ended=True)).commands
    assert shown.steps[-1].detail == "by olga: wrong card"
