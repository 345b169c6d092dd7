"""Requests to send as they are understood, and what operators do to what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground.columns import Column
from ground.command import facts
from ground.messages import (
    Answered,
    CommandTaken,
    ControlAuthority,
    ControlCommand,
    DescribeCommands,
    ListCommands,
    ReadAuthority,
    UnitRow,
)
from protocols.tc import Kind
from tests.ground.services.commanded import DAY, NOW, Control, S, control_of


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return control_of(tmp_path)


@pytest.fixture
def open_(control: Control) -> Control:
    """AD service is active from N(S) = 1 on."""
    control.word(1)
    control.send("olga", "CONNECTION_TEST", application="AOCS")
    control.turn(1)
    control.word(2)
    assert len(control.units) == 1
    return control


def released(control: Control) -> list[str]:
    return [name for each in control.of(facts.Released) for name in each.commands]


def waiting(control: Control) -> list[str]:
    return [each.command for each in control.commander.record.state.queue.order("CG-1")]


# ---- sending ------------------------------------------------------------------------------------


def test_a_command_that_is_taken_is_written_before_it_leaves(control: Control) -> None:
    answer = control.send("olga", "CARD_OFF", card="3", typed="CG-1")
    assert isinstance(answer, CommandTaken)
    assert [type(each).__name__ for each in control.facts] == [
        "AuthorityChanged", "Accepted", "Routed",
    ]  # fmt: skip
    assert not control.sent
    [accepted] = control.of(facts.Accepted)
    assert accepted.octets == answer.command.octets
    assert accepted.digest.hex() == answer.command.sha256


def test_a_dry_run_says_what_would_be_and_takes_nothing(control: Control) -> None:
    answer = control.send("olga", "CARD_OFF", card="3", dry_run=True)
    assert isinstance(answer, CommandTaken)
    assert (answer.command.text, answer.command.hazard) == ("CARD_OFF card=3", "H1")
    assert [each.hops[-1].target for each in answer.routes] == ["CG-1"]
    assert answer.wrong == []
    assert not control.facts
    assert not control.commander.record.state.commands


def test_a_dry_run_says_all_that_is_wrong(control: Control) -> None:
    control.send("oskar")
    answer = control.send("olga", dry_run=True, expires_ns=NOW - S, priority=3, request="x")
    assert len(answer.wrong) == 4
    assert "oskar holds CG-1" in answer.wrong[2]


def test_a_constraint_that_nobody_knows_to_hold_refuses(control: Control) -> None:
    """CARD_ON wants a flow of the coolant, and there is no telemetry."""
    answer = control.send("olga", "CARD_ON", card="3", typed="CG-1")
    assert answer.reason.startswith("constraint")
    assert answer.reason.endswith("nobody knows, as no fresh telemetry says")


def test_a_constraint_holds_when_a_command_leaves_and_not_only_when_it_is_taken(
    open_: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flow of the coolant, above 8 as the command is taken, is gone when its time comes."""
    flow = [10.0]
    monkeypatch.setattr(
        open_.commander.listener.latest,
        "lookup",
        lambda spacecraft, now: lambda reference: Column(np.array(flow)) if flow else None,
    )
    about = {"card": "3", "typed": "CG-1", "not_before_ns": open_.now + 100 * S}
    assert isinstance(open_.send("olga", "CARD_ON", **about), CommandTaken)
    waits = {"now": "does not hold", "later": "nobody knows, as no fresh telemetry says"}
    for flow[:], why in [([5.0], waits["now"]), ([], waits["later"])]:
        open_.turn(100)
        [row] = open_.ask("viewer", ListCommands(["CG-1"], True, 10)).commands[-1:]
        assert row.needs.startswith("constraint") and row.needs.endswith(why)
    assert len(open_.units) == 1
    flow[:] = [9.0]
    open_.word(2)
    open_.turn(1)
    assert released(open_) == ["c1", "c2"]


def test_a_command_waits_for_its_time(open_: Control) -> None:
    open_.send("olga", not_before_ns=open_.now + 100 * S)
    open_.turn(99)
    assert "c2" not in released(open_)
    open_.turn(1)
    assert released(open_)[-1] == "c2"


