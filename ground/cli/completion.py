"""What a shell offers while a command line is typed, as the running station knows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ground.api import Station

PATIENCE_S = 0.5


def spacecraft(context: typer.Context, incomplete: str) -> list[str]:
    """Return the spacecraft that begin so."""
    return _asked(context, lambda station: station.describe().spacecraft, incomplete)


def commands(context: typer.Context, incomplete: str) -> list[str]:
    """Return the commands of the spacecraft before it that begin so."""
    name = str(context.params.get("spacecraft") or "")
    return _asked(
        context, lambda station: [each.name for each in station.commands(name).commands], incomplete
    )


def waiting(context: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of commands that wait."""
    return _asked(context, lambda station: [each.id for each in station.queue()], incomplete)


def _asked(context: typer.Context, question: Any, incomplete: str) -> list[str]:
    """Return the answers that begin so; none where no station answers at once."""
    from ground.api import Station
    from ground.errors import GroundError

    home, realm = context.params.get("home"), context.params.get("realm") or "live"
    try:
        with _connected(Station, home, str(realm)) as station:
            found = question(station)
    except GroundError:
        return []
    return [each for each in found if each.startswith(incomplete)]


def _connected(station: type[Station], home: Path | None, realm: str) -> Station:
    return station.connect(home, realm, timeout_s=PATIENCE_S)
