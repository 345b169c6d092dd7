"""What goes wrong in a world: how often links and machines fail, a subset drawn for each seed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

MOST = {  # what a seed may draw at most
    "forward_loss": 0.3, "return_loss": 0.3, "forward_errors": 0.2, "return_errors": 0.1,
    "duplicates": 0.1, "reordering": 0.1,
}  # fmt: skip
RARE = {  # mean seconds between two, the least that a seed may draw
    "reboot_every_s": 6 * 3600.0, "relay_every_s": 2 * 3600.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong; nothing unless told.

    Attributes:
        forward_loss, return_loss: part of what is sent up or down a hop that is lost (F1, F2).
        forward_errors: part of the CLTUs and envelopes in which one to three bits are wrong (F3).
        return_errors: the same for telemetry; what is damaged is not received.
        duplicates: part that arrives twice, up or down (F4).
        reordering: part of what is sent up that is delayed by up to `delay_s` (F5).
        return_reordering: the same for what comes down; no seed draws it.
        reboot_every_s: mean time between restarts of a spacecraft's computer, 0 for none.
        relay_every_s, relay_down_s: mean time between failures of a relay, 0 for none, and how
            long one lasts; what a relay holds is lost (F13).
    """

    forward_loss: float = 0.0
    return_loss: float = 0.0
    forward_errors: float = 0.0
    return_errors: float = 0.0
    duplicates: float = 0.0
    reordering: float = 0.0
    return_reordering: float = 0.0
    delay_s: float = 2.0
    reboot_every_s: float = 0.0
    relay_every_s: float = 0.0
    relay_down_s: float = 600.0

    @classmethod
    def drawn(cls, seed: int) -> Faults:
        """Return the faults of a seed: each is in it or not, as a coin falls."""
        rng = np.random.default_rng([seed, 77])
        found = {
            name: float(rng.uniform(0, most)) for name, most in MOST.items() if rng.random() < 0.5
        }
        found |= {
            name: float(rng.uniform(1, 4) * least)
            for name, least in RARE.items()
            if rng.random() < 0.5
        }
        return cls(**found)

    def without(self, *names: str) -> Faults:
        """Return these faults but for some, by name; all of them without names."""
        gone = names or tuple(each.name for each in fields(self) if each.name not in TIMES)
        return replace(self, **dict.fromkeys(gone, 0.0))


TIMES = ("delay_s", "relay_down_s")
NONE = Faults()
