"""One link of a gateway: what it receives is in the journal before anybody else sees it.

What a full or failing disk refuses is lost only where the link cannot give it again; it is
counted, and the link says `failed` and why until the journal takes records again.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from pathlib import Path

from ground.archive import journal
from ground.archive.journal import Journal, JournalError, Reader, Records
from ground.link.managed import ManagedLink
from ground.messages import LinkRow, StageRow

_TAIL_OCTETS = 4 << 20  # of the newest records, kept in memory for those who read along


class Tail:
    """The newest records of a journal, in memory."""

    def __init__(self) -> None:
        self._kept: list[Records] = []
        self._ends: list[int] = []  # of each, so that a position is found by halves
        self._octets = 0

    def add(self, records: Records) -> None:
        """Keep the next records; the oldest go."""
        self._kept.append(records)
        self._ends.append(records.end)
        self._octets += len(records.octets)
        oldest = 0
        while self._octets > _TAIL_OCTETS and oldest < len(self._kept) - 1:
            self._octets -= len(self._kept[oldest].octets)
            oldest += 1
        del self._kept[:oldest], self._ends[:oldest]

    def read(self, position: int, limit_octets: int) -> Records | None:
        """Return records from a position on; None where the position lies before them."""
        if not self._kept or position < self._kept[0].position[0]:
            return None
        parts: list[Records] = []
        for each in islice(self._kept, bisect_right(self._ends, position), None):
            left = each.behind(position)
            taken = left.at_most(limit_octets)
            if parts and len(taken.octets) > limit_octets:
                break
            parts.append(taken)
            limit_octets -= len(taken.octets)
            if limit_octets <= 0 or len(taken) < len(left):
                break
        return Records.joined(parts)


class Intake:
    """A link, its journal, and what of it is still in memory.

    Attributes:
        acknowledged: the position before which every known reader has all in its archive.
        failure: why the journal takes nothing now; "" while it does.
    """

    def __init__(self, line: ManagedLink, folder: Path) -> None:
        self.line = line
        self.journal = Journal(folder)
        self.tail = Tail()
        self.acknowledged = 0
        self.failure = ""
        self._started_at = self.journal.end
        self._hole = False  # octets were lost since the last record
        self._unsynced = False  # the last sync failed

    def receive(self, now: int, received_ns: int) -> bool:
        """Take what came in; return whether there is anything new in the journal."""
        chunks = self.line.receive(now)
        if not chunks:
            return False
        begins = [each.begins for each in chunks]
        begins[0] = begins[0] or self._hole
        octets = [each.octets for each in chunks]
        records = Records.of(self.journal.end, received_ns, octets, begins)
        try:
            self.journal.append(records)
        except JournalError as error:
            self.failure = str(error)
            if self.journal.end < records.end:
                self._hole |= self.line.lost(chunks, "disk", self.failure)
                return False
        else:
            self.failure = ""
        self._hole = False
        self.line.kept(chunks, now, received_ns)
        self.tail.add(records)
        return True

    def sync(self) -> None:
        """Bring what was taken onto the disk, and let the link remember that."""
        try:
            self.journal.sync()
        except JournalError as error:
            self.failure, self._unsynced = str(error), True
            self.line.trouble(self.failure)
            return
        if self._unsynced:
            self.failure, self._unsynced = "", False
            self.line.trouble("")
        self.line.receiver.settle()

    def jump(self, position: int) -> None:
        """Go on at a position that a reader has stored and this journal never gave.

        It is another journal's: the folder was lost, or brought back from a copy. What came since
        the start is given new positions behind it, as the reader would take it for known.
        """
        since = journal.read(self.journal.folder, self._started_at, _TAIL_OCTETS)
        self.journal.jump(position)
        self._started_at = position
        if len(since):
            shifted = since.moved(position - int(since.position[0]))
            self.journal.append(shifted)
            self.tail.add(shifted)

    def read(self, reader: Reader, position: int, limit_octets: int) -> Records:
        """Return records from a position on, out of memory or the files."""
        if position >= self.journal.end:
            return Records.none()
        recent = self.tail.read(position, limit_octets)
        return recent if recent is not None else reader.read(position, limit_octets)

    def row(self, gateway: str, now: int) -> LinkRow:
        """Return how the link is."""
        line = self.line
        return LinkRow(
            name=line.name,
            gateway=gateway,
            kind=line.kind,
            address=line.receiver.address,
            state=line.state,
            detail=line.detail,
            records=line.records,
            octets=line.octets,
            dropped=line.all_dropped(),
            rate_bps=line.rate_bps(now),
            reconnects=line.receiver.reconnects,
            last_ns=line.last_ns,
            position=self.journal.end,
            acknowledged=self.acknowledged,
        )

    def stage(self) -> StageRow:
        """Return the counts of the link's records: received = journalled + dropped."""
        line = self.line
        return StageRow(f"link {line.name}", line.all_given, line.records, line.all_dropped())

    def close(self) -> None:
        """Bring all of it onto the disk; JournalError where the disk refuses."""
        self.sync()
        self.line.close()
        self.journal.close()
