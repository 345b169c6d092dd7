"""What a display answers to which question."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ground.messages import (
    Answered,
    DescribeMission,
    EventsListed,
    ListEvents,
    MissionDescribed,
    ReadStatus,
    ReadTrend,
    WatchViewport,
)
from ground.services import display_trends
from ground.services.display_archive import ArchiveReader, Ticket
from ground.services.display_facts import Facts
from ground.services.display_viewports import Viewports
from ground.wire import Envelope


class Answers:
    """Answers requests from what is known; what takes the archive is answered later."""

    def __init__(
        self,
        mission: MissionDescribed,
        facts: Facts,
        viewports: Viewports,
        archive: ArchiveReader,
    ) -> None:
        self._mission = mission
        self._facts = facts
        self._viewports = viewports
        self._archive = archive

    def answer(self, client: bytes, envelope: Envelope, now: int) -> Any:
        """Return the answer to a client's request; None where the archive is asked for it."""
        asked = envelope.message
        match asked:
            case DescribeMission():
                known = asked.digest == self._mission.digest
                return replace(self._mission, parameters=[]) if known else self._mission
            case WatchViewport():
                refused = self._viewports.watch(client, asked, now)
                return Answered(ok=not refused, reason=refused)
            case ReadTrend():
                return self._trend(Ticket(client, envelope.request), asked)
            case ReadStatus():
                return self._facts.status.read()
            case ListEvents():
                return EventsListed(self._facts.status.events(asked.limit))
        return Answered(ok=False, reason=f"{type(asked).__name__} is not for the display service")

    def _trend(self, ticket: Ticket, asked: ReadTrend) -> Answered | None:
        """Let the archive be read; what is in memory by now goes with the question."""
        if refused := display_trends.refused(asked):
            return Answered(ok=False, reason=refused)
        realm = self._mission.realm
        tail = self._facts.tail.samples(asked.spacecraft, asked.parameter, asked.element)
        if self._archive.ask(
            ticket, lambda store, library: display_trends.read(store, library, realm, asked, tail)
        ):
            return None
        return Answered(ok=False, reason="too many questions to the archive wait; ask again")
