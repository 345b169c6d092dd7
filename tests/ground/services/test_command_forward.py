"""The forward channel of one spacecraft: how AD service begins, what leaves, and what is settled.

Octets of frames are worked out by hand from the book's page; CRCs come from the standard library.
"""

from __future__ import annotations

from binascii import crc_hqx
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.services.forward import RETURN_NS, Forward
from ground.services.forward_told import Arrived, Doubt, Fdu, Leaving, Settled, Turned, settle
from ground.services.planner import Planner, Wish
from ground.services.ways import Way
from ground.settings import Mission
from protocols.clcw import Clcw
from protocols.cop1.signals import Order
from protocols.errors import EncodeError
from protocols.tc import Kind
from tests.clauses import clause
from tests.ground.services.commanded import DAY, NOW, S, mission_in, plan_of

HOUR = NOW + 3600 * S
PING = bytes.fromhex("1896c00000042f11010000")


@pytest.fixture
def mission(tmp_path: Path) -> Mission:
    return mission_in(tmp_path)


def way(mission: Mission, *via: str) -> Way:
    hops = [("kashi", "CG-1"), ("sanya", "CG-1"), ("kashi", "SF-1"), ("SF-1", "CG-1")]
    planner = Planner(mission)
    planner.use(plan_of(mission, *hops), NOW, NOW + DAY)
    found = planner.way(Wish("CG-1", 256, HOUR, 1, via or ("kashi", "direct")), NOW)
    assert isinstance(found, Way)
    return found


class Channel:
    """A forward channel, and a clock."""

    def __init__(self, mission: Mission, craft: int = 0) -> None:
        spacecraft = mission.spacecraft[craft]
        assert spacecraft.tc is not None
        self.it = Forward(spacecraft.name, spacecraft.scid, spacecraft.tc)
        self.now = NOW
        self.told: list[Any] = []

    def word(self, report: int, **flags: Any) -> list[Any]:
        found = Clcw(vcid=self.it.settings.vcid, report_value=report, **flags)
        return self.note(self.it.receive(found, self.now, self.now))

    def send(self, command: str, *fields: bytes, expires: int = HOUR, kind: Kind = Kind.AD) -> Any:
        given = fields or (b"\xc0" + PING,)
        return self.note(self.it.release(command, given, expires, kind, self.now, self.it.way))

    def turn(self, seconds: float) -> list[Any]:
        self.now += round(seconds * S)
        return self.note(self.it.expire(self.now))

    def prepare(self) -> list[Any]:
        return self.note(self.it.prepare(self.now))

    def note(self, told: list[Any]) -> list[Any]:
        self.told += told
        return told

    @property
    def frames(self) -> list[Leaving]:
        return [each for each in self.told if isinstance(each, Leaving)]


@pytest.fixture
def channel(mission: Mission) -> Channel:
    """A channel on a way, nothing heard yet."""
    made = Channel(mission)
    made.it.switch(way(mission), made.now)
    return made


@pytest.fixture
def active(channel: Channel) -> Channel:
    """A channel in AD service from N(S) = 5 on."""
    channel.word(5)
    channel.prepare()
    assert (channel.it.state, channel.it.numbers[:2]) == ("active", (5, 5))
    return channel


def only(told: list[Any], kind: type) -> list[Any]:
    return [each for each in told if isinstance(each, kind)]


# ---- data fields --------------------------------------------------------------------------------


@clause("232.0-B-4 §4.1.3.2.2")
@pytest.mark.parametrize(
    "craft, octets, heads, sizes",
    [
        (0, 11, ["c0"], [12]),
        (1, 11, ["c3"], [12]),
        (0, 248, ["c0"], [249]),
        (0, 249, ["40", "80"], [249, 2]),
        (1, 600, ["43", "03", "83"], [249, 249, 105]),
    ],
)
def test_a_packet_is_cut_into_segments_that_fill_frames(
    mission: Mission, craft: int, octets: int, heads: list[str], sizes: list[int]
) -> None:
    """Frames of 256: 5 of header, 1 of segment header, 2 of CRC, 248 of packet."""
    packet = PING[:4] + (octets - 7).to_bytes(2, "big") + bytes(octets - 6)
    fields = Channel(mission, craft).it.fields(packet)
    assert [each[:1].hex() for each in fields] == heads
    assert [len(each) for each in fields] == sizes
    assert b"".join(each[1:] for each in fields) == packet


