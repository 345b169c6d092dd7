"""All services of this room in one table: a message from its service, subtype and data field.

Source: ECSS-E-ST-70-41C §8.
"""

from __future__ import annotations

from protocols.errors import DecodeError
from protocols.pus import (
    connection,
    events,
    functions,
    housekeeping,
    monitoring,
    parameters,
    schedule,
    time,
    verification,
)
from protocols.pus.header import Report, Telecommand
from protocols.pus.profile import PROFILE, Profile

SERVICES = {
    module.SERVICE: module
    for module in (
        verification,
        housekeeping,
        events,
        functions,
        time,
        schedule,
        monitoring,
        connection,
        parameters,
    )
}

Message = (
    verification.Verification
    | housekeeping.Message
    | events.Message
    | functions.Perform
    | time.Message
    | schedule.Message
    | monitoring.Message
    | connection.Message
    | parameters.Message
)


def decode(packet: Telecommand | Report, profile: Profile = PROFILE) -> Message:
    """Return the message that a telecommand or report carries.

    Raises:
        DecodeError: a service or subtype that is not known, or a data field that is not right.

    Source: ECSS-E-ST-70-41C §8.
    """
    if packet.service not in SERVICES:
        raise DecodeError(f"no service {packet.service}", clause="ECSS-E-ST-70-41C §8")
    module = SERVICES[packet.service]
    message: Message = module.decode(packet.subtype, packet.data, profile)
    return message
