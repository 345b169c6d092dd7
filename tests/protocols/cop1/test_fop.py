"""FOP-1 through whole conversations, many of them from the tests of two other implementations.

Values of Yamcs are from its `Cop1TcPacketHandlerTest` (commit 0162f94b), retyped; those of
dariol83/ccsds from `FopEngineTest` (commit 13b04708) and its issue 7.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.clcw import Clcw
from protocols.cop1.fop import Fop
from protocols.cop1.signals import (
    Accepted,
    Acknowledged,
    Action,
    Alert,
    Directive,
    DirectiveDone,
    Event,
    Failed,
    InvalidClcw,
    Lower,
    Order,
    Rejected,
    Send,
    Suspended,
    Transmit,
)
from protocols.cop1.table import Code
from protocols.errors import EncodeError
from protocols.tc import Kind
from tests.clauses import clause

MS = 1_000_000


class Desk:
    """A FOP with a layer below that takes every frame at once, and notes of all it did."""

    def __init__(self, window: int = 10, t1_ms: int = 100, limit: int = 3, tt: int = 1) -> None:
        self.fop = Fop(0, window=window, t1_ns=t1_ms * MS, limit=limit, timeout_type=tt)
        self.now = 0
        self.actions: list[Action] = []

    def give(self, event: Event) -> None:
        self._note(self.fop.receive(event, self.now))

    def order(self, order: Order, qualifier: int = 0) -> bool:
        """Return whether the directive was accepted."""
        before = len(self.actions)
        self.give(Directive(1000, order, qualifier))
        return DirectiveDone(1000, ok=False) not in self.actions[before:]

    def initiate(self, number: int) -> None:
        assert self.order(Order.SET_VS, number) and self.order(Order.INITIATE)

    def clcw(self, number: int, flags: str = "") -> None:
        """The flags are l(ockout), w(ait) and r(etransmit)."""
        self.give(
            Clcw(
                report_value=number,
                lockout="l" in flags,
                wait="w" in flags,
                retransmit="r" in flags,
            )
        )

    def wait(self, ms: int) -> None:
        end = self.now + ms * MS
        while (deadline := self.fop.deadline()) is not None and deadline <= end:
            self.now = deadline
            self._note(self.fop.expire(deadline))
        self.now = end

    def _note(self, actions: list[Action]) -> None:
        self.actions += actions
        for action in actions:
            if isinstance(action, Send):
                self.give(Lower(action.kind))

    @property
    def state(self) -> int:
        return self.fop.snapshot().state

    def numbers(self) -> list[int]:
        return [a.sequence for a in self.actions if isinstance(a, Send) and a.kind is Kind.AD]

    def alerts(self) -> list[Code]:
        return [action.code for action in self.actions if isinstance(action, Alert)]


@clause("232.1-B-2 table 5-1 E17, E1")
def test_yamcs_initiation_with_a_check_waits_for_the_control_word():
    desk = Desk(tt=0, limit=1)
    desk.order(Order.SET_VS, 10)
    desk.order(Order.INITIATE_WITH_CLCW)
    assert desk.state == 4
    desk.wait(100)
    assert (desk.alerts(), desk.state) == ([Code.T1], 6)
    assert desk.actions[-2:] == [DirectiveDone(1000, ok=False), Alert(Code.T1)]
    desk.order(Order.INITIATE_WITH_CLCW)
    desk.clcw(10)
    assert desk.state == 1 and desk.actions[-1] == DirectiveDone(1000, ok=True)


@clause("232.1-B-2 table 5-1 E14, E25, E1")
def test_yamcs_lockout_and_unlock():
    desk = Desk()
    desk.initiate(10)
    desk.clcw(10, "l")
    assert desk.alerts() == [Code.LOCKOUT]
    desk.order(Order.INITIATE_WITH_UNLOCK)
    assert desk.state == 5
    desk.clcw(10)
    assert desk.state == 1


@clause("232.1-B-2 table 5-1 E3, E7")
def test_yamcs_wait_without_retransmit_is_a_false_control_word():
    desk = Desk()
    desk.initiate(10)
    desk.clcw(10, "w")
    assert (desk.alerts(), desk.state) == ([Code.CLCW], 6)
    desk.order(Order.INITIATE)
    desk.give(Transmit(3, b""))
    desk.clcw(10, "w")
    assert (desk.alerts(), desk.state) == ([Code.CLCW] * 2, 6)


@clause("232.1-B-2 table 5-1 E102")
def test_yamcs_a_limit_of_one_allows_no_retransmission():
    desk = Desk(limit=1)
    desk.initiate(10)
    desk.give(Transmit(3, b""))
    desk.clcw(10, "r")
    assert (desk.numbers(), desk.alerts(), desk.state) == ([10], [Code.LIMIT], 6)


@clause("232.1-B-2 table 5-1 E27, E16, E17")
def test_yamcs_a_frame_that_is_never_acknowledged_is_sent_limit_times():
    desk = Desk(limit=3, tt=0)
    desk.order(Order.INITIATE_WITH_SET_VR, 3)
    assert [a.data for a in desk.actions if isinstance(a, Send)] == [b"\x82\0\x03"]
    desk.clcw(3)
    desk.give(Transmit(100, b"frame"))
    desk.wait(1_000)
    sends = [a for a in desk.actions if isinstance(a, Send)][1:]
    assert [(a.sequence, a.data, a.retransmission) for a in sends] == [
        (3, b"frame", False),
        (3, b"frame", True),
        (3, b"frame", True),
    ]
    assert (desk.alerts(), desk.state) == ([Code.T1], 6)
    assert Failed((100,)) in desk.actions


@clause("232.1-B-2 table 5-1 E6, E2")
@pytest.mark.parametrize("reports", [(4, 5), (5,)])
def test_yamcs_two_frames_are_acknowledged_one_by_one_or_together(reports):
    desk = Desk()
    desk.initiate(3)
    desk.give(Transmit(89, b""))
    desk.give(Transmit(90, b""))
    for number in reports:
        desk.clcw(number)
    done = [r for a in desk.actions if isinstance(a, Acknowledged) for r in a.requests]
    assert (desk.state, desk.numbers(), done) == (1, [3, 4], [89, 90])
    assert desk.fop.deadline() is None
    desk.order(Order.TERMINATE)
    assert desk.state == 6


@clause("232.1-B-2 table 5-1 E10, E5")
def test_yamcs_frames_are_sent_again_and_a_flag_that_vanishes_is_an_alert():
    desk = Desk()
    desk.initiate(3)
    desk.give(Transmit(89, b"a"))
    desk.give(Transmit(90, b"b"))
    desk.clcw(3, "r")
    assert (desk.state, desk.numbers()) == (2, [3, 4, 3, 4])
    desk.clcw(3)
    assert (desk.alerts(), desk.state) == ([Code.SYNCH], 6)


@clause("232.1-B-2 table 5-1 E10, E12, E17")
def test_yamcs_at_the_limit_a_request_to_retransmit_is_ignored_and_the_timer_ends_it():
    desk = Desk(limit=2, tt=0)
    desk.initiate(3)
    desk.give(Transmit(89, b""))
    desk.give(Transmit(90, b""))
    desk.clcw(3, "r")
    desk.clcw(3, "r")
    assert desk.numbers() == [3, 4, 3, 4]
    desk.wait(100)
    assert (desk.state, desk.alerts()) == (6, [Code.T1])


@clause("232.1-B-2 table 5-1 E8")
def test_yamcs_three_frames_over_the_wrap_of_numbers():
    desk = Desk(limit=2)
    desk.initiate(255)
    for request in (89, 90, 91):
        desk.give(Transmit(request, b""))
    desk.clcw(0, "r")
    assert (desk.state, desk.numbers()) == (2, [255, 0, 1, 0, 1])


@clause("232.1-B-2 table 5-1 E11, E9, E8")
def test_yamcs_wait_holds_the_retransmission_back():
    desk = Desk()
    desk.initiate(3)
    desk.give(Transmit(89, b""))
    desk.give(Transmit(90, b""))
    desk.clcw(3, "wr")
    assert desk.state == 3
    desk.clcw(4, "wr")
    desk.wait(1_000)
    assert (desk.state, desk.numbers()) == (3, [3, 4])
    desk.clcw(4, "r")
    assert (desk.state, desk.numbers()) == (2, [3, 4, 4])


@clause("232.1-B-2 table 5-1 E4, E13")
@pytest.mark.parametrize(("number", "flags", "code"), [(4, "r", Code.SYNCH), (5, "", Code.NNR)])
def test_yamcs_a_control_word_that_cannot_be_ends_the_service(number, flags, code):
    desk = Desk()
    desk.initiate(3)
    desk.give(Transmit(100, b""))
    desk.clcw(number, flags)
    assert (desk.state, desk.alerts()) == (6, [code])
    assert Failed((100,)) in desk.actions


@clause("232.1-B-2 table 5-1 E18, E30, E31")
def test_yamcs_suspension_keeps_the_frame_and_resuming_goes_on():
    desk = Desk(limit=3)
    desk.initiate(3)
    assert not desk.order(Order.RESUME)
    desk.give(Transmit(100, b""))
    desk.wait(1_000)
    assert (desk.state, desk.numbers()) == (6, [3, 3, 3])
    assert desk.actions[-1] == Suspended((100,))
    assert desk.order(Order.RESUME)
    desk.clcw(4)
    assert desk.state == 1 and desk.actions[-1] == Acknowledged((100,))


def test_yamcs_requests_out_of_place_or_out_of_range_are_refused():
    desk = Desk()
    desk.initiate(3)
    for order, qualifier in [
        (Order.SET_VS, 3),
        (Order.INITIATE_WITH_UNLOCK, 0),
        (Order.INITIATE, 0),
        (Order.INITIATE_WITH_SET_VR, 8),
        (Order.SET_WINDOW, 1000),
        (Order.SET_TIMEOUT_TYPE, 5),
        (Order.INITIATE_WITH_SET_VR, -10),
        (Order.SET_T1, 0),
        (Order.SET_LIMIT, 0),
    ]:
        assert not desk.order(order, qualifier)
    assert desk.state == 1 and desk.order(Order.SET_WINDOW, 1)


@clause("232.1-B-2 table 5-1 E13, E16, E17 in S5")
def test_dariol83_a_v_r_that_is_never_set_ends_in_an_alert():
    """testInitAdWithSetVrTimeout: two BC frames, alert T1, the directive comes to nothing."""
    desk = Desk(window=5, t1_ms=3_000, limit=2, tt=0)
    desk.clcw(23)
    desk.order(Order.INITIATE_WITH_SET_VR, 0)
    desk.clcw(20)
    assert desk.state == 5
    desk.wait(7_000)
    assert (desk.alerts(), desk.state) == ([Code.T1], 6)
    assert [a.kind for a in desk.actions if isinstance(a, Send)] == [Kind.BC, Kind.BC]
    assert desk.actions[-2] == DirectiveDone(1000, ok=False)


@clause("232.1-B-2 §5.2.6")
def test_dariol83_issue_7_a_hundred_bd_frames_in_are_a_hundred_out():
    """There the sender went on before E45 and 61 came out; here the next waits for `Lower`."""
    fop = Fop(0, window=10, t1_ns=MS, limit=3)
    sent, rejected, waiting = [], 0, list(range(100))
    while waiting:
        out = fop.receive(Transmit(waiting[0], b"x", Kind.BD), 0)
        early = fop.receive(Transmit(999, b"x", Kind.BD), 0)
        rejected += early == [Rejected(999)]
        assert out[0] == Accepted(waiting.pop(0))
        sent += [action.request for action in out if isinstance(action, Send)]
        assert fop.receive(Lower(Kind.BD), 0) == []
    assert (sent, rejected) == (list(range(100)), 100)


@clause("232.1-B-2 §5.2.10")
def test_the_window_holds_frames_back_until_some_are_acknowledged():
    desk = Desk(window=2)
    desk.initiate(254)
    for request in range(3):
        desk.give(Transmit(request, b""))
    assert desk.numbers() == [254, 255] and Accepted(2) not in desk.actions
    desk.give(Transmit(9, b""))
    assert desk.actions[-1] == Rejected(9)
    desk.clcw(255)
    assert desk.numbers() == [254, 255, 0] and Accepted(2) in desk.actions


@clause("232.1-B-2 §5.2.10")
def test_one_frame_at_a_time_is_with_the_layer_below():
    fop = Fop(0, window=10, t1_ns=MS, limit=3)
    fop.receive(Directive(0, Order.INITIATE), 0)
    assert [type(a) for a in fop.receive(Transmit(1, b""), 0)] == [Accepted, Send]
    assert fop.receive(Transmit(2, b""), 0) == []
    assert [type(a) for a in fop.receive(Lower(Kind.AD), 0)] == [Accepted, Send]


@pytest.mark.parametrize("kind", [Kind.AD, Kind.BC, Kind.BD])
def test_a_frame_that_the_layer_below_refuses_ends_the_service_but_not_for_ever(kind):
    """Deviation: the Out_Flag is ready after a refusal."""
    fop = Fop(0, window=10, t1_ns=MS, limit=3)
    if kind is Kind.BC:
        fop.receive(Directive(5, Order.INITIATE_WITH_UNLOCK), 0)
    else:
        fop.receive(Directive(0, Order.INITIATE), 0)
        fop.receive(Transmit(5, b"", kind), 0)
    out = fop.receive(Lower(kind, accepted=False), 0)
    assert out[-1] == Alert(Code.LLIF)
    assert (DirectiveDone(5, ok=False) if kind is Kind.BC else Failed((5,))) in out
    state = fop.snapshot()
    assert state.ad_ready and state.bc_ready and state.bd_ready and state.state == 6


def test_directives_during_initiation_do_not_answer_for_it():
    desk = Desk()
    desk.give(Directive(1, Order.INITIATE_WITH_CLCW))
    desk.give(Directive(2, Order.SET_T1, 5))
    assert DirectiveDone(1, ok=True) not in desk.actions
    desk.clcw(0)
    assert desk.actions[-1] == DirectiveDone(1, ok=True)


def test_a_control_word_of_another_version_or_told_to_be_invalid_ends_the_service():
    for event in (Clcw(version=1), InvalidClcw()):
        desk = Desk()
        desk.initiate(0)
        desk.give(event)
        assert desk.alerts() == [Code.CLCW]


def test_a_bc_frame_is_no_fdu_and_settings_out_of_range_make_no_fop():
    with pytest.raises(EncodeError):
        Fop(0, window=1, t1_ns=1, limit=1).receive(Transmit(1, b"", Kind.BC), 0)
    for wrong in ({"window": 0}, {"window": 256}, {"t1_ns": 0}, {"limit": 0}, {"timeout_type": 2}):
        with pytest.raises(EncodeError):
            Fop(0, **({"window": 1, "t1_ns": 1, "limit": 1} | wrong))


def test_a_service_that_was_killed_goes_on_with_the_very_same_frames():
    desk = Desk(window=5, limit=3)
    desk.initiate(254)
    for request, data in enumerate((b"a", b"b", b"c")):
        desk.give(Transmit(request, data))
    desk.clcw(255)
    kept = desk.fop.snapshot()
    desk.give(Transmit(3, b"lost with the process"))
    desk.fop = Fop.restore(kept, desk.now)
    assert desk.fop.deadline() == desk.now + 100 * MS
    before = len(desk.actions)
    desk.wait(100)
    again = [a for a in desk.actions[before:] if isinstance(a, Send)]
    assert [(a.sequence, a.data, a.request) for a in again] == [(255, b"b", 1), (0, b"c", 2)]
    desk.clcw(1)
    assert desk.actions[-1] == Acknowledged((1, 2)) and desk.fop.snapshot().vs == 1


def test_a_suspended_service_that_was_killed_can_be_resumed():
    desk = Desk(limit=1)
    desk.initiate(7)
    desk.give(Transmit(1, b"a"))
    desk.wait(100)
    desk.fop = Fop.restore(desk.fop.snapshot(), desk.now)
    assert desk.fop.deadline() is None
    assert desk.order(Order.RESUME) and desk.state == 1
    desk.clcw(8)
    assert desk.actions[-1] == Acknowledged((1,))


def test_after_a_restart_a_frame_still_marked_is_sent_at_once_when_asked():
    fop = Fop(0, window=5, t1_ns=MS, limit=3)
    fop.receive(Directive(0, Order.INITIATE), 0)
    for request in (1, 2):
        fop.receive(Transmit(request, b"x"), 0)
        fop.receive(Lower(Kind.AD), 0)
    fop.receive(Clcw(report_value=0, retransmit=True), 0)  # the first leaves, the second is marked
    fop = Fop.restore(fop.snapshot(), 5)
    assert fop.receive(Lower(Kind.AD), 5) == [Send(Kind.AD, 1, b"x", 2, retransmission=True)]


EVENTS = st.one_of(
    st.builds(
        Transmit, st.integers(0, 50), st.binary(max_size=3), st.sampled_from([Kind.AD, Kind.BD])
    ),
    st.builds(Directive, st.integers(0, 50), st.sampled_from(Order), st.integers(-1, 260)),
    st.builds(Lower, st.sampled_from(Kind), st.booleans()),
    st.builds(
        Clcw,
        report_value=st.integers(0, 12),
        lockout=st.booleans(),
        wait=st.booleans(),
        retransmit=st.booleans(),
    ),
    st.just(InvalidClcw()),
    st.none(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=60))
def test_whatever_comes_every_frame_is_accounted_for_once(events):
    """Each FDU is accepted or rejected, and an accepted one is acknowledged, failed or held."""
    fop, asked, ends = Fop(0, window=5, t1_ns=10, limit=2), [], []
    for place, event in enumerate(events):
        if isinstance(event, Transmit):
            event = Transmit(place, event.data, event.kind)
            if event.kind is Kind.AD:
                asked.append(place)
        elif isinstance(event, Directive):
            event = Directive(place, event.order, event.qualifier)
        out = fop.expire(place * 10) if event is None else fop.receive(event, place * 10)
        for action in out:
            if isinstance(action, Acknowledged | Failed):
                ends += action.requests
            elif isinstance(action, Rejected):
                ends.append(action.request)
        state = fop.snapshot()
        assert len(state.sent) <= 256 and 0 <= state.vs < 256 and 0 <= state.nnr < 256
        assert state.suspended in range(5) and (state.state == 6 or not state.suspended)
    held = [f.request for f in state.sent if f.kind is Kind.AD] if events else []
    held += [state.wait.request] if events and state.wait else []
    data = [request for request in ends if request in asked]
    assert sorted(data + held) == asked
