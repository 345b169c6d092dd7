"""Each command with its exit codes and its output, as the contracts of the shell have them."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from ground.cli.app import PANELS, app
from protocols import packet
from tests.commands import Run
from tests.ground.services import hand

VERBS = [verb for verbs in PANELS.values() for verb in verbs]


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_has_help_with_an_example(run: Run, verb: str) -> None:
    done = run(verb, "--help")
    assert done.code == 0
    assert f"Example:  ground {verb}" in done.out
    assert run(verb, "-h").out == done.out


def test_help_lists_every_command_and_no_command_is_help(run: Run) -> None:
    done = run("--help")
    assert done.code == 0
    shown = [each.name for each in app.registered_commands if not each.hidden]
    assert sorted(VERBS) == sorted([*shown, *(each.name for each in app.registered_groups)])
    places = [done.out.index(f"│ {verb} ") for verb in VERBS]
    assert places == sorted(places)
    assert run().code == 2
    assert "Usage: ground" in run().out + run().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("query",),
        ("query", "X", "--frobnicate"),
        ("packets", "--apid", "-1"),
        ("packets", "--limit", "many"),
        ("query", "X", "--bins", "-5"),
        ("export", "X"),
        ("export", "X", "--to", "x.csv", "--format", "xls"),
        ("demo", "--seconds", "1"),
    ],
)
def test_wrong_usage_is_exit_2_and_goes_to_stderr(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Usage: ground" in done.err


# ---- ingest ---------------------------------------------------------------------------------


def test_ingest_reports_in_json_what_it_saw(ingest: Run, tmp_path: Path) -> None:
    done = ingest(hand.hk(0, 1), hand.hk(1, 2), packet.encode(9, 0, b"?"))
    assert done.code == 1  # a finding: nothing describes APID 9
    assert "3 in" in done.out
    assert "A: 1 packets of 1 APIDs (9) that no definition describes; kept" in done.out
    (tmp_path / "more").mkdir()
    again = ingest(hand.hk(1, 2), hand.hk(2, 3))
    assert again.code == 0  # a duplicate is no finding
    assert "1 duplicate dropped" in again.out


def test_ingest_in_json_has_schema_rows_and_counts(run: Run, mission: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(hand.hk(0, 1) + hand.hk(2, 2, volts=3)[:-3])
    (tmp_path / "b").write_bytes(hand.event(0, 1, 1, 5))
    options = ["-m", str(mission), "-l", "bare", "-s", "A", "--json"]
    done = run("ingest", tmp_path / "a", tmp_path / "b", *options)
    assert (done.code, done.err) == (1, "")
    assert done.json["schema"] == "ground.ingest/1"
    assert done.json["counts"] == {"files": 2, "samples": 19 + 12}
    first, second = done.json["rows"]
    assert first["packets"] == {"in": 1, "out": 1, "dropped": {}}
    assert (first["fragments"], first["rows"]) == ({"truncated": 1}, {"/H/HK": 1})
    assert (second["file"], second["already"]) == (str(tmp_path / "b"), False)
    again = run("ingest", tmp_path / "a", tmp_path / "b", *options)
    assert again.code == 0
    assert [row["already"] for row in again.json["rows"]] == [True, True]


def test_a_file_that_is_there_already_is_told(run: Run, mission: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(hand.hk(0, 1))
    command = ("ingest", "a", "--mission", str(mission), "--link", "bare", "--spacecraft", "A")
    assert run(*command).code == 0
    done = run(*command)
    assert (done.code, done.out) == (0, "a  already in the archive; nothing changed\n")


def test_a_folder_of_a_mission_does_for_its_file_and_a_database_for_a_mission(
    run: Run, mission: Path, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(hand.hk(0, 1))
    assert run("ingest", "a", "-m", mission.parent, "-l", "bare", "-s", "A").code == 0
    database = mission.parent / "hand.xml"
    done = run("ingest", "a", "-s", "NEW", "-d", database, "--root", "HK", "--realm", "sim/x")
    assert done.code == 0
    rows = run("packets", "--realm", "sim/x", "--json").json["rows"]
    assert [(row["spacecraft"], row["packet_type"]) for row in rows] == [("NEW", "/H/HK")]


# ---- query ----------------------------------------------------------------------------------


def test_query_in_json_is_exact(ingest: Run, run: Run) -> None:
    """Integers of any size exact, octets as hex, floats that are no numbers as strings."""
    ingest(hand.hk(0, 1, load=math.nan), hand.hk(1, 2, load=-math.inf, mode=9))
    done = run("query", "*", "--json")
    assert (done.code, done.json["schema"]) == (0, "ground.query/1")
    first = {row["parameter"]: row for row in done.json["rows"] if row["t_ns"] == hand.t_ns(1)}
    second = {row["parameter"]: row for row in done.json["rows"] if row["t_ns"] == hand.t_ns(2)}
    assert first["/H/WIDE"]["value"] == 9_223_372_036_854_775_808
    assert first["/H/BIG"]["raw"] == 1 << 90
    assert f'"t_ns": {hand.t_ns(1)}' in done.out
    assert first["/H/DATA"]["value"] == "dead07"
    assert (first["/H/LOAD"]["value"], second["/H/LOAD"]["value"]) == ("nan", "-inf")
    assert (first["/H/MODE"]["value"], second["/H/MODE"]["value"]) == ("ON", None)
    assert first["/H/CELL[1]"]["value"] == -1
    assert first["/H/LOAD"]["time"] == "1969-12-31T23:59:51.000000000Z"


def test_json_lines_are_the_rows_of_the_object(ingest: Run, run: Run) -> None:
    ingest(hand.hk(0, 1), hand.event(0, 2, 1, 7, 8), hand.hk(3, 2), b"left")
    for command in (
        ("query", "*"),
        ("packets", "--list"),
        ("packets",),
        ("packets", "--rejected"),
        ("gaps",),
        ("query", "WIDE", "--bins", "2"),
    ):
        whole, lines = run(*command, "--json"), run(*command, "--jsonl")
        assert whole.json["rows"] == lines.lines != []
        assert whole.code == lines.code
        assert whole.json["schema"] == f"ground.{command[0]}/1"


def test_a_table_shows_values_units_and_severity(ingest: Run, run: Run) -> None:
    ingest(hand.hk(0, 1, volts=50.5), hand.hk(1, 2, volts=50.5))
    done = run("query", "VOLTAGE", "DATA", "BIG")
    words = [line.split() for line in done.out.splitlines()]
    _, row = (line for line in words if "critical" in line)
    assert " ".join(row[:2]).startswith("1969-12-31 23:59:52")
    assert row[2:] == ["A", "/H/VOLTAGE", "200", "50.5", "V", "critical"]
    assert "dead07" in done.out
    assert str(1 << 90) in done.out


def test_limit_bins_and_plot(ingest: Run, run: Run) -> None:
    ingest(*(hand.hk(at, at, wide=at) for at in range(40)))
    assert len(run("query", "WIDE", "--jsonl").lines) == 20
    assert len(run("query", "WIDE", "--jsonl", "--limit", "0").lines) == 40
    bins = run("query", "WIDE", "--jsonl", "--bins", "4").lines
    assert [(row["minimum"], row["mean"], row["maximum"]) for row in bins] == [
        (0, 4.5, 9), (10, 14.5, 19), (20, 24.5, 29), (30, 34.5, 39),
    ]  # fmt: skip
    plot = run("query", "WIDE", "NAME", "--plot")
    assert plot.code == 0
    assert any("⠀" <= each <= "⣿" for each in plot.out)
    assert "39 ┤" in plot.out and " 0 ┤" in plot.out
    assert "/H/NAME: no samples with both a time and a number" in plot.out


def test_a_span_of_time_is_utc_with_its_end_left_out(ingest: Run, run: Run) -> None:
    ingest(*(hand.hk(at, at + 10, wide=at) for at in range(10)))
    span = ("--from", "1970-01-01T00:00:03", "--until", "1970-001T00:00:06")
    rows = run("query", "WIDE", "--jsonl", *span).lines
    assert [row["raw"] for row in rows] == [3, 4, 5]
    assert len(run("packets", "--list", "--jsonl", *span).lines) == 3
    assert run("gaps", *span).code == 0


# ---- packets, gaps, export, compact ---------------------------------------------------------


def test_packets_lists_summaries_packets_and_rejects(ingest: Run, run: Run, tmp_path: Path) -> None:
    ingest(hand.hk(0, 1), hand.hk(2, 3), hand.event(0, 2, 1), b"left")
    (hk, event) = run("packets", "--jsonl").lines
    assert (hk["apid"], hk["packets"], hk["missing"]) == (1, 2, 1)
    assert run("packets", "--apid", "2", "--jsonl").lines == [event]
    (listed,) = run("packets", "--list", "--apid", "2", "--jsonl").lines
    assert listed["octets"] == hand.event(0, 2, 1).hex()
    (left,) = run("packets", "--rejected", "--jsonl").lines
    assert (left["reason"], left["octets"]) == ("truncated", b"left".hex())
    assert left["path"] == str(tmp_path / "0.bin")
    table = run("packets", "--rejected")
    assert "6c656674" in table.out and "0.bin" in table.out
    assert run("packets", "--list", "--limit", "1").out.count("1969-12-31") == 1


def test_gaps_are_findings(ingest: Run, run: Run) -> None:
    ingest(hand.hk(0, 1), hand.hk(3, 2))
    done = run("gaps", "--json")
    assert (done.code, done.json["counts"]) == (1, {"packets": 2, "frames": 0})
    ingest(hand.hk(1, 1.25), hand.hk(2, 1.5))
    done = run("gaps")
    assert (done.code, done.out) == (0, "no gaps\n")


def test_export_writes_what_it_says(ingest: Run, run: Run, tmp_path: Path) -> None:
    ingest(hand.hk(0, 1), hand.hk(1, 2))
    done = run("export", "WIDE", "--to", "x.csv", "--json")
    (row,) = done.json["rows"]
    assert (done.code, row["rows"], row["path"]) == (0, 2, "x.csv")
    assert (tmp_path / "x.csv").stat().st_size == row["octets"]
    assert run("export", "WIDE", "--to", "wide", "--format", "arrow").code == 0
    assert (tmp_path / "wide").read_bytes().startswith(b"ARROW1")


def test_compact_merges_and_verify_finds_a_flipped_bit(ingest: Run, run: Run, home: Path) -> None:
    for at in range(3):
        ingest(hand.hk(at, at))
    before = run("query", "*", "--json").json
    done = run("compact", "--verify", "--json")
    assert (done.code, done.json["schema"]) == (0, "ground.compact/1")
    assert done.json["counts"] == {"damaged": 0}
    assert done.json["rows"][0]["merged"] >= 3
    assert run("query", "*", "--json").json == before
    (file, *_) = sorted(home.rglob("day=*/*/*.parquet"))
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 2] ^= 1
    file.write_bytes(octets)
    done = run("compact", "--verify")
    assert done.code == 1
    assert file.name in done.out


def test_check_says_what_is_wrong_by_exit_code(run: Run, mission: Path, tmp_path: Path) -> None:
    assert run("check", mission).code == 0
    assert "no problems" in run("check", mission).out
    assert run("check", mission, "--json").json["counts"]["error"] == 0
    bad = tmp_path / "bad"
    shutil.copytree(mission.parent, bad)
    (bad / "hand.xml").write_text(hand.DATABASE.replace('parameterRef="CODE"', 'parameterRef="X"'))
    done = run("check", bad / "mission.toml", "--json")
    assert done.code == 2
    (row,) = done.json["rows"]
    assert (row["gravity"], row["source"]) == ("error", str(bad / "hand.xml"))
    assert row["line"] > 0
    assert run("check", bad / "mission.toml", "--jsonl").lines == [row]
