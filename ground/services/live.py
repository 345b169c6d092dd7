"""The live processor without its sockets: journals in, an archive and messages out.

How it works: for each link a feed asks its gateway for the journal from where the archive is; what
comes goes through the chain and the watch at once; rows, cursors, alarms and limits that operators
changed are committed together, and only then is the journal acknowledged. After a restart some of
the journal is read again first (`recall`), to be in the state that was.

It owns no clock: `now` is TAI in ns and `monotonic` a clock that is never set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ground.alarms.acts import Act
from ground.alarms.overrides import Overrides
from ground.archive.embedded import EmbeddedStore
from ground.archive.journal_records import Records
from ground.columns import Counts
from ground.mdb.model import ScalarType
from ground.messages import (
    AcknowledgeJournal,
    Answered,
    EventRow,
    Level,
    ReadJournal,
    RecordsJournalled,
    RejectsFound,
    SetLimits,
    StageRow,
)
from ground.services import missions, noted
from ground.services.chain import Chain
from ground.services.crafts import Crafts
from ground.services.duplicates import Duplicates, Nothing
from ground.services.feed import Feed
from ground.services.keeper import Keeper
from ground.services.library import Library
from ground.services.outbox import Outbox
from ground.services.recent import Recent
from ground.services.receptions import Receptions, wanted
from ground.services.watch import Watch
from ground.settings import Link, Mission
from protocols.errors import DecodeError

SOURCE = "processor"
PIECE_OCTETS = 1 << 20  # of a journal that are taken in one go


@dataclass(slots=True)
class _Source:
    """One link's journal: its feed, and up to where an earlier run took it."""

    link: Link
    feed: Feed
    until: int


