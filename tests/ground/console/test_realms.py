"""Realm, connection and replay: what the operator must never mistake."""

from __future__ import annotations

import dataclasses

import pytest

from ground import messages
from tests.ground.console.fake import NOW, SECOND
from tests.ground.console.running import running


@pytest.mark.parametrize(
    ("realm", "text", "pattern", "band"),
    [
        ("live", " LIVE ", "", "#005faf"),
        ("sim/demo", " SIM/DEMO ", "▒▒", "#00875f"),
        ("replay/7", " REPLAY/7 ", "◀◀", "#875f00"),
        ("egse", " EGSE ", "░░", "#5f5f5f"),
    ],
)
async def test_the_banner_carries_the_realm_by_text_pattern_and_colour(realm, text, pattern, band):
    """On every page, and whatever is open below."""
    from tests.ground.console import strips

    async with running(realm) as it:
        for keys in ("2", "5", "?", "escape", ":"):
            await it.press(keys)
            assert text in it.lines[0]
            assert pattern in it.lines[0][:4]
            first = next(iter(strips.strips(it.app)[0]))
            assert first.style.bgcolor.name == band


async def test_the_head_is_covered_by_nothing_in_the_smallest_terminal():
    """A sheet of twenty lines takes room from the page alone."""
    async with running(page="alarms", size=(60, 12)) as it:
        await it.press("?")
        assert " LIVE " in it.lines[0]
        assert " ALARMS " in it.lines[1]
        assert " 5 Alarms " in it.lines[2]


async def test_a_lost_connection_is_told_with_its_age_and_everything_is_stale():
    """Values, alarm bar and fleet; no green is left."""
    async with running(page="params") as it:
        it.feed.connected = False
        it.clock.go(12)
        await it.settle()
        assert "NO STATION for 12s" in it.lines[0]
        assert " LIVE " in it.lines[0]
        assert "ALARMS?" in it.lines[1]
        assert {line[1] for line in it.lines if "/CG1/" in line[:20]} == {"?"}
        await it.press("2")
        assert {line[1] for line in it.lines if " CG-" in line[:10]} == {"?"}


async def test_it_recovers_by_itself_and_asks_for_everything_anew():
    """Description, alarms, events and what is watched, under a new number."""
    async with running(page="params") as it:
        number = it.app.desk.model.viewport
        it.feed.connected = False
        it.clock.go(12)
        await it.settle()
        it.feed.sent.clear()
        it.feed.connected = True
        await it.settle(3)
        assert "NO STATION" not in it.lines[0]
        assert "?" not in {line[1] for line in it.lines if "/CG1/" in line[:20]}
        kinds = {type(each) for each in it.feed.sent}
        assert {messages.DescribeMission, messages.ListAlarms, messages.ListEvents} <= kinds
        assert it.app.desk.model.viewport > number


async def test_a_station_that_is_connected_and_says_nothing_counts_as_lost():
    """After five seconds of silence; a word is enough to come back."""
    async with running(page="params") as it:
        it.feed.mute = True
        it.clock.go(6)
        await it.settle()
        assert "NO STATION for 6s" in it.lines[0]
        it.feed.mute = False
        it.clock.go(1)
        await it.settle(3)
        assert "NO STATION" not in it.lines[0]
        assert "?" not in {line[1] for line in it.lines if "/CG1/" in line[:20]}


async def test_a_replay_has_a_bar_data_time_and_its_own_ages():
    """Ages count to where the replay is, the wall clock stays visible."""
    async with running("replay/7", page="params") as it:
        assert "data 2026-11-22 05:36:10Z" in it.lines[0]
        assert "06:36:10Z" in it.lines[0]
        assert "playing x4 2026-11-22 05:36:10Z" in it.lines[3]
        assert "12.3k packets" in it.lines[3]
        row = next(line for line in it.lines if "BUS_A" in line)
        assert " 2s " in row


async def test_a_replay_is_moved_by_keys_and_commands():
    """Pause, step, speed, seek to a time of its day, loop; stop is asked first."""
    async with running("replay/7") as it:
        await it.press("space", ".", ">", "<")
        await it.command("replay seek 05:10")
        await it.command("replay loop on")
        await it.command("replay rate max")
        acts = [(each.act, each.value) for each in it.feed.acts]
        assert acts == [
            *[("pause", 0.0), ("step", 0.0), ("rate", 5.0), ("rate", 2.0)],
            *[("seek", 0.0), ("loop", 1.0), ("rate", 0.0)],
        ]
        assert it.feed.acts[4].t_ns == NOW - (86 * 60 + 10) * SECOND
        await it.command("replay stop")
        assert "STOP this replay?" in it.screen
        assert len(it.feed.acts) == 7
        await it.press("enter")
        assert it.feed.acts[-1].act == "stop"


async def test_all_cached_values_are_cleared_before_a_seek_is_sent():
    """Nothing of another time stays on the screen, not even for a moment."""
    async with running("replay/7", page="params") as it:
        model = it.app.desk.model
        assert model.values
        seen = []
        send = it.feed.send
        it.feed.send = lambda request: (
            seen.append((type(request), dict(model.values), dict(model.alarms))),
            send(request),
        )[1]
        it.feed.mute = True
        await it.command("replay seek 05:10")
        sought = next(each for each in seen if each[0] is messages.ControlReplay)
        assert sought[1:] == ({}, {})
        assert "20.000" not in it.screen
        assert "▼ 0" in it.lines[1]


async def test_a_jump_that_another_console_made_clears_too():
    """A replay that goes back, or ahead of its rate, was moved: what is known is old."""
    async with running("replay/7", page="params") as it:
        before = it.app.desk.model.cleared
        it.feed.moved = dataclasses.replace(it.feed.moved, t_ns=it.feed.moved.t_ns - 60 * SECOND)
        it.clock.go(1)
        await it.settle(3)
        assert it.app.desk.model.cleared == before + 1
        assert "20.000" in it.screen  # asked for and sent anew


async def test_a_replay_that_plays_on_clears_nothing():
    """Four times real time is no jump."""
    async with running("replay/7") as it:
        for _ in range(5):
            it.clock.go(1)
            it.feed.moved = dataclasses.replace(it.feed.moved, t_ns=it.feed.moved.t_ns + 4 * SECOND)
            await it.settle(1)
        assert it.app.desk.model.cleared == 0


async def test_the_console_has_no_modal_screen_and_no_palette():
    """Both would dim the banner."""
    async with running() as it:
        await it.press("ctrl+p", "ctrl+q", "ctrl+backslash", "f1")
        assert len(it.app.screen_stack) == 1
        assert it.app.is_running


async def test_the_ascii_set_keeps_to_ascii():
    """Where the station's texts are ASCII, so is every cell, sheets and cut texts included."""
    async with running("sim/demo", (80, 24), glyphs="ascii") as it:
        for key in ("2", "3", "7", "9", "?", "escape", "5", "A"):
            await it.press(key)
            lines = [line for line in it.lines if "C" not in line or "°" not in line]
            assert all(line.isascii() for line in lines), lines
