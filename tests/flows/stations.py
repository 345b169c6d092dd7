"""A station as processes of this machine, with a link that a test sends to."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import psutil
import zmq

from ground.archive import journal
from ground.archive.embedded import EmbeddedStore
from ground.bus.addresses import Run
from ground.bus.sockets import Subscriber
from ground.messages import EventRow, ServiceReported
from ground.services.keeper import LIVE, digest
from tests.conftest import ROOT
from tests.flows.sent import CADU

REALM, LINK = "sim/t", "kashi"
SERVICES = ("gateway", "processor", "display")
PATIENCE_S, LOOK_S = 40, 0.01


def mission(folder: Path, more: str = "") -> tuple[Path, int]:
    """Return a copy of the demo mission with a free port for its link, and that port."""
    shutil.copytree(str(resources.files("configs") / "chenguang1"), folder)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = folder / "mission.toml"
    text = path.read_text()
    assert "127.0.0.1:10015" in text
    path.write_text(text.replace("127.0.0.1:10015", f"127.0.0.1:{port}") + more)
    return path, port


class LiveStation:
    """`ground up` and what a test must know of it."""

    def __init__(self, root: Path, *options: str, more: str = "") -> None:
        self.home, self._root, self._options = root / "home", root, options
        self.mission, port = mission(root / "mission", more)
        self.process: subprocess.Popen[bytes] | None = None
        self.reports: dict[str, ServiceReported] = {}
        self.events: list[EventRow] = []
        self._link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._to = "127.0.0.1", port
        self._context = zmq.Context()
        run = Run(self.home, REALM)
        addresses = [run.publisher(each) for each in (*SERVICES, "commanding", "station")]
        topics = [f"{REALM}/status/", f"{REALM}/events/"]
        self._bus = Subscriber(self._context, addresses, topics)

    # ---- processes --------------------------------------------------------------------------

    def start(self) -> None:
        """Start it; services are heard later."""
        command = ["up", str(self.mission), "--realm", REALM, "--home", str(self.home)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ground", *command, *self._options],
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> Path:
        return self._root / "log"

    def pid(self, service: str) -> int:
        """Return the process of a service that was heard last; 0 before it was."""
        if service == "supervisor":
            return self.process.pid
        self._hear()
        return self.reports[service].pid if service in self.reports else 0

    def ready(self, *services: str) -> bool:
        """Whether these services have said that they run, of those that are there now."""
        return all(psutil.pid_exists(self.pid(each) or -1) for each in services or SERVICES)

    def kill(self, service: str) -> int:
        """End a process as a crash does, and return which it was."""
        pid = self.pid(service)
        os.kill(pid, signal.SIGKILL)
        if service == "supervisor":
            self.process.wait()
        self.until(lambda: _gone(pid), f"process {pid} to end")
        return pid

    def stop(self) -> int:
        """Let it end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self._bus.close()
        self._context.term()
        self._link.close()

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, f"waited for {what}\n{self.log.read_text()[-4000:]}"
            time.sleep(LOOK_S)

    def report(self, service: str) -> ServiceReported:
        """Return what a service said last."""
        self._hear()
        return self.reports[service]

    def _hear(self) -> None:
        for envelope in self._bus.receive():
            if isinstance(envelope.message, ServiceReported):
                self.reports[envelope.message.service] = envelope.message
            else:
                self.events += envelope.message.events

    # ---- what flows -------------------------------------------------------------------------

    def send(self, octets: bytes) -> None:
        """Send a datagram to the link, whether anyone is there or not."""
        self._link.sendto(octets, self._to)

    def journalled(self) -> int:
        """Return the octets that the link's journal holds."""
        span = journal.span(self._journal)
        return span.end if span is not None else 0

    def newest(self) -> bytes:
        """Return the frame that the journal holds last."""
        end = self.journalled()
        return journal.read(self._journal, max(0, end - CADU), CADU).octets.tobytes()

    def frames(self) -> list[bytes]:
        """Return every frame in the journal, in its order; each was one datagram."""
        records = journal.read(self._journal, 0, 1 << 40)
        assert (records.length == CADU).all()
        octets = records.octets.tobytes()
        return [octets[at : at + CADU] for at in range(0, len(octets), CADU)]

    def archived(self) -> int:
        """Return up to which octet of the journal all is in the archive."""
        if not (self.home / "archive").is_dir():
            return 0
        with EmbeddedStore.open(self.home / "archive", write=False) as store:
            found = store.source(REALM, digest(LINK), LIVE)
        return found.offset if found is not None else 0

    def settle(self) -> None:
        """Wait until all that is in the journal is in the archive."""
        self.until(lambda: self.archived() == self.journalled(), "the archive to have it all")

    @property
    def _journal(self) -> Path:
        return self.home / "journal" / REALM.replace("/", "-") / LINK

    # ---- what is in the archive --------------------------------------------------------------

    def table(self, name: str) -> list[dict]:
        with EmbeddedStore.open(self.home / "archive", write=False) as store:
            known = {each.name for each in store.tables(REALM)}
            if name not in known:
                return []
            return store.read(REALM, name).drop_columns(["time", "received"]).to_pylist()

    def packets(self) -> Counter[bytes]:
        return Counter(row["octets"] for row in self.table("packets"))

    def gaps(self) -> Counter[tuple[int, int, int, int]]:
        rows = self.table("gaps")
        return Counter((r["vcid"], r["after"], r["before"], r["missing"]) for r in rows)


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
