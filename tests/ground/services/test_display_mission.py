"""What a console is told of a mission."""

from __future__ import annotations

import pytest

from ground import databases, settings
from ground.mdb import plan
from ground.messages import ParameterRow
from ground.services import display_mission
from tests.ground.services import hand


@pytest.fixture(scope="module")
def plans() -> list[plan.Plan]:
    return [plan.compile(databases.from_files({"hand.xml": hand.DATABASE.encode()}))]


def _rows(plans: list[plan.Plan]) -> dict[str, ParameterRow]:
    described = display_mission.describe("hand", "live", ["A"], plans)
    return {each.path.rsplit("/", 1)[1]: each for each in described.parameters}


@pytest.mark.parametrize(
    ("name", "kind", "elements"),
    [
        ("VOLTAGE", "number", 0),
        ("MODE", "label", 0),
        ("CELL", "array", 3),
        ("VALUES", "array", 0),
        ("NAME", "text", 0),
        ("DATA", "octets", 0),
        ("BIG", "number", 0),
        ("LOAD", "number", 0),
    ],
)
def test_kinds_and_sizes_are_those_of_the_database(plans, name: str, kind: str, elements: int):
    row = _rows(plans)[name]
    assert (row.kind, row.elements) == (kind, elements)


def test_units_labels_and_limits_are_told(plans):
    rows = _rows(plans)
    assert rows["VOLTAGE"].units == "V"
    assert rows["VOLTAGE"].limits == [
        ("caution", 10.0, 30.0),
        ("serious", 5.0, 35.0),
        ("critical", 0.0, 40.0),
    ]
    assert rows["MODE"].labels == ["OFF", "ON"]
    assert rows["LOAD"].limits == []


def test_a_parameter_of_several_packets_is_listed_once(plans):
    described = display_mission.describe("hand", "live", ["A"], plans)
    paths = [each.path for each in described.parameters]
    assert len(paths) == len(set(paths))


def test_the_digest_tells_whether_anything_changed(plans):
    first = display_mission.describe("hand", "live", ["A"], plans)
    assert first.digest == display_mission.describe("hand", "live", ["A"], plans).digest
    assert first.digest != display_mission.describe("hand", "live", ["A", "B"], plans).digest


def test_chenguang1_is_described_whole():
    [craft] = settings.load(settings.shipped()["chenguang1"]).spacecraft
    assert craft.database is not None
    database = databases.read_database(craft.database)
    compiled = plan.compile(database, "CCSDSPacket")
    described = display_mission.describe("chenguang1", "live", ["CG-1"], [compiled])
    rows = {each.path: each for each in described.parameters}
    held = {path for types in compiled.column_types.values() for path in types}
    assert set(rows) == held
    assert (rows["/CG1/DC/CARDS.temperature"].kind, rows["/CG1/DC/CARDS.temperature"].elements) == (
        "array",
        64,
    )
    assert len(display_mission.instants([compiled])) == 1
