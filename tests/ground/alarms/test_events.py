"""On-board events in lines, from packets of Chenguang-1 and from hostile ones."""

from __future__ import annotations

from importlib import resources

import numpy as np

from ground import settings
from ground.alarms.events import OnBoard
from ground.columns import Column
from ground.errors import Where
from ground.mdb import plan, xtce
from ground.mdb.model import IntegerEncoding, Kind, ScalarType
from ground.settings import EventRule

NAMES = ("CG-1", "CG-2")
T_NS = np.array([5, 0, 7], np.int64)
RECEIVED = np.array([50, 60, 70], np.int64)
CRAFT = np.array([0, 1, 0], np.int32)


def read(rules, raw, engineering=None, types=None, packet_type="/S/EVENT"):
    given = (NAMES, CRAFT, T_NS, RECEIVED, raw, engineering or {})
    return OnBoard(rules).read(packet_type, types or {}, *given)


def test_the_events_of_chenguang_1_read_as_its_mission_says():
    mission = settings.find("chenguang1")
    octets = (resources.files("configs") / "chenguang1" / "database.xml").read_bytes()
    types = plan.compile(xtce.load(octets, "database.xml"), "CCSDSPacket").column_types
    path = "/CG1/OBSW/EVENT"
    raw = {
        "/CG1/OBSW/EVENT_SEVERITY": Column(np.array([3, 1, 4], np.uint8)),
        "/CG1/OBSW/EVENT_ID": Column(np.array([7, 1, 99], np.uint16)),
        "/CG1/OBSW/EVENT_VALUE": Column(np.array([12, 0, -5], np.int32)),
    }
    assert raw.keys() <= types[path].keys()
    engineering = {
        "/CG1/OBSW/EVENT_SEVERITY": Column(
            np.array([2, 0, 3]), None, ("INFORMATION", "LOW", "MEDIUM", "HIGH")
        ),
        "/CG1/OBSW/EVENT_ID": Column(
            np.array([1, 0, -1]), np.array([True, True, False]), ("ECLIPSE_ENTRY", "CARD_FAULT")
        ),
    }
    rows = read(mission.events, raw, engineering, types[path], path)
    assert [(row.t_ns, row.spacecraft, row.severity, row.kind, row.text) for row in rows] == [
        (5, "CG-1", "serious", "CARD_FAULT", "CARD_FAULT 12"),
        (60, "CG-2", "info", "ECLIPSE_ENTRY", "ECLIPSE_ENTRY 0"),
        (7, "CG-1", "critical", "99", "99 -5"),
    ]
    assert {row.source for row in rows} == {"onboard"}


def test_packets_without_a_rule_are_no_events():
    assert read([EventRule(packets="OTHER", text=("A",))], {"/S/A": Column(T_NS)}) == []
    assert OnBoard().rule("/S/EVENT") is None


def test_units_are_said_and_raw_numbers_have_levels_too():
    type = ScalarType("/S/T", Kind.INTEGER, IntegerEncoding(8), Where("test"), units="W")
    raw = {"/S/A": Column(np.array([1, 2, 3])), "/S/LEVEL": Column(np.array([0, 1, 2]))}
    rule = EventRule(packets="*", text=("A",), severity="/S/LEVEL", levels={"1": "critical"})
    rows = read([rule], raw, types={"/S/A": type})
    assert [(row.text, row.severity) for row in rows] == [
        ("1 W", "info"),
        ("2 W", "critical"),
        ("3 W", "info"),
    ]


def test_what_a_packet_lacks_is_left_out_and_text_is_made_harmless():
    raw = {"/S/SAID": Column(np.array(["\x1b[31m" + "x" * 400, "", "a\rb"], object))}
    rule = EventRule(packets="*", text=("SAID", "NONE"), severity="NONE")
    rows = read([rule], raw)
    assert rows[0].kind.startswith("\\x1b[31mxxx")
    assert (len(rows[0].kind), len(rows[0].text)) == (40, 80)
    assert [(row.kind, row.text) for row in rows[1:]] == [("event", ""), ("a\\rb", "a\\rb")]
    none = read([EventRule(packets="*", text=("NONE",))], raw)
    assert {(row.kind, row.text, row.severity) for row in none} == {("event", "", "info")}
