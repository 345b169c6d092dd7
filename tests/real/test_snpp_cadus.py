"""Suomi-NPP direct broadcast: 65 real CADUs, as they came and damaged in known ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from protocols.cadu import Cadu, Received
from protocols.reed_solomon import Code
from protocols.sync import ASM
from tests.clauses import clause

RS = Code(223, 4, "dual")
CADU = 1024


def decode(octets: np.ndarray) -> Received:
    machine = Cadu(RS.frame_octets, ASM, "tm8", RS)
    parts = [machine.receive(octets), machine.finish()]
    return Received(*(np.concatenate(each) for each in zip(*parts, strict=True)))


@pytest.fixture(scope="module")
def stream(shared: Path) -> np.ndarray:
    return np.fromfile(shared / "snpp" / "snpp_synchronized_cadus.dat", np.uint8)


@pytest.fixture(scope="module")
def clean(stream: np.ndarray) -> np.ndarray:
    return decode(stream).frames


@clause("131.0-B-5 §4.3")
def test_every_codeword_is_valid(stream: np.ndarray) -> None:
    """260 of 260; the frames are of spacecraft 157, virtual channel 16, as RT-STPS found."""
    out = decode(stream)
    assert out.frames.shape == (65, RS.frame_octets)
    assert out.corrected.sum() == len(out.rejects) == len(out.lost) == 0
    assert out.offsets.tolist() == [8 * CADU * n for n in range(65)]
    header = out.frames[:, 0].astype(int) << 8 | out.frames[:, 1]
    assert set((header >> 6 & 0xFF).tolist()) == {157}
    assert set((header & 0x3F).tolist()) == {16}


def test_encoding_the_frames_gives_the_parity_the_spacecraft_sent(
    stream: np.ndarray, clean: np.ndarray
) -> None:
    from protocols.randomiser import randomise

    sent = stream.reshape(65, CADU)[:, 4:]
    assert np.array_equal(randomise(RS.encode(clean), "tm8"), sent)


def test_sixteen_symbols_wrong_in_every_codeword_are_mended(
    stream: np.ndarray, clean: np.ndarray
) -> None:
    random = np.random.default_rng(16)
    cadus = stream.reshape(65, CADU).copy()
    for cadu in cadus:
        for lane in range(4):
            places = random.choice(255, 16, replace=False) * 4 + lane + 4
            cadu[places] ^= random.integers(1, 256, 16, np.uint8)
    out = decode(cadus.reshape(-1))
    assert np.array_equal(out.frames, clean)
    assert out.corrected.tolist() == [64] * 65


def test_inverse_polarity_changes_nothing(stream: np.ndarray, clean: np.ndarray) -> None:
    assert np.array_equal(decode(~stream).frames, clean)


@pytest.mark.parametrize("slip", ["lost", "gained"])
@pytest.mark.parametrize("hit", [0, 30, 63, 64])
def test_a_slipped_bit_costs_the_cadu_it_hit_and_no_other(
    stream: np.ndarray, clean: np.ndarray, hit: int, slip: str
) -> None:
    bits = np.unpackbits(stream)
    at = hit * 8 * CADU + 4000
    bits = np.delete(bits, at) if slip == "lost" else np.insert(bits, at, 1)
    out = decode(np.packbits(bits))
    assert np.array_equal(out.frames, np.delete(clean, hit, axis=0))
    unlocked = [end - start for start, end in out.lost if end - start > 8]
    assert len(out.rejects) + len(unlocked) == 1  # the first one is never locked on to
    after = out.offsets[hit:]
    shift = -1 if slip == "lost" else 1
    assert after.tolist() == [8 * CADU * n + shift for n in range(hit + 1, 65)]
