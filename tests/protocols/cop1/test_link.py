"""FOP-1 against FARM-1 over a bad link: every frame once and in order, and none forgotten.

To repeat one history: `python -m tests.protocols.cop1.test_link SEED`.
"""

from __future__ import annotations

import sys

import pytest

from tests.clauses import clause
from tests.protocols.cop1.link import FRAME_S, Case, Link, Route, S, random_case

CHUNK = 20


def judge(link: Link) -> None:
    """The invariants of the end; each assertion names what was lost or doubled."""
    held = [frame.request for frame in link.fop.snapshot().sent]
    count = len(link.delivered)
    assert link.delivered == list(range(count)), "out of order or twice on board"
    assert not link.alerts and not link.failed, "an alert, though TT is 1"
    assert link.acknowledged == list(range(len(link.acknowledged))), "acknowledged out of order"
    assert link.acknowledged + held == link.accepted, "accepted, and then lost or doubled"
    assert len(link.acknowledged) <= count + len(link.farm.take()), "acknowledged, not there"
    if link.suspended is not None:
        assert list(link.suspended.requests) == held, "another list than what is held"
    else:
        assert len(link.acknowledged) == link.case.frames, "neither done nor suspended"


def history(seed: int) -> Link:
    link = Link(random_case(seed), seed).run()
    try:
        judge(link)
    except AssertionError as error:
        error.add_note(f"repeat: python -m tests.protocols.cop1.test_link {seed}")
        raise
    return link


@clause("232.1-B-2 §2.2")
@pytest.mark.parametrize("first", range(0, 200, CHUNK))
def test_frames_in_are_frames_out_over_a_bad_link(first):
    for seed in range(first, first + CHUNK):
        history(seed)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(200, 2_200, 200))
def test_frames_in_are_frames_out_in_two_thousand_histories(first):
    for seed in range(first, first + 200):
        history(seed)


def test_the_histories_have_every_kind_of_trouble():
    """A simulation that is never suspended, held or repeated would prove nothing."""
    links = [Link(random_case(seed), seed).run() for seed in range(40)]
    assert sum(link.suspended is not None for link in links) >= 3
    assert sum(link.retransmissions > 0 for link in links) >= 20
    assert sum(len(link.acknowledged) == link.case.frames for link in links) >= 20


def run(**changes: object) -> Link:
    link = Link(Case(**changes)).run()  # type: ignore[arg-type]
    judge(link)
    return link


RTT_S = 2 * 0.267 + FRAME_S + 0.5
IDEAL_S = 400 * FRAME_S


def test_the_formula_window_and_timer_fill_a_quiet_link_and_repeat_nothing():
    """K = ceil(RTT / t_f), T1 = 1.25 RTT + K t_f + the period of control words."""
    window = int(-(-RTT_S // FRAME_S))
    t1_s = 1.25 * RTT_S + window * FRAME_S + 0.5
    link = run(window=window, t1_s=t1_s)
    assert link.retransmissions == 0
    assert link.now < 1.25 * IDEAL_S * S
    wide = run(window=127, t1_s=8.0)
    assert wide.retransmissions == 0


def test_a_small_window_repeats_nothing_and_takes_more_than_twice_as_long():
    link = run(window=10, t1_s=3.0)
    assert link.retransmissions == 0 and link.now > 2 * IDEAL_S * S


def test_a_timer_shorter_than_the_round_trip_repeats_frames_that_were_not_lost():
    link = run(window=10, t1_s=0.3)
    assert link.retransmissions > 100
    assert run(window=10, t1_s=3.0).retransmissions == 0


def test_a_timer_shorter_than_the_round_trip_spends_the_limit_and_suspends():
    link = run(window=47, t1_s=0.5, loss=0.01)
    assert link.suspended is not None and len(link.acknowledged) < 200


@pytest.mark.parametrize(("loss", "most"), [(0.01, 600), (0.1, 4_000)])
def test_losses_are_repaired_with_the_window_of_the_formula(loss, most):
    link = run(window=47, t1_s=4.0, loss=loss, limit=8)
    assert len(link.acknowledged) == 400
    assert 4 <= link.retransmissions < most


def test_a_window_larger_than_needed_costs_twice_the_repetitions_at_ten_percent_loss():
    narrow = run(window=47, t1_s=4.0, loss=0.1, limit=8)
    wide = run(window=127, t1_s=8.0, loss=0.1, limit=8)
    assert wide.retransmissions > 1.5 * narrow.retransmissions


def test_frames_that_come_twice_are_executed_once():
    link = run(double=0.1)
    assert len(link.delivered) == 400


@pytest.mark.parametrize(("first", "second"), [(0.267, 0.008), (0.008, 0.267), (0.5, 0.065)])
def test_a_route_of_another_length_takes_over_in_mid_stream(first, second):
    link = run(limit=8, routes=(Route(0, first), Route(5, second)))
    assert link.delivered == list(range(400))


def test_an_outage_suspends_with_everything_kept_and_resuming_finishes():
    outage = (Route(outages=((5.0, 35.0),)),)
    link = run(window=47, t1_s=4.0, routes=outage)
    assert link.suspended is not None and len(link.suspended.requests) == 47
    again = run(window=47, t1_s=4.0, routes=outage, resumes=40)
    assert again.delivered == list(range(400)) and again.suspended is None


if __name__ == "__main__":
    print(random_case(int(sys.argv[1])))
    print(history(int(sys.argv[1])))
