"""The derived parameters that are installed, found by entry point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

import structlog

from ground.decode.derive import GROUP, Derived, Deriver
from ground.mdb.model import ScalarType

log = structlog.get_logger()
DATABASE = "derived"  # in place of a database's digest, in rows that plug-ins gave


@cache
def derived() -> tuple[type[Derived], ...]:
    """Return the classes of all plug-ins, by name of their entry points; each that works at all."""
    return tuple(loaded(sorted(entry_points(group=GROUP), key=lambda each: each.name)))


def loaded(found: Iterable[EntryPoint]) -> Iterator[type[Derived]]:
    """Yield the classes that entry points name; one that cannot be used is logged and left out."""
    for each in found:
        try:
            plugin = each.load()
            Deriver([plugin])
            _ = plugin.packets, plugin.inputs
        except Exception as error:  # whatever a plug-in does, the station goes on
            log.error("plugin.refused", name=each.name, why=f"{type(error).__name__}: {error}")
        else:
            yield plugin


@cache
def types() -> Mapping[str, Mapping[str, ScalarType]]:
    """Return the types of the columns of every derived packet type."""
    return Deriver(derived()).types()
