"""Alarms: a list that holds still, and acts that are asked before they are sent."""

from __future__ import annotations

import pytest

from ground import messages
from ground.messages import AlarmRef
from tests.ground.console.fake import NOW, SECOND, FakeFeed, alarm
from tests.ground.console.running import running


def _names(it):
    return [line.split()[3] for line in it.lines[5:-1] if "/CG1/" in line]


async def test_the_worst_that_waits_comes_first_and_what_is_shelved_is_elsewhere():
    """Order: what waits, then severity, then the newest; `:shelved` lists the others."""
    async with running(page="alarms") as it:
        assert _names(it)[:2] == ["/CG1/EPS/BUS_V", "/CG1/TCS/LOOP1_T"]
        assert _names(it)[-1] == "/CG1/EPS/P4"
        assert "/CG1/EPS/P6" not in _names(it)
        await it.command("shelved")
        assert _names(it) == ["/CG1/EPS/P6"]
        assert "z" in it.lines[5][:3]


async def test_new_alarms_wait_and_nothing_moves_until_n_is_pressed():
    """The list holds still under the cursor; the caption counts what waits."""
    async with running(page="alarms") as it:
        await it.press("j")
        before = _names(it)
        new = [alarm(10 + at, severity=3, raised_ns=NOW) for at in range(12)]
        it.feed.alarms += new
        it.feed.say(messages.AlarmsChanged(new))
        await it.settle()
        assert _names(it) == before
        assert "12 new - press n" in it.lines[3]
        assert "▼ 13 [13 new]" in it.lines[1]
        await it.press("n")
        assert len(_names(it)) == 17
        assert "press n" not in it.lines[3]
        assert it.app.page.grid.current.parameter == before[1]


async def test_an_alarm_that_is_over_keeps_its_place_as_gone_and_cannot_be_acted_on():
    """Until n lets go of it."""
    async with running(page="alarms") as it:
        del it.feed.alarms[0]
        it.feed.say(messages.AlarmsChanged([alarm(1, state="normal", version=2)]))
        await it.settle()
        assert "gone" in it.lines[5]
        await it.press("a")
        assert not it.app.sheet.is_open
        assert "no alarm that waits" in it.lines[-1]
        await it.press("n")
        assert "gone" not in it.screen


async def test_an_acknowledgement_is_asked_and_carries_the_version_that_was_seen():
    """The alarm changes while the sheet is open: the act names the older version."""
    async with running(page="alarms") as it:
        await it.press("a")
        assert "LIVE ACKNOWLEDGE 1 alarm?" in it.screen
        it.feed.say(messages.AlarmsChanged([alarm(1, severity=3, version=9)]))
        await it.settle()
        await it.type("seen")
        assert it.feed.acts == []
        await it.press("enter")
        assert it.feed.acts == [messages.AcknowledgeAlarms([AlarmRef("alarm-1", 1)], "seen")]
        assert "acknowledge 1 alarm: done" in it.lines[-1]


async def test_escape_sends_nothing():
    """And says so."""
    async with running(page="alarms") as it:
        await it.press("a", "escape")
        assert it.feed.acts == []
        assert "cancelled, nothing was sent" in it.lines[-1]


async def test_acknowledging_all_takes_those_on_the_screen_and_says_how_many():
    """40 alarms, 16 lines: the question counts what is seen and the act names exactly those."""
    feed = FakeFeed()
    feed.alarms = [alarm(at, severity=1) for at in range(1, 41)]
    async with running(page="alarms", size=(80, 24), feed=feed) as it:
        seen = [row.id for row in it.app.page.grid.seen]
        assert len(seen) == 18
        await it.press("A")
        assert "ACKNOWLEDGE 18 visible alarms?" in it.screen
        await it.press("enter")
        (act,) = it.feed.acts
        assert [each.id for each in act.alarms] == seen


async def test_marked_alarms_are_acted_on_together():
    """Space marks and goes on; * lets go."""
    async with running(page="alarms") as it:
        await it.press("space", "space", "a", "enter")
        assert [each.id for each in it.feed.acts[0].alarms] == ["alarm-1", "alarm-2"]
        await it.press("*")
        assert it.app.page.grid.marks == set()


