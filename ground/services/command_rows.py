"""Commands, authority and channels as faces show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ground.alarms.text import visible
from ground.command import facts
from ground.command.arguments import ArgumentInfo
from ground.command.catalogue import Entry
from ground.command.constraints import Judged, text, verifier_text
from ground.command.life import Step
from ground.messages import (
    ArgumentRow,
    AuthorityRow,
    ChannelRow,
    CommandKind,
    CommandRow,
    ConstraintRow,
    StepRow,
)
from ground.services.command_state import APPROVAL, CONTACT, OPERATOR, Command, State
from ground.services.forward import Forward
from ground.services.ways import Way

MOST_ROWS, MOST_OCTETS = 2000, 3 << 20  # of one message
LONGEST = 4000  # characters of a text that is shown
_WAITS = {APPROVAL: "approval", OPERATOR: "release", CONTACT: "contact", "not before": "its time"}


def command(known: Command, state: State, needs: Mapping[str, str]) -> CommandRow:
    """Return a command as it stands."""
    taken, life, routed = known.taken, known.life, known.routed
    holds = state.queue.holds(known.id)
    waits = [_WAITS.get(each, each) for each in holds] or [needs.get(known.id, "")]
    return CommandRow(
        id=known.id,
        spacecraft=taken.spacecraft,
        path=taken.path,
        text=visible(taken.text, LONGEST),
        octets=taken.octets,
        sha256=taken.digest.hex(),
        hazard=taken.hazard,  # type: ignore[arg-type]  # a fact holds what the catalogue said
        author=taken.author,
        approver=known.approver,
        state=life.state.value,
        held=OPERATOR in holds,
        needs="" if life.ended else visible(", ".join(waits), LONGEST),
        priority=known.priority,
        accepted_ns=taken.t_ns,
        not_before_ns=taken.not_before_ns,
        expires_ns=taken.not_after_ns,
        eta_ns=0 if routed is None or life.ended else routed.arrives_ns,
        via=[] if routed is None else routed.nodes[1:-1],
        steps=[_step(each) for each in life.steps],
    )


def batches(rows: Iterable[CommandRow]) -> Iterator[list[CommandRow]]:
    """Yield rows in lists that a message takes; none is empty."""
    batch: list[CommandRow] = []
    total = 0
    for each in rows:
        size = _size(each)
        if batch and (len(batch) >= MOST_ROWS or total + size > MOST_OCTETS):
            yield batch
            batch, total = [], 0
        batch.append(each)
        total += size
    if batch:
        yield batch


def _size(row: CommandRow) -> int:
    """Return how many octets a row takes at most, about."""
    texts = [row.text, row.path, row.needs, *row.via, *(each.detail for each in row.steps)]
    return 500 + len(row.octets) + sum(40 + len(each.encode()) for each in texts)


def draft(taken: facts.Accepted) -> CommandRow:
    """Return what a command would be, if it were taken."""
    state = State()
    state.apply(taken)
    return command(state.commands[taken.command], state, {})


def _step(step: Step) -> StepRow:
    detail = f"late: {step.detail}" if step.late else step.detail
    return StepRow(step.stage.value, step.t_ns, visible(detail, LONGEST))


def kind(entry: Entry) -> CommandKind:
    """Return a command that a spacecraft knows."""
    return CommandKind(
        entry.path,
        entry.name,
        entry.description,
        entry.hazard,  # type: ignore[arg-type]  # one of the three
        entry.reason,
        [_argument(each) for each in entry.arguments],
        [text(each.condition) for each in entry.constraints],
        [verifier_text(each) for each in entry.verifiers],
    )


def _argument(info: ArgumentInfo) -> ArgumentRow:
    return ArgumentRow(
        info.name,
        info.kind,
        info.units,
        "" if info.minimum is None else f"{info.minimum:g}",
        "" if info.maximum is None else f"{info.maximum:g}",
        list(info.labels),
        info.default or "",
        info.description,
    )


def constraint(judged: Judged) -> ConstraintRow:
    """Return a constraint as it was judged."""
    return ConstraintRow(judged.text, judged.holds)


def authority(state: State, spacecraft: tuple[str, ...], now: int) -> list[AuthorityRow]:
    """Return who commands each spacecraft."""
    rows = []
    for name in spacecraft:
        lease = state.authority.lease(name, now)
        if lease is None:
            rows.append(AuthorityRow(name, "", 0, 0, ""))
        else:
            holder = lease.holder, lease.since_ns, lease.until_ns, lease.offered_to
            rows.append(AuthorityRow(name, *holder))
    return rows


def channel(forward: Forward) -> ChannelRow:
    """Return a forward channel as it stands."""
    v_s, nn_r, window, t1_ns = forward.numbers
    return ChannelRow(
        forward.spacecraft,
        forward.settings.vcid,
        forward.state,
        v_s,
        nn_r,
        window,
        t1_ns,
        0,
        forward.unacknowledged,
        forward.suspended,
        _via(forward.way),
        forward.heard_ns,
    )


def _via(way: Way | None) -> list[str]:
    return [] if way is None else list(way.nodes[1:-1])
