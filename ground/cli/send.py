"""`ground send`: a command to a spacecraft, and its stages as they come.

Exit 0 where it was taken or came to the stage that was awaited, 1 where it ended otherwise or the
time to wait is over, 2 for what is wrong, 3 where it is refused, 4 where no station answers, 130
after Ctrl-C. The command itself goes on, however the waiting ends.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import completion, options, terminal
from ground.cli.command_rows import (
    as_row,
    constraint,
    show,
    show_constraints,
    show_state,
    show_step,
    step,
)
from ground.cli.output import clean, emit, literal, say
from ground.errors import InputError, Refused

if TYPE_CHECKING:
    from ground.api import Sent, Station


class Service(StrEnum):
    """How frames go: by the route, acknowledged (AD), or once (BD)."""

    auto = "auto"
    AD = "AD"
    BD = "BD"


@dataclass(frozen=True, slots=True)
class _Form:
    """How the outcome is told."""

    as_json: bool
    as_lines: bool

    @property
    def people(self) -> bool:
        return not (self.as_json or self.as_lines)


def send(
    spacecraft: Annotated[
        str, typer.Argument(help="To whom.", autocompletion=completion.spacecraft)
    ],
    command: Annotated[
        str, typer.Argument(help="Its name or path.", autocompletion=completion.commands)
    ],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Arguments as NAME=VALUE.", metavar="NAME=VALUE...")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Not before this UTC time, or as +5m.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="Never after this UTC time, or as +60s.")
    ] = None,
    on_board: Annotated[
        str | None, typer.Option("--on-board", help="Executed on board at this time, or as +2h.")
    ] = None,
    via: Annotated[
        list[str] | None, typer.Option("--via", help="Relay or station it must go by; or direct.")
    ] = None,
    service: Annotated[
        Service, typer.Option("--service", help="AD is acknowledged, BD goes once.")
    ] = Service.auto,
    priority: Annotated[int, typer.Option("--priority", min=0, max=3, help="3 is urgent.")] = 1,
    hold: Annotated[bool, typer.Option("--hold", help="Wait until it is released.")] = False,
    repeat: Annotated[
        bool, typer.Option("--repeat", help="The same again, shortly after, is meant.")
    ] = False,
    override: Annotated[
        str, typer.Option("--override", help="Why constraints may be passed over.")
    ] = "",
    target: Annotated[
        str, typer.Option("--target", help="The target's name once more, for what is hazardous.")
    ] = "",
    wait: Annotated[
        str | None, typer.Option("--wait", help="Until a stage, as RADIATED or COMPLETED.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0.0, help="Seconds to wait at most.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be; send nothing.")
    ] = False,
    request: Annotated[
        str, typer.Option("--request", help="32 hex digits: asked twice, it is taken once.")
    ] = "",
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Send a command: it is authorised, checked, queued, routed and released by the station."""
    from ground import clock
    from ground.api import Station

    now = clock.now_ns()
    stage, form = _stage(wait), _Form(as_json, as_lines)
    given = _arguments(arguments or [])
    more: dict[str, Any] = {
        "not_before_ns": options.moment(at, now) or 0,
        "expires_ns": options.moment(expires, now) or 0,
        "on_board_ns": options.moment(on_board, now) or 0,
        "via": via or [], "service": service.value, "priority": priority, "hold": hold,
        "repeat": repeat, "override": override,
    }  # fmt: skip
    with Station.connect(home, realm, key=key) as station:
        if not target and not dry_run and terminal.present():
            target = _typed(station, spacecraft, command, given, more)
        sent = station.send(
            spacecraft, command, given, request=_request(request), typed=target,
            dry_run=dry_run, **more,
        )  # fmt: skip
        if form.people:
            _introduce(sent, now, via or [], dry_run=dry_run)
        reached = stage is None or dry_run or _follow(sent, stage, timeout, form)
    _conclude(sent, form, dry_run=dry_run)
    if sent.wrong:
        raise typer.Exit(Refused.exit_code)
    if not reached:
        raise typer.Exit(1)


