"""Real recordings through the whole station by its command, held against published decodes.

The recordings of Mars 2020, INTEGRAL and Lucy are by Daniel Estevez and amateur stations
(CC-BY-4.0).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground.archive.embedded import EmbeddedStore
from tests.commands import Run, runner, settle

JPSS = "jpss1/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"
CTIM = "ctim/ccsds_2021_155_14_39_51"
SNPP = "snpp/snpp_synchronized_cadus.dat"
MARS = "estevez/Mars2020/mars2020_frames.u8"
INTEGRAL = "estevez/INTEGRAL/integral_frames.u8"
LUCY = "estevez/Lucy/lucy_frames_bochum_20211024_214614.u8"

MISSION = """
[mission]
name = "real"

[[spacecraft]]
name = "NOAA-20"
scid = 159
database = "{shared}/jpss1/jpss1_geolocation_xtce_v1.xml"

[[spacecraft]]
name = "S-NPP"
scid = 157

[[spacecraft]]
name = "CTIM"
scid = 1
database = "{shared}/ctim/ctim_xtce_v1.xml"
root_container = "CCSDSTelemetryPacket"

[[spacecraft]]
name = "MARS-2020"
scid = 168

[[time]]
packets = "*"
spacecraft = "NOAA-20"
days = "DOY"
milliseconds = "MSEC"
microseconds = "USEC"
epoch = "1958-01-01T00:00:00"
scale = "utc"

[[link]]
name = "packets"
kind = "file"
frame = "packets"

[[link]]
name = "snpp"
kind = "file"
frame = "aos"
length = 892
asm = "1acffc1d"
randomiser = "tm8"
rs = {{ k = 223, interleave = 4, basis = "dual", fill = 0 }}

[[link]]
name = "mars"
kind = "file"
frame = "aos"
length = 1115
fecf = true

[[link]]
name = "integral"
kind = "file"
frame = "tm"
length = 890

[[link]]
name = "lucy"
kind = "file"
frame = "aos"
length = 1113
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return settle(tmp_path, monkeypatch)


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def ingest(run: Run, shared: Path, tmp_path: Path) -> Any:
    """Ingest a real file by a link of the mission; return the exit code and what was seen."""
    (tmp_path / "mission.toml").write_text(MISSION.format(shared=shared))

    def take(name: str, link: str, *more: str) -> tuple[int, dict[str, Any]]:
        command = ("ingest", shared / name, "-m", "mission.toml", "-l", link, *more)
        done = run(*command, "--json")
        (row,) = done.json["rows"]
        return done.code, row

    return take


def published(shared: Path, name: str) -> dict[str, Any]:
    files = json.loads((shared / "expected/packets_expected.json").read_text())["files"]
    found: dict[str, Any] = next(each for each in files if each["name"] == name)["apids"]
    return found


def test_noaa_20_two_hours_with_their_times_and_every_value(
    ingest: Any, run: Run, home: Path, shared: Path
) -> None:
    code, seen = ingest(JPSS, "packets", "-s", "NOAA-20")
    assert (code, seen["samples"]) == (0, 7200 * 27)
    assert seen["packets"] == {"in": 7200, "out": 7200, "dropped": {}}
    (row,) = run("packets", "--json").json["rows"]
    assert (row["packets"], row["missing"], row["apid"]) == (7200, 0, 11)
    assert row["first"] == "2021-04-09T00:00:00.007137000Z"
    assert row["last"] == "2021-04-09T01:59:59.005260000Z"
    expected = published(shared, "jpss1-geolocation")["11"]
    with EmbeddedStore.open(home / "archive", write=False) as store:
        rows = store.read("live", "/JPSS_Geolocation_Packets/JPSS_ATT_EPHEM")
    names = [name for name in rows.column_names if name.startswith("/")]
    for place, which in ((0, "first"), (-1, "last")):
        found = {name.rsplit("/", 1)[1]: rows[name][place].as_py() for name in names}
        assert found == expected[which]
    axes = [rows[f"/JPSS_Geolocation_Packets/ADGPSPOS{axis}"].to_numpy() for axis in "XYZ"]
    radius_km = np.sqrt(sum(each.astype(float) ** 2 for each in axes)) / 1000
    assert (round(radius_km.min()), round(radius_km.max())) == (7197, 7213)
    assert run("gaps").code == 0


