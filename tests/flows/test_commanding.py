"""Spacecraft that are commanded from end to end: real parts, a virtual world, a virtual clock."""

from __future__ import annotations

from collections import Counter

import pytest

from ground.command import facts
from ground.messages import Answered, ApproveCommand, ControlCommand
from protocols import cltu
from tests.clauses import clause
from tests.flows import invariants
from tests.flows.commanded import Station
from tests.flows.skies import (
    HOUR,
    SECOND,
    START,
)
from tools.simulator.world import Faults

MODE = {"arguments": {"mode": "SAFE"}, "typed": "CG-1"}  # H2: it needs a second person
DIRECT = [("kashi", "CG-1", 0, 3600)]
BENT = [("kashi", "TL-1", 0, 3600), ("TL-1", "CG-1", 0, 3600)]
SWITCHED = [("kashi", "TL-3", 0, 3600), ("TL-3", "CG-1", 0, 3600)]
TWO = [("sanya", "TL-2", 0, 3600), ("TL-2", "TL-3", 0, 3600), ("TL-3", "CG-1", 0, 3600)]
STORED = [("kashi", "SF-1", 0, 600), ("SF-1", "CG-1", 3000, 3300), ("SF-1", "kashi", 5000, 5300)]


def burst(found: Station, many: int, **more) -> list[str]:
    """Send pings, one after the other at once; return their names."""
    answers = [found.send("PING", **more) for _ in range(many)]
    return [each.command.id for each in answers]


@pytest.mark.parametrize(
    "rows, nodes",
    [
        (DIRECT, "control kashi CG-1"),
        (BENT, "control kashi TL-1 CG-1"),
        (SWITCHED, "control kashi TL-3 CG-1"),
        (TWO, "control sanya TL-2 TL-3 CG-1"),
    ],
    ids=["direct", "bent pipe", "regenerative", "two relays"],
)
@clause("232.1-B-2 §5")
def test_a_spacecraft_is_commanded_by_whatever_way_there_is(station, rows, nodes):
    """Also out of sight of every station: by a bent pipe, by one relay that switches, by two."""
    found = station(rows)
    answer = found.send("PING")
    assert answer.command.state == "ROUTED"
    found.until("c1")
    assert found.ended("c1") == "COMPLETED"
    assert found.ways("c1") == [nodes.split()]
    assert len(found.executions("c1")) == 1
    found.run(20)
    invariants.at_rest(found)


def test_a_command_waits_in_a_relay_that_stores_and_its_reports_on_the_way_back(station):
    """BD, as no control word comes while a timer runs; custody tells of each hop."""
    found = station(STORED)
    found.send("PING", expires_ns=START + 2 * HOUR)
    found.run(600)
    assert found.ended("c1") == "RELAY_RECEIVED"
    found.run(3000)
    assert len(found.executions("c1")) == 1
    found.until("c1", seconds=4 * 3600)
    assert found.ended("c1") == "COMPLETED"
    stages = [str(each.stage) for each in found.command("c1").life.steps]
    assert "RELAY_FORWARDED" in stages and "FARM_ACK" not in stages


def test_a_contact_eight_hours_away_is_awaited_and_an_approval_holds_until_it(station):
    """F23: nothing is sent before; the second person need not come again."""
    later = 8 * 3600
    found = station([("kashi", "CG-1", later, later + 600)])
    answer = found.send("MODE", **MODE, expires_ns=START + 9 * HOUR)
    assert found.ask(ControlCommand("c1", "cancel"), "second") != Answered(True)
    digest = answer.command.sha256
    assert found.ask(ApproveCommand("c1", digest), "operator") != Answered(True)
    assert found.ask(ApproveCommand("c1", digest), "second") == Answered(True)
    found.run(later - 60)
    assert found.ended("c1") in ("QUEUED", "ROUTED") and not found.ways("c1")
    found.run(120)
    assert len(found.executions("c1")) == 1


def test_what_needs_a_second_person_is_not_sent_without(station):
    """H1 asks for the target's name, H2 for another person too, within two minutes."""
    found = station(DIRECT)
    assert not found.send("CARD_OFF", arguments={"card": "3"}).ok
    assert found.send("CARD_OFF", arguments={"card": "3"}, typed="CG-1").command.state == "ROUTED"
    found.send("MODE", **MODE)
    found.until("c2")
    assert found.ended("c2") == "EXPIRED" and not found.executions("c2")
    assert found.now < START + 200 * SECOND
    assert len(found.executions("c1")) == 1


