"""`ground contacts`: who can reach whom and when; contact plans in and out."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.contact_rows import CONTACTS, ECLIPSES, contact, eclipses, of_plan
from ground.cli.output import emit, literal, say
from ground.errors import InputError

if TYPE_CHECKING:
    from ground.messages import ContactRow
    from ground.relay.plan import Plan

HOUR_NS = 3600 * 10**9
USUAL_H, MOST_H = 24.0, 24.0 * 14


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to show; `plan` is None where only the running station has it."""

    id: str
    rows: list[ContactRow]
    notes: list[str]
    left_out: int = 0
    plan: Plan | None = None


def contacts(
    mission: Annotated[
        str | None,
        typer.Argument(
            help="A mission file or shipped mission; else the running station is asked."
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="From this UTC time on, or as +2h; now without.")
    ] = None,
    hours: Annotated[
        float | None, typer.Option("--hours", min=0.01, max=MOST_H, help="For so long.")
    ] = None,
    node: Annotated[
        list[str] | None, typer.Option("--node", help="Only of this one; may be repeated.")
    ] = None,
    with_eclipses: Annotated[
        bool, typer.Option("--eclipses", help="Show also when spacecraft are in shadow.")
    ] = False,
    imported: Annotated[
        Path | None,
        typer.Option("--import", help="Show this plan instead: JSON, HDTN's, ION text, .cp."),
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="What second 0 of it is; --from without.")
    ] = None,
    export: Annotated[
        str | None, typer.Option("--export", help="Write it to .json, .ion, or - (JSON).")
    ] = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show the contacts of the next hours, and what is doubtful about them.

    With a mission they are computed here; without one, the running station tells its own.
    """
    from ground import clock, settings

    now = clock.now_ns()
    start_ns = options.moment(start, now) if start else now
    assert start_ns is not None
    chosen = settings.find(mission) if mission else None
    if with_eclipses and chosen is None:
        raise InputError("--eclipses without a mission; expected one, as eclipses are computed")
    usual_h = chosen.commanding.horizon_h if chosen else USUAL_H
    end_ns = start_ns + round((hours or usual_h) * HOUR_NS)
    if imported is not None:
        since_ns = options.moment(reference, now) if reference else start_ns
        assert since_ns is not None
        bounded = hours is not None or start is not None
        found = _imported(imported, chosen, since_ns, node or [], bounded, start_ns, end_ns)
    elif chosen is not None:
        found = _computed(chosen, node or [], start_ns, end_ns)
    else:
        found = _asked(home, realm, node or [], start_ns, end_ns)
    if export is not None:
        _export(found, export)
        if export == "-":
            return
    shadows = None
    if with_eclipses and chosen is not None:
        shadows = list(eclipses(chosen, start_ns, end_ns))
    _show(found, shadows, as_json=as_json, as_lines=as_lines)


def _computed(mission: Any, nodes: list[str], start_ns: int, end_ns: int) -> _Found:
    from ground.services.planner import Planner

    horizon = mission.commanding.model_copy(update={"horizon_h": (end_ns - start_ns) / HOUR_NS})
    planner = Planner(mission.model_copy(update={"commanding": horizon}))
    planner.refresh(start_ns)
    plan = planner.plan
    assert plan is not None
    rows = planner.contacts(nodes, start_ns, end_ns)
    return _Found(plan.id, rows, planner.doubts(start_ns), plan=plan)


def _asked(home: Path | None, realm: str, nodes: list[str], start_ns: int, end_ns: int) -> _Found:
    from ground.api import Station

    with Station.connect(home, realm) as station:
        found = station.contacts(nodes, start_ns, end_ns)
    return _Found(found.plan, found.contacts, found.notes, found.left_out)


def _imported(
    path: Path, mission: Any, since_ns: int, nodes: list[str], bounded: bool, *span: int
) -> _Found:
    """Return a plan of a file, whole unless a time was asked for."""
    from ground.relay.plan import FOREVER_NS
    from ground.services import geometry, plan_files

    known = geometry.graph(mission, geometry.sky(mission)) if mission else ()
    plan = plan_files.read(path, reference_ns=since_ns, nodes=known)
    start_ns, end_ns = span if bounded else (-FOREVER_NS, FOREVER_NS)
    return _Found(plan.id, list(of_plan(plan, nodes, start_ns, end_ns)), [], plan=plan)


def _export(found: _Found, to: str) -> None:
    from ground.services import plan_files

    if found.plan is None:
        raise InputError("--export of a running station; expected a mission or --import")
    text = plan_files.write(found.plan, ".json" if to == "-" else Path(to).suffix)
    if to == "-":
        sys.stdout.write(text)
    else:
        Path(to).write_text(text)


def _show(
    found: _Found, shadows: list[dict[str, Any]] | None, *, as_json: bool, as_lines: bool
) -> None:
    rows = [contact(each) for each in found.rows]
    counts = {"contacts": len(rows), "left_out": found.left_out}
    beside = {"plan": found.id, "notes": found.notes, "eclipses": shadows or []}
    if as_json:
        emit("contacts", rows, (), as_json=True, counts=counts, beside=beside)
        return
    emit("contacts", rows, CONTACTS, as_lines=as_lines, empty="no contacts")
    if shadows is not None:
        emit("contacts", shadows, ECLIPSES, as_lines=as_lines, empty="no eclipses")
    if not as_lines:
        if found.left_out:
            say(f"{found.left_out} more; expected a shorter time or --node")
        for note in found.notes:
            say(f"[yellow]doubtful:[/yellow] {literal(note)}")
