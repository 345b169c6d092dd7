"""What is heard of commands, in frames as the simulator makes them: words, reports, custody."""

from __future__ import annotations

from binascii import crc_hqx
from pathlib import Path

import numpy as np
import pytest

from ground.archive.journal_records import Records
from ground.messages import ReadJournal
from ground.services import missions
from ground.services.returns import (
    ANEW_NS,
    ClcwHeard,
    CustodyHeard,
    ReportHeard,
    Returns,
    ValuesHeard,
)
from ground.settings import Mission
from protocols import aos, packet
from tests.ground.services.commanded import NOW, S, mission_in
from tools.simulator.frames import Multiplexer

LAYOUT = aos.Layout(1115, fecf=True, ocf=True)
VC, RELAY = 1, 202
# ST[01,7]: version 0, type 0, secondary header, APID 150; 17 octets of data; PUS 2, service 1,
# subtype 7, count 0, destination 0, time of 6 octets; request id: 1896 c000.
REPORT = bytes.fromhex("0896c0000010" + "200107" + "0000" + "0000" + "6a0000000000" + "1896c000")


@pytest.fixture
def mission(tmp_path: Path) -> Mission:
    return mission_in(tmp_path)


class Nowhere:
    """Keeps no sources of databases."""

    def keep(self, files: object, root: str | None) -> str:
        return "digest"


@pytest.fixture
def returns(mission: Mission) -> Returns:
    return Returns(mission, missions.crafts(mission, Nowhere()), "sim/t", {})


class Sky:
    """A satellite that sends frames."""

    def __init__(self, scid: int = 171) -> None:
        self.multiplexer = Multiplexer(LAYOUT, scid, [VC, 2], NOW, S, wait_ns=0)
        self.now = NOW

    def frame(self, word: int, *packets: bytes, vcid: int = VC) -> bytes:
        """Return one frame with packets (an idle frame without) and a control word."""
        self.multiplexer.ocf = word
        ready = np.full(len(packets), self.now, np.int64)
        self.multiplexer.add(ready, np.full(len(packets), vcid, np.int64), packets)
        self.now += S
        frames = self.multiplexer.run(self.now).frames
        assert len(frames) == 1
        return frames[0].tobytes()


def word(report: int, vcid: int = 0) -> int:
    """Octets of a CLCW by the book: type 0, version 0, COP 1, the channel, N(R).

    Source: 232.0-B-4 §4.2.1: COP in effect is bits 6 and 7, the channel bits 8 to 13.
    """
    return 1 << 24 | vcid << 18 | report


def heard(returns: Returns, frames: list[bytes], t_ns: int = NOW, link: str = "down") -> list:
    at = returns.__dict__.setdefault("at", {})
    begin = at.get(link, 0)
    at[link] = begin + sum(map(len, frames))
    returns.take(link, Records.of(begin, t_ns, frames))
    return returns.heard()


def reports(found: list) -> list[int]:
    return [each.word.report_value for each in found if isinstance(each, ClcwHeard)]


# ---- control words ------------------------------------------------------------------------------


def test_the_newest_word_of_each_channel_is_heard_with_its_reception(returns: Returns) -> None:
    sky = Sky()
    frames = [sky.frame(word(5)), sky.frame(word(9, vcid=3)), sky.frame(word(6))]
    found = [each for each in heard(returns, frames, NOW + 7) if isinstance(each, ClcwHeard)]
    assert [(each.t_ns, each.spacecraft) for each in found] == [(NOW + 7, "CG-1")] * 2
    assert sorted((each.word.vcid, each.word.report_value) for each in found) == [(0, 6), (3, 9)]


def test_the_word_of_an_older_frame_over_a_second_link_is_not_heard(returns: Returns) -> None:
    sky = Sky()
    frames = [sky.frame(word(number)) for number in range(1, 6)]
    assert reports(heard(returns, frames[:4], NOW, "down")) == [4]
    assert reports(heard(returns, frames[:2], NOW + 1, "second")) == []
    assert reports(heard(returns, frames[2:4], NOW + 2, "second")) == [4]  # the same one again
    assert reports(heard(returns, frames[4:], NOW + 3, "second")) == [5]
    assert reports(heard(returns, frames[4:], NOW + 4, "down")) == [5]


def test_a_frame_of_another_channel_that_was_received_before_is_older(returns: Returns) -> None:
    """The first link lost a frame of channel 1 and has idle frames after it; the second is late."""
    sky = Sky()
    lost, idle = sky.frame(word(3), REPORT), sky.frame(word(4))
    assert reports(heard(returns, [idle], NOW + 2 * S)) == [4]
    found = heard(returns, [lost], NOW + S, "second")
    assert reports(found) == []
    assert [each.octets for each in found if isinstance(each, ReportHeard)] == [REPORT]


def test_a_spacecraft_that_counts_anew_is_heard_again_soon(returns: Returns) -> None:
    before, after = Sky(), Sky()
    heard(returns, [before.frame(word(90)) for _ in range(5)])
    frames = [after.frame(word(0)) for _ in range(5)]
    assert reports(heard(returns, frames[:3], NOW + ANEW_NS - 1)) == []
    assert reports(heard(returns, frames[3:4], NOW + ANEW_NS)) == [0]
    assert reports(heard(returns, frames[4:], NOW + ANEW_NS + 1)) == [0]


