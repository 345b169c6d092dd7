"""A display service in a thread, and a processor that says and answers what a test wants."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from ground import clock
from ground.api import Station
from ground.bus.addresses import Run
from ground.bus.keys import Keyring
from ground.bus.requests import Server
from ground.bus.sockets import Publisher
from ground.messages import AlarmRow, AlarmsListed, Answered, ListAlarms, ServiceReported
from ground.services import display
from ground.services.pump import Pump
from ground.settings import Mission
from tests.ground.services import hand
from tests.recordings import mission_of

PATIENCE_S = 15.0


def until(done: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Poll a condition until it holds and return it; fail where it does not in time."""
    end = time.monotonic() + patience_s
    while not (found := done()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return found


class Processor:
    """Publishes facts, lists alarms and does acts; reports each second, as a real one."""

    def __init__(self, home: Path) -> None:
        run = Run(home, "live")
        self.keyring = Keyring(home)
        self.keyring.ensure("station", "service")
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.publisher = Publisher(self.context, run.publisher("processor"), "live")
        self.server = Server(self.context, run.requests("processor"), self.keyring, "live")
        self.alarms: list[AlarmRow] = []
        self.acts: list[Any] = []
        self.report = ServiceReported("processor", 1, 0, "running", "")
        self._silent = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def publish(self, message: Any, kind: str, detail: str = "changed") -> None:
        with self._lock:
            self.publisher.send(message, kind, detail, clock.now_ns())

    def silence(self) -> None:
        self._silent = True

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.server.close()
        self.publisher.close()
        self.context.term()

    def _run(self) -> None:
        reported = 0.0
        while not self._stop.wait(0.01):
            for request in self.server.receive():
                answer = self._answer(request.envelope.message)
                self.server.send(request.identity, answer, request.envelope.request)
            if time.monotonic() - reported > 0.2 and not self._silent:
                reported = time.monotonic()
                self.publish(self.report, "status", "processor")

    def _answer(self, message: Any) -> Any:
        if isinstance(message, ListAlarms):
            return AlarmsListed(list(self.alarms))
        self.acts.append(message)
        stale = any(each.version < 1 for each in getattr(message, "alarms", []))
        return Answered(not stale, "changed since" if stale else "")


class Displaying:
    """A display service in a thread that can be ended and started anew."""

    def __init__(self, mission: Mission, home: Path) -> None:
        self.mission, self.home = mission, home
        self.start()

    def start(self) -> None:
        self._stopped = False
        self.pump = Pump()
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.service = display.Display(self.mission, self.home, "live", self.context, self.pump)
        self._thread = threading.Thread(target=self.pump.run, args=(lambda: self._stopped,))
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._thread.join()
        self.service.close()
        self.context.term()


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="g-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def mission(tmp_path: Path) -> Mission:
    return mission_of(tmp_path / "mission", hand.MISSION, {"hand.xml": hand.DATABASE})


@pytest.fixture
def processor(home: Path) -> Iterator[Processor]:
    made = Processor(home)
    yield made
    made.close()


@pytest.fixture
def displaying(mission: Mission, home: Path, processor: Processor) -> Iterator[Displaying]:
    """A display that has heard of its processor."""
    made = Displaying(mission, home)
    with Station.connect(home) as station:
        until(lambda: any(each.service == "processor" for each in station.status().services))
    yield made
    made.stop()


@pytest.fixture
def station(displaying: Displaying, home: Path) -> Iterator[Station]:
    with Station.connect(home) as made:
        yield made