async def test_shelving_needs_a_duration_and_a_reason():
    """Without a reason nothing is sent; the second choice is an hour from the confirmation."""
    async with running(page="alarms") as it:
        await it.press("s", "enter")
        assert "a reason is needed" in it.screen
        assert it.feed.acts == []
        await it.press("down")
        assert "[1 h]" in it.screen
        await it.type("sensor noisy")
        it.clock.go(4)
        await it.press("enter")
        (act,) = it.feed.acts
        assert act == messages.ShelveAlarms(
            [AlarmRef("alarm-1", 1)], NOW + (4 + 3600) * SECOND, "sensor noisy"
        )


async def test_unshelving_and_clearing_are_asked_too():
    """Only of those that are shelved, or latched and back within limits."""
    async with running(page="alarms") as it:
        await it.press("u")
        assert "not shelved" in it.lines[-1]
        await it.press("j", "j", "C")
        assert "CLEAR 1 latched alarm?" in it.screen
        await it.press("enter")
        await it.command("shelved")
        await it.press("u", "enter")
        cleared, unshelved = it.feed.acts
        assert cleared == messages.ClearAlarms([AlarmRef("alarm-5", 1)])
        assert unshelved == messages.UnshelveAlarms([AlarmRef("alarm-6", 1)])


@pytest.mark.parametrize(
    ("feed", "why"),
    [
        (FakeFeed("replay/1"), "realm REPLAY: these alarms are a record, acts are disabled"),
        (FakeFeed(role="view"), "role view: acts need a key of role operate"),
    ],
)
@pytest.mark.parametrize("key", ["a", "A", "s", "u", "C"])
async def test_acts_that_are_not_allowed_say_why(feed, why, key):
    """No sheet opens, the last line gives the reason."""
    async with running(page="alarms", feed=feed) as it:
        await it.press(key)
        assert why in it.lines[-1]
        assert not it.app.sheet.is_open
        assert feed.acts == []


async def test_a_connection_lost_behind_an_open_sheet_sends_nothing():
    """The act that was asked is refused at the confirmation, with the reason."""
    async with running(page="alarms") as it:
        await it.press("a")
        it.feed.connected = False
        await it.settle()
        await it.press("enter")
        assert it.feed.acts == []
        assert "nothing was sent: the station is not heard" in it.lines[-1]


async def test_a_refusal_of_the_station_is_told():
    """With its reason."""
    async with running(page="alarms") as it:
        it.feed.answer = messages.Answered(False, "changed meanwhile: version 2")
        await it.press("a", "enter")
        assert "acknowledge 1 alarm REFUSED: changed meanwhile: version 2" in it.lines[-1]


async def test_enter_shows_the_parameter_of_an_alarm():
    """On the parameters' page, the cursor on its row, an array's element too."""
    async with running(page="alarms") as it:
        await it.press("j", "j", "j", "enter")
        assert it.app.page.NAME == "params"
        assert it.app.page.grid.current == ("CG-1", "/CG1/DC/TEMP", 3)


async def test_counts_of_the_bar_are_never_capped():
    """A flood is counted whole, and called one."""
    feed = FakeFeed()
    feed.alarms = [alarm(at, severity=1, raised_ns=NOW) for at in range(12_345)]
    async with running(feed=feed) as it:
        assert "■ 12345 [12345 new]" in it.lines[1]
        assert "12345/10min FLOOD" in it.lines[1]


async def test_the_bell_rings_for_a_new_critical_alarm_once_in_ten_seconds():
    """Not for those of less, and not for each of many."""
    rung = []
    async with running() as it:
        it.app.bell = lambda: rung.append(it.clock.now)
        for at in range(3):
            it.feed.say(messages.AlarmsChanged([alarm(50 + at, severity=3)]))
            it.feed.alarms.append(alarm(50 + at, severity=3))
            await it.settle()
        it.clock.go(11)
        it.feed.say(messages.AlarmsChanged([alarm(60, severity=2), alarm(61, severity=1)]))
        await it.settle()
        assert rung == []  # one rang at the start, less than ten seconds ago
        it.feed.say(messages.AlarmsChanged([alarm(70, severity=3)]))
        await it.settle()
        assert len(rung) == 1
