"""The published databases load whole, or are refused with clear lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from ground.mdb import xtce
from ground.mdb import xtce_grammar as grammar
from ground.mdb.model import Gravity
from tests.clauses import clause

# parameters, containers: counted in the files' own ParameterSet and ContainerSet elements
COUNTS = {
    "ctim/ctim_xtce_v1.xml": (9493, 39),
    "idex/idex_combined_science_definition.xml": (207, 9),
    "imap_codice_hk/P_COD_NHK.xml": (129, 2),
    "imap_codice_hk/codice_packet_definition.xml": (470, 19),
    "imap_hi_random_headers/hi_packet_definition.xml": (84, 4),
    "imap_swapi/swapi_packet_definition.xml": (147, 4),
    "imap_swe/swe_packet_definition.xml": (28, 2),
    "jpss1/contrived_inheritance_structure.xml": (27, 5),
    "jpss1/jpss1_geolocation_xtce_v1.xml": (27, 4),
    "xtce_misc/test_xtce.xml": (27, 4),
    "xtce_misc/test_xtce_4byte.xml": (1, 1),
    "xtce_misc/test_xtce_default_namespace.xml": (27, 4),
    "xtce_misc/test_xtce_no_namespace.xml": (27, 4),
    "xtce_misc/udp_packet.xml": (5, 1),
}


@clause("XTCE 1.2 SpaceSystemType")
@pytest.mark.parametrize("name", COUNTS)
def test_a_published_database_loads_with_every_parameter_and_container(shared: Path, name: str):
    database = xtce.load((shared / name).read_bytes(), name)
    assert (len(database.parameters), len(database.containers)) == COUNTS[name]


@clause("XTCE 1.2 SpaceSystemType")
@pytest.mark.parametrize(
    "name, count", [("BogusSAT-1.xml", (55, 4)), ("BogusSAT-2.xml", (112, 30))]
)
def test_bogussat_loads_and_its_demonstrations_of_mistakes_are_named(shared, name, count):
    """Both files hold parameters on purpose that no type describes, and nothing uses them."""
    database = xtce.load((shared / "xtcetools" / name).read_bytes(), name)
    assert (len(database.parameters), len(database.containers)) == count
    unsupported = {str(p) for p in database.problems if p.gravity is Gravity.UNSUPPORTED}
    assert any("MathAlgorithm 'ComputeBatterySOC' is not supported" in line for line in unsupported)
    assert all(p.where.line > 0 for p in database.problems)


@clause("XTCE 1.2 NameReferenceType")
def test_bogussat_2_names_its_two_broken_parameters(shared):
    database = xtce.load((shared / "xtcetools" / "BogusSAT-2.xml").read_bytes(), "BogusSAT-2.xml")
    warnings = {p.where.line: p.message for p in database.problems if p.gravity is Gravity.WARNING}
    assert "'Type_Does_Not_Exist', which is not defined" in warnings[245]
    assert "no attribute 'parameterTypeRef'" in warnings[247] or "'parameterRef'" in warnings[247]
    assert "/BogusSAT/BrokenParameter1" not in database.parameters
    assert set(database.commands) >= {"/BogusSAT/SC001/BusElectronics/Reaction_Wheel_1_On"}


def test_bogussat_1_bad_is_refused_with_every_defect_on_its_line(shared):
    octets = (shared / "xtcetools" / "BogusSAT-1-Bad.xml").read_bytes()
    with pytest.raises(xtce.DatabaseError) as caught:
        xtce.load(octets, "BogusSAT-1-Bad.xml")
    lines = str(caught.value).split("\n")
    assert lines[0] == (
        "BogusSAT-1-Bad.xml:31: error: element UnitSetBlah found in EnumeratedParameterType, "
        "where XTCE has none; UnitSet expected"
    )
    names = ["spare1", "Version", "spare4", "Service", "SubService", "ErrorControlField"]
    places = (141, 142, 143, 144, 145, 147)
    for line, place, name in zip(lines[1:7], places, names, strict=True):
        found = f"ParameterRefEntry refers to parameter 'CCSDSPUS{name}', which is not defined"
        expected = "; the name of a parameter expected"
        assert line.startswith(f"BogusSAT-1-Bad.xml:{place}: error: {found}{expected}")
    rest = [line.split(": ")[1] for line in lines[7:]]
    assert rest == ["unsupported"] * 4 + ["warning"]  # not done by us; a label out of range
    assert ":424: warning: " in lines[-1]


VALID = [
    name
    for name in COUNTS
    if name.startswith(("ctim", "idex", "jpss1"))
    or name
    in {
        "xtce_misc/test_xtce.xml",
        "xtce_misc/test_xtce_4byte.xml",
        "xtce_misc/test_xtce_default_namespace.xml",
        "xtce_misc/udp_packet.xml",
    }
]


@pytest.fixture(scope="module")
def schema(shared: Path) -> bytes:
    return (shared / "xtce_misc" / "SpaceSystem.xsd").read_bytes()


@clause("XTCE 1.2 SpaceSystem.xsd")
@pytest.mark.parametrize("name", VALID)
def test_a_database_of_1_2_is_valid_by_the_schema_off_the_network(shared, schema, name):
    assert xtce.validate((shared / name).read_bytes(), schema, name) == []


def test_a_database_of_1_1_is_told_apart_from_the_schema_of_1_2(shared, schema):
    octets = (shared / "xtcetools" / "BogusSAT-1-Bad.xml").read_bytes()
    (problem,) = xtce.validate(octets, schema, "BogusSAT-1-Bad.xml")
    assert str(problem) == (
        "BogusSAT-1-Bad.xml:1: error: namespace 'http://www.omg.org/space/xtce' found; "
        "'http://www.omg.org/spec/XTCE/20180204', that of the schema, expected"
    )


def test_what_the_schema_finds_has_its_line(shared, schema):
    octets = (shared / "xtce_misc" / "udp_packet.xml").read_bytes()
    octets = octets.replace(b"<xtce:UnitSet/>", b"<xtce:UnitSetBlah/>", 1)
    (problem,) = xtce.validate(octets, schema, "udp.xml")
    assert problem.where.line == octets[: octets.index(b"UnitSetBlah")].count(b"\n") + 1
    assert "UnitSetBlah" in problem.message


@pytest.mark.parametrize("octets", [b"", b"<no>", b"<no/>", b"\0"])
def test_a_schema_that_is_none_is_an_error(octets: bytes):
    with pytest.raises(xtce.DatabaseError, match="expected"):
        xtce.validate(b"<SpaceSystem/>", octets, "db.xml", "bad.xsd")


XSD = "{http://www.w3.org/2001/XMLSchema}"


def _words(named: dict, element) -> tuple[set[str], dict[str, str]]:
    """Return (attributes, child elements with their types) of a complex type and its bases."""
    attributes: set[str] = set()
    children: dict[str, str] = {}
    for base in element.iter(f"{XSD}extension"):
        inner = named.get(base.get("base").removeprefix("xtce:"))
        if inner is not None and _nearest(base, element):
            more, below = _words(named, inner)
            attributes |= more
            children |= below
    own = [e for e in element.iter(f"{XSD}attribute", f"{XSD}element") if _nearest(e, element)]
    attributes |= {e.get("name") for e in own if e.tag.endswith("attribute") and e.get("name")}
    for e in own:
        if e.tag.endswith("}element") and e.get("name"):
            children[e.get("name")] = (e.get("type") or "").removeprefix("xtce:")
    return attributes, children


def _nearest(inner, outer) -> bool:
    """Whether no other element stands between the two."""
    between = inner.getparent()
    while between is not outer:
        if between.tag == f"{XSD}element":
            return False
        between = between.getparent()
    return True


@clause("XTCE 1.2 SpaceSystem.xsd")
def test_the_grammar_knows_every_element_and_attribute_of_the_schema(schema):
    """Walk the schema from its root, and hold each element against the table."""
    root = etree.fromstring(schema)
    named = {e.get("name"): e for e in root.iterfind(f"{XSD}complexType")}
    waiting, seen, missing = [("SpaceSystem", "SpaceSystemType")], set(), set()
    while waiting:
        element, type_ = waiting.pop()
        if (element, type_) in seen or type_ not in named or element in grammar.NOT_SUPPORTED:
            continue
        seen.add((element, type_))
        if element in grammar.SILENT:
            continue
        attributes, children = _words(named, named[type_])
        known = grammar.ALLOWED.get(element, frozenset())
        missing |= {f"{element}@{name}" for name in attributes if f"@{name}" not in known}
        missing |= {f"{element}/{name}" for name in children if name not in known}
        waiting += children.items()
    assert missing == set()
    assert len(seen) > 150
