"""The schedule on board: telecommands that wait for their time, in sub-schedules.

Deviation: it is enabled from the start, as is every sub-schedule that something is inserted into,
so that a mission without requests to enable has a schedule. Groups are not supported.

Source: ECSS-E-ST-70-41C §6.11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from protocols.errors import DecodeError
from protocols.pus import schedule
from protocols.pus.activities import Activity, ActivityId, Filter, Summary
from protocols.pus.profile import Profile
from protocols.pus.schedule import Subtype
from tools.simulator.world.refused import Code, Refused

CAPACITY = 1000  # activities
LARGEST = 4096  # octets of a telecommand that waits
ROWS = 12  # of one report, which is a packet

Answer = tuple[int, bytes]  # subtype and data of a report


class Timeline:
    """What waits, by its id."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.clear()

    def clear(self) -> None:
        """Forget everything, as after a restart of the computer or by request."""
        self.enabled = True
        self._disabled: set[int] = set()
        self._seen: set[int] = set()  # sub-schedules
        self._waiting: dict[ActivityId, Activity] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def next_ns(self) -> int | None:
        """Return when the next activity is due."""
        return min((each.release_ns for each in self._waiting.values()), default=None)

    def release(self, now: int) -> list[bytes]:
        """Return the telecommands whose time has come; those that are disabled are lost.

        Source: ECSS-E-ST-70-41C §6.11.4.3.
        """
        due = [key for key, each in self._waiting.items() if each.release_ns <= now]
        due.sort(key=lambda key: self._waiting[key].release_ns)
        taken = [self._waiting.pop(key) for key in due]
        return [
            each.telecommand
            for each in taken
            if self.enabled and each.sub_schedule not in self._disabled
        ]

    def handle(self, subtype: int, data: bytes, now: int) -> list[Answer]:
        """Do what a request of the service asks; return the reports that answer it.

        Raises:
            Refused: it cannot be done; nothing of it was.
        """
        try:
            message = schedule.decode(subtype, data, self._profile)
        except DecodeError:
            raise Refused(Code.DATA) from None
        match message:
            case schedule.Order():
                return self._order(message.subtype)
            case schedule.Insert():
                self._insert(message, now)
            case schedule.Select():
                return self._select(message.subtype, self._named(message.requests))
            case schedule.SelectByFilter():
                return self._select(message.subtype, self._passed(message.filter))
            case schedule.Shift():
                self._shift(self._named(message.requests), message.offset_ns, now)
            case schedule.ShiftByFilter():
                self._shift(self._passed(message.filter), message.offset_ns, now)
            case schedule.ShiftAll():
                self._shift(list(self._waiting), message.offset_ns, now)
            case schedule.Named():
                self._switch(message)
            case _:
                raise Refused(Code.TYPE)
        return []

    def _order(self, subtype: Subtype) -> list[Answer]:
        every = list(self._waiting)
        acts: dict[Subtype, Callable[[], list[Answer] | None]] = {
            Subtype.ENABLE: lambda: setattr(self, "enabled", True),
            Subtype.DISABLE: lambda: setattr(self, "enabled", False),
            Subtype.RESET: self._reset,
            Subtype.REPORT_ALL_DETAIL: lambda: self._detail(every),
            Subtype.REPORT_ALL_SUMMARY: lambda: self._summary(every),
            Subtype.REPORT_SUB_SCHEDULES: self._statuses,
        }
        if subtype not in acts:
            raise Refused(Code.TYPE)
        return acts[subtype]() or []

    def _reset(self) -> None:
        """Hold the schedule and delete all of it. Source: ECSS-E-ST-70-41C §6.11.5.3."""
        self.clear()
        self.enabled = False

    def _insert(self, message: schedule.Insert, now: int) -> None:
        try:
            made = {
                ActivityId.of(each.telecommand, self._profile): replace(
                    each, sub_schedule=message.sub_schedule
                )
                for each in message.activities
            }
        except DecodeError:
            raise Refused(Code.DATA) from None
        if any(each.release_ns <= now for each in made.values()):
            raise Refused(Code.LATE)
        if any(len(each.telecommand) > LARGEST for each in made.values()):
            raise Refused(Code.FULL)
        if len(self._waiting | made) > CAPACITY:
            raise Refused(Code.FULL)
        self._waiting |= made
        self._seen.add(message.sub_schedule)

    def _select(self, subtype: Subtype, chosen: list[ActivityId]) -> list[Answer]:
        if subtype in (Subtype.DELETE, Subtype.DELETE_BY_FILTER):
            for key in chosen:
                del self._waiting[key]
            return []
        if subtype in (Subtype.REPORT_DETAIL, Subtype.REPORT_DETAIL_BY_FILTER):
            return self._detail(chosen)
        return self._summary(chosen)

    def _shift(self, chosen: list[ActivityId], offset_ns: int, now: int) -> None:
        moved = {
            key: replace(self._waiting[key], release_ns=self._waiting[key].release_ns + offset_ns)
            for key in chosen
        }
        if any(each.release_ns <= now for each in moved.values()):
            raise Refused(Code.LATE)
        self._waiting |= moved

    def _switch(self, message: schedule.Named) -> None:
        ids = set(message.ids) or set(self._seen)
        if message.subtype is Subtype.ENABLE_SUB_SCHEDULES:
            self._disabled -= ids
        elif message.subtype is Subtype.DISABLE_SUB_SCHEDULES:
            self._disabled |= ids
        else:
            raise Refused(Code.TYPE)

    def _named(self, ids: Iterable[ActivityId]) -> list[ActivityId]:
        chosen = list(dict.fromkeys(ids))
        if any(key not in self._waiting for key in chosen):
            raise Refused(Code.UNKNOWN)
        return chosen

    def _passed(self, given: Filter) -> list[ActivityId]:
        return [
            key
            for key, each in self._waiting.items()
            if (given.from_ns is None or given.from_ns <= each.release_ns)
            and (given.to_ns is None or each.release_ns <= given.to_ns)
            and (not given.sub_schedules or each.sub_schedule in given.sub_schedules)
        ]

    def _detail(self, chosen: list[ActivityId]) -> list[Answer]:
        reports = []
        for at in range(0, len(chosen), ROWS) or (0,):
            rows = tuple(self._waiting[key] for key in chosen[at : at + ROWS])
            made = schedule.DetailReport(rows)
            reports.append((int(made.subtype), made.encode(self._profile)))
        return reports

    def _summary(self, chosen: list[ActivityId]) -> list[Answer]:
        reports = []
        for at in range(0, len(chosen), ROWS) or (0,):
            rows = tuple(
                Summary(self._waiting[key].release_ns, key, self._waiting[key].sub_schedule)
                for key in chosen[at : at + ROWS]
            )
            made = schedule.SummaryReport(rows)
            reports.append((int(made.subtype), made.encode(self._profile)))
        return reports

    def _statuses(self) -> list[Answer]:
        rows = tuple((each, each not in self._disabled) for each in sorted(self._seen))
        made = schedule.Statuses(Subtype.SUB_SCHEDULES, rows)
        return [(int(made.subtype), made.encode(self._profile))]
