"""The display service: the newest of everything, for whoever looks at the station.

In: what all services of a realm publish. Out: to each client the rows that it looks at, at its own
rate; answers to questions; metrics. Nothing that a client does or does not do holds up another, or
the services that do the work: they never wait for a display.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from ground import clock
from ground.archive.store import Store
from ground.bus.addresses import Run
from ground.bus.guard import Context
from ground.bus.keys import Keyring
from ground.bus.requests import Caller, Server
from ground.bus.sockets import Publisher, Subscriber
from ground.columns import Counts
from ground.errors import NotReachable
from ground.messages import Answered, ListAlarms, ServiceReported, StageRow
from ground.services import display_mission, display_recall, metrics
from ground.services.display_answers import Answers
from ground.services.display_archive import ArchiveReader, Ticket
from ground.services.display_facts import Facts
from ground.services.display_viewports import Update, Viewports
from ground.services.library import Library
from ground.services.pump import Pump
from ground.services.vitals import Vitals
from ground.settings import Mission
from ground.wire import WireError

NAME = "display"
SOURCE, REPLAY = "processor", "replay/"
OURS = Ticket(b"", 0)  # a question to the archive of the service itself
WAITING_UPDATES = 32  # messages that may wait for one client
SHOW_S, TURN_S = 0.05, 1.0
log = structlog.get_logger()


class Display:
    """One realm's display service on a pump.

    Raises:
        InputError: a mission database or an address is wrong.
        Refused: it shall listen on a network, and no client has a key.
    """

    def __init__(
        self,
        mission: Mission,
        home: Path,
        realm: str,
        context: Context,
        pump: Pump,
        *,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._realm, self._now, self._pump = realm, monotonic_ns, pump
        plans = display_mission.plans(mission)
        scids = {each.name: each.scid for each in mission.spacecraft}
        described = display_mission.describe(
            mission.name, realm, scids, plans, display_mission.derived(plans)
        )
        self.facts = Facts(scids, display_mission.instants(plans))
        self.viewports = Viewports(self.facts.values)
        self._archive = ArchiveReader(home / "archive")
        self._answers = Answers(described, self.facts, self.viewports, self._archive)
        self._vitals, self._updates, self._alarms_lost = Vitals(NAME), Counts(), 0
        alone = realm.startswith(REPLAY)  # the mission's addresses are the station's own
        self._open(context, home, None if alone else mission.station.listen)
        self._status = self.facts.status.read()
        self._metrics = self._serve_metrics(None if alone else mission.station.prometheus)
        if not alone:
            self._recall()
        pump.every(SHOW_S, self._show)
        pump.every(TURN_S, self._turn)
        self._turn()

    def close(self) -> None:
        """Leave the bus and the archive."""
        if self._metrics is not None:
            self._metrics.stop()
        self._pump.off(self._archive)
        self._archive.close()
        listening: tuple[Subscriber | Caller | Server, ...]
        listening = (self._subscriber, self._source, *self._servers)
        for each in listening:
            self._pump.off(each.socket)
            each.close()
        self._publisher.close()

    def _open(self, context: Context, home: Path, listen: str | None) -> None:
        """Meet the other services and the clients."""
        self._run, keyring, realm = Run(home, self._realm), Keyring(home), self._realm
        station = keyring.ensure("station", "service")
        keyring.ensure("operator", "operate")
        self._servers = [
            Server(context, address, keyring, realm, high_water=WAITING_UPDATES)
            for address in (self._run.requests(NAME), listen)
            if address is not None
        ]
        self._publisher = Publisher(context, self._run.publisher(NAME), realm)
        self._subscriber = Subscriber(context, ())
        self._heard = {self._run.publisher(NAME)}
        address = self._run.requests(SOURCE)
        self._source = Caller(context, address, station, station.public, realm)
        self._pump.on(self._subscriber.socket, partial(self._hear, self._subscriber))
        self._pump.on(self._source.socket, partial(self._hear, self._source))
        self._pump.on(self._archive, self._answer_late)
        for place, server in enumerate(self._servers):
            self._pump.on(server.socket, partial(self._answer, place, server))

    def _serve_metrics(self, address: str | None) -> metrics.Server | None:
        if address is None:
            return None
        return metrics.Server(address, metrics.Station(lambda: self._status, clock.now_ns))

    # ---- in ---------------------------------------------------------------------------------

    def _hear(self, heard: Subscriber | Caller) -> None:
        now, now_ns = self._now(), clock.now_ns()
        for envelope in heard.receive():
            self.facts.receive(envelope, now, now_ns)

    def _listen(self) -> None:
        """Hear services that were started since."""
        for address in set(self._run.publishers()) - self._heard:
            self._heard.add(address)
            self._subscriber.connect(address)

    def _list_alarms(self) -> None:
        """Ask for all alarms where some may have been missed."""
        missed = self._subscriber.missed
        lost = sum(n for topic, n in missed.items() if "/alarms/" in topic)
        if self.facts.unlisted or lost != self._alarms_lost:
            try:
                self._source.send(ListAlarms())
            except NotReachable:
                return
            self._alarms_lost = lost
            self.facts.asked()

    # ---- out --------------------------------------------------------------------------------

    def _answer(self, place: int, server: Server) -> None:
        now = self._now()
        for request in server.receive():
            client = bytes([place]) + request.identity  # two servers may give one identity
            answer = self._answers.answer(client, request.envelope, now)
            if answer is not None:
                self._send(client, answer, request.envelope.request)

    def _answer_late(self) -> None:
        for ticket, answer in self._archive.done():
            if ticket != OURS:
                self._send(ticket.client, answer, ticket.request)
            elif isinstance(answer, Answered):
                log.warning("archive.unread", why=answer.reason)
            else:
                self.facts.recall(answer, self._now())

    def _recall(self) -> None:
        """Let the newest values of the archive be read."""
        realm, now_ns = self._realm, clock.now_ns()

        def read(store: Store | None, library: Library | None) -> list[Any]:
            if store is None or library is None:
                return []
            return list(display_recall.read(store, library, realm, now_ns))

        self._archive.ask(OURS, read)

    def _show(self) -> None:
        for update in self.viewports.expire(self._now()):
            self._update(update)

    def _update(self, update: Update) -> None:
        """Send what a client looks at; one that is gone is forgotten, one that is full waits."""
        dropped = self._servers[update.client[0]].dropped
        full = dropped["full"]
        taken = self._send(update.client, update.message)
        self.viewports.sent(update, taken)
        self._updates.given += 1
        if taken:
            self._updates.out += 1
        elif dropped["full"] > full:
            self._updates.drop("client full")
        else:
            self._updates.drop("client gone")
            self.viewports.leave(update.client, self._now())

    def _send(self, client: bytes, message: Any, number: int = 0) -> bool:
        server = self._servers[client[0]]
        try:
            return server.send(client[1:], message, number)
        except WireError as error:
            log.warning("answer.refused", what=type(message).__name__, why=str(error))
            return number != 0 and server.send(client[1:], Answered(False, str(error)), number)

    # ---- how it is --------------------------------------------------------------------------

    def _turn(self) -> None:
        now, now_ns = self._now(), clock.now_ns()
        self._listen()
        self._list_alarms()
        self.facts.expire(now)
        self.facts.status.missed = dict(self._subscriber.missed)
        report = self.report()
        self.facts.status.reported(report, now_ns)
        self._publisher.send(report, "status", NAME, now_ns)
        self._status = self.facts.status.read()

    def report(self) -> ServiceReported:
        """Return how the service is."""
        updates = self._updates
        refused = {
            f"refused: {why}": float(n) for each in self._servers for why, n in each.refused.items()
        }
        figures = {
            "clients": float(self.viewports.clients),
            "viewports": float(len(self.viewports)),
            "rows watched": float(self.viewports.rows),
            "newest rows": float(len(self.facts.values)),
            "messages malformed": float(self.facts.malformed),
            "messages missed": float(self._subscriber.missed.total()),
            **refused,
        }
        return self._vitals.report(
            "running",
            stages=[StageRow("updates", updates.given, updates.out, dict(updates.dropped))],
            queues={"archive": self._archive.waiting, "recent octets": self.facts.tail.octets},
            figures=figures,
        )


def main(mission: Mission, home: Path, realm: str, pump: Pump) -> None:
    """Run until the pump is stopped."""
    context: Context = Context()
    service = Display(mission, home, realm, context, pump)
    log.info("display.running", realm=realm, pid=os.getpid())
    try:
        pump.run()
    finally:
        service.close()
        context.destroy(linger=500)
