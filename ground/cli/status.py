"""`ground status`: how the station is; exit 1 where something is wrong, 4 where it does not run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.output import TO_SECOND, Heading, console, emit, fitting, literal, say

if TYPE_CHECKING:
    from ground.api import Finding
    from ground.messages import StatusRead

SECOND_NS = 10**9
REFRESH_S = 1.0

_SERVICES = [
    Heading("service", "service"),
    Heading("state", "state"),
    Heading("age_s", "age s", True),
    Heading("pid", "pid", True),
    Heading("detail", "detail", aside=True),
    Heading("queues", "queues", aside=True),
    Heading("cursors", "cursors", aside=True),
    Heading("figures", "figures", aside=True),
]
_LINKS = [
    Heading("link", "link"),
    Heading("gateway", "gateway", aside=True),
    Heading("kind", "kind", aside=True),
    Heading("state", "state"),
    Heading("rate_bps", "bit/s", True),
    Heading("records", "records", True, aside=True),
    Heading("octets", "octets", True),
    Heading("dropped", "dropped", aside=True),
    Heading("waiting", "not archived", True),
    Heading("last", "last (UTC)", time=TO_SECOND),
    Heading("detail", "detail", aside=True),
]
_STAGES = [
    Heading("service", "service"),
    Heading("stage", "stage"),
    Heading("in", "in", True),
    Heading("out", "out", True),
    Heading("dropped", "dropped"),
    Heading("sum", "sum"),
]
_SPACECRAFT = [
    Heading("spacecraft", "spacecraft"),
    Heading("packets", "packets", True),
    Heading("rate", "per s", True, aside=True),
    Heading("lag_s", "lag s", True),
    Heading("alarms", "alarms", True),
    Heading("unacknowledged", "unack.", True),
    Heading("severity", "worst", whole=True),
    Heading("stale", "stale", aside=True),
    Heading("last", "last (UTC)", time=TO_SECOND),
]
_PARTS = (
    ("services", _SERVICES),
    ("links", _LINKS),
    ("stages", _STAGES),
    ("spacecraft", _SPACECRAFT),
)


def status(
    realm: options.Realm = "live",
    watch: Annotated[bool, typer.Option("--watch", help="Again each second, until ^C.")] = False,
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Show services, links, queues, cursors and drops of a running station, each sum checked."""
    from ground.api import Station, findings
    from ground.clock import now_ns

    with Station.connect(home, realm) as station:
        while True:
            now, read = now_ns(), station.status()
            wrong = findings(read, now)
            if as_json:
                row = as_row(read, wrong, now)
                emit("status", [row], (), as_json=not watch, as_lines=watch)
            else:
                _show(as_row(read, wrong, now), wrong, again=watch)
            if not watch:
                break
            time.sleep(REFRESH_S)
    if wrong:
        raise typer.Exit(1)


def as_row(status: StatusRead, wrong: Iterable[Finding], now_ns: int) -> dict[str, Any]:
    """Return a status as one row of JSON; each part is a list of rows."""
    return {
        "services": list(_services(status, now_ns)),
        "links": list(_links(status)),
        "stages": list(_stages(status)),
        "spacecraft": list(_spacecraft(status)),
        "missed": status.missed,
        "findings": [str(each) for each in wrong],
    }


def _services(status: StatusRead, now_ns: int) -> Iterator[dict[str, Any]]:
    from ground.api.checks import is_silent

    for report, at_ns in zip(status.services, status.reported_ns, strict=True):
        silent = is_silent(at_ns, now_ns)
        yield {
            "service": report.service,
            "state": "silent" if silent else report.state,
            "age_s": round((now_ns - at_ns) / SECOND_NS, 1),
            "pid": report.pid,
            "detail": report.detail,
            "queues": report.queues,
            "cursors": report.cursors,
            "figures": report.figures,
            "severity": _severity(silent or report.state == "failed"),
        }


def _links(status: StatusRead) -> Iterator[dict[str, Any]]:
    for link in (link for report in status.services for link in report.links):
        yield {
            "link": link.name,
            "gateway": link.gateway,
            "kind": link.kind,
            "address": link.address,
            "state": link.state,
            "detail": link.detail,
            "rate_bps": link.rate_bps,
            "records": link.records,
            "octets": link.octets,
            "dropped": link.dropped,
            "reconnects": link.reconnects,
            "position": link.position,
            "acknowledged": link.acknowledged,
            "waiting": link.position - link.acknowledged,
            **_instant("last", link.last_ns),
            "severity": _severity(link.state == "failed"),
        }


def _stages(status: StatusRead) -> Iterator[dict[str, Any]]:
    from ground.api.checks import unaccounted

    for report in status.services:
        for stage in report.stages:
            missing = unaccounted(stage)
            yield {
                "service": report.service,
                "stage": stage.name,
                "in": stage.given,
                "out": stage.out,
                "dropped": stage.dropped,
                "sum": f"WRONG by {missing}" if missing else "ok",
                "severity": _severity(bool(missing)),
            }


def _spacecraft(status: StatusRead) -> Iterator[dict[str, Any]]:
    from ground.columns import Severity

    for craft in status.spacecraft:
        yield {
            "spacecraft": craft.name,
            "scid": craft.scid,
            "packets": craft.packets,
            "rate": round(craft.rate, 1),
            "lag_s": None if craft.lag_ns is None else round(craft.lag_ns / SECOND_NS, 3),
            "alarms": craft.alarms,
            "unacknowledged": craft.unacknowledged,
            "severity": Severity(craft.worst).name.lower(),
            "stale": craft.stale,
            **_instant("last", craft.last_ns),
        }


def _instant(name: str, t_ns: int | None) -> dict[str, Any]:
    from protocols import times

    return {f"{name}_ns": t_ns, name: None if t_ns is None else times.iso(t_ns)}


def _severity(wrong: bool) -> str:
    return "critical" if wrong else "normal"


def _show(row: Mapping[str, Any], wrong: Iterable[Finding], *, again: bool) -> None:
    """Print a status for people; `again` on a cleared screen."""
    if again:
        console().clear()
    for name, headings in _PARTS:
        if row[name]:
            say(f"[bold]{name}[/bold]")
            rows = [_readable(each) for each in row[name]]
            emit(name, rows, headings)
            _aside(rows, headings)
    for topic, number in row["missed"].items():
        say(f"the display missed {number} messages on {literal(topic)}")
    for each in wrong:
        say(f"[bold red]{literal(str(each))}[/bold red]")
    if not wrong:
        say("all well")


def _aside(rows: Iterable[Mapping[str, Any]], headings: Sequence[Heading]) -> None:
    """Print below a table what a narrow terminal has no columns for."""
    shown = fitting(headings)
    for row in rows:
        for each in headings:
            if each not in shown and row[each.key] not in ("", None):
                say(f"{literal(str(row[headings[0].key]))} {each.title}: {literal(each.cell(row))}")


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with mappings and lists as text."""
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else value
