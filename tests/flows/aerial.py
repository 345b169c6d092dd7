"""A transmitter whose octets leave into a virtual world, to where its antenna points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ground.link.transmitter import Transmitter
from ground.services.gateway_radiate import Way

if TYPE_CHECKING:
    from tests.flows.commanded import Station


class Aerial(Transmitter):
    """The transmitter of an uplink: what it sends leaves for the first node of the unit's way."""

    def __init__(self, station: Station, site: str) -> None:
        super().__init__(site)
        self.station, self.site, self.state = station, site, "up"
        self.way: Way | None = None

    def open(self, now: int) -> None:
        self.state = "up"

    def close(self) -> None:
        self.state = "disabled"

    def send(self, octets: bytes) -> str:
        assert self.way is not None
        station, unit = self.station, self.way.waiting[0].unit
        station.crashes.point("before sending")
        station.world.radiate(self.site, station.pointing[unit], octets, station.now)
        station.radiated[unit] = station.radiated.get(unit, 0) + 1
        station.crashes.point("after sending")
        return ""
