"""Rows about commands: the stack, the queue and the history, and the steps of one."""

from __future__ import annotations

from collections.abc import Mapping

from ground.console.draft import Kinds, name_of
from ground.console.palette import Glyphs
from ground.console.stack import Item
from ground.console.view.parts import Cell, Column
from ground.console.view.rows import Look
from ground.console.view.text import NEVER, age, clean, utc
from ground.messages import AuthorityRow, CommandRow
from protocols import times

HAZARDS = {"H0": "dim", "H1": "serious", "H2": "critical"}
STEPS = (
    *(("G", "GW_ACK"), ("U", "RADIATED"), ("R", "FARM_ACK")),
    *(("A", "ACCEPTED"), ("S", "STARTED"), ("C", "COMPLETED")),
)
"""Letters of VERIFY: gateway, uplink, received on board, accepted, started, completed."""
_ENDS = {
    "COMPLETED": "normal",
    "CANCELLED": "off",
    "REJECTED": "critical",
    "FAILED": "critical",
}
MINUTE_NS = 60_000_000_000
_SHORT = 8  # hex digits of a hash that people compare
_ASTRO, _ASCII = tuple("✓✗▶?T-·"), tuple("vx>?T-.")  # one cell each

QUEUE = (
    Column("", 2),
    Column("id", 6, from_width=110),
    Column("UTC", 9, from_width=96),
    Column("target", 8),
    Column("command", 18, grow=3),
    Column("haz", 3),
    Column("G U R A S C", 11),
    Column("status", 18, grow=2),
    Column("pr", 2, right=True, from_width=110),
    Column("by", 8, grow=1, from_width=110),
    Column("approved by", 11, grow=1, from_width=150),
    Column("arrives", 9, from_width=132),
    Column("via", 14, grow=2, from_width=132),
    Column("sha", _SHORT, from_width=118),
)


def command(row: CommandRow, look: Look) -> list[Cell]:
    """Return a command of the queue or the history."""
    style = standing(row, look)
    return [
        look.sign(style),
        Cell(clean(row.id), "dim"),
        Cell(utc(row.accepted_ns, date=False), "dim"),
        Cell(clean(row.spacecraft), look.quiet("strong")),
        Cell(clean(row.text), look.quiet()),
        Cell(row.hazard, look.quiet(HAZARDS[row.hazard])),
        Cell(verify(row, look.glyphs), look.quiet()),
        Cell(status(row, look.now_ns), style),
        Cell(str(row.priority), "dim"),
        Cell(clean(row.author), "dim"),
        Cell(clean(row.approver) or NEVER, "dim"),
        Cell(utc(row.eta_ns, date=False) if row.eta_ns and not row.ended else NEVER, "dim"),
        Cell(clean(" > ".join(row.via)) or NEVER, "dim"),
        Cell(short(row.sha256), "dim"),
    ]


STACK = (
    Column("#", 3, right=True),
    Column("target", 8),
    Column("command", 18, grow=3),
    Column("haz", 3),
    Column("after", 9),
    Column("G U R A S C", 11),
    Column("status", 14, grow=2),
)


def item(
    each: Item, kinds: Kinds, rows: Mapping[str, CommandRow], waits: str, look: Look
) -> list[Cell]:
    """Return an item of the stack; one that was sent is as its command is."""
    row, kind = rows.get(each.command), kinds.get(each.draft.command)
    values = " ".join(f"{name}={text}" for name, text in each.draft.arguments.items())
    told = status(row, look.now_ns) if row else "sent" if each.command else waits or "WAITS"
    hazard = kind.hazard if kind else "H0"
    return [
        Cell(str(each.number), "dim"),
        Cell(clean(each.draft.spacecraft), "strong"),
        Cell(clean(f"{name_of(each.draft.command, kinds)} {values}"), "text"),
        Cell(hazard, HAZARDS[hazard]),
        Cell(each.rule, "dim"),
        Cell(verify(row, look.glyphs) if row else "", "text"),
        Cell(told, standing(row, look) if row else "dim"),
    ]


DETAIL = (Column("UTC", 12), Column("after", 8, right=True), Column("", 16), Column("", 20, grow=1))


