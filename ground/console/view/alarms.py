"""Alarms as a list: its order, which holds still under the cursor, and how a row reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ground.columns import element
from ground.console.palette import SEVERITIES, Glyphs
from ground.console.view.parts import Cell, Column
from ground.console.view.text import clean, since, utc
from ground.messages import AlarmRef, AlarmRow

COLUMNS = (
    Column("", 2),
    Column("state", 6),
    Column("spacecraft", 10),
    Column("parameter", 18, grow=3, tail=True),
    Column("value", 12, right=True, grow=1),
    Column("tripped at", 12, right=True, from_width=118),
    Column("units", 6, from_width=96),
    Column("age", 6, right=True),
    Column("raised", 9, from_width=96),
    Column("n", 7, right=True, from_width=132),
    Column("by", 10, grow=1, from_width=132),
    Column("comment", 12, grow=3, from_width=150),
)
_STATES = {"unacknowledged": "UNACK", "acknowledged": "acked", "returned": "RTN", "normal": "gone"}


def grade(row: AlarmRow) -> str:
    """Return the severity an alarm counts as: its own now, else the worst since it was raised."""
    return SEVERITIES[row.severity or row.worst] if 0 <= row.worst < 4 else "critical"


def waits(row: AlarmRow) -> bool:
    """Whether an alarm waits for someone to acknowledge it."""
    back = row.state == "returned" and not row.acknowledged_by
    return row.state == "unacknowledged" or back


def name(row: AlarmRow) -> str:
    """Return the parameter, with its element where it is one of an array."""
    return clean(element(row.parameter, row.element) if row.element >= 0 else row.parameter)


def ref(row: AlarmRow) -> AlarmRef:
    """Return what an act says of an alarm: which, and in which version it was seen."""
    return AlarmRef(row.id, row.version)


def rank(row: AlarmRow) -> tuple[bool, int, int, str]:
    """Return where an alarm sorts: what waits first, then the worse, then the newer."""
    return (row.state == "acknowledged", -(row.severity or row.worst), -row.raised_ns, row.id)


@dataclass(slots=True)
class Roll:
    """The list on the screen: rows keep their places until the operator asks for the new ones.

    `rows` are as they stand now; one that is gone stays, as it was, until then. `waiting` counts
    those that have come since and are not in the list.
    """

    rows: list[AlarmRow] = field(default_factory=list)
    waiting: int = 0
    _gone: frozenset[str] = frozenset()

    def receive(self, alarms: dict[str, AlarmRow], wanted: Callable[[AlarmRow], bool]) -> None:
        """Take the alarms as they stand now; an empty list takes new ones at once."""
        if not self.rows:
            self.merge(alarms.values(), wanted)
            return
        shown = {row.id for row in self.rows}
        self._gone = frozenset(shown - alarms.keys())
        self.rows = [alarms.get(row.id, row) for row in self.rows]
        self.waiting = sum(row.id not in shown and wanted(row) for row in alarms.values())

    def merge(self, alarms: Iterable[AlarmRow], wanted: Callable[[AlarmRow], bool]) -> None:
        """Take the new ones in, let go of those that are gone, and sort."""
        self.rows = sorted(filter(wanted, alarms), key=rank)
        self.waiting, self._gone = 0, frozenset()

    def gone(self, row: AlarmRow) -> bool:
        """Whether an alarm that is still listed is over."""
        return row.id in self._gone


def cells(row: AlarmRow, glyphs: Glyphs, now_ns: int, *, gone: bool, lost: bool) -> list[Cell]:
    """Return a row of the list."""
    severity = grade(row)
    shelved = row.shelved_until_ns is not None
    state = "gone" if gone else "shelf" if shelved else _STATES[row.state]
    style = "dim" if gone else "stale" if lost else "shelved" if shelved else severity
    quiet = "dim" if gone else "stale" if lost else "shelved" if shelved else "text"
    sign = glyphs.status["shelved" if shelved else severity] if not gone else glyphs.status["off"]
    who = row.acknowledged_by or row.shelved_by
    note = f"until {utc(row.shelved_until_ns, date=False)} " if row.shelved_until_ns else ""
    return [
        Cell(sign, style),
        Cell(state + ("L" if row.latched and not gone else ""), style),
        Cell(clean(row.spacecraft), quiet),
        Cell(name(row), quiet if row.state == "acknowledged" else style),
        Cell(clean(row.value), style),
        Cell(clean(row.trip), quiet),
        Cell(clean(row.units), "dim"),
        Cell(since(row.raised_ns, now_ns), quiet),
        Cell(utc(row.raised_ns, date=False), quiet),
        Cell(f"{row.violations:,}", quiet),
        Cell(clean(row.assigned_to or who), quiet),
        Cell(note + clean(row.comment), "dim"),
    ]


def matches(text: str, words: str) -> bool:
    """Whether a row's text fits a filter: every word in it, and none of those after `!`."""
    text = text.casefold()
    for word in words.casefold().split():
        refused = word.startswith("!")
        word = word[1:] if refused else word
        if word and (word in text) == refused:
            return False
    return True
