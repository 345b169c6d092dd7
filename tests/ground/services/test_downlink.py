"""Frames of every kind become packets of the right spacecraft; what carries none is kept."""

from __future__ import annotations

from typing import Any

import pytest

from ground.columns import PacketFlag
from ground.decode.decoder import Decoder
from ground.services import ingest as service
from ground.services import listing
from ground.services.query import Span
from ground.services.tally import Tally
from ground.settings import Link
from protocols import aos, packet, tm, uslp
from protocols.frame import NO_START
from tests.clauses import clause
from tests.ground.services import hand
from tests.ground.services.conftest import Hand
from tests.recordings import balanced

TM = tm.Layout(200, fecf=True)
TM_ROOM = 200 - 6 - 2
LIVE = Span("live")


def rejects(station: Hand) -> list[dict[str, Any]]:
    with station.reading() as store:
        return list(listing.rejects(store, LIVE))


def filled(*packets: bytes, size: int = TM_ROOM) -> bytes:
    """Return a data field with these packets and an idle packet to its end."""
    octets = b"".join(packets)
    idle = packet.encode(packet.IDLE_APID, 0, bytes(size - len(octets) - 6))
    return octets + idle


def tm_frame(data: bytes, scid: int, count: int, **more: int) -> bytes:
    return tm.encode(data, TM, scid=scid, vcid=1, count=count, **more)


def take(station: Hand, link: Link, *frames: bytes) -> Tally:
    path = station.root.parent / "frames"
    path.write_bytes(b"".join(frames))
    return station.ingest(path, link)


# ---- a fleet on one link --------------------------------------------------------------------


