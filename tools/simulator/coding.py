"""How the satellite's link makes frames and codes them, as the mission file says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ground import settings
from ground.errors import InputError
from ground.mdb import xtce
from ground.mdb.model import Database
from protocols import aos
from protocols.randomiser import randomise
from protocols.reed_solomon import Code

Octets = NDArray[np.uint8]

MISSION = "chenguang1"
RATE_BPS = 16_000  # on the channel, parity and sync marker included


@dataclass(frozen=True, slots=True)
class Craft:
    """What the simulator knows of its satellite and of one link to it."""

    name: str
    scid: int
    database: Database
    link: settings.Link
    layout: aos.Layout

    @classmethod
    def find(cls, mission: str, link: str) -> Craft:
        """Return the satellite of a mission; InputError where it has no such link of AOS frames."""
        found = settings.find(mission)
        if found.name != MISSION:
            raise InputError(f"{found.path}: no simulator of {found.name!r}; expected {MISSION!r}")
        craft, chosen = found.spacecraft[0], found.link(link)
        if chosen is None or chosen.length is None or craft.database is None:
            raise InputError(f"{found.path}: no database, or no link {link!r} with a length")
        database = xtce.load(Path(craft.database).read_bytes(), str(craft.database))
        layout = aos.Layout(
            chosen.length,
            fecf=chosen.fecf,
            ocf=chosen.ocf,
            header_error_control=chosen.fhec,
            insert_zone=chosen.insert_zone,
        )
        return cls(craft.name, craft.scid, database, chosen, layout)

    @property
    def frame_ns(self) -> int:
        """How long a frame takes with its parity and its marker."""
        link = self.link
        parity = link.rs.interleave * (255 - link.rs.k) if link.rs else 0
        octets = self.layout.octets + parity + len(self.marker)
        return octets * 8 * 10**9 // RATE_BPS

    @property
    def marker(self) -> bytes:
        """The sync marker, empty without one."""
        return bytes.fromhex(self.link.asm or "")

    def blocks(self, frames: Octets) -> Octets:
        """Return the coded and randomised blocks of these frames."""
        rs = self.link.rs
        if rs is not None:
            frames = Code(rs.k, rs.interleave, rs.basis, rs.fill).encode(frames)
        return randomise(frames, self.link.randomiser)

    def marked(self, blocks: Octets) -> Octets:
        """Return blocks behind their sync markers."""
        marker = np.frombuffer(self.marker, np.uint8)
        return np.hstack([np.tile(marker, (len(blocks), 1)), blocks])
