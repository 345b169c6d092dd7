"""A check names what keeps a mission from being commanded, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.services.check import check

MISSION = """\
[mission]
name = "test"

[[spacecraft]]
name = "A-1"
scid = 1
database = "db.xml"
groups = ["pair"]
orbit = { altitude_km = 750, ltan = "18:00" }
tc = { length = 512 }

[[site]]
name = "kashi"
latitude_deg = 39.5
longitude_deg = 76.0

[[relay]]
name = "R-1"
kind = "regenerative"
scid = 10
longitude_deg = 77.0
to = ["A-*", "R-2"]

[[relay]]
name = "R-2"
kind = "store-and-forward"
scid = 11
orbit = { altitude_km = 900, inclination_deg = 53.0 }
retention_s = 3600.0
to = ["A-1"]

[[uplink]]
name = "up"
site = "kashi"
to = ["A-1", "R-1"]
address = "127.0.0.1:10115"

[[uplink]]
name = "second-up"
site = "kashi"
to = ["R-1"]
address = "127.0.0.1:10116"

[[link]]
name = "down"
kind = "udp"
address = "127.0.0.1:10015"
frame = "aos"
length = 1115

[[link]]
name = "second-down"
kind = "udp"
address = "127.0.0.1:10016"
frame = "aos"
length = 1115

[[operator]]
key = "one"
roles = ["command"]
spacecraft = ["pair", "A-*"]

[[operator]]
key = "two"
roles = ["approve"]
"""
DATABASE = """\
<SpaceSystem name="T" xmlns="http://www.omg.org/spec/XTCE/20180204">
 <TelemetryMetaData>
  <ParameterTypeSet><IntegerParameterType name="U16" signed="false">
   <IntegerDataEncoding sizeInBits="16"/></IntegerParameterType></ParameterTypeSet>
  <ParameterSet><Parameter name="X" parameterTypeRef="U16"/></ParameterSet>
  <ContainerSet><SequenceContainer name="P"><EntryList>
   <ParameterRefEntry parameterRef="X"/></EntryList></SequenceContainer></ContainerSet>
 </TelemetryMetaData>
 <CommandMetaData>
  <ArgumentTypeSet><IntegerArgumentType name="U8" signed="false">
   <IntegerDataEncoding sizeInBits="8"/></IntegerArgumentType></ArgumentTypeSet>
  <MetaCommandSet>
   <MetaCommand name="GOOD"><ArgumentList><Argument name="N" argumentTypeRef="U8"/></ArgumentList>
    <CommandContainer name="GOOD_C"><EntryList><ArgumentRefEntry argumentRef="N"/></EntryList>
    </CommandContainer></MetaCommand>
  </MetaCommandSet>
 </CommandMetaData>
</SpaceSystem>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "db.xml").write_text(DATABASE)
    (tmp_path / "mission.toml").write_text(MISSION)
    return tmp_path


def told(folder: Path, *changes: tuple[str, str], name: str = "mission.toml") -> list[str]:
    """Return what a check tells once each text, which is there once, is another."""
    path = folder / name
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return [str(each).removeprefix(f"{folder}/") for each in check(folder)]


def line(text: str, after: str = "") -> int:
    """Return the line of a text in the mission file."""
    at = MISSION.index(text, MISSION.index(after))
    return MISSION.count("\n", 0, at) + 1


def test_a_mission_that_can_be_commanded_has_no_problems(folder: Path) -> None:
    assert told(folder) == []


ONE = {
    "an uplink that reaches nobody": (
        ('to = ["A-1", "R-1"]', 'to = ["A-1", "B-*"]'),
        line('to = ["A-1", "R-1"]'),
        "error: to = 'B-*', which is nobody that takes commands; expected such as A-1, R-1, R-2",
    ),
    "an uplink to none at all": (
        ('to = ["R-1"]\naddress', "to = []\naddress"),
        line('to = ["R-1"]'),
        "error: to = []; expected such as A-1",
    ),
    "a relay that reaches nobody": (
        ('to = ["A-1"]\n\n[[uplink]]', 'to = ["R-2"]\n\n[[uplink]]'),
        line('to = ["A-1"]'),
        "error: to = 'R-2', which is nobody that takes commands; expected such as A-1, R-1",
    ),
    "a relay that is not reached": (
        ('to = ["A-*", "R-2"]', 'to = ["A-*"]'),
        line('name = "R-2"'),
        "warning: relay R-2: no uplink reaches it, nor a relay that one reaches; expected its",
    ),
    "a relay with another application": (
        ("scid = 11", "scid = 11\napid = 2041"),
        line('name = "R-1"') - 1,
        "warning: apid = 2040, and R-2, which it passes envelopes to, has 2041; expected the same",
    ),
    "no orbit": (
        ('orbit = { altitude_km = 750, ltan = "18:00" }', ""),
        line("tc = "),
        "warning: spacecraft A-1 takes commands (tc) without orbit or elements; expected one of",
    ),
    "no database": (
        ('database = "db.xml"', ""),
        line("tc = "),
        "warning: spacecraft A-1 takes commands (tc) without database; expected one that has its",
    ),
    "an operator of none": (
        ('"pair", "A-*"', '"trio", "A-*"'),
        line('"pair", "A-*"'),
        "error: spacecraft = 'trio', which is no spacecraft or group; expected such as pair, A-1",
    ),
    "an operator of a glob that fits none": (
        ('"pair", "A-*"', '"pair", "B-*"'),
        line('"pair", "A-*"'),
        "error: spacecraft = 'B-*', which is no spacecraft or group; expected such as pair, A-1",
    ),
    "an operator twice": (
        ('key = "two"', 'key = "one"'),
        line('key = "two"'),
        "error: key = 'one' is that of [[operator]] number 1; expected another",
    ),
    "an envelope relay without id": (
        ("scid = 11\n", ""),
        line('kind = "store-and-forward"'),
        "error: kind = 'store-and-forward' without scid; expected its id",
    ),
    "two uplinks with one address": (
        ("127.0.0.1:10116", "127.0.0.1:10115"),
        line("127.0.0.1:10116"),
        "error: address = '127.0.0.1:10115' is that of uplink up; expected another",
    ),
    "two links with one address": (
        ("127.0.0.1:10016", "127.0.0.1:10015"),
        line("127.0.0.1:10016"),
        "error: address = '127.0.0.1:10015' is that of link down; expected another",
    ),
    "a link that has the port of all hosts": (
        ("127.0.0.1:10016", "0.0.0.0:10015"),
        line("127.0.0.1:10016"),
        "error: address = '0.0.0.0:10015' is that of link down; expected another",
    ),
    "an id that AOS cannot hold": (
        ("scid = 11", "scid = 256"),
        line("scid = 11"),
        "warning: scid = 256; expected up to 255, as all links carry AOS frames",
    ),
    "no such plane": (
        ('altitude_km = 750, ltan = "18:00"', 'altitude_km = 9000, ltan = "18:00"'),
        line("orbit = "),
        "error: elements: mean_motion_rev_day nan found; above 0",
    ),
    "no such time": (
        ("inclination_deg = 53.0", 'inclination_deg = 53.0, epoch = "noon"'),
        line("inclination_deg = 53.0"),
        "error: epoch = 'noon'; expected an ISO 8601 time, as '2026-01-01T00:00:00'",
    ),
}


