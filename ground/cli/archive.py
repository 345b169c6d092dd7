"""`ground export` and `ground compact`: the archive out to files, and the archive put in order."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ground.cli import options
from ground.cli.output import Heading, emit, literal
from ground.cli.progress import bar


class Form(StrEnum):
    """The file formats of `ground export`."""

    csv = "csv"
    parquet = "parquet"
    arrow = "arrow"


def export(
    parameters: Annotated[list[str], typer.Argument(help="Names or globs of parameters.")],
    to: Annotated[Path, typer.Option("--to", help="File to write; its ending gives the format.")],
    form: Annotated[
        Form | None, typer.Option("--format", help="Where the ending does not.")
    ] = None,
    spacecraft: options.Spacecraft = None,
    start: options.Start = None,
    end: options.End = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Write parameters of one packet type to a CSV, Parquet or Arrow file, raw and calibrated."""
    from ground.services import exporting
    from ground.services.library import Library

    span = options.span(realm, spacecraft, start, end)
    with (
        options.open_archive(home, realm, spacecraft) as store,
        bar(f"export to {literal(to.name)}", quiet=as_json) as progress,
    ):
        written = exporting.export(
            store, Library(store), parameters, span, to, form.value if form else None, progress
        )
    headings = [
        Heading("path", "file"),
        Heading("rows", "rows", True),
        Heading("columns", "columns", True),
        Heading("octets", "octets", True),
    ]
    emit("export", [written], headings, as_json=as_json)


def compact(
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file and check its checksums as well.")
    ] = False,
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Merge what has come in into day files; `--verify` then reads all of it; exit 1 if damaged."""
    with options.open_to_write(home) as store:
        with bar("compact", quiet=as_json) as progress:
            done = store.compact(progress)
        row = {name: getattr(done, name) for name in done.__slots__}
        headings = [Heading(name, name.replace("_", " "), True) for name in row]
        damaged = []
        if verify:
            with bar("verify", quiet=as_json) as progress:
                damaged = store.verify(progress)
    if not damaged:
        emit("compact", [row], headings, as_json=as_json, counts={"damaged": 0})
        return
    rows = [{"path": each.path, "what": each.what} for each in damaged]
    titles = [Heading("path", "damaged file"), Heading("what", "what is wrong")]
    emit("compact", rows, titles, as_json=as_json, counts=row | {"damaged": len(rows)})
    raise typer.Exit(1)
