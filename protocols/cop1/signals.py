"""What goes into FOP-1 and what comes out: requests and answers, each a value.

In come control words (`protocols.clcw.Clcw`) and the four classes of `Event`; out come those of
`Action`. A `request` is a number of the caller's choice that comes back in the answers.

Source: 232.1-B-2 §3.2, §4 and §5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from protocols.clcw import Clcw
from protocols.cop1.table import Code
from protocols.tc import Kind


class Order(Enum):
    """The types of directive; the value is the row of table 5-1 where they go through.

    Source: 232.1-B-2 §4.1, table 4-1.
    """

    INITIATE = 23  # without a check of the CLCW
    INITIATE_WITH_CLCW = 24
    INITIATE_WITH_UNLOCK = 25
    INITIATE_WITH_SET_VR = 27  # the qualifier is V*(R)
    TERMINATE = 29
    RESUME = 30
    SET_VS = 35  # the qualifier is V*(S)
    SET_WINDOW = 36  # K, 1 to 255
    SET_T1 = 37  # T1_Initial in nanoseconds
    SET_LIMIT = 38  # transmissions of one frame, the first included
    SET_TIMEOUT_TYPE = 39  # 0 alerts at the limit, 1 suspends


@dataclass(frozen=True, slots=True)
class Transmit:
    """Request to transfer one FDU: the data field of a frame, AD or BD."""

    request: int
    data: bytes
    kind: Kind = Kind.AD


@dataclass(frozen=True, slots=True)
class Directive:
    """Request of the one who manages the channel."""

    request: int
    order: Order
    qualifier: int = 0


@dataclass(frozen=True, slots=True)
class Lower:
    """The answer of the layer below to one `Send`: it took the frame, or it will not."""

    kind: Kind
    accepted: bool = True


@dataclass(frozen=True, slots=True)
class InvalidClcw:
    """A control word came that breaks a rule of its standard."""


Event = Clcw | Transmit | Directive | Lower | InvalidClcw


@dataclass(frozen=True, slots=True)
class Send:
    """Transmit request for a frame; answer it with one `Lower`.

    Attributes:
        sequence: N(S) of an AD frame, else zero.
        request: of the FDU, or of the directive that asked for a BC frame.
        retransmission: these very octets were sent before.
    """

    kind: Kind
    sequence: int
    data: bytes
    request: int
    retransmission: bool = False


@dataclass(frozen=True, slots=True)
class Abort:
    """Frames of this kind that have not left yet need not leave: they will be sent again.

    Each `Send` is still answered by its `Lower`.
    """

    kind: Kind


@dataclass(frozen=True, slots=True)
class Accepted:
    """An FDU is FOP-1's own from here on; there is room for the next."""

    request: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """An FDU was not taken, and was never sent."""

    request: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """FARM-1 has accepted these FDUs, in this order (positive confirm)."""

    requests: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """Nobody knows whether these FDUs arrived, and they will not be sent again (negative)."""

    requests: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DirectiveAccepted:
    """A directive is legal and being carried out; its `DirectiveDone` follows."""

    request: int


@dataclass(frozen=True, slots=True)
class DirectiveDone:
    """A directive has done its work, or (`ok` false) was rejected or has come to nothing."""

    request: int
    ok: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """The AD service has ended, and both queues are empty."""

    code: Code


@dataclass(frozen=True, slots=True)
class Suspended:
    """The AD service rests, with these FDUs still in the Sent_Queue; RESUME goes on."""

    requests: tuple[int, ...]


Action = (
    Send
    | Abort
    | Accepted
    | Rejected
    | Acknowledged
    | Failed
    | DirectiveAccepted
    | DirectiveDone
    | Alert
    | Suspended
)
