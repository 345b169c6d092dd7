"""A screen drawn with Pillow, cell by cell, to be looked at: SVG drops blanks and scales blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI

from tests.ground.console.strips import strips

_FONTS = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"
WIDE, HIGH = 9, 18


def save(app: Any, path: Path) -> None:
    """Draw the screen of an application into a PNG file."""
    lines = strips(app)
    size = max(strip.cell_length for strip in lines), len(lines)
    image = Image.new("RGB", (size[0] * WIDE, size[1] * HIGH), "#000000")
    draw = ImageDraw.Draw(image)
    fonts = [ImageFont.truetype(_FONTS.format(end), 15) for end in ("", "-Bold")]
    for y, strip in enumerate(lines):
        x = 0
        for segment in strip:
            ink, ground = _colours(segment.style)
            font = fonts[bool(segment.style and segment.style.bold)]
            for char in segment.text:
                _cell(draw, x * WIDE, y * HIGH, char, ink, ground, font)
                if segment.style and segment.style.underline:
                    below = (y + 1) * HIGH - 2
                    draw.line((x * WIDE, below, (x + 1) * WIDE, below), fill=ink)
                x += cell_len(char)
    image.save(path)


def _cell(draw: Any, x: int, y: int, char: str, ink: str, ground: str, font: Any) -> None:
    wide = WIDE * max(1, cell_len(char))
    draw.rectangle((x, y, x + wide - 1, y + HIGH - 1), fill=ground)
    code = ord(char)
    if 0x2800 <= code <= 0x28FF:
        _braille(draw, x, y, code - 0x2800, ink)
    elif 0x2581 <= code <= 0x2588:
        top = y + HIGH - HIGH * (code - 0x2580) // 8
        draw.rectangle((x, top, x + WIDE - 1, y + HIGH - 1), fill=ink)
    elif char != " ":
        draw.text((x, y), char, fill=ink, font=font)


def _braille(draw: Any, x: int, y: int, bits: int, ink: str) -> None:
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    for bit, (column, row) in enumerate(places):
        if bits >> bit & 1:
            left, top = x + 1 + column * 4, y + 1 + row * 4
            draw.rectangle((left, top, left + 2, top + 2), fill=ink)


def _colours(style: Style | None) -> tuple[str, str]:
    ink = _hex(style.color if style else None, "#c6d0db")
    ground = _hex(style.bgcolor if style else None, "#000000", foreground=False)
    if style and style.dim:
        ink = "#808890"
    return (ground, ink) if style and style.reverse else (ink, ground)


def _hex(colour: Color | None, default: str, *, foreground: bool = True) -> str:
    if colour is None or colour.is_default:
        return default
    return colour.get_truecolor(DIMMED_MONOKAI, foreground=foreground).hex
