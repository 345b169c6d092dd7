"""The fixtures of a running display service, for the commands that ask one."""

from tests.ground.api.commanding import CommandService, commanding
from tests.ground.api.conftest import Displaying, Processor, displaying, home, mission, processor

__all__ = [
    "CommandService",
    "Displaying",
    "Processor",
    "commanding",
    "displaying",
    "home",
    "mission",
    "processor",
]
