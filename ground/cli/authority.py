"""`ground authority` and `ground directive`: who commands a spacecraft, and its forward channel."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ground.cli import completion, options
from ground.cli.command_rows import instant
from ground.cli.output import TO_SECOND, Heading, emit, literal, say

if TYPE_CHECKING:
    from pathlib import Path

    from ground.api import Station
    from ground.messages import AuthorityRow, ChannelRow

app = typer.Typer(
    help="Authority: one operator commands a spacecraft; see who, take it, hand it over.",
    no_args_is_help=False,
    invoke_without_command=True,
)

Act = Literal["take", "give", "accept", "drop", "force"]
Whole = tuple["Path | None", str, str]
Name = Annotated[
    str, typer.Argument(help="Of which spacecraft.", autocompletion=completion.spacecraft)
]
_HELD = [
    Heading("spacecraft", "spacecraft"),
    Heading("holder", "held by"),
    Heading("since", "since (UTC)", time=TO_SECOND),
    Heading("until", "until (UTC)", time=TO_SECOND),
    Heading("offered_to", "offered to"),
]
_CHANNELS = [
    Heading("spacecraft", "channel of"),
    Heading("vcid", "VC", True),
    Heading("state", "FOP-1"),
    Heading("v_s", "V(S)", True),
    Heading("nn_r", "NN(R)", True),
    Heading("window", "K", True),
    Heading("t1_s", "T1 s", True),
    Heading("unacknowledged", "unacknowledged", True),
    Heading("suspended", "suspended"),
    Heading("via", "by"),
    Heading("clcw", "CLCW (UTC)", time=TO_SECOND),
]


class Directive(StrEnum):
    """The directives of COP-1 as they are typed."""

    init = "init"
    init_clcw = "init-clcw"
    init_unlock = "init-unlock"
    init_set_vr = "init-set-vr"
    terminate = "terminate"
    resume = "resume"
    set_vs = "set-vs"
    set_window = "set-window"
    set_t1 = "set-t1"
    set_limit = "set-limit"
    set_timeout_type = "set-timeout-type"


def _example(act: str) -> str:
    return f"[bold]Example:[/bold]  {literal(f'ground authority {act}')}"


@app.callback()
def authority(
    context: typer.Context,
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Show who commands each spacecraft, and how the forward channels are."""
    if context.invoked_subcommand is None:
        show(key, realm, as_json, home)
    else:
        options.none_before(context)


@app.command("list", epilog=_example("list --json"))
def show(
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Show who commands each spacecraft, and how the forward channels are."""
    with _station(home, realm, key) as station:
        found = station.authority()
    rows = [_row(each) for each in found.rows]
    channels = [_channel(each) for each in found.channels]
    if as_json:
        counts = {"held": sum(bool(each.holder) for each in found.rows)}
        emit("authority", rows, (), as_json=True, counts=counts, beside={"channels": channels})
        return
    emit("authority", rows, _HELD, empty="no spacecraft takes commands")
    if channels:
        shown = [row | {"via": " > ".join(row["via"]) or None} for row in channels]
        emit("authority", shown, _CHANNELS)


@app.command(epilog=_example("take CG-1"))
def take(
    spacecraft: Name,
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Command a spacecraft that nobody else commands."""
    _act("take", spacecraft, (home, realm, key), as_json)


@app.command(epilog=_example("give CG-1 --to olga"))
def give(
    spacecraft: Name,
    to: Annotated[str, typer.Option("--to", help="Who may accept it; '' withdraws an offer.")],
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Offer a spacecraft to another operator, who accepts."""
    _act("give", spacecraft, (home, realm, key), as_json, to=to)


@app.command(epilog=_example("accept CG-1 --key olga"))
def accept(
    spacecraft: Name,
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Take over a spacecraft that was offered."""
    _act("accept", spacecraft, (home, realm, key), as_json)


@app.command(epilog=_example("drop CG-1"))
def drop(
    spacecraft: Name,
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Command a spacecraft no longer."""
    _act("drop", spacecraft, (home, realm, key), as_json)


@app.command(epilog=_example("force CG-1 --reason 'operator not at the desk'"))
def force(
    spacecraft: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is on record.")],
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Take a spacecraft from whoever commands it."""
    _act("force", spacecraft, (home, realm, key), as_json, reason=reason)


def directive(
    spacecraft: Name,
    order: Annotated[Directive, typer.Argument(help="What FOP-1 is told.", metavar="DIRECTIVE")],
    value: Annotated[int, typer.Argument(min=0, help="Of init-set-vr and set-...; T1 in ms.")] = 0,
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Give a COP-1 directive to the forward channel of a spacecraft that one holds.

    init, init-clcw, init-unlock, init-set-vr VALUE, terminate, resume, set-vs VALUE, set-window
    VALUE, set-t1 MS, set-limit VALUE, set-timeout-type VALUE.
    """
    with _station(home, realm, key) as station:
        station.direct(spacecraft, order.value, value)
    if as_json:
        row = {"spacecraft": spacecraft, "directive": order.value, "value": value}
        emit("directive", [row], (), as_json=True, counts={"done": 1})
    else:
        say(f"{order.value}: {literal(spacecraft)}")


def _act(act: Act, spacecraft: str, whom: Whole, as_json: bool, **more: Any) -> None:
    with _station(*whom) as station:
        station.control_authority(spacecraft, act, **more)
        found = station.authority().rows
    rows = [_row(each) for each in found if each.spacecraft == spacecraft]
    if as_json:
        emit("authority", rows, (), as_json=True, counts={"done": 1})
        return
    for row in rows:
        holder = row["holder"] or "nobody"
        offered = f", offered to {row['offered_to']}" if row["offered_to"] else ""
        say(literal(f"{act}: {spacecraft} is commanded by {holder}{offered}"))


def _row(row: AuthorityRow) -> dict[str, Any]:
    return {
        "spacecraft": row.spacecraft,
        "holder": row.holder or None,
        **instant("since", row.since_ns),
        **instant("until", row.until_ns),
        "offered_to": row.offered_to or None,
    }


def _channel(row: ChannelRow) -> dict[str, Any]:
    names = ("spacecraft", "vcid", "state", "v_s", "nn_r", "window", "t1_ns", "waiting")
    return {
        **{name: getattr(row, name) for name in names},
        "t1_s": round(row.t1_ns / 10**9, 3),
        "unacknowledged": row.unacknowledged,
        "suspended": row.suspended,
        "via": row.via,
        **instant("clcw", row.clcw_ns),
    }


def _station(home: Path | None, realm: str, key: str) -> Station:
    from ground.api import Station

    return Station.connect(home, realm, key=key)