@pytest.mark.parametrize("service, kind", [("AD", Kind.AD), ("BD", Kind.BD), ("auto", Kind.AD)])
def test_the_service_is_as_asked_for(open_: Control, service: Any, kind: Kind) -> None:
    open_.send("olga", service=service)
    open_.turn(0)
    assert open_.of(facts.Released)[-1].kind == kind.name


def test_a_command_for_the_schedule_on_board_leaves_in_one_of_service_11(open_: Control) -> None:
    """Its own octets are within, and the count of the schedule's application is used up."""
    answer = open_.send("olga", on_board_ns=open_.now + 600 * S)
    open_.turn(0)
    frame = open_.of(facts.Released)[-1].frame
    assert answer.command.octets in frame
    assert frame[6 + 6 + 1 : 6 + 6 + 3] == bytes([11, 4])
    assert len(open_.of(facts.SequenceTaken)) == 1


def test_a_command_for_the_schedule_uses_no_count_while_it_waits(control: Control) -> None:
    control.send("olga", on_board_ns=NOW + 600 * S)
    for _ in range(5):
        control.turn(1)
    assert not control.of(facts.SequenceTaken)


def test_a_command_without_a_contact_before_its_expiry_ends_so(tmp_path: Path) -> None:
    control = control_of(tmp_path, ("kashi", "CG-1", NOW + 7200 * S, NOW + DAY, 8e6, 0))
    control.send("olga")
    control.turn(1)
    assert control.stages("c1") == ["QUEUED", "NO_ROUTE"]
    later = control.send("olga", expires_ns=NOW + 8000 * S, repeat=True).command
    assert later.state == "ROUTED"
    control.turn(7198)
    assert control.stages("c2") == ["QUEUED", "ROUTED"]


def test_what_the_gateway_never_took_is_sent_again_and_what_it_may_have_sent_is_not(
    open_: Control,
) -> None:
    """BD: refused certainly went nowhere; uncertain may have, and nobody sends it again."""
    for name in ("c2", "c3"):
        open_.send("olga", service="BD", repeat=True)
        open_.turn(0)
        state = "refused" if name == "c2" else "uncertain"
        row = UnitRow(open_.units[-1].unit, state, open_.now, "why")
        open_.commander.units([row], "gateway", open_.now)
        open_.take()
    for _ in range(10):
        open_.turn(1)
    assert released(open_).count("c2") > 1
    assert released(open_).count("c3") == 1


def test_a_spacecraft_without_a_buffer_gets_each_command_once(open_: Control) -> None:
    open_.send("olga", repeat=True)
    open_.turn(0)
    open_.word(2, retransmit=True, wait=True)
    open_.send("olga", repeat=True)
    for _ in range(5):
        open_.turn(0.5)
    open_.word(3)
    open_.turn(1)
    fresh = [each for each in open_.of(facts.Released) if not each.retransmission]
    assert [(each.commands, each.sequence) for each in fresh] == [
        (["c1"], 1), (["c2"], 2), (["c3"], 3),
    ]  # fmt: skip


# ---- what waits ---------------------------------------------------------------------------------


@pytest.fixture
def queue(control: Control) -> Control:
    """c1 to c4 wait, by olga."""
    for number in range(4):
        control.send("olga", "CARD_OFF", card=str(number), typed="CG-1")
    return control


def test_first_and_priority_move_a_command(queue: Control) -> None:
    assert waiting(queue) == ["c1", "c2", "c3", "c4"]
    queue.ask("olga", ControlCommand("c3", "first"))
    assert waiting(queue) == ["c3", "c1", "c2", "c4"]
    queue.ask("olga", ControlCommand("c4", "priority", 2))
    assert waiting(queue)[0] == "c4"
    queue.ask("olga", ControlCommand("c4", "priority", 0))
    assert waiting(queue)[-1] == "c4"


def test_the_priority_that_it_has_moves_nothing(queue: Control) -> None:
    assert queue.ask("olga", ControlCommand("c4", "priority", 1)).ok
    assert waiting(queue) == ["c1", "c2", "c3", "c4"]


def test_urgent_is_for_directors(queue: Control) -> None:
    assert not queue.ask("olga", ControlCommand("c4", "priority", 3)).ok
    assert queue.ask("dirk", ControlCommand("c4", "priority", 3)).ok
    assert waiting(queue)[0] == "c4"


