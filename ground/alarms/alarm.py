"""The alarm machine of a realm: what samples, operators and time do to its alarms.

How it works: samples that turn (`turns`) and operators' acts (`acts`) go through one table
(`states`), and each gives the alarm another version, whose row is handed out. What depends on
samples depends on these alone, in the order in which they came: not on how they were batched, and
on no clock. So an archive that is replayed gives the same alarms, as far as no operator acted.

An alarm's id names when it was raised: it is a new alarm whenever its value goes out of limits
again. The alarm before it is then over; if nobody had acknowledged it, the new one keeps its worst
severity, so that nothing that was not seen disappears.

At most `capacity` alarms are held; beyond it, samples that would raise one are counted in `lost`.

Deviation: samples are taken as they come. One that was generated earlier than one before it
(stored telemetry, a clock that was set back) counts like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ground.alarms import acts, turns
from ground.alarms.acts import Act
from ground.alarms.held import Held
from ground.alarms.record import Record, Rule, Shelf, key
from ground.alarms.states import State, Step, after, asked
from ground.alarms.text import visible
from ground.alarms.turns import Sampled, Series, Turn
from ground.messages import (
    AcknowledgeAlarms,
    AlarmRow,
    Answered,
    AssignAlarms,
    ClearAlarms,
    EventRow,
    ShelveAlarms,
    UnshelveAlarms,
)

CAPACITY = 20_000  # alarms; about a kilobyte each


class Alarms:
    """The alarms of one realm.

    Args:
        rules: how alarms behave; the first that is about a parameter applies.
        capacity: the most alarms that are held.

    Attributes:
        lost: samples out of limits whose alarm found no room.
    """

    def __init__(self, rules: Iterable[Rule] = (), capacity: int = CAPACITY) -> None:
        self.lost = 0
        self._rules, self._capacity = tuple(rules), capacity
        self._held = Held()

    # ---- samples ----------------------------------------------------------------------------

    def judge(self, names: Sequence[str], batches: Iterable[Sampled]) -> list[AlarmRow]:
        """Return the alarms that samples changed, in the order in which they did so.

        Args:
            names: of spacecraft.
            batches: everything that was judged at once, each packet type's rows in a batch.
        """
        given = list(turns.series(names, batches, self._held.standing))
        if not given:
            return []
        room = self._capacity - len(self._held.records)
        every = sum(each.cells for each in given) > room and (
            sum(each.new(self._stands(each)) for each in given) > room
        )
        found = [turn for each in given for turn in each.turns(self._stands(each), every=every)]
        rows = [
            row for turn in sorted(found, key=lambda each: each[:3]) for row in self._turn(turn)
        ]
        for each in given:
            self._follow(each)
        return rows

    def _stands(self, series: Series) -> Mapping[int, int]:
        return self._held.standing.get(series.parameter, {}).get(series.spacecraft, {})

    def _turn(self, turn: Turn) -> list[AlarmRow]:
        """Take one sample; return the alarms that it changed."""
        series = turn.series
        name = key(series.spacecraft, series.parameter, series.element(turn.cell))
        record = self._held.records.get(name)
        standing = 0 if record is None else record.severity
        if turn.severity == standing:
            return []
        if not standing:
            return self._raise(record, turn)
        assert record is not None
        record.violations += series.count(turn.cell, turn.row)
        record.value = series.value(turn.cell, turn.row)
        record.severity, record.worst = turn.severity, max(record.worst, turn.severity)
        step = Step.WORSEN if turn.severity > standing else Step.IMPROVE
        step = step if turn.severity else Step.CONFORM
        self._go(record, after(record.state, step, record.latched), series.t_ns(turn.row))
        return [self._held.row(record)]

    def _raise(self, before: Record | None, turn: Turn) -> list[AlarmRow]:
        if before is None and len(self._held.records) >= self._capacity:
            self.lost += 1
            return []
        record = self._made(turn)
        turn.series.count(turn.cell, turn.row)
        over = [] if before is None else self._succeed(before, record)
        self._held.keep(record)
        return [*over, self._held.row(record)]

    def _succeed(self, before: Record, record: Record) -> list[AlarmRow]:
        """Let a new alarm take the place of one that is back to normal; return the latter's end."""
        assert after(before.state, Step.VIOLATE, before.latched) is record.state
        record.assigned_to, record.comment = before.assigned_to, before.comment
        if before.state is State.RETURNED:
            record.worst = max(record.worst, before.worst)
        if before.id == record.id:
            record.version = before.version + 1
            return []
        self._go(before, State.NORMAL, record.raised_ns)
        return [self._held.row(before)]

    def _made(self, turn: Turn) -> Record:
        series, type = turn.series, turn.series.type(turn.row)
        rule = self._rule(series.spacecraft, series.parameter)
        t_ns, value = series.t_ns(turn.row), series.value(turn.cell, turn.row)
        return Record(
            spacecraft=series.spacecraft,
            parameter=series.parameter,
            element=series.element(turn.cell),
            units="" if type is None else type.units,
            response="" if rule is None else rule.response,
            latched=rule is not None and rule.latch,
            raised_ns=t_ns,
            changed_ns=t_ns,
            severity=turn.severity,
            worst=turn.severity,
            value=value,
            trip=value,
        )

    def _rule(self, spacecraft: str, parameter: str) -> Rule | None:
        fitting = (rule for rule in self._rules if rule.is_about(spacecraft, parameter))
        return next(fitting, None)

    def _follow(self, series: Series) -> None:
        """Count the violations after the last turn of each alarm that is out of limits."""
        for element in list(self._stands(series)):
            cell = series.cell(element)
            row = series.last_violating(cell) if cell < series.cells else None
            if row is not None:
                record = self._held.records[key(series.spacecraft, series.parameter, element)]
                record.value = series.value(cell, row)
                record.violations += series.count(cell, row)
                self._held.keep(record)

    # ---- operators and time -----------------------------------------------------------------

    def act(
        self, request: Act, user: str, now: int
    ) -> tuple[Answered, list[AlarmRow], list[EventRow]]:
        """Do what an operator asks for, alarm by alarm.

        Returns:
            Whether it was done for all of them, and if not, why; the alarms that changed; and an
            event for each that was acted on, and one for what was refused.
        """
        reason = acts.refusal(request, now)
        if reason:
            return Answered(False, reason), [], [acts.refused(request, user, now, reason)]
        rows, events, refused = [], [], []
        for ref in request.alarms:
            record = self._held.records.get(ref.id.rpartition("|")[0])
            reason = acts.outdated(record, ref)
            if record is not None and not reason:
                reason = self._do(record, request, visible(user), now)
            if record is None or reason:
                refused.append(f"{ref.id}: {reason}")
                continue
            rows.append(self._held.row(record))
            events.append(acts.done(request, record, user, now))
        if not refused:
            return Answered(True), rows, events
        reason = acts.summary(refused, len(request.alarms))
        return Answered(False, reason), rows, [*events, acts.refused(request, user, now, reason)]

    def _do(self, record: Record, request: Act, user: str, now: int) -> str:
        """Act on one alarm; return why not, where it is refused."""
        state: State | str = record.state
        if isinstance(request, UnshelveAlarms) and record.key not in self._held.shelves:
            return "not shelved"
        if type(request) in _STEPS:
            state = asked(record.state, _STEPS[type(request)], record.latched)
        if not isinstance(state, State):
            return state
        if isinstance(request, AcknowledgeAlarms):
            record.acknowledged_by = user
        elif isinstance(request, AssignAlarms):
            record.assigned_to = visible(request.to.strip())
        elif isinstance(request, ShelveAlarms):
            shelf = Shelf(request.until_ns, user, acts.remark(request))
            self._held.shelve(record.key, shelf)
        elif isinstance(request, UnshelveAlarms):
            self._held.shelve(record.key, None)
        record.comment = acts.remark(request) or record.comment
        self._go(record, state, now)
        return ""

    def _go(self, record: Record, state: State, t_ns: int) -> None:
        """Bring an alarm into a state, which is a change of it even where it was in that state."""
        if state is State.UNACKNOWLEDGED:
            record.acknowledged_by = ""
        record.state, record.changed_ns = state, t_ns
        record.version += 1
        self._held.keep(record)

    def expire(self, now: int) -> list[AlarmRow]:
        """Take down what was shelved until now; return those alarms, announced anew."""
        shelves = self._held.shelves.items()
        over = sorted((shelf.until_ns, name) for name, shelf in shelves if shelf.until_ns <= now)
        rows = []
        for until_ns, name in over:
            self._held.shelve(name, None)
            record = self._held.records.get(name)
            if record is not None:
                self._go(record, after(record.state, Step.UNSHELVE, record.latched), until_ns)
                rows.append(self._held.row(record))
        return rows

    def deadline(self) -> int | None:
        """Return when the next shelving ends."""
        return min((shelf.until_ns for shelf in self._held.shelves.values()), default=None)

    # ---- as it stands -----------------------------------------------------------------------

    def rows(self) -> list[AlarmRow]:
        """Return every alarm that is held, by the time at which it was raised."""
        rows = [self._held.row(record) for record in self._held.records.values()]
        return sorted(rows, key=lambda row: (row.raised_ns, row.id))

    def state(self) -> dict[str, bytes | None]:
        """Return what changed since the last call, as octets by key; None for what is gone."""
        return self._held.state()

    def restore(self, state: Mapping[str, bytes]) -> dict[str, str]:
        """Take in what `state` gave; return why, for each key whose octets are refused."""
        return self._held.restore(state)


_STEPS: dict[type[Act], Step] = {
    AcknowledgeAlarms: Step.ACKNOWLEDGE,
    ClearAlarms: Step.CLEAR,
    UnshelveAlarms: Step.UNSHELVE,
}
