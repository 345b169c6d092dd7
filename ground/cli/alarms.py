"""`ground alarms`: what stands, and what an operator does about it; exit 1 where any stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.alarm_rows import ALARMS, as_row, bounds, choose
from ground.cli.output import emit, literal, say
from ground.errors import InputError

if TYPE_CHECKING:
    from ground.api import Station
    from ground.messages import AlarmRow

app = typer.Typer(
    help="Alarms: list them, and act on them by id, parameter, or glob.",
    no_args_is_help=False,
    invoke_without_command=True,
)

Which = Annotated[list[str], typer.Argument(help="Ids, parameters or globs; '*' is all.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the act.")]


def _example(act: str) -> str:
    return f"[bold]Example:[/bold]  {literal(f'ground alarms {act}')}"


@app.callback()
def alarms(
    context: typer.Context,
    spacecraft: options.Spacecraft = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show the alarms there are; exit 1 if there are any that are not shelved."""
    if context.invoked_subcommand is None:
        show(spacecraft, realm, as_json, as_lines, home)
        return
    options.none_before(context)


@app.command("list")
def show(
    spacecraft: options.Spacecraft = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show the alarms there are; exit 1 if there are any that are not shelved."""
    with _station(home, realm) as station:
        if spacecraft:
            options.among(spacecraft, station.describe().spacecraft)
        found = [
            each for each in station.alarms() if not spacecraft or each.spacecraft in spacecraft
        ]
    found.sort(key=lambda each: (-each.severity, each.raised_ns))
    loud = [each for each in found if each.shelved_until_ns is None]
    counts = {"alarms": len(found), "shelved": len(found) - len(loud)}
    counts["unacknowledged"] = sum(each.state == "unacknowledged" for each in loud)
    rows = map(as_row, found)
    emit(
        "alarms",
        rows,
        ALARMS,
        as_json=as_json,
        as_lines=as_lines,
        counts=counts,
        empty="no alarms",
    )
    if loud:
        raise typer.Exit(1)


@app.command("ack", epilog=_example("ack BUS_VOLTAGE --comment 'eclipse'"))
def acknowledge(
    which: Which,
    spacecraft: options.Spacecraft = None,
    comment: Annotated[str, typer.Option("--comment", help="What is known of it.")] = "",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Acknowledge alarms: somebody knows of them."""
    with _station(home, realm) as station:
        chosen = _chosen(station, which, spacecraft)
        station.acknowledge(chosen, comment)
    _done("acknowledged", chosen, as_json)


@app.command(epilog=_example("shelve 'CARDS[23].*' --reason 'known' --minutes 90"))
def shelve(
    which: Which,
    reason: Reason,
    spacecraft: options.Spacecraft = None,
    minutes: Annotated[float, typer.Option("--minutes", min=1.0, help="For how long.")] = 60.0,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Keep alarms quiet for a time."""
    with _station(home, realm) as station:
        chosen = _chosen(station, which, spacecraft)
        station.shelve(chosen, minutes, reason)
    _done("shelved", chosen, as_json)


@app.command(epilog=_example("unshelve '*'"))
def unshelve(
    which: Which,
    spacecraft: options.Spacecraft = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Let shelved alarms be heard again."""
    with _station(home, realm) as station:
        chosen = _chosen(station, which, spacecraft)
        station.unshelve(chosen)
    _done("unshelved", chosen, as_json)


@app.command(epilog=_example("clear SATELLITE_MODE"))
def clear(
    which: Which,
    spacecraft: options.Spacecraft = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Let go of latched alarms whose value is back within its limits."""
    with _station(home, realm) as station:
        chosen = _chosen(station, which, spacecraft)
        station.clear(chosen)
    _done("cleared", chosen, as_json)


@app.command(epilog=_example("comment BUS_VOLTAGE --text 'seen before'"))
def comment(
    which: Which,
    text: Annotated[str, typer.Option("--text", help="What to write beside them.")],
    spacecraft: options.Spacecraft = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Write something beside alarms."""
    with _station(home, realm) as station:
        chosen = _chosen(station, which, spacecraft)
        station.comment(chosen, text)
    _done("commented", chosen, as_json)


@app.command(epilog=_example("assign BUS_VOLTAGE --to olga"))
def assign(
    which: Which,
    to: Annotated[str, typer.Option("--to", help="Who takes care of them; '' is nobody.")],
    spacecraft: options.Spacecraft = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Say who takes care of alarms."""
    with _station(home, realm) as station:
        chosen = _chosen(station, which, spacecraft)
        station.assign(chosen, to)
    _done(f"assigned to {to or 'nobody'}", chosen, as_json)


@app.command(epilog=_example("limits BUS_VOLTAGE -s CG-1 --range warning=26:33 --reason eclipse"))
def limits(
    parameter: Annotated[str, typer.Argument(help="Name of a parameter.")],
    spacecraft: Annotated[str, typer.Option("--spacecraft", "-s", help="Of which spacecraft.")],
    reason: Reason,
    ranges: Annotated[
        list[str] | None,
        typer.Option("--range", help="LEVEL=LOW:HIGH, as warning=26:33 or critical=:40."),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Back to the database's.")] = False,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Set other limits for a parameter of a spacecraft, from now on and over restarts."""
    from ground.services import names

    if bool(ranges) == reset:
        raise InputError("limits: expected either --range (once or more) or --reset")
    wanted = dict(map(bounds, ranges or [])) or None
    with _station(home, realm) as station:
        described = station.describe()
        options.among([spacecraft], described.spacecraft)
        [path] = names.choose([parameter], [each.path for each in described.parameters])
        station.set_limits(spacecraft, path, wanted, reason)
    if as_json:
        row = {"spacecraft": spacecraft, "parameter": path, "ranges": wanted}
        emit("limits", [row], (), as_json=True)
    else:
        say(f"limits of {literal(path)} on {literal(spacecraft)} set")


def _station(home: Any, realm: str) -> Station:
    from ground.api import Station

    return Station.connect(home, realm)


def _chosen(station: Station, texts: list[str], spacecraft: list[str] | None) -> list[AlarmRow]:
    if spacecraft:
        options.among(spacecraft, station.describe().spacecraft)
    return choose(station.alarms(), texts, spacecraft)


def _done(what: str, alarms: list[AlarmRow], as_json: bool) -> None:
    """Say on which alarms an act was done."""
    keys = ("id", "spacecraft", "parameter")
    rows = [{"act": what, **{key: as_row(each)[key] for key in keys}} for each in alarms]
    if as_json:
        emit("alarms", rows, (), as_json=True, counts={"done": len(rows)})
        return
    for row in rows:
        say(f"{literal(what)}: {literal(row['spacecraft'])} {literal(row['parameter'])}")
