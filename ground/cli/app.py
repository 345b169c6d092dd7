"""The commands by name. Each module imports what it needs only when its command runs."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from ground.cli import (
    alarms,
    approve,
    archive,
    authority,
    book,
    check,
    console,
    contacts,
    demo,
    gaps,
    gateway,
    history,
    influx,
    ingest,
    keys,
    ledger,
    packets,
    query,
    queue,
    replay,
    route,
    send,
    simulate,
    status,
    up,
    watch,
)

PANELS = {
    "A station": ("demo", "check", "up", "console", "status", "watch", "alarms"),
    "Commanding": (
        *("send", "approve", "queue", "history", "authority", "directive"),
        *("contacts", "route", "book", "ledger"),
    ),
    "The archive": ("ingest", "packets", "query", "gaps", "export", "compact", "replay", "influx"),
    "Beside a station": ("keys", "gateway", "simulate"),
}
"""The commands in the order of `ground --help`: what is needed first stands first."""


class _Commands(TyperGroup):
    """The commands, done in peace where the reader of their output (`| head`) has seen enough."""

    def list_commands(self, ctx: Any) -> list[str]:
        told = [name for names in PANELS.values() for name in names]
        return [*told, *(name for name in self.commands if name not in told)]

    def invoke(self, ctx: Any) -> Any:
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None


app = typer.Typer(
    cls=_Commands,
    help="Ground control and telemetry station: telemetry in, judged values out, commands up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _example(text: str) -> str:
    return f"[bold]Example:[/bold]  {text}"


app.command("check", epilog=_example("ground check configs/chenguang1/mission.toml"))(check.check)
app.command(
    "ingest", epilog=_example("ground ingest pass.cadu --mission chenguang1 --link recording")
)(ingest.ingest)
app.command("packets", epilog=_example("ground packets --spacecraft CG-1 --list --limit 10"))(
    packets.packets
)
app.command("query", epilog=_example("ground query '/CG1/EPS/*' --spacecraft CG-1 --plot"))(
    query.query
)
app.command("gaps", epilog=_example("ground gaps --spacecraft CG-1 --json"))(gaps.gaps)
app.command("export", epilog=_example("ground export '/CG1/EPS/*' --to eps.parquet"))(
    archive.export
)
app.command("compact", epilog=_example("ground compact --verify"))(archive.compact)
app.add_typer(influx.app, name="influx", epilog=_example("ground influx status chenguang1"))
app.command("up", epilog=_example("ground up chenguang1 --realm sim/first"))(up.up)
app.command("service", hidden=True)(up.service)
app.command("gateway", epilog=_example("ground gateway chenguang1 --listen tcp://10.0.0.5:7001"))(
    gateway.gateway
)
app.command("console", epilog=_example("ground console --realm sim/demo --screen params"))(
    console.console
)
app.command("status", epilog=_example("ground status --realm sim/demo"))(status.status)
app.command("watch", epilog=_example("ground watch BUS_VOLTAGE --spacecraft CG-1"))(watch.watch)
app.add_typer(alarms.app, name="alarms", epilog=_example("ground alarms ack BUS_VOLTAGE"))
app.command("simulate", epilog=_example("ground simulate chenguang1 --to udp:127.0.0.1:10015"))(
    simulate.simulate
)
app.command("replay", epilog=_example("ground replay chenguang1 --rate 10 --id yesterday"))(
    replay.replay
)
app.command("contacts", epilog=_example("ground contacts chenguang1 --hours 12 --node CG-1"))(
    contacts.contacts
)
app.command("book", epilog=_example("ground book TL-1 CG2-07 --from +10m --until +30m"))(book.book)
app.command("route", epilog=_example("ground route chenguang1 CG-1 --via direct"))(route.route)
app.command(
    "send", epilog=_example("ground send CG-1 CARD_POWER card=3 power=OFF --wait COMPLETED")
)(send.send)
app.command("approve", epilog=_example("ground approve c12 --key olga"))(approve.approve)
app.add_typer(queue.app, name="queue", epilog=_example("ground queue hold c12"))
app.command("history", epilog=_example("ground history c12"))(history.history)
app.add_typer(authority.app, name="authority", epilog=_example("ground authority take CG-1"))
app.command("directive", epilog=_example("ground directive CG-1 init-clcw"))(authority.directive)
app.add_typer(keys.app, name="keys", epilog=_example("ground keys make olga --role operate"))
app.add_typer(ledger.app, name="ledger", epilog=_example("ground ledger verify"))
app.command("demo", epilog=_example("ground demo"))(demo.demo)

_PANEL = {name: panel for panel, names in PANELS.items() for name in names}
for _command in app.registered_commands:
    _command.rich_help_panel = _PANEL.get(str(_command.name))
for _group in app.registered_groups:
    _group.rich_help_panel = _PANEL.get(str(_group.name))
