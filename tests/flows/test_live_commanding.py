"""Commands as operators send them, over real processes: from a key to a card that is off.

The satellite is the simulator's, in a process of its own. What was executed is what it counted;
that each command was among them, its own reports say.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ground.api import Sample, Sent, Station
from ground.errors import NotReachable, Refused
from ground.messages import CommandRow
from tests.conftest import ROOT
from tests.flows.live_commanding import CommandedStation
from tests.flows.stations import PATIENCE_S, REALM

CARDS = range(12)
LOAD, MODE = "/CG1/EPS/LOAD_COMPUTE", "/CG1/OBSW/SATELLITE_MODE"
STATE, POWER = "/CG1/DC/CARDS.state", "/CG1/DC/CARDS.power"
WAY = ("QUEUED", "ROUTED", "RELEASED", "GW_ACK", "RADIATED", "FARM_ACK")
BOARD = ("ACCEPTED", "STARTED", "COMPLETED")
NO_LIMIT = resource.RLIM_INFINITY


@pytest.fixture
def station(tmp_path: Path) -> Iterator[CommandedStation]:
    made = CommandedStation(tmp_path, "--log", "json")
    try:
        yield made
    finally:
        made.close()


def off(operator: Station, card: int) -> Sent:
    return operator.send("CG-1", "CARD_OFF", {"card": card}, typed="CG-1", timeout_s=PATIENCE_S)


def completed(sent: Sent) -> CommandRow:
    sent.wait("COMPLETED", timeout_s=PATIENCE_S)
    stages = [each.stage for each in sent.row.steps]
    assert [each for each in stages if each in WAY] == list(WAY)
    assert [each for each in stages if each in BOARD] == list(BOARD)
    assert sent.row.state == "COMPLETED"
    return sent.row


def values(operator: Station, row: tuple[str, str, int], number: int = 1) -> list[Sample]:
    """Return the newest value of a parameter, and those that come next."""
    found = (each for each in operator.watch([row], timeout_s=PATIENCE_S) if each.value)
    return [next(found) for _ in range(number)]


def another(station: CommandedStation) -> subprocess.CompletedProcess[str]:
    """Run one more command service in the same home."""
    where = ["--realm", REALM, "--home", str(station.home)]
    return subprocess.run(
        [sys.executable, "-m", "ground", "service", "commanding", str(station.mission), *where],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_cards_are_switched_off_and_a_second_person_lets_the_satellite_into_safe_mode(
    station: CommandedStation,
) -> None:
    station.up()
    with station.operator() as operator, station.operator("second") as second:
        sent = [off(operator, card) for card in CARDS]
        for each in sent:
            completed(each)
        for card in CARDS:
            assert values(operator, ("CG-1", STATE, card))[0].value == "OFF"
            assert values(operator, ("CG-1", POWER, card))[0].number == 0
        assert values(operator, ("CG-1", POWER, 20))[0].number > 0
        [before] = values(operator, ("CG-1", LOAD, -1))
        completed(operator.send("CG-1", "DC_POWER_LIMIT", {"limit": 800}))
        after = values(operator, ("CG-1", LOAD, -1), 3)
        assert after[-1].number < before.number

        safe = operator.send("CG-1", "SAFE", typed="CG-1")
        assert safe.row.needs == "approval"
        with pytest.raises(Refused, match="no role for approve"):
            operator.approve(safe.id, safe.row.sha256)
        with pytest.raises(Refused, match="not what was asked for"):
            second.approve(safe.id, sent[0].row.sha256)
        assert [each.stage for each in safe.refresh().steps] == ["QUEUED", "ROUTED"]
        second.approve(safe.id, safe.row.sha256)
        assert completed(safe).approver == "second"
        assert values(operator, ("CG-1", MODE, -1))[0].value == "SAFE"

        refused = another(station)
        assert refused.returncode == 3, refused.stderr
        assert off(operator, 20).row.id == f"c{len(CARDS) + 3}"
    assert station.landed()["doubles"] == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_executed_twice_or_forgotten_when_services_are_killed(
    station: CommandedStation, seed: int
) -> None:
    """kill -9 between any two steps of a command, seeded.

    What the satellite says while its gateway is away is lost: then nobody can tell that a command
    is completed, though FARM-1 accepted it, and it is UNCERTAIN. It is executed once all the same.
    """
    rng = random.Random(seed)
    services = rng.sample(["commanding", "gateway"], 2)
    station.up()
    with station.operator() as operator:
        completed(off(operator, 63))
        sent = {}
        for place, service in enumerate(services):
            sent[service] = [off(operator, 10 * place + each) for each in range(3)]
            time.sleep(rng.uniform(0, 2.5))  # anywhere in the life of these commands
            pid = station.kill(service)
            station.until(lambda: station.pid(service) not in (0, pid), f"{service} anew")  # noqa: B023
        for service, commands in sent.items():
            for each in commands:
                each.wait("COMPLETED", timeout_s=3 * PATIENCE_S)
                stages = [step.stage for step in each.row.steps]
                assert each.row.state in ("COMPLETED", "UNCERTAIN"), each.row
                if service == "commanding" == services[-1]:
                    assert each.row.state == "COMPLETED", each.row
                assert {"FARM_ACK", "ACCEPTED"} & set(stages), each.row
    counts = station.landed()
    assert counts["executed"] == 1 + sum(map(len, sent.values()))
    assert counts["failed"] == counts["refused"] == counts["doubles"] == 0


def limit(station: CommandedStation, octets: int) -> None:
    pid = station.pid("commanding")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (octets, NO_LIMIT))


def test_a_full_disk_refuses_commands_loudly_and_recovers(station: CommandedStation) -> None:
    station.up()
    with station.operator() as operator:
        completed(off(operator, 1))
        limit(station, 1000)
        with pytest.raises(NotReachable, match="it may have been taken"):
            operator.send("CG-1", "CARD_OFF", {"card": 2}, typed="CG-1", timeout_s=4)
        with pytest.raises(Refused, match="no space left on the disk"):
            operator.send("CG-1", "CARD_OFF", {"card": 3}, typed="CG-1", timeout_s=4)
        station.until(lambda: station.report("commanding").state == "waiting", "a loud stop")
        assert "no space left" in station.report("commanding").detail
        limit(station, NO_LIMIT)
        station.until(lambda: station.report("commanding").state == "running", "it to go on")
        station.until(lambda: len(operator.history()) == 2, "what was held to be taken")
        again = operator.send("CG-1", "CARD_OFF", {"card": 4}, typed="CG-1")
        completed(again)
        assert {each.text for each in operator.history() if each.state == "COMPLETED"} == {
            f"CARD_OFF card={card}" for card in (1, 2, 4)
        }
    # that it was full could not be logged: the limit is of every file, and so of the log
    assert '"ledger.recovered"' in station.log.read_text()
    assert station.landed()["executed"] == 3


def test_an_interrupt_stops_the_station_while_commands_are_under_way(
    station: CommandedStation,
) -> None:
    station.up()
    with station.operator() as operator:
        off(operator, 1)
    station.process.send_signal(signal.SIGINT)
    assert station.process.wait(PATIENCE_S) == 0
