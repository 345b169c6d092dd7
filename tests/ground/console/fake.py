"""A station that is not there: frozen data, a clock set by hand, and every request kept."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ground import messages
from ground.messages import AlarmRow, EventRow, LinkRow, ParameterRow, SpacecraftRow, StageRow
from protocols import times
from tests.ground.console.fake_commanding import FakeCommanding

NOW = times.parse("2026-11-22T06:36:10", "utc")
SECOND = 10**9


class Arrived(NamedTuple):
    """An answer, or news with number 0."""

    request: int
    message: Any


class Clock:
    """The time, which stands still until it is told to go."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


_LIMITS = [("caution", 24.0, 30.0), ("critical", 22.0, 32.0)]


def parameters() -> list[ParameterRow]:
    """Parameters of a small spacecraft: numbers, labels, text from afar, an array."""

    def row(path: str, kind: str = "number", units: str = "", **more: Any) -> ParameterRow:
        packet = "/CG1/" + path.split("/")[2] + "/HK"
        about = more.pop("about", "")
        defaults: dict[str, Any] = {"elements": 0, "labels": [], "limits": []}
        return ParameterRow(path, packet, kind, units, about, **(defaults | more))

    return [
        row("/CG1/EPS/BUS_V", units="V", limits=_LIMITS, about="main bus voltage"),
        row("/CG1/EPS/BUS_A", units="A", about="main bus current"),
        row("/CG1/EPS/BATT_SOC", units="%", limits=[("serious", 20.0, None)], about="charge"),
        row("/CG1/EPS/MODE", "label", labels=["OFF", "ON", "SAFE"], about="power mode"),
        row("/CG1/TCS/LOOP1_T", units="°C", limits=[("serious", None, 60.0)], about="loop 1"),
        row("/CG1/TCS/LOOP2_T", units="°C", about="冷却回路二"),
        row("/CG1/DC/POWER", units="kW", about="compute power"),
        row("/CG1/DC/TEMP", "array", "°C", elements=8, limits=[("caution", None, 85.0)]),
        row("/CG1/OBSW/NAME", "text", about="name of the running image"),
        *(row(f"/CG1/AOCS/WHEEL_{at:02}_SPEED", units="rpm") for at in range(40)),
    ]


def alarm(number: int, **more: Any) -> AlarmRow:
    """An alarm of the fleet; what is not said is of an unacknowledged serious one."""
    severity = more.pop("severity", 2)
    raised = NOW - number * 61 * SECOND
    values: dict[str, Any] = {
        "id": f"alarm-{number}",
        "version": 1,
        "spacecraft": "CG-1",
        "parameter": f"/CG1/EPS/P{number}",
        "element": -1,
        "state": "unacknowledged",
        "severity": severity,
        "worst": severity,
        "raised_ns": raised,
        "changed_ns": raised,
        "value": f"{20 + number}.5",
        "trip": f"{20 + number}.1",
        "units": "V",
        "violations": 3 * number,
        "latched": False,
        "acknowledged_by": "",
        "shelved_until_ns": None,
        "shelved_by": "",
        "assigned_to": "",
        "comment": "",
    }
    return AlarmRow(**(values | more))


def alarms() -> list[AlarmRow]:
    """One of each kind."""
    return [
        alarm(1, severity=3, parameter="/CG1/EPS/BUS_V", value="21.9", trip="21.97"),
        alarm(2, severity=2, parameter="/CG1/TCS/LOOP1_T", value="61.2", units="°C"),
        alarm(3, severity=1, parameter="/CG1/DC/TEMP", element=3, units="°C"),
        alarm(4, severity=1, state="acknowledged", acknowledged_by="l.wang", comment="known"),
        alarm(5, severity=0, worst=2, state="returned", latched=True, acknowledged_by="l.wang"),
        alarm(6, severity=2, shelved_until_ns=NOW + 900 * SECOND, shelved_by="a.chen"),
    ]


