"""What each page shows, from the messages alone."""

from __future__ import annotations

import dataclasses

import pytest

from ground import messages
from tests.ground.console.fake import NOW, SECOND, FakeFeed
from tests.ground.console.running import running


async def test_the_fleet_shows_each_spacecraft_with_its_standing():
    """Critical, stale though without an alarm, and never heard: three signs."""
    async with running() as it:
        rows = [line for line in it.lines if " CG-" in line[:10]]
        assert [row[1] for row in rows] == ["▼", "?", "·"]
        assert "/CG1/TCS/HK" in rows[1]
        assert rows[0].split()[2:6] == ["5", "3", "1s", "0.2s"]


async def test_opening_goes_from_the_fleet_to_packets_to_parameters_to_a_plot():
    """Enter leads inwards, and the crumbs say where one is."""
    async with running() as it:
        await it.press("enter")
        assert "fleet > CG-1" in it.lines[2]
        await it.press("enter")
        assert it.app.desk.packet_type == "/CG1/EPS/HK"
        assert "fleet > CG-1 > HK" in it.lines[2]
        assert "/CG1/TCS/LOOP1_T" not in it.screen
        await it.press("enter")
        assert it.app.page.NAME == "plot"
        assert it.app.desk.plots == [("CG-1", "/CG1/EPS/BUS_V", -1)]


async def test_parameters_show_value_units_limits_age_raw_and_trend():
    """An array has a row for each element; text from afar is shown, its escapes as such."""
    async with running(page="params", size=(200, 50)) as it:
        row = next(line for line in it.lines[4:] if "BUS_V " in line)
        assert row.split()[:7] == ["▼", "/CG1/EPS/BUS_V", "20.000", "V", "24..30", "2s", "2000"]
        assert "▇▆▅▄▃▂▁" in row
        assert "main bus voltage" in row
        assert "/CG1/DC/TEMP[7]" in it.screen
        assert "evil\\x1b[2Jname" in it.screen
        assert "\x1b" not in it.screen


async def test_only_rows_on_the_screen_and_a_margin_are_watched_under_a_new_number():
    """Scrolling watches others, and ends what was watched before."""
    async with running(page="params", size=(80, 24)) as it:
        watches = [each for each in it.feed.sent if isinstance(each, messages.WatchViewport)]
        assert 18 <= len(watches[-1].rows) <= 30
        await it.press("G")
        watches = [each for each in it.feed.sent if isinstance(each, messages.WatchViewport)]
        assert watches[-1].rows[-1][1] == "/CG1/AOCS/WHEEL_39_SPEED"
        assert watches[-2].rows == []
        assert watches[-1].viewport > watches[-2].viewport


async def test_the_station_stops_sending_rows_when_the_page_is_left():
    """No page with values, no viewport."""
    async with running(page="params") as it:
        await it.press("2")
        watches = [each for each in it.feed.sent if isinstance(each, messages.WatchViewport)]
        assert watches[-1].rows == []


async def test_a_stale_value_has_a_sign_and_a_mark_of_its_own_and_no_green():
    """Stale is a state: `?` and `~`, in whatever severity it was."""
    feed = FakeFeed()
    feed.state = 2
    async with running(page="params", feed=feed) as it:
        rows = [line for line in it.lines if "/CG1/" in line[:20]]
        assert {row[1] for row in rows} == {"?"}
        assert all("~" in row for row in rows)


async def test_a_row_of_which_nothing_came_is_neither_fresh_nor_stale():
    """A dash and the sign of what is off."""
    feed = FakeFeed()
    feed.state = 0
    async with running(page="params", feed=feed) as it:
        row = next(line for line in it.lines if "BUS_A" in line)
        assert row.split()[0] == "·"
        assert "20.000" not in row


async def test_links_show_counters_and_every_sum_is_checked_here():
    """The stage that loses three packets without a reason is named, and the caption shouts."""
    async with running(page="links", size=(120, 36)) as it:
        assert "1 of 3 sums DO NOT ADD UP" in it.lines[3]
        decode = next(line for line in it.lines if " decode " in line)
        assert "✗ +3" in decode
        frames = next(line for line in it.lines if " frames " in line)
        assert "✓ adds up" in frames
        assert "bad crc 21, late 2" in frames
        sanya = next(line for line in it.lines if " sanya " in line)
        assert "down" in sanya
        await it.press("tab", "j")
        assert it.app.page.stages.has_focus
        assert it.app.page.stages.cursor == 1


