"""The command beside other programs: pipes, signals, terminals, and text that means harm."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ground.archive.embedded import EmbeddedStore
from tests.commands import GROUND, Done, Run, process
from tests.conftest import ROOT
from tests.ground.services import hand
from tools.simulator import record

EVIL = "\x1b]0;gone\x07\x1b[2J\x9b31m\u202e[red]x[/red][/b]"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

# An ingest that tells its parent when it has stored half, then waits to be interrupted.
SLOW = """
import time
from ground import warmup
from ground.archive.embedded import EmbeddedStore
from ground.services import ingest
from ground.__main__ import main

warmup.load = lambda: False
ingest.CHUNK_OCTETS = 10_000
append, calls = EmbeddedStore.append, []

def slowly(*arguments, **more):
    append(*arguments, **more)
    calls.append(1)
    if len(calls) == 5:
        print("half", flush=True)
        time.sleep(60)

EmbeddedStore.append = slowly
main()
"""


def harmless(done: Done) -> bool:
    return not CONTROL.search(done.out) and not CONTROL.search(done.err)


# ---- text from outside ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("query", "*"),
        ("query", "*", "--json"),
        ("query", "NAME", "--jsonl"),
        ("query", "*", "--plot"),
        ("query", "WIDE", "--bins", "2"),
        ("packets",),
        ("packets", "--list"),
        ("packets", "--list", "--json"),
        ("packets", "--rejected"),
        ("packets", "--rejected", "--jsonl"),
        ("gaps",),
        ("gaps", "--json"),
    ],
    ids=" ".join,
)
def test_no_control_character_of_a_value_or_name_reaches_the_terminal(
    run: Run, mission: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A string, octets, a spacecraft and a file are called what would clear the screen."""
    path = tmp_path / EVIL.replace("/", "|")
    path.write_bytes(hand.hk(0, 1, name=b"\x1b[2J", data=b"\x1b]0") + hand.hk(2, 2) + b"\x1b\x9b")
    database = mission.parent / "hand.xml"
    done = run("ingest", path, "--spacecraft", EVIL, "--database", database)
    assert done.code == 1
    assert harmless(done)
    done = run(*command)
    assert done.code in (0, 1)
    assert done.out
    assert harmless(done)


def test_markup_in_names_is_text(run: Run, tmp_path: Path) -> None:
    (tmp_path / "[b]file[").write_bytes(hand.hk(0, 1))
    done = run("ingest", "[b]file[", "--spacecraft", "[red]A[/red][/x]")
    assert "[b]file[" in done.out
    assert "[red]A[/red][/x]: 1 packets" in done.out
    assert "[red]A[/red][/x]" in run("packets").out
    assert "[red]A[/red][/x]" in run("packets", "--list").out


def test_control_characters_in_arguments_do_not_come_back(run: Run, ingest: Run) -> None:
    ingest(hand.hk(0, 1))
    for command in (
        ("query", EVIL),
        ("query", "X", "--realm", EVIL),
        ("query", "X", "--from", EVIL),
        ("ingest", EVIL, "-s", "A"),
        ("check", EVIL),
        ("export", "WIDE", "--to", EVIL),
    ):
        done = run(*command)
        assert done.code == 2
        assert harmless(done)


# ---- pipes and signals ----------------------------------------------------------------------


@pytest.fixture
def many(ingest: Run) -> None:
    ingest(*(hand.hk(at, at) for at in range(200)))


@pytest.mark.parametrize("form", [[], ["--json"], ["--jsonl"]], ids=["table", "json", "jsonl"])
def test_a_reader_that_has_seen_enough_is_no_failure(many: None, form: list[str]) -> None:
    command = [sys.executable, "-m", "ground", "query", "*", "--limit", "0", *form]
    ground = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | PATH
    )
    assert ground.stdout is not None and ground.stderr is not None
    assert ground.stdout.read(10)
    ground.stdout.close()
    assert ground.stderr.read() == b""
    ground.stderr.close()
    assert ground.wait(30) == 0


PATH = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}  # with buffers, as people run it


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("form", [[], ["--json"], ["--jsonl"]], ids=["table", "json", "jsonl"])
def test_an_output_without_room_is_told(ingest: Run, form: list[str]) -> None:
    ingest(hand.hk(0, 1))
    command = [sys.executable, "-m", "ground", "query", "*", *form]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env=os.environ | PATH,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("standard output: No space left on device; expected ")
    assert len(done.stderr.splitlines()) == 1


def test_ctrl_c_ends_an_ingest_with_130_and_leaves_a_good_archive(
    run: Run, home: Path, tmp_path: Path
) -> None:
    record(tmp_path / "pass", seconds=60)
    command = ["ingest", "pass", "--mission", "chenguang1", "--link", "recording"]
    ground = subprocess.Popen(
        [sys.executable, "-c", SLOW, *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | PATH,
    )  # fmt: skip
    assert ground.stdout is not None
    assert ground.stdout.readline() == "half\n"
    ground.send_signal(signal.SIGINT)
    _, err = ground.communicate(timeout=30)
    assert ground.returncode == 130
    assert "Traceback" not in err
    half = run("packets", "--json").json["rows"]
    with EmbeddedStore.open(home / "archive", write=False) as store:
        assert store.verify() == []
    assert run(*command).code == 1
    whole = run("packets", "--json").json["rows"]
    assert 0 < sum(row["packets"] for row in half) < sum(row["packets"] for row in whole)


# ---- terminals ------------------------------------------------------------------------------


def on_a_terminal(*arguments: str) -> str:
    """Return what a terminal shows of a command."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", GROUND, *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
        env=os.environ | PATH | {"TERM": "xterm-256color", "COLUMNS": "120"},
    ):  # fmt: skip
        os.close(theirs)
        shown, until = b"", time.monotonic() + 30
        while time.monotonic() < until and select.select([ours], [], [], 30)[0]:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return shown.decode()


def test_the_progress_bar_is_on_terminals_only(run: Run, tmp_path: Path) -> None:
    record(tmp_path / "pass", seconds=60)
    command = ["ingest", "pass", "--mission", "chenguang1", "--link", "recording"]
    piped = process(*command, "--realm", "sim/piped")
    assert piped.returncode == 1
    assert "\x1b" not in piped.stdout + piped.stderr
    assert piped.stderr == ""
    shown = on_a_terminal(*command, "--realm", "sim/shown")
    assert "ingest pass" in shown
    assert "\x1b[" in shown


def test_completion_is_offered(run: Run) -> None:
    """By the shell's name, and as the shell asks when a key is pressed."""
    off = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = process("--show-completion", "bash", env=off)
    assert (script.returncode, script.stderr) == (0, "")
    assert "_GROUND_COMPLETE=complete_bash" in script.stdout
    asked = {"_GROUND_COMPLETE": "complete_bash", "COMP_WORDS": "ground p", "COMP_CWORD": "1"}
    found = subprocess.run(
        [Path(sys.executable).with_name("ground")],
        capture_output=True, text=True, check=False, env=os.environ | asked,
    )  # fmt: skip
    assert found.stdout.split() == ["packets"]


def test_help_imports_nothing_heavy() -> None:
    """So that it answers at once: numpy, Arrow and compiled kernels are for commands that run."""
    script = """
import sys
sys.argv = ["ground", "--help"]
from ground.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code
heavy = {"numpy", "pyarrow", "numba", "lxml", "pydantic", "llvmlite", "sqlite3", "sgp4"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
