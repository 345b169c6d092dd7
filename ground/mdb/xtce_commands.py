"""Commands: arguments, containers, significance, constraints and verifiers.

Source: XTCE 1.2, MetaCommandType, SignificanceType, TransmissionConstraintType,
CommandVerifierType, CheckWindowType.
"""

from __future__ import annotations

import re

from ground.mdb.model import (
    Argument,
    Command,
    Constraint,
    Container,
    Level,
    Verifier,
)
from ground.mdb.xtce_conditions import NEVER, condition
from ground.mdb.xtce_containers import CONTAINERS, container
from ground.mdb.xtce_document import Element
from ground.mdb.xtce_names import Names, Scope, Sort
from ground.mdb.xtce_types import description

# ConsequenceLevelType of 1.2 (ISO 14950) by the two hazard classes of this software; the careful
# class for what a programme defines itself. Those of 1.1 are the severities by their own names.
SIGNIFICANCE = {
    "normal": Level.NORMAL,
    "vital": Level.DISTRESS,
    "critical": Level.CRITICAL,
    "forbidden": Level.SEVERE,
    "user1": Level.CRITICAL,
    "user2": Level.CRITICAL,
    "none": Level.NORMAL,
    "watch": Level.WATCH,
    "warning": Level.WARNING,
    "distress": Level.DISTRESS,
    "severe": Level.SEVERE,
}
_STAGES = {
    "TransferredToRangeVerifier": "transferred",
    "SentFromRangeVerifier": "sent",
    "ReceivedVerifier": "received",
    "AcceptedVerifier": "accepted",
    "QueuedVerifier": "queued",
    "ExecutionVerifier": "executing",
    "CompleteVerifier": "completed",
    "FailedVerifier": "failed",
}
_FROM = {name: name for name in ("commandRelease", "timeLastVerifierPassed")}
_DURATION = re.compile(
    r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?",
    re.ASCII,
)


def read_commands(names: Names) -> dict[str, Command]:
    """Return all commands by path."""
    return {
        path: _command(names, element, path)
        for path, element in names.table[Sort.COMMAND].items()
        if element.tag == "MetaCommand"
    }


def _command(names: Names, element: Element, path: str) -> Command:
    owner = (Sort.COMMAND, path)
    scope = Scope(names, owner, _arguments_in_reach(names, path))
    base = element.find("BaseMetaCommand")
    significance = element.find("DefaultSignificance")
    return Command(
        path=path,
        where=scope.notes.where(element),
        base=None if base is None else scope.reference(base, "metaCommandRef", Sort.COMMAND),
        abstract=scope.flag(element, "abstract", False),
        arguments=tuple(_argument(scope, e) for e in element.iterfind("ArgumentList/Argument")),
        assignments=_assignments(scope, base),
        container=_container(scope, element.find("CommandContainer")),
        significance=_significance(scope, significance),
        significance_reason=""
        if significance is None
        else significance.get("reasonForWarning", ""),
        constraints=tuple(
            _constraint(scope, e)
            for e in element.iterfind("TransmissionConstraintList/TransmissionConstraint")
        ),
        verifiers=tuple(
            _verifier(scope, e) for e in element.iterfind("VerifierSet/*") if e.tag in _STAGES
        ),
        description=description(element),
    )


def _arguments_in_reach(names: Names, path: str) -> frozenset[str]:
    """Return the arguments of a command and of those it extends."""
    found: set[str] = set()
    seen: set[str] = set()
    current: str | None = path
    while current is not None and current not in seen:
        seen.add(current)
        element = names.table[Sort.COMMAND][current]
        found.update(one.get("name", "") for one in element.iterfind("ArgumentList/Argument"))
        base = element.find("BaseMetaCommand")
        reference = "" if base is None else base.get("metaCommandRef", "")
        system = current.rpartition("/")[0]
        current = names.find(Sort.COMMAND, system, reference) if reference else None
    return frozenset(found)


def _argument(scope: Scope, element: Element) -> Argument:
    target = scope.reference(element, "argumentTypeRef", Sort.ARGUMENT_TYPE)
    name = scope.text(element, "name")
    return Argument(name, target or "", element.get("initialValue"), description(element))


def _assignments(scope: Scope, base: Element | None) -> tuple[tuple[str, str], ...]:
    found = []
    for element in () if base is None else base.iterfind("*/ArgumentAssignment"):
        name = scope.text(element, "argumentName")
        if name.partition(".")[0] not in scope.arguments:
            scope.error(element, f"argument {name!r} is not one of the commands extended here")
        found.append((name, scope.text(element, "argumentValue")))
    return tuple(found)


def _container(scope: Scope, element: Element | None) -> Container | None:
    if element is None:
        return None
    path = f"{scope.system}/{scope.text(element, 'name')}"
    scope.link(Sort.COMMAND_CONTAINER, path, element)
    inner = Scope(scope.names, (Sort.COMMAND_CONTAINER, path), scope.arguments)
    return container(inner, element, path)


def _significance(scope: Scope, element: Element | None) -> Level:
    if element is None:
        return Level.NORMAL
    return scope.choice(element, "consequenceLevel", SIGNIFICANCE, Level.NORMAL)


def _constraint(scope: Scope, element: Element) -> Constraint:
    found = condition(scope, element)
    if found is None:
        scope.error(element, "constraint without a condition found; a comparison expected")
    return Constraint(found or NEVER, _duration(scope, element, "timeOut"))


def _verifier(scope: Scope, element: Element) -> Verifier:
    holder = element.find("ContainerRef")
    window = element.find("CheckWindow")
    origin = "timeLastVerifierPassed"
    return Verifier(
        stage=_STAGES[element.tag],
        condition=condition(scope, element),
        container=None if holder is None else scope.reference(holder, "containerRef", *CONTAINERS),
        window_s=None if window is None else _window(scope, window),
        window_from=origin
        if window is None
        else scope.choice(window, "timeWindowIsRelativeTo", _FROM, origin),
    )


def _window(scope: Scope, element: Element) -> tuple[float, float]:
    scope.text(element, "timeToStopChecking")
    start = _duration(scope, element, "timeToStartChecking") or 0.0
    stop = _duration(scope, element, "timeToStopChecking") or 0.0
    if stop < start:
        scope.error(
            element, f"check from {start:g} s to {stop:g} s found; a stop after the start expected"
        )
    return start, stop


def _duration(scope: Scope, element: Element, name: str) -> float | None:
    """Return an XML duration in seconds; years and months have none."""
    text = element.get(name)
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()[1:]):
        scope.error(
            element, f"{name}={text!r} found; a duration of days and less, as PT5S, expected"
        )
        return None
    sign, *parts = match.groups()
    total = sum(
        float(part or 0) * unit for part, unit in zip(parts, (86400, 3600, 60, 1), strict=True)
    )
    return -total if sign else total
