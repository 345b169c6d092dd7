"""Which faults a stream has, and how often; and when those that last a while begin and end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from ground.errors import InputError

SECOND_NS = 10**9
BOOT_S = 8  # without any signal
CLOCK_LOSS_S = 30  # how far the clock may be behind after a boot
PARTS = ("loss", "ber", "duplicate", "reorder")


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How often what goes wrong; nothing unless told.

    Attributes:
        loss: part of the frames that is lost.
        ber: part of the bits behind the sync marker that is wrong.
        duplicate: part of the frames that comes twice.
        reorder: part of the frames that changes places with the next.
        outage_every_s, outage_s: mean time between outages of the link, 0 for none, and how long
            one lasts in the mean.
        reboot_every_s: mean time between boots of the computer on board, 0 for none.
        drift_ppb: how much too fast the clock on board is.
    """

    loss: float = 0.0
    ber: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    outage_every_s: float = 0.0
    outage_s: float = 30.0
    reboot_every_s: float = 0.0
    drift_ppb: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            highest = 1.0 if each.name in PARTS else 1e9
            lowest = -1e9 if each.name == "drift_ppb" else 0.0
            if not (math.isfinite(value) and lowest <= value <= highest):
                raise InputError(f"fault {each.name}={value}; expected {lowest:g} to {highest:g}")

    @classmethod
    def parse(cls, text: str) -> FaultRates:
        """Return what is written as `loss=0.01,ber=1e-5`; InputError where it is not."""
        names = [each.name for each in fields(cls)]
        given: dict[str, float] = {}
        for part in filter(None, text.split(",")):
            name, _, value = (each.strip() for each in part.partition("="))
            try:
                if name not in names or name in given:
                    raise ValueError
                given[name] = float(value)
            except ValueError:
                raise InputError(
                    f"fault {part!r}; expected NAME=NUMBER once each, of {', '.join(names)}"
                ) from None
        return cls(**given)


class Spell(NamedTuple):
    """A time in which a fault lasts, ns TAI."""

    begin_ns: int
    end_ns: int


def spells(
    start_ns: int, every_s: float, lasting_s: float, rng: np.random.Generator
) -> Iterator[Spell]:
    """Yield when a fault begins and ends, at random; never where `every_s` is 0.

    Times between are exponential with that mean, in whole seconds, and so is how long it lasts.
    """
    at_ns = start_ns
    while every_s:
        begin_ns = at_ns + (1 + int(rng.exponential(every_s))) * SECOND_NS
        at_ns = begin_ns + (1 + int(rng.exponential(lasting_s))) * SECOND_NS
        yield Spell(begin_ns, at_ns)
