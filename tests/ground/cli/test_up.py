"""`ground up`, `ground gateway` and `ground influx`: what is wrong is said before anything runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ground.services import child
from tests.commands import Run
from tests.conftest import ROOT
from tests.ground.services import hand


@pytest.mark.parametrize("address", ["nonsense", "host:", "127.0.0.1:65536"])
def test_an_address_of_metrics_that_is_none_is_refused_at_once(
    run: Run, mission: Path, address: str
) -> None:
    done = run("up", mission, "--prometheus", address)
    assert (done.code, done.out) == (2, "")
    assert f"prometheus = '{address}'; expected HOST:PORT" in done.err


def test_a_second_station_of_a_home_is_refused_in_any_realm(
    run: Run, mission: Path, home: Path
) -> None:
    (home / "run").mkdir(parents=True)
    with child.only(home / "run", "station"):
        done = run("up", mission, "--realm", "sim/other")
    assert (done.code, done.out) == (3, "")
    assert "is the station here; expected one at a time" in done.err


@pytest.mark.parametrize(
    "command, named", [(["gateway"], "[[gateway]]"), (["influx", "send"], "[[influx]]")]
)
def test_a_table_of_the_mission_is_named_in_help(run: Run, command: list[str], named: str) -> None:
    assert named in run(*command, "--help").out


def test_a_mission_without_influx_says_so(run: Run, mission: Path, ingest: Run) -> None:
    ingest(hand.hk(0, 1))
    assert run("influx", "status", mission).out.strip() == "no [[influx]] in this mission"


_INTERRUPTED_WHILE_IT_STARTS = """
import builtins, signal
known = builtins.__import__
def importing(name, *rest, **more):
    if name == "ground.cli.app":
        signal.raise_signal(signal.SIGINT)
    return known(name, *rest, **more)
builtins.__import__ = importing
from ground.__main__ import main
main()
"""


def test_ctrl_c_while_a_command_starts_ends_it_with_130_and_no_traceback() -> None:
    command = [sys.executable, "-c", _INTERRUPTED_WHILE_IT_STARTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
