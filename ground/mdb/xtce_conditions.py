"""Conditions (`MatchCriteria`), amounts (`IntegerValue`) and references to values.

A reference in a command container may be to an argument: then its path is the argument's bare
name, without a slash.

Source: XTCE 1.2, MatchCriteriaType, BooleanExpressionType, IntegerValueType, DynamicValueType.
"""

from __future__ import annotations

import re

from ground.mdb.model import (
    All,
    Amount,
    AnyOf,
    Comparison,
    Condition,
    Dynamic,
    Fixed,
    Lookup,
    Reference,
)
from ground.mdb.xtce_document import Element
from ground.mdb.xtce_names import Scope, Sort

OPERATORS = {sign: sign for sign in ("==", "!=", "<", "<=", ">", ">=")}
NEVER = AnyOf(())  # where a condition is one we cannot evaluate


def condition(scope: Scope, holder: Element | None) -> Condition | None:
    """Return the condition that an element holds; None where it holds none.

    A condition by an algorithm, which is not supported, never holds.
    """
    if holder is None:
        return None
    for child in holder:
        match child.tag:
            case "Comparison":
                return _comparison(scope, child)
            case "ComparisonList":
                return All(tuple(_comparison(scope, one) for one in child))
            case "BooleanExpression":
                parts = tuple(_expression(scope, one) for one in child)
                if len(parts) != 1:
                    scope.error(child, f"BooleanExpression of {len(parts)} parts; one expected")
                return All(parts)
            case "CustomAlgorithm" | "NextContainer":
                return NEVER
    return None


def required(scope: Scope, holder: Element, name: str) -> Condition:
    """Return the condition of a child that must be there."""
    found = condition(scope, holder.find(name))
    if found is None:
        scope.error(holder, f"{holder.tag} without a condition; {name} with a comparison expected")
        return NEVER
    return found


def _expression(scope: Scope, element: Element) -> Condition:
    match element.tag:
        case "ANDedConditions":
            return All(tuple(_expression(scope, one) for one in element))
        case "ORedConditions":
            return AnyOf(tuple(_expression(scope, one) for one in element))
    return _check(scope, element)


def _comparison(scope: Scope, element: Element) -> Condition:
    """Read a `Comparison`: its reference is an attribute, in commands it may be a child."""
    child = next(iter(element), None)
    left = reference(scope, element if child is None else child)
    operator = scope.choice(element, "comparisonOperator", OPERATORS, "==")
    return _compare(scope, element, left, operator, scope.text(element, "value"))


def _check(scope: Scope, element: Element) -> Condition:
    """Read a `Condition`: a reference, an operator, and a value or another reference."""
    sides = [child for child in element if child.tag.endswith("InstanceRef")]
    sign = (element.findtext("ComparisonOperator") or "").strip()
    value = element.find("Value")
    if not sides or sign not in OPERATORS or (value is None) == (len(sides) == 1):
        expected = "a reference, an operator, and a value or another reference expected"
        scope.error(element, f"incomplete or unclear Condition found; {expected}")
        return NEVER
    left = reference(scope, sides[0])
    if value is not None:
        return _compare(scope, element, left, sign, value.text or "")
    return _compare(scope, element, left, sign, reference(scope, sides[1]))


def _compare(
    scope: Scope,
    element: Element,
    left: Reference | None,
    operator: str,
    right: str | Reference | None,
) -> Condition:
    if left is None or right is None:
        return NEVER
    made = Comparison(left, operator, right)
    scope.names.comparisons.append((scope, element, made))
    return made


def reference(scope: Scope, element: Element) -> Reference | None:
    """Read what a `ParameterInstanceRef` or `ArgumentInstanceRef` refers to."""
    calibrated = scope.flag(element, "useCalibratedValue", True)
    instance = scope.integer(element, "instance", 0)
    if instance:
        scope.unsupported(element, f"instance {instance} is not supported: taken as missing")
    if element.tag == "ArgumentInstanceRef":
        path = argument(scope, element)
    else:
        path = scope.parameter(element)
    return None if path is None else Reference(path, calibrated, instance)


def argument(scope: Scope, element: Element) -> str | None:
    """Return the name of an argument of this command (or of one that it extends).

    A type may be sized by an argument, of whichever command has one of this type.
    """
    name = scope.text(element, "argumentRef")
    if scope.owner[0] is Sort.ARGUMENT_TYPE:
        return name or None
    if name and re.split(r"[./\[]", name)[0] not in scope.arguments:
        known = ", ".join(sorted(scope.arguments)) or "none"
        scope.error(element, f"argument {name!r} is not one of this command; it has: {known}")
        return None
    return name or None


def amount(scope: Scope, holder: Element | None) -> Amount | None:
    """Return the number that an element holds, fixed or read from the packet; None where none."""
    if holder is None:
        return None
    for child in holder:
        match child.tag:
            case "FixedValue":
                return Fixed(scope.content(child))
            case "Fixed":
                return amount(scope, child)
            case "DynamicValue":
                return _dynamic(scope, child)
            case "DiscreteLookupList":
                return _lookup(scope, child)
    return None


def required_amount(scope: Scope, holder: Element, name: str, least: int = 0) -> Amount:
    """Return the amount of a child that must be there, not less than `least` where fixed."""
    child = holder.find(name)
    found = amount(scope, child)
    if found is None:
        expected = "FixedValue, DynamicValue or DiscreteLookupList expected"
        scope.error(holder if child is None else child, f"{holder.tag} without {name}; {expected}")
        return Fixed(least)
    if isinstance(found, Fixed) and found.value < least:
        scope.error(holder, f"{name} {found.value} found; at least {least} expected")
        return Fixed(least)
    return found


def _dynamic(scope: Scope, element: Element) -> Amount | None:
    target = next((child for child in element if child.tag.endswith("InstanceRef")), None)
    if target is None:
        scope.error(element, "DynamicValue without a reference; ParameterInstanceRef expected")
        return None
    found = reference(scope, target)
    if found is None:
        return None
    line = element.find("LinearAdjustment")
    if line is None:
        return Dynamic(found)
    return Dynamic(found, scope.number(line, "slope", 1.0), scope.number(line, "intercept", 0.0))


def _lookup(scope: Scope, element: Element) -> Lookup:
    choices = []
    for one in element:
        scope.text(one, "value")
        criteria = condition(scope, one)
        if criteria is None:
            scope.error(one, "DiscreteLookup without a condition; a comparison expected")
        else:
            choices.append((criteria, scope.integer(one, "value", 0)))
    return Lookup(tuple(choices))
