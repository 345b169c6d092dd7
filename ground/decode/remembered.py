"""What a plug-in must know after a restart, as octets to be kept and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

LARGEST = 1 << 16  # octets


@runtime_checkable
class Remembers(Protocol):
    """A plug-in that goes on after a restart where it was; its state is plain values by name."""

    def state(self) -> Mapping[str, float | int | str | None]:
        """Return what it must know, however long ago it came."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` once gave."""


def packed(plugin: Remembers) -> bytes:
    """Return a plug-in's state as JSON; ValueError where it is too large."""
    made = json.dumps(dict(plugin.state())).encode()
    if len(made) > LARGEST:
        raise ValueError(f"a state of {len(made)} octets; expected {LARGEST} at most")
    return made


def unpacked(plugin: Remembers, octets: bytes) -> None:
    """Let a plug-in go on from a state."""
    plugin.restore(json.loads(octets))