def detail(row: CommandRow, look: Look) -> list[tuple[str, str, str, str]]:
    """Return all that is known of a command: what it is, then every step with its time."""
    facts = (
        ("command", f"{row.id}: {row.spacecraft} {row.text} ({row.path})"),
        ("packet", f"{len(row.octets)} octets {row.octets[:24].hex(' ')}"),
        ("sha256", row.sha256),
        ("by", f"{row.author}, approved by {row.approver or 'nobody'}, {row.hazard}"),
        ("goes", " > ".join(row.via) or NEVER),
        ("expires", utc(row.expires_ns) if row.expires_ns else NEVER),
        ("stands", status(row, look.now_ns)),
    )
    steps = _elapsed(row)
    return [("", "", name, clean(text)) for name, text in facts] + steps


def told(item: tuple[str, str, str, str], look: Look) -> list[Cell]:
    """Return a line of the detail."""
    t_ns, after, name, text = item
    style = _ENDS.get(name, "strong") if t_ns else "dim"
    return [Cell(t_ns, "dim"), Cell(after, "dim"), Cell(name, style), Cell(text, "text")]


def verify(row: CommandRow, glyphs: Glyphs) -> str:
    """Return how far a command got, one sign under each letter of `STEPS`.

    What was passed over (a stage behind it was reached) is not applicable; T came too late.
    """
    good, bad, runs, unknown, late, without, blank = _ASTRO if glyphs.braille else _ASCII
    reached = {step.stage: step for step in row.steps}
    stages = [stage for _, stage in STEPS]
    furthest = max((at for at, stage in enumerate(stages) if stage in reached), default=-1)
    signs = []
    for at, stage in enumerate(stages):
        if stage in reached:
            signs.append(late if reached[stage].detail.startswith("late") else good)
        else:
            signs.append(without if at < furthest or row.ended else blank)
    here = stages.index("ACCEPTED") if row.state == "REJECTED" else furthest + 1
    if here < len(stages) and stages[here] not in reached:
        pending = {"REJECTED": bad, "FAILED": bad, "UNCERTAIN": unknown}.get(row.state, without)
        going = runs if "RELEASED" in reached else blank
        signs[here] = pending if row.ended else going
    return " ".join(signs)


def status(row: CommandRow, now_ns: int) -> str:
    """Return where a command stands, since when, and what it waits for."""
    last = row.steps[-1].t_ns if row.steps else row.accepted_ns
    state = "HELD" if row.held and not row.ended else row.state
    needs = f" NEEDS {clean(row.needs)}" if row.needs else ""
    detail = clean(row.steps[-1].detail) if row.ended and row.steps else ""
    why = f" {detail}" if detail else ""
    return f"{clean(state)}{needs}{why} {age(now_ns - last)}"


def standing(row: CommandRow, look: Look) -> str:
    """Return the status by which a command is coloured."""
    if look.lost:
        return "stale"
    if row.ended:
        return _ENDS.get(row.state, "serious")
    return "caution" if row.needs or row.held else "standby"


def short(sha256: str) -> str:
    """Return as much of a hash as two people compare."""
    return clean(sha256[:_SHORT])


def _elapsed(row: CommandRow) -> list[tuple[str, str, str, str]]:
    first = row.accepted_ns
    return [
        (
            times.iso(step.t_ns)[11:23],
            _after(step.t_ns - first),
            clean(step.stage),
            clean(step.detail),
        )
        for step in row.steps
    ]


def _after(span_ns: int) -> str:
    return f"+{span_ns / 1e9:.3f}" if abs(span_ns) < 100 * 10**9 else f"+{age(span_ns)}"


def held(row: AuthorityRow | None, spacecraft: str, user: str, now_ns: int) -> str:
    """Return who commands a spacecraft, and for how many minutes yet; "" where nobody said."""
    if row is None:
        return ""
    offer = " offered to you" if row.offered_to == user else ""
    if not row.holder:
        return f"{spacecraft} nobody{offer}"
    if row.holder != user:
        return f"{spacecraft} {row.holder}{offer}"
    minutes = max(0, row.until_ns - now_ns) // MINUTE_NS
    return f"{spacecraft} held {minutes}m" if row.until_ns else f"{spacecraft} held"
