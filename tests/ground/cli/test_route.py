"""`ground route`: the way a command would take, in a mission or in an imported plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protocols import times
from tests.commands import Run
from tests.ground.cli.commanded import MISSION, NOON
from tests.recordings import mission_of

SECOND = 10**9
NOON_NS = times.parse(NOON)
ZERO = ["--reference", "2026-01-01T00:00:00", "--at", "2026-01-01T00:00:00"]
ZERO_NS = times.parse("2026-01-01T00:00:00")


@pytest.fixture
def mission(tmp_path: Path) -> Path:
    return mission_of(tmp_path / "two", MISSION, {}).path


def test_out_of_sight_of_every_station_the_relay_is_the_way(run: Run, mission: Path) -> None:
    done = run("route", mission, "CG-1", "--at", NOON, "--json")
    assert (done.code, done.err) == (0, "")
    row = done.json["rows"][0]
    counts = {"routes": len(done.json["rows"])}
    assert (done.json["schema"], done.json["counts"]) == ("ground.route/1", counts)
    assert (row["way"], row["uplink"]) == ("control > kashi > TL-1 > CG-1", "kashi-s")
    assert [(each["source"], each["target"]) for each in row["hops"]] == [
        ("control", "kashi"), ("kashi", "TL-1"), ("TL-1", "CG-1"),
    ]  # fmt: skip
    light_ns = sum(each["owlt_ns"] for each in row["hops"])
    passes_ns = 64 * 8 * SECOND // 4000  # at the least; envelopes may come on top
    assert row["departs_ns"] == NOON_NS
    late_ns = row["arrives_ns"] - NOON_NS - light_ns - passes_ns
    assert 0 <= late_ns < passes_ns + SECOND // 20
    assert row["service"] == "AD"
    assert 2 * light_ns < row["t1_ns"]
    assert row["until_ns"] <= min(each["end_ns"] for each in row["hops"])


def test_for_people_the_way_is_told_hop_by_hop(run: Run, mission: Path) -> None:
    out = run("route", mission, "CG-1", "--at", NOON).out
    assert "control > kashi > TL-1 > CG-1  arrives first; a round trip of" in out
    assert "departs    2026-11-22 12:00:00.000 (now) by kashi-s" in out
    assert "arrives    2026-11-22 12:00:00.5" in out
    assert "service    AD, K " in out and ", T1 " in out


def test_a_contact_hours_away_is_told_with_what_would_be_sooner(run: Run, mission: Path) -> None:
    """Direct passes over kashi are at 13:24 and later; the relay sees it at 12:50 already."""
    asked = ["route", mission, "CG-1", "--at", "2026-11-22T12:15:00", "--expires", "+3h"]
    rows = run(*asked, "--json").json["rows"]
    assert rows[0]["way"] == "control > kashi > TL-1 > CG-1"
    assert rows[0]["departs"][:16] == "2026-11-22T12:50"
    assert rows[1]["way"] == "control > kashi > CG-1"
    assert rows[1]["departs"][:16] in ("2026-11-22T13:24", "2026-11-22T13:25")
    assert "s later" in rows[1]["why"]
    direct = run(*asked, "--via", "direct", "--json").json["rows"]
    assert [each["way"] for each in direct] == ["control > kashi > CG-1"]
    assert len(run(*asked, "--alternatives", "0", "--json").json["rows"]) == 1


def test_no_route_exits_1_with_the_reason(run: Run, mission: Path) -> None:
    asked = ["route", mission, "CG-1", "--at", "2026-11-22T12:15:00", "--expires", "+10m"]
    done = run(*asked)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("no route: it would ") and "after its expiry" in done.err
    done = run(*asked, "--json")
    assert done.code == 1
    assert (done.json["rows"], done.json["counts"]) == ([], {"routes": 0})
    assert "after its expiry" in done.json["why"]


def test_a_spacecraft_that_takes_no_commands_is_wrong(run: Run, mission: Path) -> None:
    for name in ("MUTE", "CG-9"):
        done = run("route", mission, name)
        assert (done.code, done.out) == (2, "")
        assert f"spacecraft '{name}'; expected one that takes commands: CG-1" in done.err


def test_published_plans_have_their_published_ways(run: Run, shared: Path) -> None:
    """The cases of HDTN and A-SABR; there, what a contact holds is not looked at."""
    cases = json.loads((shared / "vectors" / "cgr_expected.json").read_text())["cases"]
    for case in (each for each in cases if "plan" in each):
        ends = [str(case["source"]), str(case["dest"])]
        done = run(
            "route", "--plan", shared / case["plan"], *ends, *ZERO, "--octets", "1", "--json"
        )
        if "arrival" not in case:
            assert (done.code, done.json["rows"]) == (1, [])
            continue
        row = done.json["rows"][0]
        slowest = int(min(each["rate_bps"] for each in row["hops"]))
        passes_ns = len(row["hops"]) * 8 * SECOND // slowest
        arrival_ns = ZERO_NS + case["arrival"] * SECOND
        assert arrival_ns <= row["arrives_ns"] <= arrival_ns + passes_ns
        assert len(row["hops"]) == len(case["contacts"])
        assert row["way"].split(" > ")[1] == str(case.get("next_hop", row["way"].split(" > ")[1]))


def test_an_exported_plan_has_the_ways_of_its_mission(run: Run, mission: Path) -> None:
    run("contacts", mission, "--from", NOON, "--hours", "3", "--export", "plan.json")
    done = run("route", "--plan", "plan.json", "control", "CG-1", "--at", NOON, "--json")
    assert done.json["rows"][0]["way"] == "control > kashi > TL-1 > CG-1"
    done = run("route", "--plan", "plan.json", "control", "CG-9")
    assert (done.code, done.err) == (2, "'CG-9'; expected a node of the plan\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "b", "c"], "expected MISSION SPACECRAFT, or SPACECRAFT alone"),
        (["a", "--plan", "x.json"], "expected SOURCE TARGET"),
        (["a", "b", "--plan", "x.json", "--via", "c"], "--via with --plan"),
        (["a", "b", "--at", "noon"], "'noon': no time"),
        (["a", "b", "--expires", "+1w"], "'+1w': no span"),
    ],
)
def test_what_is_wrong_is_said(run: Run, arguments: list[str], said: str) -> None:
    done = run("route", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize("command", ["contacts", "route"])
def test_help_shows_an_example(run: Run, command: str) -> None:
    assert f"Example:  ground {command} chenguang1" in run(command, "--help").out
