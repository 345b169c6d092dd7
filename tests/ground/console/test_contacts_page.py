"""The contacts page: the timeline, its arithmetic, and how one moves through time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from ground import messages
from ground.console.palette import ASCII, ASTRO, GLYPHS
from ground.console.view import timeline
from ground.console.view.timeline import LABEL, Handover, Scene
from ground.messages import ContactRow
from tests.ground.console.fake import NOW
from tests.ground.console.fake_commanding import MINUTE, contacts, route
from tests.ground.console.running import running


def _row(source, target, first, last):
    return ContactRow(source, target, NOW + first, NOW + last, 1.0, 0, "visible", 0.0)


def _bar(rows, cells, span, hops=(), glyphs=ASTRO):
    scene = Scene(rows, hops, "B", NOW, NOW + span, NOW - 1)
    line = timeline.draw(scene, LABEL + cells, 5, glyphs)[1]
    return "".join(run.text for run in line)[LABEL:]


def test_a_bar_covers_the_cells_of_its_contact_by_halves():
    """Worked out by hand: 10 cells of 2 ns; 3..8 is half of cell 1, cells 2 and 3."""
    assert _bar([_row("A", "B", 3, 8)], 10, 20) == " ░▒▒      "
    assert _bar([_row("A", "B", 4, 9)], 10, 20) == "  ▒▒░     "
    assert _bar([_row("A", "B", -50, 90)], 10, 20) == "▒" * 10
    assert _bar([_row("A", "B", 4, 9)], 10, 20, glyphs=ASCII) == "  ==-     "


def test_what_a_command_would_take_is_drawn_otherwise_without_colours_too():
    """The contact of a hop, not the next one of the same link."""
    hops = [messages.HopRow("A", "B", NOW + 4, NOW + 8, 1.0, 0)]
    rows = [_row("A", "B", 4, 8), _row("A", "B", 12, 16)]
    assert _bar(rows, 10, 20, hops) == "  ██  ▒▒  "
    assert _bar(rows, 10, 20, hops, ASCII) == "  ##  ==  "


def test_handovers_follow_who_stays_longest():
    """By hand: GEO-1 to +7, GEO-2 to +31, nobody to +42, KASHI to +51, nobody to +60, GEO-1."""
    found = timeline.handovers(contacts(), "CG-1", NOW)
    told = [((each.t_ns - NOW) // MINUTE, each.source, each.next) for each in found]
    assert told == [
        *[(0, "", "GEO-1"), (7, "GEO-1", "GEO-2"), (31, "GEO-2", ""), (42, "", "KASHI")],
        *[(51, "KASHI", ""), (60, "", "GEO-1")],
    ]
    assert timeline.handovers([], "CG-1", NOW) == []
    both = [_row("A", "B", -5, 9), _row("C", "B", -5, 20)]
    assert [each.next for each in timeline.handovers(both, "B", NOW)] == ["C"]
    assert [each.next for each in timeline.handovers(both, "B", NOW, "A")] == ["A", "C"]
    later = [_row("A", "B", 5, 9)]
    assert timeline.handovers(later, "B", NOW) == [
        *[Handover(NOW, "", ""), Handover(NOW + 5, "", "A")]
    ]


_SPANS = st.tuples(st.integers(-(10**12), 10**13), st.integers(1, 10**13))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("BCD"), _SPANS), max_size=12),
    st.integers(5, 120),
    st.integers(1, 20),
    st.sampled_from(["astro", "ascii"]),
    st.integers(MINUTE, 10**13),
)
def test_any_plan_draws_in_its_room(rows, cells, height, glyphs, span):
    """Lines and cells, whatever the contacts; handovers go forward in time."""
    made = [_row(a, b, begin, begin + last) for a, b, (begin, last) in rows]
    scene = Scene(made, route("A", "B").hops, "B", NOW, NOW + span, NOW + span // 3)
    lines = timeline.draw(scene, cells, height, GLYPHS[glyphs])
    assert len(lines) <= height
    assert {sum(cell_len(run.text) for run in line) for line in lines} == {cells}
    times = [each.t_ns for each in timeline.handovers(made, "B", NOW)]
    assert times == sorted(times)


async def test_the_page_tells_the_way_the_handovers_and_what_is_doubtful():
    """Old elements and the eclipse are told by the plan."""
    async with running(page="contacts") as it:
        assert "way KASHI > GEO-1 > CG-1, open for 6m12s" in it.screen
        assert "06:43:10Z GEO-2" in it.screen
        assert "CG-1 eclipse 06:58:10Z to 07:19:02Z" in it.screen
        assert "now" in it.screen
        assert [line[1] for line in it.lines if " visible " in line or " booked " in line] == [
            *"▶●▶···"
        ]


async def test_it_zooms_and_pans_and_follows_now_again():
    """Each asks for the contacts of its own time."""
    async with running(page="contacts") as it:
        await it.press("+")
        assert " 1 h: " in it.screen
        await it.press("-", "-", "l")
        assert " 6 h from " in it.screen
        asked = [each for each in it.feed.sent if isinstance(each, messages.PlanContacts)]
        assert asked[-1].end_ns - asked[-1].start_ns == 360 * MINUTE
        assert asked[-1].start_ns > NOW
        await it.press("n")
        assert " 6 h: " in it.screen
        await it.press("h", "h")
        assert " 6 h from " in it.screen


async def test_a_filter_leaves_the_links_of_a_name():
    """In bars and table."""
    async with running(page="contacts") as it:
        await it.type("/GEO-2")
        await it.press("enter")
        assert "2 of 6 contacts" in it.screen
        assert "GEO-1 > CG-1 " not in it.screen.replace("way KASHI > GEO-1 > CG-1", "")


async def test_in_a_replay_there_is_no_plan_and_it_says_why():
    """Contacts are planned for now."""
    async with running("replay/7", page="contacts") as it:
        assert "a record has none" in it.screen
        assert not any(isinstance(each, messages.PlanContacts) for each in it.feed.sent)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 50)])
async def test_it_fits_terminals_of_any_size(size):
    """The head stays."""
    async with running(page="contacts", size=size) as it:
        assert " LIVE " in it.lines[0]
        assert "ALARMS" in it.lines[1]
