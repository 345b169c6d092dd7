"""A check names every problem of a mission, with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ground import settings
from ground.errors import InputError
from ground.mdb.model import Gravity, Problem
from ground.services.check import check

MISSION = """\
[mission]
name = "test"

[[spacecraft]]
name = "A"
scid = 1
database = "hk.csv"

[[time]]
packets = "*"
parameter = "COARSE"
fine = "FINE"
fine_bits = 16

[[link]]
name = "pass"
kind = "file"
frame = "packets"
"""
HK = "name,data_type,bit_length\nCOARSE,uint,32\nFINE,uint,16\nTEMP,int,16\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hk.csv").write_text(HK)
    (tmp_path / "mission.toml").write_text(MISSION)
    return tmp_path


def told(folder: Path, problems: list[Problem]) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in problems]


def change(folder: Path, old: str, new: str, name: str = "mission.toml") -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_good_mission_has_no_problems_by_file_by_folder_and_by_name(folder: Path) -> None:
    assert check(folder / "mission.toml") == check(folder) == check(folder / "hk.csv") == []
    for name in settings.shipped():
        assert check(name) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("scid = 1", "scid = -1", ["mission.toml:6: error: scid = -1; expected greater"]),
        (
            'parameter = "COARSE"',
            'parameter = "SHCOARSE"',
            ["mission.toml:11: error: parameter = 'SHCOARSE'; expected a parameter of '*' packets"],
        ),
        (
            'packets = "*"',
            'packets = "/hk/X"',
            ["mission.toml:10: error: packets = '/hk/X', which is none; expected such as /hk/"],
        ),
        (
            'database = "hk.csv"',
            'database = "hk.csv"\nroot_container = "ROOT"',
            ["mission.toml:8: error: "],
        ),
        (
            'database = "hk.csv"',
            'database = "mission.toml"',
            ["mission.toml:7: error: "],
        ),
    ],
)
def test_a_wrong_mission_is_told_with_the_line_of_the_key(
    folder: Path, old: str, new: str, expected: list[str]
) -> None:
    change(folder, old, new)
    found = told(folder, check(folder))
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)
        assert "expected" in line


RULES = """
[[event]]
packets = "*"
text = ["TEMP", "WHAT"]
severity = "COARSE"

[[stale]]
packets = "/nothing/*"
after_s = inf

[[alarm]]
parameters = "TEMPO"
latch = true

[[alarm]]
parameters = "T?MP"

[[stale]]
packets = "/Derived/*"
after_s = 3
"""


def test_what_rules_name_and_no_packet_has_is_told(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        "ground.services.plugins.types", lambda: {"/Derived/X": {"/Derived/X/Y": 0}}
    )
    (folder / "mission.toml").write_text(MISSION + RULES)
    assert [line.split("; expected")[0] for line in told(folder, check(folder))] == [
        "mission.toml:22: error: text = 'WHAT'",
        "mission.toml:26: error: packets = '/nothing/*', which is none",
        "mission.toml:30: error: parameters = 'TEMPO', which is none",
    ]


def test_the_problems_of_databases_are_told_once_beside_those_of_the_mission(
    folder: Path,
) -> None:
    change(folder, "TEMP,int,16", "TEMP,complex,16\nTEMP2,float,17", "hk.csv")
    again = '\n[[spacecraft]]\nname = "B"\nscid = 2\ndatabase = "hk.csv"\n'
    (folder / "mission.toml").write_text(MISSION.replace("\n[[time]]", again + "\n[[time]]"))
    found = told(folder, check(folder))
    assert [line.split("; ")[0] for line in found] == [
        "hk.csv:4: error: data_type 'complex'",
        "hk.csv:5: error: bit_length is 17",
    ]
    assert check(folder) == check(folder / "hk.csv")


def test_a_spacecraft_without_a_database_has_nothing_to_check(folder: Path) -> None:
    change(folder, 'database = "hk.csv"', "")
    assert check(folder) == []


def test_a_database_is_held_against_a_schema_too(shared: Path, tmp_path: Path) -> None:
    bad = shared / "xtcetools/BogusSAT-1-Bad.xml"
    without = check(bad)
    schema = shared / "xtce_misc/SpaceSystem.xsd"
    good = shared / "jpss1/jpss1_geolocation_xtce_v1.xml"
    assert without
    assert {problem.where.source for problem in without} == {str(bad)}
    assert len(check(good, schema)) >= len(check(good))
    folder = tmp_path / "mission"
    folder.mkdir()
    shutil.copy(bad, folder / "bad.xml")
    (folder / "mission.toml").write_text(MISSION.replace("hk.csv", "bad.xml"))
    assert [problem.where.line for problem in check(folder)] == [
        problem.where.line for problem in without
    ]


def test_every_published_database_is_checked_without_an_exception(shared: Path) -> None:
    gravities: dict[str, set[Gravity]] = {}
    for path in (*sorted(shared.glob("*/*.xml")), shared / "cygnss/defs"):
        gravities[path.name] = {problem.gravity for problem in check(path)}
    refused = {name for name, found in gravities.items() if Gravity.ERROR in found}
    assert refused == {"BogusSAT-1-Bad.xml", "sample_omm.xml"}


def test_what_is_not_there_is_told(folder: Path) -> None:
    for absent in ("absent.toml", "absent.xml", folder / "absent", ""):
        with pytest.raises(InputError, match="expected"):
            check(absent)
