"""The computer on board as telecommands meet it: checks, reports, and who does what is asked.

How it works: a packet is accepted (its form, application process and service are right), starts,
and completes at once or some time later; each step is reported as its acknowledgement flags ask,
each failure always. A request that was there before, the same octets under the same id, is not
done again and not reported again: the memory of requests outlives a restart, so that a copy of a
frame that goes past FARM-1 does nothing, however late it is.

Source: ECSS-E-ST-70-41C §6.1 (request verification), §5.3.5.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from protocols.errors import DecodeError
from protocols.pus import schedule
from protocols.pus.header import Acknowledge, Telecommand, decode_telecommand
from protocols.pus.profile import Profile
from protocols.pus.verification import SERVICE, Failure, RequestId, Subtype, Verification
from tools.simulator.world.refused import Code, Refused
from tools.simulator.world.timeline import Timeline

REMEMBERED = 4096  # requests; fewer than sequence counts, so that a count that comes again is new
SHORTEST = 4  # octets that a request id takes


@dataclass(frozen=True, slots=True)
class Said:
    """A report before it is a packet: who says what, and when."""

    apid: int
    service: int
    subtype: int
    data: bytes
    t_ns: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a telecommand brought about: answers now, completion after `lasting_ns`."""

    said: tuple[Said, ...] = ()
    lasting_ns: int = 0
    progress: int = 0  # steps reported before the end


@dataclass(frozen=True, slots=True)
class Execution:
    """A telecommand that was started, the truth for tests.

    Attributes:
        t_ns: when.
        request: APID and sequence count.
        octets: the packet.
        scheduled: whether it came from the schedule on board.
    """

    t_ns: int
    spacecraft: str
    request: tuple[int, int]
    service: int
    subtype: int
    octets: bytes
    scheduled: bool


class Applications(Protocol):
    """What the application processes on board can do."""

    def knows(self, apid: int) -> bool:
        """Return whether there is such an application process."""
        ...

    def offers(self, telecommand: Telecommand) -> bool:
        """Return whether the application process has this service and subtype."""
        ...

    def perform(self, telecommand: Telecommand, now: int) -> Done:
        """Do it; Refused where it cannot be done."""
        ...


class Board:
    """One computer on board.

    Attributes:
        executed: all that was started, in order.
        accepted, rejected, completed, failed, doubles: how many requests.
    """

    def __init__(self, spacecraft: str, applications: Applications, profile: Profile) -> None:
        self.spacecraft, self.profile = spacecraft, profile
        self.executed: list[Execution] = []
        self.accepted = self.rejected = self.completed = self.failed = self.doubles = 0
        self.timeline = Timeline(profile)
        self._applications = applications
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._ending: list[tuple[int, int, Telecommand, Subtype, int]] = []

    def boot(self) -> None:
        """Lose the schedule and all that has not ended."""
        self.timeline.clear()
        self._ending.clear()
        self.accepted = self.rejected = self.completed = self.failed = 0

    def deadline(self) -> int | None:
        """Return when `expire` has something to do."""
        times = [self.timeline.next_ns(), self._ending[0][0] if self._ending else None]
        return min((each for each in times if each is not None), default=None)

    def receive(self, packet: bytes, now: int, *, scheduled: bool = False) -> list[Said]:
        """Take a packet from the ground or the schedule; return what is reported of it."""
        key = hashlib.sha256(packet).digest()
        if key in self._known:
            self.doubles += 1
            return []
        try:
            telecommand = decode_telecommand(packet, self.profile)
        except DecodeError:
            return self._refuse(packet, Code.CORRUPT, now)
        if not self._applications.knows(telecommand.apid):
            return self._refuse(packet, Code.APID, now)
        if telecommand.service != schedule.SERVICE and not self._applications.offers(telecommand):
            return self._refuse(packet, Code.TYPE, now)
        self._remember(key)
        self.accepted += 1
        said = self._verify(telecommand, Subtype.ACCEPTED, now)
        return said + self._start(telecommand, packet, now, scheduled)

    def expire(self, now: int) -> list[Said]:
        """Release what is scheduled, and end what has lasted long enough."""
        said = []
        while self._ending and self._ending[0][0] <= now:
            t_ns, _, telecommand, subtype, step = heapq.heappop(self._ending)
            self.completed += subtype is Subtype.COMPLETED
            said += self._verify(telecommand, subtype, t_ns, step=step)
        for packet in self.timeline.release(now):
            said += self.receive(packet, now, scheduled=True)
        return said

    def _remember(self, key: bytes) -> None:
        self._known[key] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _start(self, tc: Telecommand, packet: bytes, now: int, scheduled: bool) -> list[Said]:
        try:
            done = self._perform(tc, now)
        except Refused as refused:
            self.failed += 1
            return self._verify(tc, Subtype.NOT_STARTED, now, Failure(refused.code))
        self.executed.append(
            Execution(
                now, self.spacecraft, (tc.apid, tc.sequence), tc.service, tc.subtype, packet,
                scheduled,
            )
        )  # fmt: skip
        said = [*self._verify(tc, Subtype.STARTED, now), *done.said]
        self._end_later(tc, done, now)
        return said + (self.expire(now) if not scheduled else [])

    def _perform(self, tc: Telecommand, now: int) -> Done:
        if tc.service == schedule.SERVICE:
            answers = self.timeline.handle(tc.subtype, tc.data, now)
            return Done(tuple(Said(tc.apid, tc.service, kind, data, now) for kind, data in answers))
        return self._applications.perform(tc, now)

    def _end_later(self, tc: Telecommand, done: Done, now: int) -> None:
        for step in range(1, done.progress + 1):
            at_ns = now + done.lasting_ns * step // (done.progress + 1)
            self._ends(at_ns, tc, Subtype.PROGRESSED, step)
        self._ends(now + done.lasting_ns, tc, Subtype.COMPLETED, 0)

    def _ends(self, at_ns: int, tc: Telecommand, subtype: Subtype, step: int) -> None:
        number = self.accepted * 256 + step
        heapq.heappush(self._ending, (at_ns, number, tc, subtype, step))

    def _refuse(self, packet: bytes, code: Code, now: int) -> list[Said]:
        self.rejected += 1
        if len(packet) < SHORTEST:
            return []
        request = RequestId.of(packet)
        subtype = Subtype.NOT_ROUTED if code is Code.APID else Subtype.NOT_ACCEPTED
        return [self._said(request, subtype, now, Failure(code))]

    def _verify(
        self,
        tc: Telecommand,
        subtype: Subtype,
        now: int,
        failure: Failure | None = None,
        step: int = 0,
    ) -> list[Said]:
        """Return the report of a step where it is asked for, of a failure always."""
        if failure is None and not tc.acknowledge & ASKED[subtype]:
            return []
        return [self._said(RequestId.of(tc), subtype, now, failure, step)]

    def _said(
        self,
        request: RequestId,
        subtype: Subtype,
        now: int,
        failure: Failure | None = None,
        step: int = 0,
    ) -> Said:
        progress = subtype in (Subtype.PROGRESSED, Subtype.NOT_PROGRESSED)
        made = Verification(subtype, request, step if progress else None, failure)
        return Said(request.apid, SERVICE, int(subtype), made.encode(self.profile), now)


ASKED = {
    Subtype.ACCEPTED: Acknowledge.ACCEPTANCE,
    Subtype.STARTED: Acknowledge.START,
    Subtype.PROGRESSED: Acknowledge.PROGRESS,
    Subtype.COMPLETED: Acknowledge.COMPLETION,
}
