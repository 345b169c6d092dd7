"""Parameters and containers.

An entry that is not supported ends the container: what would follow it has no known place.

Source: XTCE 1.2, ParameterSetType, SequenceContainerType, SequenceEntryType.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ground.errors import Where
from ground.mdb.model import (
    ArgumentEntry,
    Condition,
    Container,
    ContainerEntry,
    Entry,
    FixedEntry,
    Location,
    Origin,
    Parameter,
    ParameterEntry,
    Repeat,
)
from ground.mdb.xtce_conditions import NEVER, amount, argument, condition, required_amount
from ground.mdb.xtce_document import Element
from ground.mdb.xtce_encodings import size_bits
from ground.mdb.xtce_names import Names, Owner, Scope, Sort
from ground.mdb.xtce_types import description, sizes

CONTAINERS = (Sort.CONTAINER, Sort.COMMAND_CONTAINER)
_ORIGINS = {origin.value: origin for origin in Origin}
_SOURCES = {name: name for name in ("telemetered", "derived", "constant", "local", "ground")}


def read_parameters(names: Names) -> dict[str, Parameter]:
    """Return all parameters by path."""
    found = {}
    for path, element in names.table[Sort.PARAMETER].items():
        if element.tag == "Parameter":
            found[path] = _parameter(Scope(names, (Sort.PARAMETER, path)), element, path)
    return found


def _parameter(scope: Scope, element: Element, path: str) -> Parameter:
    properties = element.find("ParameterProperties")
    source = "telemetered"
    if properties is not None:
        source = scope.choice(properties, "dataSource", _SOURCES, source)
    return Parameter(
        path=path,
        type=scope.reference(element, "parameterTypeRef", Sort.TYPE) or "",
        where=scope.notes.where(element),
        description=description(element),
        source=source,
        aliases=tuple(
            (scope.text(one, "nameSpace"), scope.text(one, "alias"))
            for one in element.iterfind("AliasSet/Alias")
        ),
        initial=element.get("initialValue"),
    )


def read_containers(names: Names, sort: Sort) -> dict[str, Container]:
    """Return the containers of one sort by path."""
    return {
        path: container(Scope(names, (sort, path)), element, path)
        for path, element in names.table[sort].items()
        if path not in names.in_commands
    }


def container(scope: Scope, element: Element, path: str) -> Container:
    """Read one container; in a command's, entries may be arguments."""
    base = element.find("BaseContainer")
    entries = element.find("EntryList")
    if entries is None:
        scope.error(element, f"container {path} without EntryList found; one expected")
    return Container(
        path=path,
        entries=() if entries is None else _entries(scope, entries),
        where=scope.notes.where(element),
        base=None if base is None else scope.reference(base, "containerRef", *CONTAINERS),
        restriction=None if base is None else condition(scope, base.find("RestrictionCriteria")),
        abstract=scope.flag(element, "abstract", False),
        bits=size_bits(scope, element.find("BinaryEncoding")),
        description=description(element),
    )


class _Place(NamedTuple):
    """What every entry says of where, whether and how often it stands."""

    where: Where
    location: Location | None
    condition: Condition | None
    repeat: Repeat | None


def _entries(scope: Scope, elements: Element) -> tuple[Entry, ...]:
    found: list[Entry] = []
    whole = True
    for element in elements:
        place = _Place(
            scope.notes.where(element),
            _location(scope, element),
            condition(scope, element.find("IncludeCondition")),
            _repeat(scope, element.find("RepeatEntry")),
        )
        entry = _entry(scope, element, place)
        whole = whole and entry is not None and place.condition != NEVER
        if whole and entry is not None:
            found.append(entry)
    if not whole:
        _cut(scope, elements)
    return tuple(found)


