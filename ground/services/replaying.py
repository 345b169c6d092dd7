"""A replay as a service: on the bus of a realm of its own, moved by whoever may operate."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

from ground import clock, warmup
from ground.bus.addresses import Run
from ground.bus.guard import Context
from ground.bus.keys import Keyring
from ground.bus.requests import Request, Server
from ground.bus.sockets import Publisher
from ground.messages import Answered, ControlReplay, ListAlarms
from ground.services import parcels, vitals
from ground.services.pump import Pump
from ground.services.replay import Replay

NAME = "replay"
MOVED_S, REPORT_S, IDLE_S = 0.25, 1.0, 0.02


class Replaying:
    """A replay on the bus.

    Args:
        stay: whether to go on when all was played, until somebody stops it.
    """

    def __init__(
        self, replay: Replay, home: Path, realm: str, context: Context, pump: Pump, *, stay: bool
    ) -> None:
        warmup.load()
        run, keys = Run(home, realm), Keyring(home)
        keys.ensure("station", "service")
        keys.ensure("operator", "operate")
        self.replay, self._pump, self._stay = replay, pump, stay
        self._vitals = vitals.Vitals(NAME)
        self._publisher = Publisher(context, run.publisher(NAME), realm)
        self._servers = [
            Server(context, run.requests(name), keys, realm) for name in (NAME, "processor")
        ]
        replay.watch.wanted = partial(parcels.wanted, self._publisher)
        for server in self._servers:
            pump.on(server.socket, partial(self._serve, server))
        pump.every(MOVED_S, self._moved)
        pump.every(REPORT_S, self._report)
        pump.after(0, self._play)

    def close(self) -> None:
        """Leave the bus."""
        self._moved()
        self._publisher.close()
        for server in self._servers:
            server.close()

    def _play(self) -> None:
        more = self.replay.turn(time.monotonic_ns())
        self._publish()
        warmup.poll()
        if self.replay.player.finished and not self._stay:
            self._pump.stop()
        self._pump.after(0 if more else IDLE_S, self._play)

    def _serve(self, server: Server) -> None:
        for request in server.receive():
            server.send(request.identity, self._answer(request), request.envelope.request)

    def _answer(self, request: Request) -> Any:
        message = request.envelope.message
        if isinstance(message, ListAlarms):
            return parcels.listed(self.replay.watch.alarms.rows())
        if not isinstance(message, ControlReplay):
            return Answered(False, "this is a replay: what was done then cannot be changed")
        if message.act == "stop":
            self._pump.stop()
            return Answered(True)
        answer = self.replay.act(message, time.monotonic_ns())
        self._publish()
        self._moved()
        return answer

    def _publish(self) -> None:
        for topic, message in self.replay.outbox.take():
            parcels.publish(self._publisher, topic, message, self.replay.data_ns)

    def _moved(self) -> None:
        moved = self.replay.player.moved(time.monotonic_ns())
        self._publisher.send(moved, "replay", "moved", moved.t_ns)

    def _report(self) -> None:
        state = "waiting" if self.replay.player.moved(0).paused else "running"
        figures = {"packets": float(self.replay.packets)}
        report = self._vitals.report(state, stages=self.replay.stages(), figures=figures)
        self._publisher.send(report, "status", NAME, clock.now_ns())