def test_without_segments_a_packet_is_a_frame_or_cannot_be_sent(tmp_path: Path) -> None:
    more = """
[[spacecraft]]
name = "CG-3"
scid = 173
tc = { length = 20, fecf = false }
"""
    mission = mission_in(tmp_path, more)
    craft = mission.spacecraft[2]
    assert craft.tc is not None
    plain = Forward("CG-3", 173, craft.tc.model_copy(update={"map": None}))
    assert plain.fields(bytes(15)) == [bytes(15)]
    with pytest.raises(EncodeError, match="a frame without segments takes 15"):
        plain.fields(bytes(16))


# ---- how AD service begins ----------------------------------------------------------------------


def test_nothing_begins_before_a_control_word(channel: Channel) -> None:
    assert channel.prepare() == []
    assert (channel.it.state, channel.it.room(NOW)) == ("initial", 0)


def test_an_orderly_control_word_is_taken_over(channel: Channel) -> None:
    channel.word(200)
    assert not only(channel.prepare(), Leaving)
    assert channel.it.active
    assert channel.it.numbers[:2] == (200, 200)


@clause("232.0-B-4 §4.1.3.3")
def test_a_spacecraft_that_stands_at_0_is_set_to_1(channel: Channel) -> None:
    """0011 00 0010101011 = 30ab; VC 0 and length 9: 0009; N(S) 0; Set V(R): 82 00 01; CRC."""
    channel.word(0)
    [frame] = only(channel.prepare(), Leaving)
    body = bytes.fromhex("30ab000900820001")
    assert frame.frame == body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    assert (frame.kind, frame.commands) == (Kind.BC, ())
    assert channel.it.state == "initialising"
    channel.turn(0.5)
    channel.word(0)
    assert channel.it.state == "initialising"
    channel.word(1)
    assert channel.it.active
    assert channel.it.numbers[:2] == (1, 1)


def test_no_ad_frame_leaves_while_a_copy_of_a_control_frame_may(channel: Channel) -> None:
    """A late Set V(R) would let frames in twice."""
    channel.word(0)
    [frame] = only(channel.prepare(), Leaving)
    channel.turn(0.5)
    channel.word(1)
    assert channel.it.room(frame.deadline_ns) == 0
    assert channel.it.room(frame.deadline_ns + 1) > 0


@clause("232.0-B-4 §4.1.3.3")
@pytest.mark.parametrize("flag", ["lockout", "retransmit", "wait"])
def test_a_spacecraft_in_trouble_is_unlocked(channel: Channel, flag: str) -> None:
    """30ab, VC 0 and length 7, N(S) 0; Unlock: 00; CRC."""
    channel.word(7, **{flag: True})
    [frame] = only(channel.prepare(), Leaving)
    body = bytes.fromhex("30ab00070000")
    assert frame.frame == body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    channel.turn(0.5)
    channel.word(7)
    assert channel.it.active
    assert channel.it.numbers[:2] == (7, 7)


def test_one_that_stands_at_0_after_it_was_unlocked_is_set_to_1(channel: Channel) -> None:
    channel.word(0, lockout=True)
    channel.prepare()
    channel.turn(0.5)
    channel.word(0)
    assert [each.frame[5:-2].hex() for each in channel.frames] == ["00", "820001"]
    channel.turn(0.5)
    channel.word(1)
    assert channel.it.active


def test_a_word_of_before_a_restart_begins_nothing(channel: Channel) -> None:
    channel.it.restore([], NOW)
    channel.word(9)
    channel.prepare()
    assert not channel.it.active
    channel.now = NOW + RETURN_NS
    channel.word(9)
    channel.prepare()
    assert not channel.it.active
    channel.now += 1
    channel.word(9)
    channel.prepare()
    assert channel.it.active


# ---- what leaves --------------------------------------------------------------------------------


