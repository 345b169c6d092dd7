"""A mission file into a `Mission`, or every problem of it with the line of its key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ground.errors import InputError, Where
from ground.mdb.model import Gravity, Problem
from ground.settings import keys
from ground.settings.commanding import (
    Commanding,
    Operator,
    Orbit,
    Relay,
    Site,
    Telecommand,
    Uplink,
)
from ground.settings.mission import File, Link, Mission, ReedSolomon, Spacecraft, TimeRule
from ground.settings.station import AlarmRule, EventRule, Gateway, Influx, StaleRule, Station

FILE_NAME = "mission.toml"
LARGEST_FILE = 4 << 20  # octets; a mission file has a few thousand

_TABLES: dict[str, type[BaseModel]] = {
    "spacecraft": Spacecraft,
    "time": TimeRule,
    "link": Link,
    "rs": ReedSolomon,
    "station": Station,
    "gateway": Gateway,
    "alarm": AlarmRule,
    "event": EventRule,
    "stale": StaleRule,
    "influx": Influx,
    "commanding": Commanding,
    "site": Site,
    "relay": Relay,
    "uplink": Uplink,
    "operator": Operator,
    "orbit": Orbit,
    "tc": Telecommand,
}


class MissionError(InputError):
    """A mission file that is refused; the message is every problem, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.where.line))
        super().__init__("\n".join(f"{each.where}: {each.message}" for each in self.problems))


def find(name_or_path: str | Path) -> Mission:
    """Load a mission by the path of its file or folder, or by the name of one that is shipped.

    Raises:
        InputError: neither is there; or the mission is wrong.
    """
    path = Path(name_or_path)
    if path.is_dir():
        return load(path / FILE_NAME)
    if path.is_file():
        return load(path)
    known = shipped()
    if str(name_or_path) in known:
        return load(known[str(name_or_path)])
    names = ", ".join(known) or "none"
    raise InputError(f"{name_or_path}: no such mission; expected a mission file, or one of {names}")


def shipped() -> dict[str, Path]:
    """Return the mission files that come with the software, by name."""
    root = resources.files("configs")
    folders = sorted(Path(str(each)) for each in root.iterdir() if each.is_dir())
    return {folder.name: folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()}


def load(path: str | Path) -> Mission:
    """Read a mission file.

    Raises:
        MissionError: the file is wrong; it holds every problem, each with file and line.
        InputError: the file cannot be read.
    """
    path = Path(path)
    octets = _read(path)
    text, data = _parse(octets, str(path))
    where = keys.lines(text)
    found = list(_twice(data))
    try:
        file = File.model_validate(data, context={"folder": path.parent})
    except ValidationError as error:
        found += [each for detail in error.errors() for each in _explain(detail)]
    else:
        found += _unknown_spacecraft(file)
        found += _unknown_places(file)
        found += _unknown_receivers(file)
    if found:
        raise MissionError(
            _error(str(path), keys.line_of(where, key), message) for key, message in found
        )
    return Mission(
        name=file.mission.name,
        spacecraft=file.spacecraft,
        times=file.time,
        links=file.link,
        station=file.station,
        gateways=file.gateway,
        alarms=file.alarm,
        events=file.event,
        stale=file.stale,
        influx=file.influx,
        commanding=file.commanding,
        sites=file.site,
        relays=file.relay,
        uplinks=file.uplink,
        operators=file.operator,
        path=path.absolute(),
        octets=octets,
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST_FILE + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path}: {reason}; expected a mission file") from None
    if len(octets) > LARGEST_FILE:
        raise InputError(f"{path}: over {LARGEST_FILE} octets; expected a mission file")
    return octets


def _parse(octets: bytes, source: str) -> tuple[str, dict[str, Any]]:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        message = f"octet {octets[error.start]:02x} is not UTF-8; expected a text file"
        raise MissionError([_error(source, line, message)]) from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _line_of(str(error), text)
        message = f"{str(error).partition(' (at ')[0]}; expected TOML"
        raise MissionError([_error(source, line, message)]) from None
    except (RecursionError, ValueError) as error:
        message = f"{type(error).__name__} in the text; expected TOML of a mission file"
        raise MissionError([_error(source, 0, message)]) from None


def _line_of(message: str, text: str) -> int:
    match = re.search(r"at line (\d+)", message)
    return int(match[1]) if match else text.rstrip().count("\n") + 1


# ---- from what pydantic found to what a person reads ----------------------------------------


def _explain(detail: ErrorDetails) -> Iterator[tuple[keys.KeyPath, str]]:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    kind, value = detail["type"], detail["input"]
    key = _written(path)
    if kind == "mission":
        for name, message in detail["ctx"]["problems"]:
            yield (*path, *([name] if name else [])), message
    elif kind == "missing":
        yield path, f"no key {key}; expected one"
    elif kind == "extra_forbidden":
        yield path, f"unknown key {key}; {_suggest(path)}"
    else:
        yield path, f"{key} = {_shown(value)}; {_expected(detail)}"


def _written(path: keys.KeyPath) -> str:
    """Return the name that a person knows a key by: `rs.k`, `[[link]]`."""
    names = [part for part in path if isinstance(part, str)]
    if len(names) == 1:
        return names[0]
    return ".".join(names[1:])


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _expected(detail: ErrorDetails) -> str:
    message = detail["msg"]
    if message.startswith("expected"):
        return message
    message = message.removeprefix("Input should be ").removeprefix("Value error, ")
    form = _FORMS.get((detail["type"], str(detail["loc"][-1])))
    return "expected " + (form or _PLAIN.get(detail["type"], message))


