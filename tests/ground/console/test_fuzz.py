"""Any keys in any order: no crash, the banner stays, and no act without its confirmation."""

from __future__ import annotations

import asyncio
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground import messages
from tests.ground.console.running import running

_KEYS = (
    *"234567890aAsuCnpPoxhjklgGq?:/!*.<>+-=tzvieHRFrJKS",
    *("enter", "escape", "tab", "shift+tab", "up", "down", "left", "right", "space"),
    *("backspace", "pagedown", "pageup", "home", "end", "ctrl+x", "ctrl+d", "ctrl+u", "f1"),
    *("f5", "f6", "f7", "f9", "f10", "ctrl+g"),
)
_PIECES = st.one_of(
    st.sampled_from(_KEYS).map(lambda key: [key]),
    st.sampled_from(
        ["5 s z enter", "5 A enter", "5 a escape enter", ": a enter a", "/ v enter"]
    ).map(str.split),
)
# what sends without a sheet: moving a replay, which harms nothing and can be moved back
_FREE = {"pause", "resume", "step", "rate", "seek", "loop"}


@pytest.mark.parametrize("realm", ["live", "sim/demo", "replay/7"])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(chunks=st.lists(st.lists(_PIECES, max_size=8).map(lambda each: [*chain(*each)]), max_size=3))
def test_any_keys_leave_the_banner_and_send_nothing_unconfirmed(realm, chunks):
    """Typed as fast as can be; in a replay no act on alarms is ever sent."""
    asyncio.run(_pressed(realm, chunks))


async def _pressed(realm, chunks):
    async with running(realm, (80, 24)) as it:
        confirming = _watched(it)
        for chunk in chunks:
            await it.press(*chunk)
            if it.app._exit:
                break
            assert realm.upper() in it.lines[0]
            assert "ALARMS" in it.lines[1]
        assert it.feed.fired == []
        acts = [each for each in it.feed.acts if getattr(each, "act", "") not in _FREE]
        assert acts == confirming
        assert len(acts) <= sum(chunk.count("enter") for chunk in chunks)
        moved = [isinstance(each, messages.ControlReplay) for each in it.feed.acts]
        assert all(moved) if realm.startswith("replay") else not any(moved)


def _watched(it):
    """Return the list of acts that were sent while a confirmation was being carried out."""
    inside, found = [], []
    confirmed, send = it.app.actions.confirmed, it.feed.send

    def confirming(question, choice, text):
        inside.append(question)
        confirmed(question, choice, text)
        inside.clear()

    def sending(request):
        if inside:
            found.append(request)
        return send(request)

    it.app.actions.confirmed, it.feed.send = confirming, sending
    return found


async def test_enter_alone_never_confirms_what_needs_a_reason():
    """Whatever is pressed before, an empty reason shelves nothing."""
    async with running(page="alarms") as it:
        await it.press("s", "enter", "enter", "down", "enter", "escape", "enter")
        assert it.feed.acts == []
