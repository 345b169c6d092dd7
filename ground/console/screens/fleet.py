"""The fleet, and one spacecraft by its packet types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ground.console.screens.page import GridPage
from ground.console.view import rows
from ground.console.view.parts import Cell
from ground.console.view.rows import Look
from ground.console.view.text import clean, since
from ground.messages import SpacecraftRow


class FleetPage(GridPage):
    """All spacecraft at a glance; opening one shows its packet types."""

    NAME, TITLE, DIGIT = "fleet", "Fleet", "2"
    COLUMNS = rows.SPACECRAFT

    def source(self) -> Sequence[SpacecraftRow]:
        """The spacecraft of which the station spoke last."""
        status = self.desk.model.status
        return status.spacecraft if status else ()

    def identify(self, item: SpacecraftRow) -> str:
        """Return its name."""
        return item.name

    def text(self, item: SpacecraftRow) -> str:
        """Return its name, status and stale packets."""
        return f"{item.name} {rows.standing(item, self.desk.look())} {' '.join(item.stale)}"

    def draw(self, item: SpacecraftRow, look: Look) -> Sequence[Cell]:
        """Return the row of a spacecraft."""
        return rows.spacecraft(item, look)

    def open(self) -> None:
        """Show the spacecraft under the cursor."""
        if self.grid.current is not None:
            self.desk.spacecraft, self.desk.packet_type = self.grid.current.name, ""
            self.desk.go("sat")


class SpacecraftPage(GridPage):
    """A spacecraft's packet types; opening one shows its parameters."""

    NAME, TITLE, DIGIT = "sat", "Spacecraft", "3"
    COLUMNS = rows.PACKETS

    def source(self) -> Sequence[Any]:
        """The packet types of the spacecraft that is chosen."""
        return rows.packets_of(self.desk.model, self.desk.spacecraft)

    def identify(self, item: Any) -> Any:
        """Return the packet type."""
        return item[0]

    def draw(self, item: Any, look: Look) -> Sequence[Cell]:
        """Return the row of a packet type."""
        return rows.packet(item, look)

    def crumbs(self) -> tuple[str, ...]:
        """Fleet, then the spacecraft."""
        return ("fleet", self.desk.spacecraft)

    def tell(self, listed: int, total: int) -> None:
        """Write how the spacecraft is."""
        status, look = self.desk.model.status, self.desk.look()
        here = status.spacecraft if status else ()
        row = next((each for each in here if each.name == self.desk.spacecraft), None)
        name = clean(self.desk.spacecraft) or "no spacecraft chosen"
        if row is None:
            self.say(f"{name}: {total} packet types")
            return
        sign = look.glyphs.status[rows.standing(row, look)]
        last = since(row.last_ns, look.now_ns)
        alarms = f"{row.alarms} alarms, {row.unacknowledged} not acknowledged"
        self.say(f"{sign} {name}: {row.rate:.1f} packets/s, last {last} ago, {alarms}")

    def open(self) -> None:
        """Show the parameters of the packet type under the cursor."""
        if self.grid.current is not None:
            self.desk.packet_type = self.grid.current[0]
            self.desk.go("params")
