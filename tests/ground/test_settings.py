"""Mission files: what they hold, and every mistake with its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ground import settings
from ground.errors import InputError
from ground.settings import keys

GOOD = """\
[mission]
name = "chenguang1"

[[spacecraft]]
name = "CG-1"                 # what people type
scid = 171
database = "database.xml"
root_container = "CCSDSPacket"

[[time]]
packets = "*"
parameter = "SHCOARSE"
fine = "SHFINE"
fine_bits = 16
epoch = "2010-01-01T00:00:00"
scale = "tai"

[[link]]
name = "kashi"
kind = "udp"
address = "127.0.0.1:10015"
frame = "aos"
length = 1115
fecf = true
ocf = false
insert_zone = 0
trailer = 0
asm = "1ACFFC1D"
randomiser = "tm8"
rs = { k = 223, interleave = 5, basis = "dual", fill = 0 }
bad_crc = "reject"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "database.xml").write_bytes(b"<SpaceSystem/>")
    return tmp_path


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "mission.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems(folder: Path, text: str | bytes) -> list[str]:
    """The messages without their folder: `line: what was found; what was expected`."""
    path = write(folder, text)
    with pytest.raises(settings.MissionError) as refused:
        settings.load(path)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    assert all("expected" in line or "did you mean" in line for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


def changed(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_the_mission_file_of_the_contract_is_read(folder: Path) -> None:
    mission = settings.load(write(folder, GOOD))
    craft, link, rule = mission.spacecraft[0], mission.links[0], mission.times[0]
    assert mission.name == "chenguang1"
    assert (craft.name, craft.scid, craft.root_container) == ("CG-1", 171, "CCSDSPacket")
    assert craft.database == folder / "database.xml"
    assert (rule.parameter, rule.fine, rule.fine_bits, rule.scale) == (
        *("SHCOARSE", "SHFINE"),
        *(16, "tai"),
    )
    assert (link.frame, link.length, link.fecf, link.asm) == ("aos", 1115, True, "1acffc1d")
    assert link.rs == settings.ReedSolomon(k=223, interleave=5, basis="dual", fill=0)
    assert mission.link("kashi") is link
    assert mission.link("jiamusi") is None
    assert mission.craft(171) is craft
    assert mission.octets == GOOD.encode()
    assert str(mission.where("link", 0, "rs", "k")) == f"{folder / 'mission.toml'}:30"
    assert mission.where("spacecraft", 0, "absent").line == 4


def test_a_spacecraft_may_have_no_database_and_a_channel_its_own_service(folder: Path) -> None:
    text = changed(('database = "database.xml"', ""), ("fecf = true", 'services = { 5 = "b_pdu" }'))
    mission = settings.load(write(folder, text))
    assert mission.spacecraft[0].database is None
    assert mission.links[0].services == {5: "b_pdu"}
    assert mission.links[0].service == "m_pdu"


def test_a_mission_is_found_by_its_folder_its_file_or_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder, GOOD)
    assert settings.find(folder) == settings.find(path) == settings.load(path)
    monkeypatch.setattr("ground.settings.reader.shipped", lambda: {"chenguang1": path})
    assert settings.find("chenguang1") == settings.load(path)
    with pytest.raises(InputError, match=r"no such mission.*expected a mission file, or one of ch"):
        settings.find("chenguang2")


def test_missions_that_are_shipped_all_load() -> None:
    for name, path in settings.shipped().items():
        assert settings.load(path).name == name


def test_every_mistake_is_told_at_once_with_the_line_of_its_key(folder: Path) -> None:
    text = changed(
        ("scid = 171", 'scid = "171"\ncolour = 3'),
        ("database.xml", "absent.xml"),
        ("bits = 16", "bits = 0"),
        ("2010-01-01T00:00:00", "yesterday"),
        ('"udp"', '"udq"'),
        ("frame =", "frmae ="),
        ("fecf = true", "fecf = 1"),
        ("1ACFFC1D", "1ACFFC1"),
        ("interleave = 5, basis", "interleave = 6, bases"),
    )
    assert problems(folder, text) == [
        "6: scid = '171'; expected a whole number",
        "7: unknown key colour; expected one of name, scid, database, root_container,"
        " groups, tc, orbit, elements",
        "8: database = 'absent.xml'; expected a file or folder that exists",
        "15: fine_bits = 0; expected greater than or equal to 1",
        "19: no key frame; expected one",
        "21: kind = 'udq'; expected 'udp', 'tcp-client', 'tcp-server', 'serial', 'file', "
        "'directory' or 'memory'",
        "23: unknown key frmae; did you mean frame?",
        "25: fecf = 1; expected true or false",
        "29: asm = '1ACFFC1'; expected 1 to 8 octets in hex, as '1acffc1d'",
        "31: rs.interleave = 6; expected 1, 2, 3, 4, 5 or 8",
        "31: unknown key rs.bases; did you mean basis?",
    ]


SECOND_CRAFT = '\n[[spacecraft]]\nname = "CG-1"\nscid = 171\ndatabase = "database.xml"\n'
SECOND_LINK = '\n[[link]]\nname = "kashi"\nkind = "memory"\nframe = "packets"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            GOOD + SECOND_CRAFT,
            [
                "34: name = 'CG-1' is that of [[spacecraft]] number 1; expected another",
                "35: scid = 171 is that of [[spacecraft]] number 1; expected another",
            ],
        ),
        (
            GOOD + SECOND_LINK,
            ["34: name = 'kashi' is that of [[link]] number 1; expected another"],
        ),
        (
            changed(("length = 1115", "length = 1113")),
            ["23: length = 1113; expected 1115 = 5 x (223 - 0), as the Reed-Solomon code carries"],
        ),
        (
            changed(('basis = "dual", fill = 0', "fill = 3")),
            ["23: length = 1115; expected 1100 = 5 x (223 - 3), as the Reed-Solomon code carries"],
        ),
        (
            changed(("trailer = 0", "trailer = 2")),
            [
                "23: length = 1115; expected 1113 = 5 x (223 - 0) less the trailer of 2, "
                "as the Reed-Solomon code carries"
            ],
        ),
        (
            changed(("fecf = true", 'services = { 0 = "b_pdu", 64 = "vca" }')),
            ["24: services.64 = '64'; expected less than or equal to 63"],
        ),
        (
            changed(('address = "127.0.0.1:10015"\n', "")),
            ["20: kind = 'udp' without address; expected where it is"],
        ),
        (
            changed(("length = 1115\n", "")),
            ["22: frame = 'aos' without length; expected the octets of a frame"],
        ),
        (
            changed(("packets =", 'spacecraft = "CG-2"\npackets =')),
            ["11: spacecraft = 'CG-2'; expected one of CG-1"],
        ),
        (
            changed(("parameter =", "days =")),
            [
                "12: days stands without milliseconds; expected both",
                "13: fine stands without parameter; expected both",
            ],
        ),
        (
            changed(('parameter = "SHCOARSE"\nfine = "SHFINE"\nfine_bits = 16\n', "")),
            ["10: expected either parameter or days, to tell the time form"],
        ),
        (
            changed(("fine_bits = 16\n", "")),
            ["13: fine stands without fine_bits; expected both"],
        ),
        (
            changed(("2010-01-01T00:00:00", "yesterday")),
            ["15: epoch = 'yesterday'; expected an ISO 8601 time, as '2010-01-01T00:00:00'"],
        ),
        (changed(("[mission]", "[misson]")), None),
        ('[mission]\nname = "x"\nspacecraft = 3\n', None),
        ('[mission]\nname = "x"\n', ["1: no key spacecraft; expected one"]),
        (
            'spacecraft = []\n[mission]\nname = "x"\n',
            ["1: no spacecraft; expected at least one [[spacecraft]]"],
        ),
        (changed(('"CG-1"', '"../CG"')), None),
        (
            changed(("127.0.0.1:10015", "127.0.0.1:99999")),
            ["21: address = '127.0.0.1:99999'; expected HOST:PORT, as 127.0.0.1:10015"],
        ),
        (
            changed(
                ("[[spacecraft]]", '[station]\nprometheus = "x"\nlisten = "y"\n[[spacecraft]]')
            ),
            [
                "5: prometheus = 'x'; expected HOST:PORT, as 127.0.0.1:9464",
                "6: listen = 'y'; expected tcp://HOST:PORT",
            ],
        ),
        (
            changed(
                (
                    "[[spacecraft]]",
                    '[[influx]]\nname = "a"\nurl = "b"\nbucket = "c"\n[[spacecraft]]',
                )
            ),
            ["6: url = 'b'; expected a URL, as http://127.0.0.1:8086"],
        ),
        (
            changed(("[[spacecraft]]", '[[event]]\npackets = "a"\ntext = "b"\n[[spacecraft]]')),
            ["6: text = 'b'; expected a list of parameters, as [\"EVENT_ID\"]"],
        ),
        (changed(("scid = 171", "scid = 65536")), None),
    ],
)
def test_one_mistake_is_told_with_its_line(
    folder: Path, text: str, expected: list[str] | None
) -> None:
    found = problems(folder, text)
    assert expected is None or found == expected


