"""The thread that feeds an InfluxDB: it may wait for a server while the service reports on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import structlog

from ground import clock
from ground.archive.embedded import EmbeddedStore
from ground.archive.influx import Destination
from ground.archive.influx_sink import Sink
from ground.archive.influx_state import CursorFile, RejectFile
from ground.errors import GroundError
from ground.services.influx_feed import Feed
from ground.services.influx_sender import Sender
from protocols import times

PERIOD_NS = 5_000_000_000
IDLE_S = 0.2
AGAIN_S = 5.0  # after the archive or the disk failed
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """What to send where, and what is kept of it on disk.

    Attributes:
        name: of the destination, as the mission file calls it.
        once: end when all that is there has been sent.
    """

    name: str
    archive: Path
    realm: str
    destination: Destination
    content: Literal["summary", "samples"]
    cursor: CursorFile
    rejects: Path
    once: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How it goes, as the thread last said. Counts are of this run; a change replaces it whole."""

    state: str = "starting"
    detail: str = ""
    given: int = 0
    out: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    serial: int = 0
    behind: int = 0
    waiting: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)


class Worker(threading.Thread):
    """Sends until told to stop, or, for a job that is done once, until it is done."""

    def __init__(self, job: Job, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__(name=f"influx-{job.name}", daemon=True)
        self.progress = Progress()
        self._job = job
        self._now = monotonic_ns
        self._ending = threading.Event()

    def stop(self) -> None:
        """Ask it to end after the request that it waits for."""
        self._ending.set()

    def run(self) -> None:
        """Send; where the archive or the disk fails, say so and begin again from the cursor."""
        while not self._ending.is_set():
            try:
                self._session()
            except GroundError as error:
                self._say(Progress("failed", str(error)))
                self._ending.wait(AGAIN_S)

    def _session(self) -> None:
        job = self._job
        sink = Sink(job.destination)
        with EmbeddedStore.open(job.archive, write=False) as store:
            feed = Feed(store, job.realm, job.content, job.cursor.read())
            sender = Sender(feed, sink, job.cursor, RejectFile(job.rejects), PERIOD_NS)
            try:
                self._send(sender)
            finally:
                sink.close()

    def _send(self, sender: Sender) -> None:
        while not self._ending.is_set():
            utc_ns = int(times.tai_to_utc_ns(clock.now_ns()))
            more = sender.step(self._now(), utc_ns, finish=self._job.once)
            self._say(progress(sender))
            if more:
                continue
            if self._job.once and sender.idle and not sender.feed.behind():
                self._ending.set()
            self._ending.wait(IDLE_S)

    def _say(self, new: Progress) -> None:
        """Show how it is, and log what changed."""
        old, self.progress = self.progress, new
        if (new.state, new.detail) != (old.state, old.detail):
            log.info("influx.state", name=self._job.name, state=new.state, detail=new.detail)
        rejected = new.dropped.get("rejected", 0)
        if rejected > old.dropped.get("rejected", 0):
            file = str(self._job.rejects)
            log.warning("influx.rejected", name=self._job.name, lines=rejected, file=file)


def progress(sender: Sender) -> Progress:
    """Return how a sender is."""
    tally, feed, retry = sender.tally, sender.feed, sender.retry
    untimed = feed.dropped["no time"]
    dropped = dict(tally.rows.dropped)
    if untimed:
        dropped["no time"] = dropped.get("no time", 0) + untimed
    figures: dict[str, float] = {
        "fields": tally.fields,
        "octets": tally.octets,
        "requests": tally.requests,
    }
    figures |= {f"left out: {kind}": n for kind, n in tally.left_out.dropped.items()}
    if feed.dropped["archive damaged"]:
        figures["archive damaged"] = feed.dropped["archive damaged"]
    states = {"ready": "running", "waiting": "waiting", "halted": "failed"}
    return Progress(
        states["halted" if retry.state == "halted" else "waiting" if retry.reason else "ready"],
        retry.reason or feed.damage or tally.rejected,
        tally.rows.given + untimed,
        tally.rows.out,
        dropped,
        sender.serial,
        feed.behind(),
        feed.waiting,
        figures,
    )
