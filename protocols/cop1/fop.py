"""FOP-1, the sender: it keeps each AD frame until the spacecraft says that it has it.

`row` finds the event's row in table 5-1, the state picks the cell, and the cell's actions make
the next state. One FDU waits, at most K are sent and not acknowledged, and a frame that is sent
again is the very same frame. The caller answers each `Send` with one `Lower`, calls `expire` when
`deadline` has come, and offers the next FDU after `Accepted` of the last.

Before INITIATE_WITH_CLCW, SET_VS to the N(R) that the spacecraft reports: FOP-1 checks V(S)
against it and does not take it over. In state 3 only a control word moves it, not the timer.
Give control words in the order in which the spacecraft made them: an old one that comes late by
another route looks like an N(R) that cannot be, and ends the service (E13).
RESUME keeps Transmission_Count, as the book has it: with the limit spent, the frames are not sent
again before SET_LIMIT has raised it above the count.

Deviation: a cell that the book calls not applicable does nothing.
Deviation: when the layer below refuses a frame, its Out_Flag becomes ready again (an alert
follows); the book leaves it not ready, and no later AD frame could ever leave.
Deviation: a refused BD frame is told by `Failed`; the book has no confirm for BD.
Deviation: a qualifier out of range is an invalid directive (E40).
Unverified: what the book calls an invalid CLCW (E15); here one of another version.

Source: 232.1-B-2 §5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from protocols.cop1.actions import ACTIONS
from protocols.cop1.rows import expiry, row
from protocols.cop1.signals import Action, Event, Failed, Lower
from protocols.cop1.state import State
from protocols.cop1.step import Step
from protocols.cop1.table import FOP
from protocols.errors import EncodeError
from protocols.tc import Kind


class Fop:
    """The sender of one virtual channel, from the initial state (6) on."""

    __slots__ = ("_state",)

    def __init__(
        self, vcid: int, *, window: int, t1_ns: int, limit: int, timeout_type: int = 1
    ) -> None:
        """Start in state 6 with V(S) zero.

        Args:
            window: K, 1 to 255, and not above the positive window of the FARM.
            t1_ns: how long to wait for a control word that acknowledges.
            limit: how often one frame may be sent, 1 to 255.
            timeout_type: 0 alerts at the limit, 1 suspends.

        Raises:
            EncodeError: a value is out of its range.
        """
        if not (1 <= window <= 255 and t1_ns > 0 and 1 <= limit <= 255 and timeout_type in (0, 1)):
            raise EncodeError(f"K {window}, T1 {t1_ns} ns, limit {limit}, TT {timeout_type}")
        self._state = State(vcid, window, t1_ns, limit, timeout_type)

    def receive(self, event: Event, now: int) -> list[Action]:
        """Return what follows from an event, in order.

        Raises:
            EncodeError: a request to transfer a BC frame.
        """
        number = row(event, self._state)
        if number is None:
            return []
        out: list[Action] = []
        if isinstance(event, Lower) and not event.accepted:
            out = self._refuse(event.kind)
        return out + self._step(number, event, now)

    def expire(self, now: int) -> list[Action]:
        """Return what follows from the timer; nothing before its deadline."""
        deadline = self._state.deadline_ns
        if deadline is None or now < deadline:
            return []
        self._state = replace(self._state, deadline_ns=None)
        return self._step(expiry(self._state), None, now)

    def deadline(self) -> int | None:
        """Return when to call `expire`; None while the timer rests."""
        return self._state.deadline_ns

    def snapshot(self) -> State:
        """Return everything there is to know, as one value that will not change."""
        return self._state

    @classmethod
    def restore(cls, state: State, now: int) -> Self:
        """Go on from a snapshot with the same frames, numbers and counts.

        A timer that ran starts anew at `now`. The layer below is taken to be ready: whether the
        frame it had in hand has left is unknown, and the timer finds out. To go on at once with
        frames that are still marked to be sent again, give it `Lower(Kind.AD)`.
        """
        fop = cls.__new__(cls)
        deadline = None if state.deadline_ns is None else now + state.t1_ns
        fop._state = replace(
            state, deadline_ns=deadline, ad_ready=True, bc_ready=True, bd_ready=True, bd=None
        )
        return fop

    def _step(self, number: int, event: Event | None, now: int) -> list[Action]:
        cell = FOP[number][self._state.state - 1]
        if cell is None:
            return []
        step = Step(event, now, cell.code, [])
        state = self._state
        chosen = cell.actions
        if cell.suspended is not None and state.suspended:
            chosen = cell.suspended
        for action in chosen:
            state = ACTIONS[action](state, step)
        self._state = replace(state, state=cell.state)
        return step.out

    def _refuse(self, kind: Kind) -> list[Action]:
        """The refusal is an answer: the layer below is ready, and a BD frame is lost."""
        state = self._state
        if kind is Kind.AD:
            self._state = replace(state, ad_ready=True)
        elif kind is Kind.BC:
            self._state = replace(state, bc_ready=True)
        else:
            self._state = replace(state, bd_ready=True, bd=None)
            return [Failed((state.bd,))] if state.bd is not None else []
        return []
