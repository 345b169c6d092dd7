"""Sequences of two other implementations (`vectors/cop1_sequences.json`), step by step.

Eleven are of dariol83/ccsds, eight single steps of NASA's CFS_IO_LIB. The Java engines run on
threads and clocks, so a few steps need a word of ours; each says which and why:

- its FARM hands the first FDU to a consumer that keeps it, so that a buffer of 2 takes 3 frames
  (testFarmWaitLockout), and empties its buffer within the seconds it sleeps (testFarmUnlock);
- its FARM sets the status field to 1 from the first BD frame on, which is the mission's own;
- its `build_AD` also sends, unless a step `fop_transmit` or `farm_frame_arrives` follows;
- its FOP stub answers each frame at once, but in testAdReject, where it refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from protocols import clcw, tc
from protocols.clcw import Clcw
from protocols.cop1.farm import Farm
from protocols.cop1.fop import Fop
from protocols.cop1.signals import (
    Alert,
    Directive,
    DirectiveDone,
    Lower,
    Order,
    Send,
    Transmit,
)
from protocols.tc import Kind, TcFrame
from tests.clauses import clause
from tests.conftest import SHARED

PATH = SHARED / "vectors" / "cop1_sequences.json"
FILE = json.loads(PATH.read_text()) if PATH.is_file() else {}
SEQUENCES = FILE.get("sequences", [])
STEPS = FILE.get("farm_single_steps", {}).get("cases", [])
MS = 1_000_000
ORDERS = {
    "SET_FOP_SLIDING_WINDOW": Order.SET_WINDOW,
    "SET_T1_INITIAL": Order.SET_T1,
    "SET_TIMEOUT_TYPE": Order.SET_TIMEOUT_TYPE,
    "SET_TRANSMISSION_LIMIT": Order.SET_LIMIT,
    "SET_V_S": Order.SET_VS,
    "INIT_AD_WITH_CLCW": Order.INITIATE_WITH_CLCW,
    "INIT_AD_WITHOUT_CLCW": Order.INITIATE,
    "INIT_AD_WITH_UNLOCK": Order.INITIATE_WITH_UNLOCK,
    "INIT_AD_WITH_SET_V_R": Order.INITIATE_WITH_SET_VR,
    "TERMINATE": Order.TERMINATE,
    "RESUME": Order.RESUME,
}


def of(kind: str) -> list[Any]:
    return [pytest.param(each, id=each["name"]) for each in SEQUENCES if each["kind"] == kind]


def word(fields: dict[str, Any]) -> Clcw:
    """The control word of a step; its octets are the file's own, and say the same."""
    decoded = clcw.decode(bytes.fromhex(fields["hex"]))
    assert (decoded.report_value, decoded.farm_b_counter) == (fields["report"], fields["farm_b"])
    return decoded


def test_eleven_sequences_and_eight_steps_are_here(shared):
    assert (len(SEQUENCES), len(STEPS), len(FILE["clcw_decode"])) == (11, 8, 2)


class Receiver:
    """The FARM of one sequence and the sender that numbers frames for it."""

    def __init__(self, name: str, step: dict[str, Any]) -> None:
        # The Java FARM's consumer holds one FDU beyond the buffer: see above.
        capacity = int(step["buffer_or_queue"]) + (name == "testFarmWaitLockout")
        state = int(step["initial_state"][1])
        window = int(step["sliding_window"])
        self.farm = Farm(0, window=window, capacity=capacity, state=state)
        self.flags = {"no_rf_available": True, "no_bit_lock": True}
        self.next, self.taken, self.status = 0, 0, 0
        self.built: list[TcFrame] = []
        self.drains = name == "testFarmUnlock"

    def build(self, kind: Kind, data: bytes = b"x" * 200) -> None:
        number = self.next if kind is Kind.AD else 0
        self.next = (self.next + (kind is Kind.AD)) % 256
        self.built.append(TcFrame(123, 0, kind, number, data))

    def arrive(self, frame: TcFrame) -> None:
        accepted = self.farm.receive(frame)
        if frame.kind is Kind.BD and accepted:
            self.status = 1  # the mission's own field, as the Java FARM sets it

    def drain(self) -> None:
        if self.drains:
            self.taken += len(self.farm.take())

    def clcw(self) -> Clcw:
        return self.farm.clcw(**self.flags, status=self.status)


def arrivals(steps: list[dict[str, Any]]) -> Iterator[int]:
    """Which built frame each `farm_frame_arrives` means, where it is not simply the last.

    In testFarmUnlock two AD frames (its 3rd and 4th) are built, the second arrives, then the
    first, the second again, and the second once more.
    """
    built = 0
    late = {(8, 0): 7, (8, 1): 6, (8, 2): 7, (8, 3): 7}
    count = 0
    for step in steps:
        if step["op"].startswith("build"):
            built, count = built + 1, 0
        elif step["op"] == "farm_frame_arrives":
            yield late.get((built, count), built - 1)
            count += 1


