"""The state tables of COP-1, as data: a row for each event, a cell for each state.

A cell names the actions in their order and the state that follows. None is a cell that the book
calls not applicable. `rows` says which row an event is; `actions` says what each `Do` does.

Unverified: the text of the actions (§5.2, §6.2) and of the alerts (table 4-4) was read, the pages
of the two state tables were not. Their cells are those on which the implementations of
dariol83/ccsds, OSDLP and AcubeSAT agree. Where one differs:
E10 in S3 looks for an FDU (OSDLP and AcubeSAT; dariol83 does not).
E6 in S2 and S3 goes to S1 (OSDLP and dariol83; AcubeSAT stays).
E45 does not accept a second time what E21 has accepted (as AcubeSAT, which says that the book
does; dariol83 accepts twice).

Source: 232.1-B-2 tables 5-1 and 6-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Do(Enum):
    """The actions of FOP-1. Source: 232.1-B-2 §5.2."""

    IGNORE = auto()
    REMOVE_ACKNOWLEDGED = auto()
    CANCEL_TIMER = auto()
    START_TIMER = auto()
    LOOK_FOR_FDU = auto()
    LOOK_FOR_DIRECTIVE = auto()
    RETRANSMIT_AD = auto()
    RETRANSMIT_BC = auto()
    RELEASE_BC = auto()
    ADD_TO_WAIT_QUEUE = auto()
    TRANSMIT_BD = auto()
    TRANSMIT_UNLOCK = auto()
    TRANSMIT_SET_VR = auto()
    ACCEPT = auto()
    REJECT = auto()
    CONFIRM = auto()
    INITIALIZE = auto()
    ALERT = auto()
    SET_SS = auto()
    SUSPEND = auto()
    RESUME = auto()
    SET_VS = auto()
    SET_WINDOW = auto()
    SET_T1 = auto()
    SET_LIMIT = auto()
    SET_TIMEOUT_TYPE = auto()
    AD_READY = auto()
    BC_READY = auto()
    BD_READY = auto()


class Code(Enum):
    """Why an alert is given. Source: 232.1-B-2 §4.3.2, table 4-4."""

    LIMIT = "limit"
    T1 = "t1"
    LOCKOUT = "lockout"
    SYNCH = "synch"
    NNR = "nn(r)"
    CLCW = "clcw"
    LLIF = "llif"
    TERM = "term"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one event does in one state.

    Attributes:
        state: the state that follows.
        code: the reason that goes with ALERT.
        suspended: the actions instead, while SS is not zero.
    """

    state: int
    actions: tuple[Do, ...]
    code: Code | None = None
    suspended: tuple[Do, ...] | None = None


Row = tuple[Cell | None, ...]


def _at(state: int, *actions: Do) -> Cell:
    return Cell(state, actions)


def _alert(code: Code, *before: Do) -> Cell:
    return Cell(6, (*before, Do.ALERT), code)


def _all(*actions: Do) -> Row:
    """The same in each state, and none is left."""
    return tuple(Cell(state, actions) for state in range(1, 7))


def _initial(cell: Cell) -> Row:
    """Reject, but for the initial state."""
    return (*_all(Do.REJECT)[:5], cell)


def _only(cell: Cell) -> Row:
    """Applicable in the initial state alone."""
    return (None,) * 5 + (cell,)


_ACK, _LOOK, _AGAIN = Do.REMOVE_ACKNOWLEDGED, Do.LOOK_FOR_FDU, Do.RETRANSMIT_AD
_START, _STOP = (Do.ACCEPT, Do.INITIALIZE), Do.CANCEL_TIMER
_IDLE = _at(6, Do.IGNORE)
_AGAIN_BC = _at(5, Do.RETRANSMIT_BC, Do.LOOK_FOR_DIRECTIVE)


def _ignore(state: int) -> Cell:
    return _at(state, Do.IGNORE)


def _set(action: Do) -> Row:
    return _all(Do.ACCEPT, action, Do.CONFIRM)


