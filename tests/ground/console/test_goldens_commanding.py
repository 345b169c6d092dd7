"""The pages of commanding as text and styles: three sizes, realms, no colours, ASCII.

GROUND_REWRITE_GOLDENS=1 takes what is drawn now as right: look at the difference before.
"""

from __future__ import annotations

import pytest

from tests.ground.console.running import running
from tests.ground.console.strips import golden

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (200, 50)
CARD = [">", "card_power CG-1 card=3 power=OFF", "enter", "f5"]
XFEED = [">", "bus_xfeed CG-1 state=ON", "enter", "f5"]
ARM = ["f7", "CG-1", "enter", "f9"]
BARE = {"depth": "none", "glyphs": "ascii"}
SCREENS = [
    ("start", "cmd", "live", SMALL, [], {}),
    ("start", "cmd", "sim/demo", MIDDLE, [], {}),
    ("start", "cmd", "replay/7", MIDDLE, [], {}),
    ("typing", "cmd", "live", MIDDLE, [">", "ca"], {}),
    ("wrong", "cmd", "live", MIDDLE, [">", "card_power CG-1 card=999 power=O"], {}),
    ("judged", "cmd", "live", LARGE, CARD, {}),
    ("armed", "cmd", "live", SMALL, [*CARD, *ARM], {}),
    ("armed", "cmd", "sim/demo", MIDDLE, [*CARD, *ARM], {}),
    ("armed", "cmd", "live", MIDDLE, [*CARD, *ARM], BARE),
    ("fire", "cmd", "live", MIDDLE, [*XFEED, *ARM, "f10"], {}),
    ("fire", "cmd", "live", SMALL, [*XFEED, *ARM, "f10"], {"glyphs": "ascii"}),
    ("approve", "cmd", "live", MIDDLE, ["tab", "j", "j", "A"], {}),
    (
        "stack",
        "cmd",
        "live",
        MIDDLE,
        [*CARD, "f6", ">", "ctrl+u", *XFEED[1:], "f6", "tab", "j", "r", "r"],
        {},
    ),
    ("history", "cmd", "live", LARGE, ["tab", "v"], {}),
    ("history", "cmd", "sim/demo", SMALL, ["tab", "v"], {"depth": "sixteen", "glyphs": "ascii"}),
    ("detail", "cmd", "live", MIDDLE, ["tab", "v", "G", "enter"], {}),
    ("start", "contacts", "live", SMALL, [], {}),
    ("start", "contacts", "sim/demo", MIDDLE, [], {}),
    ("start", "contacts", "live", LARGE, ["-"], {}),
    ("start", "contacts", "live", MIDDLE, [], BARE),
    ("start", "contacts", "replay/7", SMALL, [], {}),
]


def _name(what, page, realm, size, keys, more):
    parts = (page, realm.split("/")[0], f"{size[0]}x{size[1]}", what, *more.values())
    return "-".join(parts)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: _name(*screen))
async def test_the_screen_looks_as_it_did(screen):
    """Text, colours and attributes of every cell."""
    _, page, realm, size, keys, more = screen
    async with running(realm, size, page=page, **more) as it:
        for piece in keys:
            known = piece in ("enter", "tab", "ctrl+u") or piece[0] == "f"
            await it.press(piece) if known else await it.type(piece)
        await it.settle(2)
        if more.get("glyphs") == "ascii":
            assert all(line.isascii() for line in it.lines[2:]), it.screen
        golden(it.app, _name(*screen))
