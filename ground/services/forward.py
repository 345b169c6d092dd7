"""The forward channel of a spacecraft: FOP-1, the way that its frames take, and whose they are.

How it works: a command's packet is cut into frame data fields; FOP-1 numbers them (AD) or lets
them by (BD). Each frame that leaves has a deadline after which no copy of it is on its way. When
FOP-1 gives up (an alert, a command past its expiry, a restart of the service) nobody knows which
of its frames arrived. Then the channel is quiet until every deadline is past, and the next control
word tells: frames before N(R) were accepted, the others never will be and may be sent anew. A word
counts from `RETURN_NS` after that: it was made on board before it came, and must not be older than
what it is to judge. For the same reason no AD frame leaves while a copy of a control frame may be
on its way: Set V(R), late, would let frames in twice.

A spacecraft that booted reports N(R) = 0. So that this cannot be taken for such a word, AD service
never begins at 0 (V(R) is set to 1 first), and N(R) = 0 is no proof.

One way at a time: another one is taken when nothing is unacknowledged, or when the old one has
closed; then frames that are sent again go by the new one, and FARM-1 drops what comes twice.

It owns no clock: `now` is ns TAI. Source: 232.1-B-2 §5; 232.0-B-4 §4.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ground.services.forward_told import (
    Arrived,
    Doubt,
    Fdu,
    Leaving,
    Settled,
    Told,
    Turned,
    settle,
)
from ground.services.ways import Way
from ground.settings import Telecommand
from protocols import map_segment, tc
from protocols.clcw import Clcw
from protocols.cop1.fop import Fop
from protocols.cop1.signals import (
    Acknowledged,
    Action,
    Alert,
    Directive,
    DirectiveDone,
    Event,
    Failed,
    Lower,
    Order,
    Rejected,
    Send,
    Suspended,
    Transmit,
)
from protocols.errors import EncodeError
from protocols.tc import Kind, TcFrame

ACTIVE = (1, 2, 3)
WAITS = 3  # FARM-1 has no buffer: FOP-1 takes a field, and does not send it
FIRST = 1  # V(R) at the beginning of AD service
T1_NS, LIMIT = 10**10, 8  # before the first way says better
RETURN_NS = 5 * 10**9  # that a control word takes to the ground at most
MOST_LIMIT = 255


class Forward:
    """The forward channel of one spacecraft.

    Attributes:
        way: by which frames leave now; None before the first one.
        quiet_ns: until then copies of frames may be on their way.
        lost: whether something on the way is out of order.
        heard: the newest control word, and `heard_ns` when it came.
    """

    def __init__(self, spacecraft: str, scid: int, settings: Telecommand) -> None:
        self.spacecraft, self.scid, self.settings = spacecraft, scid, settings
        self.way: Way | None = None
        self.lost = False
        self.quiet_ns = 0
        self._control_ns = 0  # until then copies of control frames may be on their way
        self.heard: Clcw | None = None
        self.heard_ns = 0
        self._fop = self._fresh()
        self._fdus: dict[int, Fdu] = {}
        self._numbers: dict[int, int] = {}  # N(S) by request
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._requests = 0
        self._doubts: list[Doubt] = []
        self._resumed = False
        self._by: Way | None = None  # of a BD frame, where it is not that of the channel
        self._out: list[Told] = []

    def _fresh(self) -> Fop:
        most = self.settings.window // 2
        return Fop(self.settings.vcid, window=most, t1_ns=T1_NS, limit=LIMIT)

    # ---- how it is --------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """The state of FOP-1 as people name it."""
        found = self._fop.snapshot()
        if self._doubts:
            return "settling"
        if found.suspended:
            return "suspended"
        return _NAMES[found.state]

    def hindrance(self, now: int) -> str:
        """Return why no AD frame leaves now, for people."""
        if self.active and now <= self._control_ns:
            return "a copy of a control frame may be on its way"
        return self.state

    @property
    def active(self) -> bool:
        """Whether AD frames may leave."""
        return self._fop.snapshot().state in ACTIVE and not self._doubts

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """V(S), NN(R), K and T1 (ns)."""
        found = self._fop.snapshot()
        return found.vs, found.nnr, found.window, found.t1_ns

    @property
    def unacknowledged(self) -> int:
        """Frames that were sent, or are about to be, and not acknowledged."""
        return len(self._fop.snapshot().sent) + len(self._waiting) + len(self._doubts)

    @property
    def pending(self) -> bool:
        """Whether frames wait for an acknowledgement, or AD service is about to begin."""
        return self.unacknowledged > 0 or self._fop.snapshot().state in (4, 5)

    @property
    def suspended(self) -> bool:
        """Whether AD service rests, its frames kept."""
        return self._fop.snapshot().suspended > 0

    def room(self, now: int) -> int:
        """Return how many AD frames may leave now."""
        found = self._fop.snapshot()
        if not self.active or found.state == WAITS or now <= self._control_ns:
            return 0
        return found.window - (found.vs - found.nnr) % 256 - len(self._waiting)

    def fields(self, packet: bytes) -> list[bytes]:
        """Return the frame data fields of a packet.

        Raises:
            EncodeError: it is longer than a frame, on a channel without segments.
        """
        most = self.settings.length - tc.HEADER - tc.FECF * self.settings.fecf
        if self.settings.map is None:
            if len(packet) > most:
                raise EncodeError(f"{len(packet)} octets; a frame without segments takes {most}")
            return [packet]
        return map_segment.segment([packet], most=most, map_id=self.settings.map)

    # ---- what is asked ----------------------------------------------------------------------

    def release(
        self,
        command: str,
        fields: Sequence[bytes],
        expires_ns: int,
        kind: Kind,
        now: int,
        by: Way | None = None,
    ) -> list[Told]:
        """Send the frames of a command; AD only while there is `room`, BD whenever, by its way."""
        self._by = by
        for place, data in enumerate(fields):
            self._requests += 1
            self._fdus[self._requests] = Fdu(command, place == len(fields) - 1, expires_ns)
            if kind is Kind.BD:
                self._do(Transmit(self._requests, data, Kind.BD), now)
                del self._fdus[self._requests]
            else:
                self._waiting.append((self._requests, data))
        self._feed(now)
        self._by = None
        return self._take()

    def prepare(self, now: int) -> list[Told]:
        """Begin AD service, where that rests, as soon as it may begin."""
        found = self._fop.snapshot()
        if found.suspended:
            self._resume(now)
        elif found.state == 6 and not self._doubts and self._may_begin(now):
            assert self.heard is not None
            self._begin(self.heard, now)
        return self._take()

    def switch(self, way: Way, now: int) -> list[Told]:
        """Send by another way from now on; K, T1 and the limit become its own."""
        self._switch(way, now)
        return self._take()

    def _switch(self, way: Way, now: int) -> None:
        before, self.way, self.lost = self.way, way, False
        if before is None or before.key != way.key:
            self._out.append(
                Turned(f"goes by {way.text}, K {way.window}, T1 {way.t1_ns / 1e9:g} s")
            )
            self._resumed = False
        found = self._fop.snapshot()
        for order, value, known in (
            (Order.SET_WINDOW, way.window, found.window),
            (Order.SET_T1, way.t1_ns, found.t1_ns),
            (Order.SET_LIMIT, way.limit, found.limit),
        ):
            if value != known:
                self._direct(order, now, value)

    def direct(self, order: Order, now: int, value: int = 0) -> tuple[bool, list[Told]]:
        """Give a directive as an operator asks for it; return whether it was taken.

        None begins AD service while frames are not acknowledged: what a control word says of them
        would be what the directive made of it.
        """
        if order in _BEGIN and self.unacknowledged:
            return False, []
        if order is Order.SET_WINDOW and value > self.settings.window // 2:
            return False, []
        done = self._direct(order, now, value)
        return done is not False, self._take()

    # ---- what is heard ----------------------------------------------------------------------

    def receive(self, word: Clcw, t_ns: int, now: int) -> list[Told]:
        """Take a control word of this channel, received at `t_ns`."""
        self.heard, self.heard_ns = word, t_ns
        if self._doubts:
            self._settle(word, t_ns)
        else:
            self._do(word, now)
            self._feed(now)
        return self._take()

    def expire(self, now: int) -> list[Told]:
        """Do what time asks for."""
        if any(self._fdus[each].expires_ns <= now for each in self._numbers):
            self._give_up(now, "a command expired before it was acknowledged")
        self._do_all(self._fop.expire(now), now)
        return self._take()

    def deadline(self) -> int | None:
        """Return when to call `expire`."""
        due = [self._fdus[each].expires_ns for each in self._numbers]
        timer = self._fop.deadline()
        return min([*due, *([timer] if timer is not None else [])], default=None)

    def restore(self, doubts: Sequence[Doubt], quiet_ns: int) -> None:
        """Go on after a restart: these frames may have arrived, and nobody knows.

        Args:
            quiet_ns: as it was, or later; no word that came before counts.
        """
        self._doubts = list(doubts)
        self.quiet_ns = quiet_ns

    # ---- FOP-1 ------------------------------------------------------------------------------

    def _do(self, event: Event, now: int) -> None:
        self._do_all(self._fop.receive(event, now), now)

    def _do_all(self, actions: Sequence[Action], now: int) -> None:
        for action in actions:
            self._act(action, now)

    def _act(self, action: Action, now: int) -> None:
        match action:
            case Send():
                self._send(action, now)
            case Acknowledged(requests):
                self._arrived(requests, now)
            case Failed(requests):
                self._lost(requests)
            case Rejected(request):
                self._back([request])
            case Alert(code):
                self._resumed = False
                self._unwait()
                self._out.append(Turned(f"alert: {code.name.lower()}"))
            case Suspended():
                self._suspended(now)
            case DirectiveDone(_, ok):
                self._began(ok, now)

    def _send(self, action: Send, now: int) -> None:
        """Let a frame leave, unless it has no way or is too late, and tell FOP-1 it is taken."""
        fdu = self._fdus.get(action.request)
        if action.kind is Kind.AD and fdu is not None:
            self._numbers[action.request] = action.sequence
        by = self._by if action.kind is Kind.BD else None
        way = by or (None if self.lost else self.way)
        if way is not None and (fdu is None or fdu.expires_ns > now + way.flight_ns):
            self._leave(action, fdu, way, now)
        elif way is not None and action.kind is Kind.AD and not action.retransmission:
            self._out.append(Turned(f"frame {action.sequence} is held back, it would be too late"))
        self._do(Lower(action.kind), now)

    def _leave(self, action: Send, fdu: Fdu | None, way: Way, now: int) -> None:
        frame = TcFrame(self.scid, self.settings.vcid, action.kind, action.sequence, action.data)
        deadline = way.deadline(now, None if fdu is None else fdu.expires_ns, action.kind)
        if action.kind is not Kind.BD:
            self.quiet_ns = max(self.quiet_ns, deadline)
        if action.kind is Kind.BC:
            self._control_ns = max(self._control_ns, deadline)
        commands = () if fdu is None else (fdu.command,)
        octets = tc.encode(frame, fecf=self.settings.fecf)
        number, again = action.sequence, action.retransmission
        self._out.append(Leaving(action.kind, number, octets, commands, deadline, again, way))

    def _arrived(self, requests: Sequence[int], now: int) -> None:
        done = []
        for each in requests:
            fdu = self._fdus.pop(each)
            self._numbers.pop(each, None)
            if fdu.last:
                done.append(fdu.command)
        if self._resumed and self.way is not None:
            self._resumed = False
            self._direct(Order.SET_LIMIT, now, self.way.limit)
        if done:
            self._out.append(Arrived(tuple(done), self._fop.snapshot().nnr))

    def _lost(self, requests: Sequence[int]) -> None:
        """Keep frames that were purged as doubts, until a control word tells."""
        for each in requests:
            if each in self._numbers:
                number = self._numbers.pop(each)
                self._doubts.append(Doubt(number, self._fdus.pop(each)))
        self._unwait()

    def _unwait(self) -> None:
        """Give back what never left."""
        waiting = [each for each, _ in self._waiting]
        self._waiting.clear()
        self._back(waiting)

    def _back(self, requests: Sequence[int]) -> None:
        """Give back commands with frames that have no number, unless others of theirs are out."""
        gone = [self._fdus.pop(each) for each in requests if each in self._fdus]
        doubted = {each.fdu.command for each in self._doubts}
        unsent = tuple(dict.fromkeys(e.command for e in gone if e.command not in doubted))
        if unsent:
            self._out.append(Settled(unsent, (), "it never left the station"))

    def _feed(self, now: int) -> None:
        """Give FOP-1 what waits, one after the other, as far as it sends at once."""
        while self._waiting and self.active:
            found = self._fop.snapshot()
            if found.wait is not None or (found.vs - found.nnr) % 256 >= found.window:
                return
            request, data = self._waiting.popleft()
            self._do(Transmit(request, data), now)

    def _settle(self, word: Clcw, t_ns: int) -> None:
        """Judge doubtful frames by a word that came after every copy of them was gone."""
        if t_ns > self.quiet_ns + RETURN_NS:
            doubts, self._doubts = self._doubts, []
            self._out += settle(doubts, word)

    # ---- beginning and ending of AD service -------------------------------------------------

    def _may_begin(self, now: int) -> bool:
        """Whether a control word is newer than anything that may change what it says."""
        return self.heard is not None and self.heard_ns > self.quiet_ns + RETURN_NS

    def _begin(self, word: Clcw, now: int) -> None:
        self._direct(Order.SET_VS, now, word.report_value)
        if word.lockout or word.retransmit or word.wait:
            self._direct(Order.INITIATE_WITH_UNLOCK, now)
        elif word.report_value == 0:
            self._direct(Order.INITIATE_WITH_SET_VR, now, FIRST)
        else:
            self._direct(Order.INITIATE, now)

    def _began(self, ok: bool, now: int) -> None:
        """Leave 0 behind, where an unlocked FARM-1 stands there."""
        found = self._fop.snapshot()
        if ok and found.state in ACTIVE and found.vs == 0 and found.nnr == 0 and not found.sent:
            self._direct(Order.TERMINATE, now)
            self._direct(Order.INITIATE_WITH_SET_VR, now, FIRST)

    def _suspended(self, now: int) -> None:
        self._out.append(Turned("suspended: no acknowledgement"))
        if self._resumed:
            self._give_up(now, "no acknowledgement after it was resumed")

    def _resume(self, now: int) -> None:
        if self._resumed:
            self._give_up(now, "no acknowledgement after it was resumed")
            return
        self._resumed = True
        self._out.append(Turned("resumed"))
        found = self._fop.snapshot()  # to resume alone would send nothing: the limit is used up
        self._direct(Order.SET_LIMIT, now, min(MOST_LIMIT, found.count + found.limit))
        self._direct(Order.RESUME, now)

    def _give_up(self, now: int, why: str) -> None:
        """End AD service, and find out what arrived."""
        self._out.append(Turned(f"AD service ends: {why}"))
        self._resumed = False
        self._direct(Order.TERMINATE, now)
        outstanding, waits = list(self._numbers), self._fop.snapshot().wait
        if outstanding:  # in state 6, as suspended, a directive purges nothing
            self._lost(outstanding)
            self._back([] if waits is None else [waits.request])
            self._fop = self._fresh()
            if self.way is not None:
                self._switch(self.way, now)

    def _direct(self, order: Order, now: int, value: int = 0) -> bool | None:
        """Give a directive; return whether it was done, None while it is under way."""
        self._requests += 1
        actions = self._fop.receive(Directive(self._requests, order, value), now)
        mine = [each.ok for each in actions if isinstance(each, DirectiveDone)]
        self._do_all(actions, now)
        return mine[-1] if mine else None

    def _take(self) -> list[Told]:
        out, self._out = self._out, []
        return out


_BEGIN = (
    Order.INITIATE,
    Order.INITIATE_WITH_CLCW,
    Order.INITIATE_WITH_UNLOCK,
    Order.INITIATE_WITH_SET_VR,
    Order.SET_VS,
)
_NAMES = {
    1: "active",
    2: "retransmitting",
    3: "retransmitting, waiting",
    4: "initialising",
    5: "initialising",
    6: "initial",
}
