"""`ground contacts`: computed from a mission, imported, exported, or told by a running station."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from ground.cli import options
from ground.errors import InputError
from protocols import times
from tests.commands import Run
from tests.ground.cli.commanded import MISSION, NOON
from tests.recordings import mission_of

SECOND = 10**9
NOON_NS = times.parse(NOON)


@pytest.fixture
def mission(tmp_path: Path) -> Path:
    return mission_of(tmp_path / "two", MISSION, {}).path


def test_a_mission_has_its_contacts_computed(run: Run, mission: Path) -> None:
    done = run("contacts", mission, "--from", NOON, "--hours", "6", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json["schema"] == "ground.contacts/1"
    rows = done.json["rows"]
    assert done.json["counts"] == {"contacts": len(rows), "left_out": 0}
    pairs = {(each["source"], each["target"]) for each in rows}
    assert pairs == {("kashi", "TL-1"), ("kashi", "CG-1"), ("TL-1", "CG-1")} | {
        ("TL-1", "kashi"), ("TL-1", "beijing"),
    }  # fmt: skip
    assert all(each["end_ns"] > NOON_NS for each in rows)
    assert [each["start_ns"] for each in rows] == sorted(each["start_ns"] for each in rows)


def test_a_geostationary_relay_stands_where_geometry_has_it(run: Run, mission: Path) -> None:
    """By hand: tan(elevation) = (cos γ − 6378/42164) / sin γ, cos γ = cos(latitude) cos(Δ)."""
    done = run("contacts", mission, "--from", NOON, "--hours", "1", "--node", "TL-1", "--json")
    row = next(each for each in done.json["rows"] if each["source"] == "kashi")
    cosine = math.cos(math.radians(39.5)) * math.cos(math.radians(1))
    elevation = math.atan((cosine - 6378 / 42164) / math.sqrt(1 - cosine**2))
    assert row["elevation_deg"] == pytest.approx(math.degrees(elevation), abs=0.2)
    distance_km = math.sqrt(42164**2 + 6370**2 - 2 * 42164 * 6370 * cosine)
    assert row["owlt_ms"] == pytest.approx(distance_km / 299.792458, abs=0.1)
    between = next(each for each in done.json["rows"] if each["target"] == "CG-1")
    assert between["elevation_deg"] is None, "between spacecraft there is no horizon"


def test_one_node_is_chosen_and_an_unknown_one_refused(run: Run, mission: Path) -> None:
    done = run("contacts", mission, "--from", NOON, "--node", "CG-1", "--jsonl")
    assert done.lines
    assert all("CG-1" in (each["source"], each["target"]) for each in done.lines)
    done = run("contacts", mission, "--node", "CG-9")
    assert done.code == 2
    assert "'CG-9': no node of the plan; expected one of control, kashi, beijing" in done.err


def test_old_elements_are_doubtful(run: Run, mission: Path) -> None:
    later = ["--from", "2027-01-22T00:00:00", "--hours", "1"]
    assert "doubtful: CG-1: elements are 61 days old" in run("contacts", mission, *later).out
    assert "CG-1: elements are" in run("contacts", mission, *later, "--json").json["notes"][0]


def test_eclipses_are_shown_in_their_season(run: Run, mission: Path) -> None:
    """A dusk orbit at 750 km is in shadow around the June solstice, up to 18.7 min an orbit."""
    done = run("contacts", mission, "--from", NOON, "--hours", "3", "--eclipses")
    assert "no eclipses" in done.out
    june = ["--from", "2026-06-21T00:00:00", "--hours", "3", "--eclipses"]
    found = run("contacts", mission, *june, "--json").json["eclipses"]
    umbras = [each for each in found if each["shadow"] == "umbra"]
    assert umbras and {each["spacecraft"] for each in found} == {"CG-1"}
    assert max(each["duration_s"] for each in umbras) == pytest.approx(18 * 60, abs=90)
    done = run("contacts", "--import", mission, "--eclipses")
    assert (done.code, done.out) == (2, "") and "--eclipses without a mission" in done.err


def test_a_plan_goes_out_and_comes_in_unchanged(run: Run, mission: Path, tmp_path: Path) -> None:
    base = ["contacts", mission, "--from", NOON, "--hours", "3"]
    assert run(*base, "--export", "plan.json").code == 0
    text = run(*base, "--export", "-").out
    assert json.loads(text) == json.loads((tmp_path / "plan.json").read_text())
    assert json.loads(text)["schema"] == "ground.contact-plan/1"
    told = run(*base, "--json").json
    again = run("contacts", "--import", "plan.json", "--json").json
    assert again["plan"] == told["plan"]
    spans = {(each["source"], each["target"], each["start_ns"]) for each in again["rows"]}
    assert {(each["source"], each["target"], each["start_ns"]) for each in told["rows"]} <= spans


def test_ion_text_goes_out_with_numbers_and_comes_in(run: Run, mission: Path) -> None:
    base = ["contacts", mission, "--from", NOON, "--hours", "3"]
    assert run(*base, "--export", "plan.ion").code == 0
    lines = Path("plan.ion").read_text().splitlines()
    assert lines[:2] == ["# node 1 control", "# node 2 kashi"]
    assert "@ 2026/11/22-11:50:00" in lines, "from ten minutes before"
    rows = run("contacts", "--import", "plan.ion", "--jsonl").lines
    start_ns = NOON_NS - 600 * SECOND
    assert {"1", "2"} <= {each["source"] for each in rows}
    assert min(each["start_ns"] for each in rows) == start_ns


@pytest.mark.parametrize(
    ("name", "contacts"),
    [("hdtn_cgrTutorial.json", 16), ("asabr_dijkstra_accuracy_contact_plan_2.cp", 5)],
)
def test_plans_of_other_routers_come_in(run: Run, shared: Path, name: str, contacts: int) -> None:
    text = (shared / "cgr" / name).read_text()
    rows = run(
        *("contacts", "--import", shared / "cgr" / name),
        *("--reference", "2026-01-01T00:00:00", "--jsonl"),
    ).lines
    assert len(rows) == sum(text.count(each) for each in ('"contact":', "\ncontact "))
    assert len(rows) == contacts
    start_ns = times.parse("2026-01-01T00:00:00")
    assert min(each["start_ns"] for each in rows) == start_ns


@pytest.mark.parametrize(
    ("name", "octets", "said"),
    [
        ("a.ion", b"a contact +0 +10 1\n", "a.ion:1: "),
        ("a.cp", b"node 1 x\ncontact 1 2\n", "a.cp:2; expected contact"),
        ("a.json", b'{"schema": 1}', "expected 'ground.contact-plan/1'"),
        ("a.json", b"{\n", "a.json:2: "),
        ("a.ion", b"# \xff\n", "a.ion:1: not UTF-8"),
        ("none.json", None, "none.json: No such file"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(
    run: Run, tmp_path: Path, name: str, octets: bytes | None, said: str
) -> None:
    if octets is not None:
        (tmp_path / name).write_bytes(octets)
    done = run("contacts", "--import", name)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_what_cannot_be_exported_is_said(run: Run, mission: Path) -> None:
    done = run("contacts", mission, "--hours", "1", "--export", "plan.txt")
    assert (done.code, done.out) == (2, "")
    assert "expected .json or .ion" in done.err


def test_no_mission_and_no_station_is_not_reachable(run: Run, home: Path) -> None:
    assert run("contacts").code == 4


@pytest.mark.parametrize(
    ("text", "seconds"), [("+90", 90), ("+90s", 90), ("+1.5m", 90), ("+2h", 7200), ("+1d", 86_400)]
)
def test_a_moment_may_be_told_from_now(text: str, seconds: int) -> None:
    assert options.moment(text, NOON_NS) == NOON_NS + seconds * SECOND
    assert options.moment(NOON, 0) == NOON_NS
    assert options.moment(None, 0) is None


@pytest.mark.parametrize("text", ["+", "+x", "+1w", "+-1s", "+1e3s", "+999999999d", "soon", ""])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected"):
        options.moment(text, NOON_NS)
