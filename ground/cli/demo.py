"""`ground demo`: record a simulated pass, ingest it, look at it: the main job in one command."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from ground.cli import options
from ground.cli.output import literal, say
from ground.cli.progress import bar

REALM = "sim/demo"
MISSION = "chenguang1"
LINK = "recording"
TABLE = ["BATTERY_SOC", "BUS_VOLTAGE", "CARDS[0-1].temperature"]
PLOTS = ["BATTERY_SOC", "CARDS[0].temperature"]


def demo(
    seconds: Annotated[
        int, typer.Option("--seconds", min=60, max=86_400, help="Length of the pass.")
    ] = 1_800,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another pass.")] = 1,
    home: options.Home = None,
) -> None:
    """Record a pass of the simulated Chenguang-1, ingest it, and show a table, a plot and gaps."""
    from ground.cli import gaps, ingest, packets, query
    from ground.settings import home as default_home

    root = home or default_home()
    recording = root / "demo" / f"pass-{seed}-{seconds}s.cadu"
    _step(f"ground: record {seconds} s of the simulated Chenguang-1")
    _record(recording, seconds, seed)
    _step(f"ground ingest {_near(recording)} --mission {MISSION} --link {LINK} --realm {REALM}")
    _quietly(lambda: ingest.ingest([recording], mission=MISSION, link=LINK, realm=REALM, home=root))
    _step(f"ground packets --realm {REALM}")
    packets.packets(realm=REALM, home=root)
    _step(f"ground query {' '.join(TABLE)} --limit 4 --realm {REALM}")
    query.query(TABLE, realm=REALM, limit=4, home=root)
    _step(f"ground query {' '.join(PLOTS)} --plot --realm {REALM}")
    query.query(PLOTS, realm=REALM, plot=True, home=root)
    _step(f"ground gaps --realm {REALM}")
    _quietly(lambda: gaps.gaps(realm=REALM, home=root))
    say(
        f"\nThe archive is in {_near(root)}. Look around: GROUND_HOME={_near(root)} ground query -h"
    )


def _record(path: Path, seconds: int, seed: int) -> None:
    """Let the simulator write its recording; it is found by entry point, as any plug-in is."""
    from ground.errors import InputError

    found = entry_points(group="ground.simulators", name="spacecraft")
    if not found:
        raise InputError("no simulator is installed; expected the entry point ground.simulators")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        say(f"  {_near(path)} is there already")
        return
    with bar("record") as progress:
        tell = lambda part: progress(int(part * 1000), 1000)  # noqa: E731
        next(iter(found)).load()(path, seconds=seconds, seed=seed, progress=tell)
    say(f"  {_near(path)}  {path.stat().st_size} octets")


def _step(text: str) -> None:
    say(f"\n[bold cyan]$ {text}[/bold cyan]")
    sys.stdout.flush()


def _quietly(run: object) -> None:
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
