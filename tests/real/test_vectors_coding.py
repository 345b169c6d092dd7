"""Published vectors of CRC, randomisers and Reed-Solomon codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protocols import crc, kernels
from protocols.randomiser import sequence
from protocols.reed_solomon import Code
from tests.clauses import clause


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "vectors" / "channel_coding.json").read_text())


@pytest.fixture(params=["numpy", "compiled"])
def twin(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "compiled":
        kernels.bind()
    yield
    kernels.unbind()


def row(text: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(text), np.uint8)[None]


@clause("131.0-B-3 §10.4.2")
def test_the_8_bit_randomiser_is_the_published_table(vectors: dict[str, Any]) -> None:
    table = vectors["tm_randomizer_8bit"]["first_255_hex"]
    assert sequence("tm8", 255).tobytes().hex() == table


@clause("131.0-B-5 §10")
def test_the_17_bit_randomiser_is_the_published_start(vectors: dict[str, Any]) -> None:
    vector = vectors["tm_randomizer_17bit_131_0_B_5"]
    assert sequence("tm17", 5).tobytes().hex() == vector["published_first_40_bits_hex"]
    first = vector["first_64_octets_computed_here_hex"]
    assert sequence("tm17", 64).tobytes().hex() == first


@clause("132.0-B-3 §4.1.6.2")
def test_crc_16_as_ecss_and_others_print_it(vectors: dict[str, Any], twin: None) -> None:
    for vector in vectors["crc16_ccsds"]:
        assert crc.crc16(row(vector["data"])).tolist() == [int(vector["crc"], 16)]
        assert crc.crc16(row(vector["data"] + vector["crc"])).tolist() == [0]


@clause("131.0-B-5 §4.3")
def test_a_codeword_from_space_is_valid_and_one_changed_octet_is_mended(
    vectors: dict[str, Any], twin: None
) -> None:
    for vector in vectors["rs_255_223"]:
        codeword = row(vector["codeword"])
        assert Code(223, 1).decode(codeword).corrected.tolist() == [0]
        for place in range(255):
            hit = codeword.copy()
            hit[0, place] += 1
            out = Code(223, 1).decode(hit)
            assert np.array_equal(out.frames, codeword[:, :223])
            assert (out.corrected.tolist(), out.bad.tolist()) == ([1], [0])


@clause("131.0-B-5 §4.3.5")
def test_an_interleaved_codeblock_is_the_published_one(vectors: dict[str, Any], twin: None) -> None:
    for vector in vectors["rs_interleaved"]:
        code = Code(223, vector["interleave"])
        frame, codeblock = row(vector["frame"]), row(vector["codeblock"])
        assert np.array_equal(code.encode(frame), codeblock)
        hit = codeblock.copy()
        hit[0, 1200] = 0
        assert code.decode(hit).corrected.tolist() == [1]