@clause("232.1-B-2 §6")
@pytest.mark.parametrize("sequence", of("FARM"))
def test_farm_follows_the_sequence(sequence):
    steps = sequence["steps"]
    receiver, which = Receiver(sequence["name"], steps[0]), arrivals(steps)
    for step in steps[1:]:
        match step["op"]:
            case "set_NoBitLockFlag":
                receiver.flags["no_bit_lock"] = step["value"] == "true"
            case "set_NoRfAvailableFlag":
                receiver.flags["no_rf_available"] = step["value"] == "true"
            case "build_AD" | "build_BD":
                receiver.build(Kind[step["op"][-2:]])
            case "build_BC_unlock":
                receiver.build(Kind.BC, tc.unlock())
            case "set_next_frame_seq":
                receiver.next = step["value"]
            case "farm_frame_arrives":
                receiver.arrive(receiver.built[next(which)])
            case "sleep_ms":
                receiver.drain()
            case "expect_state":
                assert receiver.farm.state == int(step["condition"][1])
            case "expect_clcw":
                assert receiver.clcw() == word(step["clcw"])
                assert clcw.encode(receiver.clcw()).hex() == step["clcw"]["hex"]
            case "expect_frames_sent_to_lower":
                assert receiver.taken == step["count"]
            case other:
                pytest.fail(f"a step we do not know: {other}")


class Sender:
    """The FOP of one sequence, and a layer below that answers at once."""

    def __init__(self, *, refuses: bool) -> None:
        self.fop = Fop(0, window=1, t1_ns=1, limit=1, timeout_type=0)
        self.now, self.sent, self.request = 0, 0, 100
        self.accepts = not refuses
        self.actions: list[Any] = []

    def note(self, actions: list[Any]) -> None:
        self.actions += actions
        for action in actions:
            if isinstance(action, Send):
                self.sent += 1
                self.note(self.fop.receive(Lower(action.kind, self.accepts), self.now))

    def transmit(self) -> None:
        self.request += 1
        self.note(self.fop.receive(Transmit(self.request, b"x" * 200), self.now))

    def sleep(self, ms: int) -> None:
        end = self.now + ms * MS
        while (deadline := self.fop.deadline()) is not None and deadline <= end:
            self.now = deadline
            self.note(self.fop.expire(deadline))
        self.now = end


@clause("232.1-B-2 §5")
@pytest.mark.parametrize("sequence", of("FOP"))
def test_fop_follows_the_sequence(sequence):
    sender = Sender(refuses=sequence["name"] == "testAdReject")
    for step in sequence["steps"]:
        match step["op"]:
            case "create_fop" | "fop_transmit":
                pass  # `build_AD` transmits: each frame it builds goes to the FOP in turn
            case "fop_clcw":
                sender.note(sender.fop.receive(word(step["clcw"]), sender.now))
            case "directive":
                order, value = ORDERS[step["name"]], int(step["qualifier"])
                value *= 1_000 * MS if order is Order.SET_T1 else 1  # T1 is in seconds there
                asked = Directive(int(step["tag"]), order, value)
                sender.note(sender.fop.receive(asked, sender.now))
            case "build_AD":
                if not any(isinstance(action, Alert) for action in sender.actions):
                    sender.transmit()
            case "sleep_ms":
                sender.sleep(step["ms"])
            case "expect_state":
                assert sender.fop.snapshot().state == int(step["condition"][1])
            case "expect_directive_status":  # the tag stands where the time should
                assert DirectiveDone(step["within_ms"], ok=True) in sender.actions
            case "expect_alert":
                code = {"NN_R": "nn(r)"}.get(step["code"], step["code"].lower())
                alerts = [a.code.value for a in sender.actions if isinstance(a, Alert)]
                assert alerts == [code]
            case "expect_frames_sent_to_lower":
                assert sender.sent == step["count"]
            case other:
                pytest.fail(f"a step we do not know: {other}")


@clause("232.1-B-2 table 6-1")
@pytest.mark.parametrize("case", STEPS, ids=lambda each: each["name"])
def test_farm_does_the_single_step_of_cfs_io_lib(case):
    """W is 126; `no buffer` is a buffer of one that is full. NASA counts modulo 4."""
    flags = int(case["flags_in"], 16)
    state = 3 if flags & 0x20 else 2 if flags & 0x10 else 1
    farm = Farm(0, window=126, capacity=1, state=state, vr=case.get("report_in", 0))
    farm.wait, farm.retransmit = bool(flags & 0x10), bool(flags & 0x08)
    kind, _, rest = case["frame"].partition(" ")
    if "no buffer" in case["frame"]:
        farm = Farm(0, window=126, capacity=1, vr=255)
        assert farm.receive(TcFrame(1, 0, Kind.AD, 255, b"x"))
    data = bytes.fromhex("00" if "UNLOCK" in rest else rest.split()[-1]) if kind == "BC" else b"x"
    accepted = farm.receive(TcFrame(1, 0, Kind[kind.strip(",")], case.get("ns", 0), data))
    # There a Set V(R) that lockout hinders is refused, and E8 counts it: the same as here.
    assert accepted == case["accepted"]
    octets = clcw.encode(farm.clcw())
    assert octets[2] == int(case["flags_out"], 16)
    if "report_out" in case:
        assert octets[3] == case["report_out"]


@clause("232.0-B-4 §4.2.1")
def test_control_words_heard_from_a_spacecraft_are_read():
    for vector in FILE["clcw_decode"]:
        decoded = clcw.decode(bytes.fromhex(vector["hex"]))
        assert decoded.report_value == vector["report"]
        assert decoded.farm_b_counter == vector["farm_b"]
        assert decoded.cop_in_effect == 0  # none
