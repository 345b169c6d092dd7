"""Rows of the tables of spacecraft, packet types, links, stages, services and events."""

from __future__ import annotations

from dataclasses import dataclass

from ground.console.model import Model
from ground.console.palette import SEVERITIES, Glyphs
from ground.console.view.parts import Cell, Column
from ground.console.view.text import NEVER, age, clean, count, since, utc
from ground.messages import EventRow, LinkRow, ServiceReported, SpacecraftRow, StageRow


@dataclass(frozen=True, slots=True)
class Look:
    """What a row needs beside itself: the signs, the time ages count to, and who is silent."""

    glyphs: Glyphs
    now_ns: int
    lost: bool

    def sign(self, name: str) -> Cell:
        """Return the sign of a status in its colour."""
        return Cell(self.glyphs.status[name], name)

    def quiet(self, style: str = "text") -> str:
        """Return the style of something the station said: stale where it is not heard."""
        return "stale" if self.lost else style


SPACECRAFT = (
    Column("", 2),
    Column("spacecraft", 12, grow=2),
    Column("alarms", 7, right=True),
    Column("unack", 6, right=True),
    Column("last TM", 7, right=True),
    Column("lag", 6, right=True),
    Column("packets", 9, right=True),
    Column("packets/s", 9, right=True),
    Column("scid", 6, right=True, from_width=96),
    Column("stale packets", 12, grow=3, from_width=80),
)


def standing(row: SpacecraftRow, look: Look) -> str:
    """Return the status of a spacecraft: stale before normal, worse before stale."""
    if look.lost:
        return "stale"
    if row.worst > 0:
        return SEVERITIES[min(row.worst, 3)]
    if row.last_ns is None:
        return "off"
    return "stale" if row.stale else "normal"


def spacecraft(row: SpacecraftRow, look: Look) -> list[Cell]:
    """Return a spacecraft at a glance."""
    status = standing(row, look)
    quiet = look.quiet()
    return [
        look.sign(status),
        Cell(clean(row.name), look.quiet("strong")),
        Cell(str(row.alarms), status if row.alarms else look.quiet("dim")),
        Cell(str(row.unacknowledged), status if row.unacknowledged else look.quiet("dim")),
        Cell(since(row.last_ns, look.now_ns), quiet),
        Cell(NEVER if row.lag_ns is None else _lag(row.lag_ns), quiet),
        Cell(count(row.packets), quiet),
        Cell(f"{row.rate:.1f}", quiet),
        Cell(str(row.scid), look.quiet("dim")),
        Cell(", ".join(map(clean, row.stale)) or NEVER, "stale" if row.stale else "dim"),
    ]


PACKETS = (
    Column("", 2),
    Column("packet type", 24, grow=3, tail=True),
    Column("state", 8),
    Column("parameters", 10, right=True),
    Column("alarms", 7, right=True),
)


def packet(row: tuple[str, int, int, bool], look: Look) -> list[Cell]:
    """Return a packet type of a spacecraft: (path, parameters, alarms, stale)."""
    path, parameters, alarms, stale = row
    old = stale or look.lost
    return [
        look.sign("stale" if old else "normal"),
        Cell(clean(path), "stale" if old else "text"),
        Cell("stale" if old else "fresh", "stale" if old else "normal"),
        Cell(str(parameters), "dim"),
        Cell(str(alarms), "caution" if alarms else "dim"),
    ]


LINKS = (
    Column("", 2),
    Column("link", 10, grow=2),
    Column("state", 10),
    Column("rate b/s", 8, right=True),
    Column("records", 9, right=True),
    Column("dropped", 8, right=True),
    Column("last", 6, right=True),
    Column("to do", 7, right=True),
    Column("octets", 8, right=True, from_width=90),
    Column("recon", 5, right=True, from_width=90),
    Column("kind", 10, from_width=118),
    Column("gateway", 10, from_width=118),
    Column("address", 18, grow=1, from_width=150),
    Column("detail", 14, grow=4, from_width=100),
)
_LINK_STATUS = {
    "up": "normal",
    "connecting": "standby",
    "disabled": "off",
    "down": "serious",
    "failed": "critical",
}


def link(row: LinkRow, look: Look) -> list[Cell]:
    """Return a link with its counters; `to do` are octets no processor has archived yet."""
    status = look.quiet(_LINK_STATUS[row.state])
    dropped = sum(row.dropped.values())
    quiet = look.quiet()
    return [
        look.sign(status),
        Cell(clean(row.name), look.quiet("strong")),
        Cell(row.state, status),
        Cell(count(row.rate_bps), quiet),
        Cell(count(row.records), quiet),
        Cell(count(dropped), look.quiet("serious") if dropped else "dim"),
        Cell(since(row.last_ns, look.now_ns), quiet),
        Cell(count(row.position - row.acknowledged), quiet),
        Cell(count(row.octets), quiet),
        Cell(str(row.reconnects), quiet),
        Cell(clean(row.kind), "dim"),
        Cell(clean(row.gateway), "dim"),
        Cell(clean(row.address), "dim"),
        Cell(_reasons(row.dropped, clean(row.detail)), quiet),
    ]


