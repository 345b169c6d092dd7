"""The flight software: which application processes there are, and what they do when asked."""

from __future__ import annotations

import struct

from protocols.errors import DecodeError
from protocols.pus import events, functions, housekeeping
from protocols.pus.profile import Profile
from tools.simulator.functions import (
    AOCS,
    APIDS,
    CARDS_APID,
    COMM,
    EPS,
    FUNCTIONS,
    NODES_APID,
    OBSW,
    TCS,
)
from tools.simulator.orders import Orders
from tools.simulator.world import Code, Done, OnBoard, Refused
from tools.simulator.world.applications import Answer

STRUCTURE, TENTHS = 1, 10  # the one structure of each application process; intervals in 0.1 s
CONTAINERS = {
    AOCS: "/CG1/AOCS/AOCS_HK",
    EPS: "/CG1/EPS/EPS_HK",
    TCS: "/CG1/TCS/TCS_HK",
    NODES_APID: "/CG1/DC/NODES_HK",
    CARDS_APID: "/CG1/DC/CARDS_HK",
    COMM: "/CG1/COMM/COMM_HK",
    OBSW: "/CG1/OBSW/OBSW_HK",
}


class FlightSoftware(OnBoard):
    """The application processes of the simulated satellite, which follow its orders."""

    def __init__(self, profile: Profile, orders: Orders) -> None:
        super().__init__(profile, self._function, APIDS)
        self._orders = orders

    def take(self, apid: int, message: object) -> Answer | None:
        """Do what a request of the standard's own services asks."""
        match message:
            case housekeeping.Intervals():
                self._reports(apid, message)
            case events.Events(subtype=events.Subtype.ENABLE):
                self._orders.silent -= set(message.events)
            case events.Events(subtype=events.Subtype.DISABLE):
                self._orders.silent |= set(message.events)
        return super().take(apid, message)

    def _reports(self, apid: int, message: housekeeping.Intervals) -> None:
        """Report as often as asked, in whole seconds."""
        if apid not in CONTAINERS or any(each != STRUCTURE for each, _ in message.intervals):
            raise Refused(Code.UNKNOWN)
        for _, interval in message.intervals:
            self._orders.period_s[CONTAINERS[apid]] = max(1, -(-interval // TENTHS))

    def _function(self, apid: int, data: bytes, now: int) -> Done:
        try:
            asked = functions.decode(functions.PERFORM, data, self._profile)
        except DecodeError:
            raise Refused(Code.DATA) from None
        found = FUNCTIONS.get((apid, int.from_bytes(asked.function, "big")))
        if found is None:
            raise Refused(Code.UNKNOWN)
        form, act = found
        if struct.calcsize(form) != len(asked.arguments):
            raise Refused(Code.DATA)
        return act(self._orders, now, *struct.unpack(form, asked.arguments))