def _cut(scope: Scope, elements: Element) -> None:
    """Remember a container that is read in part; a command in part must not be sent."""
    sort, path = scope.owner
    if sort is Sort.COMMAND_CONTAINER:
        scope.error(elements, "an entry cannot be encoded; entries that are supported expected")
    else:
        scope.names.cut.add(path)


def cut_short(names: Names, containers: dict[str, Container], order: list[Owner]) -> None:
    """Cut the containers that stand on those cut, as what follows has no known place."""
    for sort, path in order:
        made = containers.get(path)
        if made is None or sort not in CONTAINERS:
            continue
        kept = _before_cut(made, names.cut)
        if len(kept) < len(made.entries) or made.base in names.cut:
            names.cut.add(path)
            containers[path] = replace(made, entries=kept)
            scope, element = Scope(names, (sort, path)), names.table[sort][path]
            message = f"container {path} stands on one read in part: {len(kept)} entries are read"
            report = scope.error if sort is Sort.COMMAND_CONTAINER else scope.unsupported
            report(element, message)


def _before_cut(made: Container, cut: set[str]) -> tuple[Entry, ...]:
    """Return the entries up to and with the first container that is read in part."""
    if made.base in cut:
        return ()
    for index, entry in enumerate(made.entries):
        if isinstance(entry, ContainerEntry) and entry.container in cut:
            return made.entries[: index + 1]
    return made.entries


def _entry(scope: Scope, element: Element, place: _Place) -> Entry | None:
    match element.tag:
        case "ParameterRefEntry" | "ArrayParameterRefEntry":
            return _parameter_entry(scope, element, place)
        case "ContainerRefEntry":
            path = scope.reference(element, "containerRef", *CONTAINERS)
            return None if path is None else ContainerEntry(path, *place)
        case "FixedValueEntry":
            return _fixed(scope, element, place)
        case "ArgumentRefEntry" | "ArrayArgumentRefEntry":
            name = argument(scope, element)
            extents = sizes(scope, element.find("DimensionList"))
            return None if name is None else ArgumentEntry(name, *place, extents)
    return None


def _parameter_entry(scope: Scope, element: Element, place: _Place) -> ParameterEntry | None:
    path = scope.parameter(element)
    if path is None:
        return None
    if path not in scope.names.table[Sort.PARAMETER]:
        message = f"{path}, a part of a parameter, is not supported as an entry"
        scope.unsupported(element, f"{message}: the container is read up to this entry")
        return None
    return ParameterEntry(path, *place, sizes(scope, element.find("DimensionList")))


def _fixed(scope: Scope, element: Element, place: _Place) -> FixedEntry | None:
    bits = scope.integer(element, "sizeInBits")
    text = scope.text(element, "binaryValue")
    if bits is None or bits < 1:
        scope.error(element, f"fixed value of {bits or 'no'} bits found; at least 1 expected")
        return None
    try:
        value = int.from_bytes(bytes.fromhex(text))
    except ValueError:
        scope.error(element, f"binaryValue {text!r} found; hexadecimal octets expected")
        return None
    kept = value & ((1 << min(bits, 4 * len(text))) - 1)  # the most significant are dropped
    octets = kept.to_bytes(-(-min(bits, 4 * len(text)) // 8))
    return FixedEntry(bits, octets, place.where, element.get("name", ""), *place[1:])


def _location(scope: Scope, element: Element) -> Location | None:
    found = element.find("LocationInContainerInBits")
    if found is None:
        return None
    origin = scope.choice(found, "referenceLocation", _ORIGINS, Origin.PREVIOUS_ENTRY)
    bits = amount(scope, found)
    if bits is None:
        expected = "FixedValue, DynamicValue or DiscreteLookupList expected"
        scope.error(found, f"location without a number of bits found; {expected}")
        return None
    return Location(origin, bits)


def _repeat(scope: Scope, element: Element | None) -> Repeat | None:
    if element is None:
        return None
    return Repeat(required_amount(scope, element, "Count"), amount(scope, element.find("Offset")))