@pytest.mark.parametrize("before_s", [0.5, 20])
def test_an_expiry_is_exact(station, before_s):
    """What cannot arrive before its expiry does not leave; what can, does."""
    found = station([("kashi", "CG-1", 100, 3600)])
    end = START + round((100 + before_s) * SECOND)
    found.send("PING", expires_ns=end)
    found.until("c1")
    sent = before_s > 5
    assert found.ended("c1") == ("COMPLETED" if sent else "NO_ROUTE")
    assert len(found.executions("c1")) == sent
    assert sent or found.now <= end + SECOND


def test_a_command_for_a_time_on_board_is_done_once_and_then(station):
    """ST[11]: it leaves at once, waits in the schedule on board, and is released at its time."""
    found = station(SWITCHED)
    due = START + 1800 * SECOND
    found.send("PING", on_board_ns=due)
    found.run(60)
    assert found.ended("c1") == "FARM_ACK" and not found.executions("c1")
    found.until("c1")
    assert found.ended("c1") == "COMPLETED"
    assert found.executions("c1") == [due]
    assert sum(isinstance(each, facts.SequenceTaken) for each in found.facts) == 1


def test_a_command_that_would_come_after_its_time_on_board_does_not_leave(station):
    found = station([("kashi", "CG-1", 100, 3600)])
    answer = found.send("PING", on_board_ns=START + 90 * SECOND)
    found.run(200)
    assert answer.command.state == "NO_ROUTE" and not found.ways("c1")
    late = found.send("PING", on_board_ns=found.now + HOUR, expires_ns=found.now + 60 * SECOND)
    assert not late.ok and "before its time on board" in late.reason


# ---- ways that fail -----------------------------------------------------------------------------


@pytest.mark.parametrize("known_s", [0.5, 40])
def test_a_relay_that_fails_in_mid_command_is_gone_around(station, known_s):
    """F12, F13: the very same frames go by another way; the spacecraft executes each once."""
    both = [*SWITCHED, ("sanya", "TL-2", 0, 3600), ("TL-2", "CG-1", 0, 3600)]
    found = station(both)
    names = burst(found, 5)
    found.run(0.05)
    lost = found.ways("c1")[0][2] if found.ways("c1") else found.command("c1").routed.nodes[2]
    found.world.fail(lost)
    found.run(known_s)
    found.out_of_order(lost)
    found.until(*names)
    assert [found.ended(each) for each in names] == ["COMPLETED"] * 5
    assert [len(found.executions(each)) for each in names] == [1] * 5
    assert {way[2] for each in names for way in found.ways(each)} - {lost}


def test_a_relay_that_fails_without_another_way_is_reported_and_nothing_comes_late(station):
    """What left is UNCERTAIN until a control word tells; what did not ends by its expiry."""
    found = station(SWITCHED)
    names = burst(found, 3, expires_ns=START + 120 * SECOND)
    found.world.fail("TL-3")
    found.out_of_order("TL-3")
    found.run(300)
    assert {found.ended(each) for each in names} <= {"UNCERTAIN", "EXPIRED", "NO_ROUTE"}
    found.world.recover("TL-3")
    found.out_of_order()
    found.run(300)
    assert not found.world.executed
    assert {found.ended(each) for each in names} <= {"EXPIRED", "NO_ROUTE"}
    invariants.at_rest(found)


def test_what_is_under_way_is_handed_over_from_a_station_to_a_relay(station):
    """The contact ends in the middle of a burst: the rest goes by the relay, in order, once."""
    rows = [("kashi", "CG-1", 0, 60), ("kashi", "TL-3", 50, 3600), ("TL-3", "CG-1", 50, 3600)]
    found = station(rows)
    found.run(50)
    names = burst(found, 120)
    found.until(*names)
    found.run(20)
    assert all(found.command(each).acknowledged for each in names)
    assert all(len(found.executions(each)) == 1 for each in names)
    ends = Counter(found.ended(each) for each in names)
    assert ends["COMPLETED"] > 110 and ends["COMPLETED"] + ends["UNCERTAIN"] == 120  # lost reports
    nodes = {tuple(way) for each in names for way in found.ways(each)}
    assert {way[2] for way in nodes} == {"CG-1", "TL-3"}
    noted = [each.text for each in found.facts if isinstance(each, facts.Noted)]
    assert sum("goes by" in text for text in noted) == 2


