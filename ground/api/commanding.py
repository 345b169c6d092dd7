"""Commanding for scripts: send and approve, queue and history, authority, contacts and routes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ground import messages
from ground.api.asking import Asking
from ground.api.sent import Sent
from ground.errors import NotReachable, Refused
from ground.messages import CommandRow

TRY_S = 2.0  # until a request to send goes out again, with the same number
SEND_S = 10.0
Service = Literal["auto", "AD", "BD"]


class Commanding(Asking):
    """What a station is told about commands; the command service decides all of it."""

    # ---- acts -------------------------------------------------------------------------------

    def send(
        self,
        spacecraft: str,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        request: str = "",
        timeout_s: float | None = None,
        **more: Any,
    ) -> Sent:
        """Send a command; return it as the station took it.

            sent = station.send("CG-1", "CARD_POWER", {"card": 3, "power": "OFF"}, typed="CG-1")
            sent.wait("COMPLETED")

        Where no answer comes, the request goes out again with the same number, which the station
        takes once; so does a script that asks again with the `request` of an attempt before.

        Args:
            arguments: by name, as people write them.
            more: fields of `SendCommand`, as via, not_before_ns, expires_ns, dry_run.

        Raises:
            InputError: there is no such command, or an argument is wrong.
            Refused: it may not be sent; with all reasons.
            NotReachable: no answer came; it may have been taken, or may not.
        """
        number = request or secrets.token_hex(16)
        texts = {name: str(value) for name, value in (arguments or {}).items()}
        asked = messages.SendCommand(number, spacecraft, command, texts, **more)
        patience_s = SEND_S if timeout_s is None else timeout_s
        end = time.monotonic() + patience_s
        while (left := end - time.monotonic()) > 0:
            try:
                return Sent(self, self._ask(asked, messages.CommandTaken, min(TRY_S, left)))
            except NotReachable:
                continue
        raise NotReachable(
            f"SendCommand {number}: no answer in {patience_s:g} s, so that it may have been taken; "
            "expected a command service that runs"
        )

    def approve(self, command: str, sha256: str) -> None:
        """Approve a command of another person; exactly that of this hash."""
        self._act(messages.ApproveCommand(command, sha256))

    def control(
        self,
        command: str,
        act: Literal["cancel", "hold", "release", "first", "priority"],
        *,
        value: int = 0,
        reason: str = "",
    ) -> None:
        """Cancel, hold or release a command, or give it another place; `value` is a priority."""
        self._act(messages.ControlCommand(command, act, value, reason))

    def control_authority(
        self,
        spacecraft: str,
        act: Literal["take", "give", "accept", "drop", "force"],
        *,
        to: str = "",
        reason: str = "",
    ) -> None:
        """Take, offer, accept or drop the authority over a spacecraft, or force it from another."""
        self._act(messages.ControlAuthority(spacecraft, act, to, reason))

    def direct(self, spacecraft: str, directive: Any, value: int = 0) -> None:
        """Give a COP-1 directive to the forward channel of a spacecraft; see `DirectChannel`."""
        self._act(messages.DirectChannel(spacecraft, directive, value))

    def book(
        self, relay: str, spacecraft: str, start_ns: int, end_ns: int, **more: Any
    ) -> messages.RelayBooked:
        """Keep a terminal of a relay for a spacecraft; `more` are fields of `BookRelay`."""
        asked = messages.BookRelay(relay, spacecraft, start_ns, end_ns, **more)
        return self._ask(asked, messages.RelayBooked)

    def cancel_booking(self, booking: str, reason: str = "") -> None:
        """Give up what was booked, as b12."""
        self._act(messages.CancelBooking(booking, reason))

    # ---- questions --------------------------------------------------------------------------

    def commands(self, spacecraft: str) -> messages.CommandsDescribed:
        """Return what a spacecraft can be told, and what we may do."""
        return self._ask(messages.DescribeCommands(spacecraft), messages.CommandsDescribed)

    def command(self, command: str) -> CommandRow:
        """Return how a command stands; Refused where the station does not know it any more."""
        asked = messages.ListCommands(ended=True, commands=[command])
        for row in self._ask(asked, messages.CommandsListed).commands:
            if row.id == command:
                return row
        raise Refused(f"command {command}: not known to the station; the ledger may have it")

    def queue(self, spacecraft: Sequence[str] = (), *, limit: int = 500) -> list[CommandRow]:
        """Return the commands that have not ended, newest last."""
        return self._listed(spacecraft, limit, ended=False)

    def history(self, spacecraft: Sequence[str] = (), *, limit: int = 500) -> list[CommandRow]:
        """Return the newest commands, ended or not, newest last."""
        return self._listed(spacecraft, limit, ended=True)

    def authority(self) -> messages.AuthorityRead:
        """Return who holds each spacecraft, and how the forward channels are."""
        return self._ask(messages.ReadAuthority(), messages.AuthorityRead)

    def contacts(
        self, nodes: Sequence[str], start_ns: int, end_ns: int, *, limit: int = 2000
    ) -> messages.ContactsPlanned:
        """Return the contacts of nodes, of all where none is named, that overlap a time."""
        asked = messages.PlanContacts(list(nodes), start_ns, end_ns, limit)
        return self._ask(asked, messages.ContactsPlanned)

    def bookings(self, now: int) -> list[messages.BookingRow]:
        """Return the bookings of terminals that are not over."""
        asked = messages.PlanContacts([], now, now + 1, 1)
        return self._ask(asked, messages.ContactsPlanned).bookings

    def route(self, asked: messages.PlanRoute) -> messages.RoutesPlanned:
        """Return the way that a command would take, and others.

        station.route(PlanRoute("CG-1", octets=200)).routes[0].arrives_ns
        """
        return self._ask(asked, messages.RoutesPlanned)

    def _listed(self, spacecraft: Sequence[str], limit: int, *, ended: bool) -> list[CommandRow]:
        asked = messages.ListCommands(list(spacecraft), ended, limit)
        return self._ask(asked, messages.CommandsListed).commands
