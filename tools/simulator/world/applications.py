"""What the application processes of a spacecraft do when they are asked.

Functions of ST[08] are done by who is given them; of the standard's other services there is what
little a world needs: a ping is answered, parameters are kept and told, and requests to switch
reports, events and monitoring are taken if they can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import ModuleType

from protocols.errors import DecodeError
from protocols.pus import (
    connection,
    events,
    functions,
    housekeeping,
    monitoring,
    parameters,
    time,
)
from protocols.pus.header import Telecommand
from protocols.pus.profile import Profile
from tools.simulator.world.board import Done, Said
from tools.simulator.world.refused import Code, Refused

Answer = connection.Ping | connection.Connection | parameters.Values
Perform = Callable[[int, bytes, int], Done]  # APID, function id and arguments, time
SERVICES: dict[int, ModuleType] = {
    each.SERVICE: each
    for each in (housekeeping, events, functions, time, monitoring, connection, parameters)
}
APIDS = range(2047)


def anything(apid: int, data: bytes, now: int) -> Done:
    """Do nothing, whatever the function is."""
    return Done()


class OnBoard:
    """The application processes of one spacecraft.

    Args:
        perform: does functions; `anything` unless told.
        apids: of the application processes; any unless told.

    Attributes:
        values: octets of the parameters of ST[20] that were set, by id.
    """

    def __init__(
        self, profile: Profile, perform: Perform = anything, apids: Collection[int] = APIDS
    ) -> None:
        self.values: dict[int, bytes] = {}
        self._profile, self._perform, self._apids = profile, perform, apids

    def knows(self, apid: int) -> bool:
        """Return whether there is such an application process."""
        return apid in self._apids

    def offers(self, telecommand: Telecommand) -> bool:
        """Return whether there is such a service."""
        return telecommand.service in SERVICES

    def perform(self, telecommand: Telecommand, now: int) -> Done:
        """Do what is asked; Refused where it cannot be done."""
        if telecommand.service == functions.SERVICE:
            return self._perform(telecommand.apid, telecommand.data, now)
        try:
            service = SERVICES[telecommand.service]
            message = service.decode(telecommand.subtype, telecommand.data, self._profile)
        except DecodeError:
            raise Refused(Code.DATA) from None
        answer = self.take(telecommand.apid, message)
        if answer is None:
            return Done()
        data = answer.encode(self._profile)
        said = Said(telecommand.apid, telecommand.service, int(answer.subtype), data, now)
        return Done((said,))

    def take(self, apid: int, message: object) -> Answer | None:
        """Do what a request of the standard's own services asks; return what answers it."""
        match message:
            case connection.Ping():
                return connection.Ping(connection.Subtype.ALIVE)
            case connection.Connection():
                if not self.knows(message.apid):
                    raise Refused(Code.UNKNOWN)
                return connection.Connection(connection.Subtype.CONNECTED, message.apid)
            case parameters.Request():
                if any(each not in self.values for each in message.parameters):
                    raise Refused(Code.UNKNOWN)
                told = tuple((each, self.values[each]) for each in message.parameters)
                return parameters.Values(parameters.Subtype.VALUES, told)
            case parameters.Values():
                self.values |= dict(message.values)
        return None
