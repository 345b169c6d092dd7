"""Commanding on the bus: what is asked of the command service and of a gateway's transmitters.

A command is known by its id; what an operator approves is its `sha256`, over the octets of its
packet, its target and its expiry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

# --- Rows ----------------------------------------------------------------------------------------

Hazard = Literal["H0", "H1", "H2"]


@dataclass(frozen=True, slots=True)
class ArgumentRow:
    """An argument of a command as a form shows it.

    `kind` is integer, float, enumeration, boolean, string, binary or time; `minimum` and `maximum`
    are as people read them, "" for none; `default` "" where a value must be given.
    """

    name: str
    kind: str
    units: str
    minimum: str
    maximum: str
    labels: list[str]
    default: str
    description: str


@dataclass(frozen=True, slots=True)
class CommandKind:
    """A command that a spacecraft knows."""

    path: str
    name: str
    description: str
    hazard: Hazard
    reason: str  # why it is hazardous
    arguments: list[ArgumentRow]
    constraints: list[str]
    verifiers: list[str]


@dataclass(frozen=True, slots=True)
class ConstraintRow:
    """A condition on telemetry; `holds` is None where the values are not known or stale."""

    text: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class HopRow:
    """One contact of a route: who sends to whom, from when until when, how fast, how far."""

    source: str
    target: str
    start_ns: int
    end_ns: int
    rate_bps: float
    owlt_ns: int


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A way for a command, and what is expected of it.

    Attributes:
        uplink: by which the first hop is sent.
        departs_ns, arrives_ns: of the first and the last octet.
        until_ns: until when the way may be used.
        service: AD or BD; `window` and `t1_ns` are the K and T1 that go with it.
        why: why this one, or why none.
    """

    hops: list[HopRow]
    uplink: str
    departs_ns: int
    arrives_ns: int
    until_ns: int
    service: str
    window: int
    t1_ns: int
    why: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a command's life: its stage, when, and what is known about it."""

    stage: str
    t_ns: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command as it stands.

    Attributes:
        id: by which all acts name it.
        text: name and arguments as they were understood, as `CARD_POWER card=3 power=OFF`.
        octets: of the packet.
        author, approver: who asked for it, and who approved; "" for nobody yet.
        state: the last stage or the end; `held` while it waits for somebody to let it go.
        needs: what it waits for, in words; "" for nothing.
        steps: what has happened, oldest first.
        via: the relays and stations it goes by or went by, in order.
        eta_ns: when it is expected to arrive; 0 for unknown.
    """

    id: str
    spacecraft: str
    path: str
    text: str
    octets: bytes
    sha256: str
    hazard: Hazard
    author: str
    approver: str
    state: str
    held: bool
    needs: str
    priority: int
    accepted_ns: int
    not_before_ns: int
    expires_ns: int
    eta_ns: int
    via: list[str]
    steps: list[StepRow]

    @property
    def ended(self) -> bool:
        """Whether nothing more is to happen to it."""
        return self.state in ENDS


ENDS = frozenset(
    {"COMPLETED", "REJECTED", "REFUSED", "CANCELLED", "EXPIRED", "NO_ROUTE", "FAILED", "UNCERTAIN"}
)


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """Who commands a spacecraft until when, and to whom that is offered; "" for nobody."""

    spacecraft: str
    holder: str
    since_ns: int
    until_ns: int
    offered_to: str


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact that is foreseen; `origin` is visible, booked or operator."""

    source: str
    target: str
    start_ns: int
    end_ns: int
    rate_bps: float
    owlt_ns: int
    origin: str
    elevation_deg: float  # the highest; nan between spacecraft


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A forward channel: the state of its FOP-1, and the way it uses now."""

    spacecraft: str
    vcid: int
    state: str
    v_s: int
    nn_r: int
    window: int
    t1_ns: int
    waiting: int
    unacknowledged: int
    suspended: bool
    via: list[str]
    clcw_ns: int  # when the last report came; 0 for never


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A terminal of a relay that is for a spacecraft; `by` is "" where a channel needs it.

    It turns there from `start_ns` on and carries from `ready_ns` on.
    """

    booking: str
    relay: str
    spacecraft: str
    start_ns: int
    ready_ns: int
    end_ns: int
    priority: int
    by: str
    reason: str


# --- Facts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CommandsChanged:
    """Commands that are new or went a step further."""

    commands: list[CommandRow]


@dataclass(frozen=True, slots=True)
class AuthorityChanged:
    rows: list[AuthorityRow]


