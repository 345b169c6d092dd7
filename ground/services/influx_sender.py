"""From the archive to an InfluxDB: one request at a time, the cursor after the answer.

What waits lies in the archive, so an outage of any length costs nothing here: in memory are the
lines of one request and the rows that they are made of. A crash between an answer and the cursor
sends a round again, which changes nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ground.archive import influx_sink
from ground.archive.influx import Answer
from ground.archive.influx_lines import Lines
from ground.archive.influx_state import CursorFile, RejectFile
from ground.columns import Counts
from ground.services.influx_feed import ROUND_ENTRIES, Feed, Piece
from ground.services.influx_retry import Retry


class Sink(Protocol):
    """Where lines go."""

    def send(self, body: bytes) -> Answer: ...


@dataclass(slots=True)
class Tally:
    """What was sent. `rows` counts rows: out are those that the server took."""

    rows: Counts = field(default_factory=Counts)
    left_out: Counts = field(default_factory=Counts)  # values that no line can carry, by kind
    fields: int = 0
    octets: int = 0
    requests: int = 0
    rejected: str = ""  # the last reason


class Sender:
    """Feeds one destination; call `step` again at once while it returns True.

    Args:
        feed, sink, cursor, rejects: where rows come from and go to, and what is kept on disk.
        period_ns: from the start of a round to the next, where it has caught up. Reading the end of
            an archive costs the same for one second of rows as for five.
    """

    def __init__(
        self,
        feed: Feed,
        sink: Sink,
        cursor: CursorFile,
        rejects: RejectFile,
        period_ns: int = 0,
    ) -> None:
        self.feed = feed
        self.retry = Retry()
        self.tally = Tally()
        self.serial = feed.read
        self._sink = sink
        self._cursor = cursor
        self._rejects = rejects
        self._period_ns = period_ns
        self._next_round = 0
        self._round: Iterator[Piece] | None = None
        self._lines: Lines | None = None
        self._parts: list[tuple[int, int]] = []  # of the lines, still to be sent; the next one last

    @property
    def idle(self) -> bool:
        """Whether nothing is being sent or tried again."""
        return self._round is None

    def step(self, now: int, utc_ns: int, *, finish: bool = False) -> bool:
        """Send at most one request; return whether there may be more to do at once.

        Args:
            now, utc_ns, finish: as for `Feed.round`.
        """
        self.retry.expire(now)
        if self.retry.state != "ready":
            return False
        if self._round is None:
            if now < self._next_round and not finish and self.feed.behind() < ROUND_ENTRIES:
                return False
            self._round = self.feed.round(now, utc_ns, finish=finish)
            self._next_round = now + self._period_ns
        if not self._parts:
            some = self._advance()
            if not self._parts:
                return some
        self._send(now)
        return self.retry.state == "ready"

    def _advance(self) -> bool:
        """Go on in the round to the next lines to send; return whether it had anything."""
        assert self._round is not None
        some = False
        for piece in self._round:
            some = True
            if piece.lines is None:
                self._reached(piece.serial)
            else:
                self._start(piece.lines)
                if self._parts:
                    return True
        self._round = None
        return some

    def _start(self, lines: Lines) -> None:
        """Make these lines the ones to send, and count what has no line."""
        rows = self.tally.rows
        for kind, number in lines.left_out.items():
            if kind in ("time", "field"):
                rows.given += number
                rows.drop(f"no {kind}", number)
            else:
                self.tally.left_out.given += number
                self.tally.left_out.drop(kind, number)
        self._lines, self._parts = lines, [(0, len(lines))] if len(lines) else []

    def _send(self, now: int) -> None:
        assert self._lines is not None
        start, stop = self._parts[-1]
        body = self._lines.body(start, stop)
        answer = self._sink.send(body)
        self.tally.requests += 1
        self.retry.receive(answer, now)
        if answer.verdict == "done":
            self._parts.pop()
            self._count(stop - start, len(body))
        elif answer.verdict == "bad":
            self._parts.pop()
            self._split(start, stop, body, answer)

    def _count(self, lines: int, octets: int) -> None:
        assert self._lines is not None
        self.tally.rows.given += lines
        self.tally.rows.out += lines
        self.tally.octets += octets
        self.tally.fields += round(self._lines.fields * lines / len(self._lines))

    def _split(self, start: int, stop: int, body: bytes, answer: Answer) -> None:
        """Send halves of lines among which are bad ones; keep one that is bad alone."""
        lines = stop - start
        if lines == 1 or influx_sink.dropped(answer) == lines:
            self._rejects.add(body, answer.reason)
            self.tally.rows.given += lines
            self.tally.rows.drop("rejected", lines)
            self.tally.rejected = answer.reason
            return
        middle = start + lines // 2
        self._parts += [(middle, stop), (start, middle)]

    def _reached(self, serial: int) -> None:
        if serial > self.serial:
            self._cursor.write(serial)
            self.serial = serial
