"""`ground ledger`: proved, shown and written out, with no station at work."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ground.archive.ledger import Ledger, folder_of
from ground.command.facts import AuthorityChanged, Ended, Noted, Refused, Released
from tests.commands import Run

REALM = "sim/demo"
SECOND = 10**9
T0 = 2_174_080_837 * SECOND  # 2026-11-22T23:20:00 UTC, 37 s ahead as TAI since 1958
FACTS = [
    AuthorityChanged(T0, "CG-1", "taken", "olga", "olga", T0, T0 + 1800 * SECOND, "", ""),
    Released(T0 + SECOND, "ab" * 16, ["c1"], "CG-1", 0, "AD", 3, b"\x20\xab", "kashi",
             ["kashi", "CG-1"], T0 + 9 * SECOND, False),
    Ended(T0 + 2 * SECOND, "c1", "COMPLETED", "ST[01,7]"),
    Refused(T0 + 3 * SECOND, "vera\x1b[2J", "send", "CG-2", "NOOP", ["vera has no role for send"]),
]  # fmt: skip


@pytest.fixture
def folder(home: Path) -> Path:
    folder = folder_of(home, REALM)
    with Ledger(folder, REALM) as ledger:
        ledger.append(FACTS)
    return folder


def test_a_whole_ledger_is_proved(run: Run, folder: Path) -> None:
    done = run("ledger", "verify", "--realm", REALM, "--json")
    assert done.code == 0 and done.json["schema"] == "ground.ledger-verify/1"
    counts = done.json["counts"]
    assert done.json["rows"] == [] and counts["problems"] == 0
    assert (counts["records"], counts["anchors"], counts["first_ns"]) == (4, 1, T0)
    assert counts["first"].startswith("2026-11-22T23:20:00")
    table = run("ledger", "verify", "--realm", REALM)
    assert table.code == 0 and counts["head"] in table.out.replace("\n", "")


def test_damage_is_a_finding_with_its_place(run: Run, folder: Path) -> None:
    path = folder / "000000000001.ledger"
    octets = bytearray(path.read_bytes())
    octets[60] ^= 4
    path.write_bytes(octets)
    done = run("ledger", "verify", "--realm", REALM, "--json")
    assert done.code == 1
    (problem,) = done.json["rows"]
    assert problem == {
        "path": str(path), "octet": 52, "record": 1, "what": "the record is damaged",
    }  # fmt: skip
    assert "the record is damaged" in run("ledger", "verify", "--realm", REALM).out
    shown = run("ledger", "show", "--realm", REALM)
    assert shown.code == 2 and "octet 52: record 1 is damaged" in shown.err


def test_a_cut_end_is_found_also_by_a_copy_of_the_anchors(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "kept.anchor"
    copy.write_bytes((folder / "ledger.anchor").read_bytes())
    path = folder / "000000000001.ledger"
    os.truncate(path, path.stat().st_size - 1)
    (folder / "ledger.anchor").unlink()
    assert run("ledger", "verify", "--realm", REALM).code == 0  # the end might never have been
    done = run("ledger", "verify", "--realm", REALM, "--anchors", str(copy), "--json")
    assert done.code == 1 and done.json["rows"][0]["record"] == 4


@pytest.mark.parametrize(
    "asked, kinds",
    [
        ([], ["AuthorityChanged", "Released", "Ended", "Refused"]),
        (["--command", "c1"], ["Released", "Ended"]),
        (["--kind", "Ended", "--kind", "Refused"], ["Ended", "Refused"]),
        (["-s", "CG-2"], ["Refused"]),
        (["--from", "2026-11-22T23:20:02"], ["Ended", "Refused"]),
        (["--until", "2026-11-22T23:20:01"], ["AuthorityChanged"]),
        (["--limit", "1"], ["Refused"]),
        (["--limit", "0"], ["AuthorityChanged", "Released", "Ended", "Refused"]),
    ],
)
def test_facts_are_shown_by_what_was_asked_for(run: Run, folder: Path, asked, kinds) -> None:
    done = run("ledger", "show", "--realm", REALM, "--json", *asked)
    assert done.code == 0 and [row["kind"] for row in done.json["rows"]] == kinds


def test_a_fact_is_shown_whole_and_what_came_from_outside_is_harmless(
    run: Run, folder: Path
) -> None:
    rows = run("ledger", "show", "--realm", REALM, "--jsonl").lines
    assert rows[1]["fields"]["frame"] == "20ab" and rows[1]["about"] == "ab" * 16
    assert rows[3]["fields"]["operator"] == "vera\x1b[2J"
    table = run("ledger", "show", "--realm", REALM).out
    assert "\x1b[2J" not in table and "vera has no role for send" in table


def test_the_record_is_written_out_once(run: Run, folder: Path, tmp_path: Path) -> None:
    to = tmp_path / "record.jsonl"
    done = run("ledger", "export", "--realm", REALM, "--to", str(to), "--json")
    assert done.code == 0 and done.json["rows"] == [{"path": str(to), "records": 4}]
    lines = [json.loads(line) for line in to.read_text().splitlines()]
    assert [line["record"] for line in lines] == [1, 2, 3, 4]
    assert lines[2]["fields"] | {"t_ns": 0} == {
        "t_ns": 0, "command": "c1", "end": "COMPLETED", "detail": "ST[01,7]",
    }  # fmt: skip
    again = run("ledger", "export", "--realm", REALM, "--to", str(to))
    assert again.code == 3 and "expected a new file" in again.err


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["show"], "no ledger here"),
        (["show", "--realm", "../etc"], "is no realm"),
        (["show", "--realm", REALM, "--kind", "Nothing"], "--kind 'Nothing'; expected one of"),
        (["verify", "--realm", REALM, "--anchors", "nowhere"], "nowhere: no such file"),
        (["export", "--realm", REALM, "--to", "no/where"], "expected a file to write"),
    ],
)
def test_what_is_wrong_is_said(run: Run, folder: Path, arguments, said) -> None:
    done = run("ledger", *arguments)
    assert (done.code, done.out) == (2, "") and said in done.err


def test_a_ledger_is_read_while_it_is_written(run: Run, folder: Path) -> None:
    with Ledger(folder, REALM) as ledger:
        ledger.append([Noted(T0, "test", "", "more")])
        ledger.commit()
        done = run("ledger", "verify", "--realm", REALM, "--json")
    assert done.code == 0 and done.json["counts"]["records"] == 5


@pytest.mark.parametrize("verb", ["verify", "show", "export"])
def test_each_command_shows_an_example(run: Run, verb: str) -> None:
    assert f"Example:  ground ledger {verb}" in run("ledger", verb, "--help").out
