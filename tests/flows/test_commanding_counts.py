"""Commanding where counters wrap, clocks jump, and very many commands wait."""

from __future__ import annotations

import pytest

from ground.command import facts
from ground.services.commander import Commander
from ground.services.returns import ClcwHeard
from protocols import kernels
from protocols.cop1.farm import Farm
from tests.flows.skies import (
    HOUR,
    SECOND,
    START,
    FixedPlanner,
    catalogues,
    chenguang,
    sky,
)
from tests.flows.test_commanding import DIRECT, burst


def test_frame_and_packet_counts_wrap(station):
    """F20: N(S) from 250 on, sequence counts from 16380 on."""
    found = station(DIRECT)
    found.world.spacecraft["CG-1"].receiver._farm.vr = 250
    found.state.sequences["CG-1", 150] = 16_380
    found.run(35)
    names = burst(found, 30)
    found.until(*names)
    assert {found.ended(each) for each in names} == {"COMPLETED"}
    counts = [found.command(each).taken.sequence for each in names]
    assert counts == [*range(16_380, 16_384), *range(26)]
    numbers = [
        each.sequence for each in found.facts
        if isinstance(each, facts.Released) and each.kind == "AD" and not each.retransmission
    ]  # fmt: skip
    assert numbers == [*range(250, 256), *range(24)]


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_jumps_forgets_nothing_and_does_nothing_twice(station, jump_s):
    """F11: forward, what has expired by the new clock ends; back, all the same comes to an end."""
    found = station([("kashi", "CG-1", 0, 20_000)])
    found.run(35)
    found.send("PING", expires_ns=START + 2 * HOUR)
    found.until("c1")
    names = burst(found, 5, expires_ns=START + 2 * HOUR)
    found.skew_ns = jump_s * SECOND
    names += burst(found, 5, expires_ns=START + 3 * HOUR)
    found.run(3 * 3600)
    assert all(len(found.executions(each)) == 1 for each in names)
    ends = [found.ended(each) for each in names]
    assert ends[5:] == ["COMPLETED"] * 5
    assert set(ends[:5]) <= {"COMPLETED", "UNCERTAIN"}  # reports older than what they are about


@pytest.fixture
def compiled():
    kernels.bind()
    yield
    kernels.unbind()


def test_a_hundred_thousand_commands_to_a_thousand_spacecraft_queue_and_go(compiled):
    """F19: each spacecraft is served, the urgent first; beyond the bound nothing is taken."""
    first = chenguang().spacecraft[0]
    names = [f"S-{number}" for number in range(1000)]
    crafts = tuple(
        first.model_copy(update={"name": name, "scid": number, "orbit": None})
        for number, name in enumerate(names)
    )
    ups = tuple(each.model_copy(update={"to": ("*",)}) for each in chenguang().uplinks)
    mission = chenguang().model_copy(update={"spacecraft": crafts, "uplinks": ups})
    planner = FixedPlanner(mission)
    plan = sky(mission, *(("kashi", name, 100, 3600) for name in names))
    planner.use(plan, START, START + 10 * HOUR)
    commander = Commander(mission, catalogues(mission), planner, "sim/crowd", "test")
    commander.restore([], START)
    for number in range(100_000):
        commander.record.write(_taken(number, names[number % 1000]))
    commander.record.take()
    assert len(commander.record.state.queue) == 100_000
    commander.expire(START + SECOND)
    assert not [each for each in commander.record.take()[0] if isinstance(each, facts.Ended)]
    at = START + 110 * SECOND
    word = Farm(0, vr=5).clcw()
    commander.heard([ClcwHeard(at, name, word) for name in names], at)
    written, sent = commander.record.take()
    released = [each for each in written if isinstance(each, facts.Released)]
    assert {each.spacecraft for each in released} == set(names) and len(sent) == len(released)
    firsts = {each.spacecraft: each.commands[0] for each in reversed(released)}
    assert all(int(first[1:]) >= 99_000 for first in firsts.values())


def _taken(number: int, spacecraft: str) -> facts.Accepted:
    """A command of a crowd; the last one to each spacecraft is urgent."""
    octets = bytes([0x18, 0x96, 0xC0, 0, 0, 4, 0x2F, 17, 1, 0, 0])
    return facts.Accepted(
        t_ns=START, command=f"c{number}", request=f"{number:032x}", author="operator",
        key="operator", spacecraft=spacecraft, path="/CG1/OBSW/PING", arguments={}, text="PING",
        octets=octets, digest=bytes(32), apid=150, sequence=number // 1000, hazard="H0",
        priority=3 if number >= 99_000 else 1, not_before_ns=0, not_after_ns=START + HOUR,
        on_board_ns=0, via=[], service="auto", override="", held=False,
    )  # fmt: skip
