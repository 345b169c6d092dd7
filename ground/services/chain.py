"""Journal records in, tables and observations out: the one way from octets to values of a realm.

The live processor, a replay and a test under a virtual clock all drive it. It owns no clock, no
socket and no archive; what was known before comes in as a function.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.alarms.judge import Judge
from ground.alarms.overrides import Overrides
from ground.archive import schemas
from ground.archive.journal_records import Records
from ground.services import findings, missions
from ground.services.crafts import Crafts
from ground.services.duplicates import Duplicates, Nothing
from ground.services.line import Line
from ground.services.meant import Clock, Judged
from ground.services.processing import Known, Observer, Processor
from ground.services.received import Controls
from ground.services.recent import Recent
from ground.services.receptions import TABLE as FRAMES
from ground.services.receptions import Receptions
from ground.services.tally import Tally
from ground.settings import Link, Mission
from protocols.packet import Packets

Tables = dict[str, pa.Table]
Chosen = Callable[[Packets], NDArray[np.bool_]]
"""Says which packets are wanted."""

Rejects = Callable[[str, Mapping[str, int]], None]
"""Is told of a link's rejects, by "stage: reason"."""


Heed = Callable[[Controls, Clock], None]
"""Is told of control fields."""

Hear = Callable[[Packets, Clock], None]
"""Is told of packets as they were received."""


@dataclass(slots=True)
class _Route:
    """A link's line, and what its packets become."""

    line: Line
    processor: Processor
    crafts: Crafts
    source: str


class Chain:
    """The links of a mission at work in one realm.

    Args:
        crafts: the spacecraft of the mission with their definitions.
        known: says which packets are in the archive already.
        observer: is told of all new packets of a call.
        recalled: is told of what `recall` finds, which was new to an earlier run.
        rejects: is told of what did not become packets.
        overrides: limits that operators changed.
        chosen: says which packets are wanted; all are unless told.
        receptions: notes which link received which frame, where there is more than one.
        recalling: says which packets a recall found before, over another link.
        controls: is told of the operational control fields of each link's frames, and of when
            their octets were received.
        packets: is told of all packets of a call, known ones too.
    """

    def __init__(
        self,
        mission: Mission,
        crafts: Crafts,
        known: Known,
        observer: Observer,
        recalled: Observer = lambda _: None,
        rejects: Rejects | None = None,
        overrides: Overrides | None = None,
        chosen: Chosen | None = None,
        receptions: Receptions | None = None,
        recalling: Known | None = None,
        controls: Heed = lambda *_: None,
        packets: Hear = lambda *_: None,
    ) -> None:
        self._controls, self._packets = controls, packets
        self._known, self._recalling = known, recalling
        self._receptions = receptions
        self._observer, self._recalled = observer, recalled
        self._silent = False
        self._rejects, self._chosen = rejects, chosen
        self._routes: dict[str, _Route] = {}
        judge = Judge()
        recent = Recent(links=len(mission.links))
        wholes = Duplicates(Nothing(), "", recent=recent)
        for link in mission.links:
            line = Line(link, Tally(), noting=receptions is not None)
            mine = _crafts_of(mission, link, crafts)
            processor = Processor(
                mine,
                self._is_known,
                line.tally,
                judge,
                self._told,
                overrides,
                again=False,
                joined=wholes.known,
            )
            self._routes[link.name] = _Route(line, processor, mine, f"journal/{link.name}")

    @property
    def tallies(self) -> dict[str, Tally]:
        """What was seen, by link."""
        return {name: route.line.tally for name, route in self._routes.items()}

    def receive(self, link: str, records: Records) -> Tables:
        """Return what records of a link add to the archive, by table."""
        route = self._routes[link]
        parts: list[Tables] = []
        for received in route.line.receive(records):
            clock = route.line.clock
            if received.controls is not None and len(received.controls):
                self._controls(received.controls, clock)
            if len(received.packets):
                self._packets(received.packets, clock)
                parts.append(self.play(link, received.packets, clock))
            parts.append(
                findings.found(received, route.crafts, route.source, route.line.tally, clock)
            )
            if received.heard and self._receptions is not None and not self._silent:
                noted = self._receptions.note(received.heard, route.crafts, route.source, clock)
                parts.append({FRAMES: noted})
            if self._rejects is not None and received.rejected:
                self._rejects(link, _counted([(r.stage, r.reason) for r in received.rejected]))
        return joined(parts)

    def recall(self, link: str, records: Records) -> None:
        """Take records that an earlier run received: come into its state, and give nothing."""
        rejects, self._rejects, self._silent = self._rejects, None, True
        try:
            self.receive(link, records)
        finally:
            self._rejects, self._silent = rejects, False
        self._routes[link].line.tally.clear()

    def play(self, link: str, packets: Packets, clock: Clock) -> Tables:
        """Return what packets give that come, or come again, over a link."""
        route = self._routes[link]
        if self._chosen is not None:
            packets = packets.take(self._chosen(packets))
        return route.processor.process(packets, route.source, clock)

    def anchor(self, link: str, position: int) -> int:
        """Return from where a link's journal is read again after a restart at `position`."""
        return self._routes[link].line.anchor(position)

    def _told(self, judged: list[Judged]) -> None:
        """Pass on what is new, or was once."""
        (self._recalled if self._silent else self._observer)(judged)

    def _is_known(self, packets: pa.Table) -> NDArray[np.bool_]:
        if not self._silent:
            return self._known(packets)
        if self._recalling is None:
            return np.zeros(len(packets), np.bool_)
        return self._recalling(packets)


def joined(parts: list[Tables]) -> Tables:
    """Return tables of the same name put end to end; empty ones are left out."""
    named: dict[str, list[pa.Table]] = {}
    for part in parts:
        for name, table in part.items():
            if table.num_rows:
                named.setdefault(name, []).append(table)
    return {name: schemas.together(several) for name, several in named.items()}


def _crafts_of(mission: Mission, link: Link, crafts: Crafts) -> Crafts:
    """Return the spacecraft of a link; packets without frames are all of one."""
    if link.frame != "packets":
        return crafts
    mine = copy.copy(crafts)
    mine.only = missions.whose(mission, None)
    return mine


def _counted(found: list[tuple[str, str]]) -> dict[str, int]:
    names = [f"{stage}: {reason}" for stage, reason in found]
    return {name: names.count(name) for name in dict.fromkeys(names)}
