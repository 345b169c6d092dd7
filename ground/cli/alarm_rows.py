"""Alarms as rows to print, and what people type to mean one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ground.cli.output import TO_SECOND, Heading
from ground.errors import InputError

if TYPE_CHECKING:
    from ground.messages import AlarmRow

LEVELS = ("watch", "warning", "distress", "critical", "severe")
ALARMS = [
    Heading("severity", "severity", whole=True),
    Heading("state", "state", whole=True),
    Heading("spacecraft", "spacecraft", whole=True),
    Heading("parameter", "parameter"),
    Heading("value", "value", True),
    Heading("units", "units"),
    Heading("violations", "samples", True, aside=True),
    Heading("raised", "raised (UTC)", time=TO_SECOND, aside=True),
    Heading("acknowledged_by", "by", aside=True),
    Heading("assigned_to", "assigned", aside=True),
    Heading("comment", "comment", aside=True),
    Heading("id", "id", aside=True),
]


def bounds(text: str) -> tuple[str, tuple[float | None, float | None]]:
    """Return a level and its range out of LEVEL=LOW:HIGH; either end may be left out.

    Raises:
        InputError: it is not of this form.
    """
    level, _, ends = text.partition("=")
    low, colon, high = ends.partition(":")
    try:
        if level not in LEVELS or not colon or not (low or high):
            raise ValueError
        ends_of = (float(low) if low else None, float(high) if high else None)
        if low and high and not float(low) <= float(high):
            raise ValueError
        return level, ends_of
    except ValueError:
        expected = f"LEVEL=LOW:HIGH, the lowest first, with a level of {', '.join(LEVELS)}"
        raise InputError(f"--range {text!r}; expected {expected}") from None


def choose(
    alarms: Iterable[AlarmRow], texts: Iterable[str], spacecraft: Sequence[str] | None = None
) -> list[AlarmRow]:
    """Return the alarms that ids, names or globs mean, each once; of these spacecraft only.

    Raises:
        InputError: one of them means none.
    """
    known = [each for each in alarms if not spacecraft or each.spacecraft in spacecraft]
    found: dict[str, AlarmRow] = {}
    for text in texts:
        meant = [each for each in known if _means(text, each)]
        if not meant:
            raise InputError(f"{text}: no such alarm; `ground alarms` lists them")
        found |= {each.id: each for each in meant}
    return list(found.values())


def _means(text: str, alarm: AlarmRow) -> bool:
    from ground.services import names

    if alarm.id == text:
        return True
    glob = names.pattern(text)
    if not glob.matches(alarm.parameter):
        return False
    return glob.first is None or glob.last is None or glob.first <= alarm.element <= glob.last


def as_row(alarm: AlarmRow) -> dict[str, Any]:
    """Return an alarm as a row to print."""
    from ground.columns import Severity
    from ground.services.names import element
    from protocols import times

    name = alarm.parameter if alarm.element < 0 else element(alarm.parameter, alarm.element)
    until_ns = alarm.shelved_until_ns
    return {
        "id": alarm.id,
        "version": alarm.version,
        "spacecraft": alarm.spacecraft,
        "parameter": name,
        "state": alarm.state if until_ns is None else "shelved",
        "severity": Severity(alarm.severity).name.lower(),
        "worst": Severity(alarm.worst).name.lower(),
        "value": alarm.value,
        "trip": alarm.trip,
        "units": alarm.units,
        "violations": alarm.violations,
        "latched": alarm.latched,
        "raised_ns": alarm.raised_ns,
        "raised": times.iso(alarm.raised_ns),
        "changed_ns": alarm.changed_ns,
        "acknowledged_by": alarm.acknowledged_by,
        "shelved_until": None if until_ns is None else times.iso(until_ns),
        "shelved_by": alarm.shelved_by,
        "assigned_to": alarm.assigned_to,
        "comment": alarm.comment,
    }
