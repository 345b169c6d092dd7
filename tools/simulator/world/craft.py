"""A spacecraft of a world: what it hears, what its computer does, and what it tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from protocols.pus import header
from protocols.pus.profile import Profile
from tools.simulator.world.board import Applications, Board, Said
from tools.simulator.world.network import CLCW, PACKET, Network
from tools.simulator.world.receiver import CODING, Coding, Receiver

SECOND_NS = 10**9
SYNCHRONISED = 1
BUSY_NS = 60 * SECOND_NS  # so long after the last frame, control words go often
PLAIN = Profile(error_control=False)  # packets without a CRC of their own

Tell = Callable[[Sequence[Said]], None]


@dataclass(frozen=True, slots=True)
class CraftSpec:
    """A spacecraft as its mission has it.

    Attributes:
        profile: of telecommands; reports have no packet error control.
        clcw_ns: between two control words while frames come.
        idle_ns: the same when none came for a while.
        boot_ns: how long it neither hears nor speaks when its computer restarts.
    """

    name: str
    scid: int
    coding: Coding = CODING
    profile: Profile = PLAIN
    clcw_ns: int = SECOND_NS
    idle_ns: int = 30 * SECOND_NS
    boot_ns: int = 8 * SECOND_NS


class Packer:
    """Reports become packets, counted for each APID and type."""

    def __init__(self, profile: Profile) -> None:
        self._profile = replace(profile, error_control=False)
        self._sequence: Counter[int] = Counter()
        self._messages: Counter[tuple[int, int, int]] = Counter()

    def pack(self, said: Said) -> bytes:
        """Return the packet of a report."""
        key = said.apid, said.service, said.subtype
        made = header.Report(
            said.apid,
            said.service,
            said.subtype,
            self._profile.encode_time(said.t_ns),
            said.data,
            sequence=self._sequence[said.apid] % 16384,
            time_status=SYNCHRONISED,
            counter=self._messages[key] % 65536,
        )
        self._sequence[said.apid] += 1
        self._messages[key] += 1
        return header.encode_report(made, self._profile)


class Spacecraft:
    """One spacecraft.

    Args:
        tell: takes its reports, which else go down as packets.

    Attributes:
        receiver, board: where commands come in, and where they are done.
    """

    bends = passes = stores = False

    def __init__(
        self,
        spec: CraftSpec,
        network: Network,
        applications: Applications,
        tell: Tell | None = None,
    ) -> None:
        self.name = spec.name
        self.scid: int | None = spec.scid
        self.receiver = Receiver(spec.scid, spec.coding)
        self.board = Board(spec.name, applications, spec.profile)
        self._spec, self._network = spec, network
        self._tell = tell or self._send
        self._packer = Packer(spec.profile)
        self._heard_ns = self._silent_ns = 0
        self._beat_ns: int | None = None
        self._awake_ns: int | None = None

    def start(self) -> None:
        """Begin to send control words."""
        self._beat()

    def receive(self, octets: bytes, source: str) -> None:
        """Hear a CLTU."""
        now_ns = self._network.now_ns
        if now_ns < self._silent_ns:
            return
        before = self.receiver.version
        for packet in self.receiver.receive(octets):
            self._tell(self.board.receive(packet, now_ns))
        self._wake()
        if self.receiver.version != before:
            self._heard_ns = now_ns
            self._beat_at(now_ns + self._spec.clcw_ns)

    def boot(self) -> None:
        """Restart: FARM-1 and the schedule begin anew after a silence."""
        self._silent_ns = self._network.now_ns + self._spec.boot_ns
        self.receiver.boot()
        self.board.boot()
        self._packer = Packer(self._spec.profile)

    def _send(self, said: Sequence[Said]) -> None:
        for each in said:
            self._network.report(self.name, PACKET, self._packer.pack(each))

    def _wake(self) -> None:
        """Have the board do what is due, when it is."""
        due_ns = self.board.deadline()
        if due_ns is not None and (self._awake_ns is None or due_ns < self._awake_ns):
            self._awake_ns = due_ns
            self._network.agenda.at(due_ns, lambda: self._due(due_ns))

    def _due(self, due_ns: int) -> None:
        if self._awake_ns != due_ns:
            return
        self._awake_ns = None
        self._tell(self.board.expire(self._network.now_ns))
        self._wake()

    def _beat_at(self, at_ns: int) -> None:
        """Send the next control word then, if none comes earlier."""
        if self._beat_ns is not None and self._beat_ns <= at_ns:
            return
        self._beat_ns = at_ns
        self._network.agenda.at(at_ns, lambda: self._due_beat(at_ns))

    def _due_beat(self, at_ns: int) -> None:
        if self._beat_ns == at_ns:
            self._beat()

    def _beat(self) -> None:
        """Send a control word, and choose when the next one goes."""
        now_ns, network = self._network.now_ns, self._network
        self._beat_ns = None
        if now_ns < self._silent_ns:
            self._beat_at(self._silent_ns)
            return
        if network.reaches(self.name):
            network.report(self.name, CLCW, self.receiver.clcw())
            busy = now_ns - self._heard_ns < BUSY_NS
            self._beat_at(now_ns + (self._spec.clcw_ns if busy else self._spec.idle_ns))
            return
        turn_ns = network.contacts.turn_ns(now_ns)
        if turn_ns is not None:
            self._beat_at(max(turn_ns, now_ns + 1))
