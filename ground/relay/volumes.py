"""What is left of the contacts of a plan, as one command after another takes its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ground.relay.plan import Plan


class Volumes:
    """What is left of each contact of a plan while commands are routed over it.

    `plan` is the plan as it stands now: a route asked of it sees what has been taken. Its id stays
    that of the plan it was made of. A unit takes from its own priority and from every lower one,
    so that the less urgent never displaces the more urgent.

    Source: ION bpv7/cgr `mtv[p] -= EVC` (734.3-B-1 §3.2.8, clause unverified).
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = replace(plan, free_octets=plan.free_octets.copy())

    def take(self, contacts: Sequence[int], octets: float, priority: int) -> None:
        """Take the volume of a unit from the contacts of its route."""
        self.plan.free_octets[np.array(contacts, np.int64), : priority + 1] -= octets

    def give(self, contacts: Sequence[int], octets: float, priority: int) -> None:
        """Give back what was taken for a unit that will not be sent."""
        self.take(contacts, -octets, priority)
