"""`ground packets`: what the archive holds, packet by packet or by APID, and what was rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ground.cli import options
from ground.cli.output import TO_MILLISECOND, TO_SECOND, Heading, emit

_SUMMARY = [
    Heading("spacecraft", "spacecraft"),
    Heading("vcid", "VC", True),
    Heading("apid", "APID", True),
    Heading("packet_type", "packet type"),
    Heading("packets", "packets", True),
    Heading("missing", "missing", True),
    Heading("complete", "complete %", True),
    Heading("last", "last (UTC)", time=TO_SECOND),
]
_LIST = [
    Heading("time", "time (UTC)", time=TO_MILLISECOND),
    Heading("spacecraft", "spacecraft"),
    Heading("vcid", "VC", True),
    Heading("apid", "APID", True),
    Heading("sequence", "sequence", True),
    Heading("length", "octets", True),
    Heading("packet_type", "packet type"),
    Heading("noticed", "noticed"),
    Heading("octets", "first octets"),
]
_REJECTS = [
    Heading("spacecraft", "spacecraft"),
    Heading("stage", "stage"),
    Heading("reason", "reason"),
    Heading("clause", "clause"),
    Heading("vcid", "VC", True),
    Heading("name", "file"),
    Heading("offset", "offset", True),
    Heading("length", "octets", True),
    Heading("octets", "first octets"),
]
_STATIONS = [
    Heading("link", "link"),
    Heading("frames", "frames", True),
    Heading("only", "only here", True),
    Heading("bad", "bad CRC", True),
    Heading("corrected", "symbols mended", True),
    Heading("first", "first (UTC)", time=TO_SECOND),
    Heading("last", "last (UTC)", time=TO_SECOND),
]


def packets(
    spacecraft: options.Spacecraft = None,
    apid: Annotated[int | None, typer.Option("--apid", min=0, max=2055)] = None,
    start: options.Start = None,
    end: options.End = None,
    listed: Annotated[bool, typer.Option("--list", help="Each packet, not a summary.")] = False,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="What was rejected, and why.")
    ] = False,
    by_station: Annotated[
        bool, typer.Option("--stations", help="Frames by link, and which had what alone.")
    ] = False,
    realm: options.Realm = "live",
    limit: options.Limit = 20,
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show which packets the archive holds; `--rejected` shows what it kept of the rest."""
    from ground.services import listing, stations

    span = options.span(realm, spacecraft, start, end, limit)
    with options.open_archive(home, realm, spacecraft) as store:
        if by_station:
            rows, headings = stations.summary(store, span), _STATIONS
        elif rejected:
            rows, headings = listing.rejects(store, span), _REJECTS
        elif listed:
            rows, headings = listing.packets(store, span, apid), _LIST
        else:
            rows, headings = listing.summary(store, span, apid), _SUMMARY
        if not (as_json or as_lines):
            rows = map(_shown, rows)
        emit("packets", rows, headings, as_json=as_json, as_lines=as_lines)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what only its table shows."""
    path, noticed = row.get("path"), row.get("flags")
    return row | {
        "name": Path(path).name if path else None,
        "noticed": ", ".join(noticed) if isinstance(noticed, list) else None,
    }
