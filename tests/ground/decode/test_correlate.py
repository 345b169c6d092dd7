"""On-board time against reception: clocks of known offset and drift, and delays that jitter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.decode.correlate import Correlator, _below

S = 10**9
MS = 10**6
START = 2_000_000_000 * S


def clock(ground_ns, *, offset_ns=0, drift=0.0):
    """What an on-board clock shows at ground times: right by `offset_ns` at START."""
    return ground_ns + offset_ns + np.round((ground_ns - START) * drift).astype(np.int64)


def contact(seconds, seed, *, least_ms=30, jitter_ms=20, first=0):
    """Ground times at 1 Hz, and when packets come that were sent then."""
    rng = np.random.default_rng(seed)
    ground = START + (first + np.arange(seconds)) * S
    jitter = rng.exponential(jitter_ms * MS, seconds).astype(np.int64)
    return ground, ground + least_ms * MS + jitter


@pytest.mark.parametrize("drift_ppm", [0.0, 1.0, -25.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_offset_and_drift_of_a_known_clock_are_found_in_an_hour_of_jitter(drift_ppm, seed):
    """Within 0.1 ppm and 1 ms; the least delay of 30 ms is part of the offset."""
    ground, received = contact(3600, seed)
    on_board = clock(ground, offset_ns=5 * S, drift=drift_ppm * 1e-6)
    correlator = Correlator("CG-1")
    assert not correlator.receive(on_board, received)
    found = correlator.solve()
    assert abs(found.drift_ppb - drift_ppm * 1000) < 100
    true = on_board[-1] - ground[-1] - 30 * MS
    assert abs(found.offset_ns - true) < MS
    assert (found.spacecraft, found.t_ns, found.samples) == ("CG-1", on_board[-1], 3600)
    assert 0 < found.sigma_ns < 20 * MS


def test_without_jitter_the_answer_is_exact():
    """Worked by hand: a clock 2 s ahead that gains 10 us a second, and a delay of 250 ms."""
    ground = START + np.arange(600) * S
    correlator = Correlator("CG-1")
    correlator.receive(ground + 2 * S + np.arange(600) * 10_000, ground + 250 * MS)
    found = correlator.solve()
    assert found.drift_ppb == pytest.approx(10_000, abs=1e-3)
    assert found.offset_ns == 2 * S + 599 * 10_000 - 250 * MS
    assert found.sigma_ns < 10


def test_the_line_is_the_edge_of_the_hull_below_the_middle():
    """Worked by hand: hull (0, 0), (4, 1), (10, 10); the mean of x is 4.6."""
    x, y = np.array([0.0, 2, 4, 7, 10]), np.array([0.0, 5, 1, 9, 10])
    slope, height = _below(x, y)
    assert (slope, height) == pytest.approx((1.5, -5.0))


def test_too_little_gives_no_answer():
    correlator = Correlator("CG-1")
    assert correlator.solve() is None
    ground, received = contact(60, 1)
    correlator.receive(ground, received)
    assert correlator.solve() is None
    correlator.receive(ground[:0], received[:0])
    assert correlator.samples == 60


def test_what_is_older_than_the_window_is_forgotten():
    """The drift of the last hour, not that of the hours before it."""
    correlator = Correlator("CG-1")
    ground = START + np.arange(3 * 3600) * S
    seconds = np.arange(3 * 3600)
    gained = np.minimum(seconds, 3600) * 20_000 + np.maximum(seconds - 3600, 0) * 1_000
    correlator.receive(ground + gained, ground + 100 * MS)
    assert correlator.solve().drift_ppb == pytest.approx(1_000, abs=1)
    assert len(correlator._least) <= 182


@pytest.mark.parametrize("step_s", [-10, -2, 3, 40_000, -(2**32)])
def test_a_clock_that_was_set_or_wrapped_is_noticed_in_seconds_and_starts_anew(step_s):
    ground, received = contact(1800, 4)
    on_board = clock(ground, drift=2e-6)
    on_board[900:] += step_s * S
    correlator = Correlator("CG-1")
    assert not correlator.receive(on_board[:900], received[:900])
    told = [
        correlator.receive(on_board[row : row + 1], received[row : row + 1])
        for row in range(900, 1800)
    ]
    assert np.flatnonzero(told).tolist() in ([5], [6])
    found = correlator.solve()
    assert correlator.resets == 1
    assert abs(found.offset_ns - (on_board[-1] - ground[-1] - 30 * MS)) < 2 * MS
    assert found.samples < 900


@pytest.mark.parametrize("pace_s", [1, 10])
def test_stored_telemetry_and_packets_that_waited_are_passed_over(pace_s):
    """Old packets at 10 times and more of their pace among those of now, and a queue of 20 s."""
    ground, received = contact(1200, 5)
    on_board = clock(ground, drift=1e-6)
    dumped = np.repeat(received[300:400], 10) + np.tile(np.arange(1, 11) * MS, 100)
    old = START - 50_000 * S + np.arange(1000) * pace_s * S
    waited = received.copy()
    waited[700:720] = received[720]
    when = np.concatenate([waited, dumped])
    what = np.concatenate([on_board, old])
    order = np.argsort(when, kind="stable")
    correlator = Correlator("CG-1")
    for part in np.array_split(order, 50):
        assert not correlator.receive(what[part], when[part])
    found = correlator.solve()
    assert abs(found.drift_ppb - 1000) < 200
    assert abs(found.offset_ns - (on_board[-1] - ground[-1] - 30 * MS)) < MS
    assert 1000 <= correlator.odd <= 1020


def test_stored_telemetry_alone_is_no_clock_whatever_comes_first():
    """Packets of ten minutes that come at once have a drift that no clock has."""
    correlator = Correlator("CG-1")
    on_board = START + np.arange(600) * S
    correlator.receive(on_board, np.full(600, START + 1000 * S))
    assert correlator.solve() is None
    ground, received = contact(600, 8, first=2000)
    assert correlator.receive(ground, received)
    assert abs(correlator.solve().drift_ppb) < 3000


def test_old_packets_for_ten_minutes_without_any_of_now_are_no_other_clock():
    ground, received = contact(600, 9)
    correlator = Correlator("CG-1")
    correlator.receive(ground, received)
    old = START - 50_000 * S + np.arange(6000) * S
    assert not correlator.receive(old, received[-1] + (1 + np.arange(6000)) * (S // 10))
    assert correlator.odd == 6000


def test_the_gap_between_two_contacts_is_no_reset():
    first, received = contact(600, 6)
    later, received_later = contact(600, 7, first=40_000)
    correlator = Correlator("CG-1")
    correlator.receive(clock(first, drift=-30e-6), received)
    assert not correlator.receive(clock(later, drift=-30e-6), received_later)
    assert abs(correlator.solve().drift_ppb + 30_000) < 1000


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 600), max_size=6), st.integers(0, 5))
def test_any_split_gives_the_same_answer(cuts, seed):
    ground, received = contact(600, seed)
    on_board = clock(ground, drift=5e-6)
    on_board[300:] -= 7 * S
    on_board[100:104] += 50 * S
    whole, split = Correlator("CG-1"), Correlator("CG-1")
    whole.receive(on_board, received)
    for part in np.split(np.arange(600), sorted(cuts)):
        split.receive(on_board[part], received[part])
    assert split.solve() == whole.solve()
    assert (split.resets, split.odd, split.samples) == (whole.resets, whole.odd, whole.samples)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(0, 2**62)), max_size=60))
def test_no_times_at_all_break_it_or_make_it_grow(pairs):
    correlator = Correlator("CG-1")
    times = np.array(pairs, np.int64).reshape(-1, 2)
    correlator.receive(times[:, 0].copy(), times[:, 1].copy())
    correlator.solve()
    assert len(correlator._least) <= 182
