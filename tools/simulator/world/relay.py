"""Relays of three kinds: one that shifts frequency, one that switches, one that stores.

A bent pipe sends CLTUs on as they come. The others take envelopes, in packets of their own
application: they check, remember and report each, and send it on as an envelope to the next relay,
or, where they are the last, as a CLTU to the spacecraft. Nothing leaves that would arrive after its
`not_after_ns`, light time and sending time included.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Literal

from protocols import cltu, envelope, packet
from protocols.chain import SPACE_HEADER
from protocols.envelope import Custody, Envelope, Reason, State
from protocols.errors import DecodeError
from tools.simulator.world.network import PACKET, Network
from tools.simulator.world.receiver import CODING, Coding, Receiver, addressee

Kind = Literal["bent-pipe", "regenerative", "store-and-forward"]
REMEMBERED = 4096  # envelopes, against doubles
MOST_HOPS = 16


@dataclass(frozen=True, slots=True)
class RelaySpec:
    """A relay as its mission has it; `retention_ns` and `queue_octets` are those of its queue."""

    name: str
    kind: Kind
    scid: int | None = None
    apid: int = 2040
    delay_ns: int = 1_000_000
    retention_ns: int = 2 * 10**9
    queue_octets: int = 1 << 20
    coding: Coding = CODING


class BentPipe:
    """Sends on what it hears, to where it is pointed: towards the spacecraft of the frame."""

    bends, stores = True, False
    scid: int | None = None

    def __init__(self, spec: RelaySpec, network: Network) -> None:
        self.name, self._spec, self._network = spec.name, spec, network
        self.alive = True

    @property
    def passes(self) -> bool:
        """Whether it is alive."""
        return self.alive

    def receive(self, octets: bytes, source: str) -> None:
        """Send a CLTU on, if there is someone to send it to."""
        at_ns = self._network.now_ns + self._spec.delay_ns
        self._network.agenda.at(at_ns, lambda: self._forward(octets))

    def _forward(self, octets: bytes) -> None:
        scid = addressee(octets, self._network.scids())
        goal = None if scid is None else self._network.named(scid)
        target = self._network.towards(self.name, goal) if goal and self.alive else None
        if target is not None:
            self._network.up(self.name, target, octets)

    def die(self) -> None:
        """Fall silent."""
        self.alive = False

    def recover(self) -> None:
        """Work again."""
        self.alive = True


@dataclass(slots=True)
class _Held:
    """An envelope that waits: in order of priority, then of coming."""

    envelope: Envelope
    since_ns: int
    octets: int
    number: int


class Switch:
    """A regenerative relay, or one that stores: a queue of envelopes with custody.

    Attributes:
        held: how many octets wait.
        doubles: envelopes that were there already.
        refused: what was no envelope.
    """

    bends = False

    def __init__(self, spec: RelaySpec, network: Network, codings: dict[int, Coding]) -> None:
        if spec.scid is None:
            raise ValueError(f"{spec.name}: a {spec.kind} relay without scid")
        self.name = spec.name
        self.scid: int | None = spec.scid
        self.alive = True
        self.held = self.doubles = self.refused = 0
        self._spec, self._network, self._codings = spec, network, codings
        self._receiver = Receiver(spec.scid, spec.coding)
        self._queue: list[_Held] = []
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._count = self._number = 0
        self._asked: set[int] = set()

    @property
    def passes(self) -> bool:
        """Whether telemetry goes over it at once."""
        return self.alive and self._spec.kind == "regenerative"

    @property
    def stores(self) -> bool:
        """Whether it keeps telemetry until it sees a station."""
        return self.alive and self._spec.kind == "store-and-forward"

    def receive(self, octets: bytes, source: str) -> None:
        """Take a CLTU from a station, or a packet with an envelope from another relay."""
        if not self.alive:
            return
        coded = octets.startswith(cltu.START)
        for each in self._receiver.receive(octets) if coded else [octets]:
            try:
                found = envelope.decode(each[SPACE_HEADER:])
            except DecodeError:
                self.refused += 1
            else:
                self._take(found)

    def clcw(self) -> bytes:
        """Return the control word of its own telecommand channel."""
        return self._receiver.clcw()

    def die(self) -> None:
        """Lose the queue, the memory of envelopes, and what telemetry waits."""
        self.alive = False
        self._queue.clear()
        self._seen.clear()
        self.held = 0
        self._receiver.boot()
        self._network.forget(self.name)

    def recover(self) -> None:
        """Work again, with an empty queue."""
        self.alive = True
        self._network.changed()

    def _take(self, given: Envelope) -> None:
        if given.id in self._seen:
            self.doubles += 1
            return
        self._seen[given.id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        self._tell(given, State.RECEIVED)
        if self.held + len(given.frame) > self._spec.queue_octets:
            self._tell(given, State.DROPPED, Reason.QUEUE_FULL)
            return
        if given.hops >= MOST_HOPS:
            self._tell(given, State.DROPPED, Reason.TOO_MANY_HOPS)
            return
        if given.route[:1] == (self.scid,):
            given = replace(given, route=given.route[1:])
        self._number += 1
        self.held += len(given.frame)
        self._queue.append(_Held(given, self._network.now_ns, len(given.frame), self._number))
        self._queue.sort(key=lambda held: (-held.envelope.priority, held.number))
        self._ask(self._network.now_ns + self._spec.delay_ns)

    def _ask(self, at_ns: int) -> None:
        """Look at the queue at a time, once."""
        if at_ns not in self._asked:
            self._asked.add(at_ns)
            self._network.agenda.at(at_ns, lambda: self._look(at_ns))

    def _look(self, at_ns: int) -> None:
        """Send what can go, and give up what cannot go any more."""
        self._asked.discard(at_ns)
        for held in list(self._queue):
            if held.since_ns + self._spec.delay_ns <= self._network.now_ns and self._try(held):
                self._queue.remove(held)
                self.held -= held.octets

    def _try(self, held: _Held) -> bool:
        """Return whether an envelope is done with."""
        given, now_ns = held.envelope, self._network.now_ns
        keep_ns = held.since_ns + self._spec.retention_ns
        target = self._network.named(given.route[0] if given.route else given.destination)
        if target is None:
            self._tell(given, State.DROPPED, Reason.NO_ROUTE)
            return True
        if now_ns >= given.not_after_ns:
            self._tell(given, State.EXPIRED)
            return True
        contact = self._network.contacts.open(self.name, target, now_ns)
        if contact is None:
            return self._waits(given, target, keep_ns)
        octets = self._outgoing(given)
        free_ns = self._network.air.free_ns(self.name, target)
        left_ns = max(free_ns, now_ns) + contact.sending_ns(len(octets))
        if left_ns + contact.owlt_ns > given.not_after_ns:
            self._tell(given, State.EXPIRED)
            return True
        if left_ns > contact.end_ns:
            return self._waits(given, target, keep_ns)
        self._network.up(self.name, target, octets)
        self._tell(given, State.FORWARDED)
        return True

    def _waits(self, given: Envelope, target: str, keep_ns: int) -> bool:
        """Wait for the next contact, for the end of its life or of what this relay keeps."""
        now_ns = self._network.now_ns
        if now_ns >= keep_ns:
            self._tell(given, State.DROPPED, Reason.NO_ROUTE)
            return True
        coming = self._network.contacts.coming(self.name, target, now_ns)
        times = [given.not_after_ns, keep_ns, *([coming.start_ns] if coming else [])]
        self._ask(min(times))
        return False

    def _outgoing(self, given: Envelope) -> bytes:
        """Return what leaves: an envelope for the next relay, or a CLTU."""
        if given.route:
            on = envelope.encode(replace(given, hops=given.hops + 1))
            return packet.encode(self._spec.apid, 0, on, type=1)
        coding = self._codings.get(given.destination, CODING)
        return cltu.encode(given.frame, randomise=coding.randomise)

    def _tell(self, given: Envelope, state: State, reason: Reason = Reason.NONE) -> None:
        """Report custody, in a packet of this relay's telemetry."""
        assert self.scid is not None
        report = Custody(given.id, self.scid, state, self._network.now_ns, reason)
        octets = packet.encode(
            self._spec.apid, self._count % 16384, envelope.encode_custody(report)
        )
        self._count += 1
        self._network.report(self.name, PACKET, octets)
