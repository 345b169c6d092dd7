"""The processor as a service: gateways' journals in, archive and bus out, operators' acts answered.

One process from octets to events: whatever has come is taken at once; the archive is written once
a second, and the journal acknowledged when that is done.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from ground import clock, warmup
from ground.archive.embedded import EmbeddedStore
from ground.bus.addresses import Run
from ground.bus.guard import Context
from ground.bus.keys import Keyring
from ground.bus.requests import Caller, Request, Server
from ground.bus.sockets import Publisher
from ground.errors import NotReachable
from ground.messages import (
    AcknowledgeAlarms,
    Answered,
    AssignAlarms,
    ClearAlarms,
    CommentAlarms,
    ListAlarms,
    ReadStatus,
    RecordsJournalled,
    ServiceReported,
    SetLimits,
    ShelveAlarms,
    StatusRead,
    UnshelveAlarms,
)
from ground.services import noted, parcels, vitals
from ground.services.live import Live
from ground.services.pump import Pump
from ground.settings import Mission
from protocols.errors import DecodeError

NAME = "processor"
ACTS = (
    *(AcknowledgeAlarms, ShelveAlarms, UnshelveAlarms, ClearAlarms),
    *(CommentAlarms, AssignAlarms, SetLimits),
)
COMMIT_S, ASK_S, REPORT_S, CLOCKS_S = 1.0, 0.05, 1.0, 60.0
LOCAL = "gateway"  # the service that holds this machine's links
log = structlog.get_logger()


class Processor:
    """One realm's processor on a pump."""

    def __init__(
        self, mission: Mission, home: Path, realm: str, context: Context, pump: Pump
    ) -> None:
        warmup.load()
        run, self._keys = Run(home, realm), Keyring(home)
        self._keys.ensure("station", "service")
        self._realm, self._mission, self._pump = realm, mission, pump
        self._store = EmbeddedStore.open(home / "archive", write=True)
        self.live = Live(mission, self._store, realm)
        self._stopped = ""  # why the archive took nothing when that was logged
        self._vitals = vitals.Vitals(NAME)
        self._publisher = Publisher(context, run.publisher(NAME), realm)
        self._server = Server(context, run.requests(NAME), self._keys, realm)
        self._callers = self._connect(context, run)
        self.live.watch.wanted = partial(parcels.wanted, self._publisher)
        for key, why in self.live.refused.items():
            log.warning("state.refused", key=key, why=why)
        for caller in set(self._callers.values()):
            pump.on(caller.socket, partial(self._take, caller))
        pump.on(self._server.socket, self._serve)
        pump.every(ASK_S, self._ask)
        pump.every(COMMIT_S, self._commit)
        pump.every(REPORT_S, self._report)
        pump.every(CLOCKS_S, self._clocks)
        self._ask()

    def _connect(self, context: Context, run: Run) -> dict[str, Caller]:
        """Return who holds each link's journal; one connection for each gateway."""
        pair, remote = self._keys.own("station"), {}
        local = Caller(context, run.requests(LOCAL), pair, self._keys.public("station"), run.realm)
        for each in self._mission.gateways:
            public = self._keys.public(each.key)
            remote[each.name] = Caller(context, each.address, pair, public, run.realm)
        return {link.name: remote.get(link.gateway or "", local) for link in self._mission.links}

    def close(self) -> None:
        """Bring everything into the archive and let go of it."""
        self._commit()
        for caller in set(self._callers.values()):
            caller.close()
        self._server.close()
        self._publisher.close()
        self._store.close()

    # ---- journals ---------------------------------------------------------------------------

    def _ask(self) -> None:
        for question in self.live.questions(time.monotonic_ns()):
            self._send(question.link, question)
        self._publish()

    def _send(self, link: str, message: Any) -> None:
        """Send to a link's gateway; one that is not there is asked again."""
        try:
            self._callers[link].send(message)
        except NotReachable:
            self._vitals.count("gateway not reachable")

    def _take(self, caller: Caller) -> None:
        journalled = []
        for envelope in caller.receive():
            if isinstance(envelope.message, RecordsJournalled):
                journalled.append(envelope.message)
            elif isinstance(envelope.message, StatusRead):
                self._pass_on(envelope.message)
            elif isinstance(envelope.message, Answered) and not envelope.message.ok:
                log.warning("gateway.refused", why=envelope.message.reason)
        try:
            self.live.receive(journalled, time.monotonic_ns())
        except DecodeError as error:
            self._vitals.count("malformed journal")
            log.warning("journal.refused", why=str(error))
        self._ask()

    def _pass_on(self, status: StatusRead) -> None:
        """Publish how a gateway elsewhere is, as nobody else here can ask it."""
        for report in status.services:
            self._publisher.send(report, "status", report.service, clock.now_ns())

    def _commit(self) -> None:
        warmup.poll()
        now = clock.now_ns()
        self.live.expire(now)
        self.live.commit(now)
        for acknowledgement in self.live.acknowledgements():
            self._send(acknowledgement.link, acknowledgement)
        self._tell_of_disk()
        self._publish()

    def _tell_of_disk(self) -> None:
        """Log once that the archive takes nothing, and once that it does again."""
        if self.live.failed and not self._stopped:
            log.error("archive.stopped", why=self.live.failed)
        elif self._stopped and not self.live.failed:
            log.info("archive.recovered")
        self._stopped = self.live.failed

    # ---- the bus ----------------------------------------------------------------------------

    def _publish(self) -> None:
        now = clock.now_ns()
        for topic, message in self.live.outbox.take():
            parcels.publish(self._publisher, topic, message, now)

    def _serve(self) -> None:
        for request in self._server.receive():
            self._server.send(request.identity, self._answer(request), request.envelope.request)
        self._publish()

    def _answer(self, request: Request) -> Any:
        message = request.envelope.message
        if isinstance(message, ListAlarms):
            return parcels.listed(self.live.watch.alarms.rows())
        if not isinstance(message, ACTS):
            return Answered(False, f"{type(message).__name__} is not for the {NAME}")
        answer = self.live.act(message, request.user, clock.now_ns())
        log.info("act", what=type(message).__name__, by=request.user, ok=answer.ok)
        return answer

    # ---- how it is --------------------------------------------------------------------------

    def _report(self) -> None:
        self._publisher.send(self.report(), "status", NAME, clock.now_ns())
        remote = {link.gateway: link.name for link in self._mission.links if link.gateway}
        for link in remote.values():
            self._send(link, ReadStatus())

    def report(self) -> ServiceReported:
        """Return how the service is."""
        live = self.live
        state = "waiting" if live.failed else "running"
        figures = {
            "samples": float(live.samples()),
            "alarms": float(len(live.watch.alarms.rows())),
            "alarms lost": float(live.watch.alarms.lost),
            "published": float(self._publisher.sent),
            **{f"refused: {why}": float(n) for why, n in self._server.refused.items()},
        }
        detail = live.failed or "; ".join(self._unreached())
        return self._vitals.report(
            state, detail, live.stages(), live.queues(), live.cursors(), figures
        )

    def _unreached(self) -> list[str]:
        """Return which gateways are not connected, and why where they said so."""
        away = [each for each in dict.fromkeys(self._callers.values()) if not each.connected]
        return [f"{each.address}: {each.trouble or 'not reachable'}" for each in away]

    def _clocks(self) -> None:
        """Tell and keep how each spacecraft's clock stands, and how this service is."""
        now = clock.now_ns()
        self.live.correlate()
        self.live.keep(noted.status(self.report(), now))
        self._publish()


def main(mission: Mission, home: Path, realm: str, pump: Pump) -> None:
    """Run until the pump is stopped."""
    context: Context = Context()
    service = Processor(mission, home, realm, context, pump)
    log.info("processor.running", realm=realm, pid=os.getpid())
    try:
        pump.run()
    finally:
        service.close()
        context.destroy(linger=500)
