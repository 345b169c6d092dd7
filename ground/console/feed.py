"""What the console needs of a station: `ground.api.client.Client`, or in tests a frozen one.

Requests and facts are those of `ground.messages`. Everything returns at once: what has come since
is fetched by `receive`, an answer carries the number that `send` gave the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

KINDS = (
    *("alarms/changed", "events/raised", "replay/moved"),
    *("commands/changed", "authority/changed"),
)
"""Facts to hear without asking."""


class Arrived(Protocol):
    """A fact; `request` is the number of what it answers, 0 for news.

    Below 0 it is no word of the station: the request could not go out.
    """

    @property
    def request(self) -> int: ...
    @property
    def message(self) -> Any: ...


class Feed(Protocol):
    """A connection to the station for one realm, made anew by itself where it breaks.

    Attributes:
        user, role: whose key it is, as far as it is known; role is view, operate, admin or "".
        connected: whether the station answers; what is sent meanwhile may be lost.
    """

    @property
    def realm(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def connected(self) -> bool: ...

    def send(self, request: Any) -> int:
        """Send a request to whichever service answers it; return its number, never 0."""
        ...

    def receive(self) -> Sequence[Arrived]:
        """Return what has come since; never waits."""
        ...

    def close(self) -> None: ...
