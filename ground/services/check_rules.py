"""What a mission's rules name, held against the packet types and parameters that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from ground.mdb.model import Gravity, Problem
from ground.services import plugins
from ground.settings import AlarmRule, EventRule, Mission, StaleRule, TimeRule
from ground.settings.station import fits

Columns = Mapping[str, Set[str]]
"""Paths of the columns of each packet type."""

Found = tuple[str, str]  # the key, and what is wrong with it
SOME = 5  # packet types that a message names


def rules(mission: Mission, flown: Mapping[str, Columns]) -> Iterator[Problem]:
    """Yield what rules name that no packet has.

    Args:
        flown: the packets of each spacecraft whose database is usable.
    """
    derived = {path: set(types) for path, types in plugins.types().items()}
    tables: tuple[tuple[str, Iterable[TimeRule | EventRule | StaleRule | AlarmRule]], ...] = (
        ("time", mission.times),
        ("event", mission.events),
        ("stale", mission.stale),
        ("alarm", mission.alarms),
    )
    for table, several in tables:
        for index, rule in enumerate(several):
            names = [each for each in flown if _spacecraft(rule) in (None, each)]
            packets = [pair for name in names for pair in flown[name].items()]
            for key, message in _rule(rule, packets, derived) if packets else ():
                yield Problem(mission.where(table, index, key), Gravity.ERROR, message)


def _spacecraft(rule: TimeRule | EventRule | StaleRule | AlarmRule) -> str | None:
    return None if isinstance(rule, EventRule) else rule.spacecraft


def _rule(
    rule: TimeRule | EventRule | StaleRule | AlarmRule,
    packets: list[tuple[str, Set[str]]],
    derived: Columns,
) -> Iterator[Found]:
    if isinstance(rule, AlarmRule):
        yield from _alarms([*packets, *derived.items()], rule.parameters)
    elif isinstance(rule, StaleRule):
        yield from _packets([*packets, *derived.items()], rule.packets)
    else:
        named = rule.parameters if isinstance(rule, TimeRule) else _of_event(rule)
        yield from _packets(packets, rule.packets)
        matching = [columns for path, columns in packets if fits(rule.packets, path)]
        for key, names in named.items() if matching else ():
            for name in [names] if isinstance(names, str) else names:
                if not any(_has(columns, name) for columns in matching):
                    expected = f"expected a parameter of {rule.packets!r} packets"
                    yield key, f"{key} = {name!r}; {expected}"


def _of_event(rule: EventRule) -> dict[str, tuple[str, ...]]:
    severity = () if rule.severity is None else (rule.severity,)
    return {"text": rule.text, "severity": severity}


def _packets(packets: list[tuple[str, Set[str]]], pattern: str) -> Iterator[Found]:
    if not any(fits(pattern, path) for path, _ in packets):
        some = ", ".join(path for path, _ in packets[:SOME])
        yield "packets", f"packets = {pattern!r}, which is none; expected such as {some}"


def _alarms(packets: list[tuple[str, Set[str]]], pattern: str) -> Iterator[Found]:
    if not any(fits(pattern, path) for _, columns in packets for path in columns):
        some = ", ".join(sorted(packets[0][1])[:SOME])
        yield "parameters", f"parameters = {pattern!r}, which is none; expected such as {some}"


def _has(columns: Set[str], name: str) -> bool:
    return name in columns or any(column.endswith("/" + name) for column in columns)