def test_noaa_20_by_nothing_but_its_database(run: Run, shared: Path) -> None:
    """Without a time rule packets have no time; an alternative database gives the same."""
    for realm, name in (("sim/a", "jpss1_geolocation_xtce_v1"), ("sim/b", "contrived_inheritance_"
                                                                 "structure")):  # fmt: skip
        database = shared / "jpss1" / f"{name}.xml"
        done = run("ingest", shared / JPSS, "-s", "N", "-d", database, "--realm", realm)
        assert done.code == 0
    asked = ("query", "ADAESCID", "ADGPSVEL*", "--limit", "0", "--json")
    values = [
        [(row["parameter"].rsplit("/", 1)[1], row["raw"])
         for row in run(*asked, "--realm", realm).json["rows"]]
        for realm in ("sim/a", "sim/b")
    ]  # fmt: skip
    assert len(values[0]) == 4 * 7200
    assert values[0] == values[1]


def test_ctim_nine_apids_and_the_bits_that_its_definition_leaves(
    ingest: Any, run: Run, home: Path, shared: Path
) -> None:
    code, seen = ingest(CTIM, "packets", "-s", "CTIM")
    assert code == 0
    assert seen["packets"]["out"] == 1499
    left = {row["packet_type"]: (row["packets"], row["bits_left"]) for row in seen["long"]}
    assert left == {"/CTIM/APID_1_Packet": (104, 11), "/CTIM/APID_20_Packet": (1, 128)}
    expected = published(shared, "ctim")
    rows = run("packets", "--json").json["rows"]
    assert {str(row["apid"]): row["packets"] for row in rows} == {
        apid: each["n"] for apid, each in expected.items()
    }
    with EmbeddedStore.open(home / "archive", write=False) as store:
        for row in rows:
            table = store.read("live", row["packet_type"])
            names = [name for name in table.column_names if name.startswith("/")]
            for place, which in ((0, "first"), (-1, "last")):
                found = {name.rsplit("/", 1)[1]: table[name][place].as_py() for name in names}
                wanted = dict(expected[str(row["apid"])][which])
                wanted.pop("...", None)  # says how many of a thousand fields it leaves out
                assert {name: plain(found[name]) for name in wanted} == wanted


def plain(value: Any) -> Any:
    """Return a value as the published decode writes it."""
    if isinstance(value, list):  # stands twice in its container; the other decoder keeps the last
        return plain(value[-1])
    return value.hex() if isinstance(value, bytes) else value


def test_snpp_65_cadus_give_the_published_octets(ingest: Any, run: Run, shared: Path) -> None:
    expected = json.loads((shared / "expected/snpp_expected.json").read_text())
    code, seen = ingest(SNPP, "snpp")
    assert code == 1  # a frame is missing
    assert seen["cadus"] == {"in": 65, "out": 65, "dropped": {}}
    assert seen["gaps"] == {"frames": expected["gaps"]}
    rows = run("packets", "--list", "-s", "S-NPP", "--json").json["rows"]
    assert [row["length"] for row in rows] == expected["lengths"]
    assert {row["vcid"] for row in rows} == {expected["vcid"]}
    octets = b"".join(bytes.fromhex(row["octets"]) for row in rows)
    assert hashlib.md5(octets).hexdigest() == expected["md5_of_concatenated_packets"]
    summary = run("packets", "--json").json["rows"]
    assert {str(row["apid"]): row["packets"] for row in summary} == expected["apids"]
    frames = [row for row in run("gaps", "--json").json["rows"] if row["kind"] == "frames"]
    assert [(row["after"], row["before"], row["missing"]) for row in frames] == [
        (9842881, 9842883, 1)
    ]


