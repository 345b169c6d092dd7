"""Up to where each reader of a link has everything in its archive: before that may be forgotten.

It is kept beside the journal, so that after a restart a reader that is away still counts. A reader
counts by the name of its key, until that key is revoked.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from ground.link.reading import keep

FILE_NAME = "acknowledged.json"


class Acknowledged:
    """What readers of one link acknowledged."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._positions = _read(self._path)
        self._changed = False

    def take(self, user: str, position: int) -> None:
        """Note what a reader has; the last word counts, as it may have gone back to a copy."""
        self._changed |= self._positions.get(user) != position
        self._positions[user] = position

    def least(self, users: Collection[str]) -> int:
        """Return the position that all readers among these users have; 0 where none has said."""
        known = [at for user, at in self._positions.items() if user in users]
        return min(known, default=0)

    def keep(self) -> None:
        """Bring it onto the disk; where that is full, an older state stays."""
        if self._changed:
            self._changed = not keep(self._path, json.dumps(self._positions))


def _read(path: Path) -> dict[str, int]:
    try:
        return {str(user): int(at) for user, at in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
