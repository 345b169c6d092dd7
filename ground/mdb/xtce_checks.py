"""Checks over a whole database that no single definition can make of itself.

Circles and nesting, containers that cannot be laid out, comparisons that can never hold.

Source: XTCE 1.2, NameReferenceType (no dangling names), BaseContainerType, ComparisonType.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ground.errors import Where
from ground.mdb.model import (
    AggregateType,
    Amount,
    ArrayType,
    Comparison,
    Container,
    ContainerEntry,
    Fixed,
    Gravity,
    IntegerCoding,
    IntegerEncoding,
    Kind,
    ParameterEntry,
    ParameterType,
    Problem,
    ScalarType,
)
from ground.mdb.xtce_document import Notes, integer, number
from ground.mdb.xtce_names import Names, Owner, Sort

MAX_DEPTH = 100
MAX_VALUES = 65542 * 8  # no space packet has more bits (133.0-B-2 §4.1.3.5.3)

_FAMILIES = (
    {Sort.TYPE, Sort.ARGUMENT_TYPE},
    {Sort.CONTAINER, Sort.COMMAND_CONTAINER},
    {Sort.COMMAND},
)


def check_nesting(names: Names, notes: Notes) -> list[Owner]:
    """Note what stands in itself, or too deep; return all owners, what they need before them."""
    order: list[Owner] = []
    for family in _FAMILIES:
        order += _walk(names, notes, family)
    return order


def _walk(names: Names, notes: Notes, family: set[Sort]) -> list[Owner]:
    depth: dict[Owner, int] = {}
    for sort in family:
        for path in names.table[sort]:
            if (sort, path) not in depth:
                _descend(names, notes, (sort, path), family, depth)
    return list(depth)


def _descend(
    names: Names, notes: Notes, start: Owner, family: set[Sort], depth: dict[Owner, int]
) -> None:
    """Visit depth first without recursion; `depth` fills from the innermost outwards."""

    def inner(owner: Owner) -> list[Owner]:
        return [target for target in names.links.get(owner, {}) if target[0] in family]

    trail = {start: iter(inner(start))}
    while trail:
        owner, targets = next(reversed(trail.items()))
        target = next(targets, None)
        if target is None:
            del trail[owner]
            depth[owner] = 1 + max((depth.get(t, 0) for t in inner(owner)), default=0)
            if depth[owner] == MAX_DEPTH + 1:
                element = names.table[owner[0]][owner[1]]
                message = f"{owner[0].value} {owner[1]} is nested {depth[owner]} deep"
                notes.add(None, element, Gravity.ERROR, f"{message}; at most {MAX_DEPTH} expected")
        elif target in trail:
            circle = [path for _, path in trail]
            way = " -> ".join([*circle[circle.index(target[1]) :], target[1]])
            message = f"{target[0].value} stands in itself: {way}; no circle expected"
            notes.add(None, names.links[owner][target], Gravity.ERROR, message)
        elif target not in depth:
            trail[target] = iter(inner(target))


class Layouts:
    """Checks that containers can be laid out: encodings, array sizes, number of values.

    What is found of a type or container is kept, so that each is looked at once however often it
    is used.
    """

    def __init__(
        self,
        names: Names,
        notes: Notes,
        types: Mapping[str, ParameterType],
        containers: Mapping[str, Container],
    ) -> None:
        self.names = names
        self.notes = notes
        self.types = types
        self.containers = containers
        self.values: dict[str, int] = {}  # of a container
        self.leaves: dict[str, int] = {}  # of a type
        self.flaws: dict[str, str] = {}  # of a type, as `_type` says

    def check(self, owners: list[Owner]) -> None:
        """Check all of them, each after those that it needs."""
        for sort, path in owners:
            if sort is Sort.TYPE and path in self.types:
                self.leaves[path], self.flaws[path] = self._type(self.types[path])
            elif sort in _FAMILIES[1] and path in self.containers:
                self._container((sort, path), self.containers[path])

    def _type(self, made: ParameterType) -> tuple[int, str]:
        """Return how many values a type holds, and why it cannot stand in a container, or ""."""
        if isinstance(made, ScalarType):
            missing = f"{made.path} has no data encoding; one is expected in a container"
            return 1, missing if made.encoding is None else ""
        if isinstance(made, AggregateType):
            inner = [member.type for member in made.members]
            flaw = next((flaw for path in inner if (flaw := self.flaws.get(path, ""))), "")
            return min(sum(self.leaves.get(path, 0) for path in inner), MAX_VALUES + 1), flaw
        return self._array(made, made.sizes)

    def _array(self, made: ArrayType, extents: tuple[Amount, ...]) -> tuple[int, str]:
        flaw = self.flaws.get(made.element, "")
        if len(extents) != made.dimensions:
            found = f"array {made.path} of {made.dimensions} dimensions with {len(extents)} sizes"
            flaw = f"{found} found; a size for each expected"
        return min(self.leaves.get(made.element, 0) * _product(extents), MAX_VALUES + 1), flaw

    def _container(self, owner: Owner, container: Container) -> None:
        total = self.values.get(container.base or "", 0)
        for entry in container.entries:
            values = 1
            if isinstance(entry, ContainerEntry):
                values = max(1, self.values.get(entry.container, 0))
            elif isinstance(entry, ParameterEntry):
                values = self._parameter(owner, entry)
            if entry.repeat is not None:
                values *= _product((entry.repeat.count,))
            total = min(total + values, MAX_VALUES + 1)
            if total > MAX_VALUES:
                self._note(owner, entry.where, f"over {MAX_VALUES} values; no packet has as many")
                break
        self.values[container.path] = min(total, MAX_VALUES)

    def _parameter(self, owner: Owner, entry: ParameterEntry) -> int:
        path = self.names.leaf_type(entry.parameter) or ""
        made = self.types.get(path)
        values, flaw = self.leaves.get(path, 0), self.flaws.get(path, "")
        if isinstance(made, ArrayType) and entry.sizes:
            values, flaw = self._array(made, entry.sizes)
        if flaw:
            self._note(owner, entry.where, flaw)
        return values

    def _note(self, owner: Owner, where: Where, message: str) -> None:
        self.notes.found.append((owner, Problem(where, Gravity.ERROR, message)))


def _product(extents: tuple[Amount, ...]) -> int:
    return math.prod(extent.value for extent in extents if isinstance(extent, Fixed))


# ---- values ---------------------------------------------------------------------------------


def check_comparisons(names: Names, types: Mapping[str, ParameterType]) -> None:
    """Warn of comparisons with a value that the parameter cannot have."""
    for scope, element, comparison in names.comparisons:
        if comparison.left.path.startswith("/") and isinstance(comparison.value, str):
            made = types.get(names.leaf_type(comparison.left.path) or "")
            wrong = None if made is None else _impossible(made, comparison, comparison.value)
            if wrong:
                found = f"{comparison.left.path} compared with {comparison.value!r}"
                scope.warning(element, f"{found}; {wrong} expected")


def _impossible(made: ParameterType, comparison: Comparison, text: str) -> str | None:
    """Return what would have been possible, where the text is not."""
    if not isinstance(made, ScalarType):
        return "a member or an element to compare"
    value, parsed = number(text), integer(text)
    if comparison.left.calibrated and made.kind in (Kind.ENUMERATED, Kind.BOOLEAN):
        labels = [label.label for label in made.labels] or [made.zero_label, made.one_label]
        known = text in labels or parsed is not None or text.lower() in ("true", "false")
        return None if known else f"one of its labels {', '.join(labels[:20])}"
    numeric = made.kind in (Kind.INTEGER, Kind.FLOAT) or not comparison.left.calibrated
    if not numeric or not isinstance(made.encoding, IntegerEncoding):
        return None
    if value is None and parsed is None:
        return "a number"
    if made.calibrator is None and not made.context_calibrators and parsed is not None:
        low, high = bounds(made.encoding)
        return None if low <= parsed <= high else f"{low} to {high}"
    return None


def bounds(encoding: IntegerEncoding) -> tuple[int, int]:
    """Return the least and the greatest integer that an encoding can hold."""
    bits = encoding.bits
    match encoding.coding:
        case IntegerCoding.TWOS_COMPLEMENT:
            return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        case IntegerCoding.ONES_COMPLEMENT | IntegerCoding.SIGN_MAGNITUDE:
            return 1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1
        case IntegerCoding.BCD:
            return 0, 10 ** (bits // 8) - 1
        case IntegerCoding.PACKED_BCD:
            return 0, 10 ** (bits // 4) - 1
    return 0, (1 << bits) - 1


def check_labels(notes: Notes, sort: Sort, types: Mapping[str, ParameterType]) -> None:
    """Warn of labels that no value gives, and of values that no octets give."""
    for path, made in types.items():
        if isinstance(made, ScalarType) and made.kind is Kind.ENUMERATED:
            for message in _odd_labels(made):
                problem = Problem(made.where, Gravity.WARNING, message)
                notes.found.append(((sort, path), problem))


def _odd_labels(made: ScalarType) -> list[str]:
    found = []
    labels = {label.label for label in made.labels}
    alarms = [made.alarm, *(one.alarm for one in made.context_alarms)]
    asked = {name for a in alarms if a and a.enumeration for name, _ in a.enumeration.levels}
    if made.initial is not None and integer(made.initial) is None:
        asked.add(made.initial)
    for name in sorted(asked - labels):
        found.append(
            f"{made.path} has no label {name!r}; one of {', '.join(sorted(labels))} expected"
        )
    if isinstance(made.encoding, IntegerEncoding):
        low, high = bounds(made.encoding)
        for label in made.labels:
            if not low <= label.value <= label.last <= high:
                held = (
                    f"{label.value}"
                    if label.value == label.last
                    else f"{label.value} to {label.last}"
                )
                message = f"{made.path}: label {label.label!r} has value {held}"
                found.append(f"{message}; {low} to {high} expected in {made.encoding.bits} bits")
    return found
