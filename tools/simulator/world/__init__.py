"""Worlds on a virtual clock, for tests of whole flows over hours in seconds.

    spec and contacts -> World(seed, scenario) -> radiate, run_until, executed

Pure: no socket, no wall clock. `tools.simulator.live` puts one behind real sockets.
"""

from tools.simulator.world.applications import OnBoard
from tools.simulator.world.board import Applications, Done, Execution, Said
from tools.simulator.world.contacts import Contact
from tools.simulator.world.craft import CraftSpec
from tools.simulator.world.faults import Faults
from tools.simulator.world.network import CLCW, PACKET, Down
from tools.simulator.world.receiver import Coding
from tools.simulator.world.refused import Code, Refused
from tools.simulator.world.relay import RelaySpec
from tools.simulator.world.world import Scenario, World, both_ways

__all__ = [
    "CLCW", "PACKET", "Applications", "Code", "Coding", "Contact", "CraftSpec", "Done", "Down",
    "Execution", "Faults", "OnBoard", "Refused", "RelaySpec", "Said", "Scenario", "World",
    "both_ways",
]  # fmt: skip
