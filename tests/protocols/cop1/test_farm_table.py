"""Every cell of the FARM-1 state table, driven from outside: 11 events in 3 states.

The table below was written apart from `protocols.cop1.table`. A cell says accepted or not, then
lockout, wait, retransmit as they are afterwards (each began as its state has it, retransmit as
one), how far V(R) and FARM-B went, and the state that follows.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import clcw
from protocols.cop1.farm import Farm, Fdu
from protocols.errors import EncodeError
from protocols.tc import Kind, TcFrame
from tests.clauses import clause

VR, W = 5, 20

TABLE = """
1  | yes 000 +1 +0 1 | -               | no 101 +0 +0 3
2  | no 011 +0 +0 2  | no 011 +0 +0 2  | no 101 +0 +0 3
3  | no 001 +0 +0 1  | no 011 +0 +0 2  | no 101 +0 +0 3
4  | no 001 +0 +0 1  | no 011 +0 +0 2  | no 101 +0 +0 3
5  | no 101 +0 +0 3  | no 111 +0 +0 3  | no 101 +0 +0 3
6  | yes 001 +0 +1 1 | yes 011 +0 +1 2 | yes 101 +0 +1 3
7  | yes 000 +0 +1 1 | yes 000 +0 +1 1 | yes 000 +0 +1 1
8  | yes 000 72 +1 1 | yes 000 72 +1 1 | no 101 +0 +1 3
9  | no 001 +0 +0 1  | no 011 +0 +0 2  | no 101 +0 +0 3
10 | no 001 +0 +0 1  | no 001 +0 +0 1  | no 101 +0 +0 3
11 | no 001 +0 +0 1  | no 011 +0 +0 2  | no 101 +0 +0 3
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
CELLS = [(int(row[0]), state, row[state]) for row in ROWS for state in (1, 2, 3)]


def ad(number: int) -> TcFrame:
    return TcFrame(1, 0, Kind.AD, number % 256, b"data")


def bc(data: bytes) -> TcFrame:
    return TcFrame(1, 0, Kind.BC, 0, data)


def feed(farm: Farm, event: int) -> bool:
    """Let one event happen; the buffer is full or not as the event needs it."""
    if event in (2, 10) or (farm.state == 2 and event != 1):
        farm._buffer.append(Fdu(Kind.AD, b"old"))
    if event in (3, 4, 5):
        return farm.receive(ad(VR + {3: 9, 4: -10, 5: 10}[event]))
    if event in (1, 2):
        return farm.receive(ad(VR))
    if event == 6:
        return farm.receive(TcFrame(1, 0, Kind.BD, 0, b"data"))
    if event in (7, 8):
        return farm.receive(bc(b"\0" if event == 7 else b"\x82\0\x48"))
    if event == 9:
        return farm.invalid()
    if event == 10:
        farm.take()
    else:
        farm.clcw()
    return False


@clause("232.1-B-2 table 6-1")
@pytest.mark.parametrize(("event", "state", "cell"), CELLS, ids=lambda each: str(each))
def test_an_event_in_a_state_does_what_its_cell_says(event, state, cell):
    farm = Farm(0, window=W, capacity=1, state=state, vr=VR)
    farm.retransmit = True
    accepted = feed(farm, event)
    if cell == "-":
        assert not accepted and (farm.state, farm.vr) == (state, VR)
        return
    answer, flags, vr, b_count, after = cell.split()
    assert accepted == (answer == "yes")
    word = farm.clcw()
    assert f"{word.lockout:d}{word.wait:d}{word.retransmit:d}" == flags
    assert word.report_value == (VR + int(vr) if vr[0] == "+" else int(vr))
    assert word.farm_b_counter == int(b_count)
    assert farm.state == int(after)


@clause("232.1-B-2 table 6-1 E10")
def test_room_in_the_buffer_ends_wait_even_in_lockout():
    farm = Farm(0, window=W, capacity=1)
    assert farm.receive(ad(0)) and not farm.receive(ad(1))
    assert farm.state == 2 and not farm.receive(ad(100))
    assert farm.state == 3 and farm.clcw().wait
    assert farm.take() == [Fdu(Kind.AD, b"data")]
    assert farm.state == 3 and not farm.clcw().wait


@clause("232.1-B-2 §6.1.8")
@pytest.mark.parametrize("window", [2, 4, 10, 126, 254])
@pytest.mark.parametrize("vr", [0, 1, 127, 128, 200, 255])
def test_each_of_the_256_numbers_lies_where_the_window_says(window, vr):
    """The positive part is V(R) to V(R)+PW-1, the negative V(R)-NW to V(R)-1, each W/2 wide."""
    half = window // 2
    for offset in range(-128, 128):
        farm = Farm(0, window=window, vr=vr)
        accepted = farm.receive(ad(vr + offset))
        assert accepted == (offset == 0)
        assert farm.retransmit == (0 < offset < half)
        assert (farm.state == 3) == (offset >= half or offset < -half)


@clause("232.1-B-2 §6.1.8")
@pytest.mark.parametrize("window", [-2, 0, 1, 3, 255, 256])
def test_a_window_is_even_and_from_2_to_254(window):
    with pytest.raises(EncodeError):
        Farm(0, window=window)


@clause("232.1-B-2 §6.1.6")
def test_the_counter_of_type_b_frames_goes_on_and_its_last_two_bits_are_reported():
    farm = Farm(0)
    seen = []
    for _ in range(9):
        farm.receive(TcFrame(1, 0, Kind.BD, 0, b"x"))
        seen.append(farm.clcw().farm_b_counter)
    assert (seen, farm.b_count) == ([1, 2, 3, 0, 1, 2, 3, 0, 1], 9)


@clause("232.1-B-2 §6.2.2")
def test_a_bd_frame_makes_room_for_itself_among_those_not_taken():
    farm = Farm(0, capacity=2)
    assert farm.receive(ad(0))
    for data in (b"1", b"2", b"3"):
        assert farm.receive(TcFrame(1, 0, Kind.BD, 0, data))
    assert farm.aborted == 1
    assert [fdu.data for fdu in farm.take()] == [b"data", b"2", b"3"]


def test_fdus_are_taken_in_the_order_of_arrival_and_as_many_as_asked():
    farm = Farm(0, capacity=3)
    for number in range(3):
        farm.receive(TcFrame(1, 0, Kind.AD, number, bytes([number])))
    assert [fdu.data for fdu in farm.take(2)] == [b"\0", b"\1"]
    assert [fdu.data for fdu in farm.take(5)] == [b"\2"]


def test_frames_of_another_channel_and_unknown_commands_are_discarded_and_counted():
    farm = Farm(0)
    assert not farm.receive(TcFrame(1, 1, Kind.AD, 0, b"x"))
    assert not farm.receive(bc(b"\x01"))
    assert not farm.receive(bc(b"\x82\x01\x11"))
    assert (farm.discarded, farm.vr, farm.b_count) == (3, 0, 0)


def test_without_retransmission_the_whole_window_is_positive():
    farm = Farm(0, window=20, retransmission=False)
    assert (farm.positive, farm.negative) == (20, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Kind)), st.integers(0, 255), st.binary(max_size=4))))
def test_no_frame_breaks_the_receiver_and_its_report_can_always_be_sent(frames):
    farm = Farm(0, window=40, capacity=3)
    for kind, sequence, data in frames:
        farm.receive(TcFrame(1, 0, kind, sequence, data))
        assert clcw.decode(clcw.encode(farm.clcw())) == farm.clcw()
        assert farm.state in (1, 2, 3) and farm.lockout == (farm.state == 3)
        if sequence % 3 == 0:
            farm.take(1)
