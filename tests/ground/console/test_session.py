"""The conversation with a station, without a screen."""

from __future__ import annotations

from typing import NamedTuple

from ground import messages
from ground.console.model import NONE, STALE
from ground.console.session import Session
from tests.ground.console.fake import NOW, SECOND, FakeFeed, alarm

_ROWS = [("CG-1", "/CG1/EPS/BUS_V", -1), ("CG-1", "/CG1/DC/TEMP", 2)]


def _session(**more):
    feed = FakeFeed(**more)
    session = Session(feed, NOW)
    session.tick(NOW)
    session.tick(NOW)
    return session, feed


def test_a_late_answer_for_rows_that_scrolled_away_lands_nowhere():
    """Row 0 of the first viewport is another parameter than row 0 of the second."""
    session, feed = _session()
    session.watch(_ROWS[:1])
    late = feed.viewport(messages.WatchViewport(session.model.viewport, _ROWS[:1]))
    session.watch(_ROWS[1:])
    feed._waiting.clear()
    feed.say(late)
    session.tick(NOW)
    assert session.model.values == {}


def test_rows_that_stay_watched_keep_their_values_and_others_are_forgotten():
    """What nobody sends any more must not be shown as if it were new."""
    session, _ = _session()
    session.watch(_ROWS)
    session.tick(NOW)
    assert set(session.model.values) == set(_ROWS)
    session.watch(_ROWS[1:])
    assert set(session.model.values) == set(_ROWS[1:])


def test_status_is_asked_each_second_and_alarms_each_ten():
    """Whatever the rate of the screen."""
    session, feed = _session()
    feed.sent.clear()
    for step in range(1, 101):
        session.tick(NOW + step * SECOND // 5)
    assert sum(isinstance(each, messages.ReadStatus) for each in feed.sent) == 20
    assert sum(isinstance(each, messages.ListAlarms) for each in feed.sent) == 2


def test_nothing_is_asked_of_a_station_that_is_away():
    """What is sent meanwhile would only be lost."""
    session, feed = _session()
    feed.connected = False
    feed.sent.clear()
    session.tick(NOW + 3 * SECOND)
    session.trend(_ROWS[0], 0, 1, 10, NOW)
    assert feed.sent == []


def test_an_act_whose_answer_did_not_come_is_told_as_open():
    """Not as done and not as failed: look."""
    session, feed = _session()
    feed.mute = True
    session.act(messages.AcknowledgeAlarms([]), "acknowledge")
    feed.connected = False
    session.tick(NOW + SECOND)
    ((what, answer),) = session.answers
    assert what == "acknowledge"
    assert not answer.ok
    assert "look whether it was done" in answer.reason


def test_an_older_version_of_an_alarm_never_replaces_a_newer_one():
    """A list that was on its way while the alarm changed."""
    session, feed = _session()
    feed.say(messages.AlarmsChanged([alarm(1, version=5, comment="new")]))
    feed.say(messages.AlarmsListed([alarm(1, version=3)]))
    feed.say(messages.AlarmsChanged([alarm(1, version=4)]))
    session.tick(NOW)
    assert session.model.alarms["alarm-1"].version == 5


def test_a_description_without_parameters_keeps_those_that_are_known():
    """The digest was the same."""
    session, feed = _session()
    known = dict(session.model.parameters)
    feed.say(messages.MissionDescribed("chenguang1", "live", "d1", ["CG-1"], []))
    session.tick(NOW)
    assert session.model.parameters == known


def test_a_request_that_could_not_go_out_is_no_word_of_the_station():
    """A failure made on this side carries a number below 0; silence stays silence."""

    class Failed(NamedTuple):
        request: int
        message: messages.Answered

    session, feed = _session()
    feed.receive = lambda: [Failed(-1, messages.Answered(False, "no answer"))]
    session.tick(NOW + 6 * SECOND)
    assert session.model.lost_ns == NOW
    assert session.answers == []


def test_values_stay_stale_until_they_are_sent_again():
    """A connection alone makes nothing fresh."""
    session, feed = _session()
    session.watch(_ROWS)
    session.tick(NOW)
    feed.connected = False
    session.tick(NOW + SECOND)
    assert {value.state for value in session.model.values.values()} == {STALE}
    feed.state = NONE
    feed.connected = True
    session.tick(NOW + 2 * SECOND)
    session.tick(NOW + 2 * SECOND)
    assert {value.state for value in session.model.values.values()} == {NONE}


def test_rows_beyond_what_was_asked_are_ignored():
    """An index that the station made up."""
    session, feed = _session()
    session.watch(_ROWS)
    message = feed.viewport(messages.WatchViewport(session.model.viewport, _ROWS))
    message.columns["row"][1] = 7
    feed._waiting.clear()
    feed.say(message)
    session.tick(NOW)
    assert set(session.model.values) == {_ROWS[0]}


def test_only_one_trend_of_a_row_is_waited_for_and_not_for_ever():
    """A second question while the first is open is not sent; after five seconds it is."""
    session, feed = _session()
    feed.mute = True
    for step in range(4):
        session.trend(_ROWS[0], 0, 1, 10, NOW + step * SECOND)
    assert sum(isinstance(each, messages.ReadTrend) for each in feed.sent) == 1
    session.trend(_ROWS[0], 0, 1, 10, NOW + 6 * SECOND)
    assert sum(isinstance(each, messages.ReadTrend) for each in feed.sent) == 2
