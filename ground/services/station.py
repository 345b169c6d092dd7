"""A station: the services of a mission as processes, started, watched and stopped.

Each is `ground service NAME`, with a pipe from here as its standard input: when this process is
gone, by whatever cause, the pipe ends and so do they. Which runs when is for `supervision` to say.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import structlog

from ground import clock
from ground.bus import options
from ground.bus.addresses import Run
from ground.bus.guard import Context
from ground.bus.keys import Keyring
from ground.bus.sockets import Publisher, Subscriber
from ground.errors import InputError
from ground.messages import EventRow, EventsRaised, ServiceReported
from ground.services import child
from ground.services.notify import Notifier
from ground.services.pump import Pump
from ground.services.supervision import Act, Child, Supervision, why
from ground.services.vitals import Vitals
from ground.settings import Mission

NAME = "station"
GATEWAY, PROCESSOR, DISPLAY, INFLUX = "gateway", "processor", "display", "influx-"
COMMANDING = "commanding"
LOOK_S, REPORT_S = 0.05, 1.0
SILENT_S = 5  # without a report: it is frozen, or very busy
log = structlog.get_logger()


def services(mission: Mission, *, display: bool = True) -> list[list[str]]:
    """Return the names of a mission's services, by group: first up, last down."""
    rest = [PROCESSOR, *([DISPLAY] if display else []), *([COMMANDING] if mission.uplinks else [])]
    return [[GATEWAY], [*rest, *(INFLUX + each.name for each in mission.influx)]]


