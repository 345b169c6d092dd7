"""How COP-1 is set for a route: window, timer, limit, and whether frames are repeated at all.

A window shorter than the round trip leaves the link idle, a timer shorter than it repeats frames
that have arrived. So both follow from the route and are set again at each hand-over.

Source: 232.1-B-2 §5.1 (K, T1_Initial, Transmission_Limit; clause unverified); go-back-N.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from typing import Literal

from ground.errors import InputError
from ground.relay.plan import SECOND_NS
from ground.relay.route import Route

PROCESSING_NS = 50_000_000  # in one node, one way
LONGEST_RTT_NS = 60 * SECOND_NS
MOST_WINDOW = 127  # N(S) has 8 bits, and a FARM window is at most 254
UNDELIVERED = 1e-6  # the chance that a frame is given up
LEAST_LIMIT = 3


@dataclass(frozen=True, slots=True)
class Cop:
    """What FOP-1 is given.

    Attributes:
        mode: "AD", or "BD" where no answer can come in time: sent once, judged by what is reported.
        window: FOP_Sliding_Window, K.
        t1_ns: T1_Initial.
        limit: Transmission_Limit.
        rtt_ns: from the first bit of a frame to the report that it was taken.
        needed: the window that would keep the link busy; more than `window` on a fast, long one.
        goodput_bps: bits of frames a second in the AD service without loss.
        reason: why this mode, for people.
    """

    mode: Literal["AD", "BD"]
    window: int
    t1_ns: int
    limit: int
    rtt_ns: int
    needed: int
    goodput_bps: float
    reason: str


def cop_parameters(
    route: Route,
    *,
    frame_octets: int,
    clcw_period_ns: int,
    loss: float = 1e-3,
    processing_ns: int = PROCESSING_NS,
    queue_ns: int = 0,
    most_window: int = MOST_WINDOW,
    longest_rtt_ns: int = LONGEST_RTT_NS,
) -> Cop:
    """Return the settings of FOP-1 for a route.

    Args:
        frame_octets: the length of a TC frame.
        clcw_period_ns: between two reports of the spacecraft.
        loss: how many of the frames are lost, below 0.5.
        processing_ns: what each hop adds, one way.
        queue_ns: what frames wait in relays on a round trip.
        most_window: PW, 1 to 127.
        longest_rtt_ns: beyond this nothing is repeated.

    Raises:
        InputError: a number cannot be.
    """
    if frame_octets < 1 or not 0 <= loss < 0.5 or not 1 <= most_window <= MOST_WINDOW:
        raise InputError(
            f"{frame_octets} octets, loss {loss}, window {most_window}; expected a frame, "
            f"a loss below 0.5 and a window of 1 to {MOST_WINDOW}"
        )
    frame_ns = cltu_bits(frame_octets) * 1e9 / route.rate_bps
    delays_ns = 2 * (route.owlt_ns + route.hops * processing_ns)
    rtt_ns = ceil(delays_ns + frame_ns + clcw_period_ns + queue_ns)
    needed = ceil(rtt_ns / frame_ns)
    window = min(most_window, needed)
    mode, reason = _mode(route, rtt_ns, longest_rtt_ns)
    return Cop(
        mode=mode,
        window=window,
        t1_ns=ceil(1.25 * rtt_ns + window * frame_ns + clcw_period_ns),
        limit=_limit(loss),
        rtt_ns=rtt_ns,
        needed=needed,
        goodput_bps=min(1.0, window * frame_ns / rtt_ns) * frame_octets * 8e9 / frame_ns,
        reason=reason,
    )


def cltu_bits(frame_octets: int) -> int:
    """Return the bits of the CLTU of one frame: start sequence, code blocks, tail sequence.

    Source: 231.0-B-4 §5.2 (16 bits, 64 for each 56 of the frame, 64).
    """
    return 8 * (2 + 8 * -(-frame_octets // 7) + 8)


def _limit(loss: float) -> int:
    """A frame fails where it or its report is lost, and is given up after so many failures."""
    return LEAST_LIMIT if loss == 0 else max(LEAST_LIMIT, ceil(log(UNDELIVERED) / log(2 * loss)))


def _mode(route: Route, rtt_ns: int, longest_rtt_ns: int) -> tuple[Literal["AD", "BD"], str]:
    stores = [
        name
        for name, kind in zip(route.nodes[1:-1], route.kinds[1:-1], strict=True)
        if kind == "store-and-forward"
    ]
    if stores:
        return "BD", f"{stores[0]} stores and forwards: no report comes while a timer runs"
    if rtt_ns > longest_rtt_ns:
        return "BD", f"a round trip of {rtt_ns / 1e9:.1f} s; AD needs {longest_rtt_ns / 1e9:g} s"
    return "AD", f"a round trip of {rtt_ns / 1e9:.2f} s"
