"""How values are judged: static and change ranges, levels by label, by context; valid ranges.

Source: XTCE 1.2, NumericAlarmType, EnumerationAlarmType, ChangeAlarmRangesType, FloatRangeType.
"""

from __future__ import annotations

from collections.abc import Iterator

from ground.mdb.model import (
    Alarm,
    ChangeRanges,
    ContextAlarm,
    EnumerationLevels,
    Level,
    Range,
    StaticRanges,
)
from ground.mdb.xtce_conditions import required
from ground.mdb.xtce_document import Element
from ground.mdb.xtce_names import Scope

LEVELS = {level.name.lower(): level for level in Level}
_RANGES = {f"{level.name.capitalize()}Range": level for level in Level if level}
_INSIDE = {"outside": False, "inside": True}


def alarm(scope: Scope, element: Element | None) -> Alarm | None:
    """Read a `DefaultAlarm` or `ContextAlarm`; None where nothing in it can be judged."""
    if element is None:
        return None
    violations = _count(scope, element, "minViolations", 1)
    made = Alarm(
        static=_static(scope, element),
        change=_change(scope, element.find("ChangeAlarmRanges")),
        enumeration=_enumeration(scope, element),
        min_violations=violations,
        min_conformance=_count(scope, element, "minConformance", violations),
    )
    nothing = (made.static, made.change, made.enumeration) == (None, None, None)
    return None if nothing else made


def context_alarms(scope: Scope, elements: Iterator[Element]) -> tuple[ContextAlarm, ...]:
    """Read the alarms that depend on other values."""
    found = []
    for element in elements:
        made = alarm(scope, element)
        if made is not None:
            found.append(ContextAlarm(required(scope, element, "ContextMatch"), made))
    return tuple(found)


def value_range(scope: Scope, element: Element) -> Range:
    """Read the bounds of a range."""
    bounds: list[float | None] = []
    inclusive = []
    for end in ("min", "max"):
        closed, open_ = (
            scope.number(element, f"{end}{form}") for form in ("Inclusive", "Exclusive")
        )
        if closed is not None and open_ is not None:
            scope.error(element, f"both {end}Inclusive and {end}Exclusive found; one expected")
        bounds.append(open_ if closed is None else closed)
        inclusive.append(open_ is None)
    minimum, maximum = bounds
    if minimum is not None and maximum is not None and minimum > maximum:
        found = f"{element.tag} from {minimum:g} to {maximum:g} found"
        scope.error(element, f"{found}; a minimum below the maximum expected")
    return Range(minimum, maximum, *inclusive)


def valid_ranges(scope: Scope, element: Element | None) -> tuple[tuple[Range, ...], bool]:
    """Read `ValidRange` or `ValidRangeSet`, and whether it is of calibrated values."""
    if element is None:
        return (), True
    attribute = "validRangeAppliesToCalibrated"
    if element.get(attribute) is None:
        attribute = "rangeAppliesToCalibrated"  # as drafts of 1.2 call it
    calibrated = scope.flag(element, attribute, True)
    several = element if element.tag == "ValidRangeSet" else (element,)
    return tuple(value_range(scope, one) for one in several), calibrated


def _static(scope: Scope, element: Element) -> StaticRanges | None:
    plain, several = element.find("StaticAlarmRanges"), element.find("AlarmMultiRanges")
    if several is None:
        return None if plain is None else _ranges(scope, plain)
    forms = {scope.choice(one, "rangeForm", _INSIDE, False) for one in several.iterfind("Range")}
    if plain is not None or len(forms) > 1:
        scope.unsupported(several, "ranges inside and outside together are not supported")
        return None if plain is None else _ranges(scope, plain)
    ranges = []
    for one in several.iterfind("Range"):
        scope.text(one, "level")
        level = scope.choice(one, "level", LEVELS, Level.NORMAL)
        ranges.append((level, value_range(scope, one)))
    return StaticRanges(tuple(ranges), forms == {True})


def _ranges(scope: Scope, element: Element) -> StaticRanges:
    if element.get("timeUnits", "seconds") != "seconds":
        scope.unsupported(element, "timeUnits other than seconds are not supported in alarms")
        return StaticRanges(())
    ranges = tuple(
        (_RANGES[one.tag], value_range(scope, one)) for one in element if one.tag in _RANGES
    )
    return StaticRanges(ranges, scope.choice(element, "rangeForm", _INSIDE, False))


def _change(scope: Scope, element: Element | None) -> ChangeRanges | None:
    if element is None:
        return None
    if scope.number(element, "spanOfInterestInSeconds", 0.0) > 0.0:
        scope.unsupported(element, "spanOfInterestInSeconds is not supported: samples are counted")
    kinds = {"changePerSecond": True, "changePerSample": False}
    bases = {"absoluteChange": False, "percentageChange": True}
    return ChangeRanges(
        ranges=_ranges(scope, element),
        per_second=scope.choice(element, "changeType", kinds, True),
        relative=scope.choice(element, "changeBasis", bases, False),
        span=_count(scope, element, "spanOfInterestInSamples", 1),
    )


def _enumeration(scope: Scope, element: Element) -> EnumerationLevels | None:
    default = scope.choice(element, "defaultAlarmLevel", LEVELS, Level.NORMAL)
    levels = []
    for one in element.iterfind("EnumerationAlarmList/EnumerationAlarm"):
        scope.text(one, "alarmLevel")
        level = scope.choice(one, "alarmLevel", LEVELS, Level.NORMAL)
        levels.append((scope.text(one, "enumerationLabel"), level))
    if not levels and default is Level.NORMAL:
        return None
    return EnumerationLevels(tuple(levels), default)


def _count(scope: Scope, element: Element, name: str, default: int) -> int:
    value = scope.integer(element, name, default)
    if value < 1:
        scope.error(element, f"{name} {value} found; at least 1 expected")
        return default
    return value