def _typed(
    station: Station, spacecraft: str, command: str, given: dict[str, str], more: dict[str, Any]
) -> str:
    """Return the target's name as a person types it, where the command is hazardous."""
    probe = station.send(spacecraft, command, given, typed=spacecraft, dry_run=True, **more)
    if probe.row.hazard == "H0" or probe.wrong:
        return ""
    known = station.commands(spacecraft).commands
    reason = next((each.reason for each in known if each.path == probe.row.path), "")
    show(probe.row)
    say(f"[bold]hazardous[/bold]  {literal(reason)}")
    return terminal.ask(f"Type the name of the target to send it ({spacecraft})")


def _introduce(sent: Sent, now: int, via: list[str], *, dry_run: bool) -> None:
    from ground.cli import route_rows

    show(sent.row)
    show_constraints(sent.constraints)
    if sent.routes:
        say()
        route_rows.show(sent.routes, now)
        say()
    elif not sent.row.ended and not sent.wrong:
        way = " ".join(["ground route", sent.row.spacecraft, *(f"--via {v}" for v in via)])
        say(f"[yellow]no way is known now[/yellow]: `{literal(way)}` says why")
    for each in sent.wrong:
        say(f"[bold red]would be refused: {literal(each)}[/bold red]")
    if not dry_run:
        show_state(sent.row)


def _follow(sent: Sent, stage: str, timeout_s: float | None, form: _Form) -> bool:
    """Tell stages as they come; return whether the one awaited did."""
    with _going_on(sent):
        try:
            for each in sent.follow(stage, timeout_s=timeout_s):
                if form.people:
                    show_step(each)
                elif form.as_lines:
                    row = {"command": sent.id, **step(each)}
                    emit("send", [row], (), as_lines=True)
                    sys.stdout.flush()
        except TimeoutError as error:
            _tell(f"{error}; it goes on: `ground history {sent.id}`")
            return False
    return sent.reached(stage)


@contextmanager
def _going_on(sent: Sent) -> Iterator[None]:
    """Say that the command goes on, where a person stops waiting for it."""
    try:
        yield
    except KeyboardInterrupt:
        _tell(f"\nno longer waiting; {sent.id} goes on: `ground history {sent.id}`")
        raise


def _conclude(sent: Sent, form: _Form, *, dry_run: bool) -> None:
    from ground.cli import route_rows

    if form.as_lines:
        emit("send", [as_row(sent.row)], (), as_lines=True)
    elif form.as_json:
        beside = {
            "dry_run": dry_run,
            "constraints": [constraint(each) for each in sent.constraints],
            "routes": [route_rows.as_row(each) for each in sent.routes],
            "wrong": sent.wrong,
        }
        counts = {"taken": int(not dry_run), "wrong": len(sent.wrong)}
        emit("send", [as_row(sent.row)], (), as_json=True, counts=counts, beside=beside)
    elif sent.row.ended:
        show_state(sent.row)


def _stage(text: str | None) -> str | None:
    from ground.api.sent import STAGES

    if text is None:
        return None
    if text.upper() not in STAGES:
        raise InputError(f"--wait {text!r}; expected one of {', '.join(STAGES)}")
    return text.upper()


def _arguments(texts: list[str]) -> dict[str, str]:
    """Return arguments by name; InputError where one is no NAME=VALUE, or named twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise InputError(f"argument {text!r}; expected NAME=VALUE")
        if name in found:
            raise InputError(f"argument {name!r} twice; expected each once")
        found[name] = value
    return found


def _request(text: str) -> str:
    if text and (len(text) != 32 or not set(text) <= set("0123456789abcdef")):
        raise InputError(f"--request {text!r}; expected 32 digits of 0-9 and a-f")
    return text


def _tell(text: str) -> None:
    for line in text.splitlines():
        typer.echo(clean(line), err=True)
