"""Octets to frames: what belongs to no frame is kept whole, however long, and memory is bounded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.services import framing
from ground.services.received import Rejected
from ground.services.tally import Tally
from ground.settings import Link
from protocols.sync import ASM
from tests.clauses import clause

FRAME = 64
CODED = Link(name="coded", kind="memory", frame="aos", length=FRAME, asm=ASM.hex())
VARIABLE = Link(name="variable", kind="memory", frame="uslp", truncated=9)


def received(link: Link, octets: bytes, chunk: int) -> tuple[list[bytes], list[Rejected], Tally]:
    """Give a link its octets in chunks; return frames, rejects and counts."""
    tally, rejected, frames = Tally(), [], []
    machine = framing.framing(link, tally)
    for at in range(0, max(len(octets), 1), chunk):
        piece = np.frombuffer(octets[at : at + chunk], np.uint8)
        cut = machine.receive(piece, at + chunk >= len(octets), rejected)
        frames += [cut.octets(row) for row in range(len(cut))]
    return frames, rejected, tally


def uslp(octets: int, *, truncated: bool = False) -> bytes:
    """Return a frame of some octets that says its length, or of the link's if it is truncated."""
    length = (octets - 1).to_bytes(2, "big")
    return bytes([0xC0, 0x00, 0x10, int(truncated)]) + length + bytes(octets - 6)


@pytest.mark.parametrize("chunk", [100, 4096, 10**6])
def test_noise_longer_than_what_is_held_is_kept_to_the_last_octet(monkeypatch, chunk):
    monkeypatch.setattr(framing, "_RECENT", 2000)
    random = np.random.default_rng(3)
    noise = random.integers(0, 128, 30_000, np.uint8).tobytes()  # no marker among seven bits
    good = [ASM + bytes([number]) * FRAME for number in range(4)]
    stream = noise + b"".join(good) + noise[:9000]
    frames, rejected, tally = received(CODED, stream, chunk)
    assert frames == [each[len(ASM) :] for each in good]
    before, after = len(noise), len(noise) + 4 * len(good[0])
    kept = bytearray(len(stream))
    for each in rejected:
        assert each.octets == stream[each.offset : each.offset + len(each.octets)]
        kept[each.offset : each.offset + len(each.octets)] = b"\1" * len(each.octets)
    assert bytes(kept) == b"\1" * before + bytes(after - before) + b"\1" * 9000
    assert tally.lost == {"bits": 8 * (30_000 + 9000)}


@given(st.lists(st.integers(8, 60), max_size=8), st.integers(1, 70))
@settings(max_examples=60, deadline=None)
@clause("732.1-B-2 §4.1.2.7")
def test_frames_of_any_lengths_are_cut_by_the_length_they_say(lengths, chunk):
    frames = [uslp(each) for each in lengths]
    found, rejected, _ = received(VARIABLE, b"".join(frames), chunk)
    assert found == frames
    assert not rejected


def test_a_truncated_frame_has_the_length_of_the_link():
    frames = [uslp(20), uslp(9, truncated=True), uslp(12)]
    found, rejected, _ = received(VARIABLE, b"".join(frames), 7)
    assert found == frames
    assert not rejected


def test_a_length_that_cannot_be_ends_the_frames_and_all_after_it_is_kept():
    bad = bytes([0xC0, 0x00, 0x10, 0, 0, 2]) + bytes(4)
    found, rejected, tally = received(VARIABLE, uslp(20) + bad + uslp(30), 13)
    assert found == [uslp(20)]
    assert b"".join(each.octets for each in rejected) == bad + uslp(30)
    assert rejected[0].offset == 20
    assert tally.lost == {"bits": 8 * 40}