_SYNCH, _CLCW, _LIMIT = _alert(Code.SYNCH), _alert(Code.CLCW), _alert(Code.LIMIT)
_NNR, _LOCKOUT, _T1, _LLIF = (_alert(c) for c in (Code.NNR, Code.LOCKOUT, Code.T1, Code.LLIF))
_SUSPEND = _at(6, Do.SET_SS, Do.SUSPEND)
_TERM = Cell(6, (Do.ACCEPT, Do.ALERT, Do.CONFIRM), Code.TERM)
_LATE = _at(1, _ACK, _STOP, _LOOK)  # everything is acknowledged
_SOME = _at(1, _ACK, _LOOK)  # something is
_RESEND = _at(2, _AGAIN, _LOOK)
_ACK_RESEND = _at(2, _ACK, _AGAIN, _LOOK)
_ACK_WAIT = _at(3, _ACK)
_ACK_LIMIT = _alert(Code.LIMIT, _ACK)

FOP: Mapping[int, Row] = {
    1: (
        _ignore(1),
        _SYNCH,
        _SYNCH,
        _at(1, Do.CONFIRM, _STOP),
        _at(1, Do.CONFIRM, Do.RELEASE_BC, _STOP),
        _IDLE,
    ),
    2: (_LATE, _LATE, _LATE, None, None, _IDLE),
    3: (_CLCW, _CLCW, _CLCW, _CLCW, _CLCW, _IDLE),
    4: (_SYNCH, _SYNCH, _SYNCH, _SYNCH, _ignore(5), _IDLE),
    5: (_ignore(1), _SYNCH, _SYNCH, None, None, _IDLE),
    6: (_SOME, _SOME, _SOME, None, None, _IDLE),
    7: (_CLCW, _CLCW, _CLCW, None, None, _IDLE),
    101: (_ACK_LIMIT, _ACK_LIMIT, _ACK_LIMIT, None, None, _IDLE),
    102: (_LIMIT, _LIMIT, _LIMIT, None, None, _IDLE),
    8: (_ACK_RESEND, _ACK_RESEND, _ACK_RESEND, None, None, _IDLE),
    9: (_ACK_WAIT, _ACK_WAIT, _ACK_WAIT, None, None, _IDLE),
    10: (_RESEND, _ignore(2), _RESEND, None, None, _IDLE),
    11: (_ignore(3), _ignore(3), _ignore(3), None, None, _IDLE),
    12: (_ignore(2), _ignore(2), _ignore(2), None, None, _IDLE),
    103: (_ignore(3), _ignore(3), _ignore(3), None, None, _IDLE),
    13: (_NNR, _NNR, _NNR, _NNR, _ignore(5), _IDLE),
    14: (_LOCKOUT, _LOCKOUT, _LOCKOUT, _LOCKOUT, _ignore(5), _IDLE),
    15: (_CLCW, _CLCW, _CLCW, _CLCW, _CLCW, _IDLE),
    16: (_at(1, _AGAIN, _LOOK), _RESEND, _ignore(3), _T1, _AGAIN_BC, None),
    104: (_at(1, _AGAIN, _LOOK), _RESEND, _ignore(3), _SUSPEND, _AGAIN_BC, None),
    17: (_T1, _T1, _T1, _T1, _T1, None),
    18: (_SUSPEND, _SUSPEND, _SUSPEND, _SUSPEND, _T1, None),
    19: (
        _at(1, Do.ADD_TO_WAIT_QUEUE, _LOOK),
        _at(2, Do.ADD_TO_WAIT_QUEUE, _LOOK),
        _at(3, Do.ADD_TO_WAIT_QUEUE),
        *_all(Do.REJECT)[3:],
    ),
    20: _all(Do.REJECT),
    21: _all(Do.ACCEPT, Do.TRANSMIT_BD),
    22: _all(Do.REJECT),
    23: _initial(_at(1, *_START, Do.CONFIRM)),
    24: _initial(_at(4, *_START, Do.START_TIMER)),
    25: _initial(_at(5, *_START, Do.TRANSMIT_UNLOCK)),
    26: _all(Do.REJECT),
    27: _initial(_at(5, *_START, Do.SET_VS, Do.TRANSMIT_SET_VR)),
    28: _all(Do.REJECT),
    29: (*[_TERM] * 5, _at(6, Do.ACCEPT, Do.CONFIRM)),
    30: _all(Do.REJECT),
    31: _only(_at(1, Do.ACCEPT, Do.RESUME, Do.CONFIRM)),
    32: _only(_at(2, Do.ACCEPT, Do.RESUME, Do.CONFIRM)),
    33: _only(_at(3, Do.ACCEPT, Do.RESUME, Do.CONFIRM)),
    34: _only(_at(4, Do.ACCEPT, Do.RESUME, Do.CONFIRM)),
    35: _initial(Cell(6, (Do.ACCEPT, Do.SET_VS, Do.CONFIRM), suspended=(Do.REJECT,))),
    36: _set(Do.SET_WINDOW),
    37: _set(Do.SET_T1),
    38: _set(Do.SET_LIMIT),
    39: _set(Do.SET_TIMEOUT_TYPE),
    40: _all(Do.REJECT),
    41: (_at(1, Do.AD_READY, _LOOK), _at(2, Do.AD_READY, _LOOK), *_all(Do.AD_READY)[2:]),
    42: (_LLIF,) * 6,
    43: (*_all(Do.BC_READY)[:4], _at(5, Do.BC_READY, Do.LOOK_FOR_DIRECTIVE), _at(6, Do.BC_READY)),
    44: (_LLIF,) * 6,
    45: _all(Do.BD_READY),
    46: (_LLIF,) * 6,
}


