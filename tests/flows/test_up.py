"""A station as a user runs it: up, fed over UDP, looked at, down."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.commands import process
from tests.flows.sent import CADU, Sent
from tests.flows.stations import REALM, SERVICES, LiveStation
from tools.simulator import START_NS, Stream

FRAMES = 400


@pytest.fixture(scope="module")
def sent() -> Sent:
    made = Stream(seed=6).frames(START_NS + FRAMES * 10**9)
    return Sent([octets for _, octets in made][:FRAMES])


@pytest.fixture
def station(tmp_path: Path) -> Iterator[LiveStation]:
    made = LiveStation(tmp_path, "--log", "json")
    try:
        yield made
    finally:
        made.close()


def test_what_is_sent_is_in_the_archive_and_the_station_ends_in_peace(
    station: LiveStation, sent: Sent
) -> None:
    station.start()
    station.until(station.ready, "the services")
    station.until(lambda: "chenguang1 in realm" in station.log.read_text(), "a line that says so")
    for octets in sent.cadus:
        station.send(octets)
    station.until(lambda: station.journalled() == len(sent.cadus) * CADU, "the journal")
    station.settle()
    for refused in (_other(station, "up"), _other(station, "gateway")):
        assert refused.returncode == 3 and "one at a time" in refused.stderr
    station.until(lambda: station.pid("station"), "the station to report")
    report = station.reports["station"]
    assert {f"restarts {name}": 0.0 for name in SERVICES}.items() <= report.figures.items()
    children = [station.pid(each) for each in SERVICES]
    assert station.stop() == 0
    assert not any(psutil.pid_exists(pid) for pid in children)
    assert station.packets() == sent.arriving(range(FRAMES))
    assert len(station.packets()) > 900
    assert not station.gaps()
    log = station.log.read_text()
    assert "Traceback" not in log and "runs" not in log
    (line,) = [each for each in log.splitlines() if not each.startswith("{")]
    assert line.startswith(f"chenguang1 in realm {REALM}, ")


def test_services_end_when_their_supervisor_is_killed(station: LiveStation) -> None:
    station.start()
    station.until(station.ready, "the services")
    children = [station.pid(each) for each in SERVICES]
    station.kill("supervisor")
    station.until(lambda: not any(psutil.pid_exists(pid) for pid in children), "them to end")
    assert station.log.read_text().count("gateway.stopped") == 1  # in peace, as by SIGTERM


def test_a_second_signal_does_not_wait(station: LiveStation) -> None:
    station.start()
    station.until(station.ready, "the services")
    frozen = station.pid("processor")
    os.kill(frozen, signal.SIGSTOP)
    station.process.send_signal(signal.SIGTERM)
    station.until(lambda: "station.stopping" in station.log.read_text(), "it to stop")
    station.process.send_signal(signal.SIGTERM)
    assert station.process.wait(20) == 0
    assert not psutil.pid_exists(frozen)


def test_a_station_on_a_network_needs_keys(tmp_path: Path) -> None:
    station = LiveStation(tmp_path, more='\n[station]\nlisten = "tcp://127.0.0.1:0"\n')
    refused = _other(station, "up")
    station.close()
    assert refused.returncode == 3 and "no client key is authorised" in refused.stderr


@pytest.mark.parametrize(
    ("words", "code", "found"),
    [
        (("up", "nowhere"), 2, "no such mission"),
        (("up", "chenguang1", "--realm", "replay/1"), 2, "ground replay"),
        (("up", "chenguang1", "--log", "xml"), 2, "people or json"),
        (("service", "kitchen", "chenguang1"), 2, "kitchen"),
    ],
)
def test_what_cannot_be_started_says_why(
    words: tuple[str, ...], code: int, found: str, tmp_path: Path
) -> None:
    done = process(*words, "--home", tmp_path / "home", cwd=tmp_path)
    assert (done.returncode, found in done.stderr) == (code, True), done.stderr


def _other(station: LiveStation, verb: str) -> subprocess.CompletedProcess[str]:
    where = ("--realm", REALM, "--home", station.home)
    return process(verb, station.mission, *where, cwd=station.home.parent)


def test_systemd_is_told_when_the_station_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    """Source: sd_notify(3)."""
    station = LiveStation(tmp_path, "--no-display")
    with (
        tempfile.TemporaryDirectory(prefix="g-") as short,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(f"{short}/notify")
        manager.settimeout(30)
        more = {"NOTIFY_SOCKET": f"{short}/notify", "WATCHDOG_USEC": "400000"}
        command = ["up", str(station.mission), "--realm", REALM, "--home", str(station.home)]
        running = subprocess.Popen(
            [sys.executable, "-m", "ground", *command, "--no-display"],
            env=os.environ | more,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        said = []
        while not any(each.startswith("READY=1\n") for each in said):
            said.append(manager.recv(4096).decode())
        assert "WATCHDOG=1" in said
        running.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in said:
            said.append(manager.recv(4096).decode())
        assert running.wait(30) == 0
    station.close()
