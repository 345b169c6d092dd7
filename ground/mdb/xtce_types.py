"""Parameter types and argument types, with what they inherit from their `baseType`.

Source: XTCE 1.2, ParameterTypeSetType, ArgumentTypeSetType, BaseDataType, BaseTimeDataType.
"""

from __future__ import annotations

import datetime
import re
from itertools import pairwise

from ground.mdb.model import (
    AggregateType,
    Amount,
    ArrayType,
    Dynamic,
    Encoding,
    Fixed,
    Kind,
    Label,
    Member,
    ParameterType,
    ScalarType,
    TimeReference,
)
from ground.mdb.xtce_alarms import alarm, context_alarms, valid_ranges
from ground.mdb.xtce_calibrators import calibrator, context_calibrators
from ground.mdb.xtce_conditions import amount, reference
from ground.mdb.xtce_document import Element
from ground.mdb.xtce_encodings import ENCODINGS, encoding
from ground.mdb.xtce_names import Names, Scope, Sort

_TAG = re.compile(r"([A-Z][A-Za-z]*?)(?:Parameter|Argument|Agument)Type")  # 1.2 has the misprint
_KINDS = {kind.value: kind for kind in Kind}
_SECONDS = {"seconds": 1.0, "picoSeconds": 1e-12, "days": 86400.0}
_EPOCHS = {"TAI", "J2000", "UNIX", "GPS"}


class Lineage:
    """An element and those it derives from by `baseType`, the nearest first."""

    def __init__(self, elements: list[Element]) -> None:
        self.elements = elements

    def get(self, attribute: str) -> str | None:
        """Return the nearest value of an attribute."""
        return next((v for e in self.elements if (v := e.get(attribute)) is not None), None)

    def having(self, attribute: str) -> Element:
        """Return the nearest element with an attribute; the first where none has it."""
        return next((e for e in self.elements if attribute in e.attrib), self.elements[0])

    def find(self, *names: str) -> Element | None:
        """Return the nearest child of one of these names."""
        for element in self.elements:
            for child in element:
                if child.tag in names:
                    return child
        return None


def read_types(names: Names, sort: Sort) -> dict[str, ParameterType]:
    """Return the types of one sort by path."""
    found: dict[str, ParameterType] = {}
    for path, element in names.table[sort].items():
        match = _TAG.fullmatch(element.tag)
        scope = Scope(names, (sort, path))
        if match is None:
            continue  # the grammar has named it
        if match[1] == "Array":
            found[path] = _array(scope, element, path, sort)
        elif match[1] == "Aggregate":
            found[path] = _aggregate(scope, element, path, sort)
        elif match[1] in _KINDS:
            found[path] = _scalar(scope, element, path, _KINDS[match[1]], sort)
    return found


def description(element: Element) -> str:
    """Return what a definition says of itself, the short text before the long one."""
    text = element.get("shortDescription") or element.findtext("ShortDescription")
    return " ".join((text or element.findtext("LongDescription") or "").split())


# ---- arrays and aggregates ------------------------------------------------------------------


def _references(sort: Sort) -> tuple[Sort, ...]:
    return (sort, Sort.TYPE) if sort is Sort.ARGUMENT_TYPE else (sort,)


def _array(scope: Scope, element: Element, path: str, sort: Sort) -> ArrayType:
    inner = scope.reference(element, "arrayTypeRef", *_references(sort)) or ""
    extents = sizes(scope, element.find("DimensionList"))
    dimensions = scope.integer(element, "numberOfDimensions", len(extents) or 1)
    if not 1 <= dimensions <= 16 or (extents and dimensions != len(extents)):
        scope.error(element, f"array of {dimensions} dimensions found; as many as sizes expected")
    return ArrayType(
        path, inner, dimensions, scope.notes.where(element), extents, description(element)
    )


def sizes(scope: Scope, element: Element | None) -> tuple[Amount, ...]:
    """Return the sizes that a `DimensionList` gives, the slowest dimension first."""
    return () if element is None else tuple(_size(scope, one) for one in element)


def _size(scope: Scope, element: Element) -> Amount:
    """Read one dimension: `Size`, or `StartingIndex` and `EndingIndex` (inclusive, from zero)."""
    if element.tag == "Size" or element.find("Size") is not None:
        holder = element if element.tag == "Size" else element.find("Size")
        size = amount(scope, holder)
    else:
        start, size = amount(scope, element.find("StartingIndex")), None
        if start is not None and start != Fixed(0):
            scope.unsupported(
                element, "an array that starts after index 0 is not supported: counted from 0"
            )
        size = _up_to(scope, element, start)
    if size is None:
        scope.error(
            element, "dimension without a size; Size, or Starting- and EndingIndex expected"
        )
        return Fixed(0)
    if isinstance(size, Fixed) and size.value < 0:
        scope.error(
            element, f"dimension of {size.value} elements found; none of less than 0 expected"
        )
        return Fixed(0)
    return size


def _up_to(scope: Scope, element: Element, start: Amount | None) -> Amount | None:
    first = start.value if isinstance(start, Fixed) else 0
    end = amount(scope, element.find("EndingIndex"))
    if isinstance(end, Fixed):
        return Fixed(end.value - first + 1)
    if isinstance(end, Dynamic):
        return Dynamic(end.reference, end.slope, end.intercept - first + 1)
    if end is not None:
        scope.unsupported(element, "EndingIndex by DiscreteLookupList is not supported; Size is")
    return None


