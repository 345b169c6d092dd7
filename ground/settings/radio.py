"""The radio of a link as a mission file has it: the rate of each contact follows from it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ground.settings.table import Table

Decibels = Annotated[float, Field(ge=-300, le=300)]
Rate = Annotated[float, Field(gt=0, le=1e12)]


class Radio(Table):
    """The sending end of a link (`radio = {...}` of an uplink or relay), in place of a rate.

    `rates` are pairs: a rate in bit/s that the modem can, and the Eb/N0 in dB that it needs there;
    `losses_db` is all that is lost beside free space. A contact has the fastest rate that keeps
    `margin_db` at its farthest, and is none where even the slowest does not. The receiving end
    says its figure of merit, `g_t_db_k`, in its own table.
    """

    eirp_dbw: Decibels
    frequency_mhz: Annotated[float, Field(gt=0, le=1e6)]
    losses_db: Annotated[float, Field(ge=0, le=300)] = 0.0
    margin_db: Annotated[float, Field(ge=0, le=60)] = 3.0
    rates: Annotated[tuple[tuple[Rate, Decibels], ...], Field(min_length=1, max_length=64)]

    @property
    def fastest_bps(self) -> float:
        """The fastest of its rates."""
        return max(rate for rate, _ in self.rates)
