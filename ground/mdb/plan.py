"""A database becomes decode tables: which packet is of which type, and where its values stand.

Packets find their type by walking the tree of containers from the root. Where the criteria look at
fields of fixed place, `Node.key` names these fields: equal keys take equal ways, so that the
criteria are evaluated once for each key and not for each packet.

Source: XTCE 1.2 `SequenceContainerType`, `ContainerSegmentRefEntryType`, `RestrictionCriteriaType`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ground.errors import InputError
from ground.mdb import conditions, entries, layout
from ground.mdb.model import (
    Condition,
    Container,
    ContainerEntry,
    Database,
    MathOperation,
    Reference,
    ScalarType,
)
from ground.mdb.program import Program, Run
from ground.mdb.tables import build

KEY_BITS = 64
WINDOW_BITS = 57  # what one load of eight octets holds, from any bit on


@dataclass(frozen=True, slots=True)
class Node:
    """A container in the tree of packet types.

    Attributes:
        path: its container.
        abstract: no packet is of this type itself.
        children: criteria and containers that extend it, in the order of the database.
        probe: decodes just what the criteria of the children look at; None without children.
        types: of the columns that `probe` gives.
        key: int64 [K, 3], the bits that alone decide the way, for `keys`; None where others do too.
    """

    path: str
    abstract: bool
    children: tuple[tuple[Condition | None, Node], ...] = ()
    probe: Program | None = None
    types: Mapping[str, ScalarType] | None = None
    key: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a `Decoder` needs to know of a database.

    Attributes:
        root: where every packet starts.
        programs: how to decode each packet type, by container path.
        column_types: the type behind each column of each packet type.
    """

    root: Node
    programs: Mapping[str, Program]
    column_types: Mapping[str, Mapping[str, ScalarType]]


def compile(database: Database, root: str | None = None) -> Plan:
    """Return the plan of a database.

    Args:
        root: path (or unique last part) of the container that every packet is; may be left out
            where the database has only one that can be.

    Raises:
        InputError: no such root or several, or a layout that cannot be decoded; with its place.
    """
    top = _root(database, root)
    programs: dict[str, Program] = {}
    column_types: dict[str, Mapping[str, ScalarType]] = {}
    node = _node(database, top, programs, column_types, ())
    return Plan(node, programs, column_types)


def of_command(database: Database, path: str) -> Plan:
    """Return the plan of one command's container: its octets become arguments again."""
    tree = entries.of_command(database, path)
    types = {leaf.name: leaf.type for leaf in layout.leaves(tree)}
    program = build(tree, looked=_looked(layout.references(tree), types))
    return Plan(Node(path, False), {path: program}, {path: types})


def _root(database: Database, named: str | None) -> Container:
    if named is not None:
        return _named(database, named)
    included = {
        entry.container
        for each in database.containers.values()
        for entry in each.entries
        if isinstance(entry, ContainerEntry)
    }
    free = [
        path
        for path, each in database.containers.items()
        if each.base is None and path not in included
    ]
    extended = [path for path in free if database.children.get(path)]
    candidates = extended or free
    if len(candidates) != 1:
        listed = ", ".join(candidates[:20]) or "none"
        raise InputError(
            f"{database.source}: the root container is ambiguous (candidates: {listed}); "
            "root_container expected"
        )
    return database.containers[candidates[0]]


def _named(database: Database, named: str) -> Container:
    ending = "/" + named.lstrip("/")
    found = [each for path, each in database.containers.items() if path.endswith(ending)]
    exact = [each for each in found if each.path == named]
    if len(exact or found) == 1:
        return (exact or found)[0]
    what = "several containers" if found else "no container"
    raise InputError(f"{database.source}: {what} {named} found; the path of one expected")


