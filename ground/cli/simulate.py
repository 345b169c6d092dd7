"""`ground simulate`: the simulated satellite, live over UDP or TCP."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from ground.cli import options
from ground.cli.output import Heading, emit
from ground.cli.progress import bar

GROUP, NAME = "ground.simulators", "live"


def simulate(
    mission: Annotated[str, typer.Argument(help="A mission file, its folder, or a name.")],
    to: Annotated[
        str,
        typer.Option(
            "--to", help="udp:HOST:PORT, tcp:HOST:PORT, tcp-server:HOST:PORT or file:PATH."
        ),
    ],
    rate: Annotated[
        float,
        typer.Option(
            "--rate", min=0, max=1e6, help="Times faster than real time; 0: as fast as it goes."
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed, another flight.")] = 1,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0, help="Of telemetry; without, no end.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="UTC time on board at the beginning; now if not.")
    ] = None,
    faults: Annotated[
        str,
        typer.Option(
            "--faults",
            help="As loss=0.01,ber=1e-5; also duplicate=0.01, reorder=0.01, outage_every_s=600,"
            " outage_s=30, reboot_every_s=3600, drift_ppb=500.",
        ),
    ] = "",
    link: Annotated[
        str | None, typer.Option("--link", help="Code frames as this link; the first if not.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="Folder for every packet's values and fate.")
    ] = None,
    uplink: Annotated[
        list[str] | None,
        typer.Option(
            "--uplink",
            help="NAME=udp:HOST:PORT or NAME=tcp-server:HOST:PORT: hear commands there.",
        ),
    ] = None,
    obey: Annotated[
        bool,
        typer.Option("--obey", help="Hear every uplink where the mission file has it send to."),
    ] = False,
    json: options.Json = False,
) -> None:
    """Send a mission's simulated telemetry, live or faster; at the end say what was sent.

    With --uplink or --obey the satellite hears commands, by relays too, and does what they ask.
    """
    from ground.clock import now_ns
    from ground.errors import InputError

    if (obey or uplink) and rate != 1:
        raise InputError(f"--rate {rate:g} with commands, which expire in real time; expected 1")
    run = _simulator()
    with _stopping() as stop, bar("simulate", quiet=json) as told:
        found = run(
            mission,
            to,
            start_ns=options.instant(start) or now_ns(),
            rate=rate,
            seed=seed,
            seconds=seconds,
            faults=faults,
            link=link,
            truth=truth,
            uplinks=uplink or (),
            obey=obey,
            stopped=stop.is_set,
            sleep=stop.wait,
            told=told,
        )
    _show(found, json)


def _simulator() -> Any:
    """Return the simulator, which is found by entry point, as any plug-in is."""
    from ground.errors import InputError

    for found in entry_points(group=GROUP, name=NAME):
        return found.load()
    raise InputError(f"no simulator is installed; expected the entry point {GROUP}:{NAME}")


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Yield what is set by Ctrl-C or SIGTERM."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(found: dict[str, Any], as_json: bool) -> None:
    """Print the summary: one JSON object, or each count in a line."""
    if as_json:
        emit("simulate", found["rows"], [], as_json=True, counts=found["counts"])
        return
    rows = [
        {"of": of, "count": name, "number": number}
        for of, counts in found["counts"].items()
        for name, number in counts.items()
        if number
    ]
    headings = [Heading("of", "of"), Heading("count", "count"), Heading("number", "", number=True)]
    emit("simulate", rows, headings, empty="nothing was sent")
