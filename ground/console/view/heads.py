"""The lines above every page: banner, alarm bar, tabs, and in a replay its bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ground.console.model import Model
from ground.console.palette import Band, Glyphs, kind
from ground.console.view.alarms import grade, name, waits
from ground.console.view.parts import Line, Run, across
from ground.console.view.text import age, clean, count, since, utc, width
from ground.messages import AlarmRow

NEW_NS = 10_000_000_000  # a new alarm is marked so long
FLOOD_NS, FLOOD = 600_000_000_000, 10  # more than ten in ten minutes are a flood (EEMUA 191)
ANNOUNCED = ("critical", "serious", "caution")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the operator is: the page, what is open on it, and which pages there are."""

    page: str
    crumbs: tuple[str, ...] = ()
    pages: tuple[tuple[str, str, str], ...] = ()  # (digit, name, title)
    spacecraft: str = ""
    rate_hz: float = 2.0
    user: str = ""
    role: str = ""
    authority: str = ""  # of the spacecraft, in words
    armed: bool = False


def banner(model: Model, place: Place, band: Band, glyphs: Glyphs, now_ns: int, cells: int) -> Line:
    """Return the first line: realm by text and pattern, whether the station is heard, the time."""
    realm = model.realm if model.realm != "live" else band.text
    pattern = glyphs.band[kind(model.realm)]
    mark = f"{pattern} " if pattern else ""
    base, text, repeated = "band", band.text, band.repeated
    if place.armed:  # another colour, another text, another pattern
        realm = text = f"{realm} {glyphs.play} ARMED"
        base, repeated = "armed", True
    left = [Run(f" {mark}{clean(realm.upper())} ", f"{base}-strong")]
    if model.lost_ns is not None:
        left.append(Run(f" NO STATION for {since(model.lost_ns, now_ns)} ", "alert"))
    for part in _facts(model, place, now_ns):
        left.append(Run(f"{'' if left[-1].style == 'alert' else glyphs.rule} {part} ", base))
    right = [Run(f" {utc(now_ns, date=cells >= 100)} ", f"{base}-strong")]
    if not repeated:
        return across(left, right, cells, base, glyphs.more, keep=True)
    return _patterned(left, right, (text.upper(), mark), glyphs, cells)


def alarm_bar(model: Model, glyphs: Glyphs, now_ns: int, cells: int) -> Line:
    """Return the second line: how many alarms there are of each severity, and the newest."""
    rows = list(model.alarms.values())
    told = [row for row in rows if row.shelved_until_ns is None]
    lost = model.lost_ns is not None
    runs = [Run(" ALARMS? " if lost else " ALARMS ", "bar-stale" if lost else "bar-dim")]
    for severity in ANNOUNCED:
        runs += _counts(severity, [row for row in told if grade(row) == severity], glyphs, lost)
    if len(told) < len(rows):
        runs.append(Run(f" {glyphs.status['shelved']} shelved {len(rows) - len(told)} ", "bar-dim"))
    rate = sum(model.data_ns(now_ns) - row.raised_ns <= FLOOD_NS for row in told)
    flood = rate > FLOOD
    runs.append(Run(f" {rate}/10min{' FLOOD' if flood else ''} ", "alert" if flood else "bar-dim"))
    newest = max((row for row in told if waits(row)), key=lambda row: row.raised_ns, default=None)
    if newest is None:
        quiet = "none waits for anyone" if told else "none"
        runs.append(Run(f"{glyphs.rule} {quiet}", "bar-dim"))
    else:
        runs += _newest(newest, glyphs, model.data_ns(now_ns), cells < 100)
    return across(runs, [], cells, "bar", glyphs.more)


def tabs(place: Place, cells: int, more: str) -> Line:
    """Return the third line: the pages by digit, and where one is."""
    narrow = cells < 100
    runs: Line = []
    for digit, page, title in place.pages:
        style = "tab-on" if page == place.page else "tab"
        if narrow and page != place.page:
            title = title[:4]
        runs.append(Run(f" {digit} {title} " if digit else f" {title} ", style))
    crumbs = " > ".join(clean(each) for each in place.crumbs)
    return across(runs, [Run(f" {crumbs} ", "dim")], cells, "tab", more)


