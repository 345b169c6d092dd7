"""The lines between form and lists: what the station says of a command before it is sent."""

from __future__ import annotations

from ground.console.arming import Arming, Loaded, way
from ground.console.draft import Draft, Kinds, name_of
from ground.console.orders import Judged, Orders
from ground.console.palette import Glyphs
from ground.console.view.orders import HAZARDS, short
from ground.console.view.parts import Line, Run, across
from ground.console.view.text import age, clean, utc
from ground.messages import CommandKind, RouteRow

_BAND = {"H1": "new", "H2": "alert"}
_WORDS = {"H0": "H0", "H1": "H1 HAZARDOUS", "H2": "H2 TWO PERSONS"}


def caption(
    draft: Draft, kinds: Kinds, arming: Arming, glyphs: Glyphs, now_ns: int, cells: int
) -> Line:
    """Return the first line of the page: target, safe or armed, command, and its hazard."""
    kind = kinds.get(draft.command)
    base = "armed" if arming.armed else "bar"
    left = [Run(f" TARGET {clean(draft.spacecraft) or '-'} ", base)]
    left.append(Run(_lock(arming, glyphs, now_ns), "armed-strong" if arming.armed else "bar-dim"))
    named = name_of(draft.command, kinds) if draft.command else "no command yet"
    left.append(Run(f" {clean(named)} ", base))
    if kind is None:
        return across(left, [], cells, base, glyphs.more)
    left.append(Run(f" {_WORDS[kind.hazard]} ", _BAND.get(kind.hazard, base)))
    left.append(Run(f" {clean(kind.reason or kind.description)}", base))
    return across(left, [], cells, base, glyphs.more)


def lines(
    orders: Orders, draft: Draft, arming: Arming, glyphs: Glyphs, now_ns: int, cells: int
) -> list[Line]:
    """Return constraints, packet, route and alternatives, and what is loaded."""
    kind = orders.kinds.get(draft.spacecraft, {}).get(draft.command)
    judged = orders.judged if orders.judged and orders.judged.draft == draft else None
    made = [_loaded(arming.loaded, arming, now_ns)] if arming.loaded is not None else []
    made += [_constraints(kind, judged, glyphs), _packet(orders, judged)]
    wrong = [*draft.wrong, *_wrong(judged)]
    made += [[Run(f" {glyphs.bad} {clean(each)}", "serious")] for each in wrong]
    made += _routes(orders, draft, glyphs, now_ns)
    return [across(each, [], cells, "text", glyphs.more) for each in made]


def route(row: RouteRow, now_ns: int) -> str:
    """Return a route as people read it: hops, when it leaves and arrives, how long it is open."""
    hops = " > ".join(map(clean, way([row]))) or "no hops"
    leaves = "now" if row.departs_ns <= now_ns else utc(row.departs_ns, date=False)
    open_for = age(row.until_ns - max(row.departs_ns, now_ns))
    service = f"{row.service} K={row.window} T1={row.t1_ns / 1e9:.3g}s"
    arrives = utc(row.arrives_ns, date=False)
    return f"{hops}  leaves {leaves}, arrives {arrives}, open for {open_for}, {service}"


def _lock(arming: Arming, glyphs: Glyphs, now_ns: int) -> str:
    if not arming.armed:
        return "[SAFE]"
    left = max(0, arming.until_ns - now_ns) // 10**9
    return f"{glyphs.play} {'LOADED' if arming.loaded else 'ARMED'} {left}s {glyphs.play}"


def _constraints(kind: CommandKind | None, judged: Judged | None, glyphs: Glyphs) -> Line:
    """Return each constraint with its sign: holds, fails, unknown."""
    runs = [Run(" CONSTRAINTS", "dim")]
    if judged is not None and judged.taken is not None:
        known = [(each.text, each.holds) for each in judged.taken.constraints]
    else:
        known = [(text, None) for text in (kind.constraints if kind else [])]
    for text, holds in known:
        status = {True: "normal", False: "serious", None: "stale"}[holds]
        runs.append(Run(f"  {glyphs.status[status]} {clean(text)}", status))
    return runs if known else [*runs, Run("  none", "dim")]


def _packet(orders: Orders, judged: Judged | None) -> Line:
    runs = [Run(" PACKET", "dim")]
    if judged is None:
        edited = " (edited since)" if orders.judged is not None else ""
        return [*runs, Run(f"  F5 has the station make and judge it{edited}", "dim")]
    if judged.taken is None:
        return [*runs, Run("  none", "dim")]
    row = judged.taken.command
    return [
        *runs,
        Run(f"  sha {short(row.sha256)}", "strong"),
        Run(f"  {len(row.octets)} octets ", "text"),
        Run(row.octets[:20].hex(" "), "dim"),
        Run(f"  {row.hazard}", HAZARDS[row.hazard]),
        *([Run("  would be taken", "normal")] if judged.ok else []),
    ]


def _wrong(judged: Judged | None) -> list[str]:
    if judged is None:
        return []
    return judged.taken.wrong if judged.taken is not None else [judged.why]


def _routes(orders: Orders, draft: Draft, glyphs: Glyphs, now_ns: int) -> list[Line]:
    planned = orders.routes if orders.routed == draft.spacecraft else None
    if planned is None:
        return [[Run(" ROUTE", "dim"), Run("  not known yet", "stale")]]
    if not planned.routes or not planned.routes[0].hops:
        why = planned.why or "no route"
        return [[Run(" ROUTE", "dim"), Run(f"  {glyphs.bad} none: {clean(why)}", "serious")]]
    best, *others = planned.routes
    made: list[Line] = [
        [
            Run(" ROUTE", "dim"),
            Run(f"  {route(best, now_ns)}", "standby"),
            Run(f"  {clean(best.why)}", "dim"),
        ]
    ]
    return made + [
        [Run("   else", "dim"), Run(f"  {route(each, now_ns)}", "dim")] for each in others
    ]


def _loaded(loaded: Loaded, arming: Arming, now_ns: int) -> Line:
    row = loaded.command
    told = "FIRED, waiting for the station" if arming.waits(now_ns) else "F10 fires exactly this"
    return [
        Run(" LOADED ", "armed-strong"),
        Run(f" {clean(row.spacecraft)} {clean(row.text)}  sha {short(row.sha256)} ", "armed"),
        Run(f" {len(row.octets)} octets  {told} ", "armed"),
    ]
