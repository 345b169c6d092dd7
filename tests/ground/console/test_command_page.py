"""The command page: from a name to what is fired, and everything that lets go on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ground import messages
from ground.messages import AuthorityRow
from tests.ground.console.fake import NOW, SECOND, FakeFeed
from tests.ground.console.fake_commanding import FakeCommanding, route
from tests.ground.console.running import running

CARD = "card_power CG-1 card=3 power=OFF"
XFEED = "bus_xfeed CG-1 state=ON"


async def _compose(it, text=CARD):
    await it.press(">")
    await it.press("backspace", *["backspace"] * len(it.app.pages["cmd"].composer.entry.value))
    await it.type(text)
    await it.press("enter")


async def _arm(it, target="CG-1"):
    await it.press("f7")
    await it.type(target)
    await it.press("enter")


async def _load(it, text=CARD):
    await _compose(it, text)
    await it.press("f5")
    await _arm(it)
    await it.press("f9")


async def _wait(it, seconds):
    """Let time go while the station is heard."""
    for _ in range(seconds // 4):
        it.clock.go(4)
        await it.settle()


async def test_a_command_is_composed_judged_armed_loaded_and_fired():
    """What the server gets is what was loaded, with the expiry that the station gave it."""
    async with running(page="cmd") as it:
        await _compose(it)
        await it.press("f5")
        assert "would be taken" in it.screen
        assert "KASHI > GEO-1 > CG-1" in it.screen
        assert "● LCT locked" in it.screen
        await _arm(it)
        assert "LIVE ▶ ARMED" in it.lines[0]
        assert "ARMED 120s" in it.lines[3]
        await it.press("f9")
        assert "F10 fires exactly this" in it.screen
        assert it.feed.fired == []
        await it.press("f10")
        (sent,) = it.feed.fired
        assert sent.command == "/CG1/DC/CARD_POWER"
        assert sent.arguments == {"card": "3", "power": "OFF"}
        assert sent.expires_ns == NOW + 3600 * SECOND
        assert sent.request != next(
            each.request for each in it.feed.sent if isinstance(each, messages.SendCommand)
        )
        assert "QUEUE 4" in it.screen
        await it.press("f10")
        assert len(it.feed.fired) == 1
        assert "nothing is loaded" in it.lines[-1]


async def test_form_and_line_are_two_views_of_one_command():
    """A value typed in the form stands in the line, and the other way round."""
    async with running(page="cmd") as it:
        await it.press("enter")
        await it.type("cpow")
        assert "CARD_POWER" in it.screen
        await it.press("enter")
        await it.press("j", "enter")
        await it.type("7")
        await it.press("enter")
        await it.press("enter")
        await it.press("down", "down", "enter")
        draft = it.app.pages["cmd"].draft
        assert draft.arguments == {"card": "7", "power": "ON"}
        assert "> CARD_POWER CG-1 card=7 power=ON" in it.lines[4]
        await it.press(">")
        await it.type("--hold=yes")
        assert it.app.pages["cmd"].draft.options == {"hold": "yes"}
        await it.press("escape")
        assert "power=ON --hold=yes" in it.lines[4]


async def test_each_keystroke_is_judged_by_the_rows_of_the_arguments():
    """While it is typed; the station judges at F5 all the same."""
    async with running(page="cmd") as it:
        await it.press(">")
        await it.type("card_power CG-1 card=51")
        assert "above" not in it.screen
        await it.type("3")
        assert "above 512" in it.screen
        await it.type(" power=o")
        assert "not yet" in it.screen
        await it.press("tab", "escape", "f5")
        (asked,) = [each for each in it.feed.sent if isinstance(each, messages.SendCommand)]
        assert asked.dry_run
        assert asked.arguments == {"card": "513", "power": "off"}


async def test_nothing_is_loaded_that_was_not_armed_or_not_validated_as_it_is():
    """Each step says what is missing; a refused dry run has no packet to load."""
    async with running(page="cmd") as it:
        await _compose(it)
        await it.press("f10")
        assert "nothing is loaded" in it.lines[-1]
        await it.press("f9")
        assert "not armed" in it.lines[-1]
        await _arm(it)
        await it.press("f9")
        assert "not validated" in it.lines[-1]
        await it.press("f5")
        await _wait(it, 100)
        await it.press("j")
        await _wait(it, 24)
        await it.press("f9")
        assert "two minutes ago" in it.lines[-1]
        assert it.feed.fired == []


async def test_another_name_does_not_arm():
    """The sheet stays and says so; case counts."""
    async with running(page="cmd") as it:
        await _arm(it, "CG-2")
        assert "is not CG-1" in it.screen
        await it.press("escape")
        await _arm(it, "cg-1")
        assert not it.app.desk.arming.armed


async def test_an_edit_unloads_what_was_loaded():
    """By form or line; what is fired is never what is merely shown."""
    async with running(page="cmd") as it:
        await _load(it)
        await it.press("j", "j", "enter")
        await it.type("4")
        await it.press("enter")
        await it.press("f10")
        assert it.feed.fired == []
        assert it.app.desk.arming.armed
        assert it.app.desk.arming.loaded is None


@pytest.mark.parametrize(
    "how", ["ctrl+g", "page", "authority", "route", "time", "blur", "lost", "target"]
)
async def test_it_lets_go_when_anything_under_it_changes(how):
    """Nothing can be fired after it, and the banner is blue again."""
    async with running(page="cmd") as it:
        await _load(it)
        service = it.feed.commanding
        if how == "ctrl+g":
            await it.press("ctrl+g")
        elif how == "page":
            await it.press("5", "6")
        elif how == "authority":
            taken = AuthorityRow("CG-1", "l.wang", NOW, NOW + SECOND, "")
            it.feed.say(messages.AuthorityChanged([taken]))
        elif how == "route":
            service.routes = [route("KASHI", "CG-1")]
            it.clock.go(6)
        elif how == "time":
            await _wait(it, 124)
        elif how == "blur":
            it.app.on_app_blur()
            await _wait(it, 64)
        elif how == "lost":
            it.feed.connected = False
        else:
            await _compose(it, "ping CG-2")
        await it.settle(2)
        assert "ARMED" not in it.lines[0]
        it.feed.connected = True
        await it.press("f10", "enter")
        assert it.feed.fired == []


async def test_ctrl_g_leaves_a_sheet_that_asks_to_fire():
    """Whatever has the focus; the stack holds."""
    async with running(page="cmd") as it:
        await _load(it, XFEED)
        await it.press("f10")
        await it.type("CG-1")
        await it.press("ctrl+g", "enter")
        assert not it.app.sheet.is_open
        assert it.feed.fired == []


async def test_a_sheet_to_fire_closes_when_what_it_asks_about_is_gone():
    """The authority went while the name was typed."""
    async with running(page="cmd") as it:
        await _load(it, XFEED)
        await it.press("f10")
        it.feed.say(messages.AuthorityChanged([AuthorityRow("CG-1", "", 0, 0, "")]))
        await it.settle(2)
        assert not it.app.sheet.is_open
        await it.type("CG-1")
        await it.press("enter")
        assert it.feed.fired == []


@pytest.mark.parametrize("text", [XFEED, "boot CG-1"])
async def test_a_hazardous_command_wants_its_targets_name(text):
    """H1 and H2 alike; what was typed goes with it."""
    async with running(page="cmd") as it:
        await _load(it, text)
        await it.press("f10", "enter")
        assert it.feed.fired == []
        assert "is needed" in it.screen
        await it.type("CG-1")
        await it.press("enter")
        (sent,) = it.feed.fired
        assert sent.typed == "CG-1"


async def test_a_second_person_approves_the_same_sha_on_another_console():
    """The author is refused by the server; the other sees the very sha that was loaded."""
    service = FakeCommanding("a.chen")
    service.rows = []
    one = FakeFeed(commanding=service)
    other = FakeFeed(user="l.wang", commanding=service)
    async with running(page="cmd", feed=one) as author:
        await _load(author, XFEED)
        sha = author.app.desk.arming.loaded.command.sha256
        await author.press("f10")
        await author.type("CG-1")
        await author.press("enter")
        assert "NEEDS approval" in author.screen
        await author.press("tab", "A")
        await author.type("CG-1")
        await author.press("enter")
        await author.settle(2)
        assert "REFUSED: the author cannot approve" in author.lines[-1]
        async with running(page="cmd", feed=other) as second:
            assert "1 NEED APPROVAL" in second.screen
            await second.press("tab", "A")
            assert sha in second.screen
            await second.type("CG-1")
            await second.press("enter")
            await second.settle(2)
        await author.settle(2)
        assert "NEED APPROVAL" not in author.screen
        assert next(iter(author.app.desk.orders.rows.values())).approver == "l.wang"


async def test_a_duplicate_is_refused_and_may_be_repeated_on_a_sheet():
    """The server refuses; the same command goes again only with `repeat`, under a new number."""
    async with running(page="cmd") as it:
        it.feed.commanding.refusal = "the same command went 8 s ago; repeat it if it is meant"
        await _load(it)
        await it.press("f10")
        await it.settle(2)
        assert "REPEAT it" in it.screen
        await it.press("escape")
        await it.press("f10")
        await it.settle(2)
        await it.press("down", "enter")
        await it.settle(2)
        sent = it.feed.fired
        assert [each.repeat for each in sent] == [False, False, True]
        assert len({each.request for each in sent}) == 3
        assert it.app.desk.arming.loaded is None


async def test_what_may_have_been_lost_is_sent_again_under_the_same_number():
    """The server takes a number once: firing again cannot execute it twice."""
    async with running(page="cmd") as it:
        await _load(it)
        it.feed.commanding.silent = True
        await it.press("f10", "f10")
        assert "waiting for the station" in it.lines[-1]
        assert len(it.feed.fired) == 1
        it.clock.go(6)
        await it.press("f10")
        assert len(it.feed.fired) == 2
        assert it.feed.fired[0] == it.feed.fired[1]


async def test_the_stack_steps_by_its_rules_and_sends_nothing_by_itself():
    """Two items; the second waits until the first completed."""
    async with running(page="cmd") as it:
        await _compose(it)
        await it.press("f6")
        await _compose(it, "ping CG-1")
        await it.press("f6")
        await it.press("tab", "j", "r", "r", "r", "n")
        assert "after" in it.screen
        assert it.app.pages["cmd"].composer.item == 1
        await _arm(it)
        await it.press("f9", "f10")
        await it.settle(2)
        (sent,) = it.feed.fired
        await it.press("n")
        assert "not completed yet" in it.lines[-1]
        row = it.app.desk.orders.rows["c8"]
        assert row.path == sent.command
        done = messages.StepRow("COMPLETED", NOW + SECOND)
        it.feed.commanding.changed(replace(row, state="COMPLETED", steps=[*row.steps, done]))
        await it.settle(2)
        await it.press("n")
        await it.press("f9", "f10")
        await it.settle(2)
        assert [each.command for each in it.feed.fired][1:] == ["/CG1/OBSW/PING"]


async def test_a_running_stack_brings_the_next_item_and_leaves_firing_to_people():
    """S runs it; ctrl+g has it hold."""
    async with running(page="cmd") as it:
        await _compose(it)
        await it.press("f6", "tab", "S")
        await it.settle(3)
        assert it.app.pages["cmd"].composer.item == 1
        assert "STACK 1 RUN" in it.screen
        assert it.feed.fired == []
        await it.press("ctrl+g")
        assert "STACK 1 HOLD" in it.screen


@pytest.mark.parametrize(
    ("key", "act", "typed"),
    [("H", "hold", ""), ("R", "release", ""), ("F", "first", ""), ("x", "cancel", "not needed")],
)
async def test_a_command_in_the_queue_is_controlled_by_a_sheet(key, act, typed):
    """Held, released, put first, cancelled with a reason; escape sends nothing."""
    async with running(page="cmd") as it:
        await it.press("tab", "j", key, "escape")
        assert it.feed.acts == []
        assert "cancelled, nothing was sent" in it.lines[-1]
        await it.press(key)
        await it.type(typed)
        await it.press("enter")
        (sent,) = it.feed.acts
        assert (sent.act, sent.reason) == (act, typed)
        assert sent.command == it.feed.commanding.rows[4].id


async def test_priority_is_chosen_on_a_sheet():
    """0 to 3."""
    async with running(page="cmd") as it:
        await it.press("tab", "p", "down", "down", "enter")
        assert (it.feed.acts[0].act, it.feed.acts[0].value) == ("priority", 2)


async def test_every_step_of_a_command_is_told_with_its_time():
    """Relay by relay; escape goes back to the list, then to the page before."""
    async with running(page="cmd") as it:
        await it.press("v", "tab", "G", "enter")
        for told in ("GW_ACK", "RELAY_RECEIVED", "GEO-1 7f", "FARM_ACK", "+9.000", "sha256"):
            assert told in it.screen, told
        await it.press("escape")
        assert "every step" not in it.screen
        assert it.app.page.NAME == "cmd"


async def test_an_authority_changes_hands_by_a_sheet():
    """Taken, given, accepted, dropped."""
    async with running(page="cmd") as it:
        for typed in ("auth take CG-2", "auth give l.wang CG-1", "auth accept CG-2", "auth drop"):
            await it.command(typed)
            await it.press("enter")
        acts = [(each.spacecraft, each.act, each.to) for each in it.feed.acts]
        assert acts == [
            *[("CG-2", "take", ""), ("CG-1", "give", "l.wang")],
            *[("CG-2", "accept", ""), ("CG-1", "drop", "")],
        ]


async def test_without_authority_nothing_is_armed():
    """It says with whom it is, and how to take it."""
    async with running(page="cmd") as it:
        await _compose(it, "ping CG-2")
        await it.press("f7")
        assert "with l.wang: :auth take CG-2" in it.lines[-1]
        assert "auth: CG-2 l.wang offered to you" in it.lines[0]


@pytest.mark.parametrize(("realm", "may"), [("replay/7", ["send"]), ("live", ["list", "approve"])])
async def test_who_may_not_send_has_no_form_and_is_told_why(realm, may):
    """In a replay whoever it is; elsewhere a user without the verb."""
    service = FakeCommanding("a.chen")
    service.may = may
    async with running(realm, page="cmd", feed=FakeFeed(realm, commanding=service)) as it:
        assert "NO COMMANDS" in it.screen
        assert "--expires" not in it.screen
        why = "REPLAY" if realm.startswith("replay") else "may not send to CG-1"
        assert why in it.screen
        for key in ("f5", "f6", "f7", "f9", "f10"):
            await it.press(key)
            assert why in it.lines[-1] or "nothing is loaded" in it.lines[-1]
        assert not any(isinstance(each, messages.SendCommand) for each in it.feed.sent)


async def test_it_quits_only_when_it_is_safe():
    """By :q or ctrl+x ctrl+c."""
    async with running(page="cmd") as it:
        await _arm(it)
        await it.command("q")
        await it.press("ctrl+x", "ctrl+c")
        assert it.app.is_running
        assert "ctrl+g first" in it.lines[-1]
        await it.press("ctrl+g")
        await it.press("ctrl+x", "ctrl+c")
        assert it.app._exit


async def test_a_command_that_was_sent_comes_back_into_the_form_and_is_not_sent():
    """With its arguments, to be changed."""
    async with running(page="cmd") as it:
        await it.press("tab", "e")
        assert "> CARD_POWER CG-1 card=4 power=OFF" in it.lines[4]
        assert not any(isinstance(each, messages.SendCommand) for each in it.feed.sent)


async def test_a_station_without_a_command_service_says_so():
    """The page has what it can have: nothing."""
    service = FakeCommanding("a.chen")
    service.answered = lambda request, user: (
        messages.Answered(False, "commanding: does not run")
        if isinstance(request, messages.ReadAuthority | messages.DescribeCommands)
        else None
    )
    async with running(page="cmd", feed=FakeFeed(commanding=service)) as it:
        assert "commanding: does not run" in it.lines[3]
        assert "REFUSED" not in it.lines[-1]
