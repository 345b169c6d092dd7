"""What must be true of commanding whatever happens: checked against the world, which knows.

I1 each command is in one state and at an end by its expiry and a grace; I2 nothing is executed
twice, what is COMPLETED was executed once, and what ended unsent never was; I3 frames of AD service
are executed in the order of their release; I4 nothing is executed after its expiry; I6 the ledger
is one chain, and what it is replayed into is the state that lives; I8 what is kept is bounded; I10
when nothing fails any more everything comes to rest.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ground.archive.ledger import folder_of, read
from ground.command import facts
from ground.command.life import Phase, phase
from ground.services.command_state import Command, State
from tests.flows.commanded import REALM, Station
from tests.flows.skies import SECOND

GRACE_NS = 240 * SECOND
MOST_UNITS = 2000


def grace(known: Command) -> int:
    """How long after its expiry a command may still be listened for: the way there and back."""
    routed = known.routed
    flight = 0 if routed is None else max(0, routed.arrives_ns - routed.departs_ns)
    return GRACE_NS + 2 * flight


def check(station: Station) -> None:
    """Check what must hold at any time."""
    once(station)
    in_order(station)
    in_time(station)
    if station.service is not None:
        ended(station)
        replayed(station)
        bounded(station)


def once(station: Station) -> None:
    """I2."""
    count = Counter((each.spacecraft, each.octets) for each in station.world.executed)
    twice = [(name, octets.hex()) for (name, octets), many in count.items() if many > 1]
    assert not twice, f"executed twice: {twice}"
    if station.service is None:
        return
    for known in station.state.commands.values():
        taken, where = known.taken, known.life.state
        done = count[taken.spacecraft, taken.octets]
        if where == "COMPLETED":
            assert done == 1, f"{known.id} is COMPLETED and was executed {done} times"
        elif phase(where) in (Phase.GROUND, Phase.UNSENT, Phase.REJECTED):
            assert done == 0, f"{known.id} is {where} and was executed: {known.life.steps}"


def in_order(station: Station) -> None:
    """I3."""
    released: dict[str, list[tuple[int, int]]] = {}
    octets: dict[tuple[str, bytes], str] = {}
    for place, fact in enumerate(station.facts):
        if isinstance(fact, facts.Accepted) and not fact.on_board_ns:
            octets[fact.spacecraft, fact.octets] = fact.command
        elif isinstance(fact, facts.Released) and fact.kind == "AD" and not fact.retransmission:
            for name in fact.commands:
                released.setdefault(name, []).append((fact.t_ns, place))
    before: dict[str, tuple[int, str]] = {}
    for each in station.world.executed:
        name = octets.get((each.spacecraft, each.octets))
        went = [place for t_ns, place in released.get(name or "", ()) if t_ns <= each.t_ns]
        if name is None or not went:
            continue
        last, other = before.get(each.spacecraft, (-1, ""))
        assert went[-1] > last, f"{name} was executed after {other}, and released before it"
        before[each.spacecraft] = went[-1], name


def in_time(station: Station) -> None:
    """I4."""
    late = {
        (fact.spacecraft, fact.octets): fact.not_after_ns
        for fact in station.facts
        if isinstance(fact, facts.Accepted)
    }
    for each in station.world.executed:
        end = late.get((each.spacecraft, each.octets))
        assert end is None or each.t_ns <= end + station.delay_ns, f"executed too late: {each}"


def ended(station: Station) -> None:
    """I1; a service that was dead meanwhile gets the same grace to find out."""
    known_ids = {f.command for f in station.facts if isinstance(f, facts.Accepted)}
    state = station.state
    kept = set(state.commands)
    assert kept <= known_ids
    for known in state.commands.values():
        since = max(known.taken.not_after_ns, known.taken.on_board_ns, station.started_ns)
        over = station.clock > since + grace(known)
        assert known.life.ended or not over, f"{known.id} is still {known.life.state}"


def replayed(station: Station) -> None:
    """I6."""
    fresh = State()
    folder = folder_of(station.root, REALM)
    for record in read(folder, REALM):
        fresh.apply(record.entry)
    fresh.queue.due(station.clock)
    station.state.queue.due(station.clock)
    fresh.forget(station.clock)
    station.state.forget(station.clock)
    made, alive = canonical(fresh, station.clock), canonical(station.state, station.clock)
    for part, value in alive.items():
        assert made[part] == value, f"{part} after a restart is another one"


def canonical(state: State, now: int) -> dict[str, Any]:
    """A state as plain values."""
    names = {each.taken.spacecraft for each in state.commands.values()}
    return {
        "commands": {name: repr(each) for name, each in state.commands.items()},
        "requests": state.requests,
        "sequences": state.sequences,
        "units": {name: repr(each) for name, each in state.units.items()},
        "channels": {
            key: (list(each.frames.items()), each.quiet_ns) for key, each in state.channels.items()
        },
        "authority": state.authority.leases(now),
        "queue": {
            name: [(each, state.queue.holds(each.command)) for each in state.queue.order(name)]
            for name in sorted(names)
        },
    }


def bounded(station: Station) -> None:
    """I8."""
    assert station.service is not None
    state, listener = station.state, station.service.commander.listener
    live = [each for each in state.commands.values() if not each.life.ended]
    assert len(state.queue) <= len(live)
    assert len(state.units) <= MOST_UNITS + 300 * len(state.commands)
    assert len(listener.verifier) <= len(state.commands)
    assert len(station.service.commander.needs) <= len(live)


def at_rest(station: Station) -> None:
    """I10: nothing waits, nothing is unacknowledged; with I1 for whatever was asked."""
    assert station.service is not None
    waiting = [(each.id, str(each.life.state)) for each in station.state.live()]
    assert not waiting, f"still under way: {waiting}"
    for each in station.service.commander.forwards.values():
        assert not each.unacknowledged, f"{each.spacecraft}: {each.state}, {each.unacknowledged}"
