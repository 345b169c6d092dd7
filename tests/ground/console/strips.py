"""What is on the screen, as text with style runs (goldens) and as a picture.

The one place that reaches into textual: `_compositor.render_strips`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.style import Style
from textual.strip import Strip

GOLDENS = Path(__file__).parent / "goldens"
REWRITE = "GROUND_REWRITE_GOLDENS"


def strips(app: Any) -> list[Strip]:
    """Return the lines of the screen as textual would send them."""
    return app.screen._compositor.render_strips()


def text(app: Any) -> list[str]:
    """Return the lines of the screen without styles."""
    return [strip.text for strip in strips(app)]


def styled(app: Any) -> str:
    """Return the screen with each run's style: `<#fff on #000 b>text`."""
    lines = []
    for strip in strips(app):
        line, last = "", None
        for segment in strip:
            name = _name(segment.style)
            line += segment.text if name == last else f"<{name}>{segment.text}"
            last = name
        lines.append(line.rstrip() + "|")
    return "\n".join(lines) + "\n"


def golden(app: Any, name: str) -> None:
    """Hold the screen against its golden; the variable rewrites them."""
    path, now = GOLDENS / f"{name}.txt", styled(app)
    if os.environ.get(REWRITE):
        path.write_text(now, encoding="utf-8")
    assert path.exists(), f"no golden {name}; {REWRITE}=1 makes it"
    assert now == path.read_text(encoding="utf-8"), f"{name} looks otherwise; {REWRITE}=1 takes it"


def _name(style: Style | None) -> str:
    if style is None:
        return ""
    colours = [style.color.name if style.color else "", style.bgcolor.name if style.bgcolor else ""]
    flags = "".join(
        letter
        for letter, on in (
            *(("b", style.bold), ("d", style.dim), ("i", style.italic)),
            *(("u", style.underline), ("r", style.reverse)),
        )
        if on
    )
    ground = f" on {colours[1]}" if colours[1] else ""
    return f"{colours[0]}{ground}{' ' + flags if flags else ''}".strip()
