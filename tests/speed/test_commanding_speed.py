"""How many commands a second are taken, routed and released, and how soon one is radiated.

Both wait for the disk; so they are measured on the wall clock. The first has the command service
without its sockets, its ledger on disk, and a gateway and spacecraft that answer at once; the
second has real processes and an uplink over UDP.
"""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ground import clock, settings
from ground.api import Station
from ground.archive.ledger import Ledger
from ground.command import facts
from ground.messages import CommandTaken, RadiateUnit, SendCommand, UnitRow
from ground.services import command_rows
from ground.services.returns import ClcwHeard
from protocols.clcw import Clcw
from tests.flows.live_commanding import CommandedStation
from tests.flows.stations import PATIENCE_S
from tests.ground.services.commanded import DATABASE, TEXT, Control, S, plan_of
from tests.speed.clock import scaled

pytestmark = pytest.mark.speed

CRAFTS = 16
GROUPS = (1, 10, 100, 500)  # commands for each sync of the ledger
WANTED = 1000  # commands a second
SECONDS = 2.0
SENT = 200
HEAD, TAIL = TEXT.split("[[spacecraft]]")[0], TEXT[TEXT.index("[[time]]") :]
CRAFT = f"""
[[spacecraft]]
name = "S-%d"
scid = %d
database = "{DATABASE}"
root_container = "CCSDSPacket"
groups = ["near"]
tc = {{ length = 256, window = 254 }}
"""


class Fleet(Control):
    """Spacecraft in AD service that accept every frame, and a gateway that sends every unit."""

    def __init__(self, folder: Path) -> None:
        path = folder / "mission.toml"
        path.write_text(HEAD + "".join(CRAFT % (n, n + 1) for n in range(CRAFTS)) + TAIL)
        mission = settings.load(path)
        super().__init__(mission, plan_of(mission, *(("kashi", f"S-{n}") for n in range(CRAFTS))))
        self.ledger = Ledger(folder / "ledger", "sim/speed")
        self.expected = dict.fromkeys((f"S-{n}" for n in range(CRAFTS)), 1)  # N(R)
        self.number = self.released = 0
        self.words()

    def words(self) -> None:
        """Hear a control word of every spacecraft."""
        self.now += S // 10
        heard = [
            ClcwHeard(self.now, name, Clcw(report_value=each))
            for name, each in self.expected.items()
        ]
        self.commander.heard(heard, self.now)

    def flush(self) -> list[RadiateUnit]:
        """Do what the service does with what was decided; return what left."""
        made, outputs = self.commander.record.take()
        self.ledger.append(made)
        self.ledger.commit()
        state = self.commander.record.state
        changed = [state.commands[each] for each in state.changed if each in state.commands]
        state.changed.clear()
        rows = (command_rows.command(each, state, self.commander.needs) for each in changed)
        list(command_rows.batches(rows))
        for each in made:
            if isinstance(each, facts.Released) and each.kind == "AD":
                self.expected[each.spacecraft] = (each.sequence + 1) % 256
                self.released += 1
        return [each for _, each in outputs if isinstance(each, RadiateUnit)]

    def round(self, commands: int) -> None:
        """Take commands, let them go, and hear that they arrived."""
        for _ in range(commands):
            self.number += 1
            name, card = f"S-{self.number % CRAFTS}", str(self.number % 64)
            arguments, number = {"card": card}, f"{self.number:032x}"
            asked = SendCommand(number, name, "CARD_OFF", arguments, typed=name, repeat=True)
            assert isinstance(self.desk.answer(asked, "olga", self.now), CommandTaken)
        self.commander.expire(self.now)
        sent = self.flush()
        rows = [UnitRow(each.unit, "radiated", self.now) for each in sent]
        self.commander.units(rows, "gateway", self.now)
        self.words()
        self.flush()


def test_commands_taken_routed_and_released_a_second_by_the_size_of_the_group(
    tmp_path: Path,
) -> None:
    fleet = Fleet(tmp_path)
    fleet.round(CRAFTS)
    rates = {}
    for group in GROUPS:
        fleet.released, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < SECONDS:
            fleet.round(group)
        rates[group] = fleet.released / spent
    for group, rate in rates.items():
        print(
            f"\ncommanding, {group} commands a sync: {scaled(rate, 'commands')} taken, routed "
            f"and released, {rate / rates[1]:.1f}x of one each (wanted {WANTED:,}"
            f"{', missed' if group == max(GROUPS) and rate < WANTED else ''})",
            end="",
        )


@pytest.fixture
def station(tmp_path: Path) -> Iterator[CommandedStation]:
    made = CommandedStation(tmp_path)
    try:
        yield made
    finally:
        made.close()


def radiated_after(operator: Station) -> tuple[int, int]:
    """Send a command; return after how many ns it is taken and radiated."""
    number, start = secrets.token_hex(16), clock.now_ns()
    sent = operator.send("CG-1", "PING", request=number, service="BD", repeat=True)
    taken = clock.now_ns()
    sent.wait("RADIATED", timeout_s=PATIENCE_S)
    at = next(each.t_ns for each in sent.stages if each.stage == "RADIATED")
    return taken - start, at - start


def test_how_soon_a_command_is_radiated(station: CommandedStation) -> None:
    station.up()
    with station.operator() as operator:
        times = [radiated_after(operator) for _ in range(SENT)]
    for what, found in zip(("taken", "radiated"), zip(*times, strict=True), strict=True):
        ms = sorted(each / 1e6 for each in found)
        print(
            f"\ncommanding, from a script to {what}, {SENT} commands one by one: "
            f"p50 {statistics.median(ms):.1f} ms, p99 {ms[len(ms) * 99 // 100]:.1f} ms",
            end="",
        )
