"""`ground authority` and `ground directive`; contacts and routes as a running station has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.messages import (
    Answered,
    ControlAuthority,
    DirectChannel,
    PlanContacts,
    PlanRoute,
    RoutesPlanned,
)
from tests.commands import Run
from tests.ground.api.commanding import NOW, SECOND
from tests.ground.cli.commanded import NOON
from tests.ground.cli.station import *  # noqa: F403  # fixtures
from tests.ground.cli.station import CommandService, Displaying


@pytest.fixture(autouse=True)
def running(
    displaying: Displaying,
    commanding: CommandService,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A station in the home that commands find by themselves."""
    monkeypatch.setenv("GROUND_HOME", str(home))


def test_authority_and_channels_are_listed(run: Run):
    done = run("authority", "--json")
    assert (done.code, done.json["schema"]) == (0, "ground.authority/1")
    assert done.json["counts"] == {"held": 0}
    assert done.json["rows"] == [
        {
            "spacecraft": "A", "holder": None, "since_ns": None, "since": None,
            "until_ns": None, "until": None, "offered_to": None,
        }
    ]  # fmt: skip
    [channel] = done.json["channels"]
    assert (channel["state"], channel["v_s"], channel["t1_ns"]) == ("ACTIVE", 5, 4 * SECOND)
    assert (channel["clcw_ns"], channel["via"]) == (NOW, ["kashi"])
    out = run("authority", "list").out
    assert "ACTIVE" in out and "2026-11-22 12:00:00" in out


def test_authority_is_taken_given_and_dropped(run: Run, commanding: CommandService):
    assert run("authority", "take", "A").out == "take: A is commanded by operator\n"
    done = run("authority", "give", "A", "--to", "olga")
    assert done.out == "give: A is commanded by operator, offered to olga\n"
    assert run("authority", "accept", "A", "--json").json["rows"][0]["holder"] == "operator"
    assert run("authority", "drop", "A").code == 0
    assert run("authority", "force", "A", "--reason", "fire").code == 0
    assert commanding.of(ControlAuthority) == [
        ControlAuthority("A", "take"),
        ControlAuthority("A", "give", "olga"),
        ControlAuthority("A", "accept"),
        ControlAuthority("A", "drop"),
        ControlAuthority("A", "force", "", "fire"),
    ]


def test_what_is_refused_exits_3(run: Run, commanding: CommandService):
    commanding.refusal = Answered(False, "olga holds A; expected a hand-over")
    done = run("authority", "take", "A")
    assert (done.code, done.out) == (3, "")
    assert done.err == "olga holds A; expected a hand-over\n"
    assert run("directive", "A", "resume").code == 3


def test_to_give_or_force_needs_to_whom_and_why(run: Run, commanding: CommandService):
    assert run("authority", "give", "A").code == 2
    assert run("authority", "force", "A").code == 2
    assert not commanding.asked


def test_a_directive_goes_to_the_channel(run: Run, commanding: CommandService):
    assert run("directive", "A", "set-t1", "4500").out == "set-t1: A\n"
    done = run("directive", "A", "init-unlock", "--json")
    assert done.json["rows"] == [{"spacecraft": "A", "directive": "init-unlock", "value": 0}]
    assert commanding.of(DirectChannel) == [
        DirectChannel("A", "set-t1", 4500),
        DirectChannel("A", "init-unlock", 0),
    ]
    assert run("directive", "A", "explode").code == 2
    assert run("directive", "A", "set-vs", "-1").code == 2


def test_directives_are_those_of_the_channel():
    from typing import get_args, get_type_hints

    from ground.cli.authority import Directive

    known = get_args(get_type_hints(DirectChannel)["directive"])
    assert [each.value for each in Directive] == list(known)


def test_the_running_station_tells_its_contacts(run: Run, commanding: CommandService):
    done = run("contacts", "--from", NOON, "--hours", "1", "--node", "A")
    assert (done.code, done.err) == (0, "")
    assert "kashi" in done.out
    assert "doubtful: A: elements are 9 days old" in done.out
    [asked] = commanding.of(PlanContacts)
    assert asked == PlanContacts(["A"], NOW, NOW + 3600 * SECOND)
    done = run("contacts", "--export", "plan.json")
    assert (done.code, done.out) == (2, "")
    assert "--export of a running station" in done.err


def test_the_running_station_tells_a_route_or_why_there_is_none(
    run: Run, commanding: CommandService
):
    done = run("route", "A", "--at", NOON, "--octets", "100", "--via", "kashi", "--json")
    assert done.json["rows"][0]["way"] == "control > kashi > A"
    [asked] = commanding.of(PlanRoute)
    assert asked == PlanRoute("A", 100, NOW, 0, 1, ["kashi"], 3)
    commanding.routes = RoutesPlanned([], "no contacts lead from control to A from now on")
    done = run("route", "A")
    assert (done.code, done.out) == (1, "")
    assert done.err == "no route: no contacts lead from control to A from now on\n"


@pytest.mark.parametrize("act", ["list", "take", "give", "accept", "drop", "force"])
def test_each_act_shows_an_example(run: Run, act: str):
    assert f"Example:  ground authority {act}" in run("authority", act, "--help").out
