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


def settle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give commands a home and a current folder of the test's own; return the home."""
    home = folder / "home"
    monkeypatch.setenv("GROUND_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(folder)
    return home


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs `ground` in this process, on the numpy forms of the kernels."""
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
