"""Spacecraft that are commanded from end to end: real parts, a virtual world, a virtual clock."""

from __future__ import annotations

import pytest

from ground.messages import Answered, ApproveCommand, ControlCommand
from tests.clauses import clause
from tests.flows import invariants
from tests.flows.commanded import (
    HOUR,
    SECOND,
    START,
    Station,
    chenguang,
    sky,
    world_of,
)

MODE = {"arguments": {"mode": "SAFE"}, "typed": "CG-1"}  # H2: it needs a second person
DIRECT = [("kashi", "CG-1", 0, 3600)]
BENT = [("kashi", "TL-1", 0, 3600), ("TL-1", "CG-1", 0, 3600)]
SWITCHED = [("kashi", "TL-3", 0, 3600), ("TL-3", "CG-1", 0, 3600)]
TWO = [("sanya", "TL-2", 0, 3600), ("TL-2", "TL-3", 0, 3600), ("TL-3", "CG-1", 0, 3600)]
STORED = [("kashi", "SF-1", 0, 600), ("SF-1", "CG-1", 3000, 3300), ("SF-1", "kashi", 5000, 5300)]


@pytest.fixture
def station(tmp_path):
    """Return a station over contacts by hand; all of them end at the end of the test."""
    made = []

    def make(rows, *, foreseen=None, mission=None, **more):
        mission = mission or chenguang()
        plan = sky(mission, *rows)
        world = world_of(mission, plan, more.pop("seed", 1), more.pop("faults", None))
        told = plan if foreseen is None else sky(mission, *foreseen)
        found = Station(tmp_path / str(len(made)), mission, told, world, **more)
        made.append(found)
        found.run(1)
        return found

    yield make
    for each in made:
        invariants.check(each)
        each.__exit__()


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
