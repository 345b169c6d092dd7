"""The console in a terminal against a live station: values, a plot, an act, a break, back again."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.flows.sent import CADU, Sent
from tests.flows.stations import PATIENCE_S, REALM, LiveStation
from tools.simulator import START_NS, Stream

FRAMES = 300
LOOK_S = 0.1


class Tmux:
    """A terminal of 120x36 in a tmux server of its own, with a console in it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._socket, self._folder = str(folder / "t"), folder
        words = [sys.executable, "-m", "ground", "console", "--realm", REALM, "--home", str(home)]
        command = f"exec env -u COLUMNS -u LINES PYTHONPATH={ROOT} {shlex.join(words)}"
        size = ("-x", "120", "-y", "36")
        self._run("-f", os.devnull, "new-session", "-d", *size, command)
        self._run("set-option", "-g", "remain-on-exit", "on")

    def press(self, *keys: str) -> None:
        """Press keys, by their names in tmux."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text as fast as it can be."""
        self._run("send-keys", "-l", text)

    @property
    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    @property
    def alive(self) -> bool:
        return self._run("display-message", "-p", "#{pane_dead}").strip() == "0"

    def until(self, holds: Callable[[str], object]) -> str:
        """Wait until the screen is as it should be, and return it."""
        end = time.monotonic() + PATIENCE_S
        while not holds(screen := self.screen):
            assert time.monotonic() < end, screen
            time.sleep(LOOK_S)
        return screen

    def close(self) -> None:
        subprocess.run(self._command("kill-server"), capture_output=True, check=False)

    def _run(self, *words: str) -> str:
        return subprocess.run(
            self._command(*words), capture_output=True, check=True, text=True, encoding="utf-8"
        ).stdout

    def _command(self, *words: str) -> list[str]:
        return ["tmux", "-S", self._socket, "-u", *words]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[LiveStation]:
    made = LiveStation(tmp_path, "--log", "json")
    made.start()
    try:
        made.until(made.ready, "the services")
        yield made
    finally:
        made.close()


@pytest.fixture
def terminal(station: LiveStation) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        reason = "no tmux to run a console in"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="g-") as folder:
        made = Tmux(Path(folder), station.home)
        try:
            yield made
        finally:
            made.close()


def test_a_station_is_looked_at_acted_on_lost_and_found_again(station, terminal):
    """What operators see of a live run, key by key."""
    frames = Stream(seed=6).frames(START_NS + FRAMES * 10**9)
    sent = Sent([octets for _, octets in frames][:FRAMES])
    for octets in sent.cadus:
        station.send(octets)
    station.until(lambda: station.journalled() == len(sent.cadus) * CADU, "the journal")

    first = terminal.until(lambda screen: "CG-1 TM" in screen and "NO STATION" not in screen)
    assert "SIM/T" in first.splitlines()[0]
    terminal.type(":params CG-1 battery")
    terminal.press("Enter")
    shown = terminal.until(lambda screen: "BATTERY_SOC" in screen and "%" in screen)
    row = next(line for line in shown.splitlines() if "BATTERY_SOC" in line)
    assert any(part.replace(".", "").isdigit() for part in row.split())
    terminal.type(":plot BATTERY_SOC")
    terminal.press("Enter")
    terminal.until(lambda screen: any(0x2800 < ord(char) <= 0x28FF for char in screen))
    assert "to the newest sample" in terminal.screen
    terminal.press("7")
    links = terminal.until(lambda screen: "all sums add up" in screen and "kashi: frames" in screen)
    assert "DO NOT ADD UP" not in links
    terminal.press("5")
    terminal.until(lambda screen: "UNACK" in screen)
    terminal.press("a")
    terminal.until(lambda screen: "SIMULATION ACKNOWLEDGE 1 alarm?" in screen)
    terminal.type("seen")
    terminal.press("Enter")
    terminal.until(lambda screen: "acknowledge 1 alarm: done" in screen and "acked" in screen)

    os.kill(station.process.pid, signal.SIGTERM)
    lost = terminal.until(lambda screen: "NO STATION for" in screen.splitlines()[0])
    assert "SIM/T" in lost.splitlines()[0]
    station.process.wait(PATIENCE_S)
    station.start()
    terminal.until(lambda screen: "NO STATION" not in screen and "SIM/T" in screen)
    terminal.press("0")
    terminal.until(lambda screen: " 0 Log " in screen)

    terminal.type(":q")
    terminal.press("Enter")
    terminal.until(lambda _: not terminal.alive)
