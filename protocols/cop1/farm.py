"""FARM-1, the receiver on board: it takes AD frames in order and once, and reports in the CLCW.

An accepted FDU lies in a buffer until the spacecraft takes it with `take`. AD frames are accepted
while there is room; when there is none FARM-1 says Wait until some is taken. BD frames are always
accepted, and the oldest BD FDU not yet taken makes room for a new one.

Unverified: without retransmission the whole window is positive (the book's §6.1.8 that was read
has PW = NW = W/2 only); how many BD FDUs may lie in the buffer is our choice.

Source: 232.1-B-2 §6.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from protocols import tc
from protocols.clcw import Clcw
from protocols.cop1.table import FARM, FarmDo
from protocols.errors import DecodeError, EncodeError
from protocols.tc import Kind, TcFrame


@dataclass(frozen=True, slots=True)
class Fdu:
    """An accepted frame data field."""

    kind: Kind
    data: bytes


class Farm:
    """The receiver of one virtual channel.

    Attributes:
        state: 1 open, 2 wait, 3 lockout.
        vr: V(R), the number of the next AD frame.
        b_count: type B frames accepted; its last two bits go into the CLCW.
        discarded: frames that were not accepted, for whatever reason.
        aborted: BD FDUs that were overwritten before they were taken.
    """

    def __init__(
        self,
        vcid: int,
        *,
        window: int = 254,
        capacity: int = 64,
        retransmission: bool = True,
        state: int = 1,
        vr: int = 0,
    ) -> None:
        """Start open, or in the state given.

        Args:
            window: W, even, 2 to 254; the positive and the negative part have half of it each.
            capacity: AD FDUs that the buffer holds, and as many BD FDUs beside them.
            retransmission: false where the ground never sends a frame twice.

        Raises:
            EncodeError: a value is out of its range.
        """
        if window % 2 or not 2 <= window <= 254 or capacity < 1 or state not in (1, 2, 3):
            raise EncodeError(f"W {window}, buffer of {capacity}, state {state}")
        self.vcid, self.state, self.vr = vcid, state, vr
        self.positive = window // 2 if retransmission else window
        self.negative = window - self.positive
        self.lockout, self.wait, self.retransmit = state == 3, state == 2, False
        self.b_count = self.discarded = self.aborted = 0
        self._capacity = capacity
        self._buffer: deque[Fdu] = deque()

    def receive(self, frame: TcFrame) -> bool:
        """Return whether a frame of this channel is accepted.

        The frame has passed the checks of its layer (`protocols.tc.decode`); what has not is told
        by `invalid`. A BC frame counts as accepted when its command was carried out.
        """
        if frame.vcid != self.vcid:
            return self.invalid()
        if frame.kind is Kind.AD:
            return self._step(self._position(frame.sequence), frame)
        if frame.kind is Kind.BD:
            return self._step(6, frame)
        try:
            command = tc.control(frame.data)
        except DecodeError:
            return self.invalid()
        if isinstance(command, tc.SetVr):
            return self._step(8, frame, command.value)
        return self._step(7, frame)

    def invalid(self) -> bool:
        """Count a frame that broke a rule of its layer (E9); false, as `receive` says it."""
        return self._step(9, None)

    def take(self, most: int | None = None) -> list[Fdu]:
        """Return accepted FDUs in the order of their arrival, and free their buffer (E10)."""
        full = self._full()
        count = len(self._buffer) if most is None else min(most, len(self._buffer))
        taken = [self._buffer.popleft() for _ in range(count)]
        if full and not self._full():
            self._step(10, None)
        return taken

    def clcw(
        self, *, no_rf_available: bool = False, no_bit_lock: bool = False, status: int = 0
    ) -> Clcw:
        """Return what there is to report (E11); the arguments are for others to know."""
        return Clcw(
            vcid=self.vcid,
            report_value=self.vr,
            lockout=self.lockout,
            wait=self.wait,
            retransmit=self.retransmit,
            no_rf_available=no_rf_available,
            no_bit_lock=no_bit_lock,
            farm_b_counter=self.b_count % 4,
            status=status,
        )

    def _position(self, sequence: int) -> int:
        """Return the event of an AD frame: where its number lies in the sliding window."""
        ahead = (sequence - self.vr) % 256
        if ahead == 0:
            return 2 if self._full() else 1
        if ahead < self.positive:
            return 3
        return 4 if 256 - ahead <= self.negative else 5

    def _full(self) -> bool:
        return self._held(Kind.AD) >= self._capacity

    def _held(self, kind: Kind) -> int:
        return sum(fdu.kind is kind for fdu in self._buffer)

    def _step(self, event: int, frame: TcFrame | None, value: int = 0) -> bool:
        cell = FARM[event][self.state - 1]
        if cell is None:  # E1 in the wait state: taking an FDU has ended it
            return False
        self.state, actions = cell
        for action in actions:
            self._do(action, frame, value)
        carried_out = event == 7 or (event == 8 and FarmDo.SET_VR in actions)
        return carried_out or FarmDo.ACCEPT in actions

    def _do(self, action: FarmDo, frame: TcFrame | None, value: int) -> None:
        match action:
            case FarmDo.ACCEPT:
                assert frame is not None
                self._accept(Fdu(frame.kind, frame.data))
            case FarmDo.DISCARD:
                self.discarded += 1
            case FarmDo.COUNT_AD:
                self.vr = (self.vr + 1) % 256
            case FarmDo.COUNT_B:
                self.b_count += 1
            case FarmDo.SET_VR:
                self.vr = value
            case FarmDo.RETRANSMIT_ON | FarmDo.RETRANSMIT_OFF:
                self.retransmit = action is FarmDo.RETRANSMIT_ON
            case FarmDo.WAIT_ON | FarmDo.WAIT_OFF:
                self.wait = action is FarmDo.WAIT_ON
            case FarmDo.LOCKOUT_ON | FarmDo.LOCKOUT_OFF:
                self.lockout = action is FarmDo.LOCKOUT_ON
            case FarmDo.REPORT | FarmDo.IGNORE:
                pass

    def _accept(self, fdu: Fdu) -> None:
        if fdu.kind is Kind.BD and self._held(Kind.BD) >= self._capacity:
            self._buffer.remove(next(old for old in self._buffer if old.kind is Kind.BD))
            self.aborted += 1
        self._buffer.append(fdu)
