"""Mission files and databases become what a downlink needs: spacecraft with their definitions.

Spacecraft that name the same database and root container share one definition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ground import databases
from ground.errors import InputError
from ground.mdb import plan
from ground.services.crafts import Crafts, Definition
from ground.settings import Link, Mission, TimeRule


class Keeps(Protocol):
    """Takes the sources of a database and says by which digest they are known."""

    def keep(self, files: Mapping[str, bytes], root: str | None) -> str: ...


def crafts(mission: Mission, library: Keeps) -> Crafts:
    """Return the spacecraft of a mission, each database read, compiled and kept once."""
    relays = {each.scid: each.name for each in mission.relays if each.scid is not None}
    made = Crafts(by_scid=relays | {each.scid: each.name for each in mission.spacecraft})
    known: dict[tuple[Path, str | None], Definition] = {}
    for craft in mission.spacecraft:
        if craft.database is None:
            continue
        at = craft.database, craft.root_container
        if at not in known:
            known[at] = definition(*at, library, mission.times)
        made.definitions[craft.name] = known[at]
    return made


def alone(name: str, database: Path | None, root: str | None, library: Keeps) -> Crafts:
    """Return one spacecraft whose packets come without frames, known by name only."""
    made = Crafts(only=name)
    if database is not None:
        made.definitions[name] = definition(database, root, library, ())
    return made


def definition(
    path: Path, root: str | None, library: Keeps, times: tuple[TimeRule, ...]
) -> Definition:
    """Read and compile a database, and keep its sources in the archive."""
    files = databases.database_files(path)
    compiled = plan.compile(databases.from_files(files, str(path)), root)
    return Definition(library.keep(files, root), compiled, times)


def link(mission: Mission, name: str | None) -> Link:
    """Return the link of this name, or the only one that is for files where none is named."""
    if name is not None:
        found = mission.link(name)
        if found is None:
            known = ", ".join(each.name for each in mission.links) or "none"
            raise InputError(f"{mission.path}: no link {name}; expected one of {known}")
        return found
    files = [each for each in mission.links if each.kind in ("file", "directory")]
    chosen = files or list(mission.links)
    if len(chosen) != 1:
        known = ", ".join(each.name for each in mission.links) or "none"
        raise InputError(f"{mission.path}: --link is not given; expected one of {known}")
    return chosen[0]


def whose(mission: Mission, name: str | None) -> str:
    """Return whose bare packets are: the one that is named, or the mission's only spacecraft."""
    known = [each.name for each in mission.spacecraft]
    chosen = name or (known[0] if len(known) == 1 else None)
    if chosen not in known or chosen is None:
        listed = ", ".join(known)
        raise InputError(
            f"{mission.path}: spacecraft {name or 'not given'}; expected one of {listed}"
        )
    return chosen


def digest(link: Link, crafts: Crafts, mission: Mission | None) -> str:
    """Return a digest of all that decides what an ingest gives, beside the file itself."""
    parts = [link.model_dump_json(), crafts.only or ""]
    parts += [f"{name}={each.key}" for name, each in sorted(crafts.definitions.items())]
    if mission is not None:
        parts += [f"{each.scid}={each.name}" for each in mission.spacecraft]
        parts += [each.model_dump_json() for each in mission.times]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
