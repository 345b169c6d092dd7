"""The facts of the ledger: what was asked, decided, done and heard about commands.

Every fact is written before it is acted on, and the command service is restored from these alone.
`command` is the id of a command; `unit` of one transmission; times are ns TAI, `t_ns` when the fact
was written and `at_ns` when what it tells of happened. Who did it is an operator's name; "" is the
station itself. Their octets are made by `entries`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opened:
    """A command service began to write; `software` is its version."""

    t_ns: int
    software: str


# ---- what operators do --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command was taken: all that it is, as it was understood.

    Attributes:
        request: the sender's number for it; asked again, the same command answers.
        path, arguments, text: of the database; as people wrote them; as they were understood.
        octets, digest: of the final packet; what an approval is bound to (`approval.digest`).
        hazard: H0, H1 or H2.
        via, service: as asked for: relays and stations; auto, AD or BD.
        override: why constraints were passed over; "" where they were not.
    """

    t_ns: int
    command: str
    request: str
    author: str
    key: str
    spacecraft: str
    path: str
    arguments: dict[str, str]
    text: str
    octets: bytes
    digest: bytes
    apid: int
    sequence: int
    hazard: str
    priority: int
    not_before_ns: int
    not_after_ns: int
    on_board_ns: int
    via: list[str]
    service: str
    override: str
    held: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was refused: who asked for what, and all the reasons."""

    t_ns: int
    operator: str
    verb: str
    spacecraft: str
    subject: str  # the command, directive or id that it was about
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Approved:
    """A second person approved exactly these octets."""

    t_ns: int
    command: str
    approver: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """Operators hold a command; `why` names which hold of the queue it is."""

    t_ns: int
    command: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Unheld:
    """A hold was let go."""

    t_ns: int
    command: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A command got another place: before another one of its priority ("" for the end)."""

    t_ns: int
    command: str
    by: str
    before: str
    priority: int


@dataclass(frozen=True, slots=True)
class AuthorityChanged:
    """Who commands a spacecraft: `how` is a verb of `authority`, `offered_to` "" for nobody."""

    t_ns: int
    spacecraft: str
    how: str
    by: str
    holder: str
    since_ns: int
    until_ns: int
    offered_to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Directed:
    """A COP-1 directive was given to the forward channel of a spacecraft."""

    t_ns: int
    spacecraft: str
    vcid: int
    directive: str
    value: int
    by: str


# ---- terminals of relays ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Booked:
    """A terminal of a relay is for a spacecraft; of one that was there, it says how it is now.

    Attributes:
        start_ns, ready_ns, end_ns: from when it turns there, carries, and is free again.
        by: the operator who asked; "" where a forward channel needs it.
    """

    t_ns: int
    booking: str
    relay: str
    spacecraft: str
    start_ns: int
    ready_ns: int
    end_ns: int
    priority: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unbooked:
    """A booking was given up before its end: by whom, and why."""

    t_ns: int
    booking: str
    by: str
    reason: str


# ---- what the station does ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SequenceTaken:
    """All counts of an APID before this one are used up, whatever was sent with them."""

    t_ns: int
    spacecraft: str
    apid: int
    before: int


@dataclass(frozen=True, slots=True)
class Queued:
    """A command that had a route, or had left, waits again; `proof` that it was not received."""

    t_ns: int
    command: str
    proof: str


@dataclass(frozen=True, slots=True)
class Routed:
    """A way was chosen: by which nodes, of which plan, and when it arrives."""

    t_ns: int
    command: str
    plan: str
    nodes: list[str]
    uplink: str
    departs_ns: int
    arrives_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Released:
    """Octets are about to leave: one transmission of a frame.

    Attributes:
        commands: whose packets, or parts of them, it carries; none for a control frame.
        kind, sequence: AD, BD or BC; N(S).
        frame: of the TC frame, whatever it travels in.
        retransmission: the same frame has left before.
    """

    t_ns: int
    unit: str
    commands: list[str]
    spacecraft: str
    vcid: int
    kind: str
    sequence: int
    frame: bytes
    uplink: str
    nodes: list[str]
    not_after_ns: int
    retransmission: bool


# ---- what is heard ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitReported:
    """A gateway said what became of a unit: taken, radiated, refused, uncertain or unknown."""

    t_ns: int
    unit: str
    commands: list[str]
    gateway: str
    state: str
    at_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Custody:
    """A relay said what became of an envelope: RECEIVED, FORWARDED, EXPIRED or DROPPED."""

    t_ns: int
    unit: str
    commands: list[str]
    relay: str
    state: str
    at_ns: int
    reason: int


@dataclass(frozen=True, slots=True)
class FarmAcknowledged:
    """The spacecraft's FARM-1 has accepted the frames of these commands, up to N(R)."""

    t_ns: int
    spacecraft: str
    vcid: int
    commands: list[str]
    nn_r: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A verdict about one stage of a command: passed, failed or late, and how it is known.

    `late` is one that came after its window; with the verdict late and the stage UNCERTAIN,
    nothing more is expected in time.
    """

    t_ns: int
    command: str
    stage: str
    verdict: str
    source: str
    at_ns: int
    detail: str
    late: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A command is at an end, which no report alone says; `detail` is why, or the proof."""

    t_ns: int
    command: str
    end: str
    detail: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that whoever reads the record should know; it changes nothing."""

    t_ns: int
    source: str
    subject: str
    text: str


Entry = (
    Opened
    | Accepted
    | Refused
    | Approved
    | Held
    | Unheld
    | Moved
    | AuthorityChanged
    | Directed
    | Booked
    | Unbooked
    | SequenceTaken
    | Queued
    | Routed
    | Released
    | UnitReported
    | Custody
    | FarmAcknowledged
    | Verified
    | Ended
    | Noted
)
KINDS: dict[str, type[Entry]] = {each.__name__: each for each in Entry.__args__}
