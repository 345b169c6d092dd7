"""Dumps of an independent ground station library (dariol83/ccsds, Apache-2.0): TM and AOS."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from protocols import aos, encapsulation, packet, tm
from protocols.aos import Service
from protocols.channel import Channels
from protocols.reed_solomon import Code
from protocols.segment import Segments
from tests.clauses import clause

ASM = 4


@pytest.fixture
def load(shared):
    """Return the frames of a dump, marker and parity taken off where it holds CADUs."""

    def read(name, length):
        lines = (shared / "dariol83" / f"dumpFile_{name}.hex").read_text().split()
        skip = ASM if lines[0].startswith("1ACFFC1D") else 0
        frames = [bytes.fromhex(line)[skip : skip + length] for line in lines]
        return np.frombuffer(b"".join(frames), np.uint8).reshape(len(frames), length)

    return read


@clause("131.0-B-5 §4.3.5")
@pytest.mark.parametrize(
    "name, interleave", [("tm_user_data", 5), ("aos_1", 4), ("aos_bitstream", 4)]
)
def test_codeblocks_of_another_encoder_are_valid(load, name, interleave):
    code = Code(223, interleave)
    blocks = load(name, code.codeblock_octets)
    decoded = code.decode(blocks)
    assert not decoded.bad.any() and not decoded.corrected.any()
    assert np.array_equal(code.encode(decoded.frames), blocks)


@pytest.fixture
def expected(shared):
    return json.loads((shared / "expected" / "dariol83_expected.json").read_text())


def per_channel(frames, packets):
    """Return (frames, packets) by virtual channel."""
    came, gave = Counter(frames.vcid.tolist()), Counter(packets.vcid.tolist())
    return {vcid: (number, gave[vcid]) for vcid, number in came.items()}


def test_tm_frames_give_the_packets_that_were_sent(load, expected):
    frames, rejects = tm.decode_many(load("tm_1", 1115), tm.Layout(1115))
    extracted = Channels().receive(frames)
    wanted = expected["dumpFile_tm_1.hex"]
    assert (len(frames), rejects) == (wanted["cadus"], [])
    assert per_channel(frames, extracted.packets) == {
        0: (wanted["vc0"]["frames"], wanted["vc0"]["packets"]),
        7: (wanted["vc7"]["frames"], wanted["vc7"]["packets"]),
    }
    assert (frames.ocf >= 0).all()
    assert not extracted.rejects and not extracted.gaps


def test_aos_frames_give_the_packets_that_were_sent(load, expected):
    layout = aos.Layout(892, ocf=True)
    frames, rejects = aos.decode_many(load("aos_1", 892), layout)
    extracted = Channels().receive(frames)
    wanted = expected["dumpFile_aos_1.hex"]
    assert (len(frames), rejects) == (wanted["cadus"], [])
    assert per_channel(frames, extracted.packets) == {
        0: (wanted["vc0"]["frames"], wanted["vc0"]["packets"]),
        1: (wanted["vc1"]["frames"], wanted["vc1"]["packets"]),
        63: (wanted["vc63"], 0),
    }
    assert set(extracted.packets.length.tolist()) == {wanted["packet_len"]}


@clause("732.0-B-4 §4.1.4.3.3")
def test_aos_bitstreams_have_the_pointers_that_were_sent(load, expected):
    """The sender wrote how many bits there are; the book wants the last one's number, from 0."""
    wanted = expected["dumpFile_aos_bitstream.hex"]
    services = {0: Service.B_PDU, 1: Service.B_PDU}
    layout = aos.Layout(892, ocf=True, services=services)
    frames, _ = aos.decode_many(load("aos_bitstream", 892), layout)
    units = Channels().receive(frames).units
    bits = aos.bitstream_bits(units)
    assert set((bits[units.vcid == 0] - 1).tolist()) == {wanted["vc0_bits"]}
    assert set((bits[units.vcid == 1] - 1).tolist()) == {wanted["vc1_bits"]}


def test_channels_that_carry_no_packets_come_out_as_units(load, expected):
    wanted = expected["dumpFile_tm_user_data.hex"]
    layout = tm.Layout(1115, no_packets=frozenset({0, 1}))
    frames, rejects = tm.decode_many(load("tm_user_data", 1115), layout)
    extracted = Channels().receive(frames)
    assert not rejects and Counter(frames.vcid.tolist()) == {0: 10, 1: 10, 7: 10}
    units = extracted.units
    assert len(units) == 20
    assert {len(units.data(row)) for row in range(20)} == {wanted["data_octets_per_frame"]}


@clause("132.0-B-3 §4.1.2.7.6")
def test_packets_span_frames_and_a_lost_frame_costs_one_packet(load, expected):
    wanted = expected["dumpFile_tm_segmentation_mixed.hex"]
    frames, _ = tm.decode_many(load("tm_segmentation_mixed", 1115), tm.Layout(1115))
    assert len(frames) == wanted["frames"]
    packets = Channels().receive(frames).packets
    assert len(packets) == wanted["packets"]
    assert set(packets.apid.tolist()) == {wanted["apid"]}
    lost = Channels().receive(frames.take(np.arange(len(frames)) != 3))
    assert len(lost.gaps) == 1
    whole = {packets.octets(row) for row in range(len(packets))}
    kept = [lost.packets.octets(row) for row in range(len(lost.packets))]
    assert len(kept) == 9 and set(kept) <= whole
    joined = Segments().receive(packets)  # each stands alone by its flags, so nothing is joined
    assert joined.packets.length.tolist() == packets.length.tolist() and not joined.fragments


@clause("133.1-B-3 §4.1.2")
def test_encapsulation_packets_are_found_and_the_idle_one_told_apart(load, expected):
    wanted = expected["dumpFile_tm_encapsulation.hex"]
    frames, _ = tm.decode_many(load("tm_encapsulation", 1115), tm.Layout(1115))
    assert len(frames) == wanted["frames"]
    packets = Channels(keep_idle=True).receive(frames).packets
    found = packets.take(packets.encapsulation)
    assert len(found) == wanted["encapsulation_packets"]
    idle = found.length[found.apid == packet.ENCAPSULATED].tolist()
    assert idle.count(1) == 1  # the others fill frames
    for row in range(len(found)):
        octets = found.octets(row)
        assert encapsulation.encode(encapsulation.decode(octets)) == octets