def test_mars_2020_rejects_frames_with_a_bad_crc_and_keeps_them(
    ingest: Any, run: Run, shared: Path
) -> None:
    code, seen = ingest(MARS, "mars")
    assert code == 1
    assert seen["frames"] == {"in": 950, "out": 946, "dropped": {"crc": 4}}
    assert seen["packets"] == {"in": 813, "out": 72, "dropped": {"idle": 741}}
    assert seen["unknown"] == [
        {"spacecraft": "MARS-2020", "apid": 9, "packets": 58},
        {"spacecraft": "MARS-2020", "apid": 247, "packets": 14},
    ]
    octets = (shared / MARS).read_bytes()
    rows = run("packets", "--rejected", "--json").json["rows"]
    bad = [row for row in rows if row["reason"] == "crc"]
    assert len(bad) == 4
    for row in bad:
        assert bytes.fromhex(row["octets"]) == octets[row["offset"] : row["offset"] + 1115]
        assert row["clause"].startswith("732.0-B-4")


def test_integral_payload_that_is_no_packet_is_kept_and_shown(
    ingest: Any, run: Run, shared: Path
) -> None:
    code, seen = ingest(INTEGRAL, "integral")
    assert code == 1
    assert seen["frames"] == {"in": 319, "out": 0, "dropped": {"idle": 292, "malformed": 27}}
    done = run("packets", "--rejected", "-n", "0")
    assert done.out.count("malformed") == 27
    rows = run("packets", "--rejected", "-n", "0", "--jsonl").lines
    octets = (shared / INTEGRAL).read_bytes()
    assert [bytes.fromhex(row["octets"]) for row in rows] == [
        octets[row["offset"] : row["offset"] + 890] for row in rows
    ]
    assert run("packets", "--list").out == "nothing\n"


def test_lucy_has_the_published_packets(ingest: Any, run: Run, shared: Path) -> None:
    files = json.loads((shared / "expected/frames_expected.json").read_text())["files"]
    expected = next(each for each in files if LUCY.endswith(each["file"]))["published"]
    _, seen = ingest(LUCY, "lucy")
    assert seen["frames"]["in"] == expected["frames"]
    assert seen["frames"]["dropped"] == {"idle": expected["vcid"]["63"]}
    found = {str(row["apid"]): row["packets"] for row in run("packets", "--json").json["rows"]}
    idle = seen["packets"]["dropped"]["idle"]
    assert found | {"2047": idle} == expected["apids_vc0"]


def test_one_archive_holds_them_all_and_each_answers_for_itself(ingest: Any, run: Run) -> None:
    for name, link, *more in (
        (SNPP, "snpp"), (MARS, "mars"), (LUCY, "lucy"), (CTIM, "packets", "-s", "CTIM"),
    ):  # fmt: skip
        ingest(name, link, *more)
    before = run("packets", "--json").json["rows"]
    assert {row["spacecraft"] for row in before} == {"S-NPP", "MARS-2020", "SCID-49", "CTIM"}
    assert run("compact", "--verify").code == 0
    assert run("packets", "--json").json["rows"] == before
    for name, link, *more in ((SNPP, "snpp"), (CTIM, "packets", "-s", "CTIM")):
        assert ingest(name, link, *more)[1]["already"]
    assert run("packets", "--json").json["rows"] == before


def test_a_database_that_is_wrong_on_purpose_is_told_line_by_line(run: Run, shared: Path) -> None:
    bad = shared / "xtcetools/BogusSAT-1-Bad.xml"
    done = run("check", bad)
    assert done.code == 2
    rows = run("check", bad, "--jsonl").lines
    assert len(rows) >= 5
    assert all(row["source"] == str(bad) and row["line"] > 0 for row in rows)
    assert "UnitSetBlah" in bad.read_text().splitlines()[rows[0]["line"] - 1]
    assert f"{bad}:{rows[0]['line']}" in done.out
    assert run("check", shared / "xtcetools/BogusSAT-2.xml").code in (0, 1)
