"""`ground console`: look at a station, and act on its alarms, in a terminal."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal

import typer

from ground.cli import options
from ground.errors import InputError

PAGES = Literal[
    "fleet", "sat", "params", "alarms", "cmd", "contacts", "links", "plot", "log", "services"
]


def console(
    realm: options.Realm = "live",
    home: options.Home = None,
    glyphs: Annotated[
        Literal["auto", "astro", "ascii"],
        typer.Option("--glyphs", help="Signs: shapes, or ASCII where they are drawn wide."),
    ] = "auto",
    rate: Annotated[
        float, typer.Option("--rate", min=0.5, max=5.0, help="How often a second it paints.")
    ] = 2.0,
    screen: Annotated[PAGES, typer.Option("--screen", help="The page to begin with.")] = "fleet",
    key: Annotated[str, typer.Option("--key", help="Name of the key to ask with.")] = "operator",
) -> None:
    """Show a running station live: values, alarms, plots, links; send commands. `:q` quits."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("no terminal; expected one (`ground status` prints without)")
    os.environ.setdefault("ESCDELAY", "25")  # ms that textual waits for more behind an escape
    from ground import clock
    from ground.api.client import Client
    from ground.console import glyphs as signs
    from ground.console.app import Console
    from ground.console.feed import KINDS
    from ground.console.palette import GLYPHS

    chosen = signs.probe() if glyphs == "auto" else glyphs
    feed = Client(home, realm, kinds=KINDS, key=key)
    try:
        Console(feed, clock.now_ns, GLYPHS[chosen], rate_hz=rate, page=screen).run()
    finally:
        feed.close()
