"""A way up: a route of the contact plan with all that a forward channel must know to use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ground.messages import HopRow, RouteRow
from ground.relay.plan import Plan
from ground.relay.route import Route
from protocols.tc import Kind


@dataclass(frozen=True, slots=True)
class Way:
    """How frames go up, until when, and how FOP-1 is to be set for it.

    Attributes:
        nodes: from the control centre to the spacecraft, by name.
        uplink: by which the first hop is sent.
        route: of the plan.
        envelope: ids of the relays that a frame passes in an envelope; none where it is a CLTU all
            the way.
        flight_ns: from the station to the spacecraft at most, waiting on the way included.
        margin_ns: that a copy of a frame may be later than that.
        stores: whether a relay on the way keeps frames for a later contact.
        kind: AD, or BD where an acknowledged round trip would take too long.
        window, t1_ns, limit: K, T1 and the transmission limit.
        hops: the contacts that it uses, from the control centre on.
        why: why this way.
    """

    nodes: tuple[str, ...]
    uplink: str
    route: Route
    envelope: tuple[int, ...]
    apid: int
    flight_ns: int
    margin_ns: int
    stores: bool
    kind: Kind
    window: int
    t1_ns: int
    limit: int
    hops: tuple[HopRow, ...] = ()
    why: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells one way from another."""
        return (self.uplink, *self.nodes)

    @property
    def relays(self) -> tuple[str, ...]:
        """The nodes between the station and the spacecraft."""
        return self.nodes[2:-1]

    @property
    def text(self) -> str:
        """The way as people write it."""
        return " > ".join(self.nodes[1:])

    @property
    def opens_ns(self) -> int:
        """When the first octet may leave the station."""
        return self.route.departs_ns

    @property
    def until_ns(self) -> int:
        """Until when frames may leave by it."""
        return self.route.window_end_ns

    def open(self, now: int) -> bool:
        """Whether frames may leave now."""
        return self.opens_ns <= now < self.until_ns

    def arrives(self, now: int) -> int:
        """Return when a frame that leaves as soon as it may from now on has arrived."""
        soon = now + self.flight_ns
        late = self.stores or now < self.opens_ns
        return max(soon, self.route.arrives_ns) if late else soon

    def deadline(self, now: int, expires_ns: int | None, kind: Kind) -> int:
        """Return until when a copy of a frame that leaves now may be on its way."""
        late = now + self.flight_ns + self.margin_ns
        if expires_ns is None:
            return late
        return expires_ns if self.stores and kind is Kind.BD else min(late, expires_ns)

    def because(self, why: str) -> Way:
        """Return the same way with a reason."""
        return replace(self, why=why)


def hops(plan: Plan, contacts: Sequence[int]) -> tuple[HopRow, ...]:
    """Return contacts of a plan as faces show them."""
    rows = map(plan.contact, contacts)
    return tuple(
        HopRow(each.source, each.target, each.start_ns, each.end_ns, each.rate_bps, each.owlt_ns)
        for each in rows
    )


def row(way: Way) -> RouteRow:
    """Return a way as faces show it."""
    return RouteRow(
        list(way.hops),
        way.uplink,
        way.route.departs_ns,
        way.route.arrives_ns,
        way.until_ns,
        way.kind.name,
        way.window,
        way.t1_ns,
        way.why,
    )
