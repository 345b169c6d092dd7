"""Our database as another reader can take it: one SpaceSystem, scalars only.

space_packet_parser reads neither nested SpaceSystems nor arrays, aggregates and base types. Here
they are taken apart in the XML itself, without our own reader, so that it stays an oracle:
`/CG1/DC/CARDS` becomes CARDS.0.temperature, CARDS.0.power, ... in the order in which XTCE says they
stand.
"""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO

from lxml import etree

NS = "{http://www.omg.org/spec/XTCE/20180204}"
Element = etree._Element


def flattened(database: bytes) -> BytesIO:
    root = etree.fromstring(database)
    sets = {
        name: [e for parent in root.iter(f"{NS}{name}") for e in parent]
        for name in ("ParameterTypeSet", "ParameterSet", "ContainerSet")
    }
    types = {each.get("name"): each for each in sets["ParameterTypeSet"]}
    assert len(types) == len(sets["ParameterTypeSet"]), "type names must differ between systems"
    flat = etree.Element(f"{NS}SpaceSystem", name="CG1", nsmap=root.nsmap)
    telemetry = etree.SubElement(flat, f"{NS}TelemetryMetaData")
    out = {name: etree.SubElement(telemetry, f"{NS}{name}") for name in sets}
    out["ParameterTypeSet"].extend(
        _derived(each, types) for each in sets["ParameterTypeSet"] if _is_scalar(each)
    )
    parts = {
        each.get("name"): _scalars(each.get("name"), types[each.get("parameterTypeRef")], types)
        for each in sets["ParameterSet"]
    }
    for names in parts.values():
        for name, type_name in names:
            etree.SubElement(
                out["ParameterSet"], f"{NS}Parameter", name=name, parameterTypeRef=type_name
            )
    out["ContainerSet"].extend(_container(each, parts) for each in sets["ContainerSet"])
    return BytesIO(etree.tostring(flat))


def _is_scalar(type_: Element) -> bool:
    return not type_.tag.endswith(("ArrayParameterType", "AggregateParameterType"))


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _derived(type_: Element, types: dict[str, Element]) -> Element:
    """A copy without alarms, with the encoding of its base type."""
    base = type_.get("baseType")
    made = deepcopy(type_ if base is None else _derived(types[_last(base)], types))
    made.set("name", type_.get("name"))
    for child in made.findall(f"{NS}DefaultAlarm") + made.findall(f"{NS}ContextAlarmList"):
        made.remove(child)
    return made


def _scalars(name: str, type_: Element, types: dict[str, Element]) -> list[tuple[str, str]]:
    if type_.tag == f"{NS}ArrayParameterType":
        last = int(type_.findtext(f".//{NS}EndingIndex/{NS}FixedValue"))
        element = types[_last(type_.get("arrayTypeRef"))]
        return [part for i in range(last + 1) for part in _scalars(f"{name}.{i}", element, types)]
    if type_.tag == f"{NS}AggregateParameterType":
        return [
            part
            for member in type_.iter(f"{NS}Member")
            for part in _scalars(
                f"{name}.{member.get('name')}", types[_last(member.get("typeRef"))], types
            )
        ]
    return [(name, type_.get("name"))]


def _container(container: Element, parts: dict[str, list[tuple[str, str]]]) -> Element:
    made = deepcopy(container)
    entries = made.find(f"{NS}EntryList")
    for entry in list(entries):
        for name, _ in parts[_last(entry.get("parameterRef"))]:
            etree.SubElement(entries, f"{NS}ParameterRefEntry", parameterRef=name)
        entries.remove(entry)
    for each in made.iter(f"{NS}BaseContainer"):
        each.set("containerRef", _last(each.get("containerRef")))
    for each in made.iter(f"{NS}Comparison"):
        each.set("parameterRef", _last(each.get("parameterRef")))
    return made
