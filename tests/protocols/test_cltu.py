"""CLTUs: encoding, decoding, and finding them in a stream."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import cltu
from protocols.cltu import START, TAIL, CltuStream
from protocols.errors import DecodeError, EncodeError
from tests.clauses import clause
from tests.protocols.test_bch import flipped

FRAMES = st.binary(min_size=1, max_size=300)
IDLE = b"\x55" * 16


@clause("231.0-B-4 §5.2")
@pytest.mark.parametrize("octets, blocks", [(1, 1), (7, 1), (8, 2), (14, 2), (1024, 147)])
def test_a_cltu_is_start_codewords_and_tail_with_fill_in_the_last(octets, blocks):
    made = cltu.encode(bytes(octets))
    assert made[:2] == b"\xeb\x90" and made[-8:] == bytes.fromhex("c5c5c5c5c5c5c579")
    assert len(made) == 2 + 8 * blocks + 8
    fill = 7 * blocks - octets
    assert cltu.decode(made) == cltu.Decoded(bytes(octets) + b"\x55" * fill, 0, True)


@clause("231.0-B-4 §5.2")
def test_a_mission_may_have_a_tail_of_its_own():
    made = cltu.encode(b"frame", tail=b"\x55" * 8)
    assert made.endswith(b"\x55" * 8) and TAIL not in made
    assert cltu.decode(made).ended
    assert not cltu.decode(cltu.encode(b"frame", tail=b"")).ended


@settings(max_examples=60, deadline=None)
@given(st.lists(FRAMES, max_size=5), st.booleans())
def test_a_batch_is_the_cltus_of_each_and_decodes(frames, randomise):
    made = cltu.encode_many(frames, randomise=randomise)
    assert made == [cltu.encode(frame, randomise=randomise) for frame in frames]
    for frame, each in zip(frames, made, strict=True):
        decoded = cltu.decode(each, randomised=randomise)
        assert decoded.octets.startswith(frame) and len(decoded.octets) - len(frame) < 7
        assert (decoded.corrected, decoded.ended) == (0, True)


@clause("231.0-B-4 §6")
def test_the_random_sequence_starts_with_each_cltu_and_leaves_the_fill():
    made = cltu.encode_many([bytes(5), bytes(5)], randomise=True)
    assert made[0] == made[1] and made[0][2:9].hex() == "ff399e5a685555"


def test_a_cltu_of_nothing_is_refused():
    with pytest.raises(EncodeError, match="without a frame"):
        cltu.encode(b"")


@clause("231.0-B-4 §3.4")
@settings(max_examples=60, deadline=None)
@given(FRAMES, st.data())
def test_one_wrong_bit_in_every_codeword_is_mended(frame, data):
    made = cltu.encode(frame)
    blocks = (len(made) - 10) // 8
    bits = [data.draw(st.integers(0, 62)) + 16 + 64 * block for block in range(blocks)]
    decoded = cltu.decode(flipped(made, *bits))
    assert decoded.octets.startswith(frame) and decoded.corrected == blocks
    with pytest.raises(DecodeError):
        cltu.decode(flipped(made, *bits), mode="ted")


@clause("231.0-B-4 §3.4")
def test_a_bad_codeword_ends_a_cltu_and_what_came_before_is_kept():
    made = cltu.encode(bytes(range(28)))
    decoded = cltu.decode(flipped(made, 16 + 128, 16 + 130))
    assert decoded.octets == bytes(range(14)) and decoded.ended
    with pytest.raises(DecodeError, match="first codeword"):
        cltu.decode(flipped(made, 16, 18))


@clause("231.0-B-4 §5.2")
@pytest.mark.parametrize("wrong", [b"", b"\xeb", START, START + bytes(7), b"\xeb\x91" + bytes(16)])
def test_what_has_no_start_or_no_codeword_is_refused(wrong):
    with pytest.raises(DecodeError):
        cltu.decode(wrong)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100), st.booleans(), st.sampled_from(["sec", "ted"]))
def test_random_octets_raise_nothing_else(octets, randomised, mode):
    for tried in (octets, START + octets):
        try:
            cltu.decode(tried, randomised=randomised, mode=mode)
        except DecodeError as error:
            assert error.clause


@clause("231.0-B-4 §7")
@settings(max_examples=60, deadline=None)
@given(st.lists(FRAMES, max_size=6), st.integers(1, 200))
def test_cltus_are_found_in_a_stream_however_it_is_cut(frames, step):
    sent = cltu.encode_many(frames)
    octets = IDLE + b"".join(each + IDLE for each in sent)
    stream = CltuStream()
    found = [
        each
        for at in range(0, len(octets), step)
        for each in stream.receive(octets[at : at + step])
    ]
    assert found == sent and stream.finish() == []
    assert stream.skipped == len(IDLE) * (len(sent) + 1) and stream.abandoned == 0


@clause("231.0-B-4 §7")
def test_a_start_without_a_good_codeword_is_abandoned_and_the_next_is_found():
    good = cltu.encode(b"command")
    stream = CltuStream()
    assert stream.receive(START + TAIL + IDLE + good) == [good]
    assert (stream.abandoned, stream.skipped) == (1, len(IDLE))


@clause("231.0-B-4 §7")
def test_a_bad_codeword_sends_the_stream_back_to_its_search():
    first = cltu.encode(bytes(range(28)))
    hit = flipped(first, 16 + 128, 16 + 130)
    second = cltu.encode(b"next")
    stream = CltuStream()
    assert stream.receive(hit + second) == [hit[: 2 + 24], second]
    assert stream.skipped == len(hit) - 26


def test_a_cltu_without_an_end_is_given_at_the_end_of_the_stream():
    stream = CltuStream()
    made = cltu.encode(bytes(20))[:-8]
    assert stream.receive(made) == [] and stream.finish() == [made]
    assert stream.receive(START + b"\x01") == [] and stream.finish() == []
    assert stream.skipped == 3 and stream.receive(cltu.encode(b"x")) == [cltu.encode(b"x")]


def test_a_cltu_that_never_ends_is_cut_and_memory_stays_bounded():
    endless = cltu.encode(bytes(7 * 4000), tail=b"")
    stream = CltuStream(longest=802)
    found = [
        each for at in range(0, len(endless), 64) for each in stream.receive(endless[at : at + 64])
    ]
    assert [len(each) for each in found] == [802]
    assert stream.skipped > 0 and len(stream.finish()) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=12))
def test_every_octet_of_any_stream_is_accounted_for(chunks):
    stream = CltuStream(longest=66)
    chunks = [each for chunk in chunks for each in (START, chunk)]
    found = [each for chunk in chunks for each in stream.receive(chunk)] + stream.finish()
    counted = sum(map(len, found)) + stream.skipped + stream.abandoned * 10
    assert counted == sum(map(len, chunks))
    assert all(each.startswith(START) and len(each) <= 66 for each in found[:-1])
