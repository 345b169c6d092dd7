"""FOP-1 and FARM-1 with a link between them that loses, doubles, delays and disorders frames.

Time is virtual and chance is seeded: one seed is one history. What the ground does around FOP-1
is here as a service would do it: it offers the next FDU after the last was accepted, gives
control words in the order of their making, and after a suspension raises the limit and resumes.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from protocols.cop1.farm import Farm
from protocols.cop1.fop import Fop
from protocols.cop1.signals import (
    Accepted,
    Acknowledged,
    Action,
    Alert,
    Directive,
    DirectiveDone,
    Event,
    Failed,
    Lower,
    Order,
    Rejected,
    Send,
    Suspended,
    Transmit,
)
from protocols.tc import Kind, TcFrame

S = 1_000_000_000
FRAME_S = 0.039  # a CLTU of 256 octets at 64 kbit/s


@dataclass(frozen=True)
class Route:
    """From `since_s` on: one-way time, losses, and outages as (from, to) in seconds."""

    since_s: float = 0.0
    owlt_s: float = 0.267
    outages: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Case:
    frames: int = 400
    window: int = 47
    t1_s: float = 4.0
    limit: int = 3
    clcw_s: float = 0.5
    loss: float = 0.0
    clcw_loss: float = 0.0
    double: float = 0.0
    jitter_s: float = 0.0
    start: int = 0
    capacity: int = 64
    take_s: float = 0.0  # FDUs are taken this often; at once if zero
    kills: int = 0  # restarts of the ground from its snapshot
    resumes: int = 0
    routes: tuple[Route, ...] = (Route(),)
    until_s: float = 3_000.0


@dataclass
class Link:
    """One history; the lists are what the test looks at."""

    case: Case
    seed: int = 0
    delivered: list[int] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    suspended: Suspended | None = None
    retransmissions: int = 0
    now: int = 0

    def __post_init__(self) -> None:
        case = self.case
        self.chance = random.Random(self.seed)
        t1_ns = int(case.t1_s * S)
        self.fop = Fop(0, window=case.window, t1_ns=t1_ns, limit=case.limit, timeout_type=1)
        self.farm = Farm(0, capacity=case.capacity, vr=case.start)
        self.heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self.order = self.life = self.made = self.heard = 0
        self.offered = -1
        self.resumes = case.resumes

    def run(self) -> Link:
        case = self.case
        self._give(Directive(-1, Order.SET_VS, case.start))
        self._give(Directive(-2, Order.INITIATE))
        self._at(0, self._report)
        if case.take_s:
            self._at(0, self._take)
        for _ in range(case.kills):
            self._at(self.chance.uniform(0, case.frames * FRAME_S * 2), self._kill)
        self._offer()
        while not self.over:
            self._next()
        return self

    @property
    def over(self) -> bool:
        done = len(self.acknowledged) == self.case.frames
        ended = self.suspended is not None and not self.resumes
        return done or ended or bool(self.alerts) or self.now > self.case.until_s * S

    def _next(self) -> None:
        deadline = self.fop.deadline()
        if deadline is not None and deadline <= self.heap[0][0]:
            self.now = deadline
            self._act(self.fop.expire(deadline))
            return
        self.now, _, call, arguments = heapq.heappop(self.heap)
        call(*arguments)

    def _at(self, delay_s: float, call: Callable[..., None], *arguments: Any) -> None:
        self.order += 1
        heapq.heappush(self.heap, (self.now + int(delay_s * S), self.order, call, arguments))

    def _route(self) -> Route:
        return [r for r in self.case.routes if r.since_s * S <= self.now][-1]

    def _down(self) -> bool:
        now_s = self.now / S
        return any(start <= now_s < end for start, end in self._route().outages)

    # the ground

    def _give(self, event: Event) -> None:
        self._act(self.fop.receive(event, self.now))

    def _offer(self) -> None:
        if self.offered + 1 < self.case.frames and self.fop.snapshot().wait is None:
            self.offered += 1
            self._give(Transmit(self.offered, self.offered.to_bytes(2, "big")))

    def _act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send():
                    self.retransmissions += action.retransmission
                    self._at(FRAME_S, self._leave, action, self.life)
                case Accepted(request):
                    self.accepted.append(request)
                    self._at(0, self._offer)
                case Acknowledged(requests):
                    self.acknowledged += requests
                    if self.fop.snapshot().limit != self.case.limit:
                        self._at(0, self._give, Directive(-3, Order.SET_LIMIT, self.case.limit))
                case Suspended():
                    self.suspended = action
                    if self.resumes:
                        self._at(self.case.t1_s, self._resume)
                case Failed(requests):
                    self.failed += requests
                case Rejected(request):
                    self.offered = request - 1  # not taken: it is offered once more
                case Alert():
                    self.alerts.append(action)
                case DirectiveDone(request, ok):
                    assert ok, request

    def _resume(self) -> None:
        """The book lets RESUME keep the count, so the limit must rise for a frame to go again."""
        self.resumes -= 1
        self.suspended = None
        limit = min(255, self.fop.snapshot().count + self.case.limit)
        self._give(Directive(-4, Order.SET_LIMIT, limit))
        self._give(Directive(-5, Order.RESUME))
        self._offer()

    def _kill(self) -> None:
        """The process dies, and with it what its layer below had in hand; its state is on disk."""
        self.life += 1
        self.fop = Fop.restore(self.fop.snapshot(), self.now)
        self._give(Lower(Kind.AD))
        self._offer()

    # the way up

    def _leave(self, send: Send, life: int) -> None:
        if life == self.life:
            self._at(0, self._give, Lower(send.kind))
        frame = TcFrame(1, 0, send.kind, send.sequence, send.data)
        copies = 1 + (self.chance.random() < self.case.double)
        if self._down() or self.chance.random() < self.case.loss:
            copies -= 1
        for _ in range(copies):
            delay_s = self._route().owlt_s + self.chance.random() * self.case.jitter_s
            self._at(delay_s, self._arrive, frame)

    # on board, and the way down

    def _arrive(self, frame: TcFrame) -> None:
        self.farm.receive(frame)
        if not self.case.take_s:
            self._take()

    def _take(self) -> None:
        self.delivered += [int.from_bytes(fdu.data, "big") for fdu in self.farm.take()]
        if self.case.take_s:
            self._at(self.case.take_s, self._take)

    def _report(self) -> None:
        self._at(self.case.clcw_s, self._report)
        self.made += 1
        if not self._down() and self.chance.random() >= self.case.clcw_loss:
            delay_s = self._route().owlt_s + self.chance.random() * self.case.jitter_s
            self._at(delay_s, self._hear, self.made, self.farm.clcw())

    def _hear(self, number: int, word: Event) -> None:
        if number > self.heard:  # an older one has been overtaken on the way
            self.heard = number
            self._give(word)


def random_case(seed: int) -> Case:
    """A link with a random part of all troubles; in a third of them nothing is lost."""
    chance = random.Random(~seed)
    route = Route(0, chance.choice([0.008, 0.065, 0.267, 0.5]))
    routes = (route,)
    if chance.random() < 0.5:
        later = Route(chance.uniform(0.5, 6), chance.choice([0.008, 0.065, 0.267, 0.5]))
        routes = (route, later)
    if chance.random() < 0.3:
        start = chance.uniform(0, 5)
        last = replace(routes[-1], outages=((start, start + chance.uniform(1, 20)),))
        routes = (*routes[:-1], last)
    lossy, often = chance.random() < 0.65, chance.choice([0.0, 0.05, 0.15])
    return Case(
        frames=chance.randint(5, 120),
        window=chance.choice([1, 2, 10, 47, 64, 127]),
        t1_s=chance.uniform(0.4, 5),
        limit=chance.randint(2, 8),
        clcw_s=chance.choice([0.1, 0.5, 1.0]),
        loss=chance.uniform(0, 0.3) if lossy else 0.0,
        clcw_loss=chance.uniform(0, 0.5) if lossy else 0.0,
        double=often,
        jitter_s=chance.choice([0.0, 0.0, 0.05, 0.3]),
        start=chance.choice([0, 200, 250, 255]),
        capacity=chance.choice([2, 8, 64]),
        take_s=chance.choice([0.0, 0.0, 0.2, 2.0]),
        kills=chance.choice([0, 0, 1, 4]),
        resumes=chance.choice([0, 1, 40]),
        routes=routes,
    )
