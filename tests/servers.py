"""Real servers of Debian for tests: fetched once, run on 127.0.0.1 in a folder of the test.

A package is downloaded and unpacked below `.cache/servers` of the checkout; nothing is installed
and no root is needed. Where one cannot be had (another system, no network) the test is skipped
with the reason, or fails where the environment says CI.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "servers"
START_S = 30.0
PORT = "@PORT@"  # stands for the port in a command or a variable


class NotHad(Exception):
    """The server cannot be had here; the message says why."""


def binary(package: str, path: str) -> Path:
    """Return a program out of a Debian package, or skip the test that wants it."""
    try:
        return fetched(package, path)
    except NotHad as error:
        reason = f"{package}: {error}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def fetched(package: str, path: str, cache: Path = CACHE) -> Path:
    """Return a program out of a Debian package, downloaded and unpacked by whoever comes first.

    Raises:
        NotHad: it cannot be had here.
    """
    program = cache / package / path
    if program.exists():
        return program
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise NotHad(f"no {tool} on this system")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers of xdist wait here
        if not program.exists():
            _fetch(package, cache)
    if not program.exists():
        raise NotHad(f"the package holds no {path}")
    return program


def _fetch(package: str, cache: Path) -> None:
    """Download with the system's lists; where it has none, with lists of our own."""
    folder = cache / f"{package}.download"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    own = [f"Dir::State::lists={cache}/lists", f"Dir::Cache={cache}/apt", "APT::Sandbox::User="]
    options = [word for option in own for word in ("-o", option)]
    if _run(["apt-get", "download", package], folder):
        (cache / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (cache / "apt" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        reason = _run(["apt-get", *options, "update"], folder)
        reason = _run(["apt-get", *options, "download", package], folder) or reason
        if reason and not list(folder.glob("*.deb")):
            raise NotHad(f"apt-get download: {reason}")
    [package_file] = folder.glob("*.deb")
    unpacked = folder / "unpacked"
    if reason := _run(["dpkg", "-x", str(package_file), str(unpacked)], folder):
        raise NotHad(f"dpkg -x: {reason}")
    unpacked.rename(cache / package)
    shutil.rmtree(folder)


def _run(command: Sequence[str], folder: Path) -> str:
    """Return "" where the command did what it should, else the last line that it said."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        return "no answer within three minutes"
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return lines[-1] if done.returncode else ""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(slots=True)
class Server:
    """A server process that can be killed and started again on the same port and folder.

    `PORT` in its command and environment stands for the port that it gets.
    """

    command: tuple[str, ...]
    ready: str  # a path that answers once the server serves
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it answers; another port if this one is taken."""
        for _ in range(3):
            self.port = self.port or free_port()
            with (self.folder / "server.log").open("ab") as log:
                self.process = subprocess.Popen(
                    [self._with_port(word) for word in self.command],
                    cwd=self.folder,
                    env=self._environment(),
                    stdout=log,
                    stderr=log,
                )
            if self._answers():
                return
            self.kill()
            self.port = 0
        raise AssertionError((self.folder / "server.log").read_text()[-2000:])

    def _environment(self) -> dict[str, str]:
        own = {name: self._with_port(value) for name, value in self.environment.items()}
        return {**os.environ, "HOME": str(self.folder), **own}

    def _with_port(self, text: str) -> str:
        return text.replace(PORT, str(self.port))

    def _answers(self) -> bool:
        assert self.process is not None
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url + self.ready, timeout=5):
                    return True
            except urllib.error.HTTPError:
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def kill(self) -> None:
        """End the server as `kill -9` does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def influxdb(folder: Path, *, auth: bool = False) -> Iterator[Server]:
    """Run InfluxDB 1.6.7; it speaks the v1 protocols alone, and has no database yet."""
    program = binary("influxdb", "usr/bin/influxd")
    configuration = folder / "influxdb.conf"
    configuration.write_text("reporting-disabled = true\n")
    settings = {
        "META_DIR": str(folder / "meta"),
        "DATA_DIR": str(folder / "data"),
        "DATA_WAL_DIR": str(folder / "wal"),
        "DATA_QUERY_LOG_ENABLED": "false",
        "HTTP_AUTH_ENABLED": str(auth).lower(),
        "HTTP_BIND_ADDRESS": f"127.0.0.1:{PORT}",
        "HTTP_LOG_ENABLED": "false",
        "MONITOR_STORE_ENABLED": "false",
        "BIND_ADDRESS": "127.0.0.1:0",
    }
    environment = {f"INFLUXDB_{name}": value for name, value in settings.items()}
    command = (str(program), "run", "-config", str(configuration))
    yield from _running(Server(command, "/ping", folder, environment))


@contextmanager
def victoria_metrics(folder: Path) -> Iterator[Server]:
    """Run VictoriaMetrics 1.79.5: it takes v2 writes, and shows them a second or two later."""
    program = binary("victoria-metrics", "usr/bin/victoria-metrics")
    command = (
        str(program),
        f"-storageDataPath={folder / 'vm'}",
        f"-httpListenAddr=127.0.0.1:{PORT}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
    )
    yield from _running(Server(command, "/health", folder))


def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.kill()
