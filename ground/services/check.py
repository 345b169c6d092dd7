"""Every problem of a mission file or a database, before it is used.

A mission is checked with all that it names: its databases, the root containers, and the packets and
parameters of its rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ground import databases, settings
from ground.errors import InputError, Where
from ground.mdb import entries, plan, xtce
from ground.mdb.model import Database, DatabaseError, Gravity, Problem
from ground.services import check_commanding, check_rules
from ground.services.check_rules import Columns
from ground.services.placed import placed
from ground.settings import Mission, MissionError


def check(path: str | Path, schema: str | Path | None = None) -> list[Problem]:
    """Return the problems of a mission file (or its folder, or the name of one) or a database.

    Args:
        schema: XTCE schema file that a database is held against, too.

    Raises:
        InputError: there is no such file.
    """
    if not _is_mission(path):
        return [*_schema(Path(path), schema), *_database(Path(path))[1]]
    try:
        mission = settings.find(path)
    except MissionError as error:
        return list(error.problems)
    return list(_mission(mission, schema))


def _is_mission(path: str | Path) -> bool:
    place = Path(path)
    if place.is_dir():
        return (place / settings.FILE_NAME).is_file()
    return place.suffix == ".toml" or not place.exists()


# ---- databases ------------------------------------------------------------------------------


def _database(path: Path) -> tuple[Database | None, list[Problem]]:
    """Return a database, if it can be used, and its problems."""
    try:
        database = databases.read_database(path)
    except DatabaseError as error:
        return None, list(error.problems)
    problems = list(database.problems)
    told = {(each.where, each.message) for each in problems}
    for container in database.containers:
        try:
            entries.of_container(database, container)
        except InputError as error:
            problem = placed(error, Where(str(path)))
            if (problem.where, problem.message) not in told:
                told.add((problem.where, problem.message))
                problems.append(problem)
    refused = any(each.gravity is Gravity.ERROR for each in problems)
    return None if refused else database, problems


def _schema(path: Path, schema: str | Path | None) -> list[Problem]:
    if schema is None:
        return []
    files = databases.database_files(path)
    ((_, rules),) = databases.database_files(schema).items()
    return [
        problem for octets in files.values() for problem in xtce.validate(octets, rules, str(path))
    ]


# ---- missions -------------------------------------------------------------------------------


def _mission(mission: Mission, schema: str | Path | None) -> Iterator[Problem]:
    known: dict[Path, Database | None] = {}
    types: dict[str, Columns] = {}
    compiled: dict[tuple[Path, str | None], Columns] = {}
    for index, craft in enumerate(mission.spacecraft):
        key = "database" if craft.root_container is None else "root_container"
        try:
            if craft.database is not None and craft.database not in known:
                known[craft.database] = None
                yield from _schema(craft.database, schema)
                known[craft.database], problems = _database(craft.database)
                yield from problems
            database = known.get(craft.database) if craft.database is not None else None
            if database is not None and craft.database is not None:
                at = craft.database, craft.root_container
                if at not in compiled:
                    compiled[at] = _packet_types(database, craft.root_container)
                types[craft.name] = compiled[at]
        except InputError as error:
            yield placed(error, mission.where("spacecraft", index, key))
    yield from check_rules.rules(mission, types)
    yield from check_commanding.commanding(mission, known)


def _packet_types(database: Database, root: str | None) -> Columns:
    """Return the columns of each packet type of a database."""
    made = plan.compile(database, root)
    return {path: set(types) for path, types in made.column_types.items()}