def status() -> messages.StatusRead:
    """Two links, stages of which one does not add up, three spacecraft."""
    links = [
        LinkRow(
            *("kashi", "gateway", "udp", "127.0.0.1:10015", "up", ""),
            *(48_211, 53_755_265, {}, 892_000.0, 0, NOW - SECOND // 5, 53_755_265, 53_700_000),
        ),
        LinkRow(
            *("sanya", "gateway", "tcp-client", "10.0.0.7:4000", "down", "connection refused"),
            *(102, 113_730, {"disk": 4}, 0.0, 17, NOW - 754 * SECOND, 113_730, 113_730),
        ),
    ]
    stages = [
        StageRow("frames", 48_313, 48_290, {"bad crc": 21, "late": 2}),
        StageRow("packets", 96_001, 96_001, {}),
        StageRow("decode", 96_001, 95_990, {"no container": 8}),
    ]
    started = NOW - 7_300 * SECOND
    gateway = messages.ServiceReported("gateway", 4711, started, "running", "", links=links)
    processor = messages.ServiceReported(
        *("processor", 4712, started, "running", ""),
        stages=stages,
        queues={"hot rows": 812},
        cursors={"kashi": 53_700_000},
        figures={"lag_s": 0.21},
    )
    craft = [
        SpacecraftRow("CG-1", 171, 3, 5, 3, 96_001, 12.5, [], NOW - SECOND, 210_000_000),
        SpacecraftRow("CG-2", 172, 0, 0, 0, 51_210, 2.0, ["/CG1/TCS/HK"], NOW - 40 * SECOND, None),
        SpacecraftRow("CG-3", 173, 0, 0, 0, 0, 0.0, [], None, None),
    ]
    reported = [NOW - SECOND // 2, NOW - SECOND // 2]
    return messages.StatusRead([gateway, processor], reported, craft, {})


def events() -> list[EventRow]:
    """Events of station and spacecraft, one with control characters in its text."""
    lines = [
        ("station", "", "info", "link.up", "kashi: first octets of 127.0.0.1:10015"),
        ("onboard", "CG-1", "caution", "BATT_LOW", "charge below 25 %"),
        ("onboard", "CG-1", "critical", "SAFE", "bad\x1b[31m text \x07from 太空"),
        ("station", "", "serious", "link.down", "sanya: connection refused"),
    ]
    return [EventRow(NOW - (9 - at) * 60 * SECOND, *line) for at, line in enumerate(lines)]


class FakeFeed:
    """Answers at the next `receive`; `sent` are all requests, `acts` those that change anything."""

    ACTS = (
        *(messages.AcknowledgeAlarms, messages.ShelveAlarms, messages.UnshelveAlarms),
        *(messages.ClearAlarms, messages.ControlReplay),
        *(messages.ApproveCommand, messages.ControlCommand, messages.ControlAuthority),
    )

    def __init__(
        self,
        realm: str = "live",
        *,
        role: str = "operate",
        user: str = "a.chen",
        commanding: FakeCommanding | None = None,
    ) -> None:
        self.realm, self.user, self.role = realm, user, role
        self.connected = True
        self.mute = False  # connected, and yet silent
        self.sent: list[Any] = []
        self.acts: list[Any] = []
        self.alarms = alarms()
        self.parameters = parameters()
        self.status = status()
        self.events = events()
        self.moved = messages.ReplayMoved(
            *(NOW - 3600 * SECOND, NOW - 7200 * SECOND, NOW - 1800 * SECOND, 4.0),
            *(False, False, False, 12_345),
        )
        self.state = 1
        self.shift = 0.0  # added to every number, so that all of them change
        self.answer = messages.Answered(True)
        self.commanding = commanding or FakeCommanding(self.user)
        self.commanding.hear.append(self.say)
        self._waiting: list[Arrived] = []

    def send(self, request: Any) -> int:
        self.sent.append(request)
        number = len(self.sent)
        if isinstance(request, self.ACTS):
            self.acts.append(request)
        if self.connected and not self.mute:
            answer = self._answered(request)
            if answer is not None:
                self._waiting.append(Arrived(number, answer))
        return number

    def say(self, message: Any) -> None:
        """Have a fact come by itself."""
        self._waiting.append(Arrived(0, message))

    def receive(self) -> list[Arrived]:
        if not self.connected or self.mute:
            return []
        found, self._waiting = self._waiting, []
        return found

    def close(self) -> None:
        self.connected = False

    def _answered(self, request: Any) -> Any:
        match request:
            case messages.DescribeMission():
                names = [row.name for row in self.status.spacecraft]
                rows = self.parameters
                return messages.MissionDescribed("chenguang1", self.realm, "d1", names, rows)
            case messages.ReadStatus():
                if self.realm.startswith("replay"):
                    self.say(self.moved)
                return self.status
            case messages.ListAlarms():
                return messages.AlarmsListed(list(self.alarms))
            case messages.ListEvents():
                return messages.EventsListed(list(self.events))
            case messages.WatchViewport() if request.rows:
                return self.viewport(request)
            case messages.ReadTrend():
                return self.trend(request)
            case messages.ApproveCommand():
                return self.commanding.approved(request, self.user)
            case _ if isinstance(request, self.ACTS):
                return self.answer
        return self.commanding.answered(request, self.user)

    @property
    def fired(self) -> list[messages.SendCommand]:
        """The commands that were really to be sent."""
        sends = [each for each in self.sent if isinstance(each, messages.SendCommand)]
        return [each for each in sends if not each.dry_run]

    def viewport(self, request: messages.WatchViewport) -> messages.ViewportChanged:
        """All rows as they are now."""
        numbers = [self._number(*row) for row in request.rows]
        texts = [self._text(row[1], self._number(*row)) for row in request.rows]
        raws = [str(int(number * 100)) for number in numbers]
        count = len(numbers)
        now = NOW if not self.realm.startswith("replay") else self.moved.t_ns
        wave = np.sin(np.arange(24) / 3 + np.arange(count)[:, None])
        columns = {
            "row": np.arange(count, dtype=np.int32),
            "t_ns": np.full(count, now - 2 * SECOND),
            "received_ns": np.full(count, now - 2 * SECOND),
            "severity": np.array([self._severity(row) for row in request.rows], np.uint8),
            "state": np.full(count, self.state, np.uint8),
            "number": np.array(numbers),
            "trend": wave.astype(np.float32),
        }
        return messages.ViewportChanged(request.viewport, 0, raws, texts, columns)

    def trend(self, request: messages.ReadTrend) -> messages.TrendRead:
        """A wave around 26 with a gap in it and, once, a sample beyond its limits."""
        step = (request.end_ns - request.start_ns) // request.bins
        at = np.arange(request.bins)
        at = at[(at < request.bins * 0.6) | (at > request.bins * 0.7)]
        mean = 26 + 2 * np.sin(at / request.bins * 4 * math.pi)
        mean[len(mean) // 4] = 23.0
        columns = {
            "start_ns": request.start_ns + at * step,
            "minimum": mean - 0.2,
            "mean": mean,
            "maximum": mean + 0.2,
            "count": np.full(len(at), 5),
        }
        return messages.TrendRead(request.spacecraft, request.parameter, request.element, columns)

    def _number(self, spacecraft: str, path: str, element: int) -> float:
        return 20 + len(path) % 7 + max(element, 0) * 1.25 + self.shift

    def _text(self, path: str, number: float) -> str:
        if path.endswith("MODE"):
            return "SAFE"
        return "evil\x1b[2Jname" if path.endswith("NAME") else f"{number:.3f}"

    def _severity(self, row: tuple[str, str, int]) -> int:
        return {"BUS_V": 3, "LOOP1_T": 2, "BATT_SOC": 1}.get(row[1].rsplit("/", 1)[-1], 0)
