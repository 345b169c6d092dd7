"""Link budgets against numbers that are worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.errors import InputError
from ground.relay.budget import (
    Radio,
    carrier_to_noise_db,
    energy_to_noise_db,
    frame_loss,
    free_space_loss_db,
    rate_bps,
)
from tests.clauses import clause

RADIO = Radio(
    eirp_dbw=40.0,
    g_t_db_k=-28.0,
    frequency_hz=2.1e9,
    losses_db=3.0,
    rates=[(2e6, 9.6), (2e3, 9.6), (64e3, 9.6)],
)


@clause("ITU-R P.525 §2.3 (clause unverified)")
@pytest.mark.parametrize(
    "km, mhz, loss", [(1, 1, 32.45), (1000, 2100, 158.89), (38_000, 2100, 190.49)]
)
def test_the_loss_of_free_space(km, mhz, loss):
    """32.45 + 20 log d + 20 log f, with d in km and f in MHz."""
    assert free_space_loss_db(km * 1e3, mhz * 1e6) == pytest.approx(loss, abs=0.01)
    formula = 32.4478 + 20 * math.log10(km) + 20 * math.log10(mhz)
    assert free_space_loss_db(km * 1e3, mhz * 1e6) == pytest.approx(formula, abs=1e-4)


def test_carrier_over_noise_by_hand():
    """40 - 158.892 - 3 - 28 + 228.599 = 78.707 dB Hz; less 10 log 64,000 = 48.062."""
    assert carrier_to_noise_db(RADIO, 1e6) == pytest.approx(78.707, abs=0.001)
    assert energy_to_noise_db(RADIO, 1e6, 64e3) == pytest.approx(78.707 - 48.062, abs=0.001)


def test_the_fastest_rate_that_keeps_three_decibels():
    """2 Mbit/s needs 75.61 dB Hz with margin: up to 1,428 km; 64 kbit/s 60.66: up to 7,980 km."""
    ranges = np.array([1e6, 1.42e6, 1.43e6, 7.97e6, 7.99e6, 1e10])
    assert rate_bps(RADIO, ranges).tolist() == [2e6, 2e6, 64e3, 64e3, 2e3, 0]
    assert [float(rate_bps(RADIO, each)) for each in ranges] == [2e6, 2e6, 64e3, 64e3, 2e3, 0]
    assert rate_bps(RADIO, 1e6, margin_db=7).tolist() == 64e3


@given(st.floats(1e3, 1e11))
@settings(max_examples=100, deadline=None)
def test_a_rate_always_keeps_its_margin_and_the_next_one_would_not(range_m):
    rate = float(rate_bps(RADIO, range_m))
    margins = {each: energy_to_noise_db(RADIO, range_m, each) - need for each, need in RADIO.rates}
    assert rate == max((each for each, margin in margins.items() if margin >= 3), default=0)


def test_the_loss_of_frames_is_exact_where_it_is_tiny():
    assert frame_loss(0.5, 2) == pytest.approx(0.75)
    assert frame_loss(1e-18, 1000) == pytest.approx(1e-15, rel=1e-9)
    assert frame_loss([0.0, 1.0], 8).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("frequency, rates", [(0, [(1, 1)]), (1e9, []), (1e9, [(0, 1)])])
def test_a_radio_has_a_frequency_and_rates(frequency, rates):
    with pytest.raises(InputError, match="above 0"):
        Radio(0, 0, frequency, 0, rates)
