"""`ground gaps`: what is missing; exit 1 where anything is."""

from __future__ import annotations

import typer

from ground.cli import options
from ground.cli.output import TO_SECOND, Heading, emit

_GAPS = [
    Heading("kind", "missing"),
    Heading("spacecraft", "spacecraft"),
    Heading("vcid", "VC", True),
    Heading("apid", "APID", True),
    Heading("after", "after", True),
    Heading("before", "before", True),
    Heading("missing", "count", True),
    Heading("from", "from (UTC)", time=TO_SECOND),
    Heading("until", "until (UTC)", time=TO_SECOND),
]


def gaps(
    spacecraft: options.Spacecraft = None,
    start: options.Start = None,
    end: options.End = None,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show missing packets of each APID and missing frames of each channel; exit 1 if there are."""
    from ground.services import listing

    span = options.span(realm, spacecraft, start, end)
    with options.open_archive(home, realm, spacecraft) as store:
        rows = list(listing.gaps(store, span))
    counts = {
        kind: sum(row["missing"] for row in rows if row["kind"] == kind)
        for kind in ("packets", "frames")
    }
    emit("gaps", rows, _GAPS, as_json=as_json, as_lines=as_lines, counts=counts, empty="no gaps")
    if rows:
        raise typer.Exit(1)
