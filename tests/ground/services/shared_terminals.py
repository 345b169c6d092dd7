"""48 spacecraft and relays with few terminals, which answer: what leaves arrives after a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ground import settings
from ground.command import facts
from ground.command.life import Stage
from ground.services.command_catalogues import Catalogues
from ground.services.returns import ClcwHeard
from ground.settings import Mission
from protocols import tc
from protocols.cop1.farm import Farm
from tests.ground.services.commanded import DATABASE, Control, S, plan_of

CRAFTS = [f"CG2-{number:02}" for number in range(1, 49)]
SETUP_S = 35
RELAYS = ("TL-1", "TL-2")
TEXT = (
    '[mission]\nname = "shared"\n'
    + "".join(
        f'[[spacecraft]]\nname = "{name}"\nscid = {100 + place}\ndatabase = "{DATABASE}"\n'
        'root_container = "CCSDSPacket"\ntc = { length = 256 }\n'
        for place, name in enumerate(CRAFTS)
    )
    + """
[[time]]
packets = "*"
parameter = "TIME_COARSE"
fine = "TIME_FINE"
fine_bits = 16
epoch = "1958-01-01T00:00:00"
scale = "tai"

[[link]]
name = "down"
kind = "memory"
frame = "aos"
length = 1115
fecf = true
ocf = true

[[site]]
name = "kashi"
latitude_deg = 39.5
longitude_deg = 76.0

[[uplink]]
name = "kashi-up"
site = "kashi"
kind = "memory"

[[operator]]
key = "olga"
roles = ["command"]

[[operator]]
key = "dirk"
roles = ["direct", "command"]
"""
    + "".join(
        f'[[relay]]\nname = "{name}"\nkind = "bent-pipe"\nlongitude_deg = 77.0\nterminals = 2\n'
        "slew_s = 20.0\nacquisition_s = 15.0\n"
        for name in RELAYS
    )
)


@dataclass
class Craft:
    """A spacecraft that takes frames and reports."""

    farm: Farm = field(default_factory=lambda: Farm(0))
    got: list[bytes] = field(default_factory=list)


class Shared(Control):
    """A command service, and spacecraft that hear what comes by a terminal that points at them."""

    def __init__(self, mission: Mission, *hops: tuple[Any, ...]) -> None:
        super().__init__(mission, plan_of(mission, *hops), catalogues(mission))
        self.crafts = {name: Craft() for name in CRAFTS}
        self.taken: dict[str, list[str]] = {}
        self._seen = 0
        self.deaf: set[str] = set()

    def command(self, craft: str, count: int = 1, user: str = "olga", **more: Any) -> list[str]:
        """Send pings to a spacecraft; return their ids."""
        made = []
        for _ in range(count):
            answer = self.send(user, to=craft, repeat=True, **more)
            made.append(answer.command.id)
        return made

    def second(self) -> None:
        """Let a second go by: frames arrive, spacecraft report, the service does what is due."""
        fresh, self._seen = self.facts[self._seen :], len(self.facts)
        for fact in fresh:
            if isinstance(fact, facts.Released):
                self._arrive(fact)
        self.now += S
        heard = [
            ClcwHeard(self.now, name, each.farm.clcw())
            for name, each in self.crafts.items()
            if name not in self.deaf
        ]
        self.commander.heard(heard, self.now)
        self.turn()

    def _arrive(self, fact: facts.Released) -> None:
        if len(fact.nodes) > 3:
            relay, t_ns = fact.nodes[2], fact.t_ns
            there = [
                each
                for each in self.commander.record.state.bookings.values()
                if (each.relay, each.spacecraft) == (relay, fact.spacecraft)
                and each.ready_ns <= t_ns < each.end_ns
            ]
            assert there, f"{fact.spacecraft}: a frame left without a terminal of {relay}"
        if fact.spacecraft not in self.deaf:
            craft = self.crafts[fact.spacecraft]
            if craft.farm.receive(tc.decode(fact.frame)):
                craft.got += [each.data for each in craft.farm.take()]

    def arrived(self, commands: Sequence[str]) -> int:
        """Return how many commands a spacecraft has acknowledged."""
        known = self.commander.record.state.commands
        return sum(known[each].life.reached(Stage.FARM_ACK) is not None for each in commands)

    def needs(self, command: str) -> str:
        """Return what a command waits for."""
        return self.commander.needs.get(command, "")

    def served(self, now: int) -> dict[str, set[str]]:
        """Return whom each relay serves, or turns to."""
        found: dict[str, set[str]] = {}
        for each in self.commander.record.state.bookings.values():
            if each.start_ns <= now < each.end_ns:
                found.setdefault(each.relay, set()).add(each.spacecraft)
        return found


def mission_in(folder: Path, more: str = "") -> Mission:
    """Return the mission, written to a folder."""
    (folder / "mission.toml").write_text(TEXT + more)
    return settings.load(folder / "mission.toml")


def by_relays(*relays: str, crafts: Sequence[str] = CRAFTS) -> list[tuple[str, str]]:
    """Return the hops from kashi over relays to spacecraft."""
    return [*(("kashi", each) for each in relays), *((r, c) for r in relays for c in crafts)]


_KNOWN: list[Catalogues] = []


def catalogues(mission: Mission) -> Catalogues:
    """Return the commands, read once."""
    if not _KNOWN:
        _KNOWN.append(Catalogues(mission))
    return _KNOWN[0]
