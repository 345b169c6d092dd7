"""Routes as rows to print, and how people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ground.cli.contact_rows import SECOND_NS, span
from ground.cli.output import TO_MILLISECOND, TO_SECOND, Heading, emit, literal, say

if TYPE_CHECKING:
    from ground.messages import HopRow, RouteRow

_HOPS = [
    Heading("source", "from", whole=True),
    Heading("target", "to", whole=True),
    Heading("start", "open from (UTC)", time=TO_SECOND),
    Heading("end", "until (UTC)", time=TO_SECOND),
    Heading("rate_bps", "bit/s", True),
    Heading("owlt_ms", "light ms", True),
]
_WAYS = [
    Heading("way", "instead"),
    Heading("departs", "departs (UTC)", time=TO_MILLISECOND),
    Heading("arrives", "arrives (UTC)", time=TO_MILLISECOND),
    Heading("until", "usable until (UTC)", time=TO_SECOND),
    Heading("service", "service"),
    Heading("why", "why", aside=True),
]


def as_row(route: RouteRow) -> dict[str, Any]:
    """Return a route as a row to print."""
    from protocols import times

    instants = {"departs": route.departs_ns, "arrives": route.arrives_ns, "until": route.until_ns}
    return {
        "way": way(route),
        "uplink": route.uplink,
        **{
            key: value
            for name, t_ns in instants.items()
            for key, value in ((f"{name}_ns", t_ns), (name, times.iso(t_ns)))
        },
        "service": route.service,
        "window": route.window,
        "t1_ns": route.t1_ns,
        "why": route.why,
        "hops": [_hop(each) for each in route.hops],
    }


def way(route: RouteRow) -> str:
    """Return the nodes of a route as people write them."""
    return " > ".join([*(each.source for each in route.hops[:1]), *(h.target for h in route.hops)])


def show(routes: Sequence[RouteRow], now_ns: int) -> None:
    """Print the way that is taken hop by hop, and the others below."""
    chosen, *others = routes
    row = as_row(chosen)
    say(f"[bold]{literal(row['way'])}[/bold]  {literal(chosen.why)}")
    emit("route", row["hops"], _HOPS)
    by = f" by {chosen.uplink}" if chosen.uplink else ""
    say(literal(f"departs    {_time(chosen.departs_ns, now_ns)}{by}"))
    say(literal(f"arrives    {_time(chosen.arrives_ns, now_ns)}"))
    say(literal(f"usable     until {row['until'][:TO_SECOND].replace('T', ' ')}"))
    settings = f", K {chosen.window}, T1 {chosen.t1_ns / SECOND_NS:.2f} s"
    say(literal(f"service    {chosen.service}{settings if chosen.service == 'AD' else ''}"))
    if others:
        say()
        emit("route", map(as_row, others), _WAYS)


def _hop(hop: HopRow) -> dict[str, Any]:
    return {
        "source": hop.source,
        "target": hop.target,
        **span(hop.start_ns, hop.end_ns),
        "rate_bps": hop.rate_bps,
        "owlt_ns": hop.owlt_ns,
        "owlt_ms": round(hop.owlt_ns / 1e6, 3),
    }


def _time(t_ns: int, now_ns: int) -> str:
    from protocols import times

    return f"{times.iso(t_ns)[:TO_MILLISECOND].replace('T', ' ')} ({_after(t_ns - now_ns)})"


def _after(span_ns: int) -> str:
    """Return how long from now, as `in 3 min 20 s`."""
    seconds = span_ns / SECOND_NS
    if abs(seconds) < 0.1:
        return "now"
    if abs(seconds) < 60:
        return f"in {seconds:.3f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"in {hours} h {minutes} min" if hours else f"in {minutes} min {rest} s"
