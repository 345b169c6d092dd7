"""Spacecraft, stations and their terminals: what contacts are found between."""

from __future__ import annotations

from dataclasses import dataclass

from ground.relay.orbits import Geostationary, Orbit

__all__ = ["Geostationary", "Orbit", "Spacecraft", "Station", "Terminal"]


@dataclass(frozen=True, slots=True)
class Terminal:
    """What a node points at another.

    Attributes:
        count: how many it has, so how many contacts it can hold at once.
        slew_s, acquisition_s: from one contact to the next, and from pointing to lock.
        grazing_km: how far above the Earth a line between spacecraft must pass; for radio 20 to
            100, for laser 100 and more.
        sun_keepout_deg: the least angle between its beam and the Sun; 0 for none.
        max_range_km: how far it reaches.
    """

    count: int = 1
    slew_s: float = 0.0
    acquisition_s: float = 0.0
    grazing_km: float = 20.0
    sun_keepout_deg: float = 0.0
    max_range_km: float = 1e9


@dataclass(frozen=True, slots=True)
class Station:
    """A place on the ground, geodetic on WGS84, that sees what is above `mask_deg`."""

    name: str
    latitude_deg: float
    longitude_deg: float
    height_km: float = 0.0
    mask_deg: float = 5.0
    terminal: Terminal = Terminal()


@dataclass(frozen=True, slots=True)
class Spacecraft:
    """A spacecraft; a relay has contacts with other spacecraft, others with stations and relays."""

    name: str
    orbit: Orbit
    relay: bool = False
    terminal: Terminal = Terminal()