@pytest.mark.parametrize("outage_s", [20, 100, 400])
def test_an_outage_suspends_the_service_and_its_end_resumes_it(station, outage_s):
    """Nobody foresaw it: frames are repeated, kept, and in the end acknowledged once."""
    real = [("kashi", "CG-1", 0, 30), ("kashi", "CG-1", 30 + outage_s, 3600)]
    found = station(real, foreseen=DIRECT)
    found.run(15)
    burst(found, 1)
    found.run(13.5)
    names = burst(found, 10)
    found.run(1000)
    assert all(found.command(each).acknowledged for each in names)
    assert all(len(found.executions(each)) == 1 for each in names)
    noted = [each.text for each in found.facts if isinstance(each, facts.Noted)]
    assert any("suspended" in text for text in noted) == (outage_s > 20)
    invariants.at_rest(found)


def test_what_nobody_heard_of_is_uncertain_until_a_control_word_tells(station):
    """The way down fails: executed once, never sent again blindly, FARM_ACK when it is heard."""
    found = station(DIRECT)
    found.run(35)
    found.send("PING")  # the first one sets V(R), and needs control words for that
    found.until("c1")
    found.world.air.faults = Faults(return_loss=1.0)
    found.send("PING", expires_ns=found.now + 600 * SECOND)
    found.until("c2", seconds=200)
    assert found.ended("c2") == "UNCERTAIN"
    found.world.quieten()
    found.run(100)
    stages = [str(each.stage) for each in found.command("c2").life.steps]
    assert "FARM_ACK" in stages and found.ended("c2") == "UNCERTAIN"  # its reports are lost
    assert len(found.executions("c2")) == 1


def test_what_never_arrived_is_sent_again_when_that_is_certain(station):
    """The way up fails: control words tell that nothing came, and it goes until it arrives."""
    found = station(DIRECT)
    found.run(35)
    found.send("PING")
    found.until("c1")
    found.world.air.faults = Faults(forward_loss=1.0)
    found.send("PING", expires_ns=found.now + 600 * SECOND)
    found.run(400)
    again = [each.proof for each in found.facts if isinstance(each, facts.Queued)]
    assert again and all("after every copy was gone" in proof for proof in again)
    found.world.quieten()
    found.run(100)
    assert found.ended("c2") == "COMPLETED" and len(found.executions("c2")) == 1


def test_a_restart_of_the_spacecraft_leaves_no_doubt_unsaid(station):
    """N(R) = 0 proves nothing: what was under way is UNCERTAIN, what comes later is done."""
    found = station(DIRECT)
    found.run(35)
    found.send("PING")
    found.until("c1")
    found.world.air.faults = Faults(forward_loss=1.0)
    found.send("PING")
    found.run(2)
    found.world.quieten()
    found.world.reboot("CG-1")
    found.run(60)
    assert found.ended("c2") == "UNCERTAIN" and not found.executions("c2")
    found.send("PING")
    found.until("c3")
    assert found.ended("c3") == "COMPLETED"


# ---- copies that come late ----------------------------------------------------------------------


def test_a_copy_of_set_vr_that_comes_late_lets_nothing_in_twice(station):
    """No AD frame leaves while one may be on its way; the spacecraft here remembers no request."""
    found = station(DIRECT)
    found.world.spacecraft["CG-1"].board._remember = lambda _: None
    names = burst(found, 3)
    while not found.radiated:
        found.step(found.now + SECOND)
    unit = next(iter(found.radiated))
    assert found.state.units[unit].fact.kind == "BC"
    copy = cltu.encode(found.state.units[unit].fact.frame, randomise=True)
    found.run(3)
    found.world.radiate("kashi", "CG-1", copy)
    found.until(*names)
    assert [len(found.executions(each)) for each in names] == [1] * 3
    assert {found.ended(each) for each in names} == {"COMPLETED"}


def test_control_words_that_are_heard_again_after_a_restart_begin_nothing(station):
    """The journal is read again from a little before; old words are no news."""
    found = station(DIRECT)
    for _ in range(4):
        found.send("PING")
        found.run(3)
    found.kill("service")
    found.run(3)
    found.send("PING")
    found.until("c5", seconds=100)
    assert found.ended("c5") == "COMPLETED"
    noted = [each.text for each in found.facts if isinstance(each, facts.Noted)]
    assert not any("alert" in text for text in noted)
