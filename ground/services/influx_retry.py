"""When to send again: a machine of three states; it decides and never waits, time is an argument.

    state     done        again               halt            expire, once due
    ready     ready       waiting (backs off) halted          -
    waiting   -           -                   -               ready
    halted    -           -                   -               ready

Each failure in a row doubles the wait, from half a second to a minute, or makes it as long as the
server asks. It goes on for ever: what waits lies in the archive. Halted means that somebody must
do something (a token, a bucket), so it tries again only every five minutes.
"""

from __future__ import annotations

from typing import Literal

from ground.archive.influx import Answer

SECOND_NS = 1_000_000_000
FIRST_NS = SECOND_NS // 2
LONGEST_NS = 60 * SECOND_NS
HALT_NS = 300 * SECOND_NS


class Retry:
    """Whether a request may be sent, and when the next one may."""

    def __init__(self) -> None:
        self.state: Literal["ready", "waiting", "halted"] = "ready"
        self.reason = ""
        self.failures = 0
        self._until = 0

    def receive(self, answer: Answer, now: int) -> None:
        """Take the answer to a request; bad lines are an answer like any other."""
        if answer.verdict in ("done", "bad"):
            self.state, self.reason, self.failures = "ready", "", 0
        elif answer.verdict == "halt":
            self.state, self.reason, self._until = "halted", answer.reason, now + HALT_NS
        else:
            self.state, self.reason = "waiting", answer.reason
            wait = min(LONGEST_NS, FIRST_NS << min(self.failures, 10))
            if answer.after_s is not None:
                wait = max(FIRST_NS, round(answer.after_s * SECOND_NS))
            self.failures += 1
            self._until = now + wait

    def expire(self, now: int) -> None:
        """Become ready where the wait is over; the reason stays until an answer is good."""
        if self.state != "ready" and now >= self._until:
            self.state = "ready"

    def deadline(self) -> int | None:
        """Return when the wait is over; None where there is none."""
        return None if self.state == "ready" else self._until
