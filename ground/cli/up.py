"""`ground up`: a mission's station on this machine; `ground service`: one process of it."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ground.cli import options
from ground.cli.output import literal, say

if TYPE_CHECKING:
    from ground.settings import Mission

_Mission = Annotated[str, typer.Argument(help="A mission file, or a shipped mission.")]
_Log = Annotated[
    str | None, typer.Option("--log", help="people or json; without, as the terminal is one.")
]
_Prometheus = Annotated[
    str | None, typer.Option("--prometheus", help="HOST:PORT on which metrics are read.")
]


def up(
    mission: _Mission,
    realm: options.Realm = "live",
    display: Annotated[
        bool, typer.Option("--display/--no-display", help="Serve consoles as well.")
    ] = True,
    log: _Log = None,
    prometheus: _Prometheus = None,
    home: options.Home = None,
) -> None:
    """Run a mission's station: gateway, processor, display, commanding, InfluxDB's senders.

    A service that ends is started again. SIGTERM or Ctrl-C stops all of them in order, and the
    exit code is then 0; a second one kills them.
    """
    from ground import settings
    from ground.bus.guard import Context
    from ground.cli import logs
    from ground.services import station
    from ground.services.notify import Notifier

    found, root = settings.find(mission), (home or settings.home()).absolute()
    _held_to_form(prometheus if prometheus is not None else found.station.prometheus)
    logs.start(log)
    more = [*_given("--log", log), *_given("--prometheus", prometheus)]
    command = partial(_command, found, root, realm, more)
    groups, context = station.services(found, display=display), Context()
    notifier = Notifier(os.environ)
    try:
        made = station.Station(found, root, realm, groups, command, context, notifier, _tell)
        try:
            made.run()
        finally:
            made.close()
    finally:
        context.destroy(linger=500)


def service(
    name: Annotated[
        str, typer.Argument(help="gateway, processor, display, commanding or influx-NAME.")
    ],
    mission: _Mission,
    realm: options.Realm = "live",
    child: Annotated[
        bool, typer.Option("--child", help="End when standard input does.", hidden=True)
    ] = False,
    log: _Log = None,
    prometheus: _Prometheus = None,
    home: options.Home = None,
) -> None:
    """Run one service of a station in this process."""
    from ground import settings
    from ground.bus.addresses import Run
    from ground.cli import logs
    from ground.services import child as children

    if child:
        children.end_with_parent()
    found, root = settings.find(mission), (home or settings.home()).absolute()
    if prometheus is not None:
        station = found.station.model_copy(update={"prometheus": prometheus})
        found = found.model_copy(update={"station": station})
    logs.start(log)
    run = _main(name, found)
    patience_s = children.WAIT_S if child else 0.0
    with _told_failures(name), children.only(Run(root, realm).folder, name, patience_s):
        run(root, realm)


@contextmanager
def _told_failures(name: str) -> Iterator[None]:
    """Log why a service failed, as it logs all else, and end with the exit code of that."""
    import structlog

    from ground.errors import GroundError

    log = structlog.get_logger()
    try:
        yield
    except GroundError as error:
        log.error("service.failed", service=name, why=str(error))
        raise typer.Exit(error.exit_code) from None
    except Exception:
        log.critical("service.failed", service=name, why=traceback.format_exc())
        raise typer.Exit(1) from None


def _held_to_form(prometheus: str | None) -> None:
    """Refuse an address of metrics that is none before a service would, again and again."""
    if prometheus is not None:
        from ground.services import metrics

        metrics.place(prometheus)


def _command(mission: Mission, home: Path, realm: str, more: list[str], name: str) -> list[str]:
    """Return the words behind `ground` that start a service."""
    where = [str(mission.path.absolute()), "--realm", realm, "--home", str(home)]
    return ["service", name, *where, "--child", *more]


def _given(name: str, value: str | None) -> list[str]:
    return [] if value is None else [name, value]


def _tell(line: str) -> None:
    """Print a line now; a reader that has gone away stops no station."""
    with suppress(OSError):
        say(literal(line))
        sys.stdout.flush()


def _main(name: str, mission: Mission) -> Callable[[Path, str], None]:
    """Return what runs a service of a mission, importing no other."""
    from ground.errors import InputError
    from ground.services.pump import Pump

    if name == "gateway":
        from ground.services.gateway import Gateway

        return lambda home, realm: Gateway(mission, home, realm).run()
    if name == "processor":
        from ground.services import processor

        return lambda home, realm: processor.main(mission, home, realm, Pump())
    if name == "display":
        from ground.services import display

        return lambda home, realm: display.main(mission, home, realm, Pump())
    if name == "commanding":
        from ground.services import commanding

        return lambda home, realm: commanding.main(mission, home, realm, Pump())
    if name.startswith("influx-"):
        return partial(_influx, mission, name.removeprefix("influx-"))
    raise InputError(
        f"service {name!r}; expected gateway, processor, display, commanding or influx-NAME"
    )


def _influx(mission: Mission, name: str, home: Path, realm: str) -> None:
    from ground.services import influx

    service = influx.InfluxService(mission, influx.chosen(mission, name), home, realm)
    try:
        service.run()
    finally:
        service.close()
