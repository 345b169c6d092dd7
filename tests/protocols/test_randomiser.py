"""Both TM pseudo-random sequences."""

from __future__ import annotations

import numpy as np
import pytest

from protocols.errors import EncodeError
from protocols.randomiser import Kind, randomise, sequence
from tests.clauses import clause


@clause("131.0-B-3 §10.4.2")
def test_the_8_bit_sequence_starts_as_printed_in_the_book() -> None:
    assert sequence("tm8", 5).tobytes().hex() == "ff480ec09a"
    assert np.array_equal(sequence("tm8", 600)[255:510], sequence("tm8", 255))


@clause("131.0-B-5 §10")
def test_the_17_bit_sequence_has_the_period_of_a_maximal_register() -> None:
    assert sequence("tm17", 5).tobytes().hex() == "1c71b91ba9"
    bits = np.unpackbits(sequence("tm17", 2**17 // 8))
    assert bits[:-1].sum() == 2**16  # one more one than zeros in a period of 2^17 − 1
    assert bits[-1] == bits[0]


@pytest.mark.parametrize("kind", ["none", "tm8", "tm17", "tc"])
def test_adding_a_sequence_twice_changes_nothing_and_one_frame_is_as_many(kind: Kind) -> None:
    frames = np.random.default_rng(1).integers(0, 256, (4, 1275), np.uint8)
    there = randomise(frames, kind)
    assert np.array_equal(randomise(there, kind), frames)
    assert np.array_equal(randomise(frames[2:3], kind)[0], there[2])
    assert randomise(frames[:0], kind).shape == (0, 1275)
    assert randomise(frames[:, :0], kind).shape == (4, 0)


def test_an_unknown_randomiser_is_refused() -> None:
    with pytest.raises(EncodeError, match="expected none, tm8, tm17 or tc"):
        randomise(np.zeros((1, 4), np.uint8), "tm9")  # type: ignore[arg-type]
