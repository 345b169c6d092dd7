"""Links and stages with their counters, whose sums are checked; and the services behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from ground.console.screens.page import GridPage, table
from ground.console.view import rows
from ground.console.view.alarms import matches
from ground.console.view.parts import Cell, Table
from ground.console.view.rows import Look
from ground.console.widgets.livegrid import LiveGrid
from ground.messages import LinkRow, ServiceReported, StageRow


class LinksPage(GridPage):
    """Links above, stages of all services below; tab goes from one to the other."""

    NAME, TITLE, DIGIT = "links", "Links", "7"
    COLUMNS = rows.LINKS
    EMPTY = "no link"
    DEFAULT_CSS = "LinksPage LiveGrid { height: 1fr; } LinksPage #stages { height: 2fr; }"

    def compose(self) -> ComposeResult:
        """Caption, links, stages."""
        yield from super().compose()
        self.stages = LiveGrid(self.desk.palette, id="stages")
        yield self.stages

    def source(self) -> Sequence[LinkRow]:
        """The links of all gateways."""
        status = self.desk.model.status
        return [link for each in status.services for link in each.links] if status else []

    def identify(self, item: LinkRow) -> tuple[str, str]:
        """Return gateway and link."""
        return (item.gateway, item.name)

    def draw(self, item: LinkRow, look: Look) -> Sequence[Cell]:
        """Return the row of a link."""
        return rows.link(item, look)

    def paint(self) -> None:
        """Show both tables; the caption says whether every sum adds up."""
        look, every = self.desk.look(), self._stages()
        links = [each for each in self.source() if matches(self.text(each), self.words)]
        stages = [each for each in every if matches(f"{each[0]} {each[1].name}", self.words)]
        self.grid.show(table(self, links, look))
        self.stages.show(_stages(stages, look))
        wrong = sum(not each.balanced for _, each in every)
        sums = f"{wrong} of {len(every)} sums DO NOT ADD UP" if wrong else "all sums add up"
        told = f"{len(links)} links, {len(every)} stages" + ("" if wrong else f", {sums}")
        self.say(told, f" {sums} " if wrong else "")

    def _stages(self) -> list[tuple[str, StageRow]]:
        status = self.desk.model.status
        services = status.services if status else []
        return [(each.service, stage) for each in services for stage in each.stages]


class ServicesPage(GridPage):
    """The services of the station: their state, and what waits in them."""

    NAME, TITLE, DIGIT = "services", "Services", ""
    COLUMNS = rows.SERVICES

    def source(self) -> Sequence[tuple[ServiceReported, int]]:
        """The last report of each service."""
        status = self.desk.model.status
        return list(zip(status.services, status.reported_ns, strict=False)) if status else []

    def identify(self, item: Any) -> str:
        """Return the service's name."""
        return str(item[0].service)

    def draw(self, item: Any, look: Look) -> Sequence[Cell]:
        """Return the row of a service."""
        return rows.service(item, look)


def _stages(stages: list[tuple[str, StageRow]], look: Look) -> Table:
    return Table(
        rows.STAGES,
        stages,
        lambda item: (item[0], item[1].name),
        lambda item: rows.stage(item, look),
        "no stage",
    )