STAGES = (
    Column("", 2),
    Column("stage", 18, grow=2),
    Column("in", 10, right=True),
    Column("out", 10, right=True),
    Column("dropped", 9, right=True),
    Column("in = out + dropped", 20),
    Column("service", 12, grow=1, from_width=90),
    Column("reasons", 14, grow=4, from_width=110),
)


def stage(row: tuple[str, StageRow], look: Look) -> list[Cell]:
    """Return a stage of a service, its sum checked here."""
    service, it = row
    dropped = sum(it.dropped.values())
    lost = sum(number for why, number in it.dropped.items() if why not in HARMLESS)
    missing = it.given - it.out - dropped
    status = look.quiet("normal" if missing == 0 else "critical")
    verdict = f"{look.glyphs.good} adds up" if missing == 0 else f"{look.glyphs.bad} {missing:+,}"
    return [
        look.sign(status),
        Cell(clean(it.name), look.quiet("strong")),
        Cell(f"{it.given:,}", look.quiet()),
        Cell(f"{it.out:,}", look.quiet()),
        Cell(f"{dropped:,}", look.quiet("serious" if lost else "dim")),
        Cell(verdict, status),
        Cell(clean(service), "dim"),
        Cell(_reasons(it.dropped), look.quiet()),
    ]


SERVICES = (
    Column("", 2),
    Column("service", 14, grow=1),
    Column("state", 9),
    Column("up for", 7, right=True),
    Column("said", 6, right=True),
    Column("pid", 8, right=True, from_width=90),
    Column("queues, cursors, figures", 20, grow=4),
    Column("detail", 12, grow=2, from_width=110),
)
_SERVICE_STATUS = {"running": "normal", "waiting": "standby", "failed": "critical"}
HARMLESS = ("idle",)  # what is dropped by design
LATE_NS = 5_000_000_000  # a service says how it is once a second


def service(row: tuple[ServiceReported, int], look: Look) -> list[Cell]:
    """Return a service with what waits in it; one that has gone quiet is stale."""
    it, reported_ns = row
    late = look.lost or look.now_ns - reported_ns > LATE_NS
    status = "stale" if late else _SERVICE_STATUS.get(it.state, "caution")
    quiet = "stale" if late else "text"
    figures = [f"{clean(key)} {count(value)}" for key, value in it.queues.items()]
    figures += [f"{clean(key)} {count(value)}" for key, value in it.cursors.items()]
    figures += [f"{clean(key)} {value:.4g}" for key, value in it.figures.items()]
    return [
        look.sign(status),
        Cell(clean(it.service), "stale" if late else "strong"),
        Cell(clean(it.state), status),
        Cell(age(look.now_ns - it.started_ns), quiet),
        Cell(since(reported_ns, look.now_ns), quiet),
        Cell(str(it.pid), "dim"),
        Cell(", ".join(figures) or NEVER, quiet),
        Cell(clean(it.detail), quiet),
    ]


EVENTS = (
    Column("", 2),
    Column("date", 10, from_width=96),
    Column("UTC", 9),
    Column("spacecraft", 10),
    Column("source", 9, from_width=96),
    Column("kind", 14),
    Column("text", 20, grow=1),
)


def event(row: EventRow, look: Look) -> list[Cell]:
    """Return a line of the log."""
    bad = row.severity if row.severity != "info" else "text"
    return [
        look.sign(row.severity),
        Cell(utc(row.t_ns)[:10], "dim"),
        Cell(utc(row.t_ns, date=False), "dim"),
        Cell(clean(row.spacecraft) or "station", "text"),
        Cell(clean(row.source), "dim"),
        Cell(clean(row.kind), bad),
        Cell(clean(row.text), bad),
    ]


def packets_of(model: Model, name: str) -> list[tuple[str, int, int, bool]]:
    """Return the packet types of a spacecraft as rows of `PACKETS`."""
    rows = model.status.spacecraft if model.status else []
    quiet = {path for row in rows if row.name == name for path in row.stale}
    sizes: dict[str, int] = {}
    for each in model.parameters.values():
        sizes[each.packet_type] = sizes.get(each.packet_type, 0) + 1
    raised: dict[str, int] = {}
    for alarm in model.alarms.values():
        told = model.parameters.get(alarm.parameter)
        if alarm.spacecraft == name and told is not None:
            raised[told.packet_type] = raised.get(told.packet_type, 0) + 1
    return [(path, size, raised.get(path, 0), path in quiet) for path, size in sizes.items()]


def _reasons(dropped: dict[str, int], otherwise: str = "") -> str:
    told = ", ".join(f"{clean(why)} {number:,}" for why, number in dropped.items() if number)
    return "; ".join(part for part in (otherwise, told) if part) or NEVER


def _lag(lag_ns: int) -> str:
    return f"{lag_ns / 1e9:.1f}s" if abs(lag_ns) < 100_000_000_000 else age(lag_ns)
