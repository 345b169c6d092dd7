"""The actions of FOP-1 that answer a request, and those that end the service or let it rest.

Every function is `(state, step) -> state`; what is to be told or sent goes to `step.out`.

Source: 232.1-B-2 §5.2.2, §5.2.3 and §5.2.11 to §5.2.18, the paragraph named at each.
"""

from __future__ import annotations

from dataclasses import replace

from protocols.cop1.signals import (
    Accepted,
    Alert,
    Directive,
    DirectiveAccepted,
    DirectiveDone,
    Failed,
    Rejected,
    Suspended,
    Transmit,
)
from protocols.cop1.state import State
from protocols.cop1.step import Step
from protocols.cop1.transmission import cancel_timer, start_timer
from protocols.tc import Kind


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


def requests(state: State) -> tuple[int, ...]:
    """Return the requests of the FDUs in the Sent_Queue, the oldest first."""
    return tuple(frame.request for frame in state.sent if frame.kind is Kind.AD)
