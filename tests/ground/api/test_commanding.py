"""Scripts that command: over the real bus, with a command service that is told what to say."""

from __future__ import annotations

import pytest

from ground.api import Sent, Station, send_and_assert
from ground.api import commanding as api
from ground.errors import InputError, NotReachable, Refused
from ground.messages import (
    Answered,
    ApproveCommand,
    ControlAuthority,
    ControlCommand,
    DirectChannel,
    PlanRoute,
    SendCommand,
)
from tests.ground.api.commanding import (
    COMMAND,
    NOW,
    ROUTE,
    SECOND,
    SHA,
    CommandService,
    commanding,
)

__all__ = ["commanding"]


def _send(station: Station, **more) -> Sent:
    return station.send("A", "CARD_POWER", {"card": 3, "power": "OFF"}, **more)


def test_a_command_is_taken_with_its_route(station: Station, commanding: CommandService):
    sent = _send(station, via=["kashi"], priority=3)
    [asked] = commanding.of(SendCommand)
    assert asked.arguments == {"card": "3", "power": "OFF"}
    assert (asked.via, asked.priority, len(asked.request)) == (["kashi"], 3, 32)
    assert (sent.id, sent.row.octets, sent.routes) == ("c1", COMMAND.octets, [ROUTE])
    assert [each.stage for each in sent.stages] == ["QUEUED"]


def test_each_command_has_a_number_of_its_own(station: Station, commanding: CommandService):
    assert {_send(station).id for _ in range(3)} == {"c1", "c2", "c3"}
    assert len({each.request for each in commanding.of(SendCommand)}) == 3


def test_without_an_answer_the_same_request_goes_out_again_and_is_taken_once(
    station: Station, commanding: CommandService, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(api, "TRY_S", 0.1)
    commanding.deaf = 2
    sent = _send(station)
    assert len({each.request for each in commanding.of(SendCommand)}) == 1
    assert len(commanding.of(SendCommand)) == 3
    assert (sent.id, list(commanding.rows)) == ("c1", ["c1"])


def test_a_script_may_ask_again_with_its_own_number(station: Station, commanding: CommandService):
    number = "0123456789abcdef" * 2
    assert _send(station, request=number).id == _send(station, request=number).id == "c1"


def test_without_a_command_service_nothing_is_reached(station: Station):
    with pytest.raises(NotReachable, match="it may have been taken"):
        _send(station, timeout_s=0.2)


def test_what_is_refused_and_what_is_wrong_are_told_apart(
    station: Station, commanding: CommandService
):
    commanding.refusal = Answered(False, "olga holds A")
    with pytest.raises(Refused, match="olga holds A"):
        _send(station)
    commanding.refusal = Answered(False, "argument card: 16; expected 0 to 15", wrong=True)
    with pytest.raises(InputError, match="expected 0 to 15"):
        _send(station)


def test_stages_come_one_by_one_until_the_one_awaited(station: Station, commanding: CommandService):
    commanding.script = ["ROUTED", "RELEASED", "GW_ACK", "RADIATED", "FARM_ACK"]
    sent = _send(station)
    stages = [each.stage for each in sent.follow("RADIATED", timeout_s=10)]
    assert stages == ["QUEUED", "ROUTED", "RELEASED", "GW_ACK", "RADIATED"]
    assert sent.reached("RADIATED") and not sent.reached("FARM_ACK")
    assert sent.wait("FARM_ACK", timeout_s=10)


def test_a_later_stage_says_that_one_before_was_passed(
    station: Station, commanding: CommandService
):
    """A frame of BD has no FARM_ACK; a report of the spacecraft overtakes the gateway's."""
    commanding.script = ["RELEASED", "ACCEPTED"]
    assert _send(station).wait("FARM_ACK", timeout_s=10)


@pytest.mark.parametrize("end", ["REJECTED", "FAILED", "EXPIRED", "NO_ROUTE", "UNCERTAIN"])
def test_another_end_ends_the_wait_and_is_no_success(
    station: Station, commanding: CommandService, end: str
):
    commanding.script = ["RELEASED", end]
    sent = _send(station)
    assert not sent.wait("RADIATED", timeout_s=10)
    assert sent.row.state == end


def test_a_wait_has_an_end_and_the_command_goes_on(station: Station, commanding: CommandService):
    sent = _send(station)
    with pytest.raises(TimeoutError, match="c1 is QUEUED; expected RADIATED"):
        sent.wait("RADIATED", timeout_s=0.05)
    assert station.queue()[0].id == "c1"


def test_an_assertion_tells_what_happened(station: Station, commanding: CommandService):
    commanding.script = ["RELEASED", "COMPLETED"]
    assert send_and_assert(station, "A", "CARD_POWER").row.state == "COMPLETED"
    commanding.script = ["RELEASED", "FAILED"]
    with pytest.raises(AssertionError, match="RELEASED, FAILED; expected COMPLETED"):
        send_and_assert(station, "A", "CARD_POWER")
    with pytest.raises(AssertionError, match=r"QUEUED by operator; expected RADIATED in 0\.05 s"):
        send_and_assert(station, "A", "CARD_POWER", stage="RADIATED", timeout_s=0.05)


def test_acts_and_questions_reach_the_command_service(station: Station, commanding: CommandService):
    sent = _send(station)
    station.approve(sent.id, SHA)
    station.control(sent.id, "priority", value=2, reason="urgent")
    station.control_authority("A", "give", to="olga")
    station.direct("A", "set-vs", 7)
    assert [each for _, each in commanding.asked[1:]] == [
        ApproveCommand("c1", SHA),
        ControlCommand("c1", "priority", 2, "urgent"),
        ControlAuthority("A", "give", "olga"),
        DirectChannel("A", "set-vs", 7),
    ]
    assert {user for user, _ in commanding.asked} == {"operator"}
    assert station.command("c1").approver == "operator"
    assert station.authority().rows[0].offered_to == "olga"
    assert station.commands("A").commands[0].name == "CARD_POWER"
    assert station.contacts(["A"], NOW, NOW + SECOND).contacts[0].source == "kashi"
    assert station.route(PlanRoute("A")).routes == [ROUTE]


def test_what_has_ended_is_history_and_not_in_the_queue(
    station: Station, commanding: CommandService
):
    first, second = _send(station), _send(station)
    commanding.script = ["COMPLETED"]
    assert first.wait(timeout_s=10)
    assert [each.id for each in station.queue()] == [second.id]
    assert [each.id for each in station.history(["A"])] == [first.id, second.id]
    assert station.history(["B"]) == []
    with pytest.raises(Refused, match="c9: not known"):
        station.command("c9")
