"""Packets out of frames, 256 at a time, against a lean demultiplexer in pure Python: ratios.

TM frames of 1115 octets on four virtual channels; packets span frames.
"""

from __future__ import annotations

import numpy as np
import pytest

from protocols import packet, tm
from protocols.channel import Channels
from protocols.frame import NO_START
from tests.speed.clock import Race

LENGTH, CHANNELS, FRAMES, BATCH = 1115, 4, 2048, 256
ROOM = LENGTH - 6

pytestmark = pytest.mark.speed


def recorded(smallest, largest):
    """Return frames uint8 [N, 1115] and how many packets lie whole in them."""
    random = np.random.default_rng(7)
    made = [[] for _ in range(CHANNELS)]
    whole = 0
    for vcid in range(CHANNELS):
        size, sizes = 0, []
        while size < FRAMES // CHANNELS * ROOM:
            sizes.append(int(random.integers(smallest, largest + 1)))
            size += sizes[-1]
        octets = b"".join(
            packet.encode(vcid + 1, n & 0x3FFF, bytes(each - 6)) for n, each in enumerate(sizes)
        )
        starts = np.cumsum([0, *sizes])
        whole += int((starts[1:] <= FRAMES // CHANNELS * ROOM).sum())
        for count in range(FRAMES // CHANNELS):
            at = count * ROOM
            first = int(starts[np.searchsorted(starts, at)])
            pointer = first - at if first < at + ROOM else NO_START
            made[vcid].append(
                tm.encode(
                    octets[at : at + ROOM],
                    tm.Layout(LENGTH),
                    scid=1,
                    vcid=vcid,
                    count=count,
                    first_header_pointer=pointer,
                )
            )
    mixed = b"".join(made[n % CHANNELS][n // CHANNELS] for n in range(FRAMES))
    return np.frombuffer(mixed, np.uint8).reshape(FRAMES, LENGTH).copy(), whole


def lean(frames):
    """Demultiplex with bytes and slices, as one writes it by hand. No checks, no gaps."""
    begun, found = {}, []
    for frame in frames:
        vcid = frame[1] >> 1 & 7
        octets = begun.get(vcid, b"") + frame[6:]
        at, end = 0, len(octets)
        while end - at >= 6:
            stop = at + (octets[at + 4] << 8 | octets[at + 5]) + 7
            if stop > end:
                break
            apid = (octets[at] & 7) << 8 | octets[at + 1]
            found.append((vcid, apid, octets[at:stop]))
            at = stop
        begun[vcid] = octets[at:]
    return found


@pytest.mark.parametrize("smallest, largest, ratio", [(20, 122, 4), (64, 448, 2), (500, 3500, 1)])
def test_packets_a_second(smallest, largest, ratio):
    frames, whole = recorded(smallest, largest)
    decoded, _ = tm.decode_many(frames, tm.Layout(LENGTH))
    batches = [decoded.take(slice(at, at + BATCH)) for at in range(0, FRAMES, BATCH)]
    octets = [frame.tobytes() for frame in frames]

    def ours():
        machine = Channels()
        return sum(len(machine.receive(batch).packets) for batch in batches)

    assert ours() == whole == len(lean(octets))
    race = Race(f"packets of {smallest} to {largest} octets out of frames", whole, "packet")
    race.run(ours=ours, lean_python=lambda: lean(octets))
    race.at_least(ratio, over="lean_python")


def test_frames_to_packets_in_octets_a_second():
    """Header decoding (no CRC) and extraction together."""
    frames, _ = recorded(64, 448)

    def ours():
        machine = Channels()
        for at in range(0, FRAMES, BATCH):
            machine.receive(tm.decode_many(frames[at : at + BATCH], tm.Layout(LENGTH))[0])

    race = Race("TM frames to packets", frames.size, "B").run(ours=ours)
    race.at_least_rate(1e9)
