"""A station that commands a world, in one process under a virtual clock, and can be killed.

    operator -> desk, commander, ledger -> mail -> gateway -> world -> journal -> commander

The parts are the real ones, without their sockets. Time goes from event to event. A service that
is killed leaves its files and nothing else; what was in the mail to it is gone.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ground.archive.ledger import Ledger, folder_of
from ground.command import facts
from ground.messages import RadiateUnit, ReadUnits, SendCommand, UnitRow
from ground.relay.plan import Plan
from ground.services.command_desk import Desk
from ground.services.command_state import Command, State
from ground.services.commander import Commander
from ground.services.gateway_radiate import Radiator, Way
from ground.services.gateway_units import Units
from ground.services.returns import ClcwHeard, CustodyHeard, Heard, ReportHeard
from ground.settings import Mission
from protocols import clcw, envelope
from tests.flows.aerial import Aerial
from tests.flows.crashes import Crashes, Killed
from tests.flows.skies import HOUR, SECOND, START, FixedPlanner, catalogues
from tools.simulator.world import CLCW, Down, World

REALM = "sim/virtual"
MAIL_NS = 1_000_000  # between two processes
RESTART_NS = 2 * SECOND  # from the end of a process to its return
KEPT_NS = 5 * SECOND  # between two notes of how far the journal was heard


@dataclass
class Service:
    """The command service while it lives."""

    ledger: Ledger
    commander: Commander
    desk: Desk
    position: int
    due_ns: int = 0


@dataclass
class Station:
    """All of a command station.

    Attributes:
        facts: what the ledger holds, as it was written.
        radiated: how often each unit left.
        killed: how often each process was.
        delay_ns: how much longer than light and rate say the air may take.
    """

    root: Path
    mission: Mission
    plan: Plan
    world: World
    crashes: Crashes = field(default_factory=Crashes)
    until_ns: int = START + 1000 * HOUR  # up to when the plan is one
    skew_ns: int = 0  # of the station's clock, to the world's
    started_ns: int = 0  # when the service began last
    service: Service | None = None
    gateway: Radiator | None = None
    facts: list[facts.Entry] = field(default_factory=list)
    journal: list[Down] = field(default_factory=list)
    pointing: dict[str, str] = field(default_factory=dict)
    radiated: dict[str, int] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=dict)
    down: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._mail: list[tuple[int, int, str, Any]] = []
        self._count = itertools.count(1)
        self._requests = itertools.count(1)
        self._kept, self._kept_ns = 0, 0
        self._newest: dict[str, int] = {}
        faults = self.world.air.faults
        self.delay_ns = 4 * round(faults.delay_s * SECOND) if faults.reordering else 0
        self.start("gateway")
        self.start("service")

    @property
    def now(self) -> int:
        return self.world.now_ns

    @property
    def clock(self) -> int:
        """What the station's clock says."""
        return self.now + self.skew_ns

    @property
    def state(self) -> State:
        assert self.service is not None
        return self.service.commander.record.state

    # ---- processes --------------------------------------------------------------------------

    def start(self, process: str) -> None:
        """Begin, or begin again from the disk."""
        with self.crashes.of(process):
            try:
                if process == "gateway" and self.gateway is None:
                    self._open_gateway()
                elif process == "service" and self.service is None:
                    self._open_service()
            except Killed:
                self.kill(process)

    def _open_gateway(self) -> None:
        ways = {}
        for each in self.mission.uplinks:
            aerial = Aerial(self, each.site)
            ways[each.name] = aerial.way = Way(aerial, "memory")
        self.gateway = Radiator(ways, Units(self.root / "gateway", self.clock))

    def _open_service(self) -> None:
        planner = FixedPlanner(self.mission)
        planner.use(self.plan, self.clock, self.until_ns)
        ledger = Ledger(folder_of(self.root, REALM), REALM)
        known = catalogues(self.mission)
        commander = Commander(self.mission, known, planner, REALM, "test")
        self.service = Service(ledger, commander, Desk(commander, self.mission), self._kept)
        self.facts = [fact for _, fact in ledger.read()]
        commander.restore(self.facts, self.clock)
        commander.out_of_order(self.down, self.clock)
        self._newest, self.started_ns = {}, self.clock
        self._flush()

    def kill(self, process: str, back_ns: int = RESTART_NS) -> None:
        """End a process as kill -9 does; it comes back after a while."""
        self.killed[process] = self.killed.get(process, 0) + 1
        if process == "service" and self.service is not None:
            self.service.ledger._release()
            self.service = None
        elif process == "gateway" and self.gateway is not None:
            self.gateway._units._file.close()
            self.gateway = None
        self._mail = [each for each in self._mail if each[2] != process]
        heapq.heapify(self._mail)
        self._post(process, "start", back_ns)

    def _post(self, to: str, message: Any, after_ns: int = MAIL_NS) -> None:
        heapq.heappush(self._mail, (self.now + after_ns, next(self._count), to, message))

    def _do(self, process: str, act: Any) -> Any:
        """Let a process that lives do something; it may be killed by it."""
        alive = self.service if process == "service" else self.gateway
        if alive is None:
            return None
        with self.crashes.of(process):
            try:
                return act()
            except Killed:
                self.kill(process)
                return None

    # ---- the service ------------------------------------------------------------------------

    def ask(self, message: Any, user: str = "operator") -> Any:
        """Have a request answered; None where the service was killed before it answered."""
        return self._do("service", lambda: self._answer(message, user))

    def _answer(self, message: Any, user: str) -> Any:
        assert self.service is not None
        answer = self.service.desk.answer(message, user, self.clock)
        self.service.commander.expire(self.clock)
        self._flush()
        return answer

    def send(self, command: str, spacecraft: str = "CG-1", user: str = "operator", **more: Any):
        """Send a command; arguments of `SendCommand` beside those of the command."""
        more.setdefault("arguments", {})
        more.setdefault("request", f"{next(self._requests):032x}")
        more.setdefault("repeat", True)
        return self.ask(SendCommand(spacecraft=spacecraft, command=command, **more), user)

    def _flush(self) -> None:
        """As `Commanding`: write what was decided, then let out what follows."""
        assert self.service is not None
        commander, ledger = self.service.commander, self.service.ledger
        made, outputs = commander.record.take()
        ledger.append(made)
        ledger.commit()
        self.facts += made
        for _, message in outputs:
            self.crashes.point("before a send")
            if isinstance(message, RadiateUnit):
                nodes = commander.record.state.units[message.unit].fact.nodes
                self.pointing[message.unit] = nodes[2]
            if self.gateway is not None:
                self._post("gateway", message)
            self.crashes.point("after a send")
        commander.record.state.changed.clear()
        self.service.due_ns = self.now + commander.deadline(self.clock) - self.clock

    def _hear(self) -> None:
        """Take what the journal holds that was not taken."""
        assert self.service is not None
        fresh = self.journal[self.service.position :]
        self.service.position = len(self.journal)
        heard = [each for each in map(self._heard, fresh) if each is not None]
        if heard:
            self.service.commander.heard(heard, self.clock)
        if self.now >= self._kept_ns + KEPT_NS:
            self._kept, self._kept_ns = self.service.position, self.now

    def _heard(self, came: Down) -> Heard | None:
        t_ns = came.t_ns + self.skew_ns
        if came.kind == CLCW:
            if came.sent_ns < self._newest.get(came.spacecraft, 0):
                return None
            self._newest[came.spacecraft] = came.sent_ns
            return ClcwHeard(t_ns, came.spacecraft, clcw.decode(came.octets))
        if came.spacecraft in self.world.relays:
            return CustodyHeard(t_ns, envelope.decode_custody(came.octets[6:]))
        return ReportHeard(t_ns, came.spacecraft, came.octets) if came.octets[7] == 1 else None

    def _turn(self) -> None:
        assert self.service is not None
        self._hear()
        self.service.commander.expire(self.clock)
        self._flush()

    def _reported(self, rows: list[UnitRow]) -> None:
        assert self.service is not None
        self.service.commander.units(rows, "gateway", self.clock)
        self.service.commander.expire(self.clock)
        self._flush()

    def out_of_order(self, *names: str) -> None:
        """Let the station know which uplinks and relays cannot be used."""
        self.down = frozenset(names)

        def tell() -> None:
            assert self.service is not None
            self.service.commander.out_of_order(self.down, self.clock)
            self._turn()

        self._do("service", tell)

    # ---- the gateway ------------------------------------------------------------------------

    def _radiate(self, message: RadiateUnit | ReadUnits) -> None:
        assert self.gateway is not None
        if isinstance(message, ReadUnits):
            rows = self.gateway.known(message.units)
        else:
            rows = self.gateway.receive([message], self.clock)
        if self.service is not None:
            self._post("service", rows)
        rows = self.gateway.expire(self.clock, self.now)
        if rows and self.service is not None:
            self._post("service", rows)

    # ---- time -------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let time go by."""
        end = self.now + round(seconds * SECOND)
        while self.now < end:
            self.step(end)

    def until(self, *commands: str, seconds: float = 3600) -> None:
        """Let time go by until commands have ended."""
        end = self.now + round(seconds * SECOND)
        while self.now < end and not all(
            self.service and self.command(each).life.ended for each in commands
        ):
            self.step(end)

    def step(self, end: int) -> None:
        """Go on to the next event."""
        times = [end, *([self._mail[0][0]] if self._mail else [])]
        if self.service is not None:
            times.append(self.service.due_ns)
        came = self.world.step(max(self.now, min(times)))
        if self.gateway is not None:
            self.journal += came
        if came and self.gateway is not None:
            self._do("service", self._turn)
        while self._mail and self._mail[0][0] <= self.now:
            self._deliver(*heapq.heappop(self._mail)[2:])
        if self.service is not None and self.service.due_ns <= self.now:
            self._do("service", self._turn)

    def _deliver(self, to: str, message: Any) -> None:
        if message == "start":
            self.start(to)
        elif to == "gateway":
            self._do(to, lambda: self._radiate(message))
        else:
            self._do(to, lambda: self._reported(message))

    # ---- what is known ----------------------------------------------------------------------

    def command(self, name: str) -> Command:
        return self.state.commands[name]

    def ended(self, name: str) -> str:
        """Where a command stands."""
        return str(self.command(name).life.state)

    def executions(self, name: str) -> list[int]:
        """When the octets of a command were executed on board."""
        taken = self.command(name).taken
        mine = taken.spacecraft, taken.octets
        executed = self.world.executed
        return [each.t_ns for each in executed if (each.spacecraft, each.octets) == mine]

    def ways(self, name: str) -> list[list[str]]:
        """The nodes of each transmission of a command."""
        return [
            each.nodes for each in self.facts
            if isinstance(each, facts.Released) and name in each.commands
        ]  # fmt: skip

    def __enter__(self) -> Station:
        return self

    def __exit__(self, *_: object) -> None:
        if self.service is not None:
            self.service.ledger._release()
        if self.gateway is not None:
            self.gateway._units._file.close()
