"""Small worlds for tests: who is in them, and telecommands as a ground would make them."""

from __future__ import annotations

from protocols import cltu, envelope, map_segment, packet, tc
from protocols.pus.header import Acknowledge, Telecommand, encode_telecommand
from protocols.pus.profile import Profile
from protocols.pus.verification import Subtype, decode
from protocols.tc import Kind, TcFrame
from tools.simulator.world import (
    PACKET,
    Contact,
    CraftSpec,
    Faults,
    RelaySpec,
    Scenario,
    World,
    both_ways,
)

SECOND = 10**9
PLAIN = Profile(error_control=False)
SCID, FIRST, SECOND_RELAY = 171, 301, 302
STATION, CRAFT = "kashi", "CG-1"
GEO_NS, SHORT_NS = 130_000_000, 8_000_000


def telecommand(sequence=0, service=17, subtype=1, data=b"", apid=130, acknowledge=Acknowledge.ALL):
    """A telecommand packet."""
    made = Telecommand(apid, service, subtype, data, sequence, acknowledge=acknowledge)
    return encode_telecommand(made, PLAIN)


def frames(octets, *, scid=SCID, kind=Kind.BD, sequence=0, most=500):
    """The TC frames that carry a packet."""
    fields = map_segment.segment([octets], most=most, map_id=0)
    return [
        tc.encode(TcFrame(scid, 0, kind, sequence + row if kind is Kind.AD else 0, field))
        for row, field in enumerate(fields)
    ]


def unit(octets, **fields):
    """The CLTU of a packet that goes in one frame."""
    (frame,) = frames(octets, **fields)
    return cltu.encode(frame, randomise=True)


def enveloped(octets, relay=FIRST, *, route=(), id=bytes(16), not_after_ns=10**18, priority=0):
    """The CLTU to a relay, of an envelope that holds the BD frame of a packet."""
    (frame,) = frames(octets)
    given = envelope.Envelope(id, SCID, 0, frame, priority, not_after_ns, route)
    carrier = packet.encode(2040, 0, envelope.encode(given), type=1)
    return unit(carrier, scid=relay, most=1000)


def world(relays=(), contacts=None, *, seed=1, faults=None, start_ns=0):
    """A world of one station, one spacecraft and relays; without contacts, one direct one."""
    if contacts is None:
        contacts = [Contact(STATION, CRAFT, 0, 1000 * SECOND, SHORT_NS, 64_000.0)]
    made = Scenario(
        start_ns, (STATION,), tuple(relays), (CraftSpec(CRAFT, SCID),), both_ways(contacts),
        faults or Faults(),
    )  # fmt: skip
    return World(seed, made)


def relay(kind, name="relay", scid=FIRST, **fields):
    """A relay; one that stores keeps what it has for a day."""
    if kind == "store-and-forward":
        fields.setdefault("retention_ns", 86_400 * SECOND)
    return RelaySpec(name, kind, None if kind == "bent-pipe" else scid, **fields)


def verified(came):
    """(subtype, sequence count of the request) of each report of ST[01] that came."""
    reports = []
    for each in came:
        if each.kind == PACKET and each.spacecraft == CRAFT and each.octets[7] == 1:
            found = decode(each.octets[8], each.octets[19:], PLAIN)
            reports.append((Subtype(found.subtype), found.request.sequence))
    return reports


def custody(came):
    """(t_ns, relay, state) of each custody report that came."""
    found = []
    for each in came:
        if each.kind == PACKET and each.spacecraft != CRAFT:
            report = envelope.decode_custody(each.octets[6:])
            found.append((report.t_ns, report.relay, report.state))
    return found