@clause("232.0-B-4 §4.1.2")
def test_an_ad_frame_has_its_number_and_its_deadline(active: Channel) -> None:
    """0000 00 0010101011 = 00ab; VC 0 and length 18: 0012; N(S) 5; segment; CRC."""
    [frame] = only(active.send("c1"), Leaving)
    body = bytes.fromhex("00ab001205c0") + PING
    assert frame.frame == body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    assert (frame.kind, frame.sequence, frame.commands) == (Kind.AD, 5, ("c1",))
    chosen = active.it.way
    assert chosen is not None
    assert frame.deadline_ns == NOW + chosen.flight_ns + chosen.margin_ns
    assert not frame.retransmission


def test_what_is_acknowledged_has_arrived(active: Channel) -> None:
    active.send("c1")
    active.send("c2")
    assert only(active.word(6), Arrived) == [Arrived(("c1",), 6)]
    assert only(active.word(6), Arrived) == []
    assert only(active.word(7), Arrived) == [Arrived(("c2",), 7)]
    assert active.it.unacknowledged == 0


def test_a_command_of_several_frames_has_arrived_with_its_last(active: Channel) -> None:
    active.send("c1", b"\x40aa", b"\x00bb", b"\x80cc")
    assert [each.sequence for each in active.frames] == [5, 6, 7]
    assert only(active.word(7), Arrived) == []
    assert only(active.word(8), Arrived) == [Arrived(("c1",), 8)]


def test_no_more_frames_are_out_than_the_window_takes(active: Channel) -> None:
    window = active.it.numbers[2]
    assert active.it.room(NOW) == window
    active.send("c1", *(b"\x00%d" % number for number in range(window + 3)))
    assert len(active.frames) == window
    assert active.it.room(NOW) == -3
    active.word(6)
    assert len(active.frames) == window + 1
    active.word((5 + window) % 256)
    assert [each.sequence for each in active.frames] == [5 + n for n in range(window + 3)]


def test_nothing_is_taken_while_the_spacecraft_has_no_buffer(active: Channel) -> None:
    """FOP-1 would keep a field unsent, whose command waits still and would be released anew."""
    active.send("c1")
    active.word(5, retransmit=True, wait=True)
    assert (active.it.state, active.it.room(NOW)) == ("retransmitting, waiting", 0)
    active.word(6)
    assert active.it.room(NOW) == active.it.numbers[2]


def test_a_field_that_fop_1_kept_unsent_is_given_back_at_an_alert(active: Channel) -> None:
    window = active.it.numbers[2]
    active.send("c1", *(b"\x00%d" % number for number in range(window + 1)))
    active.word(6, retransmit=True, wait=True)
    active.it.direct(Order.TERMINATE, active.now)
    active.now = active.it.quiet_ns + RETURN_NS + 1
    [found] = only(active.word((5 + window) % 256), Settled)
    assert (found.unsent, found.uncertain) == (("c1",), ())
    assert not active.it.unacknowledged


def test_frames_are_sent_again_as_they_were_until_the_service_rests(active: Channel) -> None:
    chosen = active.it.way
    assert chosen is not None
    active.send("c1")
    first = active.frames[0]
    for _ in range(chosen.limit - 1):
        active.turn(chosen.t1_ns / S)
    assert len(active.frames) == chosen.limit
    assert {each.frame for each in active.frames} == {first.frame}
    assert [each.retransmission for each in active.frames] == [False] + [True] * (chosen.limit - 1)
    assert "suspended: no acknowledgement" in {
        each.text for each in only(active.turn(chosen.t1_ns / S), Turned)
    }
    assert (active.it.state, active.it.suspended, active.it.pending) == ("suspended", True, True)
    active.prepare()
    assert active.frames[-1].frame == first.frame
    assert only(active.word(6), Arrived) == [Arrived(("c1",), 6)]
    assert active.it.state == "active"


def test_a_service_that_is_resumed_in_vain_ends_and_is_settled(active: Channel) -> None:
    chosen = active.it.way
    assert chosen is not None
    active.send("c1")
    while not active.it.suspended:
        active.turn(chosen.t1_ns / S)
    active.prepare()
    while not active.it.suspended and active.it.state != "settling":
        active.turn(chosen.t1_ns / S)
    assert active.it.state == "settling"
    assert not active.it.active
    active.now = active.it.quiet_ns + RETURN_NS + 1
    [found] = only(active.word(5), Settled)
    assert (found.unsent, found.uncertain) == (("c1",), ())


