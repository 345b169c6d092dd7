"""Bins keep the extremes of what they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.archive.downsample import bins


def test_bins_are_worked_by_hand():
    t_ns = np.array([0, 1, 2, 5, 9, 10, -1])
    made = bins(t_ns, np.array([4, 2, 8, 7, 1, 99, 99], np.int16), 0, 10, 3)
    assert made.t_ns.tolist() == [0, 4, 8]
    assert made.minimum.tolist() == [2, 7, 1]
    assert made.maximum.tolist() == [8, 7, 1]
    assert made.mean.tolist() == [14 / 3, 7, 1]
    assert made.count.tolist() == [3, 1, 1]
    assert made.minimum.dtype == np.int16


def test_nan_counts_nowhere_and_an_empty_bin_is_left_out():
    nan = float("nan")
    made = bins(np.array([0, 1, 5, 50]), np.array([nan, 3.0, nan, -1.0]), 0, 100, 10)
    assert made.t_ns.tolist() == [0, 50]
    assert made.count.tolist() == [1, 1]
    assert made.maximum.tolist() == [3, -1]
    alone = bins(np.array([5]), np.array([nan]), 0, 10, 1)
    assert (len(alone), alone.count.tolist()) == (1, [0])
    assert np.isnan([alone.minimum[0], alone.maximum[0], alone.mean[0]]).all()


def test_nothing_in_the_time_gives_no_bins():
    assert len(bins(np.array([5]), np.array([1.0]), 10, 20, 4)) == 0
    assert len(bins(np.zeros(0, np.int64), np.zeros(0), 10, 20, 4)) == 0


@pytest.mark.parametrize(("start", "end", "n"), [(0, 10, 0), (10, 10, 1), (10, 0, 1)])
def test_no_bins_are_the_callers_error(start, end, n):
    with pytest.raises(ValueError, match="bins"):
        bins(np.zeros(1, np.int64), np.zeros(1), start, end, n)


@given(
    st.lists(st.tuples(st.integers(-(10**18), 10**18), st.integers(-100, 100)), max_size=50),
    st.integers(1, 2 * 10**18),
    st.integers(1, 20),
)
def test_every_sample_counts_once_and_as_in_a_loop(samples, length, n):
    start = -(10**18)
    t_ns = np.array([t for t, _ in samples], np.int64)
    made = bins(t_ns, np.array([v for _, v in samples], np.int64), start, start + length, n)
    width = -(-length // n)
    held: dict[int, list[int]] = {}
    for t, value in samples:
        if start <= t < start + length:
            held.setdefault(start + (t - start) // width * width, []).append(value)
    assert made.t_ns.tolist() == sorted(held)
    assert made.count.tolist() == [len(held[t]) for t in sorted(held)]
    assert made.minimum.tolist() == [min(held[t]) for t in sorted(held)]
    assert made.maximum.tolist() == [max(held[t]) for t in sorted(held)]
    assert np.allclose(made.mean, [sum(held[t]) / len(held[t]) for t in sorted(held)])
