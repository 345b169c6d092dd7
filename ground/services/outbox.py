"""Messages that wait to be published, with the topic of each behind its realm."""

from __future__ import annotations

from typing import Any


class Outbox:
    """Takes messages in their order and gives them out."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Any]] = []

    def put(self, topic: str, message: Any) -> None:
        """Take a message; the topic is without its realm, as `alarms/changed`."""
        self._waiting.append((topic, message))

    def take(self) -> list[tuple[str, Any]]:
        """Give out all that waits."""
        taken, self._waiting = self._waiting, []
        return taken
