"""From a stream of CADUs to frames: marker, randomiser and Reed-Solomon code together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.cadu import Cadu, Received
from protocols.errors import EncodeError
from protocols.randomiser import Kind, randomise
from protocols.reed_solomon import Code
from protocols.sync import ASM
from tests.clauses import clause

RS = Code(239, 2, "dual", 150)


def stream_of(
    frames: np.ndarray, asm: bytes | None, randomiser: Kind, rs: Code | None
) -> np.ndarray:
    bodies = randomise(frames if rs is None else rs.encode(frames), randomiser)
    marker = np.tile(np.frombuffer(asm or b"", np.uint8), (len(frames), 1))
    return np.hstack([marker, bodies]).reshape(-1)


def run(machine: Cadu, octets: np.ndarray, cuts: list[int] | None = None) -> Received:
    chunks = np.split(octets, sorted(cuts or []))
    parts = [machine.receive(chunk) for chunk in chunks] + [machine.finish()]
    return Received(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def some_frames(number: int, octets: int = RS.frame_octets) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (number, octets), np.uint8)


@clause("131.0-B-5 §10")
@pytest.mark.parametrize("asm", [ASM, None, bytes.fromhex("034776c7272895b0")])
@pytest.mark.parametrize("randomiser", ["none", "tm8", "tm17"])
@pytest.mark.parametrize("rs", [RS, None])
def test_frames_come_back_from_every_mix_of_codings(
    asm: bytes | None, randomiser: Kind, rs: Code | None
) -> None:
    frames = some_frames(5)
    octets = stream_of(frames, asm, randomiser, rs)
    out = run(Cadu(RS.frame_octets, asm, randomiser, rs), octets, [7, 300])
    assert np.array_equal(out.frames, frames)
    assert out.offsets.tolist() == [8 * n * len(octets) // 5 for n in range(5)]
    assert (out.given, len(out.rejects), len(out.lost)) == (5, 0, 0)


def test_a_cadu_beyond_repair_is_a_reject_with_the_octets_it_came_with() -> None:
    frames = some_frames(6)
    octets = stream_of(frames, ASM, "tm8", RS)
    cadus = octets.reshape(6, -1)
    cadus[1, 4 : 4 + 16] ^= 0x55  # 8 symbols in each codeword: the most that is mended
    cadus[3, 4 : 4 + 40] ^= 0x55
    out = run(Cadu(RS.frame_octets, ASM, "tm8", RS), octets)
    assert np.array_equal(out.frames, np.delete(frames, 3, axis=0))
    assert out.corrected.tolist() == [0, 16, 0, 0, 0]
    assert np.array_equal(out.rejects, cadus[3:4, 4:])
    assert out.reject_offsets.tolist() == [8 * 3 * cadus.shape[1]]
    assert out.given == 6


def test_whole_frames_wait_for_their_last_octet_and_a_rest_is_lost() -> None:
    machine = Cadu(10)
    assert machine.locked
    assert len(machine.receive(bytes(9)).frames) == 0
    assert machine.receive(bytes(12)).offsets.tolist() == [0, 80]
    assert machine.finish().lost.tolist() == [[160, 168]]
    assert machine.receive(bytes(10)).offsets.tolist() == [168]


@pytest.mark.parametrize("octets", [b"", b"\x00", ASM])
@pytest.mark.parametrize("asm", [ASM, None])
def test_a_stream_shorter_than_a_frame_gives_none(asm: bytes | None, octets: bytes) -> None:
    machine = Cadu(RS.frame_octets, asm, "tm8", RS)
    out = run(machine, np.frombuffer(octets, np.uint8))
    assert out.frames.shape == (0, RS.frame_octets)
    assert out.given == 0
    assert out.lost.tolist() == ([[0, 8 * len(octets)]] if octets else [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"length": 10, "rs": RS},
        {"length": 0},
        {"length": 10, "randomiser": "tm9"},
        {"length": 10, "asm": b""},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(EncodeError):
        Cadu(**wrong)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 1500), max_size=6))
def test_damage_never_lets_a_wrong_frame_through_and_chunks_do_not_matter(
    seed: int, cuts: list[int]
) -> None:
    random = np.random.default_rng(seed)
    frames = some_frames(7)
    bits = np.unpackbits(stream_of(frames, ASM, "tm8", RS))
    for at in random.integers(0, len(bits), random.integers(0, 5)):
        kind, size = random.integers(0, 3), int(random.integers(1, 200))
        if kind == 0:
            bits[at : at + size] ^= random.integers(0, 2, len(bits[at : at + size]), np.uint8)
        elif kind == 1:
            bits = np.delete(bits, slice(at, at + size))
        else:
            bits = np.insert(bits, min(at, len(bits)), random.integers(0, 2, size, np.uint8))
    octets = np.packbits(bits)
    whole = run(Cadu(RS.frame_octets, ASM, "tm8", RS), octets)
    pieces = run(Cadu(RS.frame_octets, ASM, "tm8", RS), octets, cuts)
    for one, other in zip(whole, pieces, strict=True):
        assert np.array_equal(one, other)
    sent = {frame.tobytes() for frame in frames}
    assert all(frame.tobytes() in sent for frame in whole.frames)


def test_two_thousand_mutated_streams_raise_nothing() -> None:
    random = np.random.default_rng(11)
    seed = stream_of(some_frames(4), ASM, "tm8", RS)
    for _ in range(2_000):
        octets = seed[: random.integers(0, len(seed) + 1)].copy()
        if len(octets):
            hits = random.integers(0, len(octets), random.integers(0, 30))
            octets[hits] = random.integers(0, 256, len(hits), np.uint8)
        machine = Cadu(RS.frame_octets, ASM, "tm8", RS)
        given = machine.receive(octets).given + machine.finish().given
        assert given <= len(octets) // (RS.codeblock_octets) + 1
