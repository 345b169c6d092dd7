"""CRC-16 and CRC-32 against other implementations and published check values."""

from __future__ import annotations

import binascii
from collections.abc import Iterator

import crcmod
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import crc, kernels
from tests.clauses import clause


@pytest.fixture
def compiled() -> Iterator[None]:
    """Run the compiled twins for one test."""
    kernels.bind()
    yield
    kernels.unbind()


@clause("132.0-B-3 §4.1.6.2")
def test_the_check_value_of_the_catalogue_is_met() -> None:
    assert crc.crc16_octets(b"123456789") == 0x29B1
    assert crc.crc16_octets(b"\x00\x00") == 0x1D0F  # ECSS-E-ST-70-41C annex B
    assert crc.crc16_octets(b"") == 0xFFFF


@clause("211.2-B-3 annex C")
def test_the_crc_32_is_the_one_of_proximity_1_and_not_of_ethernet() -> None:
    reference = crcmod.Crc(0x100A00805, initCrc=0, rev=False).new(b"123456789").crcValue
    assert crc.crc32_octets(b"123456789") == reference != binascii.crc32(b"123456789")
    assert crc.crc32_octets(b"\x01") == 0x00A00805  # x^32 mod G is G without its first term
    assert crc.crc32_octets(bytes(9)) == 0  # preset to zeros
    header_only = bytes.fromhex("8000000400")  # a version 3 frame, as another implementation has it
    assert crc.crc32_octets(header_only) == 0xBCC004E7


@pytest.mark.parametrize("length", [*range(12), *range(120, 145), 223, 1115, 1279, 2048, 65542])
def test_one_frame_and_many_have_the_crc_of_binascii_at_any_length(
    compiled: None, length: int
) -> None:
    frames = np.random.default_rng(length).integers(0, 256, (3, length), np.uint8)
    expected = [binascii.crc_hqx(row.tobytes(), 0xFFFF) for row in frames]
    assert crc.crc16(frames).tolist() == expected
    assert [int(crc.crc16(row[None])[0]) for row in frames] == expected
    kernels.unbind()
    assert crc.crc16(frames).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=700), st.lists(st.tuples(st.integers(0, 700), st.integers(0, 700))))
def test_the_twins_agree_on_any_spans(octets: bytes, cuts: list[tuple[int, int]]) -> None:
    arena = np.frombuffer(octets, np.uint8).copy()
    spans = [(min(a, b, len(octets)), min(max(a, b), len(octets))) for a, b in cuts]
    offsets = np.array([start for start, _ in spans], np.int64)
    lengths = np.array([end - start for start, end in spans], np.int64)
    plain = crc.crc16_spans.plain(arena, offsets, lengths)
    kernels.bind()
    fast = crc.crc16_spans(arena, offsets, lengths)
    kernels.unbind()
    assert plain.tolist() == fast.tolist()
    assert plain.tolist() == [binascii.crc_hqx(octets[start:end], 0xFFFF) for start, end in spans]


@clause("132.0-B-3 §4.1.6.3")
def test_a_frame_with_its_crc_is_good_and_with_any_one_bit_changed_is_bad() -> None:
    body = bytes(range(40))
    frame = np.frombuffer(body + crc.crc16_octets(body).to_bytes(2, "big"), np.uint8)
    bits = np.eye(len(frame) * 8, dtype=np.uint8)
    assert crc.crc16(frame[None]).tolist() == [0]
    assert crc.crc16(frame ^ np.packbits(bits, axis=1)).all()


@pytest.mark.parametrize("length", [0, 9])
def test_no_frames_have_no_crc(length: int) -> None:
    assert len(crc.crc16(np.zeros((0, length), np.uint8))) == 0
