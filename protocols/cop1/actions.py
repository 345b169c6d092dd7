"""What each action of FOP-1 does: the state before, and the state after.

Every function is `(state, step) -> state`; what is to be told or sent goes to `step.out`.

Source: 232.1-B-2 §5.2, the paragraph named at each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from protocols import tc
from protocols.clcw import Clcw
from protocols.cop1.signals import (
    Abort,
    Accepted,
    Acknowledged,
    Action,
    Alert,
    Directive,
    DirectiveAccepted,
    DirectiveDone,
    Event,
    Failed,
    Rejected,
    Send,
    Suspended,
    Transmit,
)
from protocols.cop1.state import Frame, State
from protocols.cop1.table import Code, Do
from protocols.tc import Kind


@dataclass(frozen=True, slots=True)
class Step:
    """One event on its way through one cell; `event` is None when the timer expires."""

    event: Event | None
    now: int
    code: Code | None
    out: list[Action]

    def requested(self) -> Directive:
        assert isinstance(self.event, Directive)  # only rows 23 to 40 ask
        return self.event

    def fdu(self) -> Transmit:
        assert isinstance(self.event, Transmit)  # only rows 19 to 22 ask
        return self.event


def start_timer(state: State, step: Step) -> State:
    return replace(state, deadline_ns=step.now + state.t1_ns)


def cancel_timer(state: State, step: Step) -> State:
    return replace(state, deadline_ns=None)


def purge_sent_queue(state: State, step: Step) -> State:
    """§5.2.2; a BC frame is no FDU: its directive is answered by `alert`."""
    failed = requests(state)
    if failed:
        step.out.append(Failed(failed))
    return replace(state, sent=())


def purge_wait_queue(state: State, step: Step) -> State:
    """§5.2.3"""
    if state.wait is not None:
        step.out.append(Rejected(state.wait.request))
    return replace(state, wait=None)


def transmit_ad(state: State, step: Step) -> State:
    """§5.2.4, for the FDU of the Wait_Queue."""
    assert state.wait is not None
    frame = replace(state.wait, sequence=state.vs)
    step.out.append(Accepted(frame.request))
    step.out.append(_send(frame))
    return replace(
        state,
        wait=None,
        vs=(state.vs + 1) % 256,
        count=state.count if state.sent else 1,
        sent=(*state.sent, frame),
        deadline_ns=step.now + state.t1_ns,
        ad_ready=False,
    )


def _transmit_bc(state: State, step: Step, data: bytes) -> State:
    """§5.2.5"""
    frame = Frame(step.requested().request, Kind.BC, 0, data)
    step.out.append(_send(frame))
    queued = replace(state, sent=(*state.sent, frame), count=1, bc_ready=False)
    return start_timer(queued, step)


def transmit_unlock(state: State, step: Step) -> State:
    return _transmit_bc(state, step, tc.unlock())


def transmit_set_vr(state: State, step: Step) -> State:
    return _transmit_bc(state, step, tc.set_vr(step.requested().qualifier))


def transmit_bd(state: State, step: Step) -> State:
    """§5.2.6"""
    fdu = step.fdu()
    step.out.append(Send(Kind.BD, 0, fdu.data, fdu.request))
    return replace(state, bd_ready=False, bd=fdu.request)


def _retransmit(state: State, step: Step, kind: Kind) -> State:
    """§5.2.7"""
    step.out.append(Abort(kind))
    marked = tuple(replace(frame, again=frame.kind is kind) for frame in state.sent)
    return start_timer(replace(state, count=state.count + 1, sent=marked), step)


def retransmit_ad(state: State, step: Step) -> State:
    return _retransmit(state, step, Kind.AD)


def retransmit_bc(state: State, step: Step) -> State:
    return _retransmit(state, step, Kind.BC)


def remove_acknowledged(state: State, step: Step) -> State:
    """§5.2.8"""
    assert isinstance(step.event, Clcw)
    number = step.event.report_value
    new = (number - state.nnr) % 256
    left = tuple(f for f in state.sent if (f.sequence - state.nnr) % 256 >= new)
    done = tuple(f.request for f in state.sent if (f.sequence - state.nnr) % 256 < new)
    if done:
        step.out.append(Acknowledged(done))
    return replace(state, sent=left, nnr=number, count=1)


def look_for_directive(state: State, step: Step) -> State:
    """§5.2.9"""
    if not state.bc_ready:
        return state
    return _send_again(state, step, Kind.BC) or state


def look_for_fdu(state: State, step: Step) -> State:
    """§5.2.10"""
    if not state.ad_ready:
        return state
    resent = _send_again(state, step, Kind.AD)
    if resent is not None:
        return resent
    room = (state.vs - state.nnr) % 256 < state.window
    return transmit_ad(state, step) if room and state.wait is not None else state


def _send_again(state: State, step: Step, kind: Kind) -> State | None:
    """Send the first frame of this kind that is to be sent again, if there is one."""
    for place, frame in enumerate(state.sent):
        if frame.again and frame.kind is kind:
            step.out.append(_send(frame, again=True))
            sent = (*state.sent[:place], replace(frame, again=False), *state.sent[place + 1 :])
            if kind is Kind.AD:
                return replace(state, sent=sent, ad_ready=False)
            return replace(state, sent=sent, bc_ready=False)
    return None


def _send(frame: Frame, *, again: bool = False) -> Send:
    return Send(frame.kind, frame.sequence, frame.data, frame.request, again)


def release_bc(state: State, step: Step) -> State:
    return replace(state, sent=tuple(f for f in state.sent if f.kind is not Kind.BC))


def accept(state: State, step: Step) -> State:
    """§5.2.11"""
    if isinstance(step.event, Transmit):
        step.out.append(Accepted(step.event.request))
    else:
        step.out.append(DirectiveAccepted(step.requested().request))
    return state


def reject(state: State, step: Step) -> State:
    """§5.2.12"""
    if isinstance(step.event, Transmit):
        step.out.append(Rejected(step.event.request))
    else:
        step.out.append(DirectiveDone(step.requested().request, ok=False))
    return state


def confirm(state: State, step: Step) -> State:
    """§5.2.13, of the directive at hand, or of the INITIATE that a CLCW brings to its end."""
    asked = isinstance(step.event, Directive)
    request = step.requested().request if asked else state.directive
    if request is not None:
        step.out.append(DirectiveDone(request, ok=True))
    return replace(state, directive=None) if request == state.directive else state


def initialize(state: State, step: Step) -> State:
    """§5.2.14"""
    state = purge_wait_queue(purge_sent_queue(state, step), step)
    return replace(state, count=1, suspended=0, directive=step.requested().request)


def alert(state: State, step: Step) -> State:
    """§5.2.15"""
    assert step.code is not None
    state = purge_wait_queue(purge_sent_queue(cancel_timer(state, step), step), step)
    if state.directive is not None:
        step.out.append(DirectiveDone(state.directive, ok=False))
    step.out.append(Alert(step.code))
    return replace(state, directive=None)


def set_ss(state: State, step: Step) -> State:
    return replace(state, suspended=state.state)


def suspend(state: State, step: Step) -> State:
    """§5.2.16"""
    step.out.append(Suspended(requests(state)))
    return state


def resume(state: State, step: Step) -> State:
    """§5.2.17"""
    return replace(start_timer(state, step), suspended=0)


def ignore(state: State, step: Step) -> State:
    """§5.2.18"""
    return state


def add_to_wait_queue(state: State, step: Step) -> State:
    fdu = step.fdu()
    return replace(state, wait=Frame(fdu.request, Kind.AD, 0, fdu.data))


def set_vs(state: State, step: Step) -> State:
    """V(S) and NN(R) become the qualifier."""
    number = step.requested().qualifier
    return replace(state, vs=number, nnr=number)


def set_window(state: State, step: Step) -> State:
    return replace(state, window=step.requested().qualifier)


def set_t1(state: State, step: Step) -> State:
    return replace(state, t1_ns=step.requested().qualifier)


def set_limit(state: State, step: Step) -> State:
    return replace(state, limit=step.requested().qualifier)


def set_timeout_type(state: State, step: Step) -> State:
    return replace(state, timeout_type=step.requested().qualifier)


def ad_ready(state: State, step: Step) -> State:
    return replace(state, ad_ready=True)


def bc_ready(state: State, step: Step) -> State:
    return replace(state, bc_ready=True)


def bd_ready(state: State, step: Step) -> State:
    return replace(state, bd_ready=True, bd=None)


def requests(state: State) -> tuple[int, ...]:
    """Return the requests of the FDUs in the Sent_Queue, the oldest first."""
    return tuple(frame.request for frame in state.sent if frame.kind is Kind.AD)


ACTIONS: Mapping[Do, Callable[[State, Step], State]] = {
    Do.IGNORE: ignore,
    Do.REMOVE_ACKNOWLEDGED: remove_acknowledged,
    Do.CANCEL_TIMER: cancel_timer,
    Do.START_TIMER: start_timer,
    Do.LOOK_FOR_FDU: look_for_fdu,
    Do.LOOK_FOR_DIRECTIVE: look_for_directive,
    Do.RETRANSMIT_AD: retransmit_ad,
    Do.RETRANSMIT_BC: retransmit_bc,
    Do.RELEASE_BC: release_bc,
    Do.ADD_TO_WAIT_QUEUE: add_to_wait_queue,
    Do.TRANSMIT_BD: transmit_bd,
    Do.TRANSMIT_UNLOCK: transmit_unlock,
    Do.TRANSMIT_SET_VR: transmit_set_vr,
    Do.ACCEPT: accept,
    Do.REJECT: reject,
    Do.CONFIRM: confirm,
    Do.INITIALIZE: initialize,
    Do.ALERT: alert,
    Do.SET_SS: set_ss,
    Do.SUSPEND: suspend,
    Do.RESUME: resume,
    Do.SET_VS: set_vs,
    Do.SET_WINDOW: set_window,
    Do.SET_T1: set_t1,
    Do.SET_LIMIT: set_limit,
    Do.SET_TIMEOUT_TYPE: set_timeout_type,
    Do.AD_READY: ad_ready,
    Do.BC_READY: bc_ready,
    Do.BD_READY: bd_ready,
}
