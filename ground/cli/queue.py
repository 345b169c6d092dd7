"""`ground queue`: the commands that have not ended, and what an operator does about one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ground.cli import completion, options
from ground.cli.command_rows import COMMANDS, as_row
from ground.cli.output import emit, literal, say

if TYPE_CHECKING:
    from pathlib import Path

    from ground.api import Station

app = typer.Typer(
    help="The queue: list commands that have not ended; hold, release, cancel, reorder them.",
    no_args_is_help=False,
    invoke_without_command=True,
)

Act = Literal["cancel", "hold", "release", "first", "priority"]
Which = Annotated[
    list[str], typer.Argument(help="Ids of commands, as c12.", autocompletion=completion.waiting)
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is on record.")]


def _example(act: str) -> str:
    return f"[bold]Example:[/bold]  {literal(f'ground queue {act}')}"


@app.callback()
def queue(
    context: typer.Context,
    spacecraft: options.Spacecraft = None,
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show the commands that have not ended."""
    if context.invoked_subcommand is None:
        show(spacecraft, key, realm, as_json, as_lines, home)
    else:
        options.none_before(context)


@app.command("list", epilog=_example("list --spacecraft CG-1 --json"))
def show(
    spacecraft: options.Spacecraft = None,
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show the commands that have not ended."""
    with _station(home, realm, key) as station:
        if spacecraft:
            options.among(spacecraft, station.describe().spacecraft)
        rows = [as_row(each) for each in station.queue(spacecraft or ())]
    counts = {"commands": len(rows), "held": sum(row["held"] for row in rows)}
    emit(
        "queue", rows, COMMANDS, as_json=as_json, as_lines=as_lines, counts=counts,
        empty="no commands wait",
    )  # fmt: skip


@app.command(epilog=_example("hold c12 --reason 'shift change'"))
def hold(
    which: Which,
    reason: Reason = "",
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Let commands wait until they are released."""
    _act("hold", which, (home, realm, key), as_json, reason=reason)


@app.command(epilog=_example("release c12"))
def release(
    which: Which,
    reason: Reason = "",
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Let commands that were held go."""
    _act("release", which, (home, realm, key), as_json, reason=reason)


@app.command(epilog=_example("cancel c12 --reason 'no longer needed'"))
def cancel(
    which: Which,
    reason: Reason = "",
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """End commands that have not left."""
    _act("cancel", which, (home, realm, key), as_json, reason=reason)


@app.command(epilog=_example("first c12"))
def first(
    which: Which,
    reason: Reason = "",
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Put a command before all others of its target and priority."""
    _act("first", which, (home, realm, key), as_json, reason=reason)


@app.command(epilog=_example("priority c12 --value 3"))
def priority(
    which: Which,
    value: Annotated[int, typer.Option("--value", min=0, max=3, help="3 is the most urgent.")],
    reason: Reason = "",
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Give commands another priority."""
    _act("priority", which, (home, realm, key), as_json, value=value, reason=reason)


def _act(
    act: Act, which: list[str], whom: tuple[Path | None, str, str], as_json: bool, **more: Any
) -> None:
    """Do an act on each command, and say so; what is refused ends it, after what was done."""
    done: list[dict[str, Any]] = []
    try:
        with _station(*whom) as station:
            for name in which:
                station.control(name, act, **more)
                done.append({"act": act, "id": name})
    finally:
        if as_json and len(done) == len(which):
            emit("queue", done, (), as_json=True, counts={"done": len(done)})
        elif not as_json:
            for row in done:
                say(f"{act}: {literal(row['id'])}")


def _station(home: Path | None, realm: str, key: str) -> Station:
    from ground.api import Station

    return Station.connect(home, realm, key=key)
