"""A console's side of the conversation: what it asks for, when, and what it takes in.

A machine driven by `tick(now_ns)`: after a connection was made (again) it asks for everything anew;
status each second, the list of alarms each ten as a remedy for anything missed. Each set of rows
is watched under a number of its own, so that a late answer for rows that have scrolled away cannot
land on others. Only `act` sends what changes the station, and only what a person has confirmed.
"""

from __future__ import annotations

from typing import Any

from ground import messages
from ground.console.commanding import Commanding
from ground.console.feed import Arrived, Feed
from ground.console.model import Key, Model

SECOND_NS = 1_000_000_000
STATUS_NS, ALARMS_NS = SECOND_NS, 10 * SECOND_NS
SILENT_NS = 5 * SECOND_NS  # without a word from the station it counts as lost


class Session:
    """Feed and model together; `answers` are those to acts, as (what it was, answer)."""

    def __init__(self, feed: Feed, now_ns: int, *, rate_hz: float = 2.0) -> None:
        self.feed, self.model = feed, Model(feed.realm)
        self.commanding = Commanding(feed)
        self.rate_hz = rate_hz
        self.answers: list[tuple[str, messages.Answered]] = []
        self._heard_ns = now_ns
        self._status_ns = self._alarms_ns = -STATUS_NS * 100
        self._greeted = False
        self._acts: dict[int, str] = {}
        self._trends: dict[int, tuple[Key, int]] = {}
        self._cleared = 0

    def tick(self, now_ns: int) -> int:
        """Take in what has come and ask for what is due; return how many facts came."""
        arrived = self.feed.receive()
        if any(each.request >= 0 for each in arrived):
            self._heard_ns = now_ns
        for each in arrived:
            self._take(each, now_ns)
        self._notice(now_ns)
        self._ask(now_ns)
        if self.model.cleared != self._cleared:
            self._anew()
        return len(arrived)

    def watch(self, rows: list[Key]) -> None:
        """Watch exactly these rows, where they are not watched already."""
        if rows == self.model.watched:
            return
        before = self.model.viewport
        self.model.watch(before + 1, rows)
        if before:
            self.feed.send(messages.WatchViewport(before, [], self.rate_hz))
        if rows:
            self.feed.send(messages.WatchViewport(before + 1, rows, self.rate_hz))

    def pace(self, rate_hz: float) -> None:
        """Have the rows that are watched sent at another rate."""
        if rate_hz != self.rate_hz:
            self.rate_hz = rate_hz
            self._rewatch()

    def trend(self, key: Key, start_ns: int, end_ns: int, bins: int, now_ns: int) -> None:
        """Ask for the trend of a row, unless an answer for it may still come."""
        late = [number for number, (_, at) in self._trends.items() if now_ns - at > SILENT_NS]
        for number in late:
            del self._trends[number]
        if self.model.lost_ns is None and all(key != asked for asked, _ in self._trends.values()):
            number = self.feed.send(messages.ReadTrend(*key, start_ns, end_ns, bins))
            self._trends[number] = key, now_ns

    def act(self, request: Any, what: str) -> None:
        """Send what an operator has confirmed; `what` names it when the answer comes."""
        if isinstance(request, messages.ControlReplay) and request.act == "seek":
            self.model.clear()
        self._acts[self.feed.send(request)] = what

    def _take(self, arrived: Arrived, now_ns: int) -> None:
        if self.commanding.take(arrived, now_ns):
            return
        self._trends.pop(arrived.request, None)
        if isinstance(arrived.message, messages.Answered):
            what = self._acts.pop(arrived.request, None)
            if what is not None:
                self.answers.append((what, arrived.message))
            elif not arrived.message.ok and arrived.request >= 0:
                self.answers.append(("a question of the console", arrived.message))
        else:
            self.model.receive(arrived.message, now_ns)

    def _notice(self, now_ns: int) -> None:
        """Notice that the station is lost, or heard again."""
        connected = self.feed.connected
        if not connected or now_ns - self._heard_ns > SILENT_NS:
            self.model.lose(self._heard_ns)
            self._greeted = self._greeted and connected
            self._give_up()
        elif self.model.lost_ns is not None:
            self.model.lost_ns = None
            self._rewatch()

    def _give_up(self) -> None:
        """Stop waiting for answers, and say so of the acts among them."""
        reason = "the connection was lost before an answer came: look whether it was done"
        self.answers += [(what, messages.Answered(False, reason)) for what in self._acts.values()]
        self._acts.clear()
        self._trends.clear()
        self.commanding.give_up()

    def _ask(self, now_ns: int) -> None:
        if not self.feed.connected:
            return
        if not self._greeted:
            self._greeted = True
            self._anew()
            self._alarms_ns = now_ns
            self.commanding.anew()
        elif now_ns - self._alarms_ns >= ALARMS_NS:
            self._alarms_ns = now_ns
            self.feed.send(messages.ListAlarms())
        if now_ns - self._status_ns >= STATUS_NS:
            self._status_ns = now_ns
            self.feed.send(messages.ReadStatus())
        self.commanding.tick(now_ns)

    def _anew(self) -> None:
        """Ask for everything: at first, after a break, and after a jump in time."""
        self._cleared = self.model.cleared
        digest = self.model.mission.digest if self.model.mission else ""
        for request in (messages.DescribeMission(digest), messages.ListAlarms()):
            self.feed.send(request)
        self.feed.send(messages.ListEvents())
        self._rewatch()

    def _rewatch(self) -> None:
        if self.model.watched:
            rows = self.model.watched
            self.feed.send(messages.WatchViewport(self.model.viewport, [], self.rate_hz))
            self.model.watch(self.model.viewport + 1, rows)
            self.feed.send(messages.WatchViewport(self.model.viewport, rows, self.rate_hz))
