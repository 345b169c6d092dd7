"""Which services of a station run, and when one that has ended is started again.

How it works: services come in groups, started from the first and stopped from the last, one group
at a time, so that the gateway, which must miss nothing, is first up and last down. One that ends
is started again after a pause that doubles from 0.2 s to 30 s, for ever; after a minute of health
the pause is short again. One that does not stop when asked to is killed after 10 s.

It starts nothing itself: `expire` says what is to be done now, and `ended` is told what happened.
Times are monotonic ns.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FIRST_PAUSE_NS, LONGEST_PAUSE_NS = 200_000_000, 30_000_000_000
HEALTHY_NS = 60_000_000_000
PATIENCE_NS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done with a service now."""

    what: Literal["start", "terminate", "kill"]
    service: str


@dataclass(slots=True)
class Child:
    """How a service is.

    Attributes:
        starts: how often it was started.
        ended: why it ended the last time; "" where it never did.
        since: when it was started, while it runs.
        due: when it is to be started, while it does not run; None where never again.
        killed_at: when it is killed, if it has not ended by then.
    """

    name: str
    group: int
    starts: int = 0
    ended: str = ""
    since: int | None = None
    due: int | None = None
    killed_at: int | None = None
    pause_ns: int = FIRST_PAUSE_NS

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.since is not None

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return max(0, self.starts - 1)


class Supervision:
    """The services of a station, by group, to be started from `now` on."""

    def __init__(self, groups: Sequence[Sequence[str]], now: int) -> None:
        self.children = {
            name: Child(name, number, due=now)
            for number, group in enumerate(groups)
            for name in group
        }
        self.stopping = False

    @property
    def finished(self) -> bool:
        """Whether it was told to stop, and all have ended."""
        return self.stopping and not any(each.running for each in self.children.values())

    def ended(self, service: str, why: str, now: int) -> None:
        """Take note that a service ended, or could not be started."""
        child = self.children[service]
        if child.since is not None and now - child.since >= HEALTHY_NS:
            child.pause_ns = FIRST_PAUSE_NS
        child.since, child.killed_at, child.ended = None, None, why
        child.due = None if self.stopping else now + child.pause_ns
        child.pause_ns = min(2 * child.pause_ns, LONGEST_PAUSE_NS)

    def stop(self) -> None:
        """Let all end, group by group, and start none again."""
        self.stopping = True
        for child in self.children.values():
            child.due = None

    def expire(self, now: int) -> list[Act]:
        """Return what is to be done now; it is taken for done."""
        return self._ending(now) if self.stopping else self._starting(now)

    def deadline(self) -> int | None:
        """Return when `expire` has something to do next; None where it waits for an end."""
        times = [
            time
            for child in self.children.values()
            for time in (child.due, child.killed_at)
            if time is not None
        ]
        return min(times, default=None)

    def _starting(self, now: int) -> list[Act]:
        acts = []
        for child in self.children.values():
            if child.due is not None and child.due <= now:
                child.due, child.since = None, now
                child.starts += 1
                acts.append(Act("start", child.name))
        return acts

    def _ending(self, now: int) -> list[Act]:
        running = [child for child in self.children.values() if child.running]
        last = max((child.group for child in running), default=0)
        acts = []
        for child in running:
            if child.group < last:
                continue
            if child.killed_at is None:
                child.killed_at = now + PATIENCE_NS
                acts.append(Act("terminate", child.name))
            elif child.killed_at <= now:
                child.killed_at = now + PATIENCE_NS
                acts.append(Act("kill", child.name))
        return acts


def why(code: int) -> str:
    """Return in words how a process ended; negative codes are signals."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
