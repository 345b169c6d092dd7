"""Who commands a spacecraft: one operator at a time, for half an hour since the last act.

    verb      by whom                            what follows
    taken     anyone, where nobody holds it      holds it
    extended  the holder, by acting              holds it longer
    given     the holder, to somebody            offered for five minutes; still holds it
    accepted  to whom it is offered              holds it
    withdrawn the holder, of an offer            as before
    dropped   the holder                         nobody holds it
    forced    a director, with a reason          holds it
    expired   time                               nobody holds it

Each change is a fact of the ledger, from which the leases are restored. That an operator may
command the spacecraft at all, or force, is decided by `authorise` before.
"""

from __future__ import annotations

from dataclasses import dataclass

from ground.command.authorise import Decision
from ground.command.deadlines import Deadlines
from ground.command.facts import AuthorityChanged

LEASE_NS = 30 * 60 * 10**9
OFFER_NS = 5 * 60 * 10**9
NOTED_NS = 60 * 10**9  # extensions that are nearer together are one


@dataclass(frozen=True, slots=True)
class Lease:
    """That an operator holds a spacecraft until a time, and offers it to somebody ("": nobody)."""

    holder: str
    since_ns: int
    until_ns: int
    offered_to: str = ""
    offered_until_ns: int = 0


class Authority:
    """The leases of all spacecraft; every act returns the fact of it, or why it is refused."""

    def __init__(self, *, lease_ns: int = LEASE_NS, offer_ns: int = OFFER_NS) -> None:
        self._lease_ns, self._offer_ns = lease_ns, offer_ns
        self._leases: dict[str, Lease] = {}
        self._until: Deadlines[str] = Deadlines()

    def lease(self, spacecraft: str, now: int) -> Lease | None:
        """Return who holds a spacecraft; None for nobody."""
        found = self._leases.get(spacecraft)
        if found is None or now >= found.until_ns:
            return None
        if found.offered_to and now >= found.offered_until_ns:
            return Lease(found.holder, found.since_ns, found.until_ns)
        return found

    def holds(self, spacecraft: str, operator: str, now: int) -> bool:
        """Return whether an operator holds a spacecraft now."""
        found = self.lease(spacecraft, now)
        return found is not None and found.holder == operator

    def leases(self, now: int) -> dict[str, Lease]:
        """Return all leases that hold now, by spacecraft."""
        found = ((name, self.lease(name, now)) for name in sorted(self._leases))
        return {name: lease for name, lease in found if lease is not None}

    def would_take(self, spacecraft: str, by: str, now: int) -> AuthorityChanged:
        """Return the fact that an operator holds a spacecraft that nobody holds; change nothing."""
        lease = Lease(by, now, now + self._lease_ns)
        return _fact(spacecraft, "taken", by, now, lease)

    def would_extend(self, spacecraft: str, by: str, now: int) -> AuthorityChanged | None:
        """Return the fact that its holder acted; None where the lease is new; change nothing."""
        held = self.lease(spacecraft, now)
        if held is None or held.holder != by or held.until_ns >= now + self._lease_ns - NOTED_NS:
            return None
        return _fact(spacecraft, "extended", by, now, self._longer(held, by, now))

    def take(self, spacecraft: str, by: str, now: int) -> AuthorityChanged | Decision:
        """Hold a spacecraft that nobody else holds."""
        held = self.lease(spacecraft, now)
        if held is None:
            return self._grant(spacecraft, "taken", by, now)
        if held.holder == by:
            return self._extend(spacecraft, held, by, now)
        return Decision(False, (f"{held.holder} holds {spacecraft}; expected a hand-over",))

    def give(self, spacecraft: str, by: str, to: str, now: int) -> AuthorityChanged | Decision:
        """Offer a spacecraft to another operator, who accepts; to "" withdraws an offer."""
        held = self.lease(spacecraft, now)
        if held is None or held.holder != by:
            return _not_held(spacecraft, by)
        if to == by:
            return Decision(False, (f"{by} holds {spacecraft} already",))
        offer = Lease(by, held.since_ns, held.until_ns, to, now + self._offer_ns if to else 0)
        how = "given" if to else "withdrawn"
        return self._changed(spacecraft, how, by, now, offer)

    def accept(self, spacecraft: str, by: str, now: int) -> AuthorityChanged | Decision:
        """Hold a spacecraft that was offered."""
        held = self.lease(spacecraft, now)
        if held is None or not by or held.offered_to != by:
            return Decision(False, (f"{spacecraft} is not offered to {by or 'nobody'}",))
        return self._grant(spacecraft, "accepted", by, now)

    def drop(self, spacecraft: str, by: str, now: int) -> AuthorityChanged | Decision:
        """Hold a spacecraft no more."""
        if not self.holds(spacecraft, by, now):
            return _not_held(spacecraft, by)
        return self._changed(spacecraft, "dropped", by, now, None)

    def force(self, spacecraft: str, by: str, reason: str, now: int) -> AuthorityChanged | Decision:
        """Hold a spacecraft whoever holds it; the reason is required."""
        if not reason.strip():
            return Decision(False, ("to force needs a reason",))
        return self._grant(spacecraft, "forced", by, now, reason)

    def expire(self, now: int) -> list[AuthorityChanged]:
        """Return the leases that ended by now."""
        return [
            self._changed(name, "expired", "", now, None)
            for name in self._until.due(now)
            if name in self._leases
        ]

    def deadline(self) -> int | None:
        """Return when `expire` has something to say."""
        return self._until.first()

    def restore(self, fact: AuthorityChanged) -> None:
        """Take a fact of the ledger as it was."""
        before, lease = self._leases.get(fact.spacecraft), None
        if fact.holder:
            offered_until = fact.t_ns + self._offer_ns if fact.offered_to else 0
            if before is not None and fact.how == "extended" and fact.offered_to:
                offered_until = before.offered_until_ns
            offer = (fact.offered_to, offered_until)
            lease = Lease(fact.holder, fact.since_ns, fact.until_ns, *offer)
        self._put(fact.spacecraft, lease)

    def _grant(
        self, spacecraft: str, how: str, by: str, now: int, reason: str = ""
    ) -> AuthorityChanged | Decision:
        if not by:
            return Decision(False, ("nobody cannot hold a spacecraft",))
        lease = Lease(by, now, now + self._lease_ns)
        return self._changed(spacecraft, how, by, now, lease, reason)

    def _extend(self, spacecraft: str, held: Lease, by: str, now: int) -> AuthorityChanged:
        return self._changed(spacecraft, "extended", by, now, self._longer(held, by, now))

    def _longer(self, held: Lease, by: str, now: int) -> Lease:
        offer = (held.offered_to, held.offered_until_ns)
        return Lease(by, held.since_ns, now + self._lease_ns, *offer)

    def _changed(
        self, spacecraft: str, how: str, by: str, now: int, lease: Lease | None, reason: str = ""
    ) -> AuthorityChanged:
        self._put(spacecraft, lease)
        return _fact(spacecraft, how, by, now, lease, reason)

    def _put(self, spacecraft: str, lease: Lease | None) -> None:
        if lease is None:
            self._leases.pop(spacecraft, None)
            self._until.drop(spacecraft)
            return
        self._leases[spacecraft] = lease
        self._until.set(spacecraft, lease.until_ns)


def _fact(
    spacecraft: str, how: str, by: str, now: int, lease: Lease | None, reason: str = ""
) -> AuthorityChanged:
    told = lease or Lease("", 0, 0)
    return AuthorityChanged(
        now, spacecraft, how, by, told.holder, told.since_ns, told.until_ns, told.offered_to,
        reason,
    )  # fmt: skip


def _not_held(spacecraft: str, by: str) -> Decision:
    return Decision(False, (f"{by or 'nobody'} does not hold {spacecraft}",))