def test_a_bypass_frame_leaves_whatever_the_service_does(channel: Channel) -> None:
    """0010 00 0010101011 = 20ab; N(S) 0."""
    [frame] = only(channel.send("c1", kind=Kind.BD), Leaving)
    assert frame.frame[:5].hex() == "20ab001200"
    assert (frame.kind, frame.commands) == (Kind.BD, ("c1",))
    assert channel.it.unacknowledged == 0
    assert channel.it.deadline() is None


def test_a_bypass_frame_may_wait_in_a_relay_that_stores_until_it_expires(
    mission: Mission, channel: Channel
) -> None:
    channel.it.switch(way(mission, "SF-1"), NOW)
    [frame] = only(channel.send("c1", kind=Kind.BD, expires=NOW + 600 * S), Leaving)
    assert frame.deadline_ns == NOW + 600 * S


def test_nothing_leaves_by_a_way_that_is_lost_and_all_of_it_by_the_next(
    mission: Mission, active: Channel
) -> None:
    active.it.lost = True
    active.send("c1")
    assert active.frames == []
    other = way(mission, "sanya")
    active.note(active.it.switch(other, active.now))
    active.turn(other.t1_ns / S)
    assert [each.way.uplink for each in active.frames] == ["sanya-up"]
    assert [each.sequence for each in active.frames] == [5]


def test_another_way_sets_window_timer_and_limit(mission: Mission, active: Channel) -> None:
    slow = plan_of(mission, ("sanya", "CG-1", NOW, HOUR, 2000.0, 400_000_000))
    planner = Planner(mission)
    planner.use(slow, NOW, HOUR)
    found = planner.way(Wish("CG-1", 256, HOUR), NOW)
    assert isinstance(found, Way)
    told = active.it.switch(found, NOW)
    assert active.it.numbers[2:] == (found.window, found.t1_ns)
    assert next(each.text for each in told if isinstance(each, Turned)).startswith("goes by sanya")
    assert active.it.switch(found, NOW) == []


# ---- expiry, and what is settled ----------------------------------------------------------------


def expired(active: Channel, *commands: str) -> Channel:
    """Send commands that expire unacknowledged, one minute later."""
    for each in commands:
        active.send(each, expires=NOW + 60 * S)
    assert active.it.deadline() is not None
    active.turn(60)
    assert active.it.state == "settling"
    active.now = max(active.now, active.it.quiet_ns + RETURN_NS + 1)
    return active


@pytest.mark.parametrize(
    "report, arrived, unsent, uncertain",
    [
        (5, (), ("a", "b", "c"), ()),
        (6, ("a",), ("b", "c"), ()),
        (7, ("a", "b"), ("c",), ()),
        (8, ("a", "b", "c"), (), ()),
        (9, (), (), ("a", "b", "c")),
        (4, (), (), ("a", "b", "c")),
        (0, (), (), ("a", "b", "c")),
        (133, (), (), ("a", "b", "c")),
    ],
)
def test_a_word_after_every_copy_is_gone_tells_what_arrived(
    active: Channel, report: int, arrived: Any, unsent: Any, uncertain: Any
) -> None:
    told = expired(active, "a", "b", "c").word(report)
    assert [name for each in only(told, Arrived) for name in each.commands] == list(arrived)
    assert [name for each in only(told, Settled) for name in each.unsent] == list(unsent)
    assert [name for each in only(told, Settled) for name in each.uncertain] == list(uncertain)
    assert active.it.state == "initial"


def test_a_word_that_may_be_older_than_a_copy_tells_nothing(active: Channel) -> None:
    active.send("a", expires=NOW + 60 * S)
    active.turn(60)
    active.now = active.it.quiet_ns + RETURN_NS
    assert active.word(5) == []
    assert active.it.state == "settling"


