"""Keys, the `:` line, the filter and the ways between pages."""

from __future__ import annotations

import pytest

from ground import messages
from tests.ground.console.running import running


async def test_each_digit_shows_its_page():
    """2 to 0 lead to the pages that the tabs name."""
    async with running() as it:
        wanted = {"3": "sat", "4": "params", "5": "alarms", "7": "links", "9": "plot", "0": "log"}
        for digit, page in {**wanted, "2": "fleet"}.items():
            await it.press(digit)
            assert page == it.app.page.NAME
            assert f" {digit} " in it.lines[2]


async def test_q_alone_does_nothing():
    """A letter that quits elsewhere is no key here."""
    async with running() as it:
        await it.press("q", "Q", "q")
        assert it.app.is_running
        assert it.app.page.NAME == "fleet"


@pytest.mark.parametrize("keys", [":q\r", "\x18\x03"])
async def test_the_command_and_the_chord_quit(keys):
    """`:q` and ctrl+x ctrl+c end the console; ctrl+c alone says how."""
    names = {"\r": "enter", "\x18": "ctrl+x", "\x03": "ctrl+c"}
    async with running() as it:
        await it.press("ctrl+c")
        assert it.app.is_running
        assert "ctrl+x ctrl+c or :q quits" in it.lines[-1]
        for key in keys:
            it.app.post_message(_key(names.get(key, key)))
        for _ in range(20):
            await it._pilot.pause()
            if it.app._exit:
                break
        assert it.app._exit


async def test_letters_typed_fast_behind_a_colon_are_the_command_and_no_keys():
    """`:sat` types s, a, t; none of them shelves, acknowledges or goes anywhere."""
    async with running(page="alarms") as it:
        await it.type(":sat")
        assert it.app.foot.prompt.value == ":sat"
        assert not it.app.sheet.is_open
        await it.press("enter")
        assert it.app.page.NAME == "sat"


async def test_a_key_acts_on_the_row_that_the_keys_before_it_reached():
    """j, j, a without a pause asks about the third alarm."""
    async with running(page="alarms") as it:
        third = it.app.pages["alarms"].roll.rows[3]
        await it.press("j", "j", "j", "a")
        question = it.app.sheet.question
        assert question.make(0, "", 0).alarms == [messages.AlarmRef(third.id, third.version)]


async def test_the_input_keeps_colons_and_slashes():
    """In a command they are text, as in a time."""
    async with running("replay/1") as it:
        await it.type(":replay seek 05:10:00")
        assert it.app.foot.prompt.value == ":replay seek 05:10:00"
        await it.press("escape")
        assert not it.app.foot.prompt.display


async def test_escape_lets_go_of_the_filter_then_goes_back_and_never_quits():
    """One step at a time."""
    async with running() as it:
        await it.press("enter", "enter")
        assert it.app.page.NAME == "params"
        await it.type("/volt")
        await it.press("enter", "escape")
        assert it.app.page.words == ""
        assert it.app.page.NAME == "params"
        await it.press("escape")
        assert it.app.page.NAME == "sat"
        await it.press("escape", "escape", "escape")
        assert it.app.page.NAME == "fleet"
        assert "nothing to go back to" in it.lines[-1]


async def test_the_filter_takes_words_and_refuses_those_behind_a_bang():
    """`/eps !mode` leaves the EPS parameters but MODE; the filter stays when entered."""
    async with running(page="params") as it:
        await it.type("/eps !mode")
        assert "/CG1/EPS/BUS_V" in it.screen
        assert "/CG1/EPS/MODE" not in it.screen
        assert "/CG1/TCS/LOOP1_T" not in it.screen
        await it.press("enter")
        assert "filter: eps !mode" in it.lines[3]
        assert "/CG1/EPS/MODE" not in it.screen
        await it.type("/")
        assert it.app.foot.prompt.value == "/eps !mode"  # to be edited


async def test_tab_completes_and_arrows_walk_through_what_was_typed():
    """Commands, spacecraft and parameters are known; up brings the last line back."""
    async with running() as it:
        await it.type(":par")
        await it.press("tab")
        assert it.app.foot.prompt.value == ":params"
        await it.type(" cg-2")
        await it.press("tab", "enter")
        assert it.app.desk.spacecraft == "CG-2"
        await it.type(":plot batt")
        await it.press("tab")
        assert it.app.foot.prompt.value == ":plot BATT_SOC"
        await it.press("enter")
        assert it.app.desk.plots == [("CG-2", "/CG1/EPS/BATT_SOC", -1)]
        await it.type(":")
        await it.press("up", "up")
        assert it.app.foot.prompt.value == ":params CG-2"
        await it.press("down")
        assert it.app.foot.prompt.value == ":plot BATT_SOC"


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        *[("f", "fleet"), ("sat CG-2", "sat"), ("p", "params"), ("a", "alarms"), ("l", "links")],
        *[("log", "log"), ("plot BUS_V", "plot"), ("services", "services"), ("ool", "alarms")],
    ],
)
async def test_aliases_lead_to_their_pages(typed, page):
    """What is typed behind `:` is short, or the whole name."""
    async with running() as it:
        await it.command(typed)
        assert page == it.app.page.NAME


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nonsense", "no command; expected one of fleet"),
        ("sat CG-9", "no spacecraft here; expected one of CG-1, CG-2, CG-3"),
        ("plot NOWHERE", "no parameter, or more than one"),
        ("rate 10", "expected 1, 2, 5"),
        ("replay pause", "no replay here: the realm is fixed"),
    ],
)
async def test_what_cannot_be_done_says_why(typed, said):
    """The last line tells; nothing changes."""
    async with running() as it:
        await it.command(typed)
        assert said in it.lines[-1]
        assert it.feed.acts == []


async def test_the_question_mark_lists_the_keys_of_the_page():
    """Only those that act here and in this realm."""
    async with running(page="alarms") as it:
        await it.press("?")
        assert "KEYS of Alarms" in it.screen
        assert "acknowledge all visible" in it.screen
        assert "zoom in" not in it.screen
        await it.press("escape")
        assert "KEYS of" not in it.screen


async def test_the_rate_is_chosen_and_falls_to_one_while_nobody_looks():
    """5 Hz on demand; the station is asked for as much; 1 Hz on blur."""
    async with running(page="params") as it:
        await it.command("rate 5")
        assert it.app._timer._interval == pytest.approx(0.2)
        watches = [each for each in it.feed.sent if isinstance(each, messages.WatchViewport)]
        assert watches[-1].rate_hz == 5.0
        it.app.on_app_blur()
        assert it.app._timer._interval == pytest.approx(1.0)
        it.app.on_app_focus()
        assert it.app._timer._interval == pytest.approx(0.2)


def _key(name):
    from textual import events

    return events.Key(name, name if len(name) == 1 else None)
