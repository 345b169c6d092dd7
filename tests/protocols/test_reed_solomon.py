"""Both Reed-Solomon codes against the reedsolo library, and to the limits of what they correct."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import reedsolo
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import kernels
from protocols.errors import DecodeError, EncodeError
from protocols.reed_solomon import INTERLEAVES, Code, error_patterns, remainders
from protocols.reed_solomon_tables import FROM_DUAL, TO_DUAL, division, generator
from tests.clauses import clause


@pytest.fixture(params=["numpy", "compiled"])
def twin(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test with the numpy forms and with the compiled ones."""
    if request.param == "compiled":
        kernels.bind()
    yield request.param
    kernels.unbind()


def frames_for(code: Code, number: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (number, code.frame_octets), np.uint8)


def damaged(code: Code, blocks: np.ndarray, errors: int, seed: int = 2) -> np.ndarray:
    """Return blocks with this many symbols changed in every codeword."""
    random, hit = np.random.default_rng(seed), blocks.copy()
    for block in hit:
        for lane in range(code.interleave):
            places = random.choice(255 - code.fill, errors, replace=False)
            changes = random.integers(1, 256, errors, np.uint8)
            block[places * code.interleave + lane] ^= changes
    return hit


def oracle(k: int) -> reedsolo.RSCodec:
    """Reedsolo with the field of the book, its roots, and α^11 = 173 as their base."""
    return reedsolo.RSCodec(255 - k, fcr=128 - (255 - k) // 2, prim=0x187, generator=173)


@clause("131.0-B-5 §4.3.4")
@pytest.mark.parametrize("k", [223, 239])
def test_the_conventional_code_is_the_one_of_reedsolo(twin: str, k: int) -> None:
    code = Code(k, 1, "conventional")
    frames = frames_for(code, 3)
    codec = oracle(k)
    assert [row.tobytes() for row in code.encode(frames)] == [
        bytes(codec.encode(row.tobytes())) for row in frames
    ]
    hit = damaged(code, code.encode(frames), code.parity // 2)
    assert [row.tobytes() for row in code.decode(hit).frames] == [
        bytes(codec.decode(row.tobytes())[0]) for row in hit
    ]


@clause("131.0-B-5 annex F")
def test_the_dual_basis_is_another_way_to_write_the_same_codeword(twin: str) -> None:
    """The first rows of the book's table of both forms; the map is linear."""
    assert TO_DUAL[[0, 1, 2, 3, 4]].tolist() == [0x00, 0x7B, 0xAF, 0xD4, 0x99]
    assert np.array_equal(FROM_DUAL[TO_DUAL], np.arange(256))
    conventional, dual = Code(223, 4, "conventional"), Code(223, 4, "dual")
    frames = frames_for(dual, 2)
    assert np.array_equal(dual.encode(frames), TO_DUAL[conventional.encode(FROM_DUAL[frames])])


@clause("131.0-B-5 §4.3")
@pytest.mark.parametrize("interleave", INTERLEAVES)
@pytest.mark.parametrize("k", [223, 239])
def test_every_count_of_errors_up_to_the_limit_is_mended(
    twin: str, k: int, interleave: int
) -> None:
    for fill in (0, 1, 100):
        code = Code(k, interleave, "dual", fill)
        limit = code.parity // 2
        frames = frames_for(code, 2)
        blocks = code.encode(frames)
        assert np.array_equal(blocks[:, : code.frame_octets], frames)
        for errors in (0, 1, limit - 1, limit):
            out = code.decode(damaged(code, blocks, errors))
            assert np.array_equal(out.frames, frames)
            assert out.corrected.tolist() == [errors * interleave] * 2
            assert out.bad.tolist() == [0, 0]


@pytest.mark.parametrize("k", [223, 239])
def test_one_error_more_is_reported_and_the_codeword_left_as_it_came(twin: str, k: int) -> None:
    code = Code(k, 4)
    blocks = code.encode(frames_for(code, 12))
    hit = blocks.copy()
    worse = damaged(code, blocks, code.parity // 2 + 1)
    hit[:, 1::4] = worse[:, 1::4]
    out = code.decode(hit)
    reported = out.bad == 1
    assert reported.all()
    assert np.array_equal(out.frames[reported], hit[reported, : code.frame_octets])
    assert out.corrected[reported].sum() == 0


@pytest.mark.parametrize("k", [223, 239])
def test_random_octets_are_no_codewords_and_are_said_to_be_none(twin: str, k: int) -> None:
    code = Code(k, 1, "conventional")
    noise = np.random.default_rng(7).integers(0, 256, (300, 255), np.uint8)
    out = code.decode(noise)
    assert out.bad.tolist() == [1] * 300
    assert np.array_equal(out.frames, noise[:, :k])


@pytest.mark.parametrize("k", [223, 239])
def test_beyond_the_bound_only_a_nearer_codeword_is_taken(twin: str, k: int) -> None:
    """The generator is a codeword of the least weight, 2E + 1: halfway there it is the nearest."""
    code = Code(k, 1, "conventional")
    limit = code.parity // 2
    neighbour = np.zeros((1, 255), np.uint8)
    neighbour[0, k - 1] = 1
    neighbour[0, k:] = generator(code.parity)
    halfway = neighbour.copy()
    halfway[0, np.flatnonzero(neighbour[0])[limit + 1 :]] = 0
    out = code.decode(halfway)
    assert np.array_equal(out.frames, neighbour[:, :k])
    assert (out.corrected.tolist(), out.bad.tolist()) == ([limit], [0])


def test_an_error_that_would_lie_in_the_virtual_fill_cannot_be() -> None:
    """A codeword of the full code with one symbol wrong where nothing was sent."""
    full, short = Code(223, 1), Code(223, 1, "dual", 50)
    frame = np.zeros((1, 223), np.uint8)
    frame[0, 10] = 77
    out = short.decode(full.encode(frame)[:, 50:])
    assert (out.bad.tolist(), out.corrected.tolist()) == ([1], [0])


def test_one_codeblock_and_many_give_the_same_answer(twin: str) -> None:
    code = Code(223, 5)
    hit = damaged(code, code.encode(frames_for(code, 6)), 9)
    hit[3] = damaged(code, hit[3:4], 30)[0]
    many = code.decode(hit)
    for number in range(6):
        one = code.decode(hit[number : number + 1])
        assert np.array_equal(one.frames[0], many.frames[number])
        assert (one.corrected[0], one.bad[0]) == (many.corrected[number], many.bad[number])


def test_the_octets_given_are_not_changed(twin: str) -> None:
    code = Code(239, 2)
    hit = damaged(code, code.encode(frames_for(code, 3)), 5)
    before = hit.copy()
    hit.flags.writeable = False
    code.decode(hit)
    assert np.array_equal(hit, before)


def test_no_codeblock_is_no_frame_and_another_length_is_refused(twin: str) -> None:
    code = Code(223, 4)
    out = code.decode(np.zeros((0, code.codeblock_octets), np.uint8))
    assert out.frames.shape == (0, code.frame_octets)
    with pytest.raises(DecodeError, match=r"131\.0-B-5"):
        code.decode(np.zeros((1, code.codeblock_octets - 1), np.uint8))
    with pytest.raises(EncodeError):
        code.encode(np.zeros((1, code.frame_octets + 1), np.uint8))


@pytest.mark.parametrize(
    "wrong", [{"k": 220}, {"interleave": 6}, {"basis": "polar"}, {"fill": -1}, {"fill": 223}]
)
def test_a_code_that_the_book_does_not_know_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(EncodeError):
        Code(**wrong)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([16, 32]), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_the_twins_agree_on_any_damage(parity: int, errors: int, seed: int) -> None:
    code = Code(255 - parity, 3, "dual", seed % 200)
    hit = damaged(code, code.encode(frames_for(code, 3, seed)), errors, seed)
    table = division(parity, True)
    kernels.unbind()
    plain = remainders(hit, 3, table, parity)
    patterns, counts = error_patterns(plain[:, :parity].copy())
    kernels.bind()
    assert np.array_equal(remainders(hit, 3, table, parity), plain)
    fast_patterns, fast_counts = error_patterns(plain[:, :parity].copy())
    kernels.unbind()
    assert np.array_equal(patterns, fast_patterns)
    assert counts.tolist() == fast_counts.tolist()
