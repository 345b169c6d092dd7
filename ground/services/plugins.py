"""The derived parameters that are installed, found by entry point."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from ground.decode.derive import GROUP, Derived, Deriver
from ground.mdb.model import ScalarType

DATABASE = "derived"  # in place of a database's digest, in rows that plug-ins gave


@cache
def derived() -> tuple[type[Derived], ...]:
    """Return the classes of all plug-ins, by name of their entry points."""
    return tuple(each.load() for each in sorted(entry_points(group=GROUP), key=lambda e: e.name))


@cache
def types() -> Mapping[str, Mapping[str, ScalarType]]:
    """Return the types of the columns of every derived packet type."""
    return Deriver(derived()).types()
