"""A world as a mission file has it: its sites, relays and spacecraft, and who reaches whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ground.settings import Mission, Relay, Spacecraft
from protocols.pus.profile import PROFILE
from tools.simulator.world import Coding, Contact, CraftSpec, Faults, RelaySpec, Scenario, both_ways

SECOND_NS = 10**9
ALWAYS_NS = 100 * 366 * 86_400 * SECOND_NS
NEAR_NS, FAR_NS = 5_000_000, 130_000_000  # one way to a low satellite, to or from a high one
NO_FAULTS = Faults()


def scenario(
    mission: Mission,
    start_ns: int,
    contacts: Iterable[Contact] | None = None,
    faults: Faults = NO_FAULTS,
) -> Scenario:
    """Return the world of a mission from a time on.

    Args:
        contacts: up the ways; they are taken both ways. Without, everyone always sees whomever
            uplinks and relays may send to.
    """
    relays = {each.name: each for each in mission.relays}
    crafts = {each.name: each for each in mission.spacecraft}
    if contacts is None:
        contacts = always(mission, start_ns)
    return Scenario(
        start_ns,
        tuple(dict.fromkeys([each.name for each in mission.sites] + _stations(mission))),
        tuple(_relay(each, crafts.get(each.name)) for each in relays.values()),
        tuple(_craft(each) for each in crafts.values() if each.name not in relays),
        both_ways(tuple(contacts)),
        faults,
    )


def always(mission: Mission, start_ns: int) -> Iterator[Contact]:
    """Yield a contact without end for each pair that a mission's uplinks and relays name."""
    high = {each.name for each in mission.relays if each.longitude_deg is not None}
    nodes = [each.name for each in mission.spacecraft]
    nodes += [each.name for each in mission.relays if each.name not in nodes]
    pairs = {
        (up.site, name): up.rate_bps for up in mission.uplinks for name in nodes if up.reaches(name)
    }
    pairs |= {
        (relay.name, name): relay.rate_bps
        for relay in mission.relays
        for name in nodes
        if relay.reaches(name) and name != relay.name
    }
    for (source, target), rate_bps in pairs.items():
        owlt_ns = FAR_NS if {source, target} & high else NEAR_NS
        yield Contact(source, target, start_ns, start_ns + ALWAYS_NS, owlt_ns, rate_bps)


def _stations(mission: Mission) -> list[str]:
    return [each.site for each in mission.uplinks]


def _coding(craft: Spacecraft | None) -> Coding:
    tc = craft.tc if craft else None
    if tc is None:
        return Coding()
    return Coding(tc.vcid, tc.map, tc.fecf, tc.randomise, tc.window)


def _craft(craft: Spacecraft) -> CraftSpec:
    crc = craft.tc is not None and craft.tc.packet_error_control
    profile = replace(PROFILE, error_control=crc)
    period_s = craft.tc.clcw_period_s if craft.tc else 1.0
    return CraftSpec(
        craft.name, craft.scid, _coding(craft), profile, clcw_ns=int(period_s * SECOND_NS)
    )


def _relay(relay: Relay, craft: Spacecraft | None) -> RelaySpec:
    return RelaySpec(
        relay.name,
        relay.kind,
        relay.scid,
        relay.apid,
        int(relay.delay_s * SECOND_NS),
        int(relay.retention_s * SECOND_NS),
        relay.queue_octets,
        _coding(craft),
    )
