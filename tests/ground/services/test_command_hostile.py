"""What goes wrong at once: clocks that are wrong, a satellite that boots, a service that ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.command import facts
from ground.messages import (
    ApproveCommand,
    ControlAuthority,
    ControlCommand,
    DirectChannel,
    ListCommands,
    UnitRow,
)
from ground.services import commander
from ground.services.forward import RETURN_NS
from ground.services.returns import ClcwHeard, CustodyHeard, ReportHeard
from protocols.clcw import Clcw
from protocols.envelope import Custody, State
from tests.ground.services.commanded import DAY, Control, S, control_of


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """AD service is active from N(S) = 2 on; c1 had number 1."""
    made = control_of(tmp_path)
    made.word(1)
    made.send("olga")
    made.turn(1)
    made.word(2)
    assert len(made.units) == 1
    return made


def send(control: Control, count: int = 1) -> None:
    for _ in range(count):
        control.send("olga", repeat=True)
        control.turn(0)


def quiet(control: Control) -> None:
    """Go on until every copy of a frame is gone."""
    control.now = control.commander.forwards["CG-1"].quiet_ns + RETURN_NS + S
    control.turn(0)


def verified(control: Control, command: str, stage: str, at_ns: int) -> None:
    fact = facts.Verified(control.now, command, stage, "passed", "test", at_ns, "", False)
    control.commander.record.write(fact)
    control.take()


# ---- clocks -------------------------------------------------------------------------------------


def test_a_gateway_whose_clock_is_ahead_proves_nothing(control: Control) -> None:
    """Its word comes before the copies of c2 are gone, whatever time it says."""
    send(control)
    again = control.again()
    word = ClcwHeard(again.now + DAY, "CG-1", Clcw(vcid=0, report_value=2))
    again.commander.heard([word], again.now)
    again.take()
    assert not again.of(facts.Queued)
    assert again.stages("c2")[-1] == "RELEASED"


@pytest.mark.parametrize("at_ns", [0, 1, (1 << 62)])
def test_a_report_with_a_wrong_time_lets_no_request_be_taken_twice(
    control: Control, at_ns: int
) -> None:
    verified(control, "c1", "COMPLETED", at_ns)
    control.turn(1)
    assert control.send("olga", request=f"{1:032x}").command.id == "c1"
    control.turn(2 * DAY / S)
    assert "c1" not in control.commander.record.state.commands


# ---- a satellite that boots, and a service that ends ---------------------------------------------


def test_frames_of_a_service_that_ended_confuse_no_restart(control: Control) -> None:
    """c2 had number 2 before the satellite booted; then c3, c4 and c5 have 1, 2 and 3."""
    send(control)
    verified(control, "c2", "ACCEPTED", control.now)
    control.word(0)
    quiet(control)
    control.word(0)
    send(control)
    control.word(1)
    quiet(control)
    control.word(1)
    control.turn(1)
    send(control, 2)
    fresh = [each for each in control.of(facts.Released) if each.kind == "AD"]
    assert [(each.commands[0], each.sequence) for each in fresh[-3:]] == [
        ("c3", 1), ("c4", 2), ("c5", 3),
    ]  # fmt: skip
    again = control.again()
    quiet(again)
    again.word(4)
    assert again.of(facts.FarmAcknowledged)[-1].commands == ["c3", "c4", "c5"]
    assert not again.of(facts.Queued)


def test_a_restart_holds_no_more_than_was_held_before(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger has all commands there ever were; the service has those of a day."""
    monkeypatch.setattr(commander, "FORGET_EVERY", 1)
    verified(control, "c1", "COMPLETED", control.now)
    control.turn(2 * DAY / S)
    control.commander.record.write(facts.Noted(control.now, "test", "", ""))
    control.take()
    again = control.again()
    assert "c1" not in again.commander.record.state.commands
    assert not again.commander.record.state.units


# ---- persons ------------------------------------------------------------------------------------


def approved(control: Control) -> str:
    """Return a hazardous command that left with an approval, and of which nothing is heard."""
    made = control.send("olga", "SAFE", typed="CG-1", service="BD").command
    assert control.ask("anna", ApproveCommand(made.id, made.sha256)).ok
    control.turn(0)
    assert control.units[-1].octets
    return str(made.id)


def refused_by_gateway(control: Control) -> None:
    row = UnitRow(control.units[-1].unit, "refused", control.now, "busy")
    control.commander.units([row], "gateway", control.now)
    control.take()


def test_what_comes_back_while_its_approval_holds_goes_again(control: Control) -> None:
    approved(control)
    before = len(control.units)
    refused_by_gateway(control)
    control.turn(1)
    assert len(control.units) == before + 1


def test_what_comes_back_after_its_approval_was_over_is_approved_anew(control: Control) -> None:
    name = approved(control)
    before = len(control.units)
    control.turn(121)
    refused_by_gateway(control)
    control.turn(1)
    assert len(control.units) == before
    [row] = control.ask("viewer", ListCommands(commands=[name])).commands
    assert (row.needs, row.approver) == ("approval", "")
    again = control.again()
    again.turn(1)
    assert len(again.units) == 0
    assert control.ask("anna", ApproveCommand(name, row.sha256)).ok
    control.turn(1)
    assert len(control.units) == before + 1


def test_who_lost_the_spacecraft_lets_nothing_go(control: Control) -> None:
    held = control.send("olga", hold=True, repeat=True).command.id
    control.ask("dirk", ControlAuthority("CG-1", "force", "", "an emergency"))
    answer = control.ask("olga", ControlCommand(held, "release"))
    assert answer.reason.startswith("dirk holds CG-1")
    control.turn(1)
    assert len(control.units) == 1
    assert control.ask("olga", ControlCommand(held, "cancel")).ok


def test_no_directive_changes_what_a_word_will_say_of_frames(control: Control) -> None:
    """Set V(R) to 2 would make it seem that c2, which was received, was not."""
    send(control)
    control.ask("dirk", ControlAuthority("CG-1", "force", "", "test"))
    assert control.ask("dirk", DirectChannel("CG-1", "terminate")).ok
    for directive, value in [("init-set-vr", 2), ("init-unlock", 0), ("init", 0), ("set-vs", 2)]:
        assert not control.ask("dirk", DirectChannel("CG-1", directive, value)).ok
    quiet(control)
    control.word(3)
    assert control.of(facts.FarmAcknowledged)[-1].commands == ["c2"]
    assert not control.of(facts.Queued)


# ---- what comes down fills no disk ---------------------------------------------------------------


def test_reports_that_are_none_are_on_record_once_a_minute(control: Control) -> None:
    for number in range(100):
        item = ReportHeard(control.now, "CG-1", bytes(number))
        control.commander.heard([item], control.now)
        control.now += S
    control.take()
    assert len([each for each in control.of(facts.Noted) if each.source == "report"]) == 2
    assert control.commander.listener.malformed == 100


def test_relays_that_repeat_themselves_are_on_record_once(tmp_path: Path) -> None:
    control = control_of(tmp_path, ("kashi", "SF-1"), ("SF-1", "CG-1"))
    control.send("olga")
    control.turn(0)
    unit = bytes.fromhex(control.units[-1].unit)
    for relay in (204, 202, 999):
        for state in [State.FORWARDED, State.RECEIVED, State.EXPIRED] * 20:
            item = CustodyHeard(control.now, Custody(unit, relay, state, control.now))
            control.commander.heard([item], control.now)
    control.take()
    told = [(each.relay, each.state) for each in control.of(facts.Custody)]
    assert told == [("SF-1", "FORWARDED"), ("SF-1", "RECEIVED"), ("SF-1", "EXPIRED")]
