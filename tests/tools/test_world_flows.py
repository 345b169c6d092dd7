"""Worlds with a ground in them: FOP-1 over a bad relay link, and contacts out of a plan."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.relay import plan
from protocols import clcw, cltu, map_segment, tc
from protocols.cop1.fop import Fop
from protocols.cop1.signals import Accepted, Acknowledged, Directive, Lower, Order, Send, Transmit
from protocols.tc import TcFrame
from tests.clauses import clause
from tests.tools.worlds import CRAFT, GEO_NS, SCID, SECOND, STATION, relay, telecommand, world
from tools.simulator.scenario import planned
from tools.simulator.world import CLCW, Contact, Faults

HOUR = 3600 * SECOND


class Ground:
    """The smallest ground that there is: one FOP-1 before one world."""

    def __init__(self, made, target, commands):
        self.world, self.target = made, target
        self.fop = Fop(0, window=10, t1_ns=6 * SECOND, limit=255, timeout_type=1)
        self.acknowledged = []
        self.waiting = deque(
            Transmit(number, map_segment.segment([telecommand(number)], most=500)[0])
            for number in range(commands)
        )
        self.do(self.fop.receive(Directive(-1, Order.INITIATE), made.now_ns))
        self.offer()

    def offer(self):
        if self.waiting:
            self.do(self.fop.receive(self.waiting.popleft(), self.world.now_ns))

    def do(self, actions):
        for action in actions:
            match action:
                case Send():
                    self.send(action)
                case Accepted():
                    self.offer()
                case Acknowledged():
                    self.acknowledged += action.requests

    def send(self, action):
        frame = TcFrame(SCID, 0, action.kind, action.sequence, action.data)
        octets = cltu.encode(tc.encode(frame), randomise=True)
        self.world.radiate(STATION, self.target, octets)
        self.do(self.fop.receive(Lower(action.kind), self.world.now_ns))

    def run(self, until_ns):
        while self.world.now_ns < until_ns:
            due_ns = self.fop.deadline() or until_ns
            for each in self.world.step(min(until_ns, due_ns)):
                if each.kind == CLCW:
                    self.do(self.fop.receive(clcw.decode(each.octets), self.world.now_ns))
            if due_ns <= self.world.now_ns:
                self.do(self.fop.expire(self.world.now_ns))


@clause("232.1-B-2 §5, §6")
@given(
    seed=st.integers(0, 10**6),
    forward=st.sampled_from([0.0, 0.1, 0.3]),
    back=st.sampled_from([0.0, 0.1, 0.3]),
    errors=st.sampled_from([0.0, 0.2]),
    duplicates=st.sampled_from([0.0, 0.1]),
)
@settings(max_examples=15, deadline=None)
def test_fop_and_the_spacecraft_agree_over_any_bad_relay_link(
    seed, forward, back, errors, duplicates
):
    """Every command arrives once, in order, and is acknowledged (F1 to F4)."""
    faults = Faults(
        forward_loss=forward, return_loss=back, forward_errors=errors, duplicates=duplicates
    )
    ways = [
        Contact(STATION, "relay", 0, 10 * HOUR, GEO_NS, 64_000.0),
        Contact("relay", CRAFT, 0, 10 * HOUR, GEO_NS, 16_000.0),
    ]
    made = world([relay("bent-pipe")], ways, seed=seed, faults=faults)
    ground = Ground(made, "relay", 40)
    ground.run(2 * HOUR)
    assert ground.acknowledged == list(range(40))
    assert [each.request[1] for each in made.executed] == list(range(40))


@pytest.mark.parametrize("seed", range(3))
def test_a_relay_that_fails_in_the_middle_delays_commands_and_doubles_none(seed):
    ways = [
        Contact(STATION, "relay", 0, 10 * HOUR, GEO_NS, 64_000.0),
        Contact("relay", CRAFT, 0, 10 * HOUR, GEO_NS, 2_000.0),
    ]
    made = world([relay("bent-pipe")], ways, seed=seed, faults=Faults(forward_loss=0.1))
    ground = Ground(made, "relay", 40)
    ground.run(3 * SECOND)
    made.fail("relay")
    ground.run(60 * SECOND)
    assert 0 < len(made.executed) < 40
    made.recover("relay")
    ground.run(HOUR)
    assert ground.acknowledged == list(range(40))
    assert [each.request[1] for each in made.executed] == list(range(40))


def test_a_world_takes_its_contacts_from_a_plan():
    nodes = [
        plan.Node("mcc", "centre"), plan.Node(STATION, "station"),
        plan.Node("relay", "bent-pipe"), plan.Node(CRAFT, "spacecraft"),
    ]  # fmt: skip
    rows = [
        plan.Contact("mcc", STATION, 0, 100 * SECOND, 1e9),
        plan.Contact(STATION, "relay", 0, 100 * SECOND, 4_000.0, GEO_NS, 15 * SECOND),
        plan.Contact("relay", CRAFT, 50 * SECOND, 60 * SECOND, 2_000.0, GEO_NS, 15 * SECOND),
    ]
    assert list(planned(plan.of(nodes, rows))) == [
        Contact(STATION, "relay", 15 * SECOND, 100 * SECOND, GEO_NS, 4_000.0)
    ]
