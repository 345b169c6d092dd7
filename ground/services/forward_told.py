"""What a forward channel says, and the frames of which it does not know whether they arrived.

A control word that came after every copy of such frames was gone tells: those before N(R) were
accepted, the others never will be. N(R) = 0 is what a spacecraft that booted reports, and no proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ground.services.ways import Way
from protocols.clcw import Clcw
from protocols.tc import Kind


@dataclass(frozen=True, slots=True)
class Leaving:
    """A frame that is to be sent: whose it is, and until when a copy of it may be on its way."""

    kind: Kind
    sequence: int
    frame: bytes
    commands: tuple[str, ...]
    deadline_ns: int
    retransmission: bool
    way: Way


@dataclass(frozen=True, slots=True)
class Arrived:
    """FARM-1 has accepted the last frame of these commands."""

    commands: tuple[str, ...]
    nn_r: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What a control word told of frames whose fate was unknown; `proof` says how.

    Attributes:
        unsent: commands that were not received and never will be.
        uncertain: commands about which it told nothing.
    """

    unsent: tuple[str, ...]
    uncertain: tuple[str, ...]
    proof: str


@dataclass(frozen=True, slots=True)
class Turned:
    """The channel changed in a way that operators should know."""

    text: str


Told = Leaving | Arrived | Settled | Turned


@dataclass(frozen=True, slots=True)
class Fdu:
    """One frame data field: whose, whether it is the last of its packet, and its expiry."""

    command: str
    last: bool
    expires_ns: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """A frame whose fate is unknown."""

    sequence: int
    fdu: Fdu


def settle(doubts: Sequence[Doubt], word: Clcw) -> list[Told]:
    """Return what a control word tells of frames that are in doubt, oldest first."""
    base, number = doubts[0].sequence, word.report_value
    known = (number - base) % 256
    places = [(each.sequence - base) % 256 for each in doubts]
    told = f"N(R) = {number} after every copy was gone"
    if known > places[-1] + 1 or number == 0:
        lost = tuple(dict.fromkeys(each.fdu.command for each in doubts))
        return [Settled((), lost, f"{told}, which is none of ours")]
    pairs = list(zip(places, doubts, strict=True))
    arrived = tuple(each.fdu.command for at, each in pairs if at < known and each.fdu.last)
    named = dict.fromkeys(each.fdu.command for each in doubts)
    rest = tuple(name for name in named if name not in arrived)  # also one that left in part
    out: list[Told] = [Arrived(arrived, number)] if arrived else []
    return [*out, Settled(rest, (), told)] if rest else out
