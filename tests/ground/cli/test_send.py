"""`ground send` and `ground approve` against a command service that is told what to say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ground.api import sent
from ground.bus.keys import Keyring
from ground.cli import completion, terminal
from ground.messages import Answered, ApproveCommand, SendCommand
from protocols import times
from tests.commands import Run
from tests.ground.api.commanding import NOW, OCTETS, SECOND, SHA
from tests.ground.cli.station import *  # noqa: F403  # fixtures
from tests.ground.cli.station import CommandService, Displaying

SEND = ["send", "A", "CARD_POWER", "card=3", "power=OFF"]


@pytest.fixture(autouse=True)
def running(displaying: Displaying, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A display beside the command service, in the home that commands find by themselves."""
    monkeypatch.setenv("GROUND_HOME", str(home))


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A person at the terminal, who types these answers; what was asked is kept behind them."""
    answers: list[str] = []
    monkeypatch.setattr(terminal, "present", lambda: True)
    monkeypatch.setattr(terminal, "ask", lambda question: answers.pop(0))
    monkeypatch.setattr(terminal, "agreed", lambda question: answers.pop(0) == "y")
    return answers


def test_a_command_is_sent_and_told(run: Run, commanding: CommandService):
    done = run(*SEND)
    assert (done.code, done.err) == (0, "")
    for said in (
        "A  CARD_POWER card=3 power=OFF  H0",
        f"octets     {OCTETS.hex()} (12)",
        f"sha256     {SHA}",
        "holds: BUS_VOLTAGE > 24",
        "not known: MODE == 1",
        "control > kashi > A",
        "arrives    2026-11-22 12:00:01.000",
        "c1  QUEUED",
    ):
        assert said in done.out


def test_what_was_typed_reaches_the_station(run: Run, commanding: CommandService):
    when = ["--at", "2026-11-22T13:00:00", "--expires", "2026-11-22T14:00:00"]
    how = ["--via", "kashi", "--via", "TL-1", "--service", "BD", "--priority", "3"]
    flags = ["--hold", "--repeat", "--override", "drill", "--target", "A"]
    done = run(*SEND, *when, *how, *flags, "--on-board", "2026-11-22T15:00:00")
    assert done.code == 0
    [asked] = commanding.of(SendCommand)
    hour = 3600 * SECOND
    assert asked == SendCommand(
        asked.request, "A", "CARD_POWER", {"card": "3", "power": "OFF"},
        NOW + hour, NOW + 2 * hour, 3, ["kashi", "TL-1"], "BD", NOW + 3 * hour,
        "A", "drill", True, True, False,
    )  # fmt: skip


def test_an_expiry_may_be_told_from_now(run: Run, commanding: CommandService):
    from ground import clock

    before = clock.now_ns()
    assert run(*SEND, "--expires", "+60s").code == 0
    [asked] = commanding.of(SendCommand)
    assert before + 60 * SECOND <= asked.expires_ns <= clock.now_ns() + 60 * SECOND


def test_json_has_octets_route_and_constraints(run: Run, commanding: CommandService):
    done = run(*SEND, "--json")
    assert (done.code, done.json["schema"]) == (0, "ground.send/1")
    assert done.json["counts"] == {"taken": 1, "wrong": 0}
    [row] = done.json["rows"]
    assert (row["id"], row["octets"], row["sha256"]) == ("c1", OCTETS.hex(), SHA)
    assert (row["eta_ns"], row["eta"]) == (NOW + SECOND, times.iso(NOW + SECOND))
    assert (row["not_before_ns"], row["not_before"]) == (None, None)
    assert row["steps"][0]["stage"] == "QUEUED"
    assert done.json["routes"][0]["way"] == "control > kashi > A"
    assert done.json["constraints"][1] == {"text": "MODE == 1", "holds": None}


def test_a_dry_run_takes_nothing_and_tells_what_would_refuse_it(
    run: Run, commanding: CommandService
):
    assert run(*SEND, "--dry-run").code == 0
    commanding.wrong = ["olga holds A"]
    done = run(*SEND, "--dry-run")
    assert done.code == 3
    assert "would be refused: olga holds A" in done.out
    done = run(*SEND, "--dry-run", "--json")
    assert (done.code, done.json["wrong"], done.json["dry_run"]) == (3, ["olga holds A"], True)
    assert not commanding.rows


def test_stages_are_told_as_they_come(run: Run, commanding: CommandService):
    commanding.script = ["ROUTED", "RELEASED", "RADIATED", "FARM_ACK", "COMPLETED"]
    done = run(*SEND, "--wait", "completed", "--timeout", "10")
    assert done.code == 0
    lines = [each.split()[2] for each in done.out.splitlines() if each.startswith("2026-11-22 12")]
    assert lines == [
        *("QUEUED", "ROUTED", "RELEASED", "RADIATED", "FARM_ACK", "COMPLETED"),
    ]
    assert done.out.rstrip().endswith("c1  COMPLETED")


def test_stages_stream_as_json_lines(run: Run, commanding: CommandService):
    commanding.script = ["RADIATED"]
    lines = run(*SEND, "--wait", "RADIATED", "--timeout", "10", "--jsonl").lines
    assert [each.get("stage") for each in lines] == ["QUEUED", "RADIATED", None]
    assert lines[0] == {
        "command": "c1", "stage": "QUEUED", "t_ns": NOW, "time": times.iso(NOW),
        "detail": "by operator",
    }  # fmt: skip
    assert (lines[-1]["id"], lines[-1]["state"]) == ("c1", "RADIATED")


@pytest.mark.parametrize("end", ["REJECTED", "FAILED", "EXPIRED", "UNCERTAIN", "CANCELLED"])
def test_another_end_exits_1(run: Run, commanding: CommandService, end: str):
    commanding.script = ["RELEASED", end]
    done = run(*SEND, "--wait", "COMPLETED", "--timeout", "10", "--json")
    assert (done.code, done.json["rows"][0]["state"]) == (1, end)


def test_a_wait_that_is_over_exits_1_and_says_that_it_goes_on(run: Run, commanding: CommandService):
    done = run(*SEND, "--wait", "RADIATED", "--timeout", "0")
    assert done.code == 1
    assert "c1 is QUEUED; expected RADIATED by now; it goes on: `ground history c1`" in done.err


def test_ctrl_c_ends_the_wait_alone(
    run: Run, commanding: CommandService, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(self: object, seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ground.api.asking.Asking._idle", interrupted)
    done = run(*SEND, "--wait", "COMPLETED")
    assert done.code == 130
    assert "no longer waiting; c1 goes on" in done.err
    assert commanding.rows["c1"].state == "QUEUED"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["card"], "argument 'card'; expected NAME=VALUE"),
        (["=3"], "argument '=3'; expected NAME=VALUE"),
        (["card=1", "card=2"], "argument 'card' twice"),
        (["--wait", "DONE"], "--wait 'DONE'; expected one of QUEUED"),
        (["--at", "soon"], "'soon': no time"),
        (["--request", "12"], "--request '12'; expected 32 digits"),
    ],
)
def test_what_is_wrong_is_not_sent(
    run: Run, commanding: CommandService, arguments: list[str], said: str
):
    done = run("send", "A", "CARD_POWER", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not commanding.asked


def test_what_the_station_finds_wrong_exits_2_and_what_it_refuses_3(
    run: Run, commanding: CommandService
):
    commanding.refusal = Answered(False, "argument card: 16; expected 0 to 15", wrong=True)
    done = run(*SEND)
    assert (done.code, done.out, done.err) == (2, "", "argument card: 16; expected 0 to 15\n")
    commanding.refusal = Answered(False, "operator may not send to A")
    done = run(*SEND)
    assert (done.code, done.err) == (3, "operator may not send to A\n")


def test_no_command_service_exits_4(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ground.api.commanding.SEND_S", 0.2)
    done = run(*SEND)
    assert (done.code, done.out) == (4, "")
    assert "no answer in" in done.err


@pytest.mark.parametrize("hazard", ["H1", "H2"])
def test_a_person_types_the_target_of_what_is_hazardous(
    run: Run, commanding: CommandService, person: list[str], hazard: str
):
    commanding.hazard = hazard
    person.append("A")
    done = run(*SEND)
    assert done.code == 0
    assert "hazardous  the job is lost" in done.out
    probe, asked = (each for _, each in commanding.asked if isinstance(each, SendCommand))
    assert (probe.dry_run, asked.dry_run, asked.typed) == (True, False, "A")
    assert not person, "asked once"
    commanding.hazard = "H0"
    assert run(*SEND).code == 0, "nothing is asked about what is not hazardous"


def test_a_script_is_never_asked(run: Run, commanding: CommandService):
    commanding.hazard = "H1"
    assert run(*SEND, "--target", "A").code == 0
    [asked] = commanding.of(SendCommand)
    assert asked.typed == "A"


def test_another_key_may_be_named(run: Run, commanding: CommandService, home: Path):
    Keyring(home).make("olga", "operate")
    assert run(*SEND, "--key", "olga").code == 0
    assert commanding.asked[-1][0] == "olga"
    done = run(*SEND, "--key", "nobody")
    assert done.code == 4


def test_text_of_the_station_is_harmless_on_a_terminal(run: Run, commanding: CommandService):
    commanding.wrong = ["\x1b[2J[red]x[/red]"]
    done = run(*SEND, "--dry-run")
    assert "\x1b[2J" not in done.out
    assert "would be refused: \\x1b[2J[red]x[/red]" in done.out


# ---- approve ----------------------------------------------------------------------------------


def test_a_person_approves_what_is_shown(
    run: Run, commanding: CommandService, person: list[str], home: Path
):
    Keyring(home).make("olga", "operate")
    run(*SEND)
    person += ["n", "y"]
    done = run("approve", "c1", "--key", "olga")
    assert done.code == 1
    assert "not approved" in done.out and not commanding.of(ApproveCommand)
    done = run("approve", "c1", "--key", "olga")
    assert done.code == 0
    for said in ("CARD_POWER card=3 power=OFF", OCTETS.hex(), SHA, "author     operator"):
        assert said in done.out
    assert commanding.asked[-2] == ("olga", ApproveCommand("c1", SHA))
    assert commanding.rows["c1"].approver == "olga"


def test_a_script_approves_by_hash(run: Run, commanding: CommandService):
    run(*SEND)
    done = run("approve", "c1")
    assert (done.code, commanding.of(ApproveCommand)) == (2, [])
    assert "c1 without --sha" in done.err
    done = run("approve", "c1", "--sha", SHA, "--json")
    assert (done.code, done.json["schema"]) == (0, "ground.approve/1")
    assert done.json["rows"][0]["approver"] == "operator"
    commanding.refusal = Answered(False, "the author cannot approve")
    assert run("approve", "c1", "--sha", SHA).code == 3
    assert run("approve", "c9", "--sha", SHA).code == 3


# ---- completion and help ----------------------------------------------------------------------


def test_a_shell_offers_what_the_station_knows(run: Run, commanding: CommandService, home: Path):
    import typer

    from ground.cli.app import app

    context = typer.Context(typer.main.get_command(app))
    context.params = {"home": home, "spacecraft": "A"}
    assert completion.spacecraft(context, "P") == ["PLAIN"]
    assert completion.commands(context, "CARD") == ["CARD_POWER"]
    run(*SEND)
    assert completion.waiting(context, "") == ["c1"]
    context.params = {"home": home / "none"}
    assert completion.spacecraft(context, "") == []


@pytest.mark.parametrize("command", ["send", "approve", "history", "directive"])
def test_help_shows_an_example(run: Run, command: str):
    assert f"Example:  ground {command} " in run(command, "--help").out


def test_stages_are_those_of_the_contract():
    from ground.command.life import Stage

    assert list(sent.STAGES) == [each.value for each in Stage][: len(sent.STAGES)]
    assert json.dumps(sent.STAGES)
