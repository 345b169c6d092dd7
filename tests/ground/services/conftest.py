"""A station of the hand-made mission, in a folder of each test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ground.services import listing, query
from ground.services.tally import Tally
from tests.ground.services import hand
from tests.recordings import Station, mission_of


class Hand(Station):
    """Ingests packets that are given as octets."""

    def take(self, *packets: bytes, link: str = "bare", spacecraft: str = "A") -> Tally:
        """Ingest these packets (or frames) as one file."""
        folder = self.root.parent
        path = folder / f"{len(list(folder.glob('*.bin')))}.bin"
        path.write_bytes(b"".join(packets))
        return self.ingest(path, link, spacecraft)

    def packets(self) -> list[dict[str, Any]]:
        """Return the packets in the archive, as they are listed."""
        with self.reading() as store:
            return list(listing.packets(store, query.Span(self.realm)))


@pytest.fixture
def station(tmp_path: Path) -> Hand:
    mission = mission_of(tmp_path / "mission", hand.MISSION, {"hand.xml": hand.DATABASE})
    return Hand(tmp_path / "archive", mission)
