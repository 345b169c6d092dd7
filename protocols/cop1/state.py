"""What FOP-1 remembers between two events: one value, replaced by the next.

Source: 232.1-B-2 §5.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.tc import Kind


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the Sent_Queue, or (before it has its number) the FDU of the Wait_Queue.

    Attributes:
        again: the To_Be_Retransmitted flag.
    """

    request: int
    kind: Kind
    sequence: int
    data: bytes
    again: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """The variables of FOP-1 for one virtual channel, all of them plain values.

    Attributes:
        window: K, the most AD frames that may be unacknowledged.
        t1_ns: T1_Initial, which the timer starts from.
        limit: Transmission_Limit, the first transmission included.
        timeout_type: TT, 0 alerts at the limit and 1 suspends.
        state: 1 active, 2 retransmit, 3 retransmit with wait, 4 and 5 initialising without and
            with a BC frame, 6 initial.
        suspended: SS, the state that RESUME goes back to, or 0.
        vs: V(S), the number of the next AD frame.
        nnr: NN(R), the number of the oldest AD frame that is not acknowledged.
        count: Transmission_Count, of the first frame in the Sent_Queue.
        deadline_ns: when the timer expires; None while it rests.
        directive: the request of the INITIATE under way.
        bd: the request of the BD frame that the layer below has not answered.
    """

    vcid: int
    window: int
    t1_ns: int
    limit: int
    timeout_type: int = 1
    state: int = 6
    suspended: int = 0
    vs: int = 0
    nnr: int = 0
    count: int = 1
    ad_ready: bool = True
    bc_ready: bool = True
    bd_ready: bool = True
    deadline_ns: int | None = None
    wait: Frame | None = None
    sent: tuple[Frame, ...] = ()
    directive: int | None = None
    bd: int | None = None
