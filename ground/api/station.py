"""A station for scripts: each call waits for its answer, and says so where none comes.

with Station.connect() as station:
    for sample in station.watch([("CG-1", "/CG1/EPS/BUS_VOLTAGE", -1)]):
        print(sample.t_ns, sample.value)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from ground import clock, messages
from ground.api.asking import ending
from ground.api.client import Client
from ground.api.commanding import Commanding
from ground.api.samples import Row, Sample, samples
from ground.errors import Refused
from ground.messages import AlarmRef, AlarmRow, Answered, EventRow, MissionDescribed, StatusRead
from ground.wire import Envelope

SECOND_NS = 10**9
TREND_S = 60.0  # that reading a long trend may take
Ranges = dict[str, tuple[float | None, float | None]]


class Station(Commanding):
    """A connection to a station; make it by `connect`, and close it or use it with `with`.

    Every call raises NotReachable where the station does not answer in time, Refused where it
    answers that it will not, with its reason, and InputError where the request itself is wrong.
    """

    def __init__(self, client: Client, timeout_s: float) -> None:
        super().__init__(client, timeout_s)
        self._viewport = 0

    # ---- questions --------------------------------------------------------------------------

    def describe(self) -> MissionDescribed:
        """Return the mission's spacecraft and parameters."""
        return self._ask(messages.DescribeMission(), MissionDescribed)

    def status(self) -> StatusRead:
        """Return the last report of every service, and the spacecraft at a glance."""
        return self._ask(messages.ReadStatus(), StatusRead)

    def alarms(self) -> list[AlarmRow]:
        """Return the alarms there are.

        worst = max(station.alarms(), key=lambda alarm: alarm.severity)
        """
        return self._ask(messages.ListAlarms(), messages.AlarmsListed).alarms

    def events(self, limit: int = 500) -> list[EventRow]:
        """Return the newest events, newest last."""
        return self._ask(messages.ListEvents(limit), messages.EventsListed).events

    def trend(
        self,
        spacecraft: str,
        parameter: str,
        *,
        element: int = -1,
        start_ns: int,
        end_ns: int | None = None,
        bins: int = 200,
    ) -> messages.Columns:
        """Return minimum, mean, maximum and count over equal spans, until now by default.

        hour = station.trend("CG-1", "/CG1/EPS/BUS_VOLTAGE", start_ns=now_ns() - 3600 * 10**9)
        hour["mean"].max()
        """
        end_ns = clock.now_ns() if end_ns is None else end_ns
        asked = messages.ReadTrend(spacecraft, parameter, element, start_ns, end_ns, bins)
        return self._ask(asked, messages.TrendRead, max(self._timeout_s, TREND_S)).columns

    # ---- what goes on -----------------------------------------------------------------------

    def watch(
        self, rows: Sequence[Row], rate_hz: float = 2.0, *, timeout_s: float | None = None
    ) -> Iterator[Sample]:
        """Yield the newest values of rows (spacecraft, path, element or -1), again as they change.

        Between two of them the station may have had more; displays see what is new, not all there
        was: for that, `subscribe`. Ends after `timeout_s`, if one is given.
        """
        self._viewport += 1
        number, end = self._viewport, ending(timeout_s)
        self.client.watch(number, rows, rate_hz)
        try:
            for envelope in self._envelopes(end):
                message = envelope.message
                if isinstance(message, messages.ViewportChanged) and message.viewport == number:
                    yield from samples(message, rows)
                elif isinstance(message, Answered) and not message.ok:
                    raise Refused(message.reason)
        finally:
            self.client.watch(number, [])

    def subscribe(self, *, timeout_s: float | None = None) -> Iterator[Envelope]:
        """Yield the facts of the kinds that were named in `connect`, each with its topic and time.

            with Station.connect(kinds=["events", "parameters/CG1/EPS"]) as station:
                for envelope in station.subscribe():
                    print(envelope.topic, envelope.message)

        What did not come is counted in `missed`. Ends after `timeout_s`, if one is given.
        """
        for envelope in self._envelopes(ending(timeout_s)):
            if envelope.seq:
                yield envelope

    # ---- acts -------------------------------------------------------------------------------

    def acknowledge(self, alarms: Iterable[AlarmRow], comment: str = "") -> None:
        """Acknowledge alarms as they were read; one that changed since is refused."""
        self._act(messages.AcknowledgeAlarms(_references(alarms), comment))

    def shelve(self, alarms: Iterable[AlarmRow], minutes: float, reason: str) -> None:
        """Keep alarms quiet for a time."""
        until_ns = clock.now_ns() + round(minutes * 60 * SECOND_NS)
        self._act(messages.ShelveAlarms(_references(alarms), until_ns, reason))

    def unshelve(self, alarms: Iterable[AlarmRow]) -> None:
        """Let shelved alarms be heard again."""
        self._act(messages.UnshelveAlarms(_references(alarms)))

    def clear(self, alarms: Iterable[AlarmRow]) -> None:
        """Let go of latched alarms whose value is back within its limits."""
        self._act(messages.ClearAlarms(_references(alarms)))

    def comment(self, alarms: Iterable[AlarmRow], comment: str) -> None:
        """Write something beside alarms."""
        self._act(messages.CommentAlarms(_references(alarms), comment))

    def assign(self, alarms: Iterable[AlarmRow], to: str) -> None:
        """Say who takes care of alarms."""
        self._act(messages.AssignAlarms(_references(alarms), to))

    def set_limits(
        self, spacecraft: str, parameter: str, ranges: Ranges | None, reason: str
    ) -> None:
        """Set other limits, by level, kept over restarts; None goes back to the database's.

        station.set_limits("CG-1", "/CG1/EPS/BUS_VOLTAGE", {"warning": (26.0, None)}, "eclipse")
        """
        self._act(messages.SetLimits(spacecraft, parameter, ranges, reason))

    def control_link(self, link: str, act: Literal["enable", "disable", "reset"]) -> None:
        """Enable, disable or reset a link of this machine's gateway."""
        self._act(messages.ControlLink(link, act))

    def control_replay(
        self,
        act: Literal["pause", "resume", "step", "seek", "rate", "loop", "stop"],
        value: float = 0.0,
        t_ns: int = 0,
    ) -> None:
        """Steer a replay; `value` is a rate, or 1 and 0 for loop, `t_ns` a time to seek."""
        self._act(messages.ControlReplay(act, value, t_ns))


def _references(alarms: Iterable[AlarmRow]) -> list[AlarmRef]:
    return [AlarmRef(each.id, each.version) for each in alarms]
