"""What a console must know of a mission: its parameters out of the mission's databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ground import databases
from ground.alarms import limits
from ground.columns import Severity
from ground.decode.derive import Deriver
from ground.mdb import plan
from ground.mdb.model import (
    BinaryEncoding,
    Kind,
    Range,
    ScalarType,
    StringEncoding,
)
from ground.mdb.plan import Plan
from ground.mdb.program import Branch, Inner, Loop, Program, Run, Varying
from ground.messages import MissionDescribed, ParameterRow
from ground.services import plugins
from ground.settings import Mission

LONGEST = 200  # characters of a description
LABELLED = (Kind.ENUMERATED, Kind.BOOLEAN)
Types = Mapping[str, ScalarType]
Bounds = tuple[str, float | None, float | None]


def describe(
    mission: str,
    realm: str,
    spacecraft: Iterable[str],
    plans: Iterable[Plan],
    derived: Mapping[str, Types] = MappingProxyType({}),
) -> MissionDescribed:
    """Return a mission's parameters, each once, under the first packet type that holds it.

    Args:
        derived: types of the columns of each derived packet type.
    """
    rows: dict[str, ParameterRow] = {}
    for packet_type, types, sizes in _listed(plans, derived):
        for path, type_ in types.items():
            if path not in rows:
                rows[path] = parameter(path, packet_type, type_, sizes.get(path, 1))
    names = list(spacecraft)
    whole = repr((mission, realm, names, list(rows.values())))
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return MissionDescribed(mission, realm, digest, names, list(rows.values()))


def _listed(
    plans: Iterable[Plan], derived: Mapping[str, Types]
) -> Iterator[tuple[str, Types, Mapping[str, int | None]]]:
    for each in plans:
        for packet_type, types in each.column_types.items():
            yield packet_type, types, elements(each.programs[packet_type])
    for packet_type, types in derived.items():
        yield packet_type, types, {}


def plans(mission: Mission) -> list[Plan]:
    """Return the compiled databases of a mission, each once."""
    used = dict.fromkeys((each.database, each.root_container) for each in mission.spacecraft)
    return [
        plan.compile(databases.read_database(path), root) for path, root in used if path is not None
    ]


def derived(plans: Iterable[Plan]) -> dict[str, Mapping[str, ScalarType]]:
    """Return the derived packet types that can come out of these databases' packets."""
    known = {packet_type for each in plans for packet_type in each.column_types}
    return Deriver([each for each in plugins.derived() if each.packets in known]).types()


def parameter(path: str, packet_type: str, type_: ScalarType, size: int | None = 1) -> ParameterRow:
    """Return one row.

    Args:
        size: values in a packet: 1 for a single one, None for an array whose size varies.
    """
    return ParameterRow(
        path=path,
        packet_type=packet_type,
        kind=_kind(type_) if size == 1 else "array",
        units=type_.units,
        description=type_.description[:LONGEST],
        elements=0 if size in (None, 1) else int(size or 0),
        labels=_labels(type_),
        limits=_limits(type_),
    )


def instants(plans: Iterable[Plan]) -> frozenset[str]:
    """Return the parameters whose engineering value is a time."""
    return frozenset(
        path
        for each in plans
        for types in each.column_types.values()
        for path, type_ in types.items()
        if type_.kind is Kind.ABSOLUTE_TIME and type_.time is not None
    )


def elements(program: Program) -> Mapping[str, int | None]:
    """Return how many values of each column a packet holds; None where that varies."""
    return dict(_sizes(program))


def _sizes(program: Program) -> Iterator[tuple[str, int | None]]:
    for step in program.steps:
        if isinstance(step, Run):
            yield from ((each.name, each.seat.count) for each in step.numbers)
            yield from ((each.name, len(each.places)) for each in step.texts)
        elif isinstance(step, Branch | Inner):
            yield from _sizes(step.body)
        elif isinstance(step, Loop):
            yield from ((name, step.fixed) for name, _ in _sizes(step.body))
        elif isinstance(step, Varying):
            yield step.name, 1


def _kind(type_: ScalarType) -> str:
    if type_.kind in LABELLED:
        return "label"
    if isinstance(type_.encoding, StringEncoding):
        return "text"
    return "octets" if isinstance(type_.encoding, BinaryEncoding) else "number"


def _labels(type_: ScalarType) -> list[str]:
    if type_.kind is Kind.BOOLEAN:
        return [type_.zero_label, type_.one_label]
    return list(dict.fromkeys(each.label for each in type_.labels))


def _limits(type_: ScalarType) -> list[Bounds]:
    """Return the plain static ranges of what is allowed, the mildest severity first."""
    static = type_.alarm.static if type_.alarm and not type_.context_alarms else None
    if static is None or static.inside:
        return []
    ordered = sorted(static.ranges, key=lambda each: each[0])
    return [_bounds(Severity(int(limits.SEVERITIES[level])), range_) for level, range_ in ordered]


def _bounds(severity: Severity, range_: Range) -> Bounds:
    return severity.name.lower(), range_.minimum, range_.maximum
