"""How fast the coding layer is, against the libraries people would otherwise use."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import reedsolo

from protocols.cadu import Cadu
from protocols.crc import crc16, crc16_spans
from protocols.randomiser import randomise, sequence
from protocols.reed_solomon import Code
from protocols.sync import ASM, Synchroniser
from tests.speed.clock import Race

pytestmark = pytest.mark.speed

CODE = Code(223, 5)


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (1000, 1115), np.uint8)


@pytest.fixture(scope="module")
def blocks(frames: np.ndarray) -> np.ndarray:
    return CODE.encode(frames)


@pytest.mark.parametrize(("length", "ratio"), [(223, 2), (1115, 5), (2048, 8)])
def test_crc_16_over_many_frames(length: int, ratio: int) -> None:
    frames = np.random.default_rng(2).integers(0, 256, (1000, length), np.uint8)
    rows = [row.tobytes() for row in frames]
    race = Race(f"CRC-16, frames of {length}", work=frames.size, unit="B")
    race.run(
        ours=lambda: crc16(frames),
        crc_hqx=lambda: [binascii.crc_hqx(row, 0xFFFF) for row in rows],
        fastcrc=lambda: crc16_spans_plain(frames),
    )
    race.at_least(ratio, over="crc_hqx")


def crc16_spans_plain(frames: np.ndarray) -> np.ndarray:
    """The form that runs while the kernel is cold: one call of fastcrc a frame."""
    number, length = frames.shape
    offsets = np.arange(number) * length
    return crc16_spans.plain(frames.reshape(-1), offsets, np.full(number, length))


def reedsolo_check(words: list[bytearray]) -> Callable[[], object]:
    codec = reedsolo.RSCodec(32, fcr=112, prim=0x187, generator=173)
    return lambda: [codec.check(word) for word in words]


def test_reed_solomon_check_of_clean_codeblocks(blocks: np.ndarray) -> None:
    words = [bytearray(block[lane::5].tobytes()) for block in blocks[:1] for lane in range(5)]
    check, few = reedsolo_check(words), blocks[:1]
    race = Race("RS(255,223) I=5 check, one codeblock", work=few.size, unit="B")
    race.run(ours=lambda: CODE.decode(few), reedsolo=check)
    race.at_least(100, over="reedsolo")
    many = Race("RS(255,223) I=5 check, 1,000 codeblocks", work=blocks.size, unit="B")
    many.run(ours=lambda: CODE.decode(blocks))
    many.at_least_rate(375e6)  # 3 Gbit/s


@pytest.mark.parametrize("errors", [1, 8, 16])
def test_reed_solomon_correction_in_every_codeword(blocks: np.ndarray, errors: int) -> None:
    random = np.random.default_rng(errors)
    code = Code(223, 1, "conventional")
    words = code.encode(random.integers(0, 256, (200, 223), np.uint8))
    for word in words:
        places = random.choice(255, errors, replace=False)
        word[places] ^= random.integers(1, 256, errors, np.uint8)
    codec = reedsolo.RSCodec(32, fcr=112, prim=0x187, generator=173)
    few = [bytearray(word.tobytes()) for word in words[:2]]
    race = Race(f"RS(255,223), {errors} errors in each codeword", work=words.size, unit="B")
    race.run(
        ours=lambda: code.decode(words),
        reedsolo=lambda: [codec.decode(bytearray(word)) for word in few * 10],
    )
    race.seconds["reedsolo"] *= len(words) / 20
    race.at_least(50, over="reedsolo")


def test_derandomising(frames: np.ndarray) -> None:
    key = int.from_bytes(sequence("tm8", 1115).tobytes(), "big")
    rows = [int.from_bytes(row.tobytes(), "big") for row in frames]
    race = Race("derandomise", work=frames.size, unit="B")
    race.run(
        ours=lambda: randomise(frames, "tm8"),
        int_xor=lambda: [(row ^ key).to_bytes(1115, "big") for row in rows],
    )
    race.at_least(2, over="int_xor")


def stream_of(blocks: np.ndarray) -> bytes:
    marker = np.tile(np.frombuffer(ASM, np.uint8), (len(blocks), 1))
    return np.hstack([marker, randomise(blocks, "tm8")]).tobytes()


def receive(machine: Synchroniser | Cadu, chunks: list[bytes]) -> None:
    for chunk in chunks:
        machine.receive(chunk)


def split_at_markers(stream: bytes, length: int) -> list[bytes]:
    """What a short script does: exact markers, on octet bounds only."""
    found, at = [], stream.find(ASM)
    while at >= 0:
        found.append(stream[at + 4 : at + 4 + length])
        at = stream.find(ASM, at + 4)
    return found


@pytest.mark.parametrize("phase", [0, 3])
def test_synchronising(blocks: np.ndarray, phase: int) -> None:
    stream = stream_of(blocks)
    bits = np.concatenate([np.zeros(phase, np.uint8), np.unpackbits(np.frombuffer(stream, "u1"))])
    octets = np.packbits(bits).tobytes()
    chunks = [octets[at : at + (1 << 18)] for at in range(0, len(octets), 1 << 18)]
    race = Race(f"synchronise, shifted by {phase} bits", work=len(octets), unit="B")
    race.run(
        ours=lambda: receive(Synchroniser(1275), chunks),
        bytes_find=partial(split_at_markers, stream, 1275),
    )
    race.at_least_rate(375e6)


def test_cadus_to_frames(blocks: np.ndarray) -> None:
    stream = stream_of(blocks)
    chunks = [stream[at : at + (1 << 18)] for at in range(0, len(stream), 1 << 18)]
    race = Race("CADUs to frames: sync, derandomise, RS check", work=len(stream), unit="B")
    race.run(ours=lambda: receive(Cadu(1115, ASM, "tm8", CODE), chunks))
    race.at_least_rate(200e6)
