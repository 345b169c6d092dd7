"""`ground demo`: a simulated satellite, a live station, and values as they come.

On a terminal the console opens on it; without one, a summary of what came is printed, step by
step, each with the command that shows it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ground.cli import options
from ground.cli.output import literal, say

if TYPE_CHECKING:
    from ground.api import Station

REALM = "sim/demo"
MISSION, LINK = "chenguang1", "kashi"
SHOWN = ["BATTERY_SOC", "BUS_VOLTAGE", "CARDS[23].temperature", "SATELLITE_MODE"]
PLOTTED = ["CARDS[23].temperature"]
START_S = 60.0  # that a cold machine may take to start
FAULTS = "loss=0.01,ber=1e-5"


def demo(
    seconds: Annotated[
        float, typer.Option("--seconds", min=5, max=86_400, help="How long, without a terminal.")
    ] = 20,
    rate: Annotated[
        float, typer.Option("--rate", min=1, max=1000, help="Times real time the satellite sends.")
    ] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another flight.")] = 1,
    console: Annotated[
        bool, typer.Option("--console/--no-console", help="Open the console on a terminal.")
    ] = True,
    home: options.Home = None,
) -> None:
    """Start the simulated Chenguang-1 and a station, and show its values live.

    The satellite's frames come in over UDP with a few lost and a few damaged; they are journalled,
    decoded, judged and archived in realm sim/demo, which no real data ever is in.
    """
    from ground.home import home as default_home

    root = (home or default_home()).absolute()
    folder = root / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    mission = _mission(folder, port)
    log = folder / "station.log"
    say(f"The log of the station is in {_near(log)}")
    with log.open("ab") as told, _running(root, mission, told) as station:
        _step(f"ground up {_near(mission)} --realm {REALM}")
        _services(station)
        _step(f"ground simulate {MISSION} --to udp:127.0.0.1:{port} --rate {rate:g}")
        with _simulator(port, rate, seed, told):
            if console and sys.stdin.isatty() and sys.stdout.isatty():
                _console(root)
            else:
                _live(station, root, seconds)
    say(f"\nThe archive is in {_near(root)}: GROUND_HOME={_near(root)} ground query -h")


def _console(root: Path) -> None:
    from ground.cli import console as faces

    say("The console opens; :q ends it, and the demo with it.")
    faces.console(realm=REALM, home=root)


def _live(station: Station, root: Path, seconds: float) -> None:
    """Watch values for a while, then show what the station made of it all."""
    from ground.cli import alarms, gaps, packets, query, status, watch

    _step(f"ground watch {' '.join(SHOWN)} --seconds {seconds:g} --realm {REALM}")
    watch.watch(SHOWN, seconds=seconds, rate_hz=0.5, realm=REALM, home=root)
    _step(f"ground alarms --realm {REALM}")
    _findings(lambda: alarms.show(realm=REALM, home=root))
    _step(f"ground status --realm {REALM}")
    _settle(station)
    _findings(lambda: status.status(realm=REALM, home=root))
    _step(f"ground packets --realm {REALM}")
    packets.packets(realm=REALM, home=root)
    _step(f"ground query {' '.join(PLOTTED)} --plot --realm {REALM}")
    query.query(PLOTTED, realm=REALM, plot=True, home=root)
    _step(f"ground gaps --realm {REALM}")
    _findings(lambda: gaps.gaps(realm=REALM, home=root))


def _mission(folder: Path, port: int) -> Path:
    """Write the shipped mission with a port that is free, and return its file."""
    from ground import settings

    shipped = settings.find(MISSION)
    text = shipped.octets.decode()
    link = shipped.link(LINK)
    assert link is not None and link.address is not None
    text = text.replace(f'"{link.address}"', f'"127.0.0.1:{port}"')
    for craft in shipped.spacecraft:
        if craft.database is not None:
            text = text.replace(f'"{craft.database.name}"', f"'{craft.database}'")
    path = folder / "mission.toml"
    path.write_text(text)
    return path


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _running(root: Path, mission: Path, log: object) -> Iterator[Station]:
    """Run a station, and yield a connection to it once it answers."""
    words = ["up", str(mission), "--realm", REALM, "--home", str(root), "--log", "json"]
    with _process(words, log) as process:
        station = _connected(root, process)
        try:
            yield station
        finally:
            station.close()
            process.terminate()
            process.wait()


def _connected(root: Path, process: subprocess.Popen[bytes]) -> Station:
    """Return a connection to the station as soon as all of its services have said how they are."""
    from ground.api import Station
    from ground.errors import GroundError, NotReachable

    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            station = Station.connect(root, REALM, timeout_s=1.0)
        except NotReachable:
            continue
        while time.monotonic() < end:
            if {"gateway", "processor"} <= {each.service for each in station.status().services}:
                return station
            time.sleep(0.2)
        station.close()
    raise GroundError(f"the station did not start; expected its reason in {_near(root)}/demo")


@contextmanager
def _simulator(port: int, rate: float, seed: int, log: object) -> Iterator[None]:
    words = ["simulate", MISSION, "--to", f"udp:127.0.0.1:{port}", "--rate", str(rate)]
    words += ["--seed", str(seed), "--link", LINK, "--faults", FAULTS]
    with _process(words, log) as process:
        yield
        process.terminate()
        process.wait()


@contextmanager
def _process(words: list[str], log: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of our own commands beside this one; it ends when this block does."""
    command = [sys.executable, "-m", "ground", *words]
    with subprocess.Popen(  # noqa: S603  our own interpreter and commands
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,  # type: ignore[call-overload]
        stderr=log,
        start_new_session=True,  # Ctrl-C is for us; we end them in order
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _settle(station: Station) -> None:
    """Wait until what has been received is in the archive, or a moment has passed."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        links = [link for service in station.status().services for link in service.links]
        if all(link.acknowledged >= link.position for link in links):
            return
        time.sleep(0.2)


def _services(station: Station) -> None:
    for each in station.status().services:
        say(f"  {each.service:<10} pid {each.pid:<7} {each.state}")


def _step(text: str) -> None:
    say(f"\n[bold cyan]$ {literal(text)}[/bold cyan]")
    sys.stdout.flush()


def _findings(run: object) -> None:
    """Run a step whose findings are part of the show and no failure of it."""
    assert callable(run)
    try:
        run()
    except typer.Exit as end:
        if end.exit_code > 1:
            raise


def _near(path: Path) -> str:
    near = os.path.relpath(path)
    return literal(str(path) if near.startswith("..") else near)
