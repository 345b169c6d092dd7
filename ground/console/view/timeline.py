"""Contacts over time: a bar for each link, what the route takes now, where it is handed over.

A cell of a bar stands for a span of time; a half of it that a contact covers by most is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ground.console.palette import Glyphs
from ground.console.view.parts import Cell, Column, Line, Run, across
from ground.console.view.rows import Look
from ground.console.view.text import age, clean, count, fit, utc
from ground.messages import ContactRow, HopRow

LABEL = 19  # cells of the name of a link
_TAKEN = ("█", "▌", "▐")
_OPEN = ("▒", "░", "░")
_ASCII_TAKEN, _ASCII_OPEN = ("#", "#", "#"), ("=", "-", "-")
Link = tuple[str, str]


class Handover(NamedTuple):
    """When who serves a spacecraft changes; "" stands for nobody."""

    t_ns: int
    source: str
    next: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn: contacts of a span of time, and the hops that a command would take now."""

    contacts: Sequence[ContactRow]
    hops: Sequence[HopRow]
    target: str
    start_ns: int
    end_ns: int
    now_ns: int


def draw(scene: Scene, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return the axis, then a bar for each link; what does not fit is counted in the last line."""
    room = cells - LABEL
    if room < 10 or height < 2:
        return [[Run(fit("no room for a timeline", cells), "dim")]]
    grouped = links(scene)
    shown = height - 1 if len(grouped) < height else height - 2
    lines = [_axis(scene, room)]
    lines += [_bar(link, rows, scene, room, glyphs) for link, rows in list(grouped.items())[:shown]]
    if len(grouped) > shown:
        lines.append(
            [Run(fit(f" and {len(grouped) - shown} links more (/ filters)", cells), "dim")]
        )
    return lines


def links(scene: Scene) -> dict[Link, list[ContactRow]]:
    """Return the contacts by link: those on the way first, then those to the target."""
    grouped: dict[Link, list[ContactRow]] = {}
    for row in scene.contacts:
        grouped.setdefault((row.source, row.target), []).append(row)
    on_way = [(hop.source, hop.target) for hop in scene.hops]

    def rank(link: Link) -> tuple[int, bool, Link]:
        place = on_way.index(link) if link in on_way else len(on_way)
        return place, link[1] != scene.target, link

    return {link: grouped[link] for link in sorted(grouped, key=rank)}


def handovers(
    contacts: Iterable[ContactRow], target: str, now_ns: int, serving: str = ""
) -> list[Handover]:
    """Return how a target passes from one contact to the next from now on.

    Who serves it now (`serving`, where that is known) does so until its contact ends; then whoever
    stays in sight for longest does.
    """
    ahead = (each for each in contacts if each.target == target and each.end_ns > now_ns)
    rows = sorted(ahead, key=lambda each: each.start_ns)
    found: list[Handover] = []
    before, t_ns = "", now_ns
    while rows:
        open_now = [each for each in rows if each.start_ns <= t_ns]
        following = max(
            open_now,
            key=lambda each: (not found and each.source == serving, each.end_ns),
            default=None,
        )
        if following is None:
            if before or not found:
                found.append(Handover(t_ns, before, ""))
            before, t_ns = "", rows[0].start_ns
            continue
        if following.source != before:
            found.append(Handover(t_ns, before, following.source))
        before, t_ns = following.source, following.end_ns
        rows = [each for each in rows if each.end_ns > t_ns]
    return found


def serves(scene: Scene, glyphs: Glyphs, cells: int) -> Line:
    """Return the line of handovers of the target."""
    runs: Line = [Run(f" {clean(scene.target) or 'no spacecraft'} ", "strong")]
    last = scene.hops[-1] if scene.hops else None
    serving = last.source if last is not None and last.target == scene.target else ""
    found = handovers(scene.contacts, scene.target, scene.now_ns, serving)
    for at, each in enumerate(found):
        when = "now" if at == 0 else utc(each.t_ns, date=False)
        follows = clean(each.next) or "nobody"
        runs.append(
            Run(
                f"{'' if at == 0 else glyphs.rule} {when} {follows} ",
                "key" if each.next else "serious",
            )
        )
    if len(runs) == 1:
        runs.append(Run(" no contact in this time", "serious"))
    return across(runs, [], cells, "text", glyphs.more)


COLUMNS = (
    Column("", 2),
    Column("from", 10, grow=2),
    Column("to", 10, grow=2),
    Column("start", 9),
    Column("end", 9),
    Column("in", 7, right=True),
    Column("lasts", 7, right=True),
    Column("rate b/s", 8, right=True, from_width=78),
    Column("owlt ms", 8, right=True, from_width=90),
    Column("elev", 6, right=True, from_width=100),
    Column("origin", 9, from_width=110),
)


def contact(row: ContactRow, taken: bool, look: Look) -> list[Cell]:
    """Return a contact; one that the route takes has a sign of its own."""
    open_now = row.start_ns <= look.now_ns < row.end_ns
    status = look.quiet("standby" if taken else "normal" if open_now else "off")
    over = row.end_ns <= look.now_ns
    ahead = "now" if open_now else "over" if over else age(row.start_ns - look.now_ns)
    elevation = "-" if row.elevation_deg != row.elevation_deg else f"{row.elevation_deg:.1f}"
    return [
        Cell(
            look.glyphs.play if taken else look.glyphs.status["normal" if open_now else "off"],
            status,
        ),
        Cell(clean(row.source), look.quiet("strong" if taken else "text")),
        Cell(clean(row.target), look.quiet("strong" if taken else "text")),
        Cell(utc(row.start_ns, date=False), look.quiet()),
        Cell(utc(row.end_ns, date=False), look.quiet()),
        Cell(ahead, status),
        Cell(age(row.end_ns - row.start_ns), look.quiet()),
        Cell(count(row.rate_bps), look.quiet()),
        Cell(f"{row.owlt_ns / 1e6:.1f}", "dim"),
        Cell(elevation, "dim"),
        Cell(clean(row.origin), "dim"),
    ]


def taken(row: ContactRow, hops: Iterable[HopRow]) -> bool:
    """Whether a contact is one of those that a command would take now."""
    return any(
        (hop.source, hop.target) == (row.source, row.target)
        and hop.start_ns < row.end_ns
        and row.start_ns < hop.end_ns
        for hop in hops
    )


def _axis(scene: Scene, room: int) -> Line:
    """Return the times above the bars, and where now is."""
    span, text = scene.end_ns - scene.start_ns, [" "] * room
    now = (scene.now_ns - scene.start_ns) * room // span
    begin = min(now, room - 3) if 0 <= now < room else -9
    for at in range(0, room - 5, max(8, room // 8)):
        if not begin - 6 < at < begin + 4:  # it would run into the word now
            text[at : at + 5] = utc(scene.start_ns + span * at // room, date=False)[:5]
    if begin >= 0:
        text[begin : begin + 3] = "now"
    return [Run(fit(" UTC", LABEL), "axis"), Run("".join(text), "axis")]


def _bar(link: Link, rows: Sequence[ContactRow], scene: Scene, room: int, glyphs: Glyphs) -> Line:
    """Return one link over time: cells of the route's contacts, of others, and the line of now."""
    cells: list[Run] = [Run(" ", "text")] * room
    now = (scene.now_ns - scene.start_ns) * room // (scene.end_ns - scene.start_ns)
    if 0 <= now < room:
        cells[now] = Run(glyphs.rule, "axis")
    for row in rows:
        used = taken(row, scene.hops)
        signs = (
            (_TAKEN if used else _OPEN)
            if glyphs.braille
            else (_ASCII_TAKEN if used else _ASCII_OPEN)
        )
        for at, sign in _covered(row, scene, room, signs):
            cells[at] = Run(sign, "standby" if used else "spark")
    runs: Line = [
        Run(fit(f" {clean(link[0])} > {clean(link[1])}", LABEL - 1, more=glyphs.more) + " ", "text")
    ]
    for each in cells:
        if runs[-1].style == each.style and len(runs) > 1:
            runs[-1] = Run(runs[-1].text + each.text, each.style)
        else:
            runs.append(each)
    return runs


def _covered(
    row: ContactRow, scene: Scene, room: int, signs: tuple[str, str, str]
) -> list[tuple[int, str]]:
    """Return the cells that a contact covers, with a sign for whole, left and right halves."""
    span, halves = scene.end_ns - scene.start_ns, room * 2
    first = max(0, round((row.start_ns - scene.start_ns) * halves / span))
    last = min(halves, max(first + 1, round((row.end_ns - scene.start_ns) * halves / span)))
    whole, left, right = signs
    found = []
    for at in range(first // 2, -(-last // 2)):
        here = (first <= at * 2 < last, first <= at * 2 + 1 < last)
        if any(here):
            found.append((at, whole if all(here) else left if here[0] else right))
    return found
