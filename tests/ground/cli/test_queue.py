"""`ground queue` and `ground history`: from the running station, and from the ledger without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ground.archive.ledger import Ledger, folder_of
from ground.command import facts
from ground.messages import Answered, ControlCommand
from protocols import times
from tests.commands import Run
from tests.ground.api.commanding import NOW, OCTETS, SECOND
from tests.ground.cli.station import *  # noqa: F403  # fixtures
from tests.ground.cli.station import CommandService, Displaying

SEND = ["send", "A", "CARD_POWER", "card=3", "power=OFF"]


@pytest.fixture(autouse=True)
def found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home that commands find by themselves."""
    monkeypatch.setenv("GROUND_HOME", str(home))


@pytest.fixture
def ledger(home: Path) -> Path:
    """A ledger of two commands: one that was completed, one that expired."""
    digest = bytes(32)
    with Ledger(folder_of(home, "live"), "live") as writer:
        for number, name in enumerate(["c1", "c2"]):
            taken = facts.Accepted(
                NOW + number * SECOND, name, f"{number:032x}", "olga", "olga", "A",
                "/A/CARD_POWER", {"card": "3"}, "CARD_POWER card=3", OCTETS, digest, 3, number,
                "H0", 1, 0, NOW + 60 * SECOND, 0, [], "auto", "", False,
            )  # fmt: skip
            writer.append([taken])
        routed = ["control", "kashi", "A"]
        writer.append(
            [
                facts.Routed(NOW, "c1", "1f", routed, "kashi-s", NOW, NOW + SECOND, NOW + SECOND),
                facts.Released(
                    *(NOW, "00", ["c1"], "A", 0, "BD", 0, b"\1", "kashi-s", routed, NOW, False)
                ),
                facts.Verified(
                    *(NOW + SECOND, "c1", "COMPLETED", "passed", "ST[01,7]", NOW, "", False)
                ),
                facts.Ended(NOW + 60 * SECOND, "c2", "EXPIRED", "it waited until its expiry"),
            ]
        )
    return home


def test_the_queue_is_listed(run: Run, displaying: Displaying, commanding: CommandService):
    assert "no commands wait" in run("queue").out
    run(*SEND)
    done = run("queue", "list", "--json")
    assert (done.code, done.json["schema"]) == (0, "ground.queue/1")
    assert done.json["counts"] == {"commands": 1, "held": 0}
    assert done.json["rows"][0]["text"] == "CARD_POWER card=3 power=OFF"
    assert "c1" in run("queue", "--spacecraft", "A").out
    assert run("queue", "--spacecraft", "B", "--json").json["rows"] == []
    done = run("queue", "-s", "X")
    assert (done.code, done.out) == (2, "")
    assert "spacecraft 'X'; expected one of A, B, PLAIN" in done.err


def test_acts_are_done_on_commands(run: Run, displaying: Displaying, commanding: CommandService):
    assert run("queue", "hold", "c1", "c2", "--reason", "drill").out == "hold: c1\nhold: c2\n"
    for act in (["release", "c1"], ["first", "c1"], ["priority", "c1", "--value", "3"]):
        assert run("queue", *act).code == 0
    done = run("queue", "cancel", "c1", "--json")
    assert done.json["rows"] == [{"act": "cancel", "id": "c1"}]
    assert commanding.of(ControlCommand) == [
        ControlCommand("c1", "hold", 0, "drill"),
        ControlCommand("c2", "hold", 0, "drill"),
        ControlCommand("c1", "release"),
        ControlCommand("c1", "first"),
        ControlCommand("c1", "priority", 3),
        ControlCommand("c1", "cancel"),
    ]
    commanding.refusal = Answered(False, "c1 is RADIATED; it waits no more")
    done = run("queue", "cancel", "c1")
    assert (done.code, done.out) == (3, "")
    assert done.err == "c1 is RADIATED; it waits no more\n"
    commanding.refusal = Answered(
        False, "command 'c9'; expected one of those that wait", wrong=True
    )
    assert run("queue", "cancel", "c9").code == 2


def test_options_before_an_act_are_refused_and_not_forgotten(run: Run):
    for command in ("queue", "authority"):
        done = run(
            command, "--realm", "sim/a", *{"queue": ["hold", "c1"]}.get(command, ["take", "A"])
        )
        assert (done.code, done.out) == (2, "")
        assert "--realm before" in done.err and "expected behind it" in done.err


def test_history_has_what_ended_too(run: Run, displaying: Displaying, commanding: CommandService):
    commanding.script = ["RELEASED", "COMPLETED"]
    run(*SEND, "--wait", "COMPLETED", "--timeout", "10")
    run(*SEND)
    done = run("history", "--json")
    assert (done.json["schema"], done.json["source"]) == ("ground.history/1", "station")
    assert [each["state"] for each in done.json["rows"]] == ["COMPLETED", "QUEUED"]
    assert len(run("history", "--limit", "1", "--jsonl").lines) == 1
    assert run("history", "--since", "2026-11-22T12:00:01", "--json").json["rows"] == []
    out = run("history", "c1").out
    for said in ("QUEUED", "RELEASED", "COMPLETED", OCTETS.hex()):
        assert said in out
    assert run("history", "c9").code == 3


def test_without_a_station_the_ledger_tells_all(run: Run, ledger: Path):
    done = run("history", "--json")
    assert (done.code, done.json["source"]) == (0, "ledger")
    first, second = done.json["rows"]
    assert (first["id"], first["author"], first["state"]) == ("c1", "olga", "COMPLETED")
    assert [each["stage"] for each in first["steps"]] == [
        *("QUEUED", "ROUTED", "RELEASED", "COMPLETED"),
    ]
    assert (second["state"], second["octets"]) == ("EXPIRED", OCTETS.hex())
    assert second["accepted"] == times.iso(NOW + SECOND)
    out = run("history", "c2").out
    assert "EXPIRED" in out and "it waited until its expiry" in out
    assert run("history", "-s", "B", "--json").json["rows"] == []
    done = run("history", "c9")
    assert (done.code, done.out) == (2, "")
    assert "command 'c9': not in the ledger" in done.err


def test_the_ledger_is_asked_beside_a_station_where_that_is_wanted(
    run: Run, displaying: Displaying, commanding: CommandService, ledger: Path
):
    assert run("history", "--json").json["rows"] == []
    assert len(run("history", "--offline", "--json").json["rows"]) == 2


def test_history_is_exported_to_a_new_file(run: Run, ledger: Path, tmp_path: Path):
    to = tmp_path / "history.jsonl"
    assert run("history", "--export", to).out == "2 commands written\n"
    rows = [json.loads(line) for line in to.read_text().splitlines()]
    assert [each["id"] for each in rows] == ["c1", "c2"]
    assert run("history", "--export", to).code == 3


def test_neither_station_nor_ledger_is_not_reachable(run: Run, home: Path):
    assert run("history").code == 4
    done = run("history", "--offline")
    assert done.code == 2
    assert "no ledger here" in done.err
    assert run("queue").code == 4


@pytest.mark.parametrize("act", ["list", "hold", "release", "cancel", "first", "priority"])
def test_each_act_shows_an_example(run: Run, act: str):
    assert f"Example:  ground queue {act}" in run("queue", act, "--help").out
