"""`ground status`, `ground watch` and `ground alarms` against a display service and a processor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ground.cli.alarm_rows import bounds, choose
from ground.cli.watch import choose as choose_rows
from ground.errors import InputError
from ground.messages import (
    AcknowledgeAlarms,
    AlarmRef,
    LinkRow,
    ParameterRow,
    ServiceReported,
    SetLimits,
    StageRow,
)
from tests.commands import Run
from tests.ground.api.conftest import until
from tests.ground.api.test_station import VOLTAGE, _packet
from tests.ground.cli.station import *  # noqa: F403  # fixtures
from tests.ground.cli.station import Displaying, Processor
from tests.ground.services.test_display_status import ALARM

SECOND = 10**9
LINK = LinkRow(
    *("kashi", "gateway", "udp", "127.0.0.1:10015", "up", "", 5, 5000, {"disk": 1}),
    *(8000.0, 0, None, 7000, 6000),
)


def _say(processor: Processor, displaying: Displaying, report: ServiceReported) -> None:
    """Let the processor report this, and wait until the display has it."""
    processor.report = report
    services = displaying.service.facts.status.read
    until(lambda: any(each == report for each in services().services))


def test_all_well_exits_0(run: Run, displaying: Displaying, processor: Processor, home: Path):
    report = ServiceReported(
        *("processor", 1, 0, "running", ""), [LINK], [StageRow("packets", 10, 8, {"twice": 2})]
    )
    _say(processor, displaying, report)
    done = run("status", "--home", home)
    assert (done.code, done.err) == (0, "")
    assert "all well" in done.out
    assert "twice 2" in done.out
    [row] = run("status", "--home", home, "--json").json["rows"]
    assert row["findings"] == []
    assert [each["service"] for each in row["services"]] == ["display", "processor"]
    assert (row["links"][0]["waiting"], row["links"][0]["dropped"]) == (1000, {"disk": 1})
    assert next(each for each in row["stages"] if each["stage"] == "packets")["sum"] == "ok"
    assert [each["spacecraft"] for each in row["spacecraft"]] == ["A", "B", "PLAIN"]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            ServiceReported(
                *("processor", 1, 0, "running", ""), [], [StageRow("packets", 10, 8, {"x": 1})]
            ),
            "processor packets: in 10 is not out 8 + dropped 1",
        ),
        (
            ServiceReported(
                *("processor", 1, 0, "running", ""), [replace(LINK, state="failed", detail="disk")]
            ),
            "processor kashi: link failed: disk",
        ),
        (
            ServiceReported("processor", 1, 0, "failed", "no \x1b[31m"),
            "processor: failed: no \\x1b[31m",
        ),
    ],
)
def test_what_is_wrong_is_said_and_exits_1(
    run: Run,
    displaying: Displaying,
    processor: Processor,
    home: Path,
    report: ServiceReported,
    said: str,
):
    _say(processor, displaying, report)
    done = run("status", "--home", home)
    assert done.code == 1
    assert said in done.out
    assert "\x1b[31m" not in done.out


def test_a_silent_service_is_shown_as_silent(
    run: Run,
    displaying: Displaying,
    processor: Processor,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("ground.api.checks.SILENT_NS", 2 * SECOND)
    processor.silence()
    said = "processor: silent for"
    done = until(lambda: said in (found := run("status", "--home", home)).out and found)
    assert done.code == 1


def test_no_station_exits_4(run: Run, home: Path):
    for command in (["status"], ["alarms"], ["watch", "X"]):
        done = run(*command, "--home", home)
        assert (done.code, done.out) == (4, "")
        assert "no station here" in done.err


def test_watch_streams_values_as_json_lines(
    run: Run, displaying: Displaying, processor: Processor, home: Path
):
    processor.publish(_packet(100, 8), "parameters", "H/HK")
    values = displaying.service.facts.values
    until(lambda: values.state("A", VOLTAGE).samples)
    done = run("watch", "VOLTAGE", "-s", "A", "--seconds", "1", "--jsonl", "--home", home)
    first = done.lines[0]
    assert done.code == 0
    assert (first["spacecraft"], first["raw"], first["value"]) == ("A", "8", "2.5")
    assert (first["units"], first["severity"], first["t_ns"]) == ("V", "critical", 100 * SECOND)
    done = run("watch", "CELL[2]", "--seconds", "1", "--home", home)
    assert "A  /H/CELL[2]  3" in done.out


def test_a_parameter_that_is_none_exits_2(run: Run, displaying: Displaying, home: Path):
    done = run("watch", "VOLTAG", "--home", home)
    assert done.code == 2
    assert "/H/VOLTAGE" in done.err


def test_alarms_are_listed_and_exit_1(
    run: Run, displaying: Displaying, processor: Processor, home: Path
):
    assert run("alarms", "--home", home).code == 0
    processor.alarms = [ALARM, replace(ALARM, id="2", element=3, shelved_until_ns=SECOND)]
    done = run("alarms", "--json", "--home", home)
    assert done.code == 1
    assert done.json["counts"] == {"alarms": 2, "shelved": 1, "unacknowledged": 1}
    assert [each["parameter"] for each in done.json["rows"]] == ["/A/V", "/A/V[3]"]
    assert [each["state"] for each in done.json["rows"]] == ["unacknowledged", "shelved"]
    processor.alarms = processor.alarms[1:]
    assert run("alarms", "list", "--home", home).code == 0, "what is shelved is not asked about"


def test_acts_are_done_on_what_was_meant(
    run: Run, displaying: Displaying, processor: Processor, home: Path
):
    processor.alarms = [replace(ALARM, id="abcdef"), replace(ALARM, id="fedcba", parameter="/A/W")]
    assert run("alarms", "ack", "abcdef", "--comment", "seen", "--home", home).code == 0
    assert run("alarms", "shelve", "*", "--reason", "known", "--home", home).code == 0
    for act in (["unshelve", "V"], ["clear", "V"], ["comment", "V", "--text", "x"]):
        assert run("alarms", *act, "--home", home).code == 0
    assert run("alarms", "assign", "V", "--to", "olga", "--home", home).code == 0
    assert processor.acts[0] == AcknowledgeAlarms([AlarmRef("abcdef", 1)], "seen")
    assert [each.id for each in processor.acts[1].alarms] == ["abcdef", "fedcba"]
    assert [type(each).__name__ for each in processor.acts[2:]] == [
        *("UnshelveAlarms", "ClearAlarms", "CommentAlarms", "AssignAlarms")
    ]
    assert run("alarms", "ack", "NONE", "--home", home).code == 2
    assert run("alarms", "ack", "V", "-s", "B", "--home", home).code == 2, "it is of A"


def test_limits_are_set_and_reset(
    run: Run, displaying: Displaying, processor: Processor, home: Path
):
    base = ["alarms", "limits", "VOLTAGE", "-s", "A", "--reason", "test", "--home", home]
    assert run(*base, "--range", "warning=26:33", "--range", "critical=:40").code == 0
    assert run(*base, "--reset").code == 0
    assert processor.acts == [
        SetLimits("A", VOLTAGE, {"warning": (26.0, 33.0), "critical": (None, 40.0)}, "test"),
        SetLimits("A", VOLTAGE, None, "test"),
    ]
    assert run(*base).code == 2


def test_what_a_processor_refuses_exits_3(
    run: Run, displaying: Displaying, processor: Processor, home: Path
):
    processor.alarms = [replace(ALARM, version=0)]
    done = run("alarms", "ack", "V", "--home", home)
    assert (done.code, done.err.strip()) == (3, "changed since")


@pytest.mark.parametrize(
    "text", ["", "warning", "warning=", "warning=:", "hot=1:2", "watch=a:2", "watch=2:1"]
)
def test_a_range_that_is_none_is_refused(text: str):
    with pytest.raises(InputError, match="expected LEVEL=LOW:HIGH"):
        bounds(text)


def test_elements_of_alarms_are_meant_by_number():
    alarms = [replace(ALARM, id=str(each), element=each) for each in range(4)]
    assert [each.element for each in choose(alarms, ["V[1-2]"])] == [1, 2]


def test_too_many_values_are_refused():
    row = ParameterRow("/A/V", "/A/HK", "array", "", "", 3000, [], [])
    with pytest.raises(InputError, match="3000 values"):
        choose_rows(["V"], ["A"], [row])


def test_an_act_names_the_element_it_was_done_on(
    run: Run, displaying: Displaying, processor: Processor, home: Path
):
    processor.alarms = [replace(ALARM, id="x", element=3)]
    assert run("alarms", "ack", "*", "--home", home).out == "acknowledged: A /A/V[3]\n"
    done = run("alarms", "assign", "*", "--to", "", "--json", "--home", home).json
    expected = {"act": "assigned to nobody", "id": "x", "spacecraft": "A", "parameter": "/A/V[3]"}
    assert (done["schema"], done["rows"]) == ("ground.alarms/1", [expected])
    assert done["counts"] == {"done": 1}


def test_options_before_an_act_are_refused_and_not_forgotten(run: Run, home: Path):
    done = run("alarms", "--realm", "sim/a", "ack", "*")
    assert (done.code, done.out) == (2, "")
    assert "--realm before ack" in done.err and "expected behind it" in done.err


@pytest.mark.parametrize(
    "command",
    [
        ["alarms"],
        ["alarms", "ack", "*"],
        ["alarms", "limits", "VOLTAGE", "--reason", "x", "--reset"],
        ["watch", "VOLTAGE", "--seconds", "0"],
    ],
)
def test_a_spacecraft_that_is_none_exits_2(
    run: Run, displaying: Displaying, processor: Processor, home: Path, command: list[str]
):
    done = run(*command, "-s", "X", "--home", home)
    assert (done.code, done.out) == (2, "")
    assert "spacecraft 'X'; expected one of A, B, PLAIN" in done.err
    assert not processor.acts


def test_on_a_narrow_terminal_what_has_no_column_has_a_line(
    run: Run,
    displaying: Displaying,
    processor: Processor,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    report = ServiceReported("processor", 1, 0, "running", "", [LINK], [], {"archive": 7})
    _say(processor, displaying, report)
    monkeypatch.setattr("ground.cli.output.PIPED_WIDTH", 80)
    lines = run("status", "--home", home).out.splitlines()
    assert "processor queues: archive 7" in lines
    assert "kashi kind: udp" in lines
    assert max(map(len, lines)) <= 80
    row = next(each for each in lines if each.split()[:2] == ["kashi", "up"])
    assert row.split()[2:] == ["8000", "5000", "1000", "-"]


@pytest.mark.parametrize(
    "act", ["ack", "shelve", "unshelve", "clear", "comment", "assign", "limits"]
)
def test_each_act_shows_an_example(run: Run, act: str):
    assert f"Example:  ground alarms {act} " in run("alarms", act, "--help").out
