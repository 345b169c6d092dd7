"""What a spacecraft is expected to say about each command, and what it did say: verdicts.

A command is released with its checks (`checks`), each with a window. A stage has passed when all
of its checks have; COMPLETED when all checks of all stages have. A report of ST[01] implies those
before it, which may have got lost on the way down. A check whose window is over is late, which is
a verdict; when nothing more can come in time the command is UNCERTAIN. It is listened for still,
as a late report tells what happened all the same.

Reports name a request by APID and sequence count, of which there are 16384. So the newest release
of that count that was made before the report is meant, and a report that is older than all of them
is about none.

Source: ECSS-E-ST-70-41C §6.1 (request verification); XTCE 1.2 `CheckWindowType`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ground.command.checks import REPORTS, Check, Report
from ground.command.constraints import Lookup
from ground.command.deadlines import Deadlines
from ground.command.life import ORDER, Stage

REMEMBERED_NS = 24 * 3600 * 10**9  # after the last window, for reports that come late
SKEW_NS = 5 * 10**9  # by which a spacecraft's clock may be behind ours
MOST = 200_000  # commands that are listened for


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about one stage of a command, and how.

    The stage UNCERTAIN with the verdict late says that nothing more is expected in time.
    """

    command: str
    stage: Stage
    verdict: Literal["passed", "failed", "late"]
    source: str
    at_ns: int
    detail: str = ""
    late: bool = False


@dataclass(slots=True)
class _Awaited:
    """A check, from when its window counts (None: not known yet), and what became of it."""

    check: Check
    since_ns: int | None
    passed: bool = False
    late: bool = False

    @property
    def closes_ns(self) -> int | None:
        """The last moment of the window; None where it is not open, or nothing is awaited."""
        if self.since_ns is None or self.passed or self.late or self.check.failure:
            return None
        return self.since_ns + self.check.closes_ns

    def sees(self, t_ns: int) -> bool:
        """Return whether what is of this time may prove it."""
        return not self.passed and self.since_ns is not None and (
            t_ns >= self.since_ns + self.check.opens_ns
        )  # fmt: skip


@dataclass(slots=True, eq=False)
class _Watch:
    """A command that is listened for, and the stages that were said to have passed."""

    command: str
    spacecraft: str
    request: tuple[str, int, int]
    released_ns: int
    awaited: list[_Awaited]
    told: set[Stage] = field(default_factory=set)
    uncertain: bool = False

    def all_passed(self, stage: Stage | None = None) -> bool:
        """Return whether all checks of a stage, or all, have passed."""
        return all(
            each.passed or each.check.failure or stage not in (None, each.check.stage)
            for each in self.awaited
        )

    def closes_ns(self) -> int | None:
        """The next moment at which a check may become late."""
        times = (each.closes_ns for each in self.awaited)
        return min((each for each in times if each is not None), default=None)

    def follow(self, at: int, t_ns: int) -> None:
        """Let the window of the check behind one begin, if it counts from that."""
        if at + 1 < len(self.awaited) and self.awaited[at + 1].since_ns is None:
            self.awaited[at + 1].since_ns = t_ns


