"""A command service that is not there: two commands, one relay, and whatever a test makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from typing import Any

from ground import messages
from ground.messages import (
    ArgumentRow,
    AuthorityRow,
    CommandKind,
    CommandRow,
    ConstraintRow,
    ContactRow,
    HopRow,
    RouteRow,
    StepRow,
)
from protocols import times

NOW = times.parse("2026-11-22T06:36:10", "utc")
SECOND = 10**9
MINUTE = 60 * SECOND
WAY = ("KASHI", "GEO-1", "CG-1")


def kinds() -> list[CommandKind]:
    """Commands of each hazard, and arguments of each kind."""

    def argument(name: str, kind: str, *more: Any, **other: Any) -> ArgumentRow:
        units, least, most = (*more, "", "", "")[:3]
        labels, default = other.get("labels", []), other.get("default", "")
        return ArgumentRow(name, kind, units, least, most, labels, default, other.get("about", ""))

    card = argument("card", "integer", "", "1", "512", about="accelerator card")
    power = argument("power", "enumeration", labels=["OFF", "ON"])
    return [
        CommandKind(
            *("/CG1/DC/CARD_POWER", "CARD_POWER", "Switch one accelerator card", "H0", ""),
            [card, power],
            ["LCT locked", "SOC > 30 %"],
            ["DC/CARD_STATE"],
        ),
        CommandKind(
            *("/CG1/EPS/BUS_XFEED", "BUS_XFEED", "Cross-connect the main buses", "H2"),
            "a wrong state can trip both strings",
            [
                argument("state", "enumeration", labels=["OFF", "ON"]),
                argument("duration", "float", "s", "0", "600", default="120"),
            ],
            [],
            [],
        ),
        CommandKind(
            *("/CG1/OBSW/BOOT", "BOOT", "Boot the on-board computer", "H1", "telemetry stops"),
            [argument("image", "string", default="primary"), argument("key", "binary")],
            [],
            [],
        ),
        CommandKind("/CG1/OBSW/PING", "PING", "Ask whether it is alive", "H0", "", [], [], []),
    ]


def route(*names: str, start: int = -6, last: int = 372, why: str = "earliest arrival") -> RouteRow:
    """A route over named nodes that is open from some seconds ago."""
    pairs = pairwise(names)
    hops = [
        HopRow(a, b, NOW + start * SECOND, NOW + last * SECOND, 16_000.0, 120_000_000)
        for a, b in pairs
    ]
    times_ = (NOW, NOW + SECOND, NOW + last * SECOND)
    return RouteRow(hops, names[0], *times_, "AD", 5, 3 * SECOND, why)


def contacts() -> list[ContactRow]:
    """Two relays over each other, with a gap, and a station of its own."""

    def row(source: str, target: str, first: int, last: int, **more: Any) -> ContactRow:
        elevation, origin = more.get("elevation", math.nan), more.get("origin", "visible")
        begin, end = NOW + first * MINUTE, NOW + last * MINUTE
        return ContactRow(source, target, begin, end, 16e3, 120_000_000, origin, elevation)

    return [
        row("KASHI", "GEO-1", -600, 1200, elevation=48.2),
        row("GEO-1", "CG-1", -12, 7, origin="booked"),
        row("GEO-2", "CG-1", 5, 31),
        row("KASHI", "GEO-2", -600, 1200, elevation=21.0),
        row("KASHI", "CG-1", 42, 51, elevation=37.4),
        row("GEO-1", "CG-1", 60, 95),
    ]


def command(number: int, *stages: str, **more: Any) -> CommandRow:
    """A command of somebody, which reached the stages."""
    text = more.pop("text", f"CARD_POWER card={number} power=OFF")
    begin = NOW - (100 - number) * SECOND
    octets = bytes([0x18, 0xAB, 0xC0, number, 0x00, 0x05, number, 0x00, 0x12, 0x34])
    parts = [stage.partition(":") for stage in stages]
    steps = [
        StepRow(stage, begin + at * SECOND, detail) for at, (stage, _, detail) in enumerate(parts)
    ]
    values: dict[str, Any] = {
        "id": f"c{number}",
        "spacecraft": "CG-1",
        "path": "/CG1/DC/CARD_POWER",
        "text": text,
        "octets": octets,
        "sha256": sha256(octets).hexdigest(),
        "hazard": "H0",
        "author": "a.chen",
        "approver": "",
        "state": steps[-1].stage if steps else "QUEUED",
        "held": False,
        "needs": "",
        "priority": 1,
        "accepted_ns": begin,
        "not_before_ns": 0,
        "expires_ns": NOW + 3600 * SECOND,
        "eta_ns": NOW + 9 * SECOND,
        "via": list(WAY[:2]),
        "steps": steps,
    }
    return CommandRow(**(values | more))


_SENT = ("QUEUED", "ROUTED:KASHI > GEO-1 > CG-1", "RELEASED:unit 7f", "GW_ACK:kashi 7f")
_AIR = (*_SENT, "RADIATED:kashi 7f", "RELAY_RECEIVED:GEO-1 7f", "RELAY_FORWARDED:GEO-1 7f")


def commands() -> list[CommandRow]:
    """One in each kind of state."""
    xfeed: dict[str, Any] = {"path": "/CG1/EPS/BUS_XFEED", "hazard": "H2"}
    return [
        command(1, *_AIR, "FARM_ACK", "ACCEPTED", "STARTED", "COMPLETED"),
        command(2, *_AIR, "FARM_ACK", "REJECTED:ST[01,2] code 5"),
        command(3, *_AIR, "UNCERTAIN:no report in its window"),
        command(4, *_AIR, "FARM_ACK", "ACCEPTED", "STARTED"),
        command(5, "QUEUED", "ROUTED:KASHI > GEO-1 > CG-1", held=True, needs="release"),
        command(6, "QUEUED", text="BUS_XFEED state=ON duration=120", needs="approval", **xfeed),
        command(7, *_AIR, "ACCEPTED:late by 3 s", "COMPLETED"),
    ]


class FakeCommanding:
    """Takes everything that is asked as a dry run or for good; `wrong` is what it finds wrong.

    `hear` are those to whom it says what has changed.
    """

    def __init__(self, user: str) -> None:
        self.hear: list[Callable[[Any], None]] = []
        self.may = ["send", "dry_run", "approve", "list"]
        self.kinds = kinds()
        self.rows = commands()
        self.authority = [
            AuthorityRow("CG-1", user, NOW - 1080 * SECOND, NOW + 720 * SECOND, ""),
            AuthorityRow("CG-2", "l.wang", NOW - 60 * SECOND, NOW + 600 * SECOND, user),
        ]
        self.routes = [route(*WAY), route("KASHI", "GEO-2", "CG-1", last=1860, why="")]
        self.why = ""
        self.wrong: list[str] = []
        self.refusal = ""  # of what is fired
        self.silent = False
        self.constraints = [ConstraintRow("LCT locked", True), ConstraintRow("SOC > 30 %", None)]
        self.notes = ["elements of CG-1 are 3.2 days old", "CG-1 eclipse 06:58:10Z to 07:19:02Z"]

    def changed(self, row: CommandRow) -> None:
        """Say that a command went on."""
        self.rows = [*(each for each in self.rows if each.id != row.id), row]
        for say in self.hear:
            say(messages.CommandsChanged([row]))

    def approved(self, request: messages.ApproveCommand, user: str) -> messages.Answered:
        """Approve as a second person, who approves this very sha."""
        row = next(each for each in self.rows if each.id == request.command)
        if row.author == user:
            return messages.Answered(False, "the author cannot approve")
        if row.sha256 != request.sha256:
            return messages.Answered(False, "another sha")
        self.changed(replace(row, approver=user, needs=""))
        return messages.Answered(True)

    def answered(self, request: Any, user: str) -> Any:
        """Return the answer to a request about commands; None to any other."""
        match request:
            case messages.DescribeCommands():
                known = self.kinds if request.spacecraft.startswith("CG") else []
                return messages.CommandsDescribed(request.spacecraft, "d1", known, self.may)
            case messages.ListCommands():
                return messages.CommandsListed(list(self.rows))
            case messages.ReadAuthority():
                return messages.AuthorityRead(list(self.authority), [])
            case messages.PlanRoute():
                return messages.RoutesPlanned(list(self.routes), self.why)
            case messages.PlanContacts():
                return messages.ContactsPlanned(
                    "9a41c07e", NOW - 40 * SECOND, contacts(), 0, self.notes
                )
            case messages.SendCommand() if not self.silent:
                return self._taken(request, user)
        return None

    def _taken(self, request: messages.SendCommand, user: str) -> Any:
        if self.refusal and not request.dry_run and not request.repeat:
            return messages.Answered(False, self.refusal)
        row = self.made(request, user)
        if not request.dry_run:
            self.changed(row)
        return messages.CommandTaken(row, self.constraints, self.routes, list(self.wrong))

    def made(self, request: messages.SendCommand, user: str) -> CommandRow:
        """Return a request as a command: its octets are its text."""
        kind = next(each for each in self.kinds if each.path == request.command)
        words = [f"{name}={text}" for name, text in request.arguments.items()]
        text = " ".join([kind.name, *words])
        octets = b"\x18\xab\xc0\x11" + text.encode()
        needs = "approval" if kind.hazard == "H2" else ""
        made = command(9, "QUEUED", text=text, hazard=kind.hazard, needs=needs, path=kind.path)
        digest = sha256(octets + request.spacecraft.encode()).hexdigest()
        return replace(
            made,
            id=f"c{len(self.rows) + 1}",
            octets=octets,
            sha256=digest,
            spacecraft=request.spacecraft,
            author=user,
            expires_ns=request.expires_ns or NOW + 3600 * SECOND,
            accepted_ns=NOW,
            steps=[StepRow("QUEUED", NOW)],
        )
