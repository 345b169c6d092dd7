"""The command as a user runs it: in this process where that is enough, and as one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ground import warmup
from ground.__main__ import main
from tests.conftest import ROOT
from tests.ground.services import hand
from tests.recordings import mission_of


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Done]

# `ground` as a process of its own that compiles no kernels beside the test.
GROUND = """
from ground import warmup
warmup.load = lambda: False
from ground.__main__ import main
main()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for the archive, and a current folder, of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("GROUND_HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `ground` in this process, on the numpy forms of the kernels."""
    monkeypatch.setattr(warmup, "load", lambda: False)

    def ground(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["ground", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        code = end.value.code
        return Done(code if isinstance(code, int) else 0, out, err)

    return ground


def process(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run `ground` as a process of its own, in the current folder."""
    command = [sys.executable, "-c", GROUND, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more.pop("env", {})
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, **more
    )


@pytest.fixture
def mission(tmp_path: Path) -> Path:
    """The mission file of the hand-made mission."""
    return mission_of(tmp_path / "hand", hand.MISSION, {"hand.xml": hand.DATABASE}).path


@pytest.fixture
def ingest(run: Run, mission: Path, tmp_path: Path) -> Run:
    """Ingest packets, given as octets, of spacecraft A."""

    def take(*packets: bytes, spacecraft: str = "A", **more: str) -> Done:
        path = tmp_path / f"{len(list(tmp_path.glob('*.bin')))}.bin"
        path.write_bytes(b"".join(packets))
        options = [part for key, value in more.items() for part in (f"--{key}", value)]
        whose = ["--mission", str(mission), "--link", "bare", "--spacecraft", spacecraft]
        return run("ingest", path, *whose, *options)

    return take
