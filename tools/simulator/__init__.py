"""A compute satellite that records a pass: the same seed gives the same octets.

What comes in is a duration and a seed; what goes out is a file of coded AOS frames, as a station
writes it, and the truth that is in it.

    orbit -> spacecraft (power, heat, cards, links) -> packets -> frames -> record

It stands beside the ground and shares with it only the protocols and the mission database.
"""

from tools.simulator.faults import FaultRates
from tools.simulator.live import Stream
from tools.simulator.record import START_NS, record
from tools.simulator.strikes import Faults
from tools.simulator.truth import Truth

__all__ = ["START_NS", "FaultRates", "Faults", "Stream", "Truth", "record"]
