"""`ground approve`: a second person approves the very octets of a hazardous command."""

from __future__ import annotations

from typing import Annotated

import typer

from ground.cli import completion, options, terminal
from ground.cli.command_rows import as_row, show
from ground.cli.output import emit, literal, say
from ground.errors import InputError


def approve(
    command: Annotated[
        str, typer.Argument(help="Its id, as c12.", autocompletion=completion.waiting)
    ],
    sha: Annotated[
        str, typer.Option("--sha", help="Its hash as it was looked at; for scripts.")
    ] = "",
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Show what a command of another person would send, and approve exactly that."""
    from ground.api import Station

    with Station.connect(home, realm, key=key) as station:
        row = station.command(command)
        if not as_json:
            show(row)
        if not sha and not terminal.present():
            raise InputError(f"{command} without --sha; expected the hash of what is approved")
        if not sha and not terminal.agreed(f"Approve these octets for {row.spacecraft}?"):
            say("not approved")
            raise typer.Exit(1)
        station.approve(row.id, sha or row.sha256)
        row = station.command(command)
    if as_json:
        emit("approve", [as_row(row)], (), as_json=True, counts={"approved": 1})
    else:
        say(f"approved: {literal(row.id)} {literal(row.text)}")
