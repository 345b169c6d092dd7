"""The actions of FOP-1 on its queues, its timer and the layer below.

Every function is `(state, step) -> state`; what is to be told or sent goes to `step.out`.

Source: 232.1-B-2 §5.2.4 to §5.2.10, the paragraph named at each.
"""

from __future__ import annotations

from dataclasses import replace

from protocols import tc
from protocols.clcw import Clcw
from protocols.cop1.signals import Abort, Accepted, Acknowledged, Send
from protocols.cop1.state import Frame, State
from protocols.cop1.step import Step
from protocols.tc import Kind


def start_timer(state: State, step: Step) -> State:
    return replace(state, deadline_ns=step.now + state.t1_ns)


def cancel_timer(state: State, step: Step) -> State:
    return replace(state, deadline_ns=None)


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


def add_to_wait_queue(state: State, step: Step) -> State:
    fdu = step.fdu()
    return replace(state, wait=Frame(fdu.request, Kind.AD, 0, fdu.data))
