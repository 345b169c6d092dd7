"""What the console knows about commanding: what can be told to whom, what was, and who may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ground import messages
from ground.console.arming import Way, way
from ground.console.draft import Draft
from ground.messages import AuthorityRow, CommandKind, CommandRow, CommandTaken, SendCommand

KEPT = 500  # commands that have ended


@dataclass(frozen=True, slots=True)
class Judged:
    """What the station said of a dry run; `taken` is None where it refused to say more."""

    draft: Draft
    request: SendCommand
    taken: CommandTaken | None
    why: str
    t_ns: int

    @property
    def ok(self) -> bool:
        """Whether it would be taken as it is."""
        return self.taken is not None and not self.taken.wrong

    def fits(self, draft: Draft) -> bool:
        """Whether there is a packet, and it is that of a draft."""
        return self.taken is not None and self.draft == draft


@dataclass(slots=True)
class Orders:
    """The newest of everything about commands.

    Attributes:
        kinds, may: by spacecraft: its commands by path, and what we may do.
        routes: the ways to `routed`, the best first; None where they are not known.
        trouble: why the command service does not answer; "" while it does.
    """

    kinds: dict[str, dict[str, CommandKind]] = field(default_factory=dict)
    may: dict[str, frozenset[str]] = field(default_factory=dict)
    rows: dict[str, CommandRow] = field(default_factory=dict)
    authority: dict[str, AuthorityRow] = field(default_factory=dict)
    channels: list[messages.ChannelRow] = field(default_factory=list)
    contacts: messages.ContactsPlanned | None = None
    routes: messages.RoutesPlanned | None = None
    routed: str = ""
    judged: Judged | None = None
    trouble: str = "nothing heard of a command service yet"

    def receive(self, message: Any) -> None:
        """Take a fact or an answer; what is no news about commands changes nothing."""
        match message:
            case messages.CommandsChanged(commands=rows) | messages.CommandsListed(commands=rows):
                self._commands(rows)
            case messages.AuthorityChanged(rows=authority):
                self.authority |= {row.spacecraft: row for row in authority}
            case messages.AuthorityRead():
                self.authority = {row.spacecraft: row for row in message.rows}
                self.channels = message.channels
            case messages.CommandsDescribed():
                self.kinds[message.spacecraft] = {each.path: each for each in message.commands}
                self.may[message.spacecraft] = frozenset(message.may)
            case messages.ContactsPlanned():
                self.contacts = message
            case _:
                pass

    def holder(self, spacecraft: str) -> str:
        """Return who commands a spacecraft; "" for nobody."""
        row = self.authority.get(spacecraft)
        return row.holder if row else ""

    def way(self, spacecraft: str) -> Way | None:
        """Return the way that a command would take now; None where it is not known."""
        if self.routes is None or self.routed != spacecraft:
            return None
        return way(self.routes.routes)

    def queue(self) -> list[CommandRow]:
        """Return the commands that have not ended, the oldest first."""
        return sorted((row for row in self.rows.values() if not row.ended), key=_age)

    def history(self) -> list[CommandRow]:
        """Return all commands, the newest first."""
        return sorted(self.rows.values(), key=_age, reverse=True)

    def _commands(self, rows: Iterable[CommandRow]) -> None:
        for row in rows:
            before = self.rows.get(row.id)
            if before is None or len(row.steps) >= len(before.steps):  # facts overtake answers
                self.rows[row.id] = row
        ended = sorted((row for row in self.rows.values() if row.ended), key=_age)
        for row in ended[:-KEPT]:
            del self.rows[row.id]


def _age(row: CommandRow) -> tuple[int, str]:
    return row.accepted_ns, row.id
