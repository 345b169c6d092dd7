"""What a link carries: free-space loss, carrier over noise, and the fastest rate with margin.

Every function takes scalars and arrays alike, so that a pass is one call.

Source: ITU-R P.525-4 §2.3 eq. (3) (free-space basic transmission loss; equation number unverified);
Boltzmann's constant as in the SI.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ground.errors import InputError

LIGHT_M_S = 299_792_458.0
BOLTZMANN_DB = 10 * np.log10(1.380649e-23)  # dBW/K/Hz
MARGIN_DB = 3.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Radio:
    """One direction of a link.

    Attributes:
        eirp_dbw: of the sender.
        g_t_db_k: figure of merit of the receiver, dB/K.
        losses_db: all but free space: pointing, polarisation, atmosphere, implementation.
        rates: (rate in bit/s, Eb/N0 in dB that it needs), in any order.
    """

    eirp_dbw: float
    g_t_db_k: float
    frequency_hz: float
    losses_db: float
    rates: Sequence[tuple[float, float]]

    def __post_init__(self) -> None:
        if not self.frequency_hz > 0 or not self.rates or any(rate <= 0 for rate, _ in self.rates):
            raise InputError("a radio; expected a frequency and rates above 0")


def free_space_loss_db(range_m: ArrayLike, frequency_hz: ArrayLike) -> Floats:
    """Return the loss of free space in dB: 20 log (4πdf/c), 32.45 dB at 1 km and 1 MHz."""
    cycles = np.asarray(range_m, float) * np.asarray(frequency_hz, float) / LIGHT_M_S
    return np.asarray(20 * np.log10(4 * np.pi * cycles))


def carrier_to_noise_db(radio: Radio, range_m: ArrayLike) -> Floats:
    """Return C/N0 in dB Hz."""
    loss = free_space_loss_db(range_m, radio.frequency_hz) + radio.losses_db
    return np.asarray(radio.eirp_dbw - loss + radio.g_t_db_k - BOLTZMANN_DB)


def energy_to_noise_db(radio: Radio, range_m: ArrayLike, rate_bps: ArrayLike) -> Floats:
    """Return Eb/N0 in dB at a rate."""
    rate_db = 10 * np.log10(np.asarray(rate_bps, float))
    return np.asarray(carrier_to_noise_db(radio, range_m) - rate_db)


def rate_bps(radio: Radio, range_m: ArrayLike, *, margin_db: float = MARGIN_DB) -> Floats:
    """Return the fastest rate that keeps the margin, 0 where none does; the shape of `range_m`."""
    carrier = carrier_to_noise_db(radio, range_m)
    best = np.zeros(carrier.shape)
    for rate, needed in sorted(radio.rates):
        best[carrier - 10 * np.log10(rate) - needed >= margin_db] = rate
    return best


def frame_loss(bit_error: ArrayLike, bits: ArrayLike) -> Floats:
    """Return the chance that a frame of some bits has an error, exact where it is tiny."""
    with np.errstate(divide="ignore"):  # every bit is wrong: so is the frame
        return np.asarray(-np.expm1(np.asarray(bits, float) * np.log1p(-np.asarray(bit_error))))
