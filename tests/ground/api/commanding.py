"""A command service on the real bus: it says what a test wants, and stages come one by one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zmq

from ground.api import sent
from ground.bus.addresses import Run
from ground.bus.keys import Keyring
from ground.bus.requests import Server
from ground.messages import (
    Answered,
    ApproveCommand,
    AuthorityRead,
    AuthorityRow,
    ChannelRow,
    CommandKind,
    CommandRow,
    CommandsDescribed,
    CommandsListed,
    CommandTaken,
    ConstraintRow,
    ContactRow,
    ContactsPlanned,
    ControlAuthority,
    DescribeCommands,
    HopRow,
    ListCommands,
    PlanContacts,
    PlanRoute,
    ReadAuthority,
    RouteRow,
    RoutesPlanned,
    SendCommand,
    StepRow,
)
from protocols import times

SECOND = 10**9
NOW = times.parse("2026-11-22T12:00:00")
OCTETS = bytes.fromhex("1c03c0000007112180010301")
SHA = hashlib.sha256(OCTETS).hexdigest()
ROUTE = RouteRow(
    [
        HopRow("control", "kashi", NOW, NOW + 600 * SECOND, 1e9, 0),
        HopRow("kashi", "A", NOW, NOW + 600 * SECOND, 4000.0, 9_000_000),
    ],
    *("kashi-s", NOW, NOW + SECOND, NOW + 600 * SECOND, "AD", 5, 4 * SECOND, "arrives first"),
)
COMMAND = CommandRow(
    *("c1", "A", "/A/CARD_POWER", "CARD_POWER card=3 power=OFF", OCTETS, SHA, "H0"),
    *("operator", "", "QUEUED", False, "", 1, NOW, 0, NOW + 3600 * SECOND, NOW + SECOND),
    *(["kashi"], [StepRow("QUEUED", NOW, "by operator")]),
)


class CommandService:
    """Takes every command, unless told otherwise.

    Attributes:
        asked: who asked for what.
        rows: its commands by id.
        script: the stages that come, one at each look at a command.
        refusal: what it answers to acts; "" for doing them.
        deaf: how many requests to send it takes without an answer.
    """

    def __init__(self, home: Path) -> None:
        self.keyring = Keyring(home)
        self.keyring.ensure("station", "service")
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        address = Run(home, "live").requests("commanding")
        self.server = Server(self.context, address, self.keyring, "live")
        self.asked: list[tuple[str, Any]] = []
        self.rows: dict[str, CommandRow] = {}
        self.taken: dict[str, str] = {}
        self.script: list[str] = []
        self.refusal = Answered(True)
        self.wrong: list[str] = []
        self.hazard = "H0"
        self.deaf = 0
        self.routes = RoutesPlanned([ROUTE], "")
        self.authority = [AuthorityRow("A", "", 0, 0, "")]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.server.close()
        self.context.term()

    def of(self, kind: type) -> list[Any]:
        """Return the requests of a type, but no dry runs."""
        found = [each for _, each in self.asked if isinstance(each, kind)]
        return [each for each in found if not getattr(each, "dry_run", False)]

    def _run(self) -> None:
        while not self._stop.wait(0.005):
            for request in self.server.receive():
                self.asked.append((request.user, request.envelope.message))
                answer = self._answer(request.envelope.message, request.user)
                if answer is not None:
                    self.server.send(request.identity, answer, request.envelope.request)

    def _answer(self, message: Any, user: str) -> Any:
        match message:
            case SendCommand():
                return self._send(message, user)
            case ListCommands():
                return self._list(message)
            case DescribeCommands(name):
                kind = CommandKind(
                    *("/A/CARD_POWER", "CARD_POWER", "", "H1", "the job is lost", [], [], [])
                )
                return CommandsDescribed(name, "", [kind], ["send"])
            case ReadAuthority():
                channel = ChannelRow(
                    *("A", 0, "ACTIVE", 5, 4, 5, 4 * SECOND, 0, 1, False, ["kashi"], NOW)
                )
                return AuthorityRead(self.authority, [channel])
            case PlanContacts():
                contact = ContactRow("kashi", "A", NOW, NOW + SECOND, 4e3, 9, "visible", 30.0)
                return ContactsPlanned("1f", NOW, [contact], 0, ["A: elements are 9 days old"])
            case PlanRoute():
                return self.routes
            case ControlAuthority() if self.refusal.ok:
                self.authority = [replace(self.authority[0], holder=user, offered_to=message.to)]
            case ApproveCommand(name) if self.refusal.ok:
                self.rows[name] = replace(self.rows[name], approver=user, needs="")
        return self.refusal

    def _send(self, asked: SendCommand, user: str) -> Any:
        if not self.refusal.ok:
            return self.refusal
        row = replace(COMMAND, id=f"c{len(self.rows) + 1}", author=user, hazard=self.hazard)
        constraints = [ConstraintRow("BUS_VOLTAGE > 24", True), ConstraintRow("MODE == 1", None)]
        if asked.dry_run:
            return CommandTaken(row, constraints, [ROUTE], self.wrong)
        if asked.request not in self.taken:
            self.taken[asked.request] = row.id
            self.rows[row.id] = row
        if self.deaf:
            self.deaf -= 1
            return None
        return CommandTaken(self.rows[self.taken[asked.request]], constraints, [ROUTE], [])

    def _list(self, asked: ListCommands) -> CommandsListed:
        for name in asked.commands:
            if self.script and name in self.rows:
                stage = self.script.pop(0)
                row = self.rows[name]
                step = StepRow(stage, NOW + len(row.steps) * SECOND, "")
                self.rows[name] = replace(row, state=stage, steps=[*row.steps, step])
        return CommandsListed(
            [
                each
                for each in self.rows.values()
                if (not asked.commands or each.id in asked.commands)
                and (asked.ended or not each.ended)
                and (not asked.spacecraft or each.spacecraft in asked.spacecraft)
            ]
        )


@pytest.fixture
def commanding(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandService]:
    monkeypatch.setattr(sent, "POLL_S", 0.01)
    made = CommandService(home)
    yield made
    made.close()