def test_words_of_others_and_of_other_kinds_are_not_heard(returns: Returns) -> None:
    assert reports(heard(returns, [Sky(scid=99).frame(word(5))])) == []
    assert reports(heard(returns, [Sky().frame(1 << 31 | 5)])) == []
    found = heard(returns, [Sky(scid=172).frame(word(5, vcid=5))])
    assert [each.spacecraft for each in found if isinstance(each, ClcwHeard)] == ["CG-2"]


def test_a_frame_with_a_bad_crc_says_nothing(returns: Returns) -> None:
    frame = bytearray(Sky().frame(word(5)))
    frame[-4] ^= 1  # in the control word
    assert reports(heard(returns, [bytes(frame)])) == []


# ---- reports ------------------------------------------------------------------------------------


def test_reports_of_verification_are_heard_whole(returns: Returns) -> None:
    other = bytes.fromhex("0896c0010010" + "200305" + "0000" + "0000" + "6a0000000000" + "1896c000")
    found = heard(returns, [Sky().frame(word(1), other, REPORT)], NOW + 5)
    assert [each for each in found if isinstance(each, ReportHeard)] == [
        ReportHeard(NOW + 5, "CG-1", REPORT)
    ]


def test_a_report_over_two_frames_is_heard_once_it_is_whole(returns: Returns) -> None:
    filler = packet.encode(100, 0, bytes(1080))
    sky = Sky()
    first, second = sky.frame(word(1), filler, REPORT), sky.frame(word(2))
    found = heard(returns, [first])
    assert not [each for each in found if isinstance(each, ReportHeard)]
    found = heard(returns, [second])
    assert [each.octets for each in found if isinstance(each, ReportHeard)] == [REPORT]


def test_packets_that_are_too_short_for_a_report_end_nothing(returns: Returns) -> None:
    """One octet of data, the second of which would be the service."""
    short = [packet.encode(150, number, bytes([1]), secondary_header=1) for number in range(3)]
    frames = [Sky().frame(word(1), *short)]
    assert reports(heard(returns, frames)) == [1]


def test_what_a_telecommand_says_of_itself_is_no_report(returns: Returns) -> None:
    echoed = bytes([REPORT[0] | 0x10]) + REPORT[1:]
    found = heard(returns, [Sky().frame(word(1), echoed)])
    assert not [each for each in found if isinstance(each, ReportHeard)]


def test_what_one_spacecraft_reports_is_not_of_another(returns: Returns) -> None:
    found = heard(returns, [Sky(scid=172).frame(word(1), REPORT)])
    assert [each.spacecraft for each in found if isinstance(each, ReportHeard)] == ["CG-2"]
    assert not [
        each
        for each in heard(returns, [Sky(scid=99).frame(word(1), REPORT)])
        if isinstance(each, ReportHeard)
    ]


# ---- custody ------------------------------------------------------------------------------------


def custody(state: int = 2, relay: int = RELAY) -> bytes:
    """Octets of a custody report as the format has them: kind, state, id, relay, time, reason."""
    body = bytes([0x11, state]) + bytes(range(16)) + relay.to_bytes(2, "big")
    body += NOW.to_bytes(8, "big") + bytes([0])
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


def from_relay(octets: bytes, apid: int = 2040) -> bytes:
    return Sky(scid=RELAY).frame(word(1), packet.encode(apid, 0, octets))


def custodies(found: list) -> list[CustodyHeard]:
    return [each for each in found if isinstance(each, CustodyHeard)]


def test_what_a_relay_says_of_an_envelope_is_heard(returns: Returns) -> None:
    [found] = custodies(heard(returns, [from_relay(custody())], NOW + 9))
    assert found.t_ns == NOW + 9
    told = found.custody
    assert (told.id, told.relay, told.state.name) == (bytes(range(16)), RELAY, "FORWARDED")
    assert (told.t_ns, told.reason) == (NOW, 0)


def test_what_is_no_custody_report_is_counted_and_ends_nothing(returns: Returns) -> None:
    wrong = [custody()[:-1], custody()[:-1] + b"x", custody(state=0), custody(state=9), b"\0"]
    for each in wrong:
        assert custodies(heard(returns, [from_relay(each)])) == []
    assert returns.malformed == len(wrong)


def test_custody_reports_of_another_application_are_none(returns: Returns) -> None:
    assert custodies(heard(returns, [from_relay(custody(), apid=2041)])) == []


# ---- values -------------------------------------------------------------------------------------


def test_values_are_heard_once_over_two_links(returns: Returns) -> None:
    housekeeping = packet.encode(150, 3, bytes(40), secondary_header=1)
    frame = Sky().frame(word(1), housekeeping)
    first = [each for each in heard(returns, [frame]) if isinstance(each, ValuesHeard)]
    again = heard(returns, [frame], NOW + 1, "second")
    assert not [each for each in again if isinstance(each, ValuesHeard)]
    assert len(first) <= 1


# ---- reading ------------------------------------------------------------------------------------


def test_journals_are_read_from_where_they_were_heard(mission: Mission) -> None:
    made = Returns(mission, missions.crafts(mission, Nowhere()), "sim/t", {"down": 77})
    [asked] = made.questions(0)
    assert isinstance(asked, ReadJournal)
    assert (asked.link, asked.position) == ("down", 77)
    made.follow("second", 5)
    made.follow("down", 0)  # it is read already
    assert made.positions == {"down": 77, "second": 5}
