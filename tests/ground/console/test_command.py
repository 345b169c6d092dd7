"""`ground console` where there is nothing to show it on, or nothing to show."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from tests.commands import process
from tests.conftest import ROOT


def test_without_a_terminal_it_names_the_command_that_prints(tmp_path):
    """Exit code 2: the usage is wrong, and `ground status` is what was wanted."""
    done = process("console", "--home", tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert "no terminal" in done.stderr
    assert "ground status" in done.stderr


def test_where_no_station_ever_ran_it_says_so(tmp_path):
    """Exit code 4: not reachable; no folder of keys is guessed."""
    ours, theirs = pty.openpty()
    words = ["console", "--home", str(tmp_path / "empty"), "--glyphs", "ascii"]
    done = subprocess.run(
        [sys.executable, "-m", "ground", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 4
    assert "no station here that knows us" in done.stderr