class Station:
    """The processes of one realm.

    Args:
        command: what to start for a service, without the interpreter.
        told: is called once with a line for people, when every service has said that it runs.

    Raises:
        Refused: another station runs in this home, as its archive has one writer; or it shall
            listen on a network and no client has a key.
        InputError: a realm of a replay.
    """

    def __init__(
        self,
        mission: Mission,
        home: Path,
        realm: str,
        groups: Sequence[Sequence[str]],
        command: Callable[[str], list[str]],
        context: Context,
        notifier: Notifier,
        told: Callable[[str], object],
    ) -> None:
        if realm.startswith("replay/"):
            raise InputError(f"realm {realm!r}; expected live or sim/NAME: `ground replay` replays")
        run, keyring = Run(home, realm), Keyring(home)
        if mission.station.listen is not None:
            options.must_have_clients(mission.station.listen, keyring.anyone_chosen())
        self._only = ExitStack()
        self._only.enter_context(child.only(run.folder.parent, NAME))
        keyring.ensure("station", "service")
        keyring.ensure("operator", "operate")
        self._where = f"{mission.name} in realm {realm}, {home}"
        self._command, self._notifier, self._told = command, notifier, told
        self.supervision = Supervision(groups, time.monotonic_ns())
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._running: dict[str, int] = {}  # pid by service, as each says itself
        self._heard: dict[str, int] = {}  # when each said so last, monotonic ns
        self._ready = False
        self._vitals = Vitals(NAME)
        self._publisher = Publisher(context, run.publisher(NAME), realm)
        addresses = [run.publisher(each) for each in self.supervision.children]
        self._subscriber = Subscriber(context, addresses, [f"{realm}/status/"])

    def run(self, stop: Callable[[], bool] | None = None) -> None:
        """Run until told to stop, then stop the services; told again, kill them."""
        self._turn(self._loop(), stop)
        log.info("station.stopping")
        self._notifier.say("STOPPING=1")
        self.supervision.stop()
        self._turn(self._loop(), lambda: self.supervision.finished)
        for service in self._processes:
            self._do(Act("kill", service))

    def close(self) -> None:
        """Leave the bus, and let another station be here; services that are left end first."""
        for process in self._processes.values():
            assert process.stdin is not None
            process.stdin.close()
        for process in self._processes.values():
            process.wait()
        self._publisher.close()
        self._subscriber.close()
        self._only.close()
        log.info("station.stopped")

    def _turn(self, pump: Pump, stop: Callable[[], bool] | None) -> None:
        pump.run(stop)
        pump.off(self._subscriber.socket)

    def _loop(self) -> Pump:
        pump = Pump()
        pump.on(self._subscriber.socket, self._hear)
        pump.every(LOOK_S, self._look)
        pump.every(REPORT_S, self._report)
        if self._notifier.watchdog_s:
            pump.every(self._notifier.watchdog_s / 2, lambda: self._notifier.say("WATCHDOG=1"))
        return pump

    # ---- processes --------------------------------------------------------------------------

    def _look(self) -> None:
        """Note who has ended, and do what is due."""
        for service, process in list(self._processes.items()):
            code = process.poll()
            if code is not None:
                self._gone(service, code)
        for act in self.supervision.expire(time.monotonic_ns()):
            self._do(act)

    def _do(self, act: Act) -> None:
        if act.what == "start":
            self._start(act.service)
        elif act.what == "terminate":
            self._processes[act.service].terminate()
        else:
            log.error("service.killed", service=act.service)
            self._processes[act.service].kill()

    def _start(self, service: str) -> None:
        try:
            self._processes[service] = process = _spawn(self._command(service))
        except OSError as error:
            self._ended(service, f"not started: {error.strerror}")
        else:
            log.info("service.started", service=service, pid=process.pid)

    def _gone(self, service: str, code: int) -> None:
        process = self._processes.pop(service)
        assert process.stdin is not None
        process.stdin.close()
        self._running.pop(service, None)
        if self.supervision.stopping:
            log.info("service.stopped", service=service, why=why(code))
        self._ended(service, why(code))

    def _ended(self, service: str, reason: str) -> None:
        self.supervision.ended(service, reason, time.monotonic_ns())
        if self.supervision.stopping:
            return
        log.error("service.ended", service=service, why=reason)
        now = clock.now_ns()
        text = f"{service} ended ({reason}) and is started again"
        event = EventRow(now, NAME, "", "serious", "service.ended", text)
        self._publisher.send(EventsRaised([event]), "events", "raised", now)

    # ---- how it is --------------------------------------------------------------------------

    def _hear(self) -> None:
        """Note who says that it runs; once all do, the station is ready."""
        for envelope in self._subscriber.receive():
            message = envelope.message
            process = self._processes.get(getattr(message, "service", ""))
            if isinstance(message, ServiceReported) and process and process.pid == message.pid:
                self._running[message.service] = message.pid
                self._heard[message.service] = time.monotonic_ns()
        if not self._ready and self._running.keys() == self.supervision.children.keys():
            self._ready = True
            self._notifier.say("READY=1", f"STATUS={self._where}")
            log.info("station.ready", **{f"pid_{name}": pid for name, pid in self._running.items()})
            who = ", ".join(f"{name} {pid}" for name, pid in self._running.items())
            self._told(f"{self._where}: {who}")

    def _report(self) -> None:
        self._publisher.send(self.report(), "status", NAME, clock.now_ns())

    def report(self) -> ServiceReported:
        """Return how the station is: its services, how often each was started again, and why."""
        children, now = self.supervision.children.values(), time.monotonic_ns()
        away = [f"{each.name}: {told}" for each in children if (told := self._trouble(each, now))]
        state = "stopping" if self.supervision.stopping else "waiting" if away else "running"
        detail = "; ".join(away)
        figures = {f"restarts {each.name}": float(each.restarts) for each in children}
        return self._vitals.report(state, detail, figures=figures)

    def _trouble(self, child: Child, now: int) -> str:
        """Return why a service is not at work; "" where it is."""
        if child.name not in self._running:
            return child.ended or "starting"
        silent_s = (now - self._heard[child.name]) // 10**9
        return f"silent for {silent_s} s" if silent_s > SILENT_S else ""


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a service: this interpreter and these packages, whatever lies in the current folder.

    It is in a process group of its own, so that a terminal's Ctrl-C comes to the station alone.
    """
    return subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-P", "-m", "ground", *command],
        env=_environment(os.environ),
        stdin=subprocess.PIPE,
        process_group=0,
    )


def _environment(known: Mapping[str, str]) -> dict[str, str]:
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([here, *filter(None, [known.get("PYTHONPATH")])])
    return {**known, "PYTHONPATH": path}
