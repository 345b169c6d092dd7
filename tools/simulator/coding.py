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
from tools.simulator.packets import REPORTS

Octets = NDArray[np.uint8]

MISSION = "chenguang1"
FILES = ("file", "directory")  # kinds of links
RATE_BPS = 16_000  # on the channel, parity and sync marker included


@dataclass(frozen=True, slots=True)
class Craft:
    """What the simulator knows of its satellite and of one link to it."""

    mission: settings.Mission
    name: str
    scid: int
    database: Database
    link: settings.Link
    layout: aos.Layout

    @classmethod
    def find(cls, mission: str, link: str | None = None) -> Craft:
        """Return the satellite of a mission, on one link or the first that is no file.

        Raises:
            InputError: another mission than the simulator flies, or no such link of AOS frames.
        """
        found = settings.find(mission)
        craft = found.spacecraft[0]
        links = [each for each in found.links if each.kind not in FILES]
        chosen = found.link(link) if link else next(iter(links), None)
        if chosen is None or chosen.length is None or chosen.frame != "aos":
            raise InputError(f"{found.path}: no link {link or ''}; expected one of AOS frames")
        if craft.database is None:
            raise InputError(f"{found.path}: no database; expected that of {MISSION}")
        database = xtce.load(Path(craft.database).read_bytes(), str(craft.database))
        for report in REPORTS:
            if report.container not in database.containers:
                raise InputError(
                    f"{craft.database}: no {report.container}; expected the mission {MISSION}, "
                    "which alone is simulated"
                )
        layout = aos.Layout(
            chosen.length,
            fecf=chosen.fecf,
            ocf=chosen.ocf,
            header_error_control=chosen.fhec,
            insert_zone=chosen.insert_zone,
        )
        return cls(found, craft.name, craft.scid, database, chosen, layout)

    @property
    def frame_ns(self) -> int:
        """How long a frame takes with its parity and its marker."""
        return self.cadu_octets * 8 * 10**9 // RATE_BPS

    @property
    def cadu_octets(self) -> int:
        """How long a frame is with its parity and its marker."""
        link = self.link
        parity = link.rs.interleave * (255 - link.rs.k) if link.rs else 0
        return self.layout.octets + parity + len(self.marker)

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
