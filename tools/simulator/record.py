"""Record a pass: fly, send, code, strike, and write the file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.simulator import packets, spacecraft, truth
from tools.simulator.coding import MISSION, Craft
from tools.simulator.frames import Framed, Multiplexer
from tools.simulator.strikes import Faults, strike

LINK = "recording"
START_NS = 2_208_038_737 * 10**9  # 2027-12-21T00:05:00 UTC: risen over Kashi, umbra 407 s later
FLYING = 0.7  # part of the work that the history is
NO_FAULTS = Faults(0, 0, 0)

Progress = Callable[[float], None]


def record(
    path: Path,
    *,
    seconds: int = 600,
    seed: int = 1,
    start_ns: int = START_NS,
    coded: bool = True,
    faults: Faults | None = None,
    progress: Progress | None = None,
) -> truth.Truth:
    """Write the recording of a pass to `path` and return the truth about it.

    Args:
        seconds: length of the pass.
        seed: the same seed gives the same octets.
        start_ns: when it begins, ns TAI, a whole second.
        coded: CADUs as the mission's link `recording` codes them; else bare frames.
        faults: what the channel does; some of everything unless told.
        progress: called now and then with the part of the work that is done, 0 to 1.
    """
    tell = progress or (lambda _: None)
    craft = Craft.find(MISSION, LINK)
    rng = np.random.default_rng(seed)
    history = spacecraft.fly(start_ns, seconds, rng, lambda part: tell(FLYING * part))
    sent = packets.Computer(craft.database).send(history, rng)
    order = packets.Order.of(sent)
    stream = _framed(order, craft, start_ns)
    blocks = craft.blocks(stream.frames) if coded else stream.frames
    arriving, readable = strike(blocks, stream.vcid, faults or Faults(), coded, rng)
    octets = craft.marked(arriving) if coded else arriving
    _write(path, octets.tobytes())
    tell(1.0)
    arrived = order.by_type(_arrived(stream, order.vcid, readable), sent)
    return truth.Truth(truth.of(craft.database, sent, arrived), stream.vcid, readable, octets.size)


def _framed(order: packets.Order, craft: Craft, start_ns: int) -> Framed:
    """Put the packets of all types into frames."""
    made = Multiplexer(craft.layout, craft.scid, packets.VCIDS, start_ns, craft.frame_ns)
    made.add(order.ready_ns, order.vcid, order.octets)
    return made.run()


def _arrived(
    stream: Framed, vcid: NDArray[np.int64], readable: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which packets arrive, in order of time: those whose every frame can be read.

    The frames of other channels that lie between do not matter, so each channel is counted apart.
    """
    arrived = np.zeros(len(vcid), np.bool_)
    for channel in packets.VCIDS:
        ruined = np.cumsum(np.concatenate([[0], ~readable[stream.vcid == channel]]))
        mine = vcid == channel
        first, last = stream.spans[mine].T
        arrived[mine] = ruined[last + 1] == ruined[first]
    return arrived


def _write(path: Path, octets: bytes) -> None:
    """Write a file that is there whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
