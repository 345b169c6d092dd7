"""`ground check`: every problem of a mission file or a database, with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ground.cli import options
from ground.cli.output import Heading, emit, literal, say

_PROBLEMS = [
    Heading("where", "where"),
    Heading("gravity", "gravity"),
    Heading("message", "what was found; what was expected"),
]


def check(
    path: Annotated[Path, typer.Argument(help="A mission file, an XTCE database or a dictionary.")],
    schema: Annotated[
        Path | None,
        typer.Option("--schema", help="XTCE schema (XSD) to hold the database against."),
    ] = None,
    as_json: options.Json = False,
    as_lines: options.Lines = False,
) -> None:
    """Check a mission file or a database; exit 1 with warnings, 2 with errors."""
    from ground.mdb.model import Gravity
    from ground.services.check import check as problems_of

    problems = problems_of(path, schema)
    counts = {each.value: sum(p.gravity is each for p in problems) for each in Gravity}
    rows = (
        {
            "where": str(each.where),
            "source": each.where.source,
            "line": each.where.line,
            "gravity": each.gravity.value,
            "message": each.message,
        }
        for each in problems
    )
    if problems or as_json or as_lines:
        emit("check", rows, _PROBLEMS, as_json=as_json, as_lines=as_lines, counts=counts)
    else:
        say(f"{literal(str(path))}: no problems")
    if counts[Gravity.ERROR.value]:
        raise typer.Exit(2)
    if problems:
        raise typer.Exit(1)
