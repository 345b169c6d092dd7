"""How many frames and packets there were, and what became of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.simulator.fates import Decided
from tools.simulator.medium import Transmissions
from tools.simulator.station import Fate, Station

LINK = ("frames", "duplicated", "lost", "outage", "sent", "octets", "mended", "ruined", "reordered")


class Tallies:
    """Counts of a stream: frames + duplicated == sent + lost + outage."""

    def __init__(self) -> None:
        self._link = dict.fromkeys(LINK, 0)
        self._fates = np.zeros(len(Fate), np.int64)
        self._packets = {"sent": 0, "arriving": 0}

    def add(self, given: Transmissions, fates: NDArray[np.uint8]) -> None:
        """Count transmissions and their fates."""
        arrives = given.arrives
        found = {
            "frames": ~given.copy,
            "duplicated": given.copy,
            "lost": given.lost,
            "outage": given.outage,
            "sent": arrives,
            "mended": (given.wrong > 0) & ~given.ruined,
            "ruined": given.ruined,
            "reordered": given.moved,
        }
        for name, rows in found.items():
            self._link[name] += int(np.count_nonzero(rows))
        self._fates += np.bincount(fates, minlength=len(Fate))

    def decide(self, decided: Decided) -> None:
        """Count packets whose fate is known."""
        for arrived in decided.arrived:
            self._packets["sent"] += len(arrived)
            self._packets["arriving"] += int(np.count_nonzero(arrived))

    def rows(self, station: Station, boots: int, octets: int) -> dict[str, dict[str, int]]:
        """Return all counts.

        `link` is what the medium did, to CADUs of so many octets; `station` what a station makes
        of them: sent == the sum of the fates; `packets` those whose fate is known.
        """
        fates = {fate.name.lower(): int(self._fates[fate]) for fate in Fate if fate < Fate.LOST}
        counts = {"gaps": station.gaps, "missing": station.missing, "restarts": station.restarts}
        link = self._link | {"octets": self._link["sent"] * octets, "boots": boots}
        return {"link": link, "station": fates | counts, "packets": dict(self._packets)}
