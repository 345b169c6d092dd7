"""`ground route`: which way a command would take, why, and what else there is; exit 1 for none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ground.cli import options
from ground.cli.output import clean, emit
from ground.cli.route_rows import as_row, show
from ground.errors import InputError

if TYPE_CHECKING:
    from ground.messages import PlanRoute, RoutesPlanned

SECOND_NS = 10**9
USUAL_OCTETS = 64


def route(
    places: Annotated[
        list[str],
        typer.Argument(
            help="MISSION SPACECRAFT, or SPACECRAFT alone to ask the running station; "
            "with --plan, SOURCE TARGET.",
            metavar="[MISSION] SPACECRAFT",
        ),
    ],
    octets: Annotated[
        int, typer.Option("--octets", min=1, max=1 << 30, help="Of the frames that go.")
    ] = USUAL_OCTETS,
    at: Annotated[
        str | None, typer.Option("--at", help="Sent at this UTC time, or as +2h; now without.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="It must arrive by then: a time, or +60s.")
    ] = None,
    via: Annotated[
        list[str] | None, typer.Option("--via", help="Relay or station it must go by; or direct.")
    ] = None,
    count: Annotated[
        int, typer.Option("--alternatives", min=0, max=20, help="How many others to show.")
    ] = 3,
    priority: Annotated[int, typer.Option("--priority", min=0, max=3)] = 1,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="In this contact plan: JSON, ION text, .cp.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="What second 0 of it is; --at without.")
    ] = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Show the way that a command would take hop by hop, why, and when it arrives."""
    from ground import clock
    from ground.messages import PlanRoute

    now = clock.now_ns()
    at_ns = options.moment(at, now) or now
    not_after_ns = options.moment(expires, at_ns) or 0
    if len(places) != 2 and (plan is not None or len(places) != 1):
        expected = "SOURCE TARGET" if plan else "MISSION SPACECRAFT, or SPACECRAFT alone"
        raise InputError(f"route {' '.join(places)}; expected {expected}")
    asked = PlanRoute(places[-1], octets, at_ns, not_after_ns, priority, via or [], count)
    if plan is not None:
        found = _in_plan(plan, places[0], asked, options.moment(reference, now) or at_ns)
    elif len(places) == 2:
        found = _computed(places[0], asked)
    else:
        found = _of_station(home, realm, asked)
    _show(found, at_ns, as_json=as_json)


def _in_plan(path: Path, source: str, asked: PlanRoute, reference_ns: int) -> RoutesPlanned:
    """Return ways through an imported plan, with COP-1 set as for a usual spacecraft."""
    from ground.services import plan_files
    from ground.services.plan_routes import plan_routes

    if asked.via:
        raise InputError("--via with --plan; expected a mission, whose relays are known")
    return plan_routes(plan_files.read(path, reference_ns=reference_ns), source, asked)


def _computed(mission: str, asked: PlanRoute) -> RoutesPlanned:
    from ground import settings
    from ground.services.plan_routes import mission_routes

    return mission_routes(settings.find(mission), asked)


def _of_station(home: Path | None, realm: str, asked: PlanRoute) -> RoutesPlanned:
    from ground.api import Station

    with Station.connect(home, realm) as station:
        return station.route(asked)


def _show(found: RoutesPlanned, at_ns: int, *, as_json: bool) -> None:
    if as_json:
        rows = [as_row(each) for each in found.routes]
        counts = {"routes": len(rows)}
        emit("route", rows, (), as_json=True, counts=counts, beside={"why": found.why})
    elif found.routes:
        show(found.routes, at_ns)
    if not found.routes:
        typer.echo(clean(f"no route: {found.why}"), err=True)
        raise typer.Exit(1)
