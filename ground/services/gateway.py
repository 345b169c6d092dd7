"""A gateway: octets come in by links, stand in the journal, and go to whoever reads it.

How it works: one loop. A link that can be read is drained; what came is written to its journal and
then sent to its readers. Every 100 ms the journals are brought onto the disk; every second the
gateway says how it is. Requests come over a socket on which only known keys are heard.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import structlog
import zmq

from ground import clock
from ground.archive.journal import JournalError
from ground.bus.addresses import Run
from ground.bus.keys import Keyring
from ground.bus.requests import Server
from ground.bus.sockets import Publisher
from ground.link import kinds
from ground.link.managed import ManagedLink
from ground.messages import ControlLink, EventRow, EventsRaised, Level, ServiceReported
from ground.services.gateway_acknowledged import Acknowledged
from ground.services.gateway_desk import Desk
from ground.services.gateway_intake import Intake
from ground.services.gateway_radiate import radiator
from ground.services.pump import Pump
from ground.settings import Link, Mission

LOCAL = "local"
_TICK_S, _SYNC_S, _REPORT_S, _TRIM_S = 0.02, 0.1, 1.0, 10.0
_GIB = 1 << 30
_LEVELS: dict[str, Level] = {"failed": "serious", "down": "caution"}

log = structlog.get_logger("gateway")


def journal_folder(home: Path, realm: str, link: str) -> Path:
    """Return where the journal of a link lies."""
    return home / "journal" / realm.replace("/", "-") / link


class Gateway:
    """The links of one gateway of a mission, their journals, and who reads them.

    Args:
        name: of the `[[gateway]]` whose links these are; without, those of no other gateway.
        listen: where readers on other machines may ask, as tcp://HOST:PORT.
        clock_ns: monotonic.

    Raises:
        Refused: another process writes one of the journals, or nobody may ask over `listen`.
    """

    def __init__(
        self,
        mission: Mission,
        home: Path,
        realm: str,
        *,
        name: str | None = None,
        listen: str | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = name or LOCAL
        self.service = f"gateway-{name}" if name else "gateway"
        self.pump = Pump(clock_ns)
        self.intakes: dict[str, Intake] = {}
        self._clock_ns = clock_ns
        self._started_ns = clock.now_ns()
        self._keep_octets = int(mission.station.journal_gib * _GIB)
        self._keyring = Keyring(home)
        self._keyring.ensure("station", "service")
        with ExitStack() as opened:
            self._open(mission, home, realm, name, listen, opened)
            self._opened = opened.pop_all()
        self._states = dict.fromkeys(self.intakes, "")
        self._watched: dict[str, set[int]] = {each: set() for each in self.intakes}
        self._damaged: set[tuple[str, str]] = set()
        self._begin()

    def _open(
        self,
        mission: Mission,
        home: Path,
        realm: str,
        name: str | None,
        listen: str | None,
        opened: ExitStack,
    ) -> None:
        """Open sockets and journals, each to be closed in turn."""
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        opened.callback(context.term)
        run = Run(home, realm)
        folder = home / "uplink" / realm.replace("/", "-") / self.name
        mine = [each for each in mission.uplinks if each.gateway == name and each.enabled]
        self._radiator = radiator(mine, folder) if not realm.startswith("replay/") else None
        if self._radiator is not None:
            opened.callback(self._radiator.close)
        self._publisher = Publisher(context, run.publisher(self.service), realm)
        opened.callback(self._publisher.close)
        self._acknowledged: dict[str, Acknowledged] = {}
        self.desks: list[Desk] = []
        for address in (run.requests(self.service), *([listen] if listen else [])):
            server = Server(context, address, self._keyring, realm)
            known = self.intakes, self._acknowledged
            self.desks.append(Desk(server, *known, self._control, self.status, self._radiator))
            opened.callback(self.desks[-1].close)
        for link in mission.links:
            if link.gateway == name and _placed(link):
                folder = journal_folder(home, realm, link.name)
                self.intakes[link.name] = _intake(link, folder)
                opened.callback(self._end, link.name)
                self._acknowledged[link.name] = Acknowledged(folder)

    def _begin(self) -> None:
        if self._radiator is not None:
            self._radiator.open(self._clock_ns())
        for desk in self.desks:
            self.pump.on(desk.server.socket, partial(self._ask, desk))
        for period_s, handler in (
            (_TICK_S, self._tick),
            (_SYNC_S, self._sync),
            (_REPORT_S, self.report),
            (_TRIM_S, self._trim),
        ):
            self.pump.every(period_s, handler)
        for name, intake in self.intakes.items():
            if intake.journal.torn:
                log.warning("journal.torn", link=name, octets=intake.journal.torn)
            intake.line.start(self._clock_ns())
            self._look(name)

    def run(self, stop: Callable[[], bool] | None = None) -> None:
        """Receive and send until told to stop; then bring everything onto the disk."""
        log.info("gateway.started", gateway=self.name, links=list(self.intakes))
        try:
            self.pump.run(stop)
        finally:
            self.close()
            log.info("gateway.stopped", gateway=self.name)

    def close(self) -> None:
        """End: links first, then what they gave onto the disk, then the sockets."""
        self._opened.close()

    def _end(self, name: str) -> None:
        """Close a link and its journal."""
        try:
            self.intakes[name].close()
        except JournalError as error:
            log.error("journal.failed", link=name, reason=str(error))
        if name in self._acknowledged:
            self._acknowledged[name].keep()

    # ---- what comes in ----------------------------------------------------------------------

    def _take(self, name: str) -> None:
        """Take what a link received, and let its readers have it."""
        now = self._clock_ns()
        if self.intakes[name].receive(now, clock.now_ns()):
            for desk in self.desks:
                desk.readers.serve(now, name)
        self._look(name)

    def _look(self, name: str) -> None:
        """Watch the descriptors that the link has now, and tell of a state that is new."""
        line = self.intakes[name].line
        before, after = self._watched[name], set(line.receiver.filenos())
        for each in before - after:
            self.pump.off(each)
        for each in after - before:
            self.pump.on(each, partial(self._take, name))
        self._watched[name] = after
        if line.state != self._states[name]:
            self._states[name] = line.state
            self._tell(name, line.state, line.detail)

    def _tell(self, name: str, state: str, detail: str) -> None:
        log.info(f"link.{state}", link=name, detail=detail)
        now_ns = clock.now_ns()
        text = f"link {name} of gateway {self.name}: {state}" + (f", {detail}" if detail else "")
        level = _LEVELS.get(state, "info")
        event = EventRow(now_ns, self.service, "", level, f"link.{state}", text)
        self._publisher.send(EventsRaised([event]), "events", "raised", now_ns)

    # ---- who asks ---------------------------------------------------------------------------

    def _ask(self, desk: Desk) -> None:
        desk.receive(self._clock_ns())
        self._radiate()

    def _radiate(self) -> None:
        """Send units that can go now, and tell what became of them."""
        if self._radiator is None:
            return
        rows = self._radiator.expire(clock.now_ns(), self._clock_ns())
        for desk in self.desks if rows else ():
            desk.told(rows)

    def _control(self, asked: ControlLink, user: str) -> None:
        log.info("link.controlled", link=asked.link, act=asked.act, user=user)
        intake = self.intakes[asked.link]
        intake.sync()  # a link that is closed notes what it need not read again
        for each in self._watched[asked.link]:
            self.pump.off(each)
        self._watched[asked.link] = set()
        intake.line.control(asked.act, self._clock_ns())
        self._look(asked.link)

    # ---- now and again ----------------------------------------------------------------------

    def _tick(self) -> None:
        """Give links their time, and readers what could not be sent before."""
        now = self._clock_ns()
        for name, intake in self.intakes.items():
            if intake.line.due(now):
                self._take(name)
        for desk in self.desks:
            desk.readers.serve(now)
        self._radiate()

    def _sync(self) -> None:
        for name, intake in self.intakes.items():
            intake.sync()
            self._look(name)

    def _trim(self) -> None:
        """Forget what every reader has, where there is more than the station wants to keep."""
        share = self._keep_octets // max(1, len(self.intakes))
        self._count_acknowledged()
        for name, intake in self.intakes.items():
            self._acknowledged[name].keep()
            freed = intake.journal.trim(intake.acknowledged, share)
            if freed:
                log.info("journal.trimmed", link=name, octets=freed)

    def _count_acknowledged(self) -> None:
        users = {user for user, _ in self._keyring.authorised().values()}
        for name, intake in self.intakes.items():
            intake.acknowledged = self._acknowledged[name].least(users)

    def report(self) -> None:
        """Publish how the gateway is, and name damage that readers came across."""
        found = {each for desk in self.desks for each in desk.readers.damaged()}
        for path, what in sorted(found - self._damaged):
            log.error("journal.damaged", path=path, what=what)
        self._damaged |= found
        self._publisher.send(self.status(), "status", self.service, clock.now_ns())

    def status(self) -> ServiceReported:
        """Return how the gateway is."""
        self._count_acknowledged()
        now, intakes = self._clock_ns(), self.intakes.items()
        failed = [each.failure for _, each in intakes if each.failure]
        readers = [desk.readers for desk in self.desks]
        up = self._radiator.rows(self.name) if self._radiator else []
        radiated = self._radiator.stages() if self._radiator else []
        return ServiceReported(
            service=self.service,
            pid=os.getpid(),
            started_ns=self._started_ns,
            state="failed" if failed else "running",
            detail="; ".join(failed),
            links=[*(each.row(self.name, now) for _, each in intakes), *up],
            stages=[*(each.stage() for _, each in intakes), *radiated],
            queues={"octets to the slowest reader": max(each.lag() for each in readers)},
            cursors={f"{name} synced": each.journal.synced for name, each in intakes},
            figures={
                "readers": float(sum(len(each) for each in readers)),
                "messages_sent": float(sum(each.sent for each in readers)),
                "requests_refused": float(sum(it.server.refused.total() for it in self.desks)),
            },
        )


def _placed(link: Link) -> bool:
    """Return whether a link is here; the place of some recordings is only told with each."""
    return link.address is not None or link.kind not in ("file", "directory")


def _intake(link: Link, folder: Path) -> Intake:
    receiver = kinds.receiver(
        link.kind,
        link.address,
        baud=link.baud,
        notes=folder / "read.json",
        seed=int.from_bytes(link.name.encode()[-4:], "big"),
    )
    return Intake(ManagedLink(link.name, link.kind, receiver, enabled=link.enabled), folder)