_FORMS = {  # by key, where the kind of error alone says too little
    ("string_pattern_mismatch", "url"): "a URL, as http://127.0.0.1:8086",
    ("string_pattern_mismatch", "address"): "tcp://HOST:PORT",
    ("string_pattern_mismatch", "ltan"): "a time of day, as '18:00'",
    ("string_pattern_mismatch", "listen"): "tcp://HOST:PORT",
    ("string_pattern_mismatch", "prometheus"): "HOST:PORT, as 127.0.0.1:9464",
    ("tuple_type", "text"): 'a list of parameters, as ["EVENT_ID"]',
}
_PLAIN = {
    "string_pattern_mismatch": "a name without slashes, and without blanks at its ends",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "tuple_type": "an array of tables, as [[link]]",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "text in quotes",
    "path_type": "text in quotes",
    "string_too_short": "text that is not empty",
}


def _suggest(path: keys.KeyPath) -> str:
    tables = [part for part in path[:-1] if isinstance(part, str)]
    model = _TABLES.get(tables[-1], File.model_fields["mission"].annotation) if tables else File
    known = list(model.model_fields) if model is not None else []
    close = get_close_matches(str(path[-1]), known, 1)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"


# ---- what no single table shows -------------------------------------------------------------


def _twice(data: dict[str, Any]) -> Iterator[tuple[keys.KeyPath, str]]:
    """Find names and ids that stand twice, also where the rest of the file is wrong."""
    for table, key in (
        ("spacecraft", "name"),
        ("spacecraft", "scid"),
        ("link", "name"),
        ("gateway", "name"),
        ("influx", "name"),
        ("site", "name"),
        ("relay", "name"),
        ("relay", "scid"),
        ("uplink", "name"),
        ("operator", "key"),
    ):
        seen: dict[object, int] = {}
        tables = data.get(table)
        for index, each in enumerate(tables if isinstance(tables, list) else ()):
            value = each.get(key) if isinstance(each, dict) else None
            if not isinstance(value, str | int):
                continue
            if value in seen:
                other = f"[[{table}]] number {seen[value] + 1}"
                yield (table, index, key), f"{key} = {value!r} is that of {other}; expected another"
            seen.setdefault(value, index)


def _unknown_spacecraft(file: File) -> Iterator[tuple[keys.KeyPath, str]]:
    names = [craft.name for craft in file.spacecraft]
    if not names:
        yield ("spacecraft",), "no spacecraft; expected at least one [[spacecraft]]"
    ruled = {
        "time": [rule.spacecraft for rule in file.time],
        "alarm": [rule.spacecraft for rule in file.alarm],
        "stale": [rule.spacecraft for rule in file.stale],
    }
    for table, about in ruled.items():
        for index, name in enumerate(about):
            if name not in (None, *names):
                expected = f"expected one of {', '.join(names)}"
                yield (table, index, "spacecraft"), f"spacecraft = {name!r}; {expected}"
    held = [gateway.name for gateway in file.gateway]
    for index, link in enumerate(file.link):
        if link.gateway not in (None, *held):
            expected = f"expected the name of a [[gateway]]: {', '.join(held) or 'none'}"
            yield ("link", index, "gateway"), f"gateway = {link.gateway!r}; {expected}"


def _unknown_places(file: File) -> Iterator[tuple[keys.KeyPath, str]]:
    """Find uplinks of no site or gateway, and ids and names that two kinds of things share."""
    sites = {site.name for site in file.site}
    held = {gateway.name for gateway in file.gateway}
    for index, uplink in enumerate(file.uplink):
        for key, value, known in (("site", uplink.site, sites), ("gateway", uplink.gateway, held)):
            if value is not None and value not in known:
                expected = f"expected one of {', '.join(sorted(known)) or 'none'}"
                yield ("uplink", index, key), f"{key} = {value!r}; {expected}"
    names = {craft.name: "spacecraft" for craft in file.spacecraft} | dict.fromkeys(sites, "site")
    ids = {craft.scid: craft.name for craft in file.spacecraft}
    for index, relay in enumerate(file.relay):
        if relay.name in names:
            found = f"name = {relay.name!r} is that of a {names[relay.name]}"
            yield ("relay", index, "name"), f"{found}; expected another"
        if relay.scid in ids:
            found = f"scid = {relay.scid} is that of {ids[relay.scid]}"
            yield ("relay", index, "scid"), f"{found}; expected another"


def _unknown_receivers(file: File) -> Iterator[tuple[keys.KeyPath, str]]:
    """Find radios that reach somebody whose figure of merit is not said."""
    silent = [e.name for e in file.spacecraft if e.tc is not None and e.tc.g_t_db_k is None]
    silent += [each.name for each in file.relay if each.g_t_db_k is None]
    kinds: dict[str, tuple[Uplink | Relay, ...]] = {"uplink": file.uplink, "relay": file.relay}
    for table, senders in kinds.items():
        for index, each in enumerate(senders):
            there = [name for name in silent if name != each.name and each.reaches(name)]
            if each.radio is not None and there:
                found = f"radio, and no g_t_db_k of {', '.join(there[:5])}"
                yield (table, index, "radio"), f"{found}; expected one in the table or tc of each"


def _error(source: str, line: int, message: str) -> Problem:
    return Problem(Where(source, line), Gravity.ERROR, message)
