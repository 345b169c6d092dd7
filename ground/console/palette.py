"""Colours, glyphs and realm bands; severity is told by shape as well as by colour.

Shapes and status colours are those of Astro UXDS; a quiet green is for what is normal, so that
colour is for exceptions. The bands lie outside the status colours and stay apart in 256 colours;
for 16 colours everything is mapped by hand, as the automatic way maps two bands to one colour.
Without colours (NO_COLOR) shape, bold, dim, underline and reverse carry what colour did.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rich.style import Style

Depth = Literal["full", "sixteen", "none"]
SEVERITIES = ("normal", "caution", "serious", "critical")  # by ground.columns.Severity

# name: (truecolour or 256, 16 colours, no colours)
_STYLES: dict[str, tuple[str, str, str]] = {
    "text": ("#c6d0db", "white", ""),
    "strong": ("bold #f2f6fa", "bold bright_white", "bold"),
    "dim": ("#8593a3", "bright_black", "dim"),
    "head": ("underline #8fa3b8", "underline white", "underline"),
    "key": ("bold #8ec7ff", "bold bright_cyan", "bold"),
    "critical": ("bold #ff3838", "bold bright_red", "bold"),
    "serious": ("#ffb302", "yellow", "bold"),
    "caution": ("#fce83a", "bright_yellow", ""),
    "normal": ("#4f9f4f", "green", ""),
    "info": ("#9fb4c8", "white", ""),
    "standby": ("#2dccff", "bright_cyan", ""),
    "off": ("#a4abb6", "white", "dim"),
    "stale": ("italic #8f8fa8", "bright_black", "dim italic"),
    "shelved": ("italic #a08fb4", "magenta", "dim italic"),
    "alert": ("bold #ffffff on #b3123d", "bold bright_white on red", "bold reverse"),
    "new": ("bold #10161e on #fce83a", "black on bright_yellow", "bold reverse"),
    "armed": ("#ffffff on #af00af", "bright_white on magenta", "reverse"),
    "armed-strong": ("bold #ffffff on #af00af", "bold bright_white on magenta", "bold reverse"),
    "bar": ("#c6d0db on #1a2634", "white", ""),
    "bar-dim": ("#8593a3 on #1a2634", "bright_black", "dim"),
    "bar-critical": ("bold #ff5c5c on #1a2634", "bold bright_red", "bold"),
    "bar-serious": ("#ffb302 on #1a2634", "yellow", "bold"),
    "bar-caution": ("#fce83a on #1a2634", "bright_yellow", ""),
    "bar-stale": ("italic #a3a3bd on #1a2634", "bright_black", "dim italic"),
    "tab": ("#8593a3", "bright_black", "dim"),
    "tab-on": ("bold #f2f6fa on #27435f", "bold bright_white on bright_black", "bold reverse"),
    "sheet": ("#d7dee6 on #22303f", "bright_white on bright_black", ""),
    "sheet-strong": ("bold #ffffff on #22303f", "bold bright_white on bright_black", "bold"),
    "sheet-dim": ("#a9b6c4 on #22303f", "white on bright_black", "dim"),
    "sheet-bad": ("bold #ff8080 on #22303f", "bold bright_red on bright_black", "bold"),
    "sheet-title": ("bold #10161e on #9fc3e6", "black on bright_cyan", "bold reverse"),
    "plot": ("#2dccff", "bright_cyan", ""),
    "spark": ("#4d86a3", "cyan", ""),
    "axis": ("#8593a3", "bright_black", "dim"),
}
_CURSOR = ("#20456b", "blue", "")
_PALE_CURSOR = ("#1b2c3f", "bright_black", "")  # of a grid that has no focus


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs of one set; each status sign has two cells to itself, as some draw it wide."""

    name: str
    status: dict[str, str]
    spark: str
    rule: str
    more: str
    good: str
    bad: str
    play: str
    pause: str
    track: str
    knob: str
    dash: str
    braille: bool
    band: dict[str, str]


_STATUS = ("critical", "serious", "caution", "normal", "standby", "off", "stale", "shelved", "info")
ASTRO = Glyphs(
    "astro",
    dict(zip(_STATUS, "▼◆■●○·?z·", strict=True)),
    *(" ▁▂▃▄▅▆▇█", "│", "…", "✓", "✗", "▶", "‖", "─", "●", "╌", True),
    {"live": "", "sim": "▒▒", "replay": "◀◀", "test": "░░"},
)
ASCII = Glyphs(
    "ascii",
    dict(zip(_STATUS, "!X+o-.?z.", strict=True)),
    *(" _.-=+*#@", "|", ">", "ok", "NO", ">", "=", "-", "O", "-", False),
    {"live": "", "sim": "##", "replay": "<<", "test": "::"},
)
GLYPHS = {"astro": ASTRO, "ascii": ASCII}


@dataclass(frozen=True, slots=True)
class Band:
    """How a realm looks: its name on the banner, whether it is repeated, and its colours."""

    text: str
    repeated: bool
    full: str
    sixteen: str
    page: str


BANDS = {
    "live": Band("LIVE", False, "#005faf", "blue", "#0b1420"),
    "sim": Band("SIMULATION", True, "#00875f", "green", "#0a1714"),
    "replay": Band("REPLAY", True, "#875f00", "yellow", "#17140c"),
    "test": Band("TEST", True, "#5f5f5f", "bright_black", "#141414"),
}


def kind(realm: str) -> str:
    """Return the kind of a realm: live, sim, replay, or test for any other name."""
    first = realm.split("/", 1)[0]
    return first if first in BANDS else "test"


class Palette:
    """Styles by name for one realm and depth of colour, each made once."""

    def __init__(self, realm: str, depth: Depth, glyphs: Glyphs) -> None:
        self.depth, self.glyphs = depth, glyphs
        self.kind = kind(realm)
        self.band = BANDS[self.kind]
        self._column = ("full", "sixteen", "none").index(depth)
        self._made: dict[tuple[str, str], Style] = {}

    @cached_property
    def page(self) -> str:
        """The page's background as textual's CSS wants it."""
        return self.band.page if self.depth == "full" else "ansi_default"

    def style(self, name: str, over: str = "") -> Style:
        """Return a style by name; `over` is "cursor" or "pale" for a row under the cursor."""
        found = self._made.get((name, over))
        if found is None:
            found = self._made[name, over] = self._make(name, over)
        return found

    def _make(self, name: str, over: str) -> Style:
        made = self._background(over) + self._foreground(name)
        if over == "cursor" and self.depth == "none":
            made += Style(reverse=True)
        return made

    def _foreground(self, name: str) -> Style:
        if name.startswith("band"):
            return self._banner(name)
        return Style.parse(_STYLES[name][self._column] or "none")

    def _banner(self, name: str) -> Style:
        if self.depth == "none":
            return Style(reverse=True, bold=name != "band")
        ground = (self.band.full, self.band.sixteen)[self._column]
        ink = "bright_white" if self.depth == "sixteen" else "#ffffff"
        return Style.parse(f"{'' if name == 'band' else 'bold '}{ink} on {ground}")

    def _background(self, over: str) -> Style:
        if over:
            colour = (_PALE_CURSOR if over == "pale" else _CURSOR)[self._column]
        else:
            colour = self.band.page if self.depth == "full" else ""
        return Style(bgcolor=colour) if colour else Style()
