"""Mission files become spacecraft, links and definitions; what is not there is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ground.archive.embedded import EmbeddedStore
from ground.errors import InputError
from ground.services import missions
from ground.services.crafts import Crafts
from ground.services.library import Library
from ground.settings import Mission
from tests.ground.services import hand
from tests.recordings import mission_of

CSV = "name,data_type,bit_length\nCOARSE,uint,32\nTEMP,int,16\n"
TWO_LINKS = hand.MISSION + '\n[[link]]\nname = "sky"\nkind = "udp"\naddress = "127.0.0.1:1"\n'
TWO_LINKS += 'frame = "packets"\n'


def mission(folder: Path, text: str = hand.MISSION, **files: str) -> Mission:
    return mission_of(folder, text, {"hand.xml": hand.DATABASE} | files)


def test_spacecraft_of_one_database_share_a_definition(tmp_path: Path) -> None:
    with EmbeddedStore.open(tmp_path / "archive", write=True) as store:
        crafts = missions.crafts(mission(tmp_path), Library(store))
    assert crafts.by_scid == {10: "A", 11: "B", 12: "PLAIN"}
    assert set(crafts.definitions) == {"A", "B"}
    assert crafts.definitions["A"] is crafts.definitions["B"]
    codes = crafts.codes(np.array([11, 10, 12, 11, 7], np.int32))
    assert [crafts.names[code] for code in codes] == ["B", "A", "PLAIN", "B", "SCID-7"]
    ((definition, rows),) = crafts.groups(codes)
    assert definition is crafts.definitions["A"]
    assert rows.tolist() == [0, 1, 3]


def test_a_source_without_frames_is_all_of_one_spacecraft() -> None:
    crafts = Crafts(only="X")
    assert crafts.codes(np.array([-1, 5], np.int32)).tolist() == [0, 0]
    assert crafts.names == ["X"]
    assert list(crafts.groups(np.zeros(2, np.int32))) == []


def test_the_link_is_the_one_named_or_the_only_one_for_files(tmp_path: Path) -> None:
    known = mission(tmp_path, TWO_LINKS)
    assert missions.link(known, "sky").kind == "udp"
    only = known.model_copy(update={"links": known.links[1:]})
    assert missions.link(only, None).name == "frames"
    for name, expected in {
        "moon": "no link moon; expected one of bare, frames, sky",
        None: "--link is not given; expected one of bare, frames, sky",
    }.items():
        with pytest.raises(InputError, match=expected) as told:
            missions.link(known, name)
        assert str(told.value).startswith(str(known.path))
    with pytest.raises(InputError, match="expected one of none"):
        missions.link(known.model_copy(update={"links": ()}), None)


def test_bare_packets_are_those_of_the_one_named_or_the_only_one(tmp_path: Path) -> None:
    known = mission(tmp_path)
    assert missions.whose(known, "B") == "B"
    alone = known.model_copy(update={"spacecraft": known.spacecraft[:1]})
    assert missions.whose(alone, None) == "A"
    with pytest.raises(InputError, match="spacecraft not given; expected one of A, B, PLAIN"):
        missions.whose(known, None)
    with pytest.raises(InputError, match="spacecraft Z; expected one of A"):
        missions.whose(alone, "Z")


def test_the_digest_of_a_job_changes_with_all_that_decides_what_it_gives(tmp_path: Path) -> None:
    with EmbeddedStore.open(tmp_path / "archive", write=True) as store:
        library = Library(store)

        def digest(text: str, database: str = hand.DATABASE, link: str = "bare") -> str:
            folder = tmp_path / "mission"
            known = mission(folder, text, **{"hand.xml": database})
            crafts = missions.crafts(known, library)
            return missions.digest(missions.link(known, link), crafts, known)

        same = digest(hand.MISSION)
        assert digest("# a comment\n" + hand.MISSION) == same
        others = [
            digest(hand.MISSION, link="frames"),
            digest(hand.MISSION.replace("scid = 11", "scid = 13")),
            digest(hand.MISSION.replace("fine_bits = 16", "fine_bits = 15")),
            digest(hand.MISSION.replace('name = "B"', 'name = "C"')),
            digest(hand.MISSION, hand.DATABASE.replace("0.25", "0.5")),
        ]
    assert len({same, *others}) == 6


def test_a_database_alone_is_enough_for_bare_packets(tmp_path: Path) -> None:
    (tmp_path / "hk.csv").write_text(CSV)
    with EmbeddedStore.open(tmp_path / "archive", write=True) as store:
        crafts = missions.alone("X", tmp_path / "hk.csv", None, Library(store))
        none = missions.alone("Y", None, None, Library(store))
        with pytest.raises(InputError, match=r"hand\.xml:?.*expected"):
            missions.alone("X", tmp_path / "hand.xml", None, Library(store))
    assert set(crafts.definitions) == {"X"}
    assert (none.only, none.definitions) == ("Y", {})


def test_a_root_container_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "hand.xml").write_text(hand.DATABASE)
    with (
        EmbeddedStore.open(tmp_path / "archive", write=True) as store,
        pytest.raises(InputError, match=r"NOSUCH.*expected"),
    ):
        missions.alone("X", tmp_path / "hand.xml", "NOSUCH", Library(store))


def test_the_first_rule_of_time_that_a_packet_has_the_parameters_of_applies(
    tmp_path: Path,
) -> None:
    rules = """
[[time]]
packets = "EVENT"
parameter = "NO_SUCH"
epoch = "1970-01-01T00:00:00"
scale = "tai"

[[time]]
packets = "EV*"
spacecraft = "B"
parameter = "SUBSECONDS"
epoch = "1970-01-01T00:00:00"
scale = "tai"

[[time]]"""
    text = hand.MISSION.replace("\n[[time]]", rules, 1)
    with EmbeddedStore.open(tmp_path / "archive", write=True) as store:
        crafts = missions.crafts(mission(tmp_path, text), Library(store))
    definition = crafts.definitions["A"]
    asked = [("A", "/H/EVENT"), ("B", "/H/EVENT"), ("B", "/H/HK")]
    clocks = [definition.clock(*each) for each in asked]
    assert [clock.columns["parameter"] for clock in clocks if clock] == [
        "/H/SECONDS",
        "/H/SUBSECONDS",
        "/H/SECONDS",
    ]
