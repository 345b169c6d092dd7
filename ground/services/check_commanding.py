"""What a mission file says about commanding, held together: who reaches whom, who may, and where.

Each table may be right by itself and the mission take no command all the same: an uplink that
points at nobody, a relay that none gets to, a grant for spacecraft that there are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ground.command.authorise import Grant, covers
from ground.command.catalogue import Catalogue
from ground.errors import InputError
from ground.mdb.model import Database, Gravity, Problem
from ground.services import geometry
from ground.services.placed import placed
from ground.settings import Mission, Relay, Spacecraft, Uplink
from ground.settings.station import fits

SOME = 5  # names that a message lists
LARGEST_AOS = 255  # 732.0-B-4 §4.1.2.2: eight bits of a spacecraft's id (clause unverified)
_BOUND = ("udp", "tcp-server", "serial")  # kinds of links that have their address to themselves
_ANYWHERE = ("", "*", "0.0.0.0", "::", "[::]")  # noqa: S104 - hosts that stand for all others
_ERROR, _WARNING = Gravity.ERROR, Gravity.WARNING

Placed = tuple[tuple[str | int, ...], Gravity, str]  # the key, how grave, and what is wrong


def commanding(mission: Mission, known: Mapping[Path, Database | None]) -> Iterator[Problem]:
    """Yield what keeps a mission from being commanded as it says.

    Args:
        known: the databases that were read; None for one that cannot be used.
    """
    parts = (_uplinks, _relays, _spacecraft, _ids, _operators, _addresses)
    for part in parts:
        for key, gravity, message in part(mission):
            yield Problem(mission.where(*key), gravity, message)
    yield from _orbits(mission)
    yield from _catalogues(mission, known)


# ---- who reaches whom -----------------------------------------------------------------------


def _uplinks(mission: Mission) -> Iterator[Placed]:
    for index, each in enumerate(mission.uplinks):
        yield from _reach(("uplink", index, "to"), each, _takers(mission))


def _relays(mission: Mission) -> Iterator[Placed]:
    reached = _reached(mission)
    for index, each in enumerate(mission.relays):
        others = [name for name in _takers(mission) if name != each.name]
        yield from _reach(("relay", index, "to"), each, others)
        if each.name not in reached:
            found = f"relay {each.name}: no uplink reaches it, nor a relay that one reaches"
            yield ("relay", index, "name"), _WARNING, f"{found}; expected its name in `to` of one"
        for other in mission.relays:
            if each.reaches(other.name) and _differ(each, other):
                found = f"apid = {each.apid}, and {other.name}, which it passes envelopes to,"
                message = f"{found} has {other.apid}; expected the same"
                yield ("relay", index, "apid"), _WARNING, message


def _differ(one: Relay, other: Relay) -> bool:
    """Return whether an envelope that leaves one comes to another application at the next."""
    return "bent-pipe" not in (one.kind, other.kind) and one.apid != other.apid


def _reach(
    key: tuple[str | int, ...], sender: Uplink | Relay, names: Sequence[str]
) -> Iterator[Placed]:
    """Yield the globs of a sender that fit none of those who take commands."""
    for place, glob in enumerate(sender.to):
        if not any(fits(glob, name) for name in names):
            found = f"to = {glob!r}, which is nobody that takes commands"
            yield (*key, place), _ERROR, f"{found}; expected such as {_listed(names)}"
    if not sender.to:
        yield key, _ERROR, f"to = []; expected such as {_listed(names)}"


def _spacecraft(mission: Mission) -> Iterator[Placed]:
    reached = _reached(mission)
    for index, each in enumerate(mission.spacecraft):
        if each.tc is None:
            continue
        found, key = f"spacecraft {each.name} takes commands (tc)", ("spacecraft", index, "tc")
        if each.orbit is None and each.elements is None:
            expected = "expected one of them, to know its contacts"
            yield key, _WARNING, f"{found} without orbit or elements; {expected}"
        if each.database is None:
            expected = "expected one that has its commands"
            yield key, _WARNING, f"{found} without database; {expected}"
        if each.name not in reached:
            expected = "expected its name in `to` of one"
            yield key, _WARNING, f"{found}, and no uplink or relay reaches it; {expected}"


def _takers(mission: Mission) -> list[str]:
    """Return the names of all that something may be sent to."""
    crafts = [each.name for each in mission.spacecraft if each.tc is not None]
    return [*crafts, *(each.name for each in mission.relays)]


def _reached(mission: Mission) -> set[str]:
    """Return who is reached from the ground, over as many relays as it takes."""
    names = _takers(mission)
    senders: list[Uplink | Relay] = list(mission.uplinks)
    relays = {each.name: each for each in mission.relays}
    found: set[str] = set()
    while senders:
        sender = senders.pop()
        new = {name for name in names if sender.reaches(name)} - found
        found |= new
        senders += [relays[name] for name in new if name in relays]
    return found


def _ids(mission: Mission) -> Iterator[Placed]:
    """Yield ids that the frames of the way back cannot hold."""
    framed = [each for each in mission.links if each.frame != "packets"]
    if not mission.uplinks or not framed or any(each.frame != "aos" for each in framed):
        return
    for table, index, each in _flying(mission):
        if each.scid is not None and each.scid > LARGEST_AOS:
            expected = f"expected up to {LARGEST_AOS}, as all links carry AOS frames"
            yield (table, index, "scid"), _WARNING, f"scid = {each.scid}; {expected}"


def _flying(mission: Mission) -> Iterator[tuple[str, int, Spacecraft | Relay]]:
    """Yield spacecraft and relays, each with its table and number."""
    yield from (("spacecraft", index, each) for index, each in enumerate(mission.spacecraft))
    yield from (("relay", index, each) for index, each in enumerate(mission.relays))


# ---- who may, and where ---------------------------------------------------------------------


def _operators(mission: Mission) -> Iterator[Placed]:
    groups: dict[str, list[str]] = {}
    names = [each.name for each in mission.spacecraft]
    for craft in mission.spacecraft:
        for group in craft.groups:
            groups.setdefault(group, []).append(craft.name)
    for index, operator in enumerate(mission.operators):
        for place, each in enumerate(operator.spacecraft):
            grant = Grant(operator.key, frozenset(operator.roles), (each,))
            if not any(covers(grant, name, groups) for name in names):
                found = f"spacecraft = {each!r}, which is no spacecraft or group"
                key = ("operator", index, "spacecraft", place)
                yield key, _ERROR, f"{found}; expected such as {_listed([*groups, *names])}"


def _addresses(mission: Mission) -> Iterator[Placed]:
    links = [
        (index, each.name, (each.gateway, each.kind), each.address)
        for index, each in enumerate(mission.links)
        if each.kind in _BOUND and each.address is not None
    ]
    uplinks = [
        (index, each.name, (each.gateway, each.kind), each.address)
        for index, each in enumerate(mission.uplinks)
        if each.address is not None
    ]
    yield from _shared("link", links, _overlap)
    yield from _shared("uplink", uplinks, str.__eq__)


Address = tuple[int, str, tuple[str | None, str], str]  # number, name, what must be alike, address


def _shared(
    table: str, held: Iterable[Address], alike: Callable[[str, str], bool]
) -> Iterator[Placed]:
    """Yield addresses that another table before has too."""
    before: dict[tuple[str | None, str], list[tuple[str, str]]] = {}
    for index, name, kind, address in held:
        others = before.setdefault(kind, [])
        found = next((other for other, there in others if alike(there, address)), None)
        if found is not None:
            message = f"address = {address!r} is that of {table} {found}; expected another"
            yield (table, index, "address"), _ERROR, message
        others.append((name, address))


def _overlap(one: str, other: str) -> bool:
    (host, _, port), (host2, _, port2) = one.rpartition(":"), other.rpartition(":")
    anywhere = host in _ANYWHERE or host2 in _ANYWHERE
    return one == other or (port == port2 and port.isdigit() and anywhere)


# ---- where things are, and what they can be told --------------------------------------------


def _orbits(mission: Mission) -> Iterator[Problem]:
    """Yield elements that cannot be read, and orbits that cannot be."""
    for table, index, each in _flying(mission):
        try:
            geometry.orbit_of(each)
        except InputError as error:
            key = "orbit" if each.orbit is not None else "elements"
            yield placed(error, mission.where(table, index, key))


def _catalogues(mission: Mission, known: Mapping[Path, Database | None]) -> Iterator[Problem]:
    """Yield the commands that cannot be encoded, once for each database."""
    told: set[Path] = set()
    for craft in mission.spacecraft:
        database = None if craft.database is None else known.get(craft.database)
        if craft.tc is None or craft.database is None or database is None:
            continue
        if craft.database in told:
            continue
        told.add(craft.database)
        control = craft.tc.packet_error_control
        problems = Catalogue.of(database, packet_error_control=control).problems
        for path, why in problems.items():
            where = database.commands[path].where
            yield placed(why, where, Gravity.UNSUPPORTED)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SOME]) or "none"
