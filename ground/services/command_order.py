"""What a request to send means: the command of the catalogue, its octets, and all that is wrong.

The sender has been authorised before. Arguments are parsed here and nowhere else, and what comes
out are the final octets: an approval is bound to them, and exactly these are sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ground.command import approval, constraints, facts
from ground.command.authorise import Decision
from ground.command.catalogue import Entry, Values
from ground.command.life import Stage
from ground.errors import InputError
from ground.messages import ConstraintRow, SendCommand
from ground.services import command_rows
from ground.services.commander import Commander
from ground.services.planner import MOST_VIA, Wish
from ground.services.ways import Way
from ground.settings import Mission
from protocols import times
from protocols.errors import EncodeError

SECOND_NS = 10**9
ALTERNATIVES = 3
_REQUEST = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """A request to send, understood.

    Attributes:
        text: name and arguments in the one way that they are written.
        octets, sequence: of the final packet.
        authority: facts that give the sender the spacecraft, where nobody holds it.
        wrong: why it will not be taken.
        ways: the way that it would take now, and others.
    """

    asked: SendCommand
    user: str
    entry: Entry
    text: str
    octets: bytes
    apid: int
    sequence: int
    not_after_ns: int
    authority: tuple[facts.AuthorityChanged, ...]
    constraints: list[ConstraintRow]
    wrong: tuple[str, ...]
    ways: list[Way]

    def accepted(self, name: str, now: int) -> facts.Accepted:
        """Return the fact that it was taken, under a name."""
        asked = self.asked
        return facts.Accepted(
            t_ns=now,
            command=name,
            request=asked.request,
            author=self.user,
            key=self.user,
            spacecraft=asked.spacecraft,
            path=self.entry.path,
            arguments=dict(asked.arguments),
            text=self.text,
            octets=self.octets,
            digest=approval.digest(self.octets, [asked.spacecraft], self.not_after_ns),
            apid=self.apid,
            sequence=self.sequence,
            hazard=self.entry.hazard,
            priority=asked.priority,
            not_before_ns=asked.not_before_ns,
            not_after_ns=self.not_after_ns,
            on_board_ns=asked.on_board_ns,
            via=list(asked.via),
            service=asked.service,
            override=asked.override,
            held=asked.hold,
        )


def understood(
    asked: SendCommand, commander: Commander, mission: Mission, user: str, now: int
) -> Order:
    """Return what a request means.

    Raises:
        InputError: no such command, or an argument that cannot be.
    """
    entry = commander.catalogues.of(asked.spacecraft).find(asked.command)
    values = entry.parse(asked.arguments, now)
    state = commander.record.state
    apid = entry.apid
    if apid is None:
        raise InputError(f"{entry.name}: its APID hangs on an argument; expected a fixed one")
    sequence = state.sequences.get((asked.spacecraft, apid), 0)
    octets = entry.encode(values, sequence=sequence)
    text = f"{entry.name} {entry.text(values)}".strip()
    not_after = asked.expires_ns or _expiry(asked, mission, now)
    judged = _judged(entry, values, commander, asked.spacecraft, now)
    granted = _authority(commander, asked.spacecraft, user, now)
    wrong = [
        *_form(asked, now, not_after),
        *(granted.reasons if isinstance(granted, Decision) else ()),
        *_hazard(asked, entry),
        *([] if asked.override else constraints.unmet(judged)),
        *_repeated(asked, text, commander, mission, now),
        *_limits(asked, octets, commander, mission),
    ]
    latest = min(not_after, asked.on_board_ns or not_after)
    wish = Wish(
        asked.spacecraft, commander.forwards[asked.spacecraft].settings.length, latest,
        max(0, min(asked.priority, 3)), tuple(asked.via),
    )  # fmt: skip
    at = max(now, asked.not_before_ns)
    found = commander.planner.alternatives(wish, at, ALTERNATIVES) if latest > at else []
    facts_given = () if isinstance(granted, Decision) or asked.dry_run else granted
    return Order(
        asked, user, entry, text, octets, apid, sequence, not_after, facts_given,
        [command_rows.constraint(each) for each in judged], tuple(wrong), found,
    )  # fmt: skip


def _expiry(asked: SendCommand, mission: Mission, now: int) -> int:
    start = max(now, asked.not_before_ns, asked.on_board_ns)
    return start + round(mission.commanding.expires_s * SECOND_NS)


def _form(asked: SendCommand, now: int, not_after: int) -> list[str]:
    """Return what is wrong with the request itself."""
    wrong = []
    if not _REQUEST.fullmatch(asked.request):
        wrong.append("request: expected 32 hex digits")
    if not 0 <= asked.priority <= 3:
        wrong.append(f"priority {asked.priority}; expected 0 to 3")
    if not_after <= max(now, asked.not_before_ns):
        when = times.iso(not_after) if 0 <= not_after < 1 << 62 else str(not_after)
        wrong.append(f"it expires at {when}, before it may go")
    if len(asked.via) > MOST_VIA:
        wrong.append(f"via {len(asked.via)} nodes; expected at most {MOST_VIA}")
    if asked.on_board_ns and asked.on_board_ns <= now:
        wrong.append("its time on board is past")
    if asked.on_board_ns > not_after:
        wrong.append("it expires before its time on board")
    return wrong


def _authority(
    commander: Commander, spacecraft: str, user: str, now: int
) -> tuple[facts.AuthorityChanged, ...] | Decision:
    """Return the facts by which the sender holds the spacecraft, or who else does."""
    authority = commander.record.state.authority
    held = authority.lease(spacecraft, now)
    if held is None:
        return (authority.would_take(spacecraft, user, now),)
    if held.holder != user:
        return Decision(False, (f"{held.holder} holds {spacecraft}; expected a hand-over",))
    extended = authority.would_extend(spacecraft, user, now)
    return () if extended is None else (extended,)


def _hazard(asked: SendCommand, entry: Entry) -> list[str]:
    if entry.hazard == "H0" or asked.typed == asked.spacecraft or asked.dry_run:
        return []
    return [f"{entry.hazard}: {entry.reason}; expected the target's name, typed"]


def _judged(
    entry: Entry, values: Values, commander: Commander, spacecraft: str, now: int
) -> tuple[constraints.Judged, ...]:
    lookup = commander.listener.latest.lookup(spacecraft, now)
    return constraints.judge(entry.constraints, lookup, values)


def _repeated(
    asked: SendCommand, text: str, commander: Commander, mission: Mission, now: int
) -> list[str]:
    """Return that the same was asked for just now, or may still be sent, where none is meant."""
    state = commander.record.state
    known = state.commands.get(state.same.get((asked.spacecraft, text), ""))
    if asked.repeat or known is None:
        return []
    ago = now - known.taken.t_ns
    if known.life.state is Stage.UNCERTAIN and now < known.taken.not_after_ns:
        return [f"{known.id} is the same and UNCERTAIN; expected repeat, if both may be executed"]
    if ago <= round(mission.commanding.duplicate_s * SECOND_NS):
        return [f"{known.id} is the same, {ago / 1e9:.0f} s ago; expected repeat, if it is meant"]
    return []


def _limits(asked: SendCommand, octets: bytes, commander: Commander, mission: Mission) -> list[str]:
    wrong = []
    if not commander.record.state.queue.room(asked.spacecraft):
        wrong.append("the queue is full")
    forward, sent = commander.forwards[asked.spacecraft], octets
    try:
        if asked.on_board_ns:
            sequences = commander.record.state.sequences
            about = asked.spacecraft, asked.on_board_ns
            sent = commander.catalogues.timed(*about, octets, sequences)
        frames = len(forward.fields(sent))
    except EncodeError as error:
        return [*wrong, str(error)]
    if frames > forward.settings.window // 2:
        wrong.append(f"{len(sent)} octets need {frames} frames, more than the window takes")
    return wrong
