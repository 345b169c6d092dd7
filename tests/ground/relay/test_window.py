"""K, T1 and the limit of COP-1 by the route; expected values are worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ground.errors import InputError
from ground.relay.plan import SECOND_NS, Contact, Node, of
from ground.relay.route import Route, route
from ground.relay.window import cltu_bits, cop_parameters
from protocols import cltu
from tests.clauses import clause

LIGHT_KM_S = 299_792.458
PLAN = of(
    [Node("c", "centre"), Node("g", "regenerative"), Node("s", "spacecraft")],
    [Contact("c", "g", 0, 9 * SECOND_NS, 64e3), Contact("g", "s", 0, 9 * SECOND_NS, 64e3)],
)


def way(rate_bps=64e3, owlt_s=0.0, hops=1, kinds=()) -> Route:
    found = route(PLAN, "c", "s", now=0)
    assert isinstance(found, Route)
    nodes = tuple(str(n) for n in range(hops + 1))
    kinds = kinds or ("centre", *["regenerative"] * (hops - 1), "spacecraft")
    return replace(
        found,
        rate_bps=rate_bps,
        owlt_ns=round(owlt_s * 1e9),
        contacts=tuple(range(hops)),
        nodes=nodes,
        kinds=kinds,
    )


@pytest.mark.parametrize(
    "km, hops, rate, octets, clcw_s, rtt_s, needed, goodput",
    [
        (2500, 1, 64e3, 256, 1, 1.15, 31, 53.5e3),
        (80_000, 2, 64e3, 256, 1, 1.77, 47, 53.5e3),
        (150_000, 3, 64e3, 256, 1, 2.34, 62, 53.5e3),
        (0.065 * LIGHT_KM_S, 5, 64e3, 256, 1, 1.67, 44, 53.5e3),
        (80_000, 2, 1e6, 1024, 0.1, 0.84, 89, 863e3),
        (80_000, 2, 100e6, 2048, 0.1, 0.83, 4429, 2.5e6),
    ],
)
@clause("232.1-B-2 §5.1 (unverified)")
def test_windows_keep_links_busy_over_every_kind_of_path(
    km, hops, rate, octets, clcw_s, rtt_s, needed, goodput
):
    """Station, geostationary relay, crosslink, mesh, and faster ones; 50 ms a hop to process."""
    found = cop_parameters(
        way(rate, km / LIGHT_KM_S, hops),
        frame_octets=octets,
        clcw_period_ns=round(clcw_s * SECOND_NS),
    )
    assert found.mode == "AD"
    assert found.rtt_ns / 1e9 == pytest.approx(rtt_s, abs=0.0065)
    assert found.needed == needed
    assert found.window == min(127, needed)
    assert found.goodput_bps == pytest.approx(goodput, rel=0.003)


def test_the_timer_outlasts_a_round_trip_and_a_window():
    """4 frames of 306 octets at 64 kbit/s: 38.25 ms each; T1 = 1.25 RTT + K frames + CLCW."""
    found = cop_parameters(
        way(), frame_octets=256, clcw_period_ns=0, processing_ns=50_000_000, most_window=4
    )
    assert found.rtt_ns == 138_250_000
    assert (found.needed, found.window) == (4, 4)
    assert found.t1_ns == 172_812_500 + 153_000_000


@pytest.mark.parametrize("loss, limit", [(0, 3), (1e-4, 3), (0.01, 4), (0.1, 9), (0.4, 62)])
def test_frames_are_repeated_until_a_loss_is_one_in_a_million(loss, limit):
    """ln 1e-6 / ln 2p, rounded up: 0.02^4 < 1e-6, 0.2^9 < 1e-6, 0.8^62 < 1e-6; at least 3."""
    found = cop_parameters(way(), frame_octets=9, clcw_period_ns=0, loss=loss)
    assert found.limit == limit


def test_nothing_is_repeated_over_a_relay_that_stores():
    kinds = ("centre", "store-and-forward", "spacecraft")
    found = cop_parameters(way(hops=2, kinds=kinds), frame_octets=9, clcw_period_ns=0)
    assert found.mode == "BD"
    assert "1 stores and forwards" in found.reason
    itself = cop_parameters(
        way(kinds=("centre", "store-and-forward")), frame_octets=9, clcw_period_ns=0
    )
    assert itself.mode == "AD"


def test_nothing_is_repeated_where_an_answer_comes_too_late():
    assert cop_parameters(way(owlt_s=29.9), frame_octets=9, clcw_period_ns=0).mode == "AD"
    late = cop_parameters(way(owlt_s=30), frame_octets=9, clcw_period_ns=0)
    assert late.mode == "BD"
    assert "AD needs 60 s" in late.reason


@clause("231.0-B-4 §5.2")
@pytest.mark.parametrize("octets", [5, 7, 8, 256, 1024])
def test_a_cltu_has_a_start_a_block_for_each_seven_octets_and_a_tail(octets):
    assert cltu_bits(octets) == 8 * len(cltu.encode(bytes(octets)))


@pytest.mark.parametrize("wrong", [{"frame_octets": 0}, {"loss": 0.5}, {"most_window": 128}])
def test_numbers_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match="expected a frame"):
        cop_parameters(way(), **{"frame_octets": 9, "clcw_period_ns": 0, **wrong})