def test_what_is_held_keeps_nobody_back(queue: Control) -> None:
    queue.ask("olga", ControlCommand("c1", "hold"))
    queue.word(1)
    queue.turn(1)
    assert released(queue) == ["c2", "c3", "c4"]
    queue.ask("olga", ControlCommand("c1", "release"))
    queue.turn(1)
    assert released(queue)[-1] == "c1"


def test_what_is_cancelled_never_leaves(queue: Control) -> None:
    assert queue.ask("olga", ControlCommand("c2", "cancel")).ok
    assert queue.ask("dirk", ControlCommand("c3", "cancel", 0, "not now")).ok
    queue.word(1)
    queue.turn(1)
    assert released(queue) == ["c1", "c4"]
    assert queue.stages("c3")[-1] == "CANCELLED"


@pytest.mark.parametrize("act", ["cancel", "hold", "release", "first", "priority"])
def test_what_has_left_waits_no_more(open_: Control, act: Any) -> None:
    answer = open_.ask("olga", ControlCommand("c1", act, 2))
    assert not answer.ok
    assert "it waits no more" in answer.reason
    assert isinstance(open_.facts[-1], facts.Refused)


# ---- authority ----------------------------------------------------------------------------------


def test_a_spacecraft_is_handed_over(control: Control) -> None:
    control.send("olga")
    assert isinstance(control.send("oskar", "CONNECTION_TEST", application="EPS"), Answered)
    assert control.ask("olga", ControlAuthority("CG-1", "give", "oskar")).ok
    assert not control.ask("olga", ControlAuthority("CG-1", "accept")).ok
    assert control.ask("oskar", ControlAuthority("CG-1", "accept")).ok
    [row] = [
        each for each in control.ask("viewer", ReadAuthority()).rows if each.spacecraft == "CG-1"
    ]
    assert row.holder == "oskar"
    assert isinstance(control.send("oskar", "CONNECTION_TEST", application="EPS"), CommandTaken)
    assert isinstance(control.send("olga", "CONNECTION_TEST", application="TCS"), Answered)


def test_an_offer_is_taken_back(control: Control) -> None:
    control.send("olga")
    control.ask("olga", ControlAuthority("CG-1", "give", "oskar"))
    assert control.ask("olga", ControlAuthority("CG-1", "give", "")).ok
    assert not control.ask("oskar", ControlAuthority("CG-1", "accept")).ok


def test_a_spacecraft_is_given_to_nobody_who_may_not_command_it(control: Control) -> None:
    control.send("olga")
    for name in ("viewer", "anna", "nobody"):
        answer = control.ask("olga", ControlAuthority("CG-1", "give", name))
        assert answer.reason == f"{name} may not command CG-1"


def test_a_spacecraft_is_forced_for_a_reason(control: Control) -> None:
    control.send("olga")
    assert not control.ask("dirk", ControlAuthority("CG-1", "force")).ok
    assert control.ask("dirk", ControlAuthority("CG-1", "force", reason="she is away")).ok
    assert control.commander.record.state.authority.holds("CG-1", "dirk", NOW)


# ---- what is seen -------------------------------------------------------------------------------


def test_what_waits_is_listed_newest_last_and_what_ended_on_request(queue: Control) -> None:
    queue.ask("olga", ControlCommand("c2", "cancel"))

    def ids(**more: Any) -> list[str]:
        return [each.id for each in queue.ask("viewer", ListCommands(**more)).commands]

    assert ids() == ["c1", "c3", "c4"]
    assert ids(ended=True) == ["c1", "c2", "c3", "c4"]
    assert ids(limit=2) == ["c3", "c4"]
    assert ids(limit=0) == ["c4"]
    assert ids(commands=["c2", "c9"]) == ["c2"]
    assert ids(spacecraft=["CG-2"]) == []


def test_what_a_spacecraft_can_be_told_comes_with_what_one_may(control: Control) -> None:
    found = control.ask("viewer", DescribeCommands("CG-1"))
    assert {"PING", "CARD_OFF", "SAFE"} <= {each.name for each in found.commands}
    assert sorted(found.may) == [
        "contacts", "describe", "history", "list", "read_authority", "route",
    ]  # fmt: skip
    assert "send" in control.ask("olga", DescribeCommands("CG-1")).may
