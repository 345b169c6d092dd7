"""`ground influx send` and `ground influx status`: the archive to InfluxDB, and how far it is."""

from __future__ import annotations

from typing import Annotated

import typer

from ground.cli import options
from ground.cli.output import Heading, emit, literal, say

_Mission = Annotated[str, typer.Argument(help="A mission's name or its mission.toml.")]

app = typer.Typer(help="Copy the archive to InfluxDB, and see how far it is.", no_args_is_help=True)


@app.command(epilog="[bold]Example:[/bold]  ground influx send chenguang1 --once")
def send(
    mission: _Mission,
    name: Annotated[
        str | None, typer.Option("--name", help=r"Which [\[influx]], where there are several.")
    ] = None,
    realm: options.Realm = "live",
    once: Annotated[
        bool, typer.Option("--once", help="End when all that the archive holds has been sent.")
    ] = False,
    home: options.Home = None,
) -> None:
    """Send what comes into the archive, from where it stopped the last time, until stopped."""
    from ground.bus.addresses import Run
    from ground.services import child, influx
    from ground.settings import find
    from ground.settings import home as default_home

    found, root = find(mission), home or default_home()
    chosen = influx.chosen(found, name)
    with child.only(Run(root, realm).folder, f"influx-{chosen.name}"):
        service = influx.InfluxService(found, chosen, root, realm, once=once)
        try:
            service.run()
        finally:
            service.close()
    done = service.progress
    dropped = "".join(f", {number:,} {reason}" for reason, number in done.dropped.items())
    say(literal(f"{service.name}: {done.out:,} of {done.given:,} rows sent{dropped}"))


@app.command(epilog="[bold]Example:[/bold]  ground influx status chenguang1")
def status(
    mission: _Mission,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Show how far each destination is behind the archive; exit 1 where lines were refused."""
    from ground.services import influx
    from ground.settings import find
    from ground.settings import home as default_home

    rows = influx.status(find(mission), home or default_home(), realm)
    headings = [
        Heading("name", "influx"),
        Heading("content", "content"),
        Heading("serial", "sent up to", True),
        Heading("behind", "behind", True),
        Heading("rejects", "refused lines"),
    ]
    emit("influx", rows, headings, as_json=as_json, empty="no [[influx]] in this mission")
    if any(row["octets"] for row in rows):
        raise typer.Exit(1)
