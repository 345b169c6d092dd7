"""An archive and a server of tests' own, to see what a sender makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

from ground.archive.embedded import EmbeddedStore
from ground.archive.influx import Answer
from ground.archive.influx_state import CursorFile, RejectFile
from ground.services.influx_feed import Feed
from ground.services.influx_sender import Sender
from tests.ground.archive.samples import housekeeping

HK = "/CG1/HK"
SECOND = 1_000_000_000
DONE = Answer("done", status=204)
BUSY = Answer("again", "HTTP 503: busy", 503)
BAD = Answer("bad", "HTTP 400: unable to parse", 400)


@dataclass(slots=True)
class FakeServer:
    """Keeps lines by series and time, as InfluxDB does; `answers` are given before any other."""

    answers: list[Answer] = field(default_factory=list)
    refuses: Callable[[bytes], bool] = lambda line: False
    keeps_unanswered: bool = False
    bodies: list[bytes] = field(default_factory=list)
    rows: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)

    def send(self, body: bytes) -> Answer:
        """Take lines, or say why not."""
        self.bodies.append(body)
        answer = self.answers.pop(0) if self.answers else DONE
        lines = body.splitlines()
        if answer.verdict == "done" and any(self.refuses(line) for line in lines):
            return BAD
        if answer.verdict == "done" or self.keeps_unanswered:
            for line in lines:
                head, _, rest = line.partition(b" ")
                fields, _, stamp = rest.rpartition(b" ")
                self.rows[head, stamp] = fields
        return answer

    def of(self, measurement: str) -> list[bytes]:
        """Return the fields of a measurement's rows, by series and time."""
        named = measurement.encode() + b","
        return [self.rows[key] for key in sorted(self.rows) if key[0].startswith(named)]


def sender(
    store: EmbeddedStore,
    server: FakeServer,
    folder: Path,
    content: Literal["summary", "samples"] = "samples",
) -> Sender:
    """Return a sender that goes on where the cursor in this folder says."""
    cursor = CursorFile(folder / "main.json", "here")
    feed = Feed(store, "live", content, cursor.read())
    return Sender(feed, server, cursor, RejectFile(folder / "main.rejects"))


def drain(sender: Sender, now: int = 0, utc_ns: int = 1 << 62, *, finish: bool = True) -> None:
    """Step until there is nothing more to do at this moment."""
    while sender.step(now, utc_ns, finish=finish):
        pass


def append(store: EmbeddedStore, start: int, rows: int, craft: str = "CG-1") -> pa.Table:
    """Append housekeeping, one row a second."""
    table = housekeeping(craft, rows, start)
    store.append("live", {HK: table})
    return table
