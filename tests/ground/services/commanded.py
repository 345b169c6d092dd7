"""The command service without sockets, over a plan that is always open, and requests to its desk.

Everybody has a role of his own and one has none: who may do what stands in the tests.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ground import settings
from ground.command import facts
from ground.messages import RadiateUnit, SendCommand
from ground.relay import plan as plans
from ground.relay.plan import Contact, Node, Plan
from ground.services.command_catalogues import Catalogues
from ground.services.command_desk import Desk
from ground.services.commander import Commander
from ground.services.planner import Planner
from ground.services.returns import ClcwHeard
from ground.settings import Mission
from protocols import times
from protocols.clcw import Clcw

S = 10**9
NOW = times.parse("2026-11-22T12:00:00")
DAY = 86_400 * S
DATABASE = resources.files("configs") / "chenguang1" / "database.xml"
OPERATORS = {
    "viewer": ["view"],
    "olga": ["command"],
    "oskar": ["command"],
    "anna": ["approve"],
    "dirk": ["direct"],
}
TEXT = f"""
[mission]
name = "commanded"

[[spacecraft]]
name = "CG-1"
scid = 171
database = "{DATABASE}"
root_container = "CCSDSPacket"
groups = ["near"]
tc = {{ length = 256, window = 64 }}

[[spacecraft]]
name = "CG-2"
scid = 172
database = "{DATABASE}"
root_container = "CCSDSPacket"
groups = ["far"]
tc = {{ length = 256, map = 3, vcid = 5 }}

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

[[link]]
name = "second"
kind = "memory"
frame = "aos"
length = 1115
fecf = true
ocf = true

[[site]]
name = "kashi"
latitude_deg = 39.5
longitude_deg = 76.0

[[site]]
name = "sanya"
latitude_deg = 18.3
longitude_deg = 109.3

[[uplink]]
name = "kashi-up"
site = "kashi"
kind = "memory"

[[uplink]]
name = "sanya-up"
site = "sanya"
kind = "memory"

[[relay]]
name = "TL-1"
kind = "bent-pipe"
longitude_deg = 77.0

[[relay]]
name = "TL-2"
kind = "regenerative"
scid = 202
longitude_deg = 120.0
retention_s = 2.0

[[relay]]
name = "SF-1"
kind = "store-and-forward"
scid = 204
longitude_deg = 20.0
retention_s = 3600.0
""" + "".join(
    f'\n[[operator]]\nkey = "{name}"\nroles = {roles}\nspacecraft = ["near"]\n'.replace("'", '"')
    for name, roles in OPERATORS.items()
)
FAST = 8e6


def mission_in(folder: Path, more: str = "") -> Mission:
    """Return the mission, written to a folder."""
    (folder / "mission.toml").write_text(TEXT + more)
    return settings.load(folder / "mission.toml")


def nodes(mission: Mission) -> list[Node]:
    """Return the nodes of the mission's plan."""
    kept = {each.name: round(each.retention_s * S) or None for each in mission.relays}
    kinds = {each.name: each.kind for each in mission.relays}
    return [
        Node("control", "centre"),
        *(Node(each.name, "station", 0) for each in mission.sites),
        *(Node(name, kind, kept[name]) for name, kind in kinds.items()),
        *(Node(each.name, "spacecraft") for each in mission.spacecraft),
    ]


def plan_of(mission: Mission, *hops: tuple[Any, ...], end_ns: int = NOW + DAY) -> Plan:
    """Return a plan: cables to the sites, and hops (source, target, and more of a `Contact`)."""
    start = NOW - DAY
    cables = [Contact("control", each.name, start, end_ns, 1e9) for each in mission.sites]
    radio = [
        Contact(one, other, *(more or (start, end_ns, FAST, 10_000_000)))
        for one, other, *more in hops
    ]
    return plans.of(nodes(mission), [*cables, *radio])


class Control:
    """A commander, its desk, and a clock that a test sets.

    Attributes:
        facts: everything that was decided to be written, oldest first.
        sent: what was given to gateways.
    """

    def __init__(self, mission: Mission, plan: Plan, known: Catalogues | None = None) -> None:
        self.mission, self.now = mission, NOW
        planner = Planner(mission)
        planner.use(plan, NOW, NOW + DAY)
        made = known or Catalogues(mission)
        self.commander = Commander(mission, made, planner, "sim/desk", "1")
        self.desk = Desk(self.commander, mission)
        self.facts: list[Any] = []
        self.sent: list[Any] = []
        self._requests = 0

    def request(self) -> str:
        """Return a new number of a request."""
        self._requests += 1
        return f"{self._requests:032x}"

    def ask(self, user: str, message: Any) -> Any:
        """Return what the desk answers; what it decided is written."""
        answer = self.desk.answer(message, user, self.now)
        self.take()
        return answer

    def send(self, user: str, command: str = "PING", /, *, to: str = "CG-1", **more: Any) -> Any:
        """Send a command; arguments are those names that no field of the request has."""
        known = SendCommand.__dataclass_fields__.keys()
        fields = {name: more.pop(name) for name in list(more) if name in known}
        fields.setdefault("request", self.request())
        fields.setdefault("arguments", more)
        return self.ask(user, SendCommand(spacecraft=to, command=command, **fields))

    def turn(self, seconds: float = 0.0) -> None:
        """Go on in time, and do what is due."""
        self.now += round(seconds * S)
        self.commander.expire(self.now)
        self.take()

    def word(self, report: int, *, spacecraft: str = "CG-1", **flags: Any) -> None:
        """Hear a control word now."""
        vcid = self.commander.forwards[spacecraft].settings.vcid
        word = Clcw(vcid=vcid, report_value=report, **flags)
        self.commander.heard([ClcwHeard(self.now, spacecraft, word)], self.now)
        self.take()

    def take(self) -> None:
        """Have what was decided written and sent."""
        made, outputs = self.commander.record.take()
        self.facts += made
        self.sent += [message for _, message in outputs]

    def of(self, kind: type) -> list[Any]:
        """Return the facts of a kind."""
        return [each for each in self.facts if isinstance(each, kind)]

    @property
    def units(self) -> list[RadiateUnit]:
        """The transmissions that were asked for."""
        return [each for each in self.sent if isinstance(each, RadiateUnit)]

    @property
    def effects(self) -> list[Any]:
        """The facts that are anything but a refusal."""
        return [each for each in self.facts if not isinstance(each, facts.Refused)]

    def stages(self, command: str) -> list[str]:
        """Return the stages that a command has gone through."""
        life = self.commander.record.state.commands[command].life
        return [each.stage.value for each in life.steps]

    def again(self) -> Control:
        """Return a service that was started anew from what this one wrote, at the same time."""
        made = Control(self.mission, self.commander.planner.plan, self.commander.catalogues)
        made.now, made._requests = self.now, self._requests
        made.commander.restore(self.facts, self.now)
        made.facts = list(self.facts)
        made.take()
        return made


def control_of(folder: Path, *hops: tuple[Any, ...], more: str = "") -> Control:
    """Return a service on a mission in a folder; kashi reaches both spacecraft unless told."""
    mission = mission_in(folder, more)
    usual: Sequence[tuple[Any, ...]] = [("kashi", "CG-1"), ("kashi", "CG-2")]
    return Control(mission, plan_of(mission, *(hops or usual)), shared())


@cache
def shared() -> Catalogues:
    """Return the commands of both spacecraft; reading the database takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        return Catalogues(mission_in(Path(folder)))
