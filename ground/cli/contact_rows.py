"""Contacts and eclipses as rows to print."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ground.cli.output import TO_SECOND, Heading

if TYPE_CHECKING:
    from ground.messages import ContactRow
    from ground.relay.plan import Plan
    from ground.settings import Mission

SECOND_NS = 10**9
CONTACTS = [
    Heading("start", "start (UTC)", time=TO_SECOND),
    Heading("end", "end (UTC)", time=TO_SECOND),
    Heading("duration_s", "s", True),
    Heading("source", "from", whole=True),
    Heading("target", "to", whole=True),
    Heading("rate_bps", "bit/s", True),
    Heading("owlt_ms", "light ms", True),
    Heading("elevation_deg", "highest °", True),
    Heading("origin", "origin", aside=True),
]
ECLIPSES = [
    Heading("start", "start (UTC)", time=TO_SECOND),
    Heading("end", "end (UTC)", time=TO_SECOND),
    Heading("duration_s", "s", True),
    Heading("spacecraft", "spacecraft"),
    Heading("shadow", "shadow"),
]


def contact(row: ContactRow) -> dict[str, Any]:
    """Return a contact as a row to print."""
    return {
        **span(row.start_ns, row.end_ns),
        "source": row.source,
        "target": row.target,
        "rate_bps": row.rate_bps,
        "owlt_ns": row.owlt_ns,
        "owlt_ms": round(row.owlt_ns / 1e6, 3),
        "elevation_deg": (None if math.isnan(row.elevation_deg) else round(row.elevation_deg, 2)),
        "origin": row.origin,
    }


def eclipses(mission: Mission, start_ns: int, end_ns: int) -> Iterator[dict[str, Any]]:
    """Yield when each spacecraft of a mission sees nothing of the Sun, or not all of it."""
    from ground.relay import eclipse
    from ground.services import geometry

    crafts = geometry.sky(mission).spacecraft
    orbits = [each.orbit for each in crafts]
    for shadow, found in (
        ("umbra", eclipse.umbras(orbits, start_ns, end_ns)),
        ("penumbra", eclipse.penumbras(orbits, start_ns, end_ns)),
    ):
        columns = found.spacecraft.tolist(), found.start_ns.tolist(), found.end_ns.tolist()
        for craft, begin, end in zip(*columns, strict=True):
            yield {**span(begin, end), "spacecraft": crafts[craft].name, "shadow": shadow}


def of_plan(plan: Plan, nodes: Collection[str], start_ns: int, end_ns: int) -> Iterable[ContactRow]:
    """Return the contacts of some nodes (all where none is named) that overlap a time."""
    from ground.errors import InputError
    from ground.messages import ContactRow

    for name in nodes:
        if name not in plan.places:
            known = ", ".join(list(plan.places)[:20])
            raise InputError(f"{name!r}: no node of the plan; expected one of {known}")
    rows = [
        ContactRow(
            each.source, each.target, each.start_ns, each.end_ns, each.rate_bps, each.owlt_ns,
            each.origin.name.lower(), math.nan,
        )
        for each in plan.contacts()
        if each.end_ns > start_ns
        and each.start_ns < end_ns
        and (not nodes or each.source in nodes or each.target in nodes)
    ]  # fmt: skip
    return sorted(rows, key=lambda each: (each.start_ns, each.source, each.target))


def span(start_ns: int, end_ns: int) -> dict[str, Any]:
    """Return the keys of a span of time."""
    from protocols import times

    return {
        "start_ns": start_ns,
        "start": times.iso(start_ns),
        "end_ns": end_ns,
        "end": times.iso(end_ns),
        "duration_s": round((end_ns - start_ns) / SECOND_NS, 3),
    }