def _node(
    database: Database,
    container: Container,
    programs: dict[str, Program],
    column_types: dict[str, Mapping[str, ScalarType]],
    above: tuple[str, ...],
) -> Node:
    if container.path in above:
        raise InputError(f"{container.where}: {container.path} extends itself")
    tree = entries.of_container(database, container.path)
    types = {leaf.name: leaf.type for leaf in layout.leaves(tree)}
    here = (*above, container.path)
    extending = [database.containers[path] for path in database.children.get(container.path, ())]
    children = tuple(
        (each.restriction, _node(database, each, programs, column_types, here))
        for each in extending
    )
    abstract = container.abstract and bool(children)
    deciding = _deciding(container, tree, types)
    if not abstract:
        programs[container.path] = build(tree, looked=_looked(deciding, types))
        column_types[container.path] = types
    node = Node(container.path, abstract, children)
    return _with_probe(node, tree, types, deciding) if children else node


def _deciding(
    container: Container, tree: layout.Group, types: Mapping[str, ScalarType]
) -> set[Reference]:
    """Return the parameters that decide what stands where; those of sizes must be in the packet."""
    for reference in layout.measured(tree):
        if _column(reference.path, types) is None or reference.instance:
            raise InputError(
                f"{container.where}: {container.path}: a size, place or count is computed from "
                f"{reference.path}, which this packet does not hold; a parameter of it expected"
            )
    return layout.references(tree)


def _column(path: str, types: Mapping[str, ScalarType]) -> str | None:
    """Return the column that holds a parameter, or an element of an array."""
    name = path if path in types else conditions.INDEX.sub("", path)
    return name if name in types else None


def _with_probe(
    node: Node,
    tree: layout.Group,
    types: Mapping[str, ScalarType],
    deciding: set[Reference],
) -> Node:
    """Add what is needed to choose among the children."""
    criteria = [each for each, _ in node.children if each is not None]
    asked = _looked(set().union(*map(conditions.references, criteria)), types)
    probe = build(tree, looked=asked | _looked(deciding, types), only=True)
    return replace(node, probe=probe, types=types, key=_key(probe, asked))


def _key(probe: Program, asked: frozenset[str]) -> NDArray[np.int64] | None:
    """Return where all that is asked lies, if that is fixed and fits a word."""
    first = probe.steps[0] if probe.steps else None
    if not asked:
        return np.empty((0, 3), np.int64)
    if not isinstance(first, Run):
        return None
    seats = [each.seat for each in first.numbers if each.name in asked]
    rows = [seat.mask for seat in seats if seat.count == 1]
    if len(rows) != len(asked):
        return None
    windows = _windows((at, bits) for at, bits, _ in sorted(first.table[rows].tolist()))
    table = np.array(windows, np.int64).reshape(-1, 3)
    return table if int(table[:, 1].sum()) <= KEY_BITS else None


def _windows(fields: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Gather fields (bit, width), sorted, that one load reaches, each with a mask of its fields."""
    groups: list[list[tuple[int, int]]] = []
    for at, bits in fields:
        if groups and at + bits - groups[-1][0][0] <= WINDOW_BITS:
            groups[-1].append((at, bits))
        else:
            groups.append([(at, bits)])
    return [_window(group) for group in groups]


def _window(fields: list[tuple[int, int]]) -> tuple[int, int, int]:
    start, end = fields[0][0], max(at + bits for at, bits in fields)
    mask = 0
    for at, bits in fields:
        mask |= (1 << bits) - 1 << end - at - bits
    return start, end - start, mask - (1 << 64) if mask >> 63 else mask


def _looked(asked: Iterable[Reference], types: Mapping[str, ScalarType]) -> frozenset[str]:
    """Return the columns that references look at, and those that calibrating them looks at."""
    found: set[str] = set()
    left = list(asked)
    while left:
        reference = left.pop()
        name = _column(reference.path, types)
        if name is None or name in found:
            continue
        found.add(name)
        type_ = types[name]
        calibrators = [type_.calibrator, *(each.calibrator for each in type_.context_calibrators)]
        for context in type_.context_calibrators:
            left.extend(conditions.references(context.condition))
        for calibrator in calibrators:
            if isinstance(calibrator, MathOperation):
                left.extend(each for each in calibrator.tokens if isinstance(each, Reference))
        if type_.time is not None and type_.time.offset_from is not None:
            left.append(Reference(type_.time.offset_from))
    return frozenset(found)
