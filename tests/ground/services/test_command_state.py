"""What is known is what the facts say, live and restored alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ground.command import entries, facts
from ground.messages import ApproveCommand, CommandRow, ControlCommand, ListCommands, UnitRow
from ground.services import command_rows
from ground.services.command_state import DAY_NS, State
from tests.ground.services.commanded import NOW, Control, S, control_of

SEVERAL = 4


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return control_of(tmp_path)


@pytest.fixture
def busy(control: Control) -> Control:
    """Commands in every part of their lives."""
    control.word(7)
    for number in range(SEVERAL):
        control.send("olga", "CARD_OFF", card=str(number), typed="CG-1")
    control.turn(1)
    for each in control.units[:2]:
        row = UnitRow(each.unit, "radiated", control.now)
        control.commander.units([row], "gateway", control.now)
    control.word(8)
    control.send("olga", hold=True)
    control.send("olga", "SAFE", typed="CG-1")
    control.send("olga", "BOOT", typed="CG-1", override="x")  # refused: no director
    control.send("olga", "CARD_ON", card="1")  # refused: the flow is not known
    control.ask("olga", ControlCommand("c5", "cancel", 0, "no"))
    control.turn(1)
    return control


def restored(found: list[Any]) -> State:
    state = State()
    for each in found:
        state.apply(entries.decode(entries.encode(each)))
    return state


def rows(state: State) -> list[CommandRow]:
    return [command_rows.command(each, state, {}) for each in state.commands.values()]


def test_what_is_restored_is_what_was_known(busy: Control) -> None:
    live, again = busy.commander.record.state, restored(busy.facts)
    assert len(rows(live)) == SEVERAL + 2
    assert rows(again) == rows(live)
    for name in ("units", "sequences", "requests", "channels"):
        found, expected = getattr(again, name), getattr(live, name)
        assert {k: str(v) for k, v in found.items()} == {k: str(v) for k, v in expected.items()}
    assert again.queue.order("CG-1") == live.queue.order("CG-1")
    assert [again.queue.holds(each) for each in live.commands] == [
        live.queue.holds(each) for each in live.commands
    ]
    assert again.authority.lease("CG-1", NOW) == live.authority.lease("CG-1", NOW)
    assert again.approvals.asked("c6") == live.approvals.asked("c6")
    assert again.changed.keys() == live.commands.keys()


@pytest.mark.parametrize("part", range(10))
def test_any_number_of_facts_is_a_state(busy: Control, part: int) -> None:
    """A crash leaves a part of them, and no part of them is wrong."""
    size = len(busy.facts) * part // 9
    state = restored(busy.facts[:size])
    assert not state.misfits
    taken = [each.command for each in busy.facts[:size] if isinstance(each, facts.Accepted)]
    assert list(state.commands) == taken


def test_sequence_counts_go_on_and_wrap(control: Control) -> None:
    """The count of a packet has 14 bits; octets 2 and 3 are flags and count."""
    control.commander.record.write(facts.SequenceTaken(NOW, "CG-1", 150, 16383))
    counts = []
    for _ in range(3):
        row = control.send("olga", repeat=True).command
        counts.append(int.from_bytes(row.octets[2:4], "big") & 0x3FFF)
    assert counts == [16383, 0, 1]
    later = control.again().send("olga", repeat=True).command
    assert int.from_bytes(later.octets[2:4], "big") & 0x3FFF == 2


def test_what_ended_a_day_ago_is_forgotten_and_what_waits_is_not(busy: Control) -> None:
    state = busy.commander.record.state
    state.forget(NOW + DAY_NS)
    assert "c5" in state.commands
    state.forget(NOW + DAY_NS + 60 * S)
    assert "c5" not in state.commands
    assert {"c1", "c4", "c6"} <= state.commands.keys()
    assert len(state.requests) == len(state.commands)


def test_facts_about_what_is_forgotten_or_unknown_change_nothing(control: Control) -> None:
    state = control.commander.record.state
    for each in (
        facts.Approved(NOW, "c9", "a", "a", bytes(32)),
        facts.Queued(NOW, "c9", "p"),
        facts.Ended(NOW, "c9", "EXPIRED", "d"),
        facts.Moved(NOW, "c9", "a", "", 1),
        facts.UnitReported(NOW, "ff", ["c9"], "g", "radiated", NOW, ""),
        facts.Custody(NOW, "ff", ["c9"], "r", "DROPPED", NOW, 0),
        facts.FarmAcknowledged(NOW, "CG-9", 0, ["c9"], 1),
        facts.Verified(NOW, "c9", "ACCEPTED", "passed", "s", NOW, "", False),
        facts.Held(NOW, "c9", "a", "operator"),
    ):
        state.apply(each)
    assert not state.commands
    assert not state.misfits


# ---- rows ---------------------------------------------------------------------------------------


def test_a_row_says_all_there_is(control: Control) -> None:
    """CARD_OFF 3: 1882 (APID 130), count 0, 8 octets; PUS 2, service 8.1; function 1, 3, OFF."""
    row = control.send("olga", "CARD_OFF", card="3", typed="CG-1", via=["kashi"]).command
    assert row.octets.hex() == "1882c0000009" + "2f08010000" + "0001" + "0003" + "00"
    assert (row.id, row.text, row.hazard, row.author) == ("c1", "CARD_OFF card=3", "H1", "olga")
    assert (row.state, row.held, row.needs, row.via) == ("ROUTED", False, "", ["kashi"])
    assert row.expires_ns == NOW + 3600 * S
    assert [(each.stage, each.detail) for each in row.steps] == [
        ("QUEUED", "by olga"),
        ("ROUTED", "kashi>CG-1"),
    ]


def test_a_row_says_what_the_command_waits_for(control: Control) -> None:
    rows_ = [
        control.send("olga", hold=True).command,
        control.send("olga", "SAFE", typed="CG-1").command,
        control.send("olga", not_before_ns=NOW + 9 * S, repeat=True).command,
        control.send("olga", "SAFE", typed="CG-1", hold=True, repeat=True).command,
    ]
    assert [each.needs for each in rows_] == [
        "release", "approval", "its time", "release, approval",
    ]  # fmt: skip
    control.send("olga", repeat=True)
    control.turn(1)
    [shown] = control.ask("olga", ListCommands(commands=["c5"])).commands
    assert shown.needs == "channel: initial"


def test_lists_fit_into_messages(control: Control) -> None:
    row = control.send("olga").command
    small = [replace(row, id=f"c{n}") for n in range(4500)]
    assert [len(each) for each in command_rows.batches(small)] == [2000, 2000, 500]
    large = [replace(row, octets=bytes(1 << 20)) for _ in range(5)]
    assert [len(each) for each in command_rows.batches(large)] == [2, 2, 1]
    huge = [replace(row, octets=bytes(8 << 20))] * 2
    assert [len(each) for each in command_rows.batches(huge)] == [1, 1]
    assert list(command_rows.batches([])) == []


def test_the_approver_is_shown(control: Control) -> None:
    row = control.send("olga", "SAFE", typed="CG-1").command
    assert row.approver == ""
    assert control.ask("anna", ApproveCommand("c1", row.sha256)).ok
    [shown] = control.ask("olga", ListCommands(commands=["c1"])).commands
    assert (shown.approver, shown.needs) == ("anna", "")
