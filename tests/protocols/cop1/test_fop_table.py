"""Every cell of the FOP-1 state table, driven from outside: 50 events in 6 states.

The table below was written apart from `protocols.cop1.table`, in words for what can be seen:
what is told, what is sent, what the timer does, which state follows. `-` is not applicable.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.clcw import Clcw
from protocols.cop1 import signals as s
from protocols.cop1.fop import Fop
from protocols.cop1.signals import Directive, InvalidClcw, Lower, Order, Transmit
from protocols.cop1.state import Frame, State
from protocols.tc import Kind
from tests.clauses import clause

NOW, T1 = 1_000, 300
AD = tuple(Frame(number, Kind.AD, number, b"%d" % number) for number in (10, 11, 12))
BC = Frame(99, Kind.BC, 0, b"\0")

# event | S1 | S2 | S3 | S4 | S5 | S6; the last number of a cell is the state that follows
TABLE = """
1  |1              |synch 6        |synch 6        |ok stop 1 |ok free stop 1|6
2  |ack stop look 1|ack stop look 1|ack stop look 1|-         |-             |6
3  |clcw 6         |clcw 6         |clcw 6         |clcw 6    |clcw 6        |6
4  |synch 6        |synch 6        |synch 6        |synch 6   |5             |6
5  |1              |synch 6        |synch 6        |-         |-             |6
6  |ack look 1     |ack look 1     |ack look 1     |-         |-             |6
7  |clcw 6         |clcw 6         |clcw 6         |-         |-             |6
101|ack limit 6    |ack limit 6    |ack limit 6    |-         |-             |6
102|limit 6        |limit 6        |limit 6        |-         |-             |6
8  |ack again 2    |ack again 2    |ack again 2    |-         |-             |6
9  |ack 3          |ack 3          |ack 3          |-         |-             |6
10 |again 2        |2              |again 2        |-         |-             |6
11 |3              |3              |3              |-         |-             |6
12 |2              |2              |2              |-         |-             |6
103|3              |3              |3              |-         |-             |6
13 |nn(r) 6        |nn(r) 6        |nn(r) 6        |nn(r) 6   |5             |6
14 |lockout 6      |lockout 6      |lockout 6      |lockout 6 |5             |6
15 |clcw 6         |clcw 6         |clcw 6         |clcw 6    |clcw 6        |6
16 |again 1        |again 2        |3              |t1 6      |bcagain 5     |-
104|again 1        |again 2        |3              |susp 6    |bcagain 5     |-
17 |t1 6           |t1 6           |t1 6           |t1 6      |t1 6          |-
18 |susp 6         |susp 6         |susp 6         |susp 6    |t1 6          |-
19 |send 1         |send 2         |hold 3         |rej 4     |rej 5         |rej 6
20 |rej 1          |rej 2          |rej 3          |rej 4     |rej 5         |rej 6
21 |bd 1           |bd 2           |bd 3           |bd 4      |bd 5          |bd 6
22 |rej 1          |rej 2          |rej 3          |rej 4     |rej 5         |rej 6
23 |no 1           |no 2           |no 3           |no 4      |no 5          |yes done 1
24 |no 1           |no 2           |no 3           |no 4      |no 5          |yes start 4
25 |no 1           |no 2           |no 3           |no 4      |no 5          |yes unlock 5
26 |no 1           |no 2           |no 3           |no 4      |no 5          |no 6
27 |no 1           |no 2           |no 3           |no 4      |no 5          |yes setvr 5
28 |no 1           |no 2           |no 3           |no 4      |no 5          |no 6
29 |term 6         |term 6         |term 6         |term 6    |term 6        |yes done 6
30 |no 1           |no 2           |no 3           |no 4      |no 5          |no 6
31 |-              |-              |-              |-         |-             |yes start done 1
32 |-              |-              |-              |-         |-             |yes start done 2
33 |-              |-              |-              |-         |-             |yes start done 3
34 |-              |-              |-              |-         |-             |yes start done 4
35 |no 1           |no 2           |no 3           |no 4      |no 5          |yes done 6
36 |yes done 1     |yes done 2     |yes done 3     |yes done 4|yes done 5    |yes done 6
37 |yes done 1     |yes done 2     |yes done 3     |yes done 4|yes done 5    |yes done 6
38 |yes done 1     |yes done 2     |yes done 3     |yes done 4|yes done 5    |yes done 6
39 |yes done 1     |yes done 2     |yes done 3     |yes done 4|yes done 5    |yes done 6
40 |no 1           |no 2           |no 3           |no 4      |no 5          |no 6
41 |look 1         |look 2         |3              |4         |5             |6
42 |llif 6         |llif 6         |llif 6         |llif 6    |llif 6        |llif 6
43 |1              |2              |3              |4         |lookbc 5      |6
44 |llif 6         |llif 6         |llif 6         |llif 6    |llif 6        |llif 6
45 |1              |2              |3              |4         |5             |6
46 |llif 6         |llif 6         |llif 6         |llif 6    |llif 6        |llif 6
"""
CODES = ("synch", "clcw", "limit", "nn(r)", "lockout", "t1", "llif", "term")


def word(number: int, **flags: bool) -> Clcw:
    return Clcw(report_value=number, **flags)


def order(which: Order, qualifier: int = 0) -> Directive:
    return Directive(60, which, qualifier)


# event: (what comes in, or None for the timer; what differs in the state before)
EVENTS: dict[int, tuple[s.Event | None, dict]] = {
    1: (word(13), {"nnr": 13, "sent": ()}),
    2: (word(13), {}),
    3: (word(13, wait=True), {}),
    4: (word(13, retransmit=True), {}),
    5: (word(10), {}),
    6: (word(11), {}),
    7: (word(11, wait=True), {}),
    101: (word(11, retransmit=True), {"limit": 1}),
    102: (word(10, retransmit=True, wait=True), {"limit": 1}),
    8: (word(11, retransmit=True), {"count": 3}),
    9: (word(11, retransmit=True, wait=True), {}),
    10: (word(10, retransmit=True), {"count": 2}),
    11: (word(10, retransmit=True, wait=True), {"count": 2}),
    12: (word(10, retransmit=True), {"count": 3}),
    103: (word(10, retransmit=True, wait=True), {"count": 3}),
    13: (word(14), {}),
    14: (word(10, lockout=True, wait=True, retransmit=True), {}),
    15: (InvalidClcw(), {}),
    16: (None, {"count": 2, "timeout_type": 0}),
    104: (None, {"count": 2, "timeout_type": 1}),
    17: (None, {"count": 3, "timeout_type": 0}),
    18: (None, {"count": 3, "timeout_type": 1}),
    19: (Transmit(60, b"new"), {"wait": None}),
    20: (Transmit(60, b"new"), {"wait": Frame(50, Kind.AD, 0, b"50")}),
    21: (Transmit(60, b"new", Kind.BD), {}),
    22: (Transmit(60, b"new", Kind.BD), {"bd_ready": False}),
    23: (order(Order.INITIATE), {}),
    24: (order(Order.INITIATE_WITH_CLCW), {}),
    25: (order(Order.INITIATE_WITH_UNLOCK), {}),
    26: (order(Order.INITIATE_WITH_UNLOCK), {"bc_ready": False}),
    27: (order(Order.INITIATE_WITH_SET_VR, 77), {}),
    28: (order(Order.INITIATE_WITH_SET_VR, 77), {"bc_ready": False}),
    29: (order(Order.TERMINATE), {}),
    30: (order(Order.RESUME), {}),
    31: (order(Order.RESUME), {"suspended": 1}),
    32: (order(Order.RESUME), {"suspended": 2}),
    33: (order(Order.RESUME), {"suspended": 3}),
    34: (order(Order.RESUME), {"suspended": 4}),
    35: (order(Order.SET_VS, 77), {}),
    36: (order(Order.SET_WINDOW, 7), {}),
    37: (order(Order.SET_T1, 70), {}),
    38: (order(Order.SET_LIMIT, 7), {}),
    39: (order(Order.SET_TIMEOUT_TYPE, 1), {}),
    40: (order(Order.SET_WINDOW, 0), {}),
    41: (Lower(Kind.AD), {"ad_ready": False}),
    42: (Lower(Kind.AD, accepted=False), {"ad_ready": False}),
    43: (Lower(Kind.BC), {"bc_ready": False}),
    44: (Lower(Kind.BC, accepted=False), {"bc_ready": False}),
    45: (Lower(Kind.BD), {"bd_ready": False}),
    46: (Lower(Kind.BD, accepted=False), {"bd_ready": False}),
}
ACKNOWLEDGED = {2: (10, 11, 12), 6: (10,), 101: (10,), 8: (10,), 9: (10,)}
CHANGES = {35: ("vs", 77), 36: ("window", 7), 37: ("t1_ns", 70), 38: ("limit", 7)}


def before(event: int, state: int) -> State:
    """Three AD frames on their way in states 1 to 3, a directive under way in 4 and 5."""
    first = State(0, 10, T1, 3, 0, state, vs=13, nnr=10, count=1, deadline_ns=NOW - 1)
    if state <= 3:
        first = replace(first, sent=AD, wait=Frame(50, Kind.AD, 0, b"50"))
    elif state <= 5:
        first = replace(first, directive=99, sent=(BC,) * (state == 5))
    else:
        first = replace(first, deadline_ns=None)
    changes = dict(EVENTS[event][1])
    if event == 1 and state == 5:
        del changes["sent"]  # the BC frame is to be released
    if event == 43 and state == 5:
        changes["sent"] = (replace(BC, again=True),)
    if event in range(31, 35) and state != 6:
        changes["deadline_ns"] = None
    return replace(first, **changes)


def told(action: s.Action) -> str:
    match action:
        case s.Send(kind, sequence, data, request, again):
            return f"send {kind.name} {sequence} {data.hex()} {request}{' again' * again}"
        case s.Abort(kind):
            return f"abort {kind.name}"
        case s.DirectiveDone(request, ok):
            return f"{'done' if ok else 'no'} {request}"
        case s.Alert(code):
            return f"alert {code.value}"
        case s.Acknowledged(requests) | s.Failed(requests) | s.Suspended(requests):
            return f"{type(action).__name__} {requests}"
        case s.Accepted(request) | s.Rejected(request) | s.DirectiveAccepted(request):
            return f"{type(action).__name__} {request}"


def expected(words: list[str], event: int, first: State) -> list[str]:
    """What is told and sent, in order, for the words of one cell."""
    left = [frame for frame in first.sent if frame.request not in ACKNOWLEDGED.get(event, ())]
    if "ack" not in words:
        left = list(first.sent)
    out: list[str] = []
    for each in words:
        if each == "ack":
            out.append(f"Acknowledged {ACKNOWLEDGED[event]}")
        elif each == "again":
            frame = next(f for f in left if f.kind is Kind.AD)
            out += [
                "abort AD",
                f"send AD {frame.sequence} {frame.data.hex()} {frame.request} again",
            ]
        elif each in ("bcagain", "lookbc"):
            out += ["abort BC"] * (each == "bcagain") + ["send BC 0 00 99 again"]
        elif each == "look" and first.wait is not None:
            out += ["Accepted 50", f"send AD 13 {b'50'.hex()} 50"]
        elif each == "send":
            out += ["Accepted 60", f"send AD 13 {b'new'.hex()} 60"]
        elif each == "bd":
            out += ["Accepted 60", f"send BD 0 {b'new'.hex()} 60"]
        elif each in ("unlock", "setvr"):
            out.append(f"send BC 0 {'00' if each == 'unlock' else '82004d'} 60")
        elif each in CODES:
            fdus = tuple(f.request for f in left if f.kind is Kind.AD)
            out += [f"Failed {fdus}"] * bool(fdus)
            out += ["Rejected 50"] * (first.wait is not None)
            out += [f"no {first.directive}"] * (first.directive is not None)
            out.append(f"alert {each}")
            if each == "term":
                out = ["DirectiveAccepted 60", *out, "done 60"]
        elif each == "susp":
            out.append(f"Suspended {tuple(f.request for f in left if f.kind is Kind.AD)}")
        elif each in ("rej", "yes", "no", "done"):
            text = {"rej": "Rejected", "yes": "DirectiveAccepted"}.get(each, each)
            out.append(f"{text} 60")
        elif each == "ok":
            out.append("done 99")
    return out


def timer(words: list[str], first: State, event: int) -> int | None:
    fresh = {"again", "bcagain", "send", "unlock", "setvr", "start"}
    if fresh & set(words) or ("look" in words and first.wait is not None):
        return NOW + T1
    if {"stop", "susp", *CODES} & set(words) or EVENTS[event][0] is None:
        return None
    return first.deadline_ns


ROWS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
CELLS = [(int(row[0]), state, row[state]) for row in ROWS for state in range(1, 7)]


def test_there_is_a_test_for_each_of_three_hundred_cells():
    assert len(CELLS) == 300
    assert {event for event, _, _ in CELLS} == {*range(1, 47), *range(101, 105)}


@clause("232.1-B-2 table 5-1")
@pytest.mark.parametrize(("event", "state", "cell"), CELLS, ids=lambda each: str(each))
def test_an_event_in_a_state_does_what_its_cell_says(event, state, cell):
    first = before(event, state)
    fop = Fop.__new__(Fop)
    fop._state = first
    incoming = EVENTS[event][0]
    out = fop.expire(NOW) if incoming is None else fop.receive(incoming, NOW)
    after = fop.snapshot()
    words = cell.split()
    if cell == "-":
        # RESUME is not applicable with SS not zero outside state 6, a timer not at rest in it.
        assert not out and after.state == state
        return
    assert [told(action) for action in out] == expected(words[:-1], event, first)
    assert after.state == int(words[-1])
    assert after.deadline_ns == timer(words, first, event)
    if "susp" in words:
        assert (after.suspended, after.sent, after.wait) == (state, first.sent, first.wait)
    elif "hold" in words:
        assert after.wait == Frame(60, Kind.AD, 0, b"new")
    elif set(CODES) & set(words):
        assert (after.sent, after.wait, after.directive) == ((), None, None)
    elif "ack" in words:
        assert incoming.report_value == after.nnr
        if "look" in words or event == 9:
            assert after.count == 1
        else:
            assert after.count == 2  # one anew, and the retransmission
    elif "free" in words:
        assert after.sent == ()
    elif "again" in words or "bcagain" in words:
        assert after.count == first.count + 1
    elif event in CHANGES and "yes" in words:
        name, value = CHANGES[event]
        assert getattr(after, name) == value
    elif "setvr" in words:
        assert (after.vs, after.nnr) == (77, 77)


@clause("232.1-B-2 table 5-1 E35")
def test_v_s_is_not_set_while_the_service_is_suspended():
    fop = Fop.restore(replace(before(35, 6), suspended=2), NOW)
    assert fop.receive(order(Order.SET_VS, 77), NOW) == [s.DirectiveDone(60, ok=False)]
    assert fop.snapshot().vs == 13


@clause("232.1-B-2 §5.3.2")
@pytest.mark.parametrize("state", range(1, 7))
def test_a_control_word_of_another_channel_or_procedure_is_not_for_us(state):
    first = before(6, state)
    fop = Fop.__new__(Fop)
    fop._state = first
    assert fop.receive(Clcw(vcid=1, report_value=11), NOW) == []
    assert fop.receive(Clcw(report_value=11, cop_in_effect=2), NOW) == []
    assert fop.snapshot() is first


@clause("232.1-B-2 §5.3.2")
@pytest.mark.parametrize("start", [0, 100, 250, 253, 255])
def test_the_row_of_a_control_word_does_not_depend_on_where_the_numbers_wrap(start):
    """NN(R) = start and V(S) five further: what N(R) means is a matter of differences."""
    for distance in range(-2, 8):
        frames = tuple(Frame(n, Kind.AD, (start + n) % 256, b"") for n in range(5))
        state = State(0, 10, T1, 3, 0, 1, vs=(start + 5) % 256, nnr=start % 256, sent=frames)
        fop = Fop.restore(state, NOW)
        out = fop.receive(word((start + distance) % 256), NOW)
        if not 0 <= distance <= 5:
            assert told(out[-1]) == "alert nn(r)"
        else:
            done = tuple(range(distance))
            assert out == ([s.Acknowledged(done)] if done else [])
