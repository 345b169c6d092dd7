"""XTCE 1.2 (and 1.1) documents to a `Database`.

    document (XML) -> grammar (is it XTCE, and what of it do we do) -> names (what means what)
        -> types, parameters, containers, commands -> checks

An error in what a packet needs refuses the file; so does one in its structure. Any other
definition with an error (a parameter in no packet, an abstract container that nothing extends,
a command) is left out, and so is what needs it, each with a warning. What is legal but not
supported is named with its line, and the file loads.

Source: XTCE 1.2, OMG formal/18-10-04.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeVar

from ground.mdb.model import Container, Database, DatabaseError, Gravity, Problem
from ground.mdb.xtce_checks import Layouts, check_comparisons, check_labels, check_nesting
from ground.mdb.xtce_commands import read_commands
from ground.mdb.xtce_containers import cut_short, read_containers, read_parameters
from ground.mdb.xtce_document import Element, Notes, parse
from ground.mdb.xtce_grammar import check as check_grammar
from ground.mdb.xtce_names import Names, Owner, Sort
from ground.mdb.xtce_schema import validate
from ground.mdb.xtce_types import description, read_types

__all__ = ["DatabaseError", "load", "validate"]

T = TypeVar("T")


def load(octets: bytes, source: str) -> Database:
    """Read a mission database from XTCE octets; `source` is its name in messages.

    Raises:
        DatabaseError: the document is refused; its text is one line for each problem.

    Source: XTCE 1.2, SpaceSystemType.
    """
    root, _ = parse(octets, source)
    notes = Notes(source)
    check_grammar(root, notes)
    names = Names(root, notes)
    types = read_types(names, Sort.TYPE)
    argument_types = read_types(names, Sort.ARGUMENT_TYPE)
    parameters = read_parameters(names)
    containers = read_containers(names, Sort.CONTAINER)
    command_containers = read_containers(names, Sort.COMMAND_CONTAINER)
    commands = read_commands(names)
    for command in commands.values():
        if command.container is not None:
            command_containers.setdefault(command.container.path, command.container)
    order = check_nesting(names, notes)
    cut_short(names, containers, order)
    cut_short(names, command_containers, order)
    Layouts(names, notes, types, containers | command_containers).check(order)
    check_comparisons(names, types)
    check_labels(notes, Sort.TYPE, types)
    problems, broken = notes.settle(_used(names))
    if any(problem.gravity is Gravity.ERROR for problem in problems):
        raise DatabaseError(problems)
    problems += _spread(names, broken, notes)
    return Database(
        name=root.get("name", ""),
        digest=hashlib.sha256(octets).hexdigest(),
        source=source,
        types=_without(types, broken, Sort.TYPE),
        parameters=_without(parameters, broken, Sort.PARAMETER),
        containers=_without(containers, broken, Sort.CONTAINER),
        argument_types=_without(argument_types, broken, Sort.ARGUMENT_TYPE),
        commands=_without(commands, broken, Sort.COMMAND),
        command_containers=_without(command_containers, broken, Sort.COMMAND_CONTAINER),
        children=_children(_without(containers, broken, Sort.CONTAINER)),
        problems=tuple(problems),
        version=_version(root),
        description=description(root),
    )


def _used(names: Names) -> set[object]:
    """Return what packets need: the containers that are not abstract, and all they reach.

    Where there is none of them, everything counts as needed.
    """
    containers = names.table[Sort.CONTAINER].items()
    waiting: list[Owner] = [
        (Sort.CONTAINER, path)
        for path, element in containers
        if element.get("abstract") not in {"true", "1"}
    ]
    waiting = waiting or [(sort, path) for sort in Sort for path in names.table[sort]]
    used: set[object] = set(waiting)
    while waiting:
        for target in names.links.get(waiting.pop(), {}):
            if target not in used:
                used.add(target)
                waiting.append(target)
    return used


def _spread(names: Names, broken: set[object], notes: Notes) -> list[Problem]:
    """Add to the broken what needs something broken, and return a warning for each."""
    needed_by: dict[object, list[tuple[Owner, Element]]] = {}
    for owner, targets in names.links.items():
        for target, element in targets.items():
            needed_by.setdefault(target, []).append((owner, element))
    found = []
    waiting = list(broken)
    while waiting:
        for owner, element in needed_by.get(waiting.pop(), ()):
            if owner not in broken:
                broken.add(owner)
                waiting.append(owner)
                message = f"{owner[0].value} {owner[1]} is left out: it needs one left out"
                found.append(Problem(notes.where(element), Gravity.WARNING, message))
    return sorted(found, key=lambda problem: problem.where.line)


def _without(found: Mapping[str, T], broken: set[object], sort: Sort) -> dict[str, T]:
    return {path: one for path, one in found.items() if (sort, path) not in broken}


def _children(containers: Mapping[str, Container]) -> dict[str, tuple[str, ...]]:
    children: dict[str, list[str]] = {}
    for path, container in containers.items():
        if container.base is not None:
            children.setdefault(container.base, []).append(path)
    return {path: tuple(extending) for path, extending in children.items()}


def _version(root: Element) -> str:
    header = root.find("Header")
    return "" if header is None else header.get("version", "")
