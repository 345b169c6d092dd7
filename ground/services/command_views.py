"""What operators may see of commanding: commands, what can be sent, authority, contacts, ways.

Each of a list is shown only to those who have a grant for its spacecraft.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ground.command.authorise import Decision, Verb
from ground.messages import (
    Answered,
    AuthorityRead,
    CommandsDescribed,
    CommandsListed,
    ContactsPlanned,
    DescribeCommands,
    ListCommands,
    PlanContacts,
    PlanRoute,
    ReadAuthority,
    RoutesPlanned,
)
from ground.services import command_bookings, command_rows, ways
from ground.services.command_state import Command
from ground.services.commander import Commander
from ground.services.planner import Wish

MOST_LISTED = 2000
LOOKS = (ListCommands, DescribeCommands, ReadAuthority, PlanContacts, PlanRoute)
May = Callable[[Verb, str, str], Decision]


class Views:
    """Answers the questions of operators; `may` decides who may see what, `now` is ns TAI."""

    def __init__(self, commander: Commander, may: May) -> None:
        self._commander, self._state, self._may = commander, commander.record.state, may

    def answer(self, message: Any, user: str, now: int) -> Any:
        """Return the answer to a question."""
        match message:
            case ListCommands():
                return self._list(message, user)
            case DescribeCommands():
                return self._describe(message, user)
            case ReadAuthority():
                return self._read_authority(user, now)
            case PlanContacts():
                return self._contacts(message, user, now)
        return self._route(message, user, now)

    def row(self, known: Command) -> Any:
        """Return a command as it stands."""
        return command_rows.command(known, self._state, self._commander.needs)

    def _list(self, asked: ListCommands, user: str) -> CommandsListed | Answered:
        denied = self._may(Verb.LIST, user, "").reasons
        if denied:
            return Answered(False, "; ".join(denied))
        known = self._state.commands
        named = [known[each] for each in asked.commands if each in known]
        found = [
            each
            for each in (named if asked.commands else known.values())
            if (asked.ended or asked.commands or not each.life.ended)
            and (not asked.spacecraft or each.taken.spacecraft in asked.spacecraft)
            and self._may(Verb.LIST, user, each.taken.spacecraft).granted
        ]
        newest = found[-max(1, min(asked.limit, MOST_LISTED)) :]
        fitting = next(command_rows.batches(map(self.row, reversed(newest))), [])
        return CommandsListed(fitting[::-1])

    def _describe(self, asked: DescribeCommands, user: str) -> CommandsDescribed | Answered:
        denied = self._may(Verb.DESCRIBE, user, asked.spacecraft).reasons
        if denied:
            return Answered(False, "; ".join(denied))
        entries = self._commander.catalogues.of(asked.spacecraft).commands.values()
        may = [each.value for each in Verb if self._may(each, user, asked.spacecraft).granted]
        kinds = [command_rows.kind(each) for each in entries]
        return CommandsDescribed(asked.spacecraft, "", kinds, may)

    def _read_authority(self, user: str, now: int) -> AuthorityRead | Answered:
        denied = self._may(Verb.READ_AUTHORITY, user, "").reasons
        if denied:
            return Answered(False, "; ".join(denied))
        names = self._commander.catalogues.names
        rows = command_rows.authority(self._state, names, now)
        return AuthorityRead(
            rows, [command_rows.channel(each) for each in self._commander.forwards.values()]
        )

    def _contacts(self, asked: PlanContacts, user: str, now: int) -> ContactsPlanned | Answered:
        denied = self._may(Verb.CONTACTS, user, "").reasons
        if denied:
            return Answered(False, "; ".join(denied))
        planner, access = self._commander.planner, self._commander.access
        span = asked.start_ns, asked.end_ns
        rows = [*planner.contacts(asked.nodes, *span), *access.contacts(asked.nodes, *span)]
        rows.sort(key=lambda each: (each.start_ns, each.source, each.target))
        limit = max(1, min(asked.limit, MOST_LISTED))
        plan = planner.plan.id if planner.plan else ""
        left = max(0, len(rows) - limit)
        booked = [command_bookings.row(each) for each in access.terminals.standing(span[0])]
        doubts = planner.doubts(now)
        return ContactsPlanned(plan, planner.made_ns, rows[:limit], left, doubts, booked)

    def _route(self, asked: PlanRoute, user: str, now: int) -> RoutesPlanned | Answered:
        denied = self._may(Verb.ROUTE, user, asked.spacecraft).reasons
        if denied:
            return Answered(False, "; ".join(denied))
        at = max(now, asked.at_ns)
        expires = asked.expires_ns or self._commander.planner.until_ns
        wish = Wish(
            asked.spacecraft, max(1, asked.octets), expires, asked.priority, tuple(asked.via)
        )
        first = self._commander.planner.way(wish, at)
        if isinstance(first, str):
            return RoutesPlanned([], first)
        count = 1 + max(0, min(asked.alternatives, 20))
        found = self._commander.planner.alternatives(wish, at, count)
        return RoutesPlanned([ways.row(each) for each in found], "")
