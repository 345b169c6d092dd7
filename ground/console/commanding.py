"""The console's conversation with the command service: what it asks, when, and what came of it.

A machine driven by the session. It asks who commands and what is queued each ten seconds, as a
remedy for facts that were missed; the rest when a page needs it. In a replay it asks nothing, and
nothing can be sent through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ground import messages
from ground.console.arming import Loaded
from ground.console.draft import Draft
from ground.console.feed import Arrived, Feed
from ground.console.orders import Judged, Orders
from ground.console.palette import kind
from ground.messages import Answered, CommandTaken, SendCommand

SECOND_NS = 1_000_000_000
REMEDY_NS = 10 * SECOND_NS
KNOWN_NS = 60 * SECOND_NS
ROUTE_NS = 5 * SECOND_NS
PATIENCE_NS = 15 * SECOND_NS  # an answer that did not come by then will not
LOST = "the connection was lost before an answer came: look in the queue whether it was taken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of what was fired: the command as it was taken, or why it was not.

    `refused` is False where nobody knows, as when the connection broke.
    """

    loaded: Loaded
    command: messages.CommandRow | None
    why: str = ""
    refused: bool = True


class Commanding:
    """Questions and answers about commands; `outcomes` are those of what was fired.

    `news` says that an answer which somebody waits for has come; who has shown it takes it back.
    """

    def __init__(self, feed: Feed) -> None:
        self.feed, self.orders = feed, Orders()
        self.outcomes: list[Outcome] = []
        self.news = False
        self._open: dict[int, tuple[int, str, Any]] = {}  # by number: when, what, about what
        self._asked: dict[str, tuple[int, Any]] = {}  # by what: when, and what exactly

    @property
    def replayed(self) -> bool:
        """Whether this is a record, to which nothing can be told."""
        return kind(self.feed.realm) == "replay"

    def tick(self, now_ns: int) -> None:
        """Ask what is due."""
        late = [number for number, each in self._open.items() if now_ns - each[0] > PATIENCE_NS]
        for number in late:
            self._unanswered(number)
        if not self.replayed and self._due("remedy", None, REMEDY_NS, now_ns):
            self._ask("authority", messages.ReadAuthority(), now_ns)
            self._ask("list", messages.ListCommands(ended=True, limit=500), now_ns)

    def anew(self) -> None:
        """Ask for everything again: the connection is a new one."""
        self._asked.clear()

    def give_up(self) -> None:
        """The connection broke: nothing that is open will be answered."""
        for number in list(self._open):
            self._unanswered(number)

    def describe(self, spacecraft: str, now_ns: int) -> None:
        """Ask what a spacecraft can be told, now and then: grants may change."""
        want = spacecraft and not self.replayed
        every = KNOWN_NS if spacecraft in self.orders.may else REMEDY_NS
        if want and self._due("describe", spacecraft, every, now_ns):
            self._ask("describe", messages.DescribeCommands(spacecraft), now_ns)

    def route(self, request: messages.PlanRoute, now_ns: int) -> None:
        """Ask for the way there, each few seconds and when the question is another one."""
        want = request.spacecraft and not self.replayed
        if want and self._due("route", request, ROUTE_NS, now_ns):
            self._ask("route", request, now_ns, request.spacecraft)

    def contacts(self, request: messages.PlanContacts, now_ns: int) -> None:
        """Ask for the contacts of a time."""
        if not self.replayed and self._due("contacts", request, REMEDY_NS, now_ns):
            self._ask("contacts", request, now_ns)

    def validate(self, draft: Draft, request: SendCommand, now_ns: int) -> None:
        """Have the station judge a command without taking it."""
        if request.dry_run and not self.replayed:
            self._ask("judge", request, now_ns, (draft, request))

    def fire(self, loaded: Loaded, now_ns: int) -> None:
        """Send what was loaded, exactly. The one place from which a command is sent."""
        if not self.replayed:
            self._ask("fire", loaded.request, now_ns, loaded)

    def take(self, arrived: Arrived, now_ns: int) -> bool:
        """Take what came, where it is about commands; return whether it was."""
        if arrived.request not in self._open:
            self.orders.receive(arrived.message)
            return False
        _, what, about = self._open.pop(arrived.request)
        message = arrived.message
        self.news = self.news or what in ("fire", "judge")
        if what == "fire":
            self._fired(about, message)
        elif what == "judge":
            self._judged(about, message, now_ns)
        elif isinstance(message, Answered):
            self._refused(what, message.reason)
        elif what == "route" and isinstance(message, messages.RoutesPlanned):
            self.orders.routes, self.orders.routed, self.orders.trouble = message, about, ""
        else:
            self.orders.receive(message)
            self.orders.trouble = ""
        return True

    def _fired(self, loaded: Loaded, message: Any) -> None:
        if isinstance(message, CommandTaken):
            self.orders.receive(messages.CommandsChanged([message.command]))
            self.outcomes.append(Outcome(loaded, message.command))
        else:
            self.outcomes.append(Outcome(loaded, None, getattr(message, "reason", "no answer")))

    def _judged(self, about: tuple[Draft, SendCommand], message: Any, now_ns: int) -> None:
        draft, request = about
        taken = message if isinstance(message, CommandTaken) else None
        why = getattr(message, "reason", "")
        self.orders.judged = Judged(draft, request, taken, why, now_ns)
        if taken is not None and taken.routes:
            self.orders.routes = messages.RoutesPlanned(taken.routes, taken.routes[0].why)
            self.orders.routed = request.spacecraft

    def _refused(self, what: str, reason: str) -> None:
        if what == "route":
            self.orders.routes = messages.RoutesPlanned([], reason)
        elif what in ("authority", "list", "describe"):
            self.orders.trouble = reason

    def _unanswered(self, number: int) -> None:
        _, what, about = self._open.pop(number)
        if what == "fire":
            self.outcomes.append(Outcome(about, None, LOST, refused=False))

    def _due(self, what: str, about: Any, every_ns: int, now_ns: int) -> bool:
        """Whether to ask now: another question than before, or some time ago."""
        before = self._asked.get(what)
        if before is not None and before[1] == about and now_ns - before[0] < every_ns:
            return False
        if not self.feed.connected:
            return False
        self._asked[what] = now_ns, about
        return True

    def _ask(self, what: str, request: Any, now_ns: int, about: Any = None) -> None:
        self._open[self.feed.send(request)] = now_ns, what, about
