"""Each piece comes when its time has come, at any pace, from anywhere, round and round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.messages import ControlReplay
from ground.services.player import FASTEST, Player
from ground.services.tracks import Piece

START = 1_000


class Listed:
    """A track of pieces at given times."""

    def __init__(self, link: str, *times: int) -> None:
        self.link, self.times = link, sorted(times)
        self._left = list(self.times)

    def seek(self, t_ns: int) -> None:
        self._left = [each for each in self.times if each >= t_ns]

    def next_ns(self) -> int | None:
        return self._left[0] if self._left else None

    def take(self, until_ns: int) -> Piece | None:
        taken = [each for each in self._left if each < until_ns]
        self._left = self._left[len(taken) :]
        return Piece(self.link, taken[0], taken[-1]) if taken else None


def player(*tracks: Listed, end: int = 2_000, **more: object) -> Player:
    return Player(tracks, START, end, **more)  # type: ignore[arg-type]


def due(made: Player, now: int) -> list[tuple[str, int, int]]:
    """All that is due: link, first and last time of each piece."""
    pieces = iter(lambda: made.due(now), None)
    return [(each.link, each.first_ns, each.last_ns) for each in pieces]


@pytest.mark.parametrize(("rate", "now"), [(1.0, 100), (10.0, 10), (0.1, 1_000)])
def test_at_any_pace_data_time_is_now_times_rate(rate: float, now: int) -> None:
    made = player(Listed("a", 1_000, 1_050, 1_100, 1_101), rate=rate)
    assert due(made, 0) == [("a", 1_000, 1_000)]
    assert made.deadline(0) == round(50 / rate)
    assert due(made, now) == [("a", 1_050, 1_100)]
    assert made.moved(now).t_ns == 1_100 and not made.finished
    assert due(made, now * 2) == [("a", 1_101, 1_101)]
    assert made.finished and made.deadline(now) is None


def test_several_tracks_are_played_in_the_order_of_reception() -> None:
    made = player(Listed("a", 1_000, 1_010, 1_030), Listed("b", 1_005, 1_020), rate=0.0)
    order = [link for link, _, _ in due(made, 0)]
    assert order == ["a", "b", "a", "b", "a"]


def test_what_lies_outside_of_its_span_is_not_played() -> None:
    made = player(Listed("a", 999, 1_000, 1_999, 2_000), rate=0.0)
    assert due(made, 0) == [("a", 1_000, 1_999)]
    assert made.finished


def test_paused_time_stands_still_and_goes_on_from_there() -> None:
    made = player(Listed("a", 1_000, 1_100, 1_200), rate=1.0)
    due(made, 50)
    made.act(ControlReplay("pause"), 50)
    assert due(made, 10_000) == [] and made.deadline(10_000) is None
    assert made.moved(10_000).t_ns == 1_050
    made.act(ControlReplay("resume"), 10_000)
    assert due(made, 10_049) == []
    assert due(made, 10_050) == [("a", 1_100, 1_100)]


def test_a_step_gives_the_next_moment_of_any_track_and_pauses() -> None:
    made = player(Listed("a", 1_000, 1_100), Listed("b", 1_050), rate=1.0)
    steps = [made.act(ControlReplay("step"), 0)[1] for _ in range(4)]
    assert [each and (each.link, each.last_ns) for each in steps] == [
        ("a", 1_000),
        ("b", 1_050),
        ("a", 1_100),
        None,
    ]
    assert made.moved(0).paused and made.finished


def test_another_rate_counts_from_now_on() -> None:
    made = player(Listed("a", 1_000, 1_500, 1_900), rate=1.0)
    due(made, 100)
    made.act(ControlReplay("rate", value=4.0), 100)
    assert due(made, 199) == []
    assert due(made, 200) == [("a", 1_500, 1_500)]


@pytest.mark.parametrize("value", [-1.0, 0.001, FASTEST * 2, float("nan"), float("inf")])
def test_a_rate_that_cannot_be_is_refused_with_the_reason(value: float) -> None:
    made = player(Listed("a", 1_000))
    answer, piece = made.act(ControlReplay("rate", value=value), 0)
    assert not answer.ok and "expected a rate" in answer.reason and piece is None


def test_seek_begins_a_new_round_where_it_is_told() -> None:
    made = player(Listed("a", 1_000, 1_300, 1_600), rate=0.0)
    due(made, 0)
    for t_ns, expected in ((1_301, [("a", 1_600, 1_600)]), (1_000, [("a", 1_000, 1_600)])):
        rounds = made.rounds
        assert made.act(ControlReplay("seek", t_ns=t_ns), 5)[0].ok
        assert made.rounds == rounds + 1 and made.moved(5).t_ns == t_ns
        assert due(made, 5) == expected
    for outside in (999, 2_001):
        assert not made.act(ControlReplay("seek", t_ns=outside), 5)[0].ok


def test_a_loop_goes_round_and_ends_when_it_is_told_to() -> None:
    made = player(Listed("a", 1_000, 1_100), rate=1.0, loop=True)
    assert due(made, 100) == [("a", 1_000, 1_100)]
    assert (made.rounds, made.moved(100).t_ns) == (1, START)
    assert due(made, 200) == [("a", 1_000, 1_100)]
    made.act(ControlReplay("loop", value=0), 200)
    due(made, 300)
    assert made.finished


@given(st.lists(st.integers(1_000, 1_999), max_size=30), st.lists(st.integers(0, 400), max_size=20))
def test_however_it_is_asked_each_moment_is_played_once_and_not_early(
    times: list[int], waits: list[int]
) -> None:
    made, now, seen = player(Listed("a", *times[::2]), Listed("b", *times[1::2])), 0, []
    for wait in [*waits, 2_000]:
        now += wait
        for _, first, last in due(made, now):
            assert last <= START + now and (not seen or seen[-1] <= first)
            seen += [first, last]
    assert set(seen) <= set(times) and made.finished
