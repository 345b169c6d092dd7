"""`ground book`: terminals of relays are booked, cancelled, and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.contact_rows import span
from ground.cli.output import TO_SECOND, Heading, emit, literal, say
from ground.errors import InputError

if TYPE_CHECKING:
    from ground.messages import BookingRow

_BOOKINGS = [
    Heading("booking", "id", whole=True),
    Heading("relay", "relay", whole=True),
    Heading("spacecraft", "spacecraft", whole=True),
    Heading("start", "start (UTC)", time=TO_SECOND),
    Heading("end", "end (UTC)", time=TO_SECOND),
    Heading("duration_s", "s", True),
    Heading("priority", "priority", True),
    Heading("by", "by"),
    Heading("reason", "reason", aside=True),
]


def book(
    places: Annotated[
        list[str] | None,
        typer.Argument(help="Of which relay, for which spacecraft; neither to see what is booked."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="From this UTC time on, or as +10m; now without.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--until", help="Until this UTC time, or as +30m from now.")
    ] = None,
    priority: Annotated[
        int, typer.Option("--priority", min=0, max=3, help="Lower ones give way.")
    ] = 1,
    reason: Annotated[str, typer.Option("--reason", help="What for; it is on record.")] = "",
    cancel: Annotated[str, typer.Option("--cancel", help="Give up this one, as b12.")] = "",
    key: options.Key = "operator",
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Keep a terminal of a relay for a spacecraft; without arguments, show who has which."""
    from ground import clock
    from ground.api import Station

    names, now = places or [], clock.now_ns()
    if len(names) not in (0, 2) or (cancel and names):
        found = " ".join(names) + (f" --cancel {cancel}" if cancel else "")
        raise InputError(f"book {found}; expected RELAY SPACECRAFT, --cancel ID, or nothing")
    start_ns, end_ns = options.moment(start, now) or now, options.moment(end, now)
    if names and end_ns is None:
        raise InputError("book without --until; expected until when, as +30m")
    with Station.connect(home, realm, key=key) as station:
        if cancel:
            station.cancel_booking(cancel, reason)
            _cancelled(cancel, as_json)
        elif end_ns is not None and names:
            more = {"priority": priority, "reason": reason}
            made = station.book(names[0], names[1], start_ns, end_ns, **more)
            _made(made.booking, made.notices, as_json)
        else:
            rows = [_row(each) for each in station.bookings(now)]
            emit("book", rows, _BOOKINGS, as_json=as_json, empty="nothing is booked")


def _made(row: BookingRow, notices: list[str], as_json: bool) -> None:
    if as_json:
        counts, beside = {"booked": 1}, {"notices": notices}
        emit("book", [_row(row)], (), as_json=True, counts=counts, beside=beside)
        return
    found = _row(row)
    times = " to ".join(found[each][:TO_SECOND].replace("T", " ") for each in ("start", "end"))
    say(f"booked: {row.booking}, {literal(row.relay)} for {literal(row.spacecraft)}, {times}")
    for each in notices:
        say(f"[yellow]{literal(each)}[/yellow]")


def _cancelled(name: str, as_json: bool) -> None:
    if as_json:
        emit("book", [{"booking": name}], (), as_json=True, counts={"cancelled": 1})
    else:
        say(f"cancelled: {literal(name)}")


def _row(row: BookingRow) -> dict[str, Any]:
    """Return a booking as a row to print; it carries from `start` on."""
    return {
        "booking": row.booking,
        "relay": row.relay,
        "spacecraft": row.spacecraft,
        **span(row.ready_ns, row.end_ns),
        "turns_ns": row.start_ns,
        "priority": row.priority,
        "by": row.by or None,
        "reason": row.reason or None,
    }