class Verifications:
    """The commands that are listened for; times are ns TAI."""

    def __init__(self, *, remembered_ns: int = REMEMBERED_NS, most: int = MOST) -> None:
        self._remembered_ns, self._most = remembered_ns, most
        self._watches: dict[str, _Watch] = {}
        self._requests: dict[tuple[str, int, int], list[_Watch]] = {}
        self._looking: dict[str, dict[str, _Watch]] = {}  # by spacecraft: telemetry matters
        self._due: Deadlines[str] = Deadlines()

    def __len__(self) -> int:
        return len(self._watches)

    def __contains__(self, command: object) -> bool:
        return command in self._watches

    def expect(
        self, command: str, spacecraft: str, apid: int, sequence: int,
        checks: Sequence[Check], released_ns: int,
    ) -> bool:  # fmt: skip
        """Listen for a command that is released; again, for its windows count anew.

        Returns False, and listens not, where nothing is awaited: its frame's fate is all there is.
        """
        self.forget(command)
        if all(check.failure for check in checks):
            return False
        while len(self._watches) >= self._most:
            self.forget(next(iter(self._watches)))
        awaited = [
            _Awaited(each, None if each.after_last and at else released_ns)
            for at, each in enumerate(sorted(checks, key=lambda check: check.failure))
        ]
        watch = _Watch(command, spacecraft, (spacecraft, apid, sequence), released_ns, awaited)
        self._watches[command] = watch
        self._requests.setdefault(watch.request, []).append(watch)
        if not all(check.is_report for check in checks):
            self._looking.setdefault(spacecraft, {})[command] = watch
        self._wait(watch, released_ns)
        return True

    def recall(self, command: str, passed: Mapping[Stage, int], uncertain_ns: int | None) -> None:
        """Take what was known of a command already, as after a restart.

        Args:
            passed: the stages that have passed, and when.
            uncertain_ns: when it was found UNCERTAIN; None where it was not.
        """
        watch = self._watches.get(command)
        if watch is None:
            return
        for at, each in enumerate(watch.awaited):
            if each.check.stage in passed and not each.check.failure:
                each.passed = True
                watch.follow(at, passed[each.check.stage])
        watch.told |= set(passed)
        if uncertain_ns is not None:
            watch.uncertain = True
            self._due.set(command, uncertain_ns + self._remembered_ns)
        else:
            self._wait(watch, watch.released_ns)

    def awaits(self, command: str) -> bool:
        """Return whether something may still come about a command in time."""
        watch = self._watches.get(command)
        return watch is not None and not watch.uncertain

    def forget(self, command: str) -> None:
        """Listen for a command no more."""
        watch = self._watches.pop(command, None)
        if watch is None:
            return
        self._due.drop(command)
        _drop(self._requests, watch.request, watch)
        looking = self._looking.get(watch.spacecraft, {})
        if looking.pop(command, None) is not None and not looking:
            del self._looking[watch.spacecraft]

    def looks_at(self, spacecraft: str) -> bool:
        """Return whether telemetry of a spacecraft matters to any command."""
        return spacecraft in self._looking

    def report(self, report: Report) -> list[Verdict]:
        """Take a report of ST[01]; [] where it is about nothing that is listened for."""
        watch = self._meant(report)
        if watch is None or report.subtype not in REPORTS:
            return []
        stage, source = REPORTS[report.subtype], f"ST[01,{report.subtype}]"
        if report.subtype % 2 == 0:
            return [self._failed(watch, stage, source, report.t_ns, report.detail)]
        late = False
        for at, each in enumerate(watch.awaited):
            if each.check.is_report and not each.passed and ORDER[each.check.stage] <= ORDER[stage]:
                late |= self._pass(watch, at, report.t_ns)
        verdict = Verdict(watch.command, stage, "passed", source, report.t_ns, report.detail, late)
        return self._told(watch, verdict)

    def look(self, spacecraft: str, lookup: Lookup, t_ns: int) -> list[Verdict]:
        """Look at the latest telemetry of a spacecraft, which is of a time."""
        return self._seen(
            spacecraft, t_ns, lambda check: check.condition is not None and check.condition(lookup)
        )

    def packet(self, spacecraft: str, container: str, t_ns: int) -> list[Verdict]:
        """Take that a packet came, by the path of its container, and of which time it is."""
        return self._seen(spacecraft, t_ns, lambda check: check.container == container)

    def expire(self, now: int) -> list[Verdict]:
        """Return which checks are late by now, and which commands are UNCERTAIN for it."""
        return [
            verdict
            for command in self._due.due(now)
            for verdict in self._overdue(self._watches[command], now)
        ]

    def deadline(self) -> int | None:
        """Return when `expire` has something to say."""
        return self._due.first()

    def _meant(self, report: Report) -> _Watch | None:
        """Return the newest release of the request that was made before the report."""
        request = (report.spacecraft, report.apid, report.sequence)
        made = [
            each
            for each in self._requests.get(request, ())
            if each.released_ns <= report.t_ns + SKEW_NS
        ]
        return max(made, key=lambda each: each.released_ns, default=None)

    def _pass(self, watch: _Watch, at: int, t_ns: int) -> bool:
        """Let a check pass; return whether it did so late."""
        each = watch.awaited[at]
        closes = each.closes_ns
        each.passed = True
        watch.follow(at, t_ns)
        return each.late or (closes is not None and t_ns > closes)

    def _failed(
        self, watch: _Watch, stage: Stage, source: str, t_ns: int, detail: str = ""
    ) -> Verdict:
        self.forget(watch.command)
        return Verdict(watch.command, stage, "failed", source, t_ns, detail)

    def _seen(
        self, spacecraft: str, t_ns: int, proves: Callable[[Check], bool | None]
    ) -> list[Verdict]:
        """Let pass what telemetry proves, for all commands of a spacecraft."""
        verdicts = []
        for watch in list(self._looking.get(spacecraft, {}).values()):
            verdicts += self._seen_for(watch, t_ns, proves)
        return verdicts

    def _seen_for(
        self, watch: _Watch, t_ns: int, proves: Callable[[Check], bool | None]
    ) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for at, each in enumerate(watch.awaited):
            if watch.command not in self or not each.sees(t_ns) or not proves(each.check):
                continue
            stage, text = each.check.stage, each.check.text
            if each.check.failure:
                return [*verdicts, self._failed(watch, stage, text, t_ns)]
            late = self._pass(watch, at, t_ns)
            verdict = Verdict(watch.command, stage, "passed", text, t_ns, late=late)
            verdicts += self._told(watch, verdict)
        return verdicts

    def _told(self, watch: _Watch, verdict: Verdict) -> list[Verdict]:
        """Return the stages that have passed now: of this verdict, those implied, and the end."""
        told = list(self._stages(watch, verdict))
        if not watch.all_passed():
            if watch.uncertain and told:  # a late stage is no end, and nothing else is awaited
                return [*told, _late(watch, Stage.UNCERTAIN, "no report in time", verdict.at_ns)]
            return told + self._wait(watch, verdict.at_ns)
        self.forget(watch.command)
        detail = verdict.detail if verdict.stage is Stage.COMPLETED else "all that was awaited"
        return [*told, replace(verdict, stage=Stage.COMPLETED, detail=detail)]

    def _stages(self, watch: _Watch, verdict: Verdict) -> Iterator[Verdict]:
        """Yield the stages before COMPLETED that have passed with a verdict."""
        known = {each.check.stage for each in watch.awaited} | {verdict.stage}
        for stage in sorted(known - {Stage.COMPLETED}, key=ORDER.__getitem__):
            again = stage in watch.told and (stage, verdict.stage) != (Stage.PROGRESS,) * 2
            if again or ORDER[stage] > ORDER[verdict.stage] or not watch.all_passed(stage):
                continue
            watch.told.add(stage)
            detail = verdict.detail if stage is verdict.stage else f"implied by {verdict.stage}"
            yield replace(verdict, stage=stage, detail=detail)

    def _overdue(self, watch: _Watch, now: int) -> list[Verdict]:
        """Return the checks whose windows are over; forget what was remembered long enough."""
        if watch.uncertain:
            self.forget(watch.command)
            return []
        verdicts = []
        for at, each in enumerate(watch.awaited):
            closes = each.closes_ns
            if closes is not None and closes < now:
                each.late = True
                watch.follow(at, closes)
                verdicts.append(_late(watch, each.check.stage, each.check.text, closes))
        return verdicts + self._wait(watch, now)

    def _wait(self, watch: _Watch, now: int) -> list[Verdict]:
        """Let a command be due when its next window is over; UNCERTAIN where there is none."""
        closes = watch.closes_ns()
        if closes is not None:
            self._due.set(watch.command, closes + 1)
        elif not watch.uncertain:
            watch.uncertain = True
            self._due.set(watch.command, now + self._remembered_ns)
            return [_late(watch, Stage.UNCERTAIN, "no report in time", now)]
        return []


def _late(watch: _Watch, stage: Stage, source: str, t_ns: int) -> Verdict:
    return Verdict(watch.command, stage, "late", source, t_ns, late=True)


def _drop(
    requests: dict[tuple[str, int, int], list[_Watch]],
    request: tuple[str, int, int],
    watch: _Watch,
) -> None:
    requests[request].remove(watch)
    if not requests[request]:
        del requests[request]
