"""Which row of the FOP-1 state table an event is.

Source: 232.1-B-2 §5.3.2 and the event columns of table 5-1.
"""

from __future__ import annotations

from protocols.clcw import Clcw
from protocols.cop1.signals import Directive, Event, InvalidClcw, Lower, Order, Transmit
from protocols.cop1.state import State
from protocols.errors import EncodeError
from protocols.tc import Kind

_LOWER = {Kind.AD: 41, Kind.BC: 43, Kind.BD: 45}
_BYTE = range(256)
_LEGAL = {
    Order.INITIATE_WITH_SET_VR: _BYTE,
    Order.SET_VS: _BYTE,
    Order.SET_WINDOW: range(1, 256),
    Order.SET_T1: range(1, 1 << 63),
    Order.SET_LIMIT: range(1, 256),
    Order.SET_TIMEOUT_TYPE: range(2),
}


def row(event: Event, state: State) -> int | None:
    """Return the number of the event, 1 to 46 or 101 to 103; None where it is not for us.

    A control word of another channel or another procedure is not for us; one of another version
    is invalid (E15).

    Raises:
        EncodeError: a request to transfer a BC frame, which only a directive may ask for.
    """
    if isinstance(event, Transmit):
        return _transfer(event, state)
    if isinstance(event, Directive):
        return _directive(event, state)
    if isinstance(event, Lower):
        return _LOWER[event.kind] + (not event.accepted)
    if isinstance(event, InvalidClcw):
        return 15
    if event.vcid != state.vcid or event.cop_in_effect != 1:
        return None
    return 15 if event.version else _clcw(event, state)


def expiry(state: State) -> int:
    """Return the number of the timer's event: 16, 17, 18 or 104."""
    if state.count < state.limit:
        return 104 if state.timeout_type else 16
    return 18 if state.timeout_type else 17


def _transfer(event: Transmit, state: State) -> int:
    if event.kind is Kind.BC:
        raise EncodeError("a BC frame goes by a directive, not as an FDU")
    if event.kind is Kind.AD:
        return 19 if state.wait is None else 20
    return 21 if state.bd_ready else 22


def _directive(event: Directive, state: State) -> int:
    number: int = event.order.value
    legal = _LEGAL.get(event.order)
    if legal is not None and event.qualifier not in legal:
        return 40
    if event.order in (Order.INITIATE_WITH_UNLOCK, Order.INITIATE_WITH_SET_VR):
        return number + (not state.bc_ready)
    if event.order is Order.RESUME:
        return number + state.suspended
    return number


def _clcw(word: Clcw, state: State) -> int:
    if word.lockout:
        return 14
    new = (word.report_value - state.nnr) % 256  # frames it acknowledges for the first time
    outstanding = (state.vs - state.nnr) % 256
    if new == outstanding:
        return _nothing_missing(word, new)
    return _some_missing(word, state, new) if new < outstanding else 13


def _nothing_missing(word: Clcw, new: int) -> int:
    if word.retransmit:
        return 4
    if word.wait:
        return 3
    return 2 if new else 1


def _some_missing(word: Clcw, state: State, new: int) -> int:
    if not word.retransmit:
        if word.wait:
            return 7
        return 6 if new else 5
    if state.limit == 1:
        return 101 if new else 102
    if new:
        return 9 if word.wait else 8
    if state.count < state.limit:
        return 11 if word.wait else 10
    return 103 if word.wait else 12
