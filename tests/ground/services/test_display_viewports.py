"""Viewports: what is sent when, to whom, and what those who could not take it learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.messages import ViewportChanged, WatchViewport
from ground.services.display_rows import KEEP_NS
from ground.services.display_values import Values
from ground.services.display_viewports import (
    GONE_NS,
    MOST_CLIENTS,
    MOST_ROWS,
    MOST_VIEWPORTS,
    Viewports,
)
from tests.ground.services.batches import SECOND, batch

V, W = "/A/V", "/A/W"
ROWS = [("A", V, -1), ("A", W, -1), ("B", V, -1)]


class Station:
    """Values and viewports, and a clock that the test moves."""

    def __init__(self) -> None:
        self.values = Values()
        self.viewports = Viewports(self.values)
        self.now = 0
        self.packets = 0

    def packet(self, craft: str, value: int, path: str = V) -> None:
        self.packets += 1
        made = batch([(craft, self.packets)], {f"raw:{path}": [value]}, packet_type=path + "_HK")
        self.values.receive(made, self.now)

    def watch(self, client: bytes = b"c", number: int = 1, rows=ROWS, rate_hz: float = 2.0) -> str:
        return self.viewports.watch(client, WatchViewport(number, rows, rate_hz), self.now)

    def due(self, *, taken: bool = True) -> list[tuple[bytes, ViewportChanged]]:
        updates = self.viewports.expire(self.now)
        for each in updates:
            self.viewports.sent(each, taken)
        return [(each.client, each.message) for each in updates]


@pytest.fixture
def station() -> Station:
    return Station()


def _rows(message: ViewportChanged) -> list[int]:
    return message.columns["row"].tolist()


def test_the_first_update_has_every_row_even_those_without_a_value(station: Station):
    station.packet("A", 7)
    assert station.watch() == ""
    [(client, message)] = station.due()
    assert client == b"c"
    assert _rows(message) == [0, 1, 2]
    assert message.columns["state"].tolist() == [1, 0, 0]
    assert message.raw == ["7", "", ""]
    assert message.columns["number"][0] == 7
    assert np.isnan(message.columns["number"][1:]).all()
    assert message.skipped == 0


def test_only_what_changed_is_sent_and_only_at_the_rate_asked(station: Station):
    station.watch(rate_hz=2.0)
    station.due()
    station.packet("B", 3)
    station.now = SECOND // 2 - 1
    assert station.due() == []
    station.now = SECOND // 2
    [(_, message)] = station.due()
    assert _rows(message) == [2]
    assert (message.raw, message.value) == (["3"], ["3"])
    station.now += SECOND
    assert station.due() == [], "nothing changed"


def test_samples_between_two_updates_are_counted_as_skipped(station: Station):
    station.watch()
    station.packet("A", 1)
    station.due()
    for value in (2, 3, 4):
        station.packet("A", value)
    station.packet("B", 9)
    station.now = SECOND
    [(_, message)] = station.due()
    assert message.raw == ["4", "9"]
    assert message.skipped == 2


def test_a_client_that_takes_nothing_loses_its_own_updates_and_learns_how_many(station: Station):
    station.watch(b"slow")
    station.watch(b"good")
    station.packet("A", 0)
    station.due()
    got = []
    for turn in range(1, 6):
        station.packet("A", turn)
        station.now += SECOND
        for update in station.viewports.expire(station.now):
            station.viewports.sent(update, update.client == b"good")
            got += [update.message.raw] if update.client == b"good" else []
    assert got == [["1"], ["2"], ["3"], ["4"], ["5"]]
    station.now += SECOND
    [(client, message)] = station.due()
    assert (client, message.raw, message.skipped) == (b"slow", ["5"], 4)


def test_renewing_goes_on_from_what_was_sent_last(station: Station):
    station.watch()
    station.packet("A", 0)
    station.due()
    for value in range(1, 11):
        station.packet("A", value)
    station.now = GONE_NS - 1
    assert station.watch() == ""
    [(_, message)] = station.due()
    assert (_rows(message), message.raw, message.skipped) == ([0], ["10"], 9)


def test_a_client_that_leaves_takes_all_its_viewports_along(station: Station):
    station.watch(number=1)
    station.watch(number=2)
    station.watch(b"other")
    station.viewports.leave(b"c", station.now)
    station.viewports.leave(b"stranger", station.now)
    assert (station.viewports.clients, len(station.viewports)) == (1, 1)


def test_a_client_that_went_away_is_forgotten_and_so_is_what_it_watched(station: Station):
    station.watch()
    station.due()
    station.now = GONE_NS
    station.due()
    assert (station.viewports.clients, len(station.viewports)) == (0, 0)
    station.now += KEEP_NS
    station.due()
    assert station.viewports.rows == 0


def test_no_rows_end_a_viewport(station: Station):
    station.watch()
    station.watch(rows=[])
    assert (station.viewports.clients, station.due()) == (0, [])
    station.watch(rows=[])


def test_other_rows_under_the_same_number_replace_them(station: Station):
    station.packet("A", 5)
    station.watch()
    station.due()
    station.watch(rows=[("A", V, -1)])
    [(_, message)] = station.due()
    assert (_rows(message), message.raw) == ([0], ["5"])


def test_two_clients_have_rates_of_their_own(station: Station):
    station.watch(b"slow", rate_hz=1.0)
    station.watch(b"fast", rate_hz=10.0)
    sent = {b"slow": 0, b"fast": 0}
    for step in range(40):
        station.now = step * SECOND // 20
        station.packet("A", step)
        for client, _ in station.due():
            sent[client] += 1
    assert sent == {b"slow": 2, b"fast": 20}


@pytest.mark.parametrize("rate_hz", [1e9, math.inf])
def test_nobody_gets_more_than_ten_updates_a_second(station: Station, rate_hz: float):
    station.watch(rate_hz=rate_hz)
    sent = 0
    for step in range(1000):
        station.now = step * SECOND // 1000
        station.packet("A", step % 200)
        sent += len(station.due())
    assert sent == 10


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, math.nan])
def test_a_rate_that_is_none_is_the_slowest(station: Station, rate_hz: float):
    assert station.watch(rate_hz=rate_hz) == ""
    station.due()
    assert station.viewports.deadline() == 20 * SECOND


def test_too_much_is_refused_with_its_reason(station: Station):
    many = [("A", V, element) for element in range(MOST_ROWS + 1)]
    assert station.watch(rows=many) == "2001 rows; expected at most 2000"
    for number in range(MOST_VIEWPORTS):
        assert station.watch(number=number) == ""
    assert station.watch(number=99) == "16 viewports already; expected fewer"
    assert station.watch(number=0) == "", "one that there is may change"
    for client in range(MOST_CLIENTS - 1):
        station.watch(b"%d" % client)
    assert station.watch(b"late") == "4096 clients already; expected fewer"


def test_values_go_stale_and_come_back(station: Station):
    station.packet("A", 1)
    station.watch()
    station.due()
    station.values.quiet(True)
    station.now += SECOND
    [(_, message)] = station.due()
    assert (_rows(message), message.columns["state"].tolist(), message.skipped) == ([0], [2], 0)
    assert message.raw == ["1"], "the last value stays in sight"


def test_a_replay_that_goes_back_clears_values_and_trends(station: Station):
    station.watch()
    station.packet("A", 1)
    station.due()
    station.values.clear()
    station.now += SECOND
    [(_, message)] = station.due()
    assert message.columns["state"].tolist() == [0]
    assert np.isnan(message.columns["trend"]).all()


def test_a_trend_is_the_last_values_a_second_apart(station: Station):
    for value in range(30):
        station.watch(rate_hz=10)
        station.packet("A", value)  # each a second of telemetry after the one before
        station.now += SECOND
        [(_, message)] = station.due()[-1:]
    assert message.columns["trend"][0].tolist() == [float(value) for value in range(6, 30)]


def test_deadline_is_when_the_next_viewport_is_due(station: Station):
    assert station.viewports.deadline() is None
    station.watch(rate_hz=2.0)
    assert station.viewports.deadline() == 0
    station.due()
    assert station.viewports.deadline() == SECOND // 2


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.integers(0, 3), st.booleans()), min_size=1, max_size=60
    )
)
def test_shown_and_skipped_samples_are_all_samples(turns):
    """However a client's updates fare, every sample is shown to it or counted as skipped."""
    station = Station()
    station.watch(rows=[("A", V, -1), ("B", V, -1)], rate_hz=10)
    station.packet("A", 0)
    station.packet("B", 0)
    station.due()
    came = shown = skipped = 0
    for craft, number, taken in [*turns, ("A", 1, True)]:
        for value in range(number):
            station.packet(craft, value)
            came += 1
        station.now += SECOND
        for _, message in station.due(taken=taken):
            shown += len(message.raw) if taken else 0
            skipped += message.skipped if taken else 0
    assert came == shown + skipped
