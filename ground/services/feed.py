"""A link's journal as a processor reads it: asked for by position, taken once, asked for again.

How it works: the feed asks for octets from where it is, and for more when half of them have come.
Whatever breaks in between (the gateway, the wire, this process), it asks anew from where it is.
What comes twice is left out by its position, and what comes behind something that did not come is
not taken. So a cut of any length loses nothing, and nothing is taken twice.
"""

from __future__ import annotations

from ground.archive.journal_records import Records
from ground.messages import ReadJournal, RecordsJournalled

CREDIT = 4 << 20  # octets on their way at most
ASK_AGAIN_NS = 2 * 10**9  # without an answer


class Feed:
    """The journal of one link from a position on; `now` is a monotonic time in ns.

    Attributes:
        position: all before it was taken.
        behind: octets of the journal that have not come yet, as far as is known.
    """

    def __init__(self, link: str, position: int) -> None:
        self.link = link
        self.position = position
        self.behind = 0
        self._until = -1  # asked for up to here
        self._heard = 0  # when the last answer came, or the last question went

    def expire(self, now: int) -> ReadJournal | None:
        """Return what to ask for now, if anything."""
        silent = now - self._heard >= ASK_AGAIN_NS
        if self._until - self.position > CREDIT // 2 and not silent:
            return None
        self._until, self._heard = self.position + CREDIT, now
        return ReadJournal(self.link, self.position, CREDIT)

    def pause(self) -> None:
        """Ask for nothing more until `expire` is called again; what comes meanwhile is dropped."""
        self._until = -1

    def receive(self, message: RecordsJournalled, now: int) -> Records:
        """Return the records that are new, to be taken at once.

        Raises:
            DecodeError: columns that are no records.
        """
        if message.start > self.position:  # one before this was lost
            self.pause()
            return Records.none()
        records = Records.from_columns(message.columns).behind(self.position)
        self._heard = now
        self.position = max(self.position, message.end, records.end)
        self.behind = max(0, message.journal - self.position)
        return records
