"""The database and mission file of Chenguang-1 as they are shipped."""

from __future__ import annotations

from importlib import resources

import pytest
from lxml import etree

from ground import settings
from ground.mdb import model, xtce
from ground.mdb.encode import Form

FOLDER = resources.files("configs") / "chenguang1"
OCTETS = (FOLDER / "database.xml").read_bytes()
DATABASE = xtce.load(OCTETS, "database.xml")
PACKETS = {path for path, each in DATABASE.containers.items() if not each.abstract}

XML_XSD = """<schema xmlns="http://www.w3.org/2001/XMLSchema"
  targetNamespace="http://www.w3.org/XML/1998/namespace">
  <attribute name="base" type="anyURI"/><attribute name="lang" type="string"/></schema>"""


class Stub(etree.Resolver):
    """Stands in for the xml.xsd that the schema imports and that is not beside it."""

    def resolve(self, url, public_id, context):
        return self.resolve_string(XML_XSD, context) if url.endswith("xml.xsd") else None


def test_the_database_loads_without_a_problem():
    assert DATABASE.problems == ()


def test_the_database_is_valid_by_the_schema_of_the_standard(shared):
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Stub())
    schema = etree.XMLSchema(etree.parse(shared / "xtce_misc" / "SpaceSystem.xsd", parser))
    schema.assertValid(etree.fromstring(OCTETS))


def test_everything_has_a_description_and_every_measurement_a_unit():
    bare = [path for path, each in DATABASE.parameters.items() if not each.description]
    bare += [path for path in PACKETS if not DATABASE.containers[path].description]
    bare += [
        path
        for path, each in DATABASE.types.items()
        if isinstance(each, model.ScalarType)
        and each.kind is model.Kind.FLOAT
        and not each.units
        and path != "/CG1/AOCS/Component"  # of a quaternion: a pure number
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("container", "octets"),
    [
        ("AOCS/AOCS_HK", 60),
        ("EPS/EPS_HK", 25),
        ("TCS/TCS_HK", 22),
        ("DC/NODES_HK", 9 + 8 * 6),
        ("DC/CARDS_HK", 64 * 8),
        ("COMM/COMM_HK", 18),
        ("OBSW/OBSW_HK", 24),
    ],
)
def test_a_housekeeping_packet_is_its_headers_and_its_fields(container, octets):
    """Worked by hand: 6 octets primary header, 13 secondary header, 2 structure, fields."""
    assert Form.of(DATABASE, f"/CG1/{container}").octets == 6 + 13 + 2 + octets


def test_every_packet_has_a_key_of_its_own():
    keys = {
        tuple(
            sorted(
                (path, each.value) for path, each in Form.of(DATABASE, container).demanded.items()
            )
        )
        for container in PACKETS
    }
    assert len(keys) == len(PACKETS) == 17


def test_alarms_of_every_kind_are_there():
    types = [each for each in DATABASE.types.values() if isinstance(each, model.ScalarType)]
    alarms = [each.alarm for each in types if each.alarm is not None]
    assert any(each.static is not None for each in alarms)
    assert any(each.enumeration is not None for each in alarms)
    assert any(each.min_violations > 1 for each in alarms)
    assert {each.path for each in types if each.context_alarms} == {
        "/CG1/EPS/ArrayCurrent",
        "/CG1/COMM/XbandMargin",
        "/CG1/COMM/RelayMargin",
    }


def test_no_alarm_names_a_label_that_its_type_does_not_have():
    for each in DATABASE.types.values():
        if isinstance(each, model.ScalarType) and each.alarm and each.alarm.enumeration:
            labels = {label.label for label in each.labels}
            assert {label for label, _ in each.alarm.enumeration.levels} <= labels


def test_dangerous_commands_say_so():
    levels = {path: each.significance for path, each in DATABASE.commands.items()}
    assert levels["/CG1/OBSW/MODE"] is model.Level.CRITICAL
    assert levels["/CG1/DC/CARD_POWER"] is model.Level.DISTRESS


def test_the_mission_names_one_spacecraft_and_a_time_for_each_of_its_packets():
    mission = settings.find("chenguang1")
    (craft,) = mission.spacecraft
    assert (craft.name, craft.scid) == ("CG-1", 171)
    for container in PACKETS:
        rule = mission.time_rule(craft.name, container)
        assert (rule.parameter, rule.fine, rule.fine_bits) == ("TIME_COARSE", "TIME_FINE", 16)
    names = {path.rpartition("/")[2] for path in DATABASE.parameters}
    assert {"TIME_COARSE", "TIME_FINE"} <= names
    assert craft.root_container in {path.rpartition("/")[2] for path in DATABASE.containers}
