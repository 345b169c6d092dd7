"""`ground history`: what became of commands, from the running station or from the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ground.cli import completion, options
from ground.cli.command_rows import COMMANDS, as_row, show, show_state, show_steps
from ground.cli.output import emit, plain, say
from ground.errors import InputError, NotReachable, Refused

if TYPE_CHECKING:
    from ground.messages import CommandRow


def history(
    command: Annotated[
        str | None,
        typer.Argument(help="The id of one, as c12.", autocompletion=completion.waiting),
    ] = None,
    spacecraft: options.Spacecraft = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Only those taken from this UTC time on.")
    ] = None,
    limit: options.Limit = 100,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write them to a new file, one JSON a line.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="All there ever were, from the ledger on disk.")
    ] = False,
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show commands and what became of them, newest last; of one, all its stages.

    A running station tells those of the last day. Where none runs, the ledger tells all.
    """
    since_ns = options.instant(since) or 0
    found, source = _found(home, realm, key, command, offline)
    rows = [
        each
        for each in found
        if command in (None, each.id)
        and (not spacecraft or each.spacecraft in spacecraft)
        and each.accepted_ns >= since_ns
    ]
    if command is not None and not rows:
        raise InputError(f"command {command!r}: not in the {source}; expected an id, as c12")
    rows = rows[-limit:] if limit else rows
    if export is not None:
        _write(rows, export)
    elif command is not None and not (as_json or as_lines):
        show(rows[0])
        show_state(rows[0])
        show_steps(rows[0])
    else:
        counts = {"commands": len(rows)}
        emit(
            "history", map(as_row, rows), COMMANDS, as_json=as_json, as_lines=as_lines,
            counts=counts, beside={"source": source}, empty="no commands",
        )  # fmt: skip


def _found(
    home: Path | None, realm: str, key: str, command: str | None, offline: bool
) -> tuple[list[CommandRow], str]:
    """Return commands, and who told of them: station or ledger."""
    if not offline:
        try:
            return _live(home, realm, key, command), "station"
        except NotReachable as error:
            unreachable = error
    from ground.services import past_commands
    from ground.settings import home as default_home

    try:
        return past_commands.commands(home or default_home(), realm), "ledger"
    except InputError:
        if offline:
            raise
        raise unreachable from None


def _live(home: Path | None, realm: str, key: str, command: str | None) -> list[CommandRow]:
    from ground.api import Station

    with Station.connect(home, realm, key=key) as station:
        return [station.command(command)] if command else station.history(limit=2000)


def _write(rows: list[CommandRow], to: Path) -> None:
    try:
        with to.open("x") as lines:
            for row in rows:
                lines.write(json.dumps(plain(as_row(row))) + "\n")
    except FileExistsError:
        raise Refused(f"{to}: it is there already; expected a new file") from None
    say(f"{len(rows)} commands written")
