"""Commands whose effect only telemetry shows: commander and satellite, CADU by CADU, in one loop.

commander -> CLTU -> ears of the simulated satellite -> AOS frames -> returns -> commander
"""

from __future__ import annotations

import pytest

from ground.archive.journal_records import Records
from ground.command import facts
from ground.messages import RadiateUnit, SendCommand, UnitRow
from ground.services import missions
from ground.services.command_desk import Desk
from ground.services.commander import Commander
from ground.services.returns import Returns
from tests.flows.skies import HOUR, SECOND, FixedPlanner, catalogues, chenguang, sky
from tools.simulator import START_NS
from tools.simulator.obeying import ObeyingStream

RELAYED = [("kashi", "TL-3", 0, 3600), ("TL-3", "CG-1", 0, 3600)]
TWO = [("sanya", "TL-2", 0, 3600), ("TL-2", "TL-3", 0, 3600), ("TL-3", "CG-1", 0, 3600)]
BENT = [("kashi", "TL-1", 0, 3600), ("TL-1", "CG-1", 0, 3600)]
STEP_NS = SECOND // 4


class Mouth:
    """Stands for the modem of an uplink at the satellite's end."""

    def __init__(self, name: str) -> None:
        self.name, self.words = name, []

    def heard(self) -> list[bytes]:
        words, self.words = self.words, []
        return words


class Nowhere:
    """Keeps no sources of databases."""

    def keep(self, files, root):
        return "test"


class Loop:
    """A commander and the satellite that obeys it."""

    def __init__(self, rows) -> None:
        mission = chenguang()
        self.mouths = {each.name: Mouth(each.name) for each in mission.uplinks}
        self.stream = ObeyingStream(list(self.mouths.values()), keep_truth=False)
        planner = FixedPlanner(mission)
        planner.use(sky(mission, *rows, start_ns=START_NS), START_NS, START_NS + 10 * HOUR)
        realm = "sim/loop"
        self.commander = Commander(mission, catalogues(mission), planner, realm, "test")
        self.commander.restore([], START_NS)
        self.desk = Desk(self.commander, mission)
        self.returns = Returns(mission, missions.crafts(mission, Nowhere()), realm, {})
        self.now, self.position, self.facts = START_NS, 0, []

    def run(self, seconds: float) -> None:
        end = self.now + round(seconds * SECOND)
        while self.now < end:
            self.now += STEP_NS
            cadus = [octets for _, octets in self.stream.frames(self.now)]
            if cadus:
                self.returns.take("kashi", Records.of(self.position, self.now, cadus))
                self.position += sum(map(len, cadus))
            self.commander.heard(self.returns.heard(), self.now)
            self.commander.expire(self.now)
            self.flush()

    def flush(self) -> None:
        written, outputs = self.commander.record.take()
        self.facts += written
        for uplink, message in outputs:
            if isinstance(message, RadiateUnit):
                self.mouths[uplink].words.append(message.octets)
                self.commander.units([UnitRow(message.unit, "radiated", self.now)], "g", self.now)

    def send(self, command: str, number: int, **more):
        request = f"{number:032x}"
        asked = SendCommand(request, "CG-1", command, more.pop("arguments", {}), **more)
        return self.desk.answer(asked, "operator", self.now)

    def life(self, name: str):
        return self.commander.record.state.commands[name].life


@pytest.mark.parametrize("rows", [RELAYED, TWO, BENT], ids=["a relay", "two relays", "bent pipe"])
def test_a_card_is_switched_off_over_relays_and_telemetry_says_so(rows):
    """COMPLETED comes from CARDS[3].state == OFF, not from a report alone (issue 4)."""
    loop = Loop(rows)
    loop.run(8)
    answer = loop.send("CARD_OFF", 1, arguments={"card": "3"}, typed="CG-1")
    assert answer.command.state == "ROUTED", answer
    loop.run(40)
    assert loop.life("c1").state == "COMPLETED"
    proofs = [e for e in loop.facts if isinstance(e, facts.Verified) and e.stage == "COMPLETED"]
    assert "CARDS[3].state == OFF" in proofs[-1].source
    stages = [str(each.stage) for each in loop.life("c1").steps]
    assert {"RELEASED", "RADIATED", "FARM_ACK", "ACCEPTED", "STARTED"} <= set(stages)


def test_a_constraint_holds_by_what_telemetry_says(rows=RELAYED):
    """CARD_ON needs coolant to flow, which nobody knows before there is telemetry."""
    loop = Loop(rows)
    before = loop.send("CARD_ON", 1, arguments={"card": "3"}, typed="CG-1")
    assert not before.ok and "no fresh telemetry" in before.reason
    loop.run(15)
    after = loop.send("CARD_ON", 2, arguments={"card": "3"}, typed="CG-1")
    assert after.command.state == "ROUTED", after
    loop.run(60)
    assert loop.life("c1").state == "COMPLETED"
