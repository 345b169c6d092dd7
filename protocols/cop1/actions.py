"""What each `Do` of the state table is: a function from the state before to the state after.

Source: 232.1-B-2 §5.2; the settings and flags as the cells of table 5-1 say them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from protocols.cop1 import answers, transmission
from protocols.cop1.state import State
from protocols.cop1.step import Step
from protocols.cop1.table import Do


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


ACTIONS: Mapping[Do, Callable[[State, Step], State]] = {
    Do.IGNORE: answers.ignore,
    Do.REMOVE_ACKNOWLEDGED: transmission.remove_acknowledged,
    Do.CANCEL_TIMER: transmission.cancel_timer,
    Do.START_TIMER: transmission.start_timer,
    Do.LOOK_FOR_FDU: transmission.look_for_fdu,
    Do.LOOK_FOR_DIRECTIVE: transmission.look_for_directive,
    Do.RETRANSMIT_AD: transmission.retransmit_ad,
    Do.RETRANSMIT_BC: transmission.retransmit_bc,
    Do.RELEASE_BC: transmission.release_bc,
    Do.ADD_TO_WAIT_QUEUE: transmission.add_to_wait_queue,
    Do.TRANSMIT_BD: transmission.transmit_bd,
    Do.TRANSMIT_UNLOCK: transmission.transmit_unlock,
    Do.TRANSMIT_SET_VR: transmission.transmit_set_vr,
    Do.ACCEPT: answers.accept,
    Do.REJECT: answers.reject,
    Do.CONFIRM: answers.confirm,
    Do.INITIALIZE: answers.initialize,
    Do.ALERT: answers.alert,
    Do.SET_SS: answers.set_ss,
    Do.SUSPEND: answers.suspend,
    Do.RESUME: answers.resume,
    Do.SET_VS: set_vs,
    Do.SET_WINDOW: set_window,
    Do.SET_T1: set_t1,
    Do.SET_LIMIT: set_limit,
    Do.SET_TIMEOUT_TYPE: set_timeout_type,
    Do.AD_READY: ad_ready,
    Do.BC_READY: bc_ready,
    Do.BD_READY: bd_ready,
}
