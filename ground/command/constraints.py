"""What telemetry must say before a command may go, and what it is expected to say afterwards.

A condition is judged over the latest values, one each: it holds, it does not, or nobody knows, as
a value is missing or stale. Unknown is no yes: `All` with an unknown part and no false one is
unknown.

Source: XTCE 1.2 `TransmissionConstraintType`, `CommandVerifierType`, `ComparisonType`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ground.columns import Column
from ground.mdb import conditions
from ground.mdb.model import (
    All,
    AnyOf,
    Comparison,
    Condition,
    Constraint,
    Reference,
    Verifier,
)

Lookup = Callable[[Reference], Column | None]
Values = Mapping[str, Any]

ALWAYS, NEVER = All(()), AnyOf(())
_BY_ARGUMENT = re.compile(r"\[([A-Za-z_]\w*)\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Judged:
    """One constraint: for people, whether it holds (None: no data), how long to wait for it."""

    text: str
    holds: bool | None
    timeout_s: float | None = None


def judge(
    constraints: Iterable[Constraint], lookup: Lookup, values: Values | None = None
) -> tuple[Judged, ...]:
    """Return what each constraint comes to.

    Args:
        lookup: gives the latest value of a parameter as a column of one row; None where there is
            none, or none that is fresh.
        values: of the arguments, which constraints may look at too.
    """
    return tuple(
        Judged(text(made), holds(made, lookup), each.timeout_s)
        for each in constraints
        for made in (bound(each.condition, values or {}),)
    )


def unmet(judged: Iterable[Judged]) -> list[str]:
    """Return the constraints that keep a command back, each with the reason."""
    unknown = "nobody knows, as no fresh telemetry says"
    return [
        f"constraint {each.text}: {unknown if each.holds is None else 'does not hold'}"
        for each in judged
        if not each.holds
    ]


def holds(condition: Condition, lookup: Lookup) -> bool | None:
    """Return whether a condition holds; None where that depends on values that are not there."""
    if isinstance(condition, Comparison):
        columns = [lookup(each) for each in conditions.references(condition)]
        if any(each is None or _void(each) for each in columns):
            return None
        return bool(conditions.evaluate(condition, lookup, 1).all())
    parts = [holds(part, lookup) for part in condition.parts]
    decisive = isinstance(condition, AnyOf)
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _void(column: Column) -> bool:
    return len(column.values) == 0 or (column.valid is not None and not column.valid.all())


def text(condition: Condition) -> str:
    """Return a condition for people: `BATTERY_SOC > 30 and ECLIPSE != UMBRA`."""
    if isinstance(condition, Comparison):
        right = condition.value
        shown = right if isinstance(right, str) else _name(right)
        return f"{_name(condition.left)} {condition.operator} {shown}"
    if len(condition.parts) == 1:
        return text(condition.parts[0])
    word = " and " if isinstance(condition, All) else " or "
    parts = (
        f"({text(part)})"
        if not isinstance(part, Comparison) and len(part.parts) > 1
        else text(part)
        for part in condition.parts
    )
    return word.join(parts) or ("always" if condition == ALWAYS else "never")


def _name(reference: Reference) -> str:
    short = reference.path.rpartition("/")[2]
    return short if reference.calibrated else f"raw {short}"


def verifier_text(verifier: Verifier) -> str:
    """Return what a verifier waits for: `completed: DC_MODE == SAFE, within 30 s`."""
    awaited = "nothing that can be seen"
    if verifier.condition is not None:
        awaited = text(verifier.condition)
    elif verifier.container is not None:
        awaited = f"packet {verifier.container.rpartition('/')[2]}"
    if verifier.window_s is None:
        return f"{verifier.stage}: {awaited}"
    start, stop = verifier.window_s
    after = f"after {start:g} s and " if start else ""
    return f"{verifier.stage}: {awaited}, {after}within {stop:g} s"


def bound_verifier(verifier: Verifier, values: Values) -> Verifier:
    """Return a verifier with the values of arguments in place."""
    if verifier.condition is None:
        return verifier
    return replace(verifier, condition=bound(verifier.condition, values))


def bound(condition: Condition, values: Values) -> Condition:
    """Return a condition with the values of arguments in place, so that it asks telemetry alone."""
    if not isinstance(condition, Comparison):
        parts = tuple(bound(part, values) for part in condition.parts)
        return All(parts) if isinstance(condition, All) else AnyOf(parts)
    left, right = _indexed(condition.left, values), condition.value
    if isinstance(right, Reference):
        right = _literal(right, values) or _indexed(right, values)
    literal = _literal(left, values)
    if literal is None:
        return Comparison(left, condition.operator, right)
    if isinstance(right, Reference):
        return Comparison(right, TURNED[condition.operator], literal)
    return ALWAYS if _compare(literal, condition.operator, right) else NEVER


TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _indexed(reference: Reference, values: Values) -> Reference:
    """Put arguments in place that say which element: `CARDS[card].state`, `CARDS[5].state`."""
    path = _BY_ARGUMENT.sub(lambda found: f"[{values.get(found[1], found[1])}]", reference.path)
    return reference if path == reference.path else replace(reference, path=path)


def _literal(reference: Reference, values: Values) -> str | None:
    """Return the value of an argument as XTCE writes it; None of what is none."""
    if reference.path.startswith("/") or reference.path not in values:
        return None
    value = values[reference.path]
    return value.hex() if isinstance(value, bytes) else str(value)


def _compare(left: str, operator: str, right: str) -> bool:
    """Compare the text of an argument's value: as numbers where both are some."""
    numbers = conditions.number(left), conditions.number(right)
    pair = (left, right) if None in numbers else numbers
    return bool(conditions.OPERATORS[operator](*pair))