def _aggregate(scope: Scope, element: Element, path: str, sort: Sort) -> AggregateType:
    members = []
    seen = set()
    for one in element.iterfind("MemberList/Member"):
        name = scope.text(one, "name")
        if name in seen:
            scope.error(one, f"member {name!r} is a second one of this name; names must differ")
        seen.add(name)
        target = scope.reference(one, "typeRef", *_references(sort)) or ""
        members.append(Member(name, target, description(one)))
    if not members:
        scope.error(element, "aggregate without members found; at least one Member expected")
    return AggregateType(path, tuple(members), scope.notes.where(element), description(element))


# ---- scalars --------------------------------------------------------------------------------


def _lineage(scope: Scope, element: Element, sort: Sort) -> Lineage:
    elements = [element]
    while elements[-1].get("baseType") is not None:
        path = scope.reference(elements[-1], "baseType", *_references(sort))
        base = None if path is None else scope.names.table[sort].get(path)
        if base is None or base in elements:  # a circle is named with the other circles
            break
        if base.tag != element.tag:
            scope.error(
                element, f"{element.tag} derives from {base.tag} {path}; the same kind expected"
            )
            break
        elements.append(base)
    return Lineage(elements)


def _scalar(scope: Scope, element: Element, path: str, kind: Kind, sort: Sort) -> ScalarType:
    lineage = _lineage(scope, element, sort)
    timed = kind in (Kind.ABSOLUTE_TIME, Kind.RELATIVE_TIME)
    outer = lineage.find("Encoding") if timed else None
    coded = lineage.find(*ENCODINGS) if not timed else _first(outer)
    made: Encoding | None = None if coded is None else encoding(scope, coded)
    contexts = lineage.find("ContextAlarmList", "BinaryContextAlarmList")
    bounds, of_calibrated = valid_ranges(scope, lineage.find("ValidRange", "ValidRangeSet"))
    return ScalarType(
        path=path,
        kind=kind,
        encoding=made,
        where=scope.notes.where(element),
        units=_units(lineage.find("UnitSet")),
        description=description(element),
        signed=scope.flag(lineage.having("signed"), "signed", True),
        size_bits=scope.integer(lineage.having("sizeInBits"), "sizeInBits"),
        calibrator=None if coded is None else calibrator(scope, coded.find("DefaultCalibrator")),
        context_calibrators=() if coded is None else context_calibrators(scope, coded),
        labels=_labels(scope, element, lineage) if kind is Kind.ENUMERATED else (),
        zero_label=lineage.get("zeroStringValue") or "False",
        one_label=lineage.get("oneStringValue") or "True",
        time=_time(scope, outer, lineage.find("ReferenceTime")) if timed else None,
        valid_ranges=bounds,
        valid_range_calibrated=of_calibrated,
        alarm=alarm(scope, lineage.find("DefaultAlarm")),
        context_alarms=context_alarms(scope, iter(()) if contexts is None else iter(contexts)),
        initial=lineage.get("initialValue"),
    )


def _first(element: Element | None) -> Element | None:
    return None if element is None else next((e for e in element if e.tag in ENCODINGS), None)


def _units(element: Element | None) -> str:
    return "" if element is None else " ".join(filter(None, map(_unit, element)))


def _unit(element: Element) -> str:
    text = " ".join((element.text or "").split())
    power, factor = element.get("power", "1"), element.get("factor", "1")
    text = f"{text}^{power}" if text and power not in {"1", "1.0"} else text
    return f"{factor} {text}" if text and factor not in {"1", "1.0"} else text


def _labels(scope: Scope, element: Element, lineage: Lineage) -> tuple[Label, ...]:
    listed = lineage.find("EnumerationList")
    labels = tuple(_label(scope, one) for one in (() if listed is None else listed))
    if not labels:
        scope.error(element, "enumeration without labels found; at least one Enumeration expected")
    rising = sorted(labels, key=lambda label: label.value)
    for one, following in pairwise(rising):
        if following.value <= one.last and listed is not None:
            message = f"value {following.value} reads as {one.label!r} and as {following.label!r}"
            scope.error(listed[labels.index(following)], f"{message}; one label expected")
    return labels


def _label(scope: Scope, element: Element) -> Label:
    label = scope.text(element, "label")
    scope.text(element, "value")
    value = scope.integer(element, "value", 0)
    last = scope.integer(element, "maxValue", value)
    if last < value:
        scope.error(element, f"maxValue {last} found; not less than value {value} expected")
        last = value
    return Label(value, last, label)


# ---- times ----------------------------------------------------------------------------------


def _time(scope: Scope, outer: Element | None, origin: Element | None) -> TimeReference:
    unit, scale, offset = 1.0, 1.0, 0.0
    if outer is not None:
        name = outer.get("units", "seconds")
        if name not in _SECONDS:
            scope.unsupported(outer, f"time in {name} is not supported; {', '.join(_SECONDS)} are")
        unit = _SECONDS.get(name, 1.0)
        scale, offset = scope.number(outer, "scale", 1.0), scope.number(outer, "offset", 0.0)
    epoch, offset_from = None, None
    for child in () if origin is None else origin:
        if child.tag == "Epoch":
            epoch = _epoch(scope, child)
        elif child.tag == "OffsetFrom":
            found = reference(scope, child)
            offset_from = found.path if found is not None and not found.instance else None
    return TimeReference(epoch, offset_from, scale * unit, offset * unit)


def _epoch(scope: Scope, element: Element) -> str | None:
    text = (element.text or "").strip()
    if text in _EPOCHS:
        return text
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError:
        expected = f"a date and time (ISO 8601), or one of {', '.join(sorted(_EPOCHS))}, expected"
        scope.error(element, f"Epoch {text!r} found; {expected}")
        return None
    if instant.tzinfo is not None:
        instant = instant.astimezone(datetime.UTC).replace(tzinfo=None)
    return instant.isoformat()