def replay_bar(model: Model, glyphs: Glyphs, cells: int) -> Line:
    """Return where a replay is: playing or held, its rate, the time and a track."""
    moved = model.replay
    if moved is None:
        return across([Run(" no replay heard yet", "bar-stale")], [], cells, "bar")
    sign = glyphs.pause if moved.paused else glyphs.play
    state = "ended" if moved.finished else "paused" if moved.paused else "playing"
    rate = "max" if moved.rate <= 0 else f"x{moved.rate:g}"
    left = [Run(f" {sign} {state} {rate} {utc(moved.t_ns)} ", "bar")]
    tail = f" {utc(moved.end_ns, date=False)} {'loop ' if moved.loop else ''}"
    tail += f"{glyphs.rule} {count(moved.packets)} packets "
    room = cells - width(left[0].text) - width(tail) - 1
    if room >= 10:
        span = max(1, moved.end_ns - moved.start_ns)
        at = min(room - 3, max(0, (moved.t_ns - moved.start_ns) * (room - 3) // span))
        track = glyphs.track * at + glyphs.knob + glyphs.track * (room - 3 - at)
        left.append(Run(f"{glyphs.rule}{track}{glyphs.rule}", "bar-dim"))
    return across(left, [Run(tail, "bar-dim")], cells, "bar", glyphs.more)


def _facts(model: Model, place: Place, now_ns: int) -> Iterable[str]:
    if model.replay is not None:
        yield f"data {utc(model.replay.t_ns)}"
    lag = _lag(model, place.spacecraft, now_ns)
    if place.spacecraft:
        yield f"{clean(place.spacecraft)} {lag}"
    if place.authority:
        yield f"auth: {clean(place.authority)}"
    elif model.mission is not None:
        yield clean(model.mission.mission)
    if place.user:
        yield f"op {clean(place.user)}{f' ({place.role})' if place.role else ''}"
    yield f"{place.rate_hz:g} Hz"


def _lag(model: Model, spacecraft: str, now_ns: int) -> str:
    """Return how old the last telemetry of the spacecraft (or of any) is."""
    if model.status is None:
        return ""
    rows = [row for row in model.status.spacecraft if spacecraft in ("", row.name)]
    last = max((row.last_ns for row in rows if row.last_ns is not None), default=None)
    return "no TM yet" if last is None else f"TM {age(model.data_ns(now_ns) - last)}"


def _patterned(left: Line, right: Line, name: tuple[str, str], glyphs: Glyphs, cells: int) -> Line:
    """Return the line with what is left of it filled by the realm's name and pattern."""
    text, mark = name
    style = right[-1].style.removesuffix("-strong")
    taken = sum(width(run.text) for run in (*left, *right))
    unit = f"{mark}{text} "
    if cells - taken >= width(unit) + 3:
        fill = unit * ((cells - taken - 3) // width(unit))
        left = [*left, Run(f"{glyphs.rule} ", style), Run(fill, style)]
    return across(left, right, cells, style, glyphs.more, keep=True)


def _counts(severity: str, rows: list[AlarmRow], glyphs: Glyphs, lost: bool) -> Line:
    """Return one severity's sign and count, never capped, and how many of them wait."""
    if lost:
        return [Run(f" {glyphs.status[severity]} {len(rows)} ", "bar-stale")]
    style = f"bar-{severity}" if rows else "bar-dim"
    runs = [Run(f" {glyphs.status[severity]} {len(rows)} ", style)]
    waiting = sum(map(waits, rows))
    if waiting:
        runs.append(Run(f"[{waiting} new]", "alert" if severity == "critical" else "new"))
    return runs


def _newest(row: AlarmRow, glyphs: Glyphs, now_ns: int, narrow: bool) -> Line:
    severity = grade(row)
    fresh = now_ns - row.raised_ns <= NEW_NS
    what = name(row).rsplit("/", 1)[-1] if narrow else name(row)
    text = f"{glyphs.status[severity]} {clean(row.spacecraft)} {what} {clean(row.value)}"
    units = f" {clean(row.units)}" if row.units else ""
    mark = "▐" if fresh and glyphs.braille else glyphs.rule
    return [Run(f"{mark} ", "bar-dim"), Run(f"{text}{units}", f"bar-{severity}")]
