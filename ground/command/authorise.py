"""Who may do what about commands: one table of verbs and roles; what is not in it is denied.

A grant of the mission file gives an operator roles for spacecraft and groups. Deciding comes first:
before an argument is parsed, a packet encoded, or a look taken at what the spacecraft says. Roles
do not include each other; an operator who commands and looks has both.

* view: see commands, contacts, routes and the record.
* command: send, and all that concerns one's own commands and one's own authority.
* approve: be the second person for what somebody else asked for.
* direct: what reaches into the work of others, or past a safeguard: their commands and authority,
  constraints, the state of a COP-1 channel, the booking of relays.

That an operator also needs the authority over the spacecraft (`authority`), and is not the author
of what he approves (`approval`), is decided there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Literal, get_args

Role = Literal["view", "command", "approve", "direct"]
ROLES: tuple[Role, ...] = get_args(Role)
_NAME = re.compile(r"[^\x00-\x1f\x7f/]{1,80}")


class Verb(StrEnum):
    """What can be asked for."""

    LIST = "list"
    HISTORY = "history"
    DESCRIBE = "describe"
    CONTACTS = "contacts"
    ROUTE = "route"
    READ_AUTHORITY = "read_authority"
    DRY_RUN = "dry_run"
    SEND = "send"
    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"
    REORDER = "reorder"
    PRIORITY = "priority"
    REPEAT = "repeat"
    TAKE_AUTHORITY = "take_authority"
    GIVE_AUTHORITY = "give_authority"
    ACCEPT_AUTHORITY = "accept_authority"
    DROP_AUTHORITY = "drop_authority"
    APPROVE = "approve"
    CANCEL_OTHERS = "cancel_others"
    HOLD_OTHERS = "hold_others"
    RELEASE_OTHERS = "release_others"
    REORDER_OTHERS = "reorder_others"
    PRIORITY_OTHERS = "priority_others"
    URGENT = "urgent"  # priority 3, which passes all others
    OVERRIDE = "override"
    FORCE_AUTHORITY = "force_authority"
    DIRECTIVE = "directive"
    BOOK = "book"


_LOOK: frozenset[Role] = frozenset({"view", "command", "approve", "direct"})
_COMMAND: frozenset[Role] = frozenset({"command"})
_QUEUE: frozenset[Role] = frozenset({"command", "direct"})
_APPROVE: frozenset[Role] = frozenset({"approve"})
_DIRECT: frozenset[Role] = frozenset({"direct"})

TABLE: Mapping[Verb, frozenset[Role]] = MappingProxyType(
    {
        Verb.LIST: _LOOK,
        Verb.HISTORY: _LOOK,
        Verb.DESCRIBE: _LOOK,
        Verb.CONTACTS: _LOOK,
        Verb.ROUTE: _LOOK,
        Verb.READ_AUTHORITY: _LOOK,
        Verb.DRY_RUN: _QUEUE,
        Verb.SEND: _COMMAND,
        Verb.CANCEL: _QUEUE,
        Verb.HOLD: _QUEUE,
        Verb.RELEASE: _QUEUE,
        Verb.REORDER: _QUEUE,
        Verb.PRIORITY: _QUEUE,
        Verb.REPEAT: _COMMAND,
        Verb.TAKE_AUTHORITY: _QUEUE,
        Verb.GIVE_AUTHORITY: _QUEUE,
        Verb.ACCEPT_AUTHORITY: _QUEUE,
        Verb.DROP_AUTHORITY: _QUEUE,
        Verb.APPROVE: _APPROVE,
        Verb.CANCEL_OTHERS: _DIRECT,
        Verb.HOLD_OTHERS: _DIRECT,
        Verb.RELEASE_OTHERS: _DIRECT,
        Verb.REORDER_OTHERS: _DIRECT,
        Verb.PRIORITY_OTHERS: _DIRECT,
        Verb.URGENT: _DIRECT,
        Verb.OVERRIDE: _DIRECT,
        Verb.FORCE_AUTHORITY: _DIRECT,
        Verb.DIRECTIVE: _DIRECT,
        Verb.BOOK: _DIRECT,
    }
)
"""For each verb the roles of which one is enough."""
OTHERS: Mapping[Verb, Verb] = {
    Verb.CANCEL: Verb.CANCEL_OTHERS,
    Verb.HOLD: Verb.HOLD_OTHERS,
    Verb.RELEASE: Verb.RELEASE_OTHERS,
    Verb.REORDER: Verb.REORDER_OTHERS,
    Verb.PRIORITY: Verb.PRIORITY_OTHERS,
}
_KNOWN = frozenset(verb.value for verb in Verb)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one operator may do, and of whom: globs of spacecraft, or names of groups."""

    operator: str
    roles: frozenset[Role]
    spacecraft: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is granted; every reason why not."""

    granted: bool
    reasons: tuple[str, ...] = ()


def decide(
    verb: str,
    operator: str,
    spacecraft: str,
    grants: Sequence[Grant],
    groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Decision:
    """Return whether an operator may do something to a spacecraft.

    Args:
        verb: of `Verb`; one that is unknown is denied.
        spacecraft: its name; "" for something that concerns none, which any grant covers.
        groups: the spacecraft (globs) of each group that a grant may name.
    """
    roles = TABLE[Verb(verb)] if verb in _KNOWN else frozenset()
    own = [grant for grant in grants if operator and grant.operator == operator]
    about = [grant for grant in own if not spacecraft or covers(grant, spacecraft, groups)]
    if not roles:
        return _denied(f"there is no verb {verb[:40]!r}")
    if spacecraft and not _NAME.fullmatch(spacecraft):
        return _denied("that is no name of a spacecraft")
    if not own:
        return _denied(f"{operator or 'nobody'} has no grant to command")
    if not about:
        return _denied(f"{operator} has no grant for {spacecraft}")
    if any(grant.roles & roles for grant in about):
        return Decision(True)
    where = f" for {spacecraft}" if spacecraft else ""
    needed = " or ".join(sorted(roles))
    return _denied(f"{operator} has no role for {verb}{where}; it needs {needed}")


def concerning(verb: Verb, operator: str, author: str) -> Verb:
    """Return the verb for a command by its author: acts on others' commands have their own."""
    return verb if operator == author else OTHERS.get(verb, verb)


def covers(grant: Grant, spacecraft: str, groups: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a grant is for a spacecraft, by a glob or through the name of a group."""
    globs = [glob for each in grant.spacecraft for glob in groups.get(each, (each,))]
    return any(fnmatchcase(spacecraft, glob) for glob in globs)


def _denied(reason: str) -> Decision:
    return Decision(False, (reason,))