@pytest.mark.parametrize(("change", "at", "expected"), ONE.values(), ids=ONE.keys())
def test_what_is_wrong_is_told_once_at_the_line_of_its_key(
    folder: Path, change: tuple[str, str], at: int, expected: str
) -> None:
    [found] = [each for each in told(folder, change) if "reaches it;" not in each] or [""]
    assert found.startswith(f"mission.toml:{at}: {expected}")


def test_a_spacecraft_that_neither_uplinks_nor_relays_reach_is_told(folder: Path) -> None:
    again = '\n[[spacecraft]]\nname = "B-1"\nscid = 2\ndatabase = "db.xml"\n'
    again += 'orbit = { altitude_km = 750, ltan = "06:00" }\ntc = {}\n'
    found = told(folder, ("\n[[site]]", again + "\n[[site]]"))
    [told_once] = found
    assert told_once.startswith("mission.toml:17: warning: spacecraft B-1 takes commands (tc), and")


def test_relays_that_only_reach_each_other_do_not_count_as_reached(folder: Path) -> None:
    found = told(
        folder,
        ('to = ["A-1", "R-1"]', 'to = ["A-1"]'),
        ('to = ["R-1"]\naddress', 'to = ["A-1"]\naddress'),
        ('to = ["A-1"]\n\n[[uplink]]', 'to = ["A-1", "R-1"]\n\n[[uplink]]'),
    )
    assert [each.split(":")[3].strip() for each in found] == ["relay R-1", "relay R-2"]


def test_one_address_at_two_gateways_or_for_two_kinds_is_no_clash(folder: Path) -> None:
    gateway = '[[gateway]]\nname = "far"\naddress = "tcp://10.0.0.5:7001"\nkey = "far"\n\n[[site]]'
    found = told(
        folder,
        ("[[site]]", gateway),
        ("127.0.0.1:10016", '127.0.0.1:10015"\ngateway = "far'),
        ("127.0.0.1:10116", '127.0.0.1:10115"\nkind = "tcp-client'),
    )
    assert found == []


def test_commands_that_cannot_be_encoded_are_told_once_at_their_line(folder: Path) -> None:
    again = '\n[[spacecraft]]\nname = "A-2"\nscid = 2\ndatabase = "db.xml"\n'
    again += 'orbit = { altitude_km = 750, ltan = "06:00" }\ntc = {}\n'
    told(folder, ("\n[[site]]", again + "\n[[site]]"), ('to = ["A-1", "R-1"]', 'to = ["*"]'))
    bad = '<MetaCommand name="BAD"><ArgumentList><Argument name="N" argumentTypeRef="U8"/>'
    bad += "</ArgumentList></MetaCommand>\n  </MetaCommandSet>"
    found = told(folder, ("</MetaCommandSet>", bad), name="db.xml")
    assert len(found) == 1
    assert found[0].startswith("db.xml:16: unsupported: ")


def test_elements_that_are_wrong_are_told_at_their_own_line(folder: Path) -> None:
    (folder / "a.tle").write_text("A-1\n1 no element set\n2 at all\n")
    found = told(folder, ('orbit = { altitude_km = 750, ltan = "18:00" }', 'elements = "a.tle"'))
    assert len(found) == 1
    assert found[0].startswith("a.tle:")


def test_a_mission_that_takes_no_commands_is_asked_for_nothing(folder: Path) -> None:
    (folder / "mission.toml").write_text(
        '[mission]\nname = "t"\n\n[[spacecraft]]\nname = "A"\nscid = 900\ndatabase = "db.xml"\n'
    )
    assert check(folder) == []
