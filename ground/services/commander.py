"""The command service without its sockets: what waits is routed and released, what is heard judged.

    queue -> way -> forward channel -> unit -> gateway
    control words, reports, custody, telemetry -> verdicts -> the life of each command

Everything it decides is a fact (`Record`), written before anything leaves. It is restored from the
facts alone: what may have left and is not acknowledged is settled as after an alert (`Forward`),
and nothing is sent again before that.

It owns no clock: `now` is ns TAI.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from ground.command import facts
from ground.command.facts import Entry
from ground.command.life import Phase, Stage, phase
from ground.errors import InputError
from ground.messages import RadiateUnit, UnitRow
from ground.relay.plan import Plan
from ground.services import command_units
from ground.services.command_catalogues import Catalogues
from ground.services.command_listener import Listener
from ground.services.command_record import Record
from ground.services.command_routes import NO_ROUTE, RESTS_NS, Routes
from ground.services.command_state import SEQUENCES, Channel, Command
from ground.services.command_terminals import Access
from ground.services.forward import RETURN_NS, Forward
from ground.services.forward_told import Arrived, Doubt, Fdu, Leaving, Settled, Told
from ground.services.planner import Planner
from ground.services.returns import ClcwHeard, CustodyHeard, Heard, ReportHeard
from ground.services.terminals import of_mission
from ground.services.ways import Way
from ground.settings import Mission
from protocols.cop1.signals import Order
from protocols.errors import EncodeError
from protocols.tc import Kind

SECOND_NS = 10**9
NUMBERS = 256  # of AD frames
FORGET_EVERY = 10_000  # facts of a restart
LOOK_NS = SECOND_NS  # between two looks at a way that was not open
_Frame = tuple[int, facts.Released]  # with its N(S)


class Commander:
    """Commanding of one realm.

    Args:
        version: of the software, for the record.

    Attributes:
        record: the facts and what waits for them.
        forwards: the forward channel of each spacecraft that takes commands.
        access: the terminals of relays.
        routes: the ways of commands.
        needs: what commands wait for, in words.
    """

    def __init__(
        self, mission: Mission, catalogues: Catalogues, planner: Planner, realm: str, version: str
    ) -> None:
        self.mission, self.planner, self.catalogues = mission, planner, catalogues
        self._realm, self._version = realm, version
        self.record = Record()
        self.listener = Listener(mission, catalogues, self.record)
        self.forwards = {
            each.name: Forward(each.name, each.scid, each.tc)
            for each in mission.spacecraft
            if each.tc is not None
        }
        self.access = Access(planner, self.record, of_mission(mission))
        crafts = {name: each.settings for name, each in self.forwards.items()}
        self._rests: dict[str, tuple[Plan | None, int]] = {}  # with which plan, until when
        self.routes = Routes(planner, self.record, self.access, crafts)
        self.needs = self.routes.needs

    # ---- beginning --------------------------------------------------------------------------

    def restore(self, entries: Iterable[Entry], now: int) -> None:
        """Become what the facts of an earlier run say; what may have left is in doubt."""
        state = self.record.state
        for count, each in enumerate(entries):
            self.record.restore(each)
            if count % FORGET_EVERY == 0:  # a ledger of years is not held in memory
                state.forget(each.t_ns)
        for name, forward in self.forwards.items():
            channel = state.channels.get((name, forward.settings.vcid), Channel())
            doubts = self._doubts(forward, _of_one_service(list(channel.frames.values())))
            forward.restore(doubts, max(channel.quiet_ns, now - RETURN_NS))
        for known in state.commands.values():
            if phase(known.life.state) in (Phase.FLIGHT, Phase.BOARD, Phase.UNCERTAIN):
                self.listener.recall(known, now)
        self.listener.ask_all()
        self.record.write(facts.Opened(now, self._version))

    def _doubts(self, forward: Forward, frames: Sequence[_Frame]) -> list[Doubt]:
        last = {fact.commands[-1]: number for number, fact in frames if fact.commands}
        left = Counter(fact.commands[-1] for _, fact in frames if fact.commands)
        for name in [each for each in last if left[each] < self._frames(forward, each)]:
            del last[name]  # it left in part
        made = []
        for number, fact in frames:
            name = fact.commands[-1] if fact.commands else ""
            known = self.record.state.commands.get(name)
            expires = known.latest_ns if known else fact.not_after_ns
            made.append(Doubt(number, Fdu(name, last.get(name) == number, expires)))
        return made

    def _frames(self, forward: Forward, name: str) -> int:
        """Return how many frames a command is; 0 where that cannot be told any more."""
        known = self.record.state.commands.get(name)
        try:
            return len(forward.fields(self._octets(known.taken))) if known else 0
        except (InputError, EncodeError):
            return 0

    # ---- what time asks for -----------------------------------------------------------------

    def expire(self, now: int) -> None:
        """Do what is due."""
        self._end_waiting(now)
        self.planner.refresh(now)
        for name in self.record.state.queue.due(now):
            self._rests.pop(name, None)
        self.access.expire(now)
        for name, forward in self.forwards.items():
            self._tell(name, forward.expire(now), now)
            self._tend(forward, now)
            self._serve(name, now)
        self.listener.expire(now)
        self.record.state.forget(now)

    def deadline(self, now: int) -> int:
        """Return when `expire` has something to do, at the latest in a second."""
        times = [self.record.state.queue.deadline(), self.listener.verifier.deadline()]
        times += [each.deadline() for each in self.forwards.values()]
        return min([now + LOOK_NS, *(each for each in times if each is not None)])

    def _end_waiting(self, now: int) -> None:
        """End what waited too long: for its contact, its approval, or a hand-over."""
        state = self.record.state
        for waiting in state.queue.expire(now):
            why = self.needs.pop(waiting.command, "it waited until its expiry")
            end = "NO_ROUTE" if why.startswith(NO_ROUTE) else "EXPIRED"
            self.record.write(facts.Ended(now, waiting.command, end, why))
        for asked in state.approvals.expire(now):
            known = state.commands.get(asked.command)
            if known is not None and known.life.state in (Stage.QUEUED, Stage.ROUTED):
                why = "no approval that held until it could go"
                self.record.write(facts.Ended(now, asked.command, "EXPIRED", why))
        for fact in state.authority.expire(now):
            self.record.write(fact)
        for name in state.changed:
            if name in self.needs and name not in state.queue:
                del self.needs[name]

    # ---- what waits -------------------------------------------------------------------------

    def _tend(self, forward: Forward, now: int) -> None:
        """Keep frames that are not acknowledged on a way that is open."""
        way = forward.way
        if way is None or not forward.pending:
            return
        found = self.routes.keep(forward, now)
        if found is not None and found.kind is Kind.AD:
            self._tell(forward.spacecraft, forward.switch(found, now), now)
        way = forward.way
        if forward.suspended and not forward.lost and way is not None and way.open(now):
            self._tell(forward.spacecraft, forward.prepare(now), now)

    def _serve(self, name: str, now: int) -> None:
        """Release what can go to a spacecraft, in order; where all waits for contacts, rest."""
        plan, until_ns = self._rests.get(name, (None, 0))
        if now < until_ns and plan is self.planner.plan:
            return
        forward, state = self.forwards[name], self.record.state
        until_ns = now + RESTS_NS
        for waiting in list(islice(state.queue.ready(name), forward.settings.window)):
            known = state.commands[waiting.command]
            way = self.routes.usable(known, now)
            if isinstance(way, int):
                until_ns = min(until_ns, way)
                continue
            until_ns = now
            if not self._release(forward, known, way, now):
                break
        self._rests[name] = self.planner.plan, until_ns

    def _release(self, forward: Forward, known: Command, way: Way, now: int) -> bool:
        """Let a command go; return whether the next one may follow."""
        taken = known.taken
        kind = way.kind if taken.service == "auto" else Kind[taken.service]
        try:
            fields = forward.fields(self._octets(taken))
            unmet = self.listener.unmet(known, now)
        except (InputError, EncodeError) as error:  # the mission is another one than it was
            self.record.write(facts.Ended(now, known.id, "REFUSED", str(error)))
            return True
        if unmet:  # it was met when the command was taken
            self.needs[known.id] = unmet
            return True
        if kind is Kind.AD and not self._ready(forward, way, len(fields), now):
            self.needs[known.id] = f"channel: {forward.hindrance(now)}"
            return False
        self.needs.pop(known.id, None)
        self._count(taken, now)
        told = forward.release(known.id, fields, known.latest_ns, kind, now, way)
        self._tell(taken.spacecraft, told, now)
        return True

    def _count(self, taken: facts.Accepted, now: int) -> None:
        """Note that a count of the on-board schedule is used up."""
        if taken.on_board_ns:
            key = taken.spacecraft, self.catalogues.schedule_apid(taken.spacecraft)
            after = (self.record.state.sequences.get(key, 0) + 1) % SEQUENCES
            self.record.write(facts.SequenceTaken(now, *key, after))

    def _octets(self, taken: facts.Accepted) -> bytes:
        """Return what is sent: the packet, or one that has it executed at its time on board."""
        if not taken.on_board_ns:
            return taken.octets
        about = taken.spacecraft, taken.on_board_ns, taken.octets
        return self.catalogues.timed(*about, self.record.state.sequences)

    def _ready(self, forward: Forward, way: Way, frames: int, now: int) -> bool:
        """Bring the channel onto a way, one at a time, and AD service into being."""
        before = forward.way
        if before is None or before.key != way.key or forward.lost:
            if before is not None and before.open(now) and not forward.lost and forward.pending:
                return False
            self._tell(forward.spacecraft, forward.switch(way, now), now)
        elif before is not way:
            self._tell(forward.spacecraft, forward.switch(way, now), now)
        if not forward.active:
            self._tell(forward.spacecraft, forward.prepare(now), now)
        return forward.room(now) >= min(frames, way.window)

    # ---- what leaves ------------------------------------------------------------------------

    def _tell(self, name: str, told: Sequence[Told], now: int) -> None:
        """Write what a forward channel says, and send what leaves."""
        forward = self.forwards[name]
        vcid = forward.settings.vcid
        for each in told:
            match each:
                case Leaving():
                    self._leave(forward, each, now)
                case Arrived(commands, nn_r):
                    found = facts.FarmAcknowledged(now, name, vcid, list(commands), nn_r)
                    self.record.write(found)
                    self.listener.arrived(commands, now)
                case Settled(unsent, uncertain, proof):
                    for command in unsent:
                        self.listener.again(command, proof, now)
                    for command in uncertain:
                        self.listener.uncertain(command, proof, now)
                case _:
                    self.record.write(facts.Noted(now, "channel", name, each.text))

    def _leave(self, forward: Forward, leaving: Leaving, now: int) -> None:
        way, settings, number = leaving.way, forward.settings, self.record.released
        unit = command_units.name(self._realm, number, leaving.frame, now)
        owner = self.record.state.commands.get(leaving.commands[0]) if leaving.commands else None
        octets = command_units.octets(
            unit, leaving.frame, way, settings, (forward.scid, settings.vcid),
            owner.priority if owner else 3, leaving.deadline_ns, number,
        )  # fmt: skip
        self.record.write(
            facts.Released(
                now, unit, list(leaving.commands), forward.spacecraft, settings.vcid,
                leaving.kind.name, leaving.sequence, leaving.frame, way.uplink, list(way.nodes),
                leaving.deadline_ns, leaving.retransmission,
            )
        )  # fmt: skip
        latest = leaving.deadline_ns - (0 if way.envelope else way.flight_ns)
        self.record.send(way.uplink, RadiateUnit(unit, way.uplink, octets, latest))
        self.listener.sent(unit, now)
        if owner is not None and phase(owner.life.state) is Phase.FLIGHT:
            self.listener.expect(owner, now)

    # ---- what is heard ----------------------------------------------------------------------

    def heard(self, items: Sequence[Heard], now: int) -> None:
        """Take what came down, in order; only then let more leave, as the last word counts."""
        spoke: dict[str, None] = {}
        for item in items:
            match item:
                case ClcwHeard(t_ns, name, word):
                    forward = self.forwards.get(name)
                    if forward is not None and word.vcid == forward.settings.vcid:
                        # a gateway's clock that is ahead makes no word newer than it is
                        self._tell(name, forward.receive(word, min(t_ns or now, now), now), now)
                        spoke[name] = None
                case ReportHeard():
                    self.listener.report(item, now)
                case CustodyHeard():
                    self.listener.custody(item, now)
                case _:
                    self.listener.values(item, now)
        for name in spoke:
            self._serve(name, now)

    def units(self, rows: Sequence[UnitRow], gateway: str, now: int) -> None:
        """Take what a gateway says of transmissions."""
        self.listener.units(rows, gateway, now)

    def direct(
        self, name: str, order: Order, directive: str, value: int, user: str, now: int
    ) -> bool:
        """Give a directive to a forward channel as an operator asks for it."""
        forward = self.forwards[name]
        vcid = forward.settings.vcid
        self.record.write(facts.Directed(now, name, vcid, directive, value, user))
        scaled = value * 1_000_000 if order is Order.SET_T1 else value
        ok, told = forward.direct(order, now, scaled)
        self._tell(name, told, now)
        return ok

    def out_of_order(self, names: Collection[str], now: int) -> None:
        """Say which uplinks and relays cannot be used; what waits is routed anew."""
        if not self.planner.out_of_order(names):
            return
        text = ", ".join(sorted(names)) or "all are in use"
        self.record.write(facts.Noted(now, "ways", "", f"not in use: {text}"))
        for forward in self.forwards.values():
            way = forward.way
            forward.lost = way is not None and not {way.uplink, *way.nodes}.isdisjoint(names)


def _of_one_service(frames: Sequence[_Frame]) -> list[_Frame]:
    """Return the newest frames, as far back as their numbers rise.

    What is before is of an AD service that ended, whose words told nothing new of a command.
    """
    found: list[_Frame] = []
    for number, fact in reversed(frames):
        behind = (found[0][0] - number) % NUMBERS if found else 1
        if not 0 < behind < NUMBERS // 2:
            break
        found.insert(0, (number, fact))
    return found