# --- Requests to the command service -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Take a command; answered by `CommandTaken`, or by `Answered` where it is refused.

    Attributes:
        request: the sender's own number for it, 32 hex digits: asked twice, it is taken once.
        arguments: by name, as people write them.
        not_before_ns, expires_ns: 0 for now, and for the mission's default.
        via: relays and stations it must go by; none for the best.
        service: "auto", "AD" or "BD".
        on_board_ns: executed on board at this time (ST[11]); 0 for on arrival.
        typed: the target's name as the operator typed it, which an H1 asks for.
        override: why constraints may be passed over; "" for not.
        repeat: the same command to the same target shortly before is meant to be repeated.
        hold: wait until it is released.
        dry_run: say what would be, take nothing.
    """

    request: str
    spacecraft: str
    command: str
    arguments: dict[str, str]
    not_before_ns: int = 0
    expires_ns: int = 0
    priority: int = 1
    via: list[str] = field(default_factory=list)
    service: Literal["auto", "AD", "BD"] = "auto"
    on_board_ns: int = 0
    typed: str = ""
    override: str = ""
    repeat: bool = False
    hold: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class CommandTaken:
    """A command that was taken, or for a dry run would be; `wrong` says what would refuse it."""

    command: CommandRow
    constraints: list[ConstraintRow]
    routes: list[RouteRow]  # the chosen one first, then what else there is
    wrong: list[str]


@dataclass(frozen=True, slots=True)
class ApproveCommand:
    """Approve what has this hash, as a second person."""

    command: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ControlCommand:
    """cancel, hold, release, first (before all others of its target) or priority (`value`)."""

    command: str
    act: Literal["cancel", "hold", "release", "first", "priority"]
    value: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ControlAuthority:
    """take, give (to `to`, who accepts), accept, drop, or force (take it from its holder)."""

    spacecraft: str
    act: Literal["take", "give", "accept", "drop", "force"]
    to: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DirectChannel:
    """A COP-1 directive to the forward channel of a spacecraft, 232.1-B-2 §2.3 (unverified).

    `init` without a look at the CLCW, `init-clcw`, `init-unlock`, `init-set-vr`, `terminate`,
    `resume`, `set-vs`, `set-window`, `set-t1` (ms), `set-limit`, `set-timeout-type`.
    """

    spacecraft: str
    directive: Literal[
        "init",
        "init-clcw",
        "init-unlock",
        "init-set-vr",
        "terminate",
        "resume",
        "set-vs",
        "set-window",
        "set-t1",
        "set-limit",
        "set-timeout-type",
    ]
    value: int = 0


@dataclass(frozen=True, slots=True)
class ListCommands:
    """Answered by `CommandsListed`: those that have not ended (`ended` too), newest last."""

    spacecraft: list[str] = field(default_factory=list)  # none for all
    ended: bool = False
    limit: int = 500
    commands: list[str] = field(default_factory=list)  # these ids alone


@dataclass(frozen=True, slots=True)
class CommandsListed:
    commands: list[CommandRow]


@dataclass(frozen=True, slots=True)
class DescribeCommands:
    """Answered by `CommandsDescribed`: what a spacecraft can be told, and what we may do."""

    spacecraft: str


@dataclass(frozen=True, slots=True)
class CommandsDescribed:
    spacecraft: str
    digest: str
    commands: list[CommandKind]
    may: list[str]  # verbs that the asker may use on this spacecraft


@dataclass(frozen=True, slots=True)
class ReadAuthority:
    """Answered by `AuthorityRead`."""


@dataclass(frozen=True, slots=True)
class AuthorityRead:
    rows: list[AuthorityRow]
    channels: list[ChannelRow]


@dataclass(frozen=True, slots=True)
class PlanContacts:
    """Answered by `ContactsPlanned`: the contacts of nodes (all where none is named) in a time."""

    nodes: list[str]
    start_ns: int
    end_ns: int
    limit: int = 2000


@dataclass(frozen=True, slots=True)
class ContactsPlanned:
    plan: str  # its digest
    made_ns: int
    contacts: list[ContactRow]
    left_out: int
    notes: list[str]  # what is known to be doubtful: old elements, eclipses
    bookings: list[BookingRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PlanRoute:
    """Answered by `RoutesPlanned`: the way that a command of so many octets would take."""

    spacecraft: str
    octets: int = 64
    at_ns: int = 0
    expires_ns: int = 0
    priority: int = 1
    via: list[str] = field(default_factory=list)
    alternatives: int = 3


@dataclass(frozen=True, slots=True)
class RoutesPlanned:
    """The best way first; none where there is none, and `why` says why."""

    routes: list[RouteRow]
    why: str


@dataclass(frozen=True, slots=True)
class BookRelay:
    """Keep a terminal of a relay for a spacecraft; answered by `RelayBooked`.

    Attributes:
        start_ns, end_ns: within a contact; the terminal turns before.
        priority: 0 to 3; bookings of a lower one give way where nothing is free.
    """

    relay: str
    spacecraft: str
    start_ns: int
    end_ns: int
    priority: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CancelBooking:
    """Give up what was booked; answered by `Answered`."""

    booking: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RelayBooked:
    """What was booked, and who gives way for it, in words."""

    booking: BookingRow
    notices: list[str]


# --- To a gateway's transmitter ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RadiateUnit:
    """Send octets by an uplink, once, and not after a time.

    `unit` is 32 hex digits; the same one is never radiated twice. Answered by `UnitsReported`.
    """

    unit: str
    uplink: str
    octets: bytes
    not_after_ns: int


@dataclass(frozen=True, slots=True)
class ReadUnits:
    """Say again what became of units; answered by `UnitsReported`."""

    units: list[str]


@dataclass(frozen=True, slots=True)
class UnitRow:
    """What a gateway knows of a unit.

    taken: it is on the gateway's disk; radiated: handed to the transmitter at `t_ns`; refused: it
    was and will not be sent; uncertain: it may have been sent; unknown: never heard of.
    """

    unit: str
    state: Literal["taken", "radiated", "refused", "uncertain", "unknown"]
    t_ns: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnitsReported:
    units: list[UnitRow]
