"""Record a pass: fly, send, code, strike, and write the file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ground import settings
from ground.mdb import xtce
from protocols import aos
from protocols.randomiser import randomise
from protocols.reed_solomon import Code
from tools.simulator import packets, spacecraft, truth
from tools.simulator.frames import RATE_BPS, Faults, Multiplexed, multiplex, strike

MISSION, LINK = "chenguang1", "recording"
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
    mission = settings.find(MISSION)
    craft, link = mission.spacecraft[0], mission.link(LINK)
    if link is None or link.length is None or craft.database is None:
        raise ValueError(f"{mission.path}: no database, or no link {LINK!r} with a length")
    database = xtce.load(craft.database.read_bytes(), str(craft.database))
    rng = np.random.default_rng(seed)
    history = spacecraft.fly(start_ns, seconds, rng, lambda part: tell(FLYING * part))
    sent = packets.send(database, history, rng)
    stream = _framed(sent, link, craft.scid)
    blocks = _blocks(stream.frames, link) if coded else stream.frames
    arriving, readable = strike(blocks, stream.vcid, faults or Faults(), coded, rng)
    octets = _marked(arriving, link) if coded else arriving
    _write(path, octets.tobytes())
    tell(1.0)
    arrived = _arrived(stream, sent, readable)
    return truth.Truth(truth.of(database, sent, arrived), stream.vcid, readable, octets.size)


def _framed(sent: list[packets.Sent], link: settings.Link, scid: int) -> Multiplexed:
    """Put the packets of all types into frames, in order of time."""
    order = _order(sent)
    t_ns = np.concatenate([each.t_ns for each in sent])[order]
    vcid = np.repeat([each.vcid for each in sent], [len(each.t_ns) for each in sent])[order]
    octets = [row.tobytes() for each in sent for row in each.octets]
    layout = aos.Layout(
        link.length or 0,
        fecf=link.fecf,
        ocf=link.ocf,
        header_error_control=link.fhec,
        insert_zone=link.insert_zone,
    )
    return multiplex([octets[row] for row in order], t_ns, vcid, layout, scid, _frame_ns(link))


def _order(sent: list[packets.Sent]) -> NDArray[np.intp]:
    return np.argsort(np.concatenate([each.t_ns for each in sent]), kind="stable")


def _frame_ns(link: settings.Link) -> int:
    """Return how long a frame takes with its parity and its marker."""
    parity = link.rs.interleave * (255 - link.rs.k) if link.rs else 0
    octets = (link.length or 0) + parity + len(bytes.fromhex(link.asm or ""))
    return octets * 8 * 10**9 // RATE_BPS


def _blocks(frames: NDArray[np.uint8], link: settings.Link) -> NDArray[np.uint8]:
    """Return the coded and randomised blocks of these frames."""
    if link.rs is not None:
        code = Code(link.rs.k, link.rs.interleave, link.rs.basis, link.rs.fill)
        frames = code.encode(frames)
    return randomise(frames, link.randomiser)


def _marked(blocks: NDArray[np.uint8], link: settings.Link) -> NDArray[np.uint8]:
    marker = np.frombuffer(bytes.fromhex(link.asm or ""), np.uint8)
    return np.hstack([np.tile(marker, (len(blocks), 1)), blocks])


def _arrived(
    stream: Multiplexed, sent: list[packets.Sent], readable: NDArray[np.bool_]
) -> list[NDArray[np.bool_]]:
    """Return for each type which packets arrive: those whose every frame can be read.

    The frames of other channels that lie between do not matter, so each channel is counted apart.
    """
    vcid = np.concatenate([np.full(len(each.t_ns), each.vcid) for each in sent])
    arrived = np.zeros(len(vcid), np.bool_)
    for row, packet in enumerate(_order(sent)):
        mine = slice(int(stream.first[row]), int(stream.last[row]) + 1)
        arrived[packet] = readable[mine][stream.vcid[mine] == vcid[packet]].all()
    return np.split(arrived, np.cumsum([len(each.t_ns) for each in sent])[:-1])


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
