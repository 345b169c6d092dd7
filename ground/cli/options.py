"""The options that several commands share, so that each means the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ground.errors import InputError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Lines = Annotated[bool, typer.Option("--jsonl", help="Stream one JSON object a line.")]
Realm = Annotated[str, typer.Option("--realm", help="live, sim/NAME or replay/ID.")]
Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the archive.", envvar="GROUND_HOME", show_envvar=True),
]
Spacecraft = Annotated[
    list[str] | None, typer.Option("--spacecraft", "-s", help="Only this one; may be repeated.")
]
Start = Annotated[
    str | None, typer.Option("--from", help="From this UTC time on, as 2026-11-22T10:00:00.")
]
End = Annotated[str | None, typer.Option("--until", help="Until before this UTC time.")]
Limit = Annotated[
    int,
    typer.Option("--limit", "-n", min=0, help="Rows for each parameter or in all; 0 is no end."),
]


def instant(text: str | None) -> int | None:
    """Return a UTC time that was typed, in nanoseconds TAI."""
    if text is None:
        return None
    from protocols import times

    try:
        return times.parse(text, "utc")
    except ValueError as error:
        message = f"{text}: {error}; expected a UTC time as 2026-11-22T10:00:00 or 2026-326T10:00"
        raise InputError(message) from None


def open_archive(home: Path | None, *, write: bool = False) -> Any:
    """Open the archive below `home`; reading one that is not there is an InputError."""
    from ground.archive.embedded import EmbeddedStore
    from ground.settings import home as default_home

    root = (home or default_home()) / "archive"
    if not write and not root.is_dir():
        raise InputError(f"{root}: no archive here; expected one made by `ground ingest`")
    return EmbeddedStore.open(root, write=write)