def test_a_packet_link_has_no_keys_of_frames(folder: Path) -> None:
    text = GOOD + SECOND_LINK.replace("kashi", "two") + "fecf = true\n"
    assert problems(folder, text) == [
        "37: key 'fecf' with frame = 'packets'; "
        "expected no such key, as the link carries packets without frames"
    ]


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("[mission]\nname = \n", 2, "Invalid value"),
        ("[mission]\nname = 'x\n", 2, ""),
        ("[mission]\nname = 'x'\nname = 'y'\n", 3, ""),
        ('[mission]\nname = """x', 2, ""),
        (b"[mission]\nname = '\xff'\n", 2, "octet ff is not UTF-8"),
        (b"[mission]\n\x00", 2, ""),
    ],
)
def test_a_text_that_is_not_toml_is_told_with_its_line(
    folder: Path, text: str | bytes, line: int, found: str
) -> None:
    (message,) = problems(folder, text)
    assert message.startswith(f"{line}: {found}")


def test_deep_nesting_and_long_numbers_are_refused(folder: Path) -> None:
    for text in ("x = " + "[" * 100_000, "x = " + "9" * 10_000):
        with pytest.raises(InputError):
            settings.load(write(folder, text))


def test_a_file_that_is_not_there_or_too_large_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"No such file.*; expected a mission file"):
        settings.load(folder / "absent.toml")
    with pytest.raises(InputError, match="Is a directory"):
        settings.load(folder)
    with pytest.raises(InputError, match="over 4194304 octets"):
        settings.load(write(folder, b" " * (4 << 20) + b"\n"))


