"""Which signs a terminal can show: asked of the terminal itself, by where its cursor ends up.

The shapes are East Asian ambiguous: some terminals draw them two cells wide, and a table of them
would come apart. The answer to a cursor position report (ECMA-48 8.3.14, CPR) tells.
"""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import tty
from typing import Literal

WAIT_S = 0.3
_REPORT = re.compile(rb"\x1b\[\d+;(\d+)R")


def probe() -> Literal["astro", "ascii"]:
    """Return which set fits this terminal; ASCII where it does not speak UTF-8 or draws wide."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8" or os.environ.get("TERM") in ("linux", "dumb", "vt100"):
        return "ascii"
    column = _column_after("▼◆")
    return "ascii" if column is not None and column != 3 else "astro"


def _column_after(text: str) -> int | None:
    """Return in which column (from 1) the cursor is after a text; None where it is not told."""
    device = sys.stdin.fileno()
    before = termios.tcgetattr(device)
    try:
        tty.setcbreak(device)
        sys.stdout.write(f"\r{text}\x1b[6n")
        sys.stdout.flush()
        found = _REPORT.search(_answer(device))
    finally:
        sys.stdout.write("\r\x1b[K")
        sys.stdout.flush()
        termios.tcsetattr(device, termios.TCSADRAIN, before)
    return int(found[1]) if found else None


def _answer(device: int) -> bytes:
    told = b""
    while not told.endswith(b"R") and select.select([device], [], [], WAIT_S)[0]:
        told += os.read(device, 64)
    return told
