"""A world as a mission file has it: its sites, relays and spacecraft, and who reaches whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ground.relay.plan import Plan
from ground.settings import Mission, Relay, Spacecraft, Telecommand
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
    if contacts is None:
        contacts = always(mission, start_ns)
    return Scenario(
        start_ns,
        tuple(each.name for each in mission.sites),
        tuple(_relay(each, _randomised(mission)) for each in mission.relays),
        tuple(_craft(each) for each in mission.spacecraft),
        both_ways(tuple(contacts)),
        faults,
    )


def always(mission: Mission, start_ns: int) -> Iterator[Contact]:
    """Yield a contact without end for each pair that a mission's uplinks and relays name."""
    high = {each.name for each in mission.relays if each.longitude_deg is not None}
    nodes = [each.name for each in mission.spacecraft] + [each.name for each in mission.relays]
    pairs = {
        (up.site, name): up.fastest_bps
        for up in mission.uplinks
        for name in nodes
        if up.reaches(name)
    }
    pairs |= {
        (relay.name, name): relay.fastest_bps
        for relay in mission.relays
        for name in nodes
        if relay.reaches(name) and name != relay.name
    }
    for (source, target), rate_bps in pairs.items():
        owlt_ns = FAR_NS if {source, target} & high else NEAR_NS
        yield Contact(source, target, start_ns, start_ns + ALWAYS_NS, owlt_ns, rate_bps)


def planned(plan: Plan) -> Iterator[Contact]:
    """Yield the contacts of a contact plan, from when octets may leave; those of no centre."""
    names = [each.name for each in plan.nodes]
    centres = {each.name for each in plan.nodes if each.kind == "centre"}
    columns = (plan.source, plan.target, plan.start_ns, plan.end_ns, plan.owlt_ns, plan.rate_bps)
    rows = zip(*(each.tolist() for each in columns), plan.acquisition_ns.tolist(), strict=True)
    for source, target, start_ns, end_ns, owlt_ns, rate_bps, acquisition_ns in rows:
        ends = names[source], names[target]
        if not centres.intersection(ends) and start_ns + acquisition_ns < end_ns:
            yield Contact(*ends, start_ns + acquisition_ns, end_ns, owlt_ns, rate_bps)


def _craft(craft: Spacecraft) -> CraftSpec:
    tc = craft.tc or Telecommand()
    return CraftSpec(
        craft.name,
        craft.scid,
        Coding(tc.vcid, tc.map, tc.fecf, tc.randomise, tc.window),
        replace(PROFILE, error_control=tc.packet_error_control),
        clcw_ns=int(tc.clcw_period_s * SECOND_NS),
    )


def _randomised(mission: Mission) -> bool:
    """Return whether relays are spoken to as the spacecraft are: with the randomiser."""
    return all(each.tc.randomise for each in mission.spacecraft if each.tc)


def _relay(relay: Relay, randomise: bool) -> RelaySpec:
    return RelaySpec(
        relay.name,
        relay.kind,
        relay.scid,
        relay.apid,
        int(relay.delay_s * SECOND_NS),
        int(relay.retention_s * SECOND_NS),
        relay.queue_octets,
        Coding(randomise=randomise),
    )
