"""Which service answers a request, and a connection to each that is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import zmq

from ground import messages
from ground.bus.addresses import Run
from ground.bus.guard import Context
from ground.bus.keys import KeyPair, Keyring
from ground.bus.requests import Caller
from ground.errors import InputError, NotReachable, Refused
from ground.wire import Envelope

DISPLAY = "display"
SERVICES: Mapping[type, str] = {
    messages.ControlLink: "gateway",
    messages.AcknowledgeAlarms: "processor",
    messages.ShelveAlarms: "processor",
    messages.UnshelveAlarms: "processor",
    messages.ClearAlarms: "processor",
    messages.CommentAlarms: "processor",
    messages.AssignAlarms: "processor",
    messages.SetLimits: "processor",
    messages.ListAlarms: "processor",
    messages.ControlReplay: "replay",
    messages.SendCommand: "commanding",
    messages.ApproveCommand: "commanding",
    messages.ControlCommand: "commanding",
    messages.ControlAuthority: "commanding",
    messages.DirectChannel: "commanding",
    messages.BookRelay: "commanding",
    messages.CancelBooking: "commanding",
    messages.ListCommands: "commanding",
    messages.DescribeCommands: "commanding",
    messages.ReadAuthority: "commanding",
    messages.PlanContacts: "commanding",
    messages.PlanRoute: "commanding",
}
"""Which service answers a request; the display answers all others."""
PLACES = (DISPLAY, "processor", "gateway", "replay", "commanding")


class Callers:
    """Sends each request to whom it is for; numbers differ over all of them.

    Args:
        run: where the services of the realm are met.
        keys: our own pair, and the public key of the station.
        address: of a display service over TCP, which alone can then be asked.
    """

    def __init__(
        self, context: Context, run: Run, keys: tuple[KeyPair, bytes], address: str | None
    ) -> None:
        self._context, self._run, self._address = context, run, address
        self._own, self._station = keys
        self._callers: dict[str, Caller] = {}
        self.display = self._caller(DISPLAY)
        if address is None:
            for service in PLACES:  # now, as an act shall not fail for want of a moment
                self._caller(service)

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """The sockets to poll."""
        return [each.socket for each in self._callers.values()]

    def send(self, request: Any) -> int:
        """Send a request; return its number, which is positive.

        Raises:
            NotReachable: the service that answers it does not run.
            Refused: that service cannot be asked from another machine.
        """
        service = SERVICES.get(type(request), DISPLAY)
        return _number(self._caller(service).send(request), service)

    def receive(self) -> list[Envelope]:
        """Return the answers that have come, each with the number of its request."""
        return [
            replace(each, request=_number(each.request, service)) if each.request else each
            for service, caller in list(self._callers.items())
            for each in caller.receive()
        ]

    def service(self, request: Any) -> Caller:
        """Return the connection to who answers a request; raises as `send`, if none can be."""
        return self._caller(SERVICES.get(type(request), DISPLAY))

    def close(self) -> None:
        """End all connections."""
        for caller in self._callers.values():
            caller.close()

    def _caller(self, service: str) -> Caller:
        if service not in self._callers:
            if self._address is not None and service != DISPLAY:
                raise Refused(f"{service}: expected a face on the station's own machine")
            address = self._address or self._run.requests(service)
            self._callers[service] = Caller(
                self._context, address, self._own, self._station, self._run.realm
            )
        return self._callers[service]


def keys(home: Path, keyring: Keyring, key: str) -> tuple[KeyPair, bytes]:
    """Return our own pair and the station's public key, which its first start makes."""
    try:
        return keyring.own(key), keyring.public("station")
    except InputError as error:
        raise NotReachable(f"{home}: no station here that knows us: {error}") from None


def from_display(number: int) -> bool:
    """Return whether a request of this number was for the display service."""
    return number % len(PLACES) == PLACES.index(DISPLAY)


def _number(number: int, service: str) -> int:
    return number * len(PLACES) + PLACES.index(service)