class FarmDo(Enum):
    """The actions of FARM-1. Source: 232.1-B-2 §6.2."""

    ACCEPT = auto()
    DISCARD = auto()
    COUNT_AD = auto()
    COUNT_B = auto()
    SET_VR = auto()
    RETRANSMIT_ON = auto()
    RETRANSMIT_OFF = auto()
    WAIT_ON = auto()
    WAIT_OFF = auto()
    LOCKOUT_ON = auto()
    LOCKOUT_OFF = auto()
    REPORT = auto()
    IGNORE = auto()


FarmCell = tuple[int, tuple[FarmDo, ...]]


def _farm(state: int, *actions: FarmDo) -> FarmCell:
    return state, actions


_DISCARD = (_farm(1, FarmDo.DISCARD), _farm(2, FarmDo.DISCARD), _farm(3, FarmDo.DISCARD))
_LOCK = _farm(3, FarmDo.DISCARD, FarmDo.LOCKOUT_ON)
_B, _R, _W = FarmDo.COUNT_B, FarmDo.RETRANSMIT_OFF, FarmDo.WAIT_OFF

FARM: Mapping[int, tuple[FarmCell | None, ...]] = {
    1: (
        _farm(1, FarmDo.ACCEPT, FarmDo.COUNT_AD, FarmDo.RETRANSMIT_OFF),
        None,
        _DISCARD[2],
    ),
    2: (
        _farm(2, FarmDo.DISCARD, FarmDo.RETRANSMIT_ON, FarmDo.WAIT_ON),
        _DISCARD[1],
        _DISCARD[2],
    ),
    3: (_farm(1, FarmDo.DISCARD, FarmDo.RETRANSMIT_ON), _DISCARD[1], _DISCARD[2]),
    4: _DISCARD,
    5: (_LOCK, _LOCK, _DISCARD[2]),
    6: (
        _farm(1, FarmDo.ACCEPT, _B),
        _farm(2, FarmDo.ACCEPT, _B),
        _farm(3, FarmDo.ACCEPT, _B),
    ),
    7: (_farm(1, _B, _R), _farm(1, _B, _R, _W), _farm(1, _B, _R, _W, FarmDo.LOCKOUT_OFF)),
    8: (
        _farm(1, _B, _R, FarmDo.SET_VR),
        _farm(1, _B, _R, _W, FarmDo.SET_VR),
        _farm(3, _B),
    ),
    9: _DISCARD,
    10: (_farm(1, FarmDo.IGNORE), _farm(1, _W), _farm(3, _W)),
    11: (_farm(1, FarmDo.REPORT), _farm(2, FarmDo.REPORT), _farm(3, FarmDo.REPORT)),
}
