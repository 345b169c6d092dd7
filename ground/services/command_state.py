"""All that the command service knows, as the facts of its ledger make it: nothing else changes it.

Deciding gives facts, a fact is written, and `apply` takes it in, live and after a restart alike; so
what a restarted service knows is what it knew. Commands that have ended stay for a day, or until
there are too many: the ledger keeps them for ever.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ground.command import facts
from ground.command.approval import AT_ONCE_NS, Approvals
from ground.command.authority import Authority
from ground.command.facts import Entry
from ground.command.life import Illegal, Life, Stage, advance, begin
from ground.command.queue import Queue, Waiting

DAY_NS = 86_400 * 10**9
MOST_ENDED = 20_000
OPERATOR, APPROVAL, CONTACT = "operator", "approval", "contact"
UNIT_STAGES = {"taken": Stage.GW_ACK, "radiated": Stage.RADIATED}
CUSTODY_STAGES = {"RECEIVED": Stage.RELAY_RECEIVED, "FORWARDED": Stage.RELAY_FORWARDED}
SEQUENCES = 1 << 14


@dataclass(slots=True)
class Command:
    """One command: what was asked, what has happened, and which way it goes.

    Attributes:
        units: the transmissions that carried it, newest last.
        acknowledged: FARM-1 has accepted all its frames.
    """

    taken: facts.Accepted
    life: Life
    approver: str = ""
    priority: int = 0
    routed: facts.Routed | None = None
    units: list[str] = field(default_factory=list)
    acknowledged: bool = False

    @property
    def id(self) -> str:
        return self.taken.command

    @property
    def latest_ns(self) -> int:
        """Until when it must have arrived: its expiry, or the time at which it is due on board."""
        taken = self.taken
        return min(taken.not_after_ns, taken.on_board_ns or taken.not_after_ns)


@dataclass(slots=True)
class Unit:
    """One transmission: what left, and what is known of it ("" until somebody says).

    Attributes:
        custody: the furthest that each relay said; `told` all that each did.
    """

    fact: facts.Released
    state: str = ""
    custody: dict[str, str] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Channel:
    """The frames of a forward channel that FARM-1 has not acknowledged, oldest first."""

    frames: OrderedDict[int, tuple[int, facts.Released]] = field(default_factory=OrderedDict)
    count: int = 0
    quiet_ns: int = 0


# A relay that was restarted may say of a copy that it is too late: FORWARDED stands before that.
_CUSTODY = {"": 0, "RECEIVED": 1, "EXPIRED": 2, "DROPPED": 2, "FORWARDED": 3}


class State:
    """What is known; `now` of each fact is the time that it carries.

    Attributes:
        same: the newest command of each spacecraft and text.
        misfits: steps that a command's life could not take: what was said does not fit.
    """

    def __init__(self) -> None:
        self.commands: dict[str, Command] = {}
        self.requests: dict[str, str] = {}
        self.same: dict[tuple[str, str], str] = {}
        self.queue = Queue()
        self.authority = Authority()
        self.approvals = Approvals()
        self.sequences: dict[tuple[str, int], int] = {}
        self.units: dict[str, Unit] = {}
        self.channels: dict[tuple[str, int], Channel] = {}
        self.bookings: dict[str, facts.Booked] = {}
        self.misfits = 0
        self.changed: dict[str, None] = {}
        self._ended: OrderedDict[str, int] = OrderedDict()  # when that was written
        self._now = 0  # of the newest fact; what others say of time may be anything
        self._controls: deque[facts.Released] = deque()  # transmissions of no command

    def apply(self, fact: Entry) -> None:
        """Take in a fact."""
        self._now = fact.t_ns
        match fact:
            case facts.Accepted():
                self._accept(fact)
            case facts.SequenceTaken():
                self.sequences[fact.spacecraft, fact.apid] = fact.before
            case facts.AuthorityChanged():
                self.authority.restore(fact)
            case facts.Approved():
                self._approve(fact)
            case facts.Held():
                self.queue.hold(fact.command, fact.why)
            case facts.Unheld():
                self.queue.release(fact.command, fact.why)
            case facts.Moved():
                self._move(fact)
            case facts.Booked():
                self.bookings[fact.booking] = fact
            case facts.Unbooked():
                self.bookings.pop(fact.booking, None)
            case facts.Released():
                self._release(fact)
            case facts.UnitReported() | facts.Custody():
                self._report(fact)
            case facts.FarmAcknowledged():
                self._acknowledge(fact)
            case facts.Routed() | facts.Queued() | facts.Verified() | facts.Ended():
                self._step(fact)
        for name in _about(fact):
            self.changed[name] = None

    def live(self) -> Iterator[Command]:
        """Yield the commands that have not ended."""
        return (each for each in self.commands.values() if not each.life.ended)

    def forget(self, now: int) -> None:
        """Let go of commands that ended long ago, and of transmissions nobody asks about."""
        while self._ended:
            command, ended_ns = next(iter(self._ended.items()))
            if len(self._ended) <= MOST_ENDED and ended_ns > now - DAY_NS:
                break
            del self._ended[command]
            gone = self.commands.pop(command)
            self.changed.pop(command, None)
            self.requests.pop(gone.taken.request, None)
            text = gone.taken.spacecraft, gone.taken.text
            if self.same.get(text) == command:
                del self.same[text]
            for unit in gone.units:
                self.units.pop(unit, None)
        while self._controls and self._controls[0].not_after_ns < now - DAY_NS:
            self.units.pop(self._controls.popleft().unit, None)
        for booking in [each for each, fact in self.bookings.items() if fact.end_ns <= now]:
            del self.bookings[booking]

    # ---- what operators do ------------------------------------------------------------------

    def _accept(self, fact: facts.Accepted) -> None:
        made = Command(fact, begin(fact.command, fact.t_ns, f"by {fact.author}"))
        made.priority = fact.priority
        self.commands[fact.command] = made
        self.requests[fact.request] = fact.command
        self.same[fact.spacecraft, fact.text] = fact.command
        self.sequences[fact.spacecraft, fact.apid] = (fact.sequence + 1) % SEQUENCES
        holds = [OPERATOR] if fact.held else []
        if fact.hazard == "H2":
            holds.append(APPROVAL)
            waits = fact.held or fact.not_before_ns > fact.t_ns
            self.approvals.ask(
                fact.command, fact.digest, fact.author, fact.key, fact.t_ns,
                not_after_ns=fact.not_after_ns, at_once=not waits,
            )  # fmt: skip
        self._wait(made, fact.t_ns, holds)

    def _wait(self, made: Command, now: int, holds: list[str]) -> None:
        taken = made.taken
        waiting = Waiting(
            taken.command, taken.spacecraft, made.priority, taken.t_ns, taken.not_before_ns,
            made.latest_ns, len(taken.octets),
        )  # fmt: skip
        self.queue.add(waiting, now, holds, again=bool(made.units))

    def _approval(self, known: Command, now: int) -> list[str]:
        """Return the hold of a command that comes back and whose approval is over by now."""
        taken, asked = known.taken, self.approvals.asked(known.id)
        if taken.hazard != "H2" or (asked is not None and now <= asked.until_ns):
            return []
        known.approver = ""
        self.approvals.ask(
            known.id, taken.digest, taken.author, taken.key, now,
            not_after_ns=taken.not_after_ns, at_once=True,
        )  # fmt: skip
        return [APPROVAL]

    def _approve(self, fact: facts.Approved) -> None:
        known = self.commands.get(fact.command)
        if known is not None:
            self.approvals.approve(fact.command, fact.digest, fact.approver, fact.key, fact.t_ns)
            known.approver = fact.approver
            self.queue.release(fact.command, APPROVAL)

    def _move(self, fact: facts.Moved) -> None:
        known = self.commands.get(fact.command)
        if known is not None and fact.priority != known.priority:
            known.priority = fact.priority
            self.queue.prioritise(fact.command, fact.priority)
        else:
            self.queue.move(fact.command, fact.before)

    # ---- what the station does, and hears ---------------------------------------------------

    def _release(self, fact: facts.Released) -> None:
        self.units[fact.unit] = Unit(fact)
        if not fact.commands:
            self._controls.append(fact)
        channel = self.channels.setdefault((fact.spacecraft, fact.vcid), Channel())
        if fact.kind != "BD":
            channel.quiet_ns = max(channel.quiet_ns, fact.not_after_ns)
        if fact.kind == "AD" and not fact.retransmission:
            channel.count += 1
            channel.frames[channel.count] = (fact.sequence, fact)
        for name in fact.commands:
            known = self.commands.get(name)
            if known is None:
                continue
            known.units.append(fact.unit)
            self.queue.remove(name)
            self._advance(known, Stage.RELEASED, fact.t_ns, fact.kind)

    def _report(self, fact: facts.UnitReported | facts.Custody) -> None:
        unit = self.units.get(fact.unit)
        if unit is not None and isinstance(fact, facts.UnitReported):
            unit.state = fact.state
        elif unit is not None and isinstance(fact, facts.Custody):
            before = unit.custody.get(fact.relay, "")
            unit.told.add((fact.relay, fact.state))
            unit.custody[fact.relay] = max(before, fact.state, key=_CUSTODY.__getitem__)
        if isinstance(fact, facts.UnitReported):
            stage, detail = UNIT_STAGES.get(fact.state), fact.gateway
        else:
            stage, detail = CUSTODY_STAGES.get(fact.state), fact.relay
        for name in fact.commands if stage is not None else ():
            known = self.commands.get(name)
            if known is not None and stage is not None:
                self._advance(known, stage, fact.at_ns, detail)

    def _acknowledge(self, fact: facts.FarmAcknowledged) -> None:
        self._drop_frames(fact.spacecraft, fact.vcid, fact.commands)
        for name in fact.commands:
            known = self.commands.get(name)
            if known is not None:
                known.acknowledged = True
                self._advance(known, Stage.FARM_ACK, fact.t_ns, f"N(R) {fact.nn_r}")

    def _drop_frames(self, spacecraft: str, vcid: int, commands: list[str]) -> None:
        """Forget frames up to the last one of these commands."""
        channel = self.channels.get((spacecraft, vcid))
        if channel is None:
            return
        gone = set(commands)
        last = [at for at, (_, each) in channel.frames.items() if gone & set(each.commands)]
        for at in [at for at in channel.frames if last and at <= last[-1]]:
            del channel.frames[at]

    def _step(self, fact: facts.Routed | facts.Queued | facts.Verified | facts.Ended) -> None:
        known = self.commands.get(fact.command)
        if known is None:
            return
        match fact:
            case facts.Routed():
                known.routed = fact
                if fact.departs_ns > fact.t_ns + AT_ONCE_NS:
                    self.approvals.keep(known.id, fact.t_ns)
                self._advance(known, Stage.ROUTED, fact.t_ns, ">".join(fact.nodes[1:]))
            case facts.Queued():
                self._drop_frames_of(known)
                if self._advance(known, Stage.QUEUED, fact.t_ns, fact.proof):
                    self._wait(known, fact.t_ns, self._approval(known, fact.t_ns))
            case facts.Verified():
                self._verify(known, fact)
            case facts.Ended():
                self._drop_frames_of(known)
                self._advance(known, Stage(fact.end), fact.t_ns, fact.detail)

    def _drop_frames_of(self, known: Command) -> None:
        """Forget the frames of a command that will not be acknowledged any more."""
        for channel in self.channels.values() if known.units else ():
            mine = [at for at, (_, each) in channel.frames.items() if known.id in each.commands]
            for at in mine:
                del channel.frames[at]

    def _verify(self, known: Command, fact: facts.Verified) -> None:
        stage = Stage(fact.stage)
        if fact.verdict == "late" and stage is not Stage.UNCERTAIN:
            return  # a verdict on record; what ends the command is a fact of its own
        detail = f"{fact.source} {fact.detail}".strip()
        self._advance(known, stage, fact.at_ns, detail, late=fact.late)

    def _advance(
        self, known: Command, stage: Stage, t_ns: int, detail: str, *, late: bool = False
    ) -> bool:
        moved = advance(known.life, stage, t_ns, detail, late=late)
        if isinstance(moved, Illegal):
            self.misfits += 1
            return False
        known.life = moved
        self._ended.pop(known.id, None)
        if moved.ended:
            self.queue.remove(known.id)
            self.approvals.void(known.id)
            self._ended[known.id] = self._now
        return True


def _about(fact: Entry) -> list[str]:
    """Return the commands that a fact is about."""
    if isinstance(fact, facts.Released | facts.UnitReported | facts.Custody):
        return list(fact.commands)
    if isinstance(fact, facts.FarmAcknowledged):
        return list(fact.commands)
    if isinstance(fact, facts.Opened | facts.Refused | facts.SequenceTaken | facts.Noted):
        return []
    if isinstance(fact, facts.AuthorityChanged | facts.Directed):
        return []
    if isinstance(fact, facts.Booked | facts.Unbooked):
        return []
    return [fact.command]