def test_a_time_rule_is_the_first_that_matches(folder: Path) -> None:
    rules = """
[[time]]
packets = "HK_*"
spacecraft = "CG-1"
days = "DAY"
milliseconds = "MS"
microseconds = "US"
[[time]]
packets = "/DC/*/EVENT"
parameter = "T"
"""
    text = changed(('[[time]]\npackets = "*"', rules + '[[time]]\npackets = "S*"'))
    mission = settings.load(write(folder, text))
    first, second, third = mission.times
    assert mission.time_rule("CG-1", "/DC/HK_POWER") is first
    assert mission.time_rule("CG-2", "/DC/HK_POWER") is None
    assert mission.time_rule("CG-2", "/DC/Sub/EVENT") is second
    assert mission.time_rule("CG-2", "/DC/SCIENCE") is third
    assert first.parameters == {"days": "DAY", "milliseconds": "MS", "microseconds": "US"}
    assert first.epoch == "1958-01-01T00:00:00"


def test_home_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUND_HOME", "/somewhere")
    assert settings.home() == Path("/somewhere")
    monkeypatch.delenv("GROUND_HOME")
    assert settings.home().name == "ground-station"


# ---- lines of keys --------------------------------------------------------------------------

SHAPES = '''\
# a comment = [
a = 1
"b c".d = "x = [ # \\" ]"
e = """
f = 1
"" \\""""
g = \'\'\'
h = 2 \'\'
\'\'\'\'\'
i = [ 1, # one
  [2, 3],
  { j = 4, k.l = [ "]" ] },
]
[m.n]
o = 1979-05-27 07:32:00
'p.q' = 'r'
[[s]]
t = 1
[[s.u]]
v = 1
[[s.u]]
v = 2
[[s]]
[s.w]
x = { y = { z = 1 }, "\\u0041" = 2 }
'''


def test_the_line_of_each_key_is_known_through_all_of_toml() -> None:
    tomllib.loads(SHAPES)
    assert keys.lines(SHAPES) == {
        (): 1,
        ("a",): 2,
        ("b c",): 3,
        ("b c", "d"): 3,
        ("e",): 4,
        ("g",): 7,
        ("i",): 10,
        ("i", 0): 10,
        ("i", 1): 11,
        ("i", 1, 0): 11,
        ("i", 1, 1): 11,
        ("i", 2): 12,
        ("i", 2, "j"): 12,
        ("i", 2, "k"): 12,
        ("i", 2, "k", "l"): 12,
        ("i", 2, "k", "l", 0): 12,
        ("m",): 14,
        ("m", "n"): 14,
        ("m", "n", "o"): 15,
        ("m", "n", "p.q"): 16,
        ("s",): 17,
        ("s", 0): 17,
        ("s", 0, "t"): 18,
        ("s", 0, "u"): 19,
        ("s", 0, "u", 0): 19,
        ("s", 0, "u", 0, "v"): 20,
        ("s", 0, "u", 1): 21,
        ("s", 0, "u", 1, "v"): 22,
        ("s", 1): 23,
        ("s", 1, "w"): 24,
        ("s", 1, "w", "x"): 25,
        ("s", 1, "w", "x", "y"): 25,
        ("s", 1, "w", "x", "y", "z"): 25,
        ("s", 1, "w", "x", "A"): 25,
    }


def paths(value: object, path: keys.KeyPath = ()) -> set[keys.KeyPath]:
    found = {path}
    if isinstance(value, dict):
        for key, each in value.items():
            found |= paths(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            found |= paths(each, (*path, index))
    return found


CHARACTERS = st.lists(
    st.sampled_from([*"ab.=[]{}\"'#,\\ \n1-", '"""', "'''", "[[", "]]\n", "a = ", "\r\n"]),
    max_size=25,
).map("".join)


@given(CHARACTERS, st.lists(st.sampled_from([*GOOD.splitlines(keepends=True), SHAPES]), max_size=8))
@hypothesis_settings(max_examples=300, deadline=None)
def test_every_key_of_any_toml_has_a_line_and_no_other_has(text: str, pieces: list[str]) -> None:
    for each in (text, "".join(pieces), "".join(pieces) + text):
        try:
            data = tomllib.loads(each)
        except tomllib.TOMLDecodeError:
            continue
        lines = keys.lines(each)
        assert set(lines) == paths(data)
        count = len(re.findall("\n", each)) + 1
        assert all(1 <= line <= count for line in lines.values())
