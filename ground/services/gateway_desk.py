"""Where others ask a gateway: a socket on which only known keys are heard, and who reads by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from ground import clock
from ground.archive.journal import JournalError
from ground.bus.requests import Request, Server
from ground.messages import (
    AcknowledgeJournal,
    Answered,
    ControlLink,
    RadiateUnit,
    ReadJournal,
    ReadStatus,
    ReadUnits,
    ServiceReported,
    StatusRead,
    UnitRow,
    UnitsReported,
)
from ground.services.gateway_acknowledged import Acknowledged
from ground.services.gateway_intake import Intake
from ground.services.gateway_radiate import Radiator
from ground.services.gateway_readers import Readers

_FARTHEST = 1 << 50  # octets that a reader's position may lie behind the end of a journal

log = structlog.get_logger("gateway")


class Desk:
    """Answers the requests of one socket; the bus has checked that their senders may make them.

    Args:
        control: does what an operator wants of a link.
        report: says how the gateway is.
        radiator: has the ways up; None where the gateway has none.
    """

    def __init__(
        self,
        server: Server,
        intakes: Mapping[str, Intake],
        acknowledged: Mapping[str, Acknowledged],
        control: Callable[[ControlLink, str], None],
        report: Callable[[], ServiceReported],
        radiator: Radiator | None = None,
    ) -> None:
        self.server = server
        self.readers = Readers(intakes, server.send)
        self._intakes = intakes
        self._acknowledged = acknowledged
        self._control = control
        self._report = report
        self._radiator = radiator
        self._wanted: dict[str, bytes] = {}  # who gave the units that are not sent yet

    def receive(self, now: int) -> None:
        """Do what was asked for; what makes no sense is answered with the reason."""
        units: list[Request] = []
        for request in self.server.receive():
            asked, number = request.envelope.message, request.envelope.request
            if isinstance(asked, RadiateUnit | ReadUnits):
                units.append(request)
                continue
            if isinstance(asked, ReadStatus):
                answer = StatusRead([self._report()], [clock.now_ns()], [], {})
                self.server.send(request.identity, answer, number)
                continue
            refused = self._do(request, now)
            if refused or isinstance(asked, ControlLink):
                self.server.send(request.identity, Answered(not refused, refused), number)
        if units:
            self._radiate(units)

    def told(self, rows: list[UnitRow]) -> None:
        """Tell those who gave units what became of them."""
        by_whom: dict[bytes, list[UnitRow]] = {}
        for row in rows:
            identity = self._wanted.pop(row.unit, None)
            if identity is not None:
                by_whom.setdefault(identity, []).append(row)
        for identity, several in by_whom.items():
            self.server.send(identity, UnitsReported(several))

    def _radiate(self, requests: list[Request]) -> None:
        """Let units be taken, all of a round with one look at the disk, and say what is known."""
        asked = [each.envelope.message for each in requests]
        given = [each for each in asked if isinstance(each, RadiateUnit)]
        if self._radiator is None:
            rows = [UnitRow(each.unit[:32], "refused", 0, "no way up here") for each in given]
        else:
            try:
                rows = self._radiator.receive(given, clock.now_ns())
            except OSError as error:
                why = f"not noted on disk: {error.strerror}"
                log.error("units.failed", why=why)
                rows = [UnitRow(each.unit, "refused", clock.now_ns(), why) for each in given]
        known = {row.unit: row for row in rows}
        for request, each in zip(requests, asked, strict=True):
            if isinstance(each, RadiateUnit):
                told = [known.get(each.unit[:32]) or UnitRow(each.unit[:32], "unknown", 0)]
                if told[0].state == "taken":
                    self._wanted[each.unit] = request.identity
            else:
                told = [] if self._radiator is None else self._radiator.known(each.units)
            self.server.send(request.identity, UnitsReported(told), request.envelope.request)

    def _do(self, request: Request, now: int) -> str:
        """Do what is asked for; return why not, or ""."""
        asked = request.envelope.message
        if not isinstance(asked, ReadJournal | AcknowledgeJournal | ControlLink):
            return f"{type(asked).__name__} is nothing that a gateway does"
        intake = self._intakes.get(asked.link)
        if intake is None:
            return f"no link {asked.link!r} at this gateway"
        if isinstance(asked, ControlLink):
            self._control(asked, request.user)
            return ""
        if not 0 <= asked.position <= intake.journal.end + _FARTHEST:
            return f"position {asked.position}; the journal ends at {intake.journal.end}"
        if isinstance(asked, AcknowledgeJournal):
            self._acknowledged[asked.link].take(request.user, asked.position)
            return ""
        return self._read(intake, asked, request, now)

    def _read(self, intake: Intake, asked: ReadJournal, request: Request, now: int) -> str:
        if asked.position > intake.journal.end:
            log.warning("journal.jumped", link=asked.link, position=asked.position)
            try:
                intake.jump(asked.position)
            except JournalError as error:
                return str(error)
        self.readers.ask(request.identity, asked, request.envelope.request, now)
        return ""

    def close(self) -> None:
        self.readers.close()
        self.server.close()