def test_nothing_leaves_after_its_expiry(active: Channel) -> None:
    chosen = active.it.way
    assert chosen is not None
    active.send("a", expires=NOW + 60 * S)
    for _ in range(100):
        active.turn(1)
        active.prepare()
    assert all(each.deadline_ns <= NOW + 60 * S for each in active.frames)
    assert active.it.state == "settling"


def test_a_frame_that_would_come_too_late_is_held_back(active: Channel) -> None:
    chosen = active.it.way
    assert chosen is not None
    told = active.send("a", expires=NOW + chosen.flight_ns)
    assert not only(told, Leaving)
    assert "it would be too late" in told[0].text
    assert only(active.send("b", expires=NOW + chosen.flight_ns + 1), Leaving) != []


def test_a_command_that_left_in_part_was_not_received(active: Channel) -> None:
    window = active.it.numbers[2]
    active.send("a", *(b"\x00%d" % n for n in range(window + 1)), expires=NOW + 60 * S)
    active.turn(60)
    active.now = active.it.quiet_ns + RETURN_NS + 1
    told = active.word((5 + window) % 256)
    assert not only(told, Arrived)
    assert [each.unsent for each in only(told, Settled)] == [("a",)]


def test_a_restart_is_settled_like_an_expiry(channel: Channel) -> None:
    doubts = [Doubt(254 + n, Fdu(name, True, HOUR)) for n, name in enumerate("ab")]
    channel.it.restore([*doubts, Doubt(0, Fdu("c", True, HOUR))], NOW)
    assert channel.it.state == "settling"
    channel.send("d")
    assert not channel.frames
    channel.now = NOW + RETURN_NS + 1
    told = channel.word(255)
    assert only(told, Arrived) == [Arrived(("a",), 255)]
    assert [each.unsent for each in only(told, Settled)] == [("b", "c")]


@given(st.integers(0, 255), st.integers(1, 60), st.integers(0, 60), st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_settling_is_what_a_list_of_accepted_frames_says(
    base: int, number: int, accepted: int, each: int
) -> None:
    """Frames are accepted in order; N(R) is the number of the next one."""
    accepted = min(accepted, number * each)
    doubts = [
        Doubt((base + n) % 256, Fdu(f"c{n // each}", n % each == each - 1, HOUR))
        for n in range(number * each)
    ]
    whole = tuple(f"c{n}" for n in range(accepted // each))
    rest = tuple(f"c{n}" for n in range(accepted // each, number))
    report = (base + accepted) % 256
    told = settle(doubts, Clcw(report_value=report))
    if report == 0:
        assert [(it.unsent, len(it.uncertain)) for it in only(told, Settled)] == [((), number)]
        return
    assert [it.commands for it in only(told, Arrived)] == [whole] * bool(whole)
    assert [it.unsent for it in only(told, Settled)] == [rest] * bool(rest)
    assert not any(it.uncertain for it in only(told, Settled))


# ---- directives of operators --------------------------------------------------------------------


@pytest.mark.parametrize(
    "order, value, taken",
    [
        (Order.SET_WINDOW, 0, False),
        (Order.SET_WINDOW, 256, False),
        (Order.SET_WINDOW, -1, False),
        (Order.SET_WINDOW, 4, True),
        (Order.SET_T1, 0, False),
        (Order.SET_T1, -S, False),
        (Order.SET_LIMIT, 256, False),
        (Order.SET_TIMEOUT_TYPE, 2, False),
        (Order.SET_VS, 9, False),  # only in state 6
        (Order.INITIATE_WITH_SET_VR, 256, False),
        (Order.TERMINATE, 0, True),
    ],
)
def test_a_directive_that_cannot_be_is_rejected(
    active: Channel, order: Order, value: int, taken: bool
) -> None:
    before = active.it.numbers
    ok, _ = active.it.direct(order, NOW, value)
    assert ok is taken
    assert taken or active.it.numbers == before


def test_what_a_terminated_service_had_out_is_settled(active: Channel) -> None:
    active.send("a")
    ok, _ = active.it.direct(Order.TERMINATE, NOW)
    assert ok
    assert active.it.state == "settling"
    active.now = active.it.quiet_ns + RETURN_NS + 1
    assert only(active.word(6), Arrived) == [Arrived(("a",), 6)]
