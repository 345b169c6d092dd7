"""A command station over contacts by hand, whose invariants are checked at the end."""

from __future__ import annotations

import pytest

from tests.flows import invariants
from tests.flows.commanded import Station
from tests.flows.skies import chenguang, sky, world_of


@pytest.fixture
def station(tmp_path):
    """Return a station over contacts by hand; all of them end at the end of the test."""
    made = []

    def make(rows, *, foreseen=None, mission=None, **more):
        mission = mission or chenguang()
        plan = sky(mission, *rows)
        world = world_of(mission, plan, more.pop("seed", 1), more.pop("faults", None))
        told = plan if foreseen is None else sky(mission, *foreseen)
        found = Station(tmp_path / str(len(made)), mission, told, world, **more)
        made.append(found)
        found.run(1)
        return found

    yield make
    for each in made:
        invariants.check(each)
        each.__exit__()
