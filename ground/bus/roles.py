"""Who may ask what: for each request the least role, and no request without one.

People view, operate or administer, each including the one before. The services of a station
acknowledge the journal, which lets it be trimmed, and have units radiated, and so no person may;
they also may view. What an operator may command, and of which spacecraft, is for the command
service to decide.
"""

from __future__ import annotations

from collections.abc import Mapping

from ground import messages
from ground.bus.keys import Role

_HOLDERS: Mapping[Role, frozenset[Role]] = {
    "view": frozenset({"view", "operate", "admin", "service"}),
    "operate": frozenset({"operate", "admin"}),
    "admin": frozenset({"admin"}),
    "gateway": frozenset({"gateway"}),
    "service": frozenset({"service"}),
}
_LEAST: Mapping[Role, tuple[type, ...]] = {
    "view": (
        messages.ListAlarms,
        messages.DescribeMission,
        messages.WatchViewport,
        messages.ReadTrend,
        messages.ReadStatus,
        messages.ListEvents,
        messages.ListCommands,
        messages.DescribeCommands,
        messages.ReadAuthority,
        messages.PlanContacts,
        messages.PlanRoute,
    ),
    "operate": (
        messages.AcknowledgeAlarms,
        messages.ShelveAlarms,
        messages.UnshelveAlarms,
        messages.ClearAlarms,
        messages.CommentAlarms,
        messages.AssignAlarms,
        messages.SetLimits,
        messages.ControlLink,
        messages.ControlReplay,
        messages.SendCommand,
        messages.ApproveCommand,
        messages.ControlCommand,
        messages.ControlAuthority,
        messages.DirectChannel,
        messages.BookRelay,
        messages.CancelBooking,
    ),
    "service": (
        messages.ReadJournal,
        messages.AcknowledgeJournal,
        messages.RadiateUnit,
        messages.ReadUnits,
    ),
}
LEAST: Mapping[str, Role] = {
    request.__name__: role for role, requests in _LEAST.items() for request in requests
}


def allows(role: Role, least: Role) -> bool:
    """Return whether a role may do what asks for at least another."""
    return role in _HOLDERS[least]
