"""What goes wrong is one clear line on stderr with the right exit code, and nothing on stdout."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.archive.embedded import EmbeddedStore
from tests.commands import Done, Run
from tests.ground.services import hand


def only_line(done: Done, code: int = 2) -> str:
    """Return the one line on stderr; nothing else was said."""
    assert (done.code, done.out) == (code, "")
    (line,) = done.err.splitlines()
    return line


def whose(mission: Path, link: str = "bare") -> list[str]:
    return ["--mission", str(mission), "--link", link, "--spacecraft", "A"]


READING = [("packets",), ("query", "X"), ("gaps",), ("export", "X", "--to", "x.csv"), ("compact",)]


@pytest.mark.parametrize("command", READING, ids=lambda each: each[0])
def test_without_an_archive_nothing_is_read_and_none_is_made(
    run: Run, home: Path, command: tuple[str, ...]
) -> None:
    line = only_line(run(*command))
    assert line == f"{home / 'archive'}: no archive here; expected one made by `ground ingest`"
    assert not home.exists()


@pytest.mark.parametrize("realm", ["../x", "live/../live", "sim/", "sim/a/b", "/etc", "x", ""])
def test_a_realm_that_is_none_is_refused(
    run: Run, ingest: Run, mission: Path, tmp_path: Path, realm: str
) -> None:
    assert ingest(hand.hk(0, 1)).code == 0
    for command in READING[:4]:
        line = only_line(run(*command, "--realm", realm))
        assert line == f"realm {realm!r}: nothing in the archive; expected one of live"
    done = run("ingest", "0.bin", *whose(mission), "--realm", realm)
    assert only_line(done) == f"{realm!r} is no realm; expected live, sim/<name> or replay/<id>"
    assert not (tmp_path / "x").exists()


def test_a_spacecraft_that_the_archive_does_not_know_is_told(run: Run, ingest: Run) -> None:
    assert ingest(hand.hk(0, 1)).code == 0
    for command in READING[:4]:
        line = only_line(run(*command, "--spacecraft", "NOBODY"))
        assert line.startswith("spacecraft 'NOBODY': nothing in the archive; expected one of ")


def test_an_empty_archive_and_an_unknown_realm_are_told(run: Run, ingest: Run) -> None:
    assert ingest(b"").code == 0
    expected = "realm 'live': nothing in the archive; expected one of none yet, as the archive is "
    assert only_line(run("query", "X")) == expected + "empty"
    ingest(hand.hk(0, 1), realm="sim/one")
    line = only_line(run("gaps", "--realm", "sim/two"))
    assert line == "realm 'sim/two': nothing in the archive; expected one of sim/one"


@pytest.mark.parametrize(
    ("path", "found"), [("absent", "No such file or directory"), (".", "a folder")]
)
def test_a_file_that_cannot_be_read_is_told(run: Run, mission: Path, path: str, found: str) -> None:
    done = run("ingest", path, *whose(mission))
    assert only_line(done) == f"{path}: {found}; expected a file of telemetry"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "--spacecraft is not given; expected it, or --mission with the link"),
        (["-m", "absent"], "absent: no such mission; expected a mission file, or one of "),
        (["-m", "{m}"], "{m}: --link is not given; expected one of bare, frames"),
        (["-m", "{m}", "-l", "no"], "{m}: no link no; expected one of bare, frames"),
        (["-m", "{m}", "-l", "bare"], "{m}: spacecraft not given; expected one of A, B, PLAIN"),
        (["-m", "{m}", "-l", "bare", "-s", "Z"], "{m}: spacecraft Z; expected one of A, B, PLAIN"),
        (["-s", "X", "-d", "absent.xml"], "absent.xml: No such file or directory; expected XTCE"),
        (["-s", "X", "-d", "0.bin"], "0.bin: neither XML nor a CSV header of fields; expected "),
    ],
)
def test_a_job_that_cannot_be_is_told(
    run: Run, mission: Path, tmp_path: Path, options: list[str], expected: str
) -> None:
    (tmp_path / "0.bin").write_bytes(hand.hk(0, 1))
    line = only_line(run("ingest", "0.bin", *(each.format(m=mission) for each in options)))
    assert line.startswith(expected.format(m=mission))


def test_every_problem_of_a_mission_file_is_a_line_with_its_place(run: Run, mission: Path) -> None:
    mission.write_text(mission.read_text().replace("scid = 11", "scid = -1").replace("tai", "gmt"))
    done = run("ingest", "x", *whose(mission))
    assert (done.code, done.out) == (2, "")
    for line, (number, what) in zip(
        done.err.splitlines(), [(12, "scid = -1; expected"), (25, "scale = 'gmt'; expected")],
        strict=True,
    ):  # fmt: skip
        assert line.startswith(f"{mission}:{number}: {what}")


def test_a_database_with_errors_is_told_with_file_and_line(
    run: Run, mission: Path, tmp_path: Path
) -> None:
    (tmp_path / "0.bin").write_bytes(hand.hk(0, 1))
    database = mission.parent / "hand.xml"
    database.write_text(hand.DATABASE.replace('parameterRef="CODE"', 'parameterRef="NONE"'))
    done = run("ingest", "0.bin", *whose(mission))
    assert (done.code, done.out) == (2, "")
    line = next(at for at, text in enumerate(hand.DATABASE.splitlines(), 1) if "CODE" in text
                and "Entry" in text)  # fmt: skip
    assert done.err.startswith(f"{database}:{line}: ")
    assert "'NONE'" in done.err


@pytest.mark.parametrize("option", ["--from", "--until"])
@pytest.mark.parametrize("text", ["yesterday", "2021-13-01T00:00:00", "", "12:00", "1e9"])
def test_a_time_that_is_none_is_told(run: Run, ingest: Run, option: str, text: str) -> None:
    ingest(hand.hk(0, 1))
    line = only_line(run("query", "WIDE", option, text))
    expected = "a UTC time as 2026-11-22T10:00:00 or 2026-326T10:00:00"
    assert line == f"{text!r}: no time; expected {expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("VOLTAG", "no such parameter in the archive; expected one like /H/VOLTAGE"),
        ("CELL[7]", "/H/CELL has 3 elements; expected an element up to [2]"),
        ("CELL[x]", "element [x]; expected [3], [2-5] or [*]"),
    ],
)
def test_a_parameter_that_is_none_is_told_with_one_that_is(
    run: Run, ingest: Run, text: str, expected: str
) -> None:
    ingest(hand.hk(0, 1))
    assert only_line(run("query", text)).startswith(f"{text}: {expected}")
    assert only_line(run("export", text, "--to", "x.csv")).startswith(f"{text}: {expected}")


def test_an_export_that_cannot_be_written_is_told(run: Run, ingest: Run) -> None:
    ingest(hand.hk(0, 1))
    line = only_line(run("export", "WIDE", "--to", "absent/x.csv"))
    assert line == "absent/x.csv: no folder absent; expected one that exists"
    line = only_line(run("export", "WIDE", "--to", "x.pdf"))
    assert line == "x.pdf: format pdf; expected one of csv, parquet, arrow"


def test_a_second_writer_is_refused(run: Run, ingest: Run, mission: Path, home: Path) -> None:
    ingest(hand.hk(0, 1))
    with EmbeddedStore.open(home / "archive", write=True):
        for command in (("ingest", "0.bin", *whose(mission)), ("compact",)):
            line = only_line(run(*command), code=3)
            assert line.startswith(f"{home / 'archive'}: the archive is being written by process ")
        assert run("query", "WIDE").code == 0  # reading goes on


@pytest.mark.parametrize("path", ["absent", "absent.xml"])
def test_check_tells_what_is_not_there(run: Run, path: str) -> None:
    assert only_line(run("check", path)).startswith(f"{path}: no such mission; expected a mission")


def test_check_tells_a_folder_without_a_mission_or_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    line = only_line(run("check", "folder"))
    assert line.startswith("folder: a folder without CSV files; expected XTCE, ")


def test_a_home_that_cannot_be_written_is_told(run: Run, mission: Path, tmp_path: Path) -> None:
    (tmp_path / "0.bin").write_bytes(hand.hk(0, 1))
    done = run("ingest", "0.bin", *whose(mission), "--home", "0.bin")
    assert only_line(done).startswith("0.bin/archive: ")


def test_a_damaged_archive_is_told_by_the_file_that_is(run: Run, ingest: Run, home: Path) -> None:
    ingest(hand.hk(0, 1))
    (file,) = home.rglob("H.HK*/*.parquet")
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 3] ^= 0x10
    file.write_bytes(octets)
    line = only_line(run("query", "*"))
    assert line.startswith(f"{file}: damaged: ")
