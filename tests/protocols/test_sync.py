"""Frame synchronisation on streams with slips, inversions, bit errors and noise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import EncodeError
from protocols.sync import ASM, Synced, Synchroniser
from tests.clauses import clause

LENGTH = 60
CADU_BITS = 8 * (LENGTH + 4)


def payload(number: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (number, LENGTH), np.uint8)


def bits_of(frames: np.ndarray) -> np.ndarray:
    """The stream of CADUs of these frames, one bit an element."""
    marker = np.tile(np.frombuffer(ASM, np.uint8), (len(frames), 1))
    return np.unpackbits(np.hstack([marker, frames]).reshape(-1))


def run(bits: np.ndarray, cuts: list[int] | None = None, **settings: int) -> Synced:
    """Send the bits through a new synchroniser, in chunks that end at the cuts (octets)."""
    machine = Synchroniser(LENGTH, **settings)
    octets = np.packbits(bits).tobytes()
    edges = [0, *sorted(cut % (len(octets) + 1) for cut in cuts or []), len(octets)]
    chunks = [octets[a:b] for a, b in itertools.pairwise(edges)]
    parts = [machine.receive(chunk) for chunk in chunks] + [machine.finish()]
    return Synced(*(np.concatenate(each) for each in zip(*parts, strict=True)))


@clause("131.0-B-5 §9")
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("phase", range(8))
def test_frames_are_cut_out_at_any_bit_and_in_either_polarity(phase: int, inverted: bool) -> None:
    frames = payload(5)
    stream = bits_of(frames) ^ np.uint8(inverted)
    synced = run(np.concatenate([np.zeros(phase, np.uint8), stream]))
    assert np.array_equal(synced.frames, frames)
    assert synced.offsets.tolist() == [phase + n * CADU_BITS for n in range(5)]
    assert synced.inverted.tolist() == [inverted] * 5
    assert synced.lost.tolist() == ([[0, phase]] if phase else []) + (
        [[phase + 5 * CADU_BITS, (5 * CADU_BITS // 8 + 1) * 8]] if phase else []
    )


@pytest.mark.parametrize("slip", [-9, -3, -1, 1, 2, 8, 11])
@pytest.mark.parametrize("hit", [0, 1, 6, 8, 9])
def test_after_a_slip_only_the_frame_that_was_hit_differs(slip: int, hit: int) -> None:
    frames = payload(10)
    bits = bits_of(frames)
    at = hit * CADU_BITS + 200
    if slip < 0:
        bits = np.delete(bits, range(at, at - slip))
    else:
        bits = np.insert(bits, at, np.ones(slip, np.uint8))
    synced = run(bits)
    found = {frame.tobytes() for frame in synced.frames}
    assert [n for n in range(10) if frames[n].tobytes() not in found] == [hit]
    assert len(synced.frames) <= 10
    assert (np.diff(synced.offsets) > 0).all()


def test_a_marker_with_two_wrong_bits_is_found_and_with_three_is_not() -> None:
    for wrong, expected in ((2, 4), (3, 3)):
        bits = bits_of(payload(4))
        bits[[3, 9, 30][:wrong]] ^= 1
        synced = run(bits)
        assert len(synced.frames) == expected
        assert int(synced.marker_errors.max()) == (2 if wrong == 2 else 0)
        assert synced.lost.tolist() == ([] if expected == 4 else [[0, CADU_BITS]])


@pytest.mark.parametrize(("flywheel", "bad"), [(1, 1), (2, 2), (4, 3)])
def test_the_flywheel_carries_over_as_many_damaged_markers(flywheel: int, bad: int) -> None:
    frames = payload(12)
    bits = bits_of(frames)
    for number in range(4, 4 + bad):
        bits[number * CADU_BITS : number * CADU_BITS + 32 : 3] ^= 1
    synced = run(bits, flywheel=flywheel)
    assert np.array_equal(synced.frames, frames)
    assert (synced.marker_errors[4 : 4 + bad] > 2).all()
    assert len(synced.lost) == 0


def test_more_damaged_markers_than_that_are_a_loss_with_its_place() -> None:
    frames = payload(12)
    bits = bits_of(frames)
    for number in (4, 5):
        bits[number * CADU_BITS : number * CADU_BITS + 32 : 3] ^= 1
    synced = run(bits, flywheel=1)
    assert np.array_equal(synced.frames, np.delete(frames, [4, 5], axis=0))
    assert synced.lost.tolist() == [[4 * CADU_BITS, 6 * CADU_BITS]]


def test_polarity_may_turn_over_within_a_stream() -> None:
    frames = payload(6)
    bits = bits_of(frames)
    bits[3 * CADU_BITS :] ^= 1
    synced = run(bits)
    assert np.array_equal(synced.frames, frames)
    assert synced.inverted.tolist() == [False] * 3 + [True] * 3


def test_noise_before_between_and_after_is_lost_and_every_frame_found() -> None:
    frames = payload(6)
    noise = np.random.default_rng(3).integers(0, 2, 5003, np.uint8)
    parts = [noise[:1001], bits_of(frames[:3]), noise[1001:3002], bits_of(frames[3:]), noise[3002:]]
    synced = run(np.concatenate(parts))
    assert np.array_equal(synced.frames, frames)
    first, second = 1001, 1001 + 3 * CADU_BITS + 2001
    assert synced.offsets[[0, 3]].tolist() == [first, second]
    assert synced.lost[:2].tolist() == [[0, first], [first + 3 * CADU_BITS, second]]


def test_a_marker_inside_a_frame_does_not_mislead() -> None:
    frames = payload(6)
    frames[:, 7:11] = np.frombuffer(ASM, np.uint8)
    frames[2, 30:34] = np.frombuffer(ASM, np.uint8)
    synced = run(bits_of(frames))
    assert np.array_equal(synced.frames, frames)


@pytest.mark.parametrize("octets", [b"", b"\x1a", ASM, ASM + bytes(LENGTH - 1)])
def test_a_stream_shorter_than_a_frame_is_a_loss_and_no_frame(octets: bytes) -> None:
    machine = Synchroniser(LENGTH)
    assert len(machine.receive(octets).frames) == 0
    end = machine.finish()
    assert end.frames.shape == (0, LENGTH)
    assert end.lost.tolist() == ([[0, 8 * len(octets)]] if octets else [])


def test_a_new_stream_may_follow_and_positions_count_on() -> None:
    machine = Synchroniser(LENGTH)
    frames = payload(3)
    octets = np.packbits(bits_of(frames))
    machine.receive(octets)
    machine.finish()
    assert not machine.locked
    assert machine.receive(octets).offsets.tolist() == [n * CADU_BITS for n in (3, 4, 5)]


def test_the_memory_does_not_grow_with_the_stream() -> None:
    machine = Synchroniser(LENGTH)
    noise = np.random.default_rng(5).integers(0, 256, 1000, np.uint8)
    stream = np.packbits(bits_of(payload(20)))
    for chunk in [noise, stream] * 40:
        machine.receive(chunk)
        assert len(machine._buffer) <= 4 * CADU_BITS // 8 + 5


@pytest.mark.parametrize(
    "wrong", [{"length": 0}, {"asm": b""}, {"errors": 4}, {"errors": -1}, {"flywheel": 0}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(EncodeError):
        Synchroniser(**({"length": 10} | wrong))  # type: ignore[arg-type]


def damage(data: st.DataObject, bits: np.ndarray) -> np.ndarray:
    """Turn, drop and add bits at a few places."""
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(bits) - 1))
        size = data.draw(st.integers(1, 40))
        kind = data.draw(st.sampled_from(["turn", "drop", "add", "invert"]))
        if kind == "turn":
            bits[at : at + size] ^= 1
        elif kind == "invert":
            bits[at:] ^= 1
        elif kind == "drop":
            bits = np.delete(bits, slice(at, at + size))
        else:
            bits = np.insert(bits, at, np.zeros(size, np.uint8))
    return bits


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(st.integers(0, 10_000), max_size=12), st.integers(1, 3))
def test_the_same_comes_out_however_the_stream_is_cut(
    data: st.DataObject, cuts: list[int], flywheel: int
) -> None:
    bits = damage(data, bits_of(payload(9)))
    whole = run(bits, flywheel=flywheel)
    pieces = run(bits, cuts, flywheel=flywheel)
    for one, other in zip(whole, pieces, strict=True):
        assert np.array_equal(one, other)
    covered = np.zeros((len(bits) + 7) // 8 * 8, np.int64)
    for start in whole.offsets:
        covered[start : start + CADU_BITS] += 1
    for start, end in whole.lost:
        assert (covered[start:end] == 0).all()
        covered[start:end] = 1
    assert (covered > 0).all()  # every bit is in a CADU or reported as lost


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=5), st.integers(1, 9))
def test_any_octets_go_through(octets: bytes, cuts: list[int], length: int) -> None:
    bits = np.unpackbits(np.frombuffer(octets + ASM * 9, np.uint8))
    machine = Synchroniser(length)
    total = len(machine.receive(np.packbits(bits)).frames) + len(machine.finish().frames)
    assert total <= len(bits)
    run(bits, cuts)


def test_a_first_frame_waits_for_the_next_marker_or_the_end() -> None:
    frames = payload(1)
    octets = np.packbits(bits_of(frames)).tobytes()
    machine = Synchroniser(LENGTH)
    assert len(machine.receive(octets).frames) == 0
    assert np.array_equal(machine.receive(ASM).frames, frames)
    assert machine.locked
    alone = Synchroniser(LENGTH)
    alone.receive(octets)
    assert np.array_equal(alone.finish().frames, frames)