def test_many_spacecraft_on_one_link_are_told_apart_and_decoded_in_one_call(
    station: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, decode = [], Decoder.decode

    def counted(self: Decoder, packets: Any) -> Any:
        calls.append(len(packets))
        return decode(self, packets)

    monkeypatch.setattr(Decoder, "decode", counted)
    frames = [
        tm_frame(filled(hand.hk(count, count, wide=scid)), scid, count)
        for count in range(3)
        for scid in (10, 11, 12, 99)
    ]
    tally = station.take(*frames, link="frames")
    assert calls == [6]  # A and B fly the same database; PLAIN has none and 99 is a stranger
    assert tally.by_type == {"/H/HK": 6}
    rows = station.tables()["/H/HK"].to_pylist()
    found = [(row["spacecraft"], row["sequence"], row["/H/WIDE"]) for row in rows]
    assert found == [(name, count, scid) for name, scid in (("A", 10), ("B", 11))
                     for count in range(3)]  # fmt: skip
    assert tally.unknown == {("PLAIN", 1): 3, ("SCID-99", 1): 3}
    kept = [row["spacecraft"] for row in station.packets()]
    assert kept == ["A"] * 3 + ["B"] * 3 + ["PLAIN"] * 3 + ["SCID-99"] * 3
    assert tally.gaps == {}


def test_packets_that_span_frames_of_two_spacecraft_do_not_mix(station: Hand) -> None:
    """Each packet is cut in two and the halves are sent alternately."""
    streams = {
        scid: b"".join(hand.hk(count, count, wide=scid) for count in range(8)) for scid in (10, 11)
    }
    frames = []
    for count in range(2):
        for scid, stream in streams.items():
            part = stream[count * TM_ROOM : (count + 1) * TM_ROOM]
            frames.append(tm_frame(part, scid, count, first_header_pointer=-count * TM_ROOM % 53))
    tally = station.take(*frames, link="frames")
    assert tally.by_type == {"/H/HK": 14}
    rows = station.tables()["/H/HK"].to_pylist()
    assert {(row["spacecraft"], row["/H/WIDE"]) for row in rows} == {("A", 10), ("B", 11)}
    assert tally.fragments == {"unfinished": 2}


# ---- frames that are not good ---------------------------------------------------------------


@clause("132.0-B-3 §4.1.6")
@pytest.mark.parametrize("bad_crc", ["reject", "keep"])
def test_a_frame_with_a_bad_crc_is_rejected_or_kept_on_request_and_flagged(
    station: Hand, bad_crc: str
) -> None:
    bad = bytearray(tm_frame(filled(hand.hk(1, 1)), 10, 1))
    bad[-1] ^= 1
    frames = [tm_frame(filled(hand.hk(0, 0)), 10, 0), bytes(bad)]
    link = station.mission.link("frames")
    assert link is not None
    tally = take(station, link.model_copy(update={"bad_crc": bad_crc}), *frames)
    assert balanced(tally)
    flags = [row["flags"] for row in station.packets()]
    stored = [row["flags"] for row in station.tables()["/H/HK"].to_pylist()]
    if bad_crc == "keep":
        assert tally.stages["frames"].dropped == {}
        assert (flags, stored) == ([[], ["bad_crc"]], [0, PacketFlag.BAD_CRC])
    else:
        assert tally.stages["frames"].dropped == {"crc": 1}
        assert (flags, stored) == ([[]], [0])
        assert [row["octets"] for row in rejects(station)] == [bytes(bad)]


def test_a_frame_received_twice_in_a_row_gives_its_packets_once(station: Hand) -> None:
    frames = [tm_frame(filled(hand.hk(count, count)), 10, count) for count in range(3)]
    tally = station.take(frames[0], frames[1], frames[1], frames[2], link="frames")
    assert tally.stages["frames"].as_json() == {"in": 4, "out": 3, "dropped": {"duplicate": 1}}
    assert len(station.packets()) == 3
    assert not tally.findings


def test_octets_of_a_packet_whose_other_frame_is_lost_are_kept(station: Hand) -> None:
    stream = b"".join(hand.hk(count, count) for count in range(12))
    parts = [stream[at * TM_ROOM : (at + 1) * TM_ROOM] for at in range(3)]
    frames = [
        tm_frame(part, 10, at, first_header_pointer=-at * TM_ROOM % 53)
        for at, part in enumerate(parts)
    ]
    tally = station.take(frames[0], frames[2], link="frames")
    assert tally.fragments == {"no_end": 1, "no_beginning": 1, "unfinished": 1}
    assert tally.gaps == {"frames": 1}
    kept = {row["reason"]: row for row in rejects(station)}
    assert kept["no_end"]["octets"] == parts[0][159:]
    assert kept["no_beginning"]["octets"] == parts[2][: -2 * TM_ROOM % 53]
    assert (kept["no_end"]["offset"], kept["no_beginning"]["offset"]) == (0, 200)
    assert {row["spacecraft"] for row in kept.values()} == {"A"}


# ---- frames of other kinds ------------------------------------------------------------------


@clause("732.1-B-2 §4.1.2.7")
@pytest.mark.parametrize("chunk", [17, 4 << 20])
def test_uslp_frames_of_varying_length_are_read_from_a_file(
    station: Hand, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(service, "CHUNK_OCTETS", chunk)
    link = Link(name="uslp", kind="file", frame="uslp", fecf=True)
    layout = uslp.Layout(None, fecf=2)
    given = [hand.hk(0, 0), hand.event(0, 1, 2, *range(30)), hand.hk(1, 2) + hand.event(1, 3, 4)]
    frames = [
        uslp.encode(data, layout, scid=10, vcid=3, count=at, count_octets=2, rule=7)
        for at, data in enumerate(given)
    ]
    tally = take(station, link, *frames, b"\xc0tail")
    assert balanced(tally)
    assert tally.stages["frames"].given == 3
    assert tally.by_type == {"/H/HK": 2, "/H/EVENT": 2}
    assert [row["octets"] for row in rejects(station)] == [b"\xc0tail"]
    assert tally.lost == {"bits": 40}
    assert {row["vcid"] for row in station.packets()} == {3}


AOS_LINK = Link(
    name="aos", kind="file", frame="aos", length=100, services={2: "vca", 3: "b_pdu", 4: "idle"}
)
AOS = aos.Layout(
    100, services={2: aos.Service.VCA, 3: aos.Service.B_PDU, 4: aos.Service.IDLE}
)  # fmt: skip


@clause("732.0-B-4 §4.1.4")
def test_data_units_of_channels_without_packets_are_kept_and_shown(station: Hand) -> None:
    """A VCA access channel, a bitstream, idle data, and packets beside them."""
    vca, bits = bytes(range(94)), bytes(range(92))
    packets = filled(hand.hk(0, 0), size=92)
    frames = [
        aos.encode(vca, AOS, scid=10, vcid=2, count=5),
        aos.encode(bits, AOS, scid=10, vcid=3, count=9),
        aos.encode(vca, AOS, scid=10, vcid=4, count=1),
        aos.encode(packets, AOS, scid=10, vcid=1, count=0, first_header_pointer=0),
    ]
    tally = take(station, AOS_LINK, *frames)
    assert tally.stages["frames"].as_json() == {"in": 4, "out": 3, "dropped": {"idle": 1}}
    assert (tally.units, tally.by_type) == (2, {"/H/HK": 1})
    assert not tally.findings
    first, second = rejects(station)
    assert (first["stage"], first["vcid"], first["octets"]) == ("data unit", 2, vca)
    assert (second["stage"], second["vcid"], second["offset"]) == ("data unit", 3, 100)
    assert bits in second["octets"]
    assert {row["spacecraft"] for row in (first, second)} == {"A"}


def test_a_frame_whose_payload_is_no_packet_is_kept_whole(station: Hand) -> None:
    bad = aos.encode(b"\xff" * 92, AOS, scid=10, vcid=1, count=0, first_header_pointer=200)
    good = aos.encode(filled(hand.hk(0, 0), size=92), AOS, scid=10, vcid=1, count=1)
    tally = take(station, AOS_LINK, bad, good)
    assert tally.stages["frames"].dropped == {"malformed": 1}
    assert balanced(tally)
    (kept,) = rejects(station)
    assert (kept["reason"], kept["octets"], kept["offset"]) == ("malformed", bad, 0)


def test_frames_that_only_continue_a_packet_are_not_lost(station: Hand) -> None:
    whole = packet.encode(50, 0, bytes(400))
    stream = whole + filled(size=92 * 5 - len(whole))
    pointers = [0, NO_START, NO_START, NO_START, len(whole) - 4 * 92]
    frames = [
        aos.encode(stream[at * 92 : at * 92 + 92], AOS, scid=10, vcid=1, count=at,
                   first_header_pointer=pointer)
        for at, pointer in enumerate(pointers)
    ]  # fmt: skip
    tally = take(station, AOS_LINK, *frames)
    assert tally.stages["frames"].as_json() == {"in": 5, "out": 5, "dropped": {}}
    assert [row["octets"] for row in station.packets()] == [whole]


@clause("732.1-B-2 annex D")
def test_truncated_frames_lie_between_others_of_a_file(station: Hand) -> None:
    link = Link(name="uslp", kind="file", frame="uslp", truncated=12)
    layout = uslp.Layout(None, truncated=12)
    short = uslp.encode(b"urgent!", layout, scid=10, vcid=5, rule=7, protocol=5, truncated=True)
    assert len(short) == 12
    long = uslp.encode(hand.hk(0, 0), layout, scid=10, vcid=3, count_octets=1, rule=7)
    tally = take(station, link, short, long, short)
    assert tally.stages["frames"].as_json() == {"in": 3, "out": 3, "dropped": {}}
    assert (tally.by_type, tally.units, tally.lost) == ({"/H/HK": 1}, 2, {})
    assert [row["octets"] for row in rejects(station)] == [b"urgent!"] * 2