class Live:
    """The processor of one realm.

    Args:
        store: open for writing; nobody else writes this realm.
        links: those whose gateways are asked; all of the mission unless told.
    """

    def __init__(
        self, mission: Mission, store: EmbeddedStore, realm: str, links: tuple[Link, ...] = ()
    ) -> None:
        self.outbox = Outbox()
        self._keeper = Keeper(store, realm)
        self._crafts = missions.crafts(mission, Library(store))
        self.watch = Watch(mission, Overrides(_Known(self._crafts).type), self.outbox)
        self.refused = self.watch.restore(store.notes(realm))
        several = len(mission.links)
        self._chain = Chain(
            mission,
            self._crafts,
            Duplicates(store, realm, recent=Recent(links=several)).known,
            self.watch.observe,
            self.watch.recall,
            self._reject,
            self.watch.overrides,
            receptions=Receptions(store, realm) if wanted(mission) else None,
            recalling=Duplicates(Nothing(), realm, recent=Recent(links=several)).known,
        )
        self._sources = {each.name: self._source(each) for each in links or mission.links}
        self._stopped = ""
        self._moved: dict[str, int] = {}

    def _source(self, link: Link) -> _Source:
        position, anchor = self._keeper.cursor(link.name)
        return _Source(link, Feed(link.name, anchor), position)

    # ---- the journals -----------------------------------------------------------------------

    def questions(self, monotonic: int) -> list[ReadJournal]:
        """Return what to ask gateways for; nothing while the archive takes nothing."""
        if self._keeper.failed:
            return []
        asked = (source.feed.expire(monotonic) for source in self._sources.values())
        return [each for each in asked if each is not None]

    def receive(self, messages: Sequence[RecordsJournalled], monotonic: int) -> int:
        """Take what gateways sent; return how many octets of it were new.

        Each link's messages are taken as one: a piece costs the same whatever lies in it.

        Raises:
            DecodeError: one is no journal of ours; the others were taken.
        """
        taken: dict[str, list[Records]] = {}
        wrong: list[DecodeError] = []
        for message in messages:
            try:
                taken.setdefault(message.link, []).append(self._records(message, monotonic))
            except DecodeError as error:
                wrong.append(error)
        octets = sum(
            self._pieces(self._sources[link], Records.joined([each for each in parts if len(each)]))
            for link, parts in taken.items()
            if parts
        )
        if wrong:
            raise wrong[0]
        return octets

    def _records(self, message: RecordsJournalled, monotonic: int) -> Records:
        source = self._sources.get(message.link)
        if source is None:
            raise DecodeError(f"journal of an unknown link {message.link!r}", clause="journal")
        if self._keeper.failed:
            source.feed.pause()
            return Records.none()
        records = source.feed.receive(message, monotonic)
        if len(records) and message.journal < source.until:
            self._begin(source, message.journal, int(records.received_ns[-1]))
        return records

    def _begin(self, source: _Source, end: int, now: int) -> None:
        """Take all of a journal as new: it ends before where it was taken to, so it is another."""
        text = f"{source.link.name}: the journal ends at {end}, but was taken up to {source.until}"
        self._note("serious", "journal.replaced", text, now)
        source.until = 0

    def _pieces(self, source: _Source, records: Records) -> int:
        octets = len(records.octets)
        while len(records):
            piece = records.at_most(PIECE_OCTETS)
            records = records.rows(len(piece), len(records))
            self._take(source, piece)
        return octets

    def _take(self, source: _Source, records: Records) -> None:
        """Take records: those that an earlier run took are only recalled."""
        known = int((records.position < source.until).sum())
        if known:
            self._chain.recall(source.link.name, records.rows(0, known))
            records = records.rows(known, len(records))
        if len(records):
            name = source.link.name
            self._keeper.add(self._chain.receive(name, records))
            self._keeper.move(name, records.end, self._chain.anchor(name, records.end))
            if self._keeper.full:
                self.commit(int(records.received_ns[-1]))

    def commit(self, now: int) -> None:
        """Bring all that was taken into the archive."""
        rows, notes = self.watch.kept()
        for each in rows:
            self._keeper.add(each)
        self._keeper.note(notes)
        self._moved.update(self._keeper.commit())
        self._tell_of_disk(now)

    def acknowledgements(self) -> list[AcknowledgeJournal]:
        """Return what gateways may forget, since the last call."""
        moved, self._moved = self._moved, {}
        return [AcknowledgeJournal(link, position) for link, position in moved.items()]

    def _tell_of_disk(self, now: int) -> None:
        """Note once that the archive takes nothing, and once that it does again."""
        failed = self._keeper.failed
        if failed and not self._stopped:
            self._note("critical", "archive.stopped", failed, now)
        elif self._stopped and not failed:
            self._note("info", "archive.recovered", "the archive takes rows again", now)
        self._stopped = failed

    # ---- operators and time -----------------------------------------------------------------

    def act(self, request: Act | SetLimits, user: str, now: int) -> Answered:
        """Do what an operator asks for; what is answered as done is on disk."""
        if why := self._unkept(now):
            return Answered(False, f"nothing can be kept now: {why}")
        answer = self.watch.act(request, user, now)
        why = self._unkept(now)
        return Answered(False, f"done, but not kept yet: {why}") if answer.ok and why else answer

    def _unkept(self, now: int) -> str:
        """Commit, and return why the archive takes nothing, if so."""
        self.commit(now)
        return self.failed

    def expire(self, now: int) -> None:
        """Let time pass: shelvings end, and what is not heard becomes stale."""
        self.watch.expire(now)

    def correlate(self) -> None:
        """Tell and keep how spacecraft's clocks stand."""
        solved = [clock.solve() for clock in self.watch.clocks.values()]
        rows = [each for each in solved if each is not None]
        for row in rows:
            self.outbox.put(f"time/{row.spacecraft}", row)
        if rows:
            self._keeper.add({"clocks": noted.clocks(rows)})

    def keep(self, status: pa.Table) -> None:
        """Keep how a service is."""
        self._keeper.add({"status": status})

    # ---- how it is --------------------------------------------------------------------------

    @property
    def failed(self) -> str:
        """Why the archive takes nothing; "" where it does."""
        return self._keeper.failed

    def stages(self) -> list[StageRow]:
        """Return the counts of every stage of every link."""
        return [
            _row(f"{link}: {stage}", counts)
            for link, tally in self._chain.tallies.items()
            for stage, counts in tally.stages.items()
        ]

    def cursors(self) -> dict[str, int]:
        """Return how far each link's journal was taken."""
        return {name: source.feed.position for name, source in self._sources.items()}

    def queues(self) -> dict[str, int]:
        """Return the octets that wait: in the journals, and to be committed."""
        behind = {f"{name}: behind": each.feed.behind for name, each in self._sources.items()}
        return behind | {"archive": self._keeper.waiting}

    def samples(self) -> int:
        """Return how many values were stored."""
        return sum(tally.samples for tally in self._chain.tallies.values())

    def _reject(self, link: str, counts: Mapping[str, int]) -> None:
        self.outbox.put(f"rejects/{link}", RejectsFound(link, dict(counts)))

    def _note(self, severity: Level, kind: str, text: str, now: int) -> None:
        event = EventRow(now, SOURCE, "", severity, kind, text)
        self.watch.note([event], now)


@dataclass(frozen=True, slots=True)
class _Known:
    """Knows the parameters of each spacecraft."""

    crafts: Crafts

    def type(self, spacecraft: str, path: str) -> ScalarType | None:
        """Return the type of a parameter's column; None where there is none."""
        definition = self.crafts.definitions.get(spacecraft)
        if definition is None:
            return None
        columns = definition.plan.column_types.values()
        return next((types[path] for types in columns if path in types), None)


def _row(name: str, counts: Counts) -> StageRow:
    return StageRow(name, counts.given, counts.out, dict(counts.dropped))
