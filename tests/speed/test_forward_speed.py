"""How fast commands become CLTUs and back, one by one and in a batch."""

from __future__ import annotations

import numpy as np
import pytest

from protocols import cltu, map_segment, tc
from protocols.tc import Kind, TcFrame
from tests.protocols.test_bch import register
from tests.speed.clock import Race

pytestmark = pytest.mark.speed

PACKET = np.random.default_rng(1).integers(0, 256, 64, np.uint8).tobytes()


def sent() -> bytes:
    field = map_segment.segment([PACKET], most=1017, map_id=1)[0]
    return cltu.encode(tc.encode(TcFrame(3, 1, Kind.AD, 7, field)), randomise=True)


def received(unit: bytes) -> TcFrame:
    frames, _ = tc.delimit(cltu.decode(unit, randomised=True).octets)
    return tc.decode(frames[0])


def test_one_command_of_64_octets_to_its_cltu() -> None:
    race = Race("command of 64 octets to CLTU", work=1, unit="commands")
    race.run(ours=sent)
    race.at_least_rate(10_000)


def test_one_cltu_to_its_frame() -> None:
    unit = sent()
    race = Race("CLTU of 64 octets to frame", work=1, unit="commands")
    race.run(ours=lambda: received(unit))
    race.at_least_rate(10_000)


def test_a_batch_of_long_frames_to_cltus() -> None:
    frames = [PACKET * 16] * 1000
    race = Race("CLTUs of 1024 octets", work=1024 * 1000, unit="B")
    race.run(
        ours=lambda: cltu.encode_many(frames),
        one_by_one=lambda: [cltu.encode(frame) for frame in frames],
    )
    race.at_least_rate(50e6)


def test_check_bits_against_a_register_bit_by_bit() -> None:
    blocks = [PACKET[at : at + 7] for at in range(0, 63, 7)]
    race = Race("check bits of BCH", work=63, unit="B")
    race.run(
        ours=lambda: cltu.encode(PACKET[:63]),
        register=lambda: [register(block) for block in blocks],
    )
    race.at_least(5, over="register")
