"""A ground station elsewhere: its gateway as a process of its own, the wire to it, and the home."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from importlib import resources
from pathlib import Path

import zmq

from ground import settings
from ground.archive import journal
from ground.archive.embedded import EmbeddedStore
from ground.bus.addresses import Run
from ground.bus.keys import Keyring
from ground.bus.requests import Caller
from ground.bus.sockets import Subscriber
from ground.errors import NotReachable
from ground.messages import ReadStatus, ServiceReported
from ground.services.gateway import journal_folder
from ground.services.processor import Processor
from ground.services.pump import Pump
from tests.conftest import ROOT

REALM, NAME, LINK = "live", "kashi-2", "kashi"
PATIENCE_S = 40


def ground(*arguments: str | Path) -> str:
    """Run a command as a user does, and return what it printed."""
    command = [sys.executable, "-m", "ground", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def mission(folder: Path, radio: int, address: str) -> Path:
    """Return a copy of the demo mission whose link is at a gateway elsewhere."""
    shutil.copytree(str(resources.files("configs") / "chenguang1"), folder)
    path = folder / "mission.toml"
    text = path.read_text().replace("127.0.0.1:10015", f"127.0.0.1:{radio}")
    text = text.replace('name = "kashi"\n', f'name = "kashi"\ngateway = "{NAME}"\n', 1)
    gateway = f'[[gateway]]\nname = "{NAME}"\naddress = "{address}"\nkey = "{NAME}"\n'
    path.write_text(f"{text}\n{gateway}")
    return path


class Wire:
    """A TCP line between two places that can be cut: it forwards until then, and none after."""

    def __init__(self, port: int) -> None:
        self._to, self._whole, self._ends = port, True, list[socket.socket]()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.octets = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole = False
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    near.close()
                    continue
                if not self._whole:
                    near.close()
                    far.close()
                    continue
                self._ends += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while octets := source.recv(1 << 16):
                sink.sendall(octets)
                self.octets += len(octets)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Remote:
    """`ground gateway --listen` in a home of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, root / "home"
        self.radio, self.port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
        self.mission = mission(root / "mission", self.radio, f"tcp://127.0.0.1:{self.port}")
        ground("keys", "make", "station", "--role", "service", "--home", self.home)
        own = Keyring(self.home).own("station")
        address = Run(self.home, REALM).requests(f"gateway-{NAME}")
        self._context = zmq.Context()
        self._asking = Caller(self._context, address, own, own.public, REALM)
        self._link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["--name", NAME, "--listen", f"tcp://127.0.0.1:{self.port}"]
        command = ["gateway", str(self.mission), "--home", str(self.home), *options]
        with (self.root / "log").open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "ground", *command],
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stderr=log,
            )
        until(lambda: self.report() is not None, "the gateway to answer")

    def report(self) -> ServiceReported | None:
        """Return how it is, as it says to who sits beside it."""
        try:
            return self._asking.ask(ReadStatus(), 0.5).services[0]
        except NotReachable:
            return None

    def receive(self, cadus: list[bytes]) -> None:
        """Let its antenna receive these, no faster than it writes them."""
        for first in range(0, len(cadus), 100):
            before = self.end
            part = cadus[first : first + 100]
            for each in part:
                self._link.sendto(each, ("127.0.0.1", self.radio))
            wanted = before + sum(map(len, part))
            until(lambda wanted=wanted: self.end == wanted, "the journal to have it")

    @property
    def end(self) -> int:
        span = journal.span(journal_folder(self.home, REALM, LINK))
        return span.end if span is not None else 0

    def signal(self, which: signal.Signals) -> None:
        self.child.send_signal(which)

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()

    def close(self) -> None:
        if self.child is not None:
            self.signal(signal.SIGCONT)
            self.kill()
        self._link.close()
        self._asking.close()
        self._context.term()


class Home:
    """A processor in a home of its own, turned by hand."""

    def __init__(self, root: Path, remote: Remote, address: str) -> None:
        self.home = root / "home"
        self._mission = settings.load(mission(root / "mission", remote.radio, address))
        ground("keys", "make", "station", "--role", "service", "--home", self.home)
        self._context = zmq.Context()
        self.processor: Processor | None = None
        self.pump = Pump()

    def start(self) -> None:
        self.pump = Pump()
        self.processor = Processor(self._mission, self.home, REALM, self._context, self.pump)

    def stop(self) -> None:
        if self.processor is not None:
            self.processor.close()
            self.processor = None

    def close(self) -> None:
        self.stop()
        self._context.destroy(linger=0)

    def turn(self, seconds: float = 0.01) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump.turn(wait=False)

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Turn until something holds."""
        until(holds, what, self.turn)

    @property
    def position(self) -> int:
        return self.processor.live.cursors()[LINK]

    def told(self, service: str) -> ServiceReported:
        """Turn until this home publishes how a service is, and return that."""
        address = Run(self.home, REALM).publisher("processor")
        listener, heard = Subscriber(self._context, (address,), (f"{REALM}/status/",)), []

        def listen() -> bool:
            heard.extend(each.message for each in listener.receive())
            return any(each.service == service for each in heard)

        self.until(listen, f"word of {service}")
        listener.close()
        return next(each for each in heard if each.service == service)

    @property
    def figures(self) -> dict[str, float]:
        return dict(self.processor.report().figures)

    def packets(self) -> Counter[bytes]:
        with EmbeddedStore.open(self.home / "archive", write=False) as store:
            if not any(info.name == "packets" for info in store.tables(REALM)):
                return Counter()
            return Counter(store.read(REALM, "packets")["octets"].to_pylist())

    def gaps(self) -> int:
        with EmbeddedStore.open(self.home / "archive", write=False) as store:
            return sum(info.rows for info in store.tables(REALM) if info.name == "gaps")


def introduce(remote: Remote, home: Home) -> None:
    """Let each side take in the public key of the other, as people do."""
    public = {each: each.home / "keys" / "station.key" for each in (remote, home)}
    ground("keys", "authorise", NAME, public[remote], "--role", "gateway", "--home", home.home)
    let_in(remote, home)


def let_in(remote: Remote, home: Home, name: str = "home") -> None:
    """Let the gateway know a processor."""
    public = home.home / "keys" / "station.key"
    ground("keys", "authorise", name, public, "--role", "service", "--home", remote.home)


def until(
    holds: Callable[[], object], what: str, turn: Callable[[], None] = lambda: time.sleep(0.01)
) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"waited for {what}"
        turn()
