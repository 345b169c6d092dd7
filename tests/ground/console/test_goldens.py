"""Every screen as text and styles, in three sizes, in each realm, and without colours or shapes.

GROUND_REWRITE_GOLDENS=1 takes what is drawn now as right: look at the difference before.
"""

from __future__ import annotations

import pytest

from tests.ground.console.fake import FakeFeed
from tests.ground.console.running import running
from tests.ground.console.strips import golden

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (200, 50)
SCREENS = [
    ("fleet", "live", SMALL, "", {}),
    ("fleet", "sim/demo", MIDDLE, "", {}),
    ("sat", "live", MIDDLE, "", {}),
    ("params", "live", SMALL, "", {}),
    ("params", "live", MIDDLE, "", {}),
    ("params", "sim/demo", LARGE, "j j", {}),
    ("params", "replay/7", MIDDLE, "", {}),
    ("alarms", "live", SMALL, "", {}),
    ("alarms", "live", LARGE, "space space", {}),
    ("alarms", "live", SMALL, "s", {}),
    ("alarms", "live", MIDDLE, "A", {}),
    ("alarms", "live", SMALL, "?", {}),
    ("alarms", "replay/7", MIDDLE, "a", {}),
    ("links", "live", SMALL, "", {}),
    ("links", "live", LARGE, "tab", {}),
    ("services", "live", MIDDLE, "", {}),
    ("log", "live", SMALL, "", {}),
    ("log", "replay/7", MIDDLE, "", {}),
    ("plot", "live", SMALL, ": p l o t space B U S _ V enter", {}),
    ("plot", "live", MIDDLE, ": p l o t space B U S _ V space B U S _ A enter", {}),
    ("params", "live", SMALL, "", {"depth": "sixteen"}),
    ("params", "live", SMALL, "", {"depth": "none"}),
    ("alarms", "live", MIDDLE, "", {"depth": "none", "glyphs": "ascii"}),
    ("alarms", "sim/demo", SMALL, "", {"depth": "sixteen", "glyphs": "ascii"}),
    ("links", "live", MIDDLE, "", {"depth": "none", "glyphs": "ascii"}),
    ("plot", "live", SMALL, ": p l o t space B U S _ V enter", {"glyphs": "ascii"}),
]


def _name(page, realm, size, keys, more):
    pressed = {"": "", "j j": "moved", "space space": "marked", "s": "shelve", "A": "ask"}
    pressed |= {"?": "keys", "a": "refused", "tab": "stages"}
    what = pressed.get(keys, "two" if "A" in keys else "one")
    parts = [page, realm.split("/")[0], f"{size[0]}x{size[1]}", what, *more.values()]
    return "-".join(part for part in parts if part)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: _name(*screen))
async def test_the_screen_looks_as_it_did(screen):
    """Text, colours and attributes of every cell."""
    page, realm, size, keys, more = screen
    async with running(realm, size, page=page, **more) as it:
        if keys:
            await it.press(*keys.split())
        await it.settle(2)
        golden(it.app, _name(*screen))


async def test_a_lost_station_looks_as_it_did():
    """The banner says so in a style of its own, all that is known is stale."""
    async with running("live", MIDDLE, page="params") as it:
        it.feed.connected = False
        it.clock.go(75)
        await it.settle(2)
        golden(it.app, "params-live-120x36-lost")


async def test_no_color_is_taken_from_the_environment_and_leaves_no_colour(monkeypatch):
    """NO_COLOR (no-color.org): no cell has a colour, and severities differ by sign and weight."""
    from tests.ground.console import strips

    monkeypatch.setenv("NO_COLOR", "1")
    async with running(page="alarms", feed=FakeFeed("sim/demo"), depth=None) as it:
        assert it.app.palette.depth == "none"
        segments = [each for line in strips.strips(it.app) for each in line]
        colours = {style.color for style in (each.style for each in segments) if style}
        colours |= {style.bgcolor for style in (each.style for each in segments) if style}
        assert all(colour is None or colour.is_default for colour in colours)
        signs = [line[1] for line in it.lines[5:] if "/CG1/" in line]
        assert signs == ["▼", "◆", "◆", "■", "■"]
