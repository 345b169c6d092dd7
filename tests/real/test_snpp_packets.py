"""Suomi-NPP: from CADUs as received to the packets that two other tools found."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from protocols import aos
from protocols.cadu import Cadu
from protocols.channel import Channels
from protocols.reed_solomon import Code

CADU = 1024
ASM = bytes.fromhex("1acffc1d")


@pytest.fixture
def stream(shared):
    return np.fromfile(shared / "snpp" / "snpp_synchronized_cadus.dat", np.uint8)


@pytest.fixture
def expected(shared):
    return json.loads((shared / "expected" / "snpp_expected.json").read_text())


def extract(stream):
    machine = Cadu(892, ASM, "tm8", Code(223, 4, "dual"))
    frames = np.concatenate([machine.receive(stream).frames, machine.finish().frames])
    decoded, rejects = aos.decode_many(frames, aos.Layout(892))
    assert not rejects
    return decoded, Channels().receive(decoded)


def packets_of(extracted):
    return [extracted.packets.octets(row) for row in range(len(extracted.packets))]


def test_65_cadus_give_the_twelve_published_packets(stream, expected):
    decoded, extracted = extract(stream)
    packets = packets_of(extracted)
    assert (set(decoded.scid.tolist()), set(decoded.vcid.tolist())) == (
        {expected["scid"]},
        {expected["vcid"]},
    )
    assert [len(each) for each in packets] == expected["lengths"]
    assert extracted.packets.apid.tolist() == [802] + 11 * [803]
    digest = hashlib.md5(b"".join(packets)).hexdigest()
    assert digest == expected["md5_of_concatenated_packets"]
    assert len(extracted.gaps) == expected["gaps"]


@pytest.mark.parametrize("lost", [5, 30, 31, 63])
def test_a_lost_cadu_is_a_gap_and_every_packet_outside_it_is_identical(stream, lost):
    decoded, whole = extract(stream)
    rows = stream.reshape(-1, CADU)
    _, extracted = extract(np.delete(rows, lost, axis=0).reshape(-1))
    packets, kept = packets_of(whole), packets_of(extracted)
    assert len(extracted.gaps) >= len(whole.gaps)
    gap = next(gap for gap in extracted.gaps if gap.expected == decoded.count[lost])
    assert gap.missing >= 1 and gap.frame == lost
    assert [each for each in packets if each in kept] == kept
    assert len(packets) - len(kept) in (1, 2)  # those that lay in the lost one


@pytest.mark.parametrize("hit", [5, 30, 63])
def test_a_slipped_bit_gives_the_packets_and_the_gap_of_a_lost_cadu(stream, hit):
    slipped = np.packbits(np.delete(np.unpackbits(stream), 8 * CADU * hit + 4000))
    _, found = extract(slipped)
    _, lost = extract(np.delete(stream.reshape(-1, CADU), hit, axis=0).reshape(-1))
    assert packets_of(found) == packets_of(lost)
    assert found.gaps == lost.gaps and any(gap.frame == hit for gap in found.gaps)


def test_damage_that_the_code_mends_and_inverse_polarity_give_the_same_packets(stream, expected):
    cadus = stream.reshape(-1, CADU).copy()
    cadus[:, 4 : 4 + 16 * 4] ^= 0xFF  # the first 16 symbols of each of the four codewords
    for damaged in (cadus.reshape(-1), ~stream):
        _, extracted = extract(damaged)
        digest = hashlib.md5(b"".join(packets_of(extracted))).hexdigest()
        assert digest == expected["md5_of_concatenated_packets"]


def test_one_cadu_at_a_time_gives_the_same_packets(stream):
    _, whole = extract(stream)
    machine, channels = Cadu(892, ASM, "tm8", Code(223, 4, "dual")), Channels()
    came, given = [], 0
    pieces = [machine.receive(stream[at : at + 700]) for at in range(0, len(stream), 700)]
    for piece in [*pieces, machine.finish()]:
        decoded, _ = aos.decode_many(piece.frames, aos.Layout(892), first=given)
        came += packets_of(channels.receive(decoded))
        given += len(piece.frames)
    assert came == packets_of(whole)
