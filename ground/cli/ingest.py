"""`ground ingest`: a recording becomes a queryable archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.output import Heading, emit, literal, say
from ground.cli.progress import bar

if TYPE_CHECKING:
    from ground.services.tally import Tally

_ROWS = [
    Heading("packet_type", "packet type"),
    Heading("packets", "packets", True),
]


def ingest(
    files: Annotated[list[Path], typer.Argument(help="Recordings: packets, frames or CADUs.")],
    mission: Annotated[
        str | None, typer.Option("--mission", "-m", help="A mission file, or a shipped mission.")
    ] = None,
    link: Annotated[
        str | None, typer.Option("--link", "-l", help="The mission's link that made the recording.")
    ] = None,
    database: Annotated[
        Path | None, typer.Option("--database", "-d", help="For bare packets: their database.")
    ] = None,
    root: Annotated[
        str | None, typer.Option("--root", help="Root container, where the database has several.")
    ] = None,
    spacecraft: Annotated[
        str | None, typer.Option("--spacecraft", "-s", help="For bare packets: whose they are.")
    ] = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Ingest recordings: check, decode, calibrate and judge them into the archive.

    Ingesting a file again changes nothing. Exit 1 where something was rejected, is missing or is
    out of limits: the report says what.
    """
    from ground.services import ingest as service

    with options.open_to_write(home, make=True) as store:
        job = _job(store, mission, link, database, root, spacecraft, realm)
        tallies = []
        for path in files:
            with bar(f"ingest {literal(path.name)}", quiet=as_json) as progress:
                tallies.append(service.ingest(store, job(path), progress))
            if not as_json:
                report(path, tallies[-1])
    if as_json:
        rows = [
            {"file": str(path), "already": each.repeated, **each.as_json()}
            for path, each in zip(files, tallies, strict=True)
        ]
        counts = {"files": len(rows), "samples": sum(each.samples for each in tallies)}
        emit("ingest", rows, (), as_json=True, counts=counts)
    if any(each.findings for each in tallies):
        raise typer.Exit(1)


def _job(
    store: Any,
    mission: str | None,
    link: str | None,
    database: Path | None,
    root: str | None,
    spacecraft: str | None,
    realm: str,
) -> Any:
    """Return what makes the job of a file: the mission's link, or bare packets."""
    from ground import settings, warmup
    from ground.errors import InputError
    from ground.services import missions
    from ground.services.ingest import Job
    from ground.services.library import Library

    library = Library(store)
    found = None
    if mission is not None:
        found = settings.find(mission)
        chosen = missions.link(found, link)
        crafts = missions.crafts(found, library)
        if chosen.frame == "packets":
            crafts.only = missions.whose(found, spacecraft)
    elif spacecraft is None:
        raise InputError("--spacecraft is not given; expected it, or --mission with the link")
    else:
        chosen = settings.Link(name="packets", kind="memory", frame="packets")
        crafts = missions.alone(spacecraft, database, root, library)
    digest = missions.digest(chosen, crafts, found)
    warmup.load()
    return lambda path: Job(path, chosen, crafts, realm, digest)


def report(path: Path, tally: Tally) -> None:
    """Print what an ingest saw, for people."""
    name = literal(str(path))
    if tally.repeated:
        say(f"[bold]{name}[/bold]  already in the archive; nothing changed")
        return
    say(f"[bold]{name}[/bold]")
    for stage, counts in tally.stages.items():
        dropped = ", ".join(f"{number} {reason}" for reason, number in counts.dropped.items())
        say(f"  {stage:<8} {counts.given:>9} in {counts.out:>9} out   {dropped or 'none'} dropped")
    if tally.corrected:
        say(f"  {tally.corrected} symbols mended by the Reed-Solomon code")
    rows = ({"packet_type": kind, "packets": number} for kind, number in tally.by_type.items())
    emit("ingest", rows, _ROWS)
    say(f"  {tally.samples} samples stored")
    for line in _findings(tally):
        say(f"  [yellow]{line}[/yellow]")


def _findings(tally: Tally) -> list[str]:
    lines = [f"{number} {what} missing" for what, number in tally.gaps.items()]
    if tally.fragments:
        reasons = ", ".join(f"{number} {reason}" for reason, number in tally.fragments.items())
        lines.append(f"pieces that belong to no whole packet: {reasons}; kept")
    if tally.units:
        lines.append(f"{tally.units} data units of frames that carry no packets; kept")
    lines += [f"{number} {what} belong to no frame" for what, number in tally.lost.items()]
    lines += [f"{number} values at {severity}" for severity, number in tally.violations.items()]
    for name in dict.fromkeys(name for name, _ in tally.unknown):
        apids = {apid: number for (each, apid), number in tally.unknown.items() if each == name}
        shown = ", ".join(map(str, sorted(apids)[:8])) + (", …" if len(apids) > 8 else "")
        lines.append(
            f"{literal(name)}: {sum(apids.values())} packets of {len(apids)} APIDs ({shown}) "
            "that no definition describes; kept"
        )
    for kind, (number, bits) in tally.long.items():
        lines.append(f"{literal(kind)}: {number} packets with {bits} bits left over")
    for kind, (number, bits) in tally.short.items():
        lines.append(f"{literal(kind)}: {number} packets that end {-bits} bits early")
    return lines
