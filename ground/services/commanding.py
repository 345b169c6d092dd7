"""The command service: operators' requests in, transmissions to gateways out, all on the ledger.

One loop. Whatever a round decides is one group of facts; it is written and synced, and only then
are answers given, transmissions handed to gateways, and displays told. A disk that is full stops
all of that until there is room, and says so; one that fails ends the service, which begins again
from what is on it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import structlog

from ground import clock, warmup
from ground.archive.ledger import Ledger, LedgerFull, folder_of
from ground.bus.addresses import Run
from ground.bus.guard import Context
from ground.bus.keys import Keyring
from ground.bus.requests import Caller, Request, Server
from ground.bus.sockets import Publisher
from ground.errors import NotReachable
from ground.link.reading import keep
from ground.messages import (
    Answered,
    AuthorityChanged,
    CommandsChanged,
    ReadStatus,
    RecordsJournalled,
    ServiceReported,
    StatusRead,
    UnitsReported,
)
from ground.services import command_rows, missions, vitals
from ground.services.command_catalogues import Catalogues
from ground.services.command_desk import Desk
from ground.services.command_record import Output
from ground.services.commander import Commander
from ground.services.planner import Planner
from ground.services.pump import Pump
from ground.services.returns import Returns
from ground.settings import Mission
from protocols.errors import DecodeError

NAME = "commanding"
LOCAL = "gateway"
TICK_S, ASK_S, LOOK_S, REPORT_S, KEEP_S = 0.05, 0.05, 1.0, 1.0, 5.0
PATIENCE_NS = 5 * 10**9  # for gateways to connect after the start
POSITIONS = "positions.json"
log = structlog.get_logger()


class Commanding:
    """One realm's command service on a pump.

    Raises:
        Refused: another process writes the ledger of this realm.
        LedgerError: the ledger is damaged.
    """

    def __init__(
        self, mission: Mission, home: Path, realm: str, context: Context, pump: Pump
    ) -> None:
        warmup.load()
        run, keys = Run(home, realm), Keyring(home)
        keys.ensure("station", "service")
        self._mission, self._realm, self._keys = mission, realm, keys
        self._vitals = vitals.Vitals(NAME)
        self._folder = folder_of(home, realm)
        self._ledger = Ledger(self._folder, realm)
        self.commander = Commander(
            mission,
            Catalogues(mission),
            Planner(mission),
            realm,
            metadata.version("ground-station"),
        )
        now = clock.now_ns()
        self.commander.restore((fact for _, fact in self._ledger.read()), now)
        self.commander.planner.refresh(now)
        self._desk = Desk(self.commander, mission)
        crafts = missions.crafts(mission, _Nowhere())
        self._returns = Returns(mission, crafts, realm, _positions(self._folder))
        self._answers: list[tuple[Request, Any]] = []
        self._held: list[Output] = []
        self._full = ""
        self._due = self._started = time.monotonic_ns()
        self._publisher = Publisher(context, run.publisher(NAME), realm)
        self._server = Server(context, run.requests(NAME), keys, realm)
        self._callers = self._connect(context, run)
        pump.on(self._server.socket, self._serve)
        for name, caller in self._callers.items():
            pump.on(caller.socket, partial(self._take, name, caller))
        for period_s, handler in (
            (TICK_S, self._tick),
            (ASK_S, self._ask),
            (LOOK_S, self._look),
            (REPORT_S, self._report),
            (KEEP_S, self._keep),
        ):
            pump.every(period_s, handler)
        self._flush()

    def _connect(self, context: Context, run: Run) -> dict[str, Caller]:
        """Return a connection to each gateway, by name."""
        pair = self._keys.own("station")
        public = self._keys.public("station")
        made = {LOCAL: Caller(context, run.requests(LOCAL), pair, public, run.realm)}
        for each in self._mission.gateways:
            key = self._keys.public(each.key)
            made[each.name] = Caller(context, each.address, pair, key, run.realm)
        return made

    def close(self) -> None:
        """Write what is to be written, and let go."""
        self._flush()
        self._keep()
        for caller in self._callers.values():
            caller.close()
        self._server.close()
        self._publisher.close()
        self._ledger.close()

    # ---- in ---------------------------------------------------------------------------------

    def _serve(self) -> None:
        now = clock.now_ns()
        for request in self._server.receive():
            message = request.envelope.message
            if self._full and not self._desk.has_taken(message):
                answer = Answered(False, self._full)
                self._server.send(request.identity, answer, request.envelope.request)
            else:  # a command that was taken as the disk became full may go yet
                answer = self._desk.answer(message, request.user, now)
                self._answers.append((request, answer))
        self._do(now)

    def _take(self, name: str, caller: Caller) -> None:
        now, journalled = clock.now_ns(), []
        for envelope in caller.receive():
            message = envelope.message
            if isinstance(message, UnitsReported):
                self.commander.units(message.units, name, now)
            elif isinstance(message, RecordsJournalled):
                journalled.append(message)
            elif isinstance(message, StatusRead):
                self._follow(message)
            elif isinstance(message, Answered) and not message.ok:
                log.warning("gateway.refused", why=message.reason)
        try:
            heard = self._returns.receive(journalled, time.monotonic_ns())
        except DecodeError as error:
            self._vitals.count("malformed journal")
            log.warning("journal.refused", why=str(error))
            heard = self._returns.heard()
        self.commander.heard(heard, now)
        self._do(now)
        self._ask()

    def _follow(self, status: StatusRead) -> None:
        """Read links of which nothing was read before from where they are now."""
        for service in status.services:
            for link in service.links:
                if self._mission.link(link.name) is not None:
                    self._returns.follow(link.name, link.position)

    # ---- now and again ----------------------------------------------------------------------

    def _tick(self) -> None:
        if time.monotonic_ns() >= self._due or self._full:
            self._do(clock.now_ns())

    def _do(self, now: int) -> None:
        """Let the commander do what is due, and let out what follows."""
        if not self._full:
            self.commander.expire(now)
            self._due = time.monotonic_ns() + self.commander.deadline(now) - now
        self._flush()

    def _ask(self) -> None:
        for question in self._returns.questions(time.monotonic_ns()):
            link = self._mission.link(question.link)
            self._send((link.gateway if link else None) or LOCAL, question)

    def _look(self) -> None:
        """See which gateways are there, and which links are not read yet."""
        warmup.poll()
        if time.monotonic_ns() - self._started < PATIENCE_NS:
            away: set[str] = set()
        else:
            away = {name for name, caller in self._callers.items() if not caller.connected}
        down = [each.name for each in self._mission.uplinks if (each.gateway or LOCAL) in away]
        self.commander.out_of_order(down, clock.now_ns())
        unread = {each.name for each in self._mission.links} - self._returns.positions.keys()
        wanted = {each.gateway or LOCAL for each in self._mission.links if each.name in unread}
        for name in wanted - away:
            self._send(name, ReadStatus())

    def _keep(self) -> None:
        """Note up to where journals were heard; reading a little again does no harm."""
        if self._full:
            return  # what was heard is not on disk
        keep(self._folder / POSITIONS, json.dumps(self._returns.positions))

    # ---- out --------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Bring what was decided onto the disk, and then let all of it out."""
        facts, outputs = self.commander.record.take()
        self._ledger.append(facts)
        self._held += outputs
        try:
            self._ledger.commit()
        except LedgerFull as error:
            if not self._full:
                log.error("ledger.full", why=str(error))
            self._full = str(error)
            return
        if self._full:
            log.info("ledger.recovered")
            self._full = ""
        held, self._held = self._held, []
        for uplink, message in held:
            self._send(self._gateway(uplink), message)
        answers, self._answers = self._answers, []
        for request, answer in answers:
            self._server.send(request.identity, answer, request.envelope.request)
        self._publish()

    def _gateway(self, uplink: str) -> str:
        found = next((each for each in self._mission.uplinks if each.name == uplink), None)
        return (found.gateway if found else None) or LOCAL

    def _send(self, gateway: str, message: Any) -> None:
        """Send to a gateway; one that is not there is asked again, or told of as silent."""
        try:
            self._callers[gateway].send(message)
        except NotReachable:
            self._vitals.count("gateway not reachable")

    def _publish(self) -> None:
        """Tell displays what changed."""
        now, state = clock.now_ns(), self.commander.record.state
        changed = [state.commands[each] for each in state.changed if each in state.commands]
        state.changed.clear()
        made = (command_rows.command(each, state, self.commander.needs) for each in changed)
        for rows in command_rows.batches(made):
            self._publisher.send(CommandsChanged(rows), "commands", "changed", now)
        if self.commander.record.authority_changed:
            self.commander.record.authority_changed = False
            names = self.commander.catalogues.names
            rows_of = AuthorityChanged(command_rows.authority(state, names, now))
            self._publisher.send(rows_of, "authority", "changed", now)

    # ---- how it is --------------------------------------------------------------------------

    def _report(self) -> None:
        self._publisher.send(self.report(), "status", NAME, clock.now_ns())

    def report(self) -> ServiceReported:
        """Return how the service is."""
        record, state = self.commander.record, self.commander.record.state
        live = sum(not each.life.ended for each in state.commands.values())
        away = [name for name, caller in self._callers.items() if not caller.connected]
        detail = self._full or ("not reachable: " + ", ".join(away) if away else "")
        figures = {
            "commands taken": float(record.taken),
            "commands under way": float(live),
            "transmissions": float(record.released),
            "reports that do not fit": float(state.misfits),
            "channels active": float(sum(e.active for e in self.commander.forwards.values())),
            **{f"refused: {why}": float(n) for why, n in self._server.refused.items()},
        }
        return self._vitals.report(
            "waiting" if detail else "running",
            detail,
            queues={"commands": len(state.queue)},
            cursors={"ledger": self._ledger.committed},
            figures=figures,
        )


class _Nowhere:
    """Keeps no sources: what commands are judged by, the archive has from the processor."""

    def keep(self, files: Mapping[str, bytes], root: str | None) -> str:
        """Return by what a database is told from others."""
        digest = hashlib.sha256(str(root).encode())
        for name, octets in sorted(files.items()):
            digest.update(name.encode() + hashlib.sha256(octets).digest())
        return digest.hexdigest()


def _positions(folder: Path) -> dict[str, int]:
    try:
        found = json.loads((folder / POSITIONS).read_text())
        return {str(link): int(at) for link, at in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError):
        return {}


def main(mission: Mission, home: Path, realm: str, pump: Pump) -> None:
    """Run until the pump is stopped."""
    context: Context = Context()
    service = Commanding(mission, home, realm, context, pump)
    log.info("commanding.running", realm=realm, pid=os.getpid())
    try:
        pump.run()
    finally:
        service.close()
        context.destroy(linger=500)
