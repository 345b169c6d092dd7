"""What a realm makes of judged packets: alarms, events, staleness, clocks, messages for displays.

The live processor and a replay each have one. It owns no clock and no socket; what it has to tell
is taken out of it: messages at once, rows and notes with the next commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ground.alarms import limits
from ground.alarms.acts import Act
from ground.alarms.alarm import Alarms
from ground.alarms.events import OnBoard
from ground.alarms.judge import Judge
from ground.alarms.overrides import Overrides
from ground.alarms.stale import Stale
from ground.alarms.turns import Sampled
from ground.columns import Batch, Column
from ground.decode import derive
from ground.decode.correlate import Correlator
from ground.decode.derive import Derived, DerivedBatch, Deriver
from ground.messages import (
    AlarmRow,
    AlarmsChanged,
    Answered,
    EventRow,
    EventsRaised,
    SetLimits,
    StaleChanged,
    StaleRow,
)
from ground.services import noted, plugins, tables, telling
from ground.services.chain import Tables
from ground.services.meant import Judged
from ground.services.outbox import Outbox
from ground.settings import Mission

Ints = NDArray[np.int64]
Notes = dict[str, bytes | None]


@dataclass(slots=True)
class Watch:
    """The machines of one realm.

    Args:
        wanted: says whether anybody listens to a packet type; what nobody hears is not made.
    """

    mission: Mission
    overrides: Overrides
    outbox: Outbox
    wanted: Callable[[str], bool] = lambda _: True
    alarms: Alarms = field(init=False)
    stale: Stale = field(init=False)
    onboard: OnBoard = field(init=False)
    plugins: Sequence[type[Derived]] = field(default_factory=plugins.derived)
    deriver: Deriver = field(init=False)
    judge: Judge = field(default_factory=Judge)  # of derived parameters
    clocks: dict[str, Correlator] = field(default_factory=dict)
    rows: list[Tables] = field(default_factory=list)
    _settled: bool = False  # whether plug-ins go on where an earlier run ended

    def __post_init__(self) -> None:
        self.alarms = Alarms(self.mission.alarms)
        self.stale = Stale(self.mission.stale)
        self.onboard = OnBoard(self.mission.events)
        self.deriver = Deriver(self.plugins)

    def observe(self, judged: list[Judged]) -> None:
        """Take the new packets of a call."""
        if not self._settled:
            self._settled = True
            self.deriver.settle()
        newest = max(int(each.received_ns.max()) for each in judged)
        derived = list(self._derived(judged))
        if derived:
            self.rows.append({each.batch.packet_type: tables.telemetry(each) for each in derived})
        every = [*judged, *derived]
        self._alarmed(self.alarms.judge(judged[0].names, map(_sampled, every)), newest)
        for each in every:
            packet_type = each.batch.packet_type
            if self.wanted(packet_type):
                self.outbox.put(f"parameters{packet_type}", telling.parameters(each))
            self.note(self._events(each), newest)
            self._heard(each)

    def recall(self, judged: list[Judged]) -> None:
        """Take packets that an earlier run took, for what is remembered of them."""
        for each in [*judged, *([] if self._settled else self._derived(judged))]:
            self._heard(each)

    def act(self, request: Act | SetLimits, user: str, now: int) -> Answered:
        """Do what an operator asks for; `now` is TAI."""
        if isinstance(request, SetLimits):
            answer, events = self.overrides.set(request, user, now)
        else:
            answer, rows, events = self.alarms.act(request, user, now)
            self._alarmed(rows, now)
        self.note(events, now)
        return answer

    def expire(self, now: int) -> None:
        """Let time pass: shelvings end, and what is not heard becomes stale. `now` is TAI."""
        self._alarmed(self.alarms.expire(now), now)
        self._stale(self.stale.expire(now))

    def note(self, events: list[EventRow], received_ns: int) -> None:
        """Tell of events and keep them."""
        if events:
            self.outbox.put("events/raised", EventsRaised(events))
            self.rows.append({"events": noted.events(events, received_ns)})

    def kept(self) -> tuple[list[Tables], Notes]:
        """Return the rows and notes since the last call, for the archive."""
        rows, self.rows = self.rows, []
        derived = self.deriver.state() if self._settled else {}
        return rows, {**self.alarms.state(), **self.overrides.state(), **derived}

    def restore(self, notes: dict[str, bytes]) -> dict[str, str]:
        """Take in the notes of an earlier run; return what was refused, and why."""
        limits = {key: each for key, each in notes.items() if key.startswith("limits/")}
        rest = {key: each for key, each in notes.items() if key.startswith(("alarm/", "shelf/"))}
        self.deriver.restore({k: each for k, each in notes.items() if k.startswith(derive.NOTE)})
        return {**self.overrides.restore(limits), **self.alarms.restore(rest)}

    def _derived(self, judged: list[Judged]) -> Iterator[Judged]:
        """Yield what plug-ins make of these packets, judged like any other."""
        for each in judged:
            for made in self.deriver.derive(
                each.batch.packet_type,
                each.names,
                each.spacecraft,
                each.t_ns,
                each.batch.raw,
                each.values if self._feeds(each) else {},
            ):
                yield self._judged(each.take(made.rows), made)

    def _feeds(self, judged: Judged) -> bool:
        return any(each.packets == judged.batch.packet_type for each in self.plugins)

    def _judged(self, origin: Judged, made: DerivedBatch) -> Judged:
        rows = len(made.rows)
        batch = Batch(
            made.packet_type,
            np.arange(rows),
            made.columns,
            np.zeros(rows, np.uint8),
            np.zeros(rows, np.int64),
        )
        craft, t_ns = origin.spacecraft, origin.t_ns
        levels = self.judge.judge(made.types, made.columns, {}, t_ns, craft)
        levels = self.overrides.judge(
            made.types, made.columns, {}, t_ns, origin.names, craft, levels
        )
        return replace(
            origin,
            batch=batch,
            types=made.types,
            database=plugins.DATABASE,
            calibrate=lambda columns: columns,
            flags=batch.flags,
            levels=levels,
            severity=limits.worst(levels, rows),
        )

    def _alarmed(self, rows: list[AlarmRow], received_ns: int) -> None:
        if rows:
            self.outbox.put("alarms/changed", AlarmsChanged(rows))
            self.rows.append({"alarms": noted.alarms(rows, received_ns)})

    def _stale(self, rows: list[StaleRow]) -> None:
        if rows:
            self.outbox.put("stale/changed", StaleChanged(rows))

    def _events(self, judged: Judged) -> list[EventRow]:
        packet_type = judged.batch.packet_type
        if self.onboard.rule(packet_type) is None:
            return []
        return self.onboard.read(
            packet_type,
            judged.types,
            judged.names,
            judged.spacecraft,
            judged.t_ns,
            judged.received_ns,
            judged.batch.raw,
            judged.values,
        )

    def _heard(self, judged: Judged) -> None:
        """Note when each spacecraft was heard, and what its clock said."""
        for code in np.unique(judged.spacecraft).tolist():
            name, rows = judged.names[code], judged.spacecraft == code
            received_ns = judged.received_ns[rows]
            packet_type = judged.batch.packet_type
            self._stale(self.stale.receive(name, packet_type, int(received_ns.max())))
            self._clock(name, judged.t_ns[rows], received_ns, judged.timed[rows])

    def _clock(self, name: str, t_ns: Ints, received_ns: Ints, timed: NDArray[np.bool_]) -> None:
        """Hold a spacecraft's clock against ours: of each batch the packet that came soonest.

        The correlation rests on the least delays, so the others would tell it nothing.
        """
        rows = np.flatnonzero(timed & (received_ns > 0))
        if len(rows):
            soonest = rows[[np.argmin(received_ns[rows] - t_ns[rows])]]
            clock = self.clocks.setdefault(name, Correlator(name))
            clock.receive(t_ns[soonest], received_ns[soonest])


def _sampled(judged: Judged) -> Sampled:
    return Sampled(
        judged.types,
        judged.order,
        judged.spacecraft,
        judged.t_ns,
        judged.received_ns,
        judged.severities,
        _Values(judged),
        judged.severity,
    )


class _Values(Mapping[str, Column]):
    """Engineering columns that are worked out only if an alarm turns, which is seldom."""

    def __init__(self, judged: Judged) -> None:
        self._judged = judged

    def __getitem__(self, path: str) -> Column:
        return self._judged.values[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._judged.values)

    def __len__(self) -> int:
        return len(self._judged.values)
