"""A station in one process under a virtual clock: journals, a processor, an archive on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ground import settings
from ground.archive import journal
from ground.archive.embedded import EmbeddedStore
from ground.archive.journal_records import Records
from ground.messages import AlarmRow, AlarmsChanged, RecordsJournalled
from ground.services.live import Live
from ground.settings import Mission

REALM = "live"
MESSAGE_OCTETS = 64 << 10


@dataclass
class VirtualStation:
    """A processor that can be stopped and killed at any moment; its journals stay."""

    root: Path
    mission: Mission = field(default_factory=lambda: settings.find("chenguang1"))
    now: int = 0
    messages: list[tuple[str, Any]] = field(default_factory=list)
    live: Live | None = None
    store: EmbeddedStore | None = None

    def journal(self, link: str) -> Path:
        return self.root / "journal" / link

    def record(self, link: str, records: Records) -> None:
        """Let a gateway write what it received."""
        writer = journal.Journal(self.journal(link))
        writer.append(records)
        writer.close()

    def start(self) -> Live:
        self.store = EmbeddedStore.open(self.root / "archive", write=True)
        self.live = Live(self.mission, self.store, REALM)
        return self.live

    def kill(self) -> None:
        """End as kill -9 does: what was not committed is gone."""
        assert self.store is not None
        self.store.close()
        self.live = self.store = None

    def turn(self, limit: int = MESSAGE_OCTETS) -> int:
        """Let the processor ask and the gateway answer once; return the octets taken."""
        assert self.live is not None
        taken = 0
        self.now += 3 * 10**9  # so that it asks again
        for question in self.live.questions(self.now):
            folder = self.journal(question.link)
            if not folder.exists():
                continue
            records = journal.read(folder, question.position, min(limit, question.credit))
            end = max(records.end, question.position)
            whole = journal.span(folder)
            message = RecordsJournalled(
                question.link, question.position, end, whole.end if whole else 0, records.columns()
            )
            taken += self.live.receive([message], self.now)
        self.messages += self.live.outbox.take()
        return taken

    def run(self) -> None:
        """Take all that the journals hold, and commit it."""
        while self.turn():
            pass
        assert self.live is not None
        self.live.commit(self.now)
        self.messages += self.live.outbox.take()

    def alarms(self) -> list[AlarmRow]:
        """Every change of an alarm that was told."""
        told = [each for _, each in self.messages if isinstance(each, AlarmsChanged)]
        return [row for message in told for row in message.alarms]

    def table(self, name: str) -> pa.Table:
        with EmbeddedStore.open(self.root / "archive", write=False) as store:
            return store.read(REALM, name)

    def telemetry(self, without: tuple[str, ...] = ("received",)) -> dict[str, Any]:
        """Everything in the archive but what tells where it was read from."""
        with EmbeddedStore.open(self.root / "archive", write=False) as store:
            found = {}
            for info in store.tables(REALM):
                table = store.read(REALM, info.name)
                apart = [c for c in ("source", "offset", *without) if c in table.column_names]
                found[info.name] = table.drop_columns(apart).to_pylist()
        return found
