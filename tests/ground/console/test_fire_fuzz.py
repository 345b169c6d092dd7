"""What must be pressed before a command is sent, whatever else is pressed around it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground import messages
from tests.ground.console.running import running

_TARGET = list("CG-1")
_COMPOSE = {
    "card": [">", *"card_power CG-1 card=3 power=ON".replace(" ", "~"), "enter"],
    "boot": [">", *"boot CG-1".replace(" ", "~"), "enter"],
}
_STEPS = ("f5", "f7", "name", "enter", "f9", "f10")
_OTHERS = ("escape", "ctrl+g", "tab", "5", "6", "f6", "n", "v", "j", "card", "boot", "x", "A", "e")
_NEEDED = ["f7", *_TARGET, "enter", "f9", "f10"]
# mostly the right way, with anything else thrown in or left out
_PIECES = st.lists(st.sampled_from((*_STEPS, *_STEPS, *_OTHERS)), max_size=10)
_WAYS = st.one_of(
    _PIECES,
    st.tuples(
        st.sampled_from(list(_COMPOSE)), st.lists(st.booleans(), min_size=6, max_size=6), _PIECES
    ).map(lambda way: [way[0], *(s for s, on in zip(_STEPS, way[1], strict=True) if on), *way[2]]),
)


def _keys(piece):
    keys = _COMPOSE.get(piece) or (_TARGET if piece == "name" else [piece])
    return ["space" if key == "~" else key for key in keys]


def _holds(keys, needed):
    """Whether the needed keys were pressed in this order, others between them or not."""
    left = iter(keys)
    return all(key in left for key in needed)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=_WAYS)
def test_nothing_is_fired_without_arm_name_load_and_fire(pieces):
    """Since the last time it was made safe or another page was shown."""
    asyncio.run(_pressed("live", pieces))


def test_the_right_way_fires():
    """Without a sheet what is not hazardous, with its target's name what is."""
    way = ["f5", "f7", "name", "enter", "f9", "f10"]
    assert asyncio.run(_pressed("live", ["card", *way])) == 1
    assert asyncio.run(_pressed("live", ["boot", *way, "name", "enter"])) == 1


@pytest.mark.parametrize("left_out", range(1, 9))
def test_without_any_step_of_the_way_nothing_is_fired(left_out):
    """Each by itself, of the way of a hazardous command."""
    way = ["boot", "f5", "f7", "name", "enter", "f9", "f10", "name", "enter"]
    assert asyncio.run(_pressed("live", [*way[:left_out], *way[left_out + 1 :]])) == 0


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=_WAYS)
def test_in_a_replay_nothing_about_commands_is_ever_sent(pieces):
    """Not even a dry run, or a question."""
    asyncio.run(_pressed("replay/7", ["card", "f5", "f7", "name", "enter", "f9", "f10", *pieces]))


async def _pressed(realm, pieces):
    """Press piece by piece; return how many commands were fired."""
    async with running(realm, (80, 24), page="cmd") as it:
        since = []
        for piece in pieces:
            before = len(it.feed.fired)
            await it.press(*_keys(piece))
            since += _keys(piece)
            assert realm.upper() in it.lines[0]
            assert "ALARMS" in it.lines[1]
            if len(it.feed.fired) > before:
                assert _holds(since, _NEEDED), since
            if piece == "ctrl+g" or it.app.page.NAME != "cmd":
                since = []
        if realm.startswith("replay"):
            asked = {type(each) for each in it.feed.sent}
            assert not asked & {
                *(messages.SendCommand, messages.ApproveCommand, messages.ControlCommand),
                *(messages.ControlAuthority, messages.DescribeCommands, messages.PlanRoute),
            }
        return len(it.feed.fired)