async def test_services_show_what_waits_and_one_that_went_quiet_is_stale():
    """Queues, cursors and figures; a report older than five seconds is not believed."""
    async with running(page="services", size=(120, 36)) as it:
        assert "hot rows 812" in it.screen
        assert [line[1] for line in it.lines if "4711" in line] == ["●"]
        it.clock.go(6)
        await it.settle()
        assert [line[1] for line in it.lines if "4711" in line] == ["?"]


async def test_the_log_follows_its_end_until_the_cursor_leaves_it():
    """New lines come into view below; above the end nothing moves."""
    async with running(page="log", size=(80, 24)) as it:
        more = [dataclasses.replace(it.feed.events[0], text=f"line {at}") for at in range(40)]
        it.feed.say(messages.EventsRaised(more))
        await it.settle()
        assert "line 39" in it.lines[-2]
        await it.press("k")
        top = it.lines[5]
        it.feed.say(messages.EventsRaised([dataclasses.replace(more[0], text="newest")]))
        await it.settle()
        assert it.lines[5] == top
        assert "newest" not in it.screen
        assert "bad\\x1b[31m text \\x07from 太空" in "\n".join(
            cell.text
            for row in it.feed.events
            for cell in it.app.page.draw(row, it.app.desk.look())
        )


async def test_a_plot_draws_least_to_greatest_limits_and_leaves_gaps():
    """The gap of the fake trend, a tenth of the width, stays empty over the whole height."""
    async with running(page="plot", size=(120, 36)) as it:
        await it.command("plot BUS_V BUS_A")
        await it.settle()
        top = next(at for at, line in enumerate(it.lines) if "/CG1/EPS/BUS_A" in line)
        rows = it.lines[top + 1 : -2]
        gap = range(12 + int(108 * 0.62), 12 + int(108 * 0.69))
        assert all(row[column] == " " for row in rows for column in gap)
        assert any("⣿" in row for row in rows)
        assert any("╌" in line for line in it.lines[5:top])
        assert "limits 22, 24, 30, 32" in it.screen
        asked = [each for each in it.feed.sent if isinstance(each, messages.ReadTrend)]
        assert asked[-1].bins == (120 - 12) * 2


async def test_a_plot_follows_now_until_it_is_moved_and_zooms():
    """Left holds a time, n follows again; + and - change the span."""
    async with running(page="plot") as it:
        await it.command("plot BUS_V")
        await it.press("-", "h")
        assert "15 min (held, n follows now)" in it.lines[3]
        await it.press("n", "+", "+")
        assert "1 min to now" in it.lines[3]


async def test_p_adds_plots_up_to_four_and_drops_none_silently():
    """The fifth takes the place of the first, and the line says how many there are."""
    async with running(page="params") as it:
        for _ in range(5):
            await it.press("p", "j")
        assert len(it.app.desk.plots) == 4
        assert "4 of 4" in it.lines[-1]
        await it.press("P")
        assert [pane.display for pane in it.app.page.panes] == [True] * 4


async def test_the_cursor_stays_on_its_row_when_rows_come_and_go_around_it():
    """A filter that keeps the row keeps the cursor on it."""
    async with running(page="params") as it:
        await it.press("j", "j")
        await it.type("/soc")
        await it.press("enter")
        assert it.app.page.grid.current[1] == "/CG1/EPS/BATT_SOC"
        await it.press("escape")
        assert it.app.page.grid.current[1] == "/CG1/EPS/BATT_SOC"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_no_line_is_wider_or_narrower_than_the_terminal(size):
    """At each size columns adapt; wide characters count twice."""
    from rich.cells import cell_len

    async with running(size=size) as it:
        for digit in "2345790":
            await it.press(digit)
            assert {cell_len(line) for line in it.lines} == {size[0]}
            assert len(it.lines) == size[1]


async def test_ages_grow_with_the_clock_without_a_word_from_the_station():
    """The age of a value counts from its reception to now."""
    async with running(page="params") as it:
        it.feed.mute = True
        it.clock.go(3)
        await it.settle()
        row = next(line for line in it.lines if "BUS_A" in line)
        assert " 5s " in row
        assert it.clock.now % SECOND == 0


async def test_a_plot_of_another_time_follows_its_newest_sample():
    """A recording, or a spacecraft whose clock is ahead: the samples are shown, and it is said."""
    import numpy as np

    async with running(page="plot") as it:
        send = it.feed.viewport

        def older(request):
            message = send(request)
            message.columns["t_ns"] = np.full_like(message.columns["t_ns"], NOW - 86_400 * SECOND)
            return message

        it.feed.viewport = older
        await it.command("plot BUS_V")
        await it.settle(2)
        assert "5 min to the newest sample, 2026-11-21 06:36:10Z" in it.lines[3]
