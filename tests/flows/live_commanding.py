"""A station and a simulated satellite that obeys it, as processes of this machine.

The satellite stands over Kashi, so that there is a way to it whenever a test runs.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ground import clock
from ground.api import Station
from ground.bus.keys import Keyring
from tests.conftest import ROOT
from tests.flows.stations import PATIENCE_S, REALM, LiveStation

UPLINKS = ("kashi-up", "sanya-up")
LONGITUDE_DEG = 76.0
_ORBIT = re.compile(r"orbit = \{ altitude_km = 750,[^}]*\}")


def ports(number: int) -> list[int]:
    """Return free UDP ports of 127.0.0.1."""
    with ExitStack() as open_:
        found = [
            open_.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            for _ in range(number)
        ]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in found]


def standing() -> str:
    """Return an orbit, today, of what stands over a meridian."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    days = (today - datetime(2000, 1, 1, 12)).total_seconds() / 86_400
    sidereal_deg = 280.46061837 + 360.98564736629 * days  # Greenwich mean sidereal time
    node_deg = (sidereal_deg + LONGITUDE_DEG) % 360
    shape = "altitude_km = 35786.0, inclination_deg = 0.05"
    return f'orbit = {{ {shape}, node_deg = {node_deg:.3f}, epoch = "{today.isoformat()}" }}'


class CommandedStation(LiveStation):
    """`ground up` of a mission whose satellite is commanded, and the satellite."""

    def __init__(self, root: Path, *options: str, more: str = "") -> None:
        super().__init__(root, *options, more=more)
        self.uplinks = dict(zip(UPLINKS, ports(2), strict=True))
        text = self.mission.read_text()
        for old, port in zip(("10115", "10116"), self.uplinks.values(), strict=True):
            assert f"127.0.0.1:{old}" in text
            text = text.replace(f"127.0.0.1:{old}", f"127.0.0.1:{port}")
        text, found = _ORBIT.subn(standing(), text, count=1)
        assert found == 1
        self.mission.write_text(text)
        self.satellite: subprocess.Popen[str] | None = None
        keyring = Keyring(self.home)
        for name in ("second", "director"):
            keyring.make(name, "operate")

    def fly(self) -> None:
        """Let the satellite send, and hear commands."""
        heard = [f"{name}=udp:127.0.0.1:{port}" for name, port in self.uplinks.items()]
        words = [word for each in heard for word in ("--uplink", each)]
        command = ["simulate", str(self.mission), "--to", f"udp:127.0.0.1:{self._to[1]}", *words]
        with self.log.open("ab") as log:
            self.satellite = subprocess.Popen(
                [sys.executable, "-m", "ground", *command, "--json"],
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def landed(self) -> dict[str, int]:
        """End the satellite, and return what it counted of commands."""
        assert self.satellite is not None
        self.satellite.send_signal(signal.SIGTERM)
        out, _ = self.satellite.communicate(timeout=PATIENCE_S)
        self.satellite = None
        counts: dict[str, int] = json.loads(out)["counts"]["commands"]
        return counts

    def close(self) -> None:
        if self.satellite is not None:
            self.satellite.kill()
            self.satellite.communicate()
        super().close()

    def up(self) -> None:
        """Start everything, and wait until control words come down."""
        self.start()
        self.fly()
        services = "gateway", "processor", "display", "commanding"
        self.until(lambda: self.ready(*services), "the services")
        self.until(lambda: self.journalled() > 0, "telemetry")

    @contextmanager
    def operator(self, key: str = "operator") -> Iterator[Station]:
        with Station.connect(self.home, REALM, key=key, timeout_s=PATIENCE_S) as found:
            yield found


def ended(station: Station, commands: Sequence[str]) -> dict[str, Any]:
    """Return the commands that have ended, by id."""
    rows = {each.id: each for each in station.history() if each.ended}
    return {name: rows[name] for name in commands if name in rows}


def soon(seconds: float) -> int:
    """Return a time from now, ns TAI."""
    return clock.now_ns() + round(seconds * 1e9)
