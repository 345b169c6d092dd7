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
    ReadJournal,
    ReadStatus,
    ServiceReported,
    StatusRead,
)
from ground.services.gateway_acknowledged import Acknowledged
from ground.services.gateway_intake import Intake
from ground.services.gateway_readers import Readers

_FARTHEST = 1 << 50  # octets that a reader's position may lie behind the end of a journal

log = structlog.get_logger("gateway")


class Desk:
    """Answers the requests of one socket; the bus has checked that their senders may make them.

    Args:
        control: does what an operator wants of a link.
        report: says how the gateway is.
    """

    def __init__(
        self,
        server: Server,
        intakes: Mapping[str, Intake],
        acknowledged: Mapping[str, Acknowledged],
        control: Callable[[ControlLink, str], None],
        report: Callable[[], ServiceReported],
    ) -> None:
        self.server = server
        self.readers = Readers(intakes, server.send)
        self._intakes = intakes
        self._acknowledged = acknowledged
        self._control = control
        self._report = report

    def receive(self, now: int) -> None:
        """Do what was asked for; what makes no sense is answered with the reason."""
        for request in self.server.receive():
            asked, number = request.envelope.message, request.envelope.request
            if isinstance(asked, ReadStatus):
                answer = StatusRead([self._report()], [clock.now_ns()], [], {})
                self.server.send(request.identity, answer, number)
                continue
            refused = self._do(request, now)
            if refused or isinstance(asked, ControlLink):
                self.server.send(request.identity, Answered(not refused, refused), number)

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
