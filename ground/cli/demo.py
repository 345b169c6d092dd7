"""`ground demo`: a simulated satellite that obeys, a live station, values and commands.

On a terminal the console opens on it; without one, a summary of what came is printed, and a command
goes up through a relay, step by step, each with the command that shows it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
SPACECRAFT, CARD = "CG-1", 23  # the one that runs hot
COMMANDED_S = 60.0
START_S, LONG_S = 240.0, 10.0  # that a machine may take which compiles; until a word about it
FAULTS = "loss=0.01,ber=1e-5"


def demo(
    seconds: Annotated[
        float, typer.Option("--seconds", min=5, max=86_400, help="How long, without a terminal.")
    ] = 20,
    rate: Annotated[
        float,
        typer.Option(
            "--rate", min=1, max=1000, help="Times real time; it takes commands in real time only."
        ),
    ] = 1,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another flight.")] = 1,
    console: Annotated[
        bool, typer.Option("--console/--no-console", help="Open the console on a terminal.")
    ] = True,
    home: options.Home = None,
) -> None:
    """Start the simulated Chenguang-1 and a station, and show its values live.

    The satellite's frames come in over UDP with a few lost and a few damaged; they are journalled,
    decoded, judged and archived in realm sim/demo, which no real data ever is in. Commands go up by
    its stations and relays, and it does what they say.
    """
    from ground.home import home as default_home

    root = (home or default_home()).absolute()
    folder = root / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    mission = _mission(folder)
    log = folder / "station.log"
    say(f"The log of the station is in {_near(log)}")
    with log.open("ab") as told, _running(root, mission, told) as station:
        _step(f"ground up {_near(mission)} --realm {REALM}")
        _services(station)
        words = _simulating(mission, rate, seed)
        _step(f"ground {' '.join(words)}".replace(str(mission), _near(mission)))
        with _process(words, told):
            if console and sys.stdin.isatty() and sys.stdout.isatty():
                _console(root)
            else:
                _live(station, root, seconds, obeys=rate == 1)
    say(f"\nThe archive is in {_near(root)}: GROUND_HOME={_near(root)} ground query -h")


def _console(root: Path) -> None:
    from ground.cli import console as faces

    say("The console opens; :q ends it, and the demo with it.")
    faces.console(realm=REALM, home=root)


def _live(station: Station, root: Path, seconds: float, *, obeys: bool) -> None:
    """Watch values for a while, then show what the station made of it all."""
    from ground.cli import alarms, gaps, packets, query, status, watch

    _step(f"ground watch {' '.join(SHOWN)} --seconds {seconds:g} --realm {REALM}")
    watch.watch(SHOWN, seconds=seconds, rate_hz=0.5, realm=REALM, home=root)
    if obeys:
        _command(root)
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


def _command(root: Path) -> None:
    """Switch a card off through whatever relay is in sight, and show that it is."""
    from ground.cli import history, send, watch

    about = f"{SPACECRAFT} CARD_OFF card={CARD}"
    _step(f"ground send {about} --target {SPACECRAFT} --wait COMPLETED --realm {REALM}")
    send.send(
        SPACECRAFT, "CARD_OFF", [f"card={CARD}"], target=SPACECRAFT, wait="COMPLETED",
        timeout=COMMANDED_S, repeat=True, realm=REALM, home=root,
    )  # fmt: skip
    shown = f"CARDS[{CARD}].state"
    _step(f"ground watch {shown!r} --seconds 3 --realm {REALM}")
    watch.watch([shown], seconds=3, rate_hz=1, realm=REALM, home=root)
    _step(f"ground history --realm {REALM}")
    history.history(realm=REALM, home=root)


def _mission(folder: Path) -> Path:
    """Write the shipped mission with ports that are free, and return its file."""
    from ground import settings

    shipped = settings.find(MISSION)
    text = shipped.octets.decode()
    places = [each.address for each in shipped.links if each.kind == "udp"]
    places += [each.address for each in shipped.uplinks if each.kind == "udp"]
    for address, port in zip(places, _free_ports(len(places)), strict=True):
        text = text.replace(f'"{address}"', f'"127.0.0.1:{port}"')
    for craft in shipped.spacecraft:
        if craft.database is not None:
            text = text.replace(f'"{craft.database.name}"', f"'{craft.database}'")
    path = folder / "mission.toml"
    path.write_text(text)
    return path


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        made = [
            opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            for _ in range(count)
        ]
        for each in made:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in made]


@contextmanager
def _running(root: Path, mission: Path, log: object) -> Iterator[Station]:
    """Run a station, and yield a connection to it once it answers."""
    words = ["up", str(mission), "--realm", REALM, "--home", str(root), "--log", "json"]
    with _process(words, log) as process:
        with _telling_why():
            station = _connected(root, process)
        try:
            yield station
        finally:
            station.close()
            process.terminate()
            process.wait()


@contextmanager
def _telling_why() -> Iterator[None]:
    """Say why it takes long, where it does."""
    timer = threading.Timer(LONG_S, say, ["The first start compiles; that may take a minute."])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


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
            if {"gateway", "processor", "commanding"} <= {
                each.service for each in station.status().services
            }:
                return station
            time.sleep(0.2)
        station.close()
    raise GroundError(
        f"the station did not start; expected its reason in {_near(root)}/demo/station.log"
    )


def _simulating(mission: Path, rate: float, seed: int) -> list[str]:
    """Return the words that start the satellite, its relays and their ears."""
    from ground import settings

    link = settings.load(mission).link(LINK)
    assert link is not None
    words = ["simulate", str(mission), "--to", f"udp:{link.address}", "--rate", f"{rate:g}"]
    words += ["--seed", str(seed), "--link", LINK, "--faults", FAULTS]
    return [*words, "--obey"] if rate == 1 else words


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
