"""The options that several commands share, so that each means the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.errors import InputError

if TYPE_CHECKING:
    from ground.services.query import Span

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Lines = Annotated[bool, typer.Option("--jsonl", help="Stream one JSON object a line.")]
Realm = Annotated[
    str,
    typer.Option(
        "--realm", help="live, sim/NAME or replay/ID.", envvar="GROUND_REALM", show_envvar=True
    ),
]
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
Key = Annotated[str, typer.Option("--key", help="Whose key to ask with, of this home's keyring.")]
Limit = Annotated[
    int,
    typer.Option("--limit", "-n", min=0, help="Rows for each parameter or in all; 0 is no end."),
]

LONGEST_S = 366 * 86_400  # that a time may lie after now


def instant(text: str | None) -> int | None:
    """Return a UTC time that was typed, in nanoseconds TAI; InputError where it is none."""
    if text is None:
        return None
    from protocols import times

    try:
        return times.parse(text, "utc")
    except ValueError:
        expected = "a UTC time as 2026-11-22T10:00:00 or 2026-326T10:00:00"
        raise InputError(f"{text!r}: no time; expected {expected}") from None


def moment(text: str | None, now_ns: int) -> int | None:
    """Return a UTC time that was typed, or one after now, as +90s, +5m, +2h or +1d."""
    if text is None or not text.startswith("+"):
        return instant(text)
    span = _SPAN.fullmatch(text)
    seconds = float(span[1]) * _UNITS[span[2]] if span else -1.0
    if not 0 <= seconds <= LONGEST_S:
        raise InputError(f"{text!r}: no span; expected one as +90s, +5m, +2h or +1d, up to a year")
    return now_ns + round(seconds * 10**9)


_SPAN = re.compile(r"\+(\d{1,9}(?:\.\d{1,9})?)(s|m|h|d|)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def none_before(context: typer.Context) -> None:
    """Refuse options that stand before the name of an act, where nobody would hear them."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is not None and source.name == "COMMANDLINE":
            found = f"{option.opts[0]} before {context.invoked_subcommand}"
            raise InputError(f"{found}: it would not be heard; expected behind it")


def open_archive(home: Path | None, realm: str, spacecraft: list[str] | None = None) -> Any:
    """Open the archive below `home` to read a realm of it, and there these spacecraft.

    Raises:
        InputError: there is no archive, or nothing in this realm or of a spacecraft in it.
    """
    from ground.archive.embedded import EmbeddedStore

    store = EmbeddedStore.open(_existing(home), write=False)
    tables = store.tables()
    try:
        _in_archive("realm", [realm], {table.realm for table in tables})
        here = [table for table in tables if table.realm == realm]
        _in_archive("spacecraft", spacecraft, {name for each in here for name in each.spacecraft})
    except InputError:
        store.close()
        raise
    return store


def among(asked: list[str] | None, known: Iterable[str]) -> None:
    """Refuse a spacecraft that a running station does not know."""
    listed = sorted(known)
    for name in asked or ():
        if name not in listed:
            raise InputError(f"spacecraft {name!r}; expected one of {', '.join(listed)}")


def _in_archive(what: str, asked: list[str] | None, known: set[str]) -> None:
    """Refuse a name of which the archive has nothing."""
    for name in asked or ():
        if name not in known:
            listed = ", ".join(sorted(known)) or "none yet, as the archive is empty"
            raise InputError(f"{what} {name!r}: nothing in the archive; expected one of {listed}")


def open_to_write(home: Path | None, *, make: bool = False) -> Any:
    """Open the archive below `home` to write; `make` it where there is none.

    Raises:
        InputError: there is no archive.
        Refused: another process writes.
    """
    from ground.archive.embedded import EmbeddedStore

    return EmbeddedStore.open(_root(home) if make else _existing(home), write=True)


def _root(home: Path | None) -> Path:
    from ground.settings import home as default_home

    return (home or default_home()) / "archive"


def _existing(home: Path | None) -> Path:
    root = _root(home)
    if not root.is_dir():
        raise InputError(f"{root}: no archive here; expected one made by `ground ingest`")
    return root


def span(
    realm: str,
    spacecraft: list[str] | None,
    start: str | None,
    end: str | None,
    limit: int | None = None,
) -> Span:
    """Return which rows of the archive were asked for; a limit of 0 is none."""
    from ground.services.query import Span

    chosen = tuple(spacecraft) if spacecraft else None
    return Span(realm, chosen, instant(start), instant(end), limit or None)
