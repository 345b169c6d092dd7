"""What lies between two nodes: light time, rate, contacts, and what gets lost on the way.

Each pair has one carrier: what is sent leaves one after the other at the contact's rate. What does
not leave as a whole within a contact is lost.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tools.simulator.world.agenda import Agenda
from tools.simulator.world.contacts import Contact, Contacts
from tools.simulator.world.faults import Faults

SECOND_NS = 10**9
COPY_NS = 40_000_000  # a second copy comes this much later
MOST_BITS = 3  # that are wrong at once

Arrive = Callable[[bytes], None]


class Air:
    """All hops of a world. `faults` may be changed while it runs.

    Attributes:
        sent, lost, damaged, doubled, delayed: how many units, of all hops.
    """

    def __init__(
        self, agenda: Agenda, contacts: Contacts, faults: Faults, rng: np.random.Generator
    ) -> None:
        self.agenda, self.contacts, self.faults = agenda, contacts, faults
        self._rng = rng
        self._free_ns: dict[tuple[str, str], int] = {}  # when a carrier has sent all it was given
        self.sent = self.lost = self.damaged = self.doubled = self.delayed = 0

    def up(self, source: str, target: str, octets: bytes, arrive: Arrive) -> int:
        """Send towards a spacecraft; return when the last octet has left."""
        faults = self.faults
        left_ns, contact = self._leave(source, target, len(octets))
        if contact is None or self._rng.random() < faults.forward_loss:
            self.lost += 1
            return left_ns
        if self._rng.random() < faults.forward_errors:
            octets = self._struck(octets)
        self._carry(left_ns + contact.owlt_ns, octets, arrive, faults.reordering)
        return left_ns

    def down(self, source: str, target: str, octets: bytes, arrive: Arrive) -> int:
        """Send towards the ground; what is damaged there is as good as lost."""
        faults = self.faults
        left_ns, contact = self._leave(source, target, len(octets))
        if contact is None or self._rng.random() < faults.return_loss + faults.return_errors:
            self.lost += 1
            return left_ns
        self._carry(left_ns + contact.owlt_ns, octets, arrive, faults.return_reordering)
        return left_ns

    def free_ns(self, source: str, target: str) -> int:
        """Return when a carrier has sent all that it was given so far."""
        return self._free_ns.get((source, target), 0)

    def _leave(self, source: str, target: str, octets: int) -> tuple[int, Contact | None]:
        """Return when the last octet has left, and the contact if all of it falls in one."""
        self.sent += 1
        begin_ns = max(self.agenda.now_ns, self.free_ns(source, target))
        contact = self.contacts.open(source, target, begin_ns)
        if contact is None:
            return begin_ns, None
        left_ns = begin_ns + contact.sending_ns(octets)
        self._free_ns[source, target] = left_ns
        return left_ns, contact if left_ns <= contact.end_ns else None

    def _carry(self, arrives_ns: int, octets: bytes, arrive: Arrive, reordering: float) -> None:
        if self._rng.random() < reordering:
            self.delayed += 1
            arrives_ns += int(self._rng.random() * self.faults.delay_s * SECOND_NS)
        self.agenda.at(arrives_ns, lambda: arrive(octets))
        if self._rng.random() < self.faults.duplicates:
            self.doubled += 1
            later_ns = arrives_ns + 1 + int(self._rng.random() * COPY_NS)
            self.agenda.at(later_ns, lambda: arrive(octets))

    def _struck(self, octets: bytes) -> bytes:
        """Return octets with one to three wrong bits."""
        self.damaged += 1
        struck = bytearray(octets)
        count = int(self._rng.integers(1, MOST_BITS + 1))
        for bit in self._rng.choice(8 * len(struck), min(count, 8 * len(struck)), replace=False):
            struck[int(bit) // 8] ^= 0x80 >> int(bit) % 8
        return bytes(struck)
