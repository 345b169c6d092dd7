"""What a display knows of a station: facts come in one by one, and answers are read from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ground.messages import (
    AlarmsChanged,
    AlarmsListed,
    EventsRaised,
    ParametersDecoded,
    ReplayMoved,
    ServiceReported,
    StaleChanged,
)
from ground.services.display_status import Status
from ground.services.display_trends import Tail
from ground.services.display_values import SECOND_NS, Values
from ground.wire import Envelope

SILENT_NS = 5 * SECOND_NS
SOURCES = ("processor", "replay")  # who publishes values


class Facts:
    """The newest of everything.

    Args:
        spacecraft: ids of the mission's spacecraft by name.
        instants: paths of parameters that are times.

    Attributes:
        unlisted: whether all alarms must be asked for: something of them may have been missed.
        malformed: facts that could not be used.
    """

    def __init__(self, spacecraft: Mapping[str, int], instants: frozenset[str]) -> None:
        self.values = Values(instants)
        self.status = Status(spacecraft)
        self.tail = Tail()
        self.unlisted = True
        self.malformed = 0
        self._heard: int | None = None
        self._epoch: int | None = None
        self._replayed_ns = 0

    def receive(self, envelope: Envelope, now: int, now_ns: int) -> None:
        """Take a fact (`now` is monotonic, `now_ns` TAI); one that is malformed is counted."""
        try:
            self._take(envelope.message, envelope.epoch, now, now_ns)
        except (KeyError, IndexError, ValueError, TypeError):
            self.malformed += 1

    def recall(self, messages: Iterable[ParametersDecoded | EventsRaised], now: int) -> None:
        """Take what the archive knew before anything came."""
        for message in messages:
            if isinstance(message, EventsRaised):
                self.status.recall(message)
            else:
                self.values.recall(message, now)

    def asked(self) -> None:
        """Note that all alarms were asked for now."""
        self.unlisted = False
        self.status.asked()

    def expire(self, now: int) -> None:
        """Do what time asks for; call it about once a second."""
        self.values.quiet(self._heard is None or now - self._heard > SILENT_NS)
        self.values.settle(now)
        self.status.turn(now)

    def _take(self, message: Any, epoch: int, now: int, now_ns: int) -> None:
        match message:
            case ParametersDecoded():
                self._heard = now
                self.values.quiet(False)
                self.status.decoded(self.values.receive(message, now))
                self.tail.receive(message, now)
            case StaleChanged():
                self.values.changed(message)
                self.status.stale(message)
            case AlarmsChanged():
                self.status.changed(message)
            case AlarmsListed():
                self.status.listed(message)
            case EventsRaised():
                self.status.raised(message)
            case ServiceReported():
                self.status.reported(message, now_ns)
                self._sign(message.service, epoch, now)
            case ReplayMoved():
                self._moved(message)

    def _sign(self, service: str, epoch: int, now: int) -> None:
        """Note a sign of life; a processor that was started anew may have other alarms."""
        if service in SOURCES:
            self._heard = now
            self.unlisted |= epoch != self._epoch
            self._epoch = epoch

    def _moved(self, message: ReplayMoved) -> None:
        """Forget what is still to come, where a replay went back."""
        if message.t_ns < self._replayed_ns:
            self.values.clear()
            self.tail.clear()
        self._replayed_ns = message.t_ns
