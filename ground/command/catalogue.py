"""The commands of a mission: what may be asked for, how it is typed, and the packet it becomes.

Commands come from the mission database and are looked up by path or by the last part of it. The
arguments of one are typed as text (see `ground.mdb.literals`), checked one by one against type,
range and encoding, and turned into the octets of a packet by `ground.mdb.telecommand`.

A command has the constraints of all those it extends, and the gravest significance among them: to
extend never makes harmless.

Source: XTCE 1.2 `MetaCommandType`, `SignificanceType`, `VerifierSetType`; ECSS-E-ST-70-41C
§7.4.4.1 (telecommand secondary header; unverified).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ground.command import constraints
from ground.command.arguments import LONGEST_NAME, ArgumentInfo, Value
from ground.errors import InputError
from ground.mdb import entries
from ground.mdb.model import Command, Constraint, Database, Level, Verifier
from ground.mdb.telecommand import Telecommand
from protocols.errors import EncodeError

Values = Mapping[str, Value]

MOST_ARGUMENTS = 1024  # of one request
SHOWN = 10  # names that a message lists
HAZARDS = {Level.DISTRESS: "H1", Level.CRITICAL: "H2", Level.SEVERE: "H2"}
APPENDED = {"completed", "executing"}  # stages whose verifiers add to those of the base


@dataclass(frozen=True, slots=True)
class Entry:
    """One command that can be sent.

    Attributes:
        name: last part of the path.
        hazard: H0 normal, H1 the target's name is typed, H2 a second person approves.
        reason: why, where the database says.
        constraints: what telemetry must say before it goes; `constraints.judge` asks.
        verifiers: what proves its stages, arguments not in place yet; see `verifiers_for`.
        apid, service, subtype: None where the packet has no such field or an argument decides.
    """

    path: str
    name: str
    description: str
    arguments: tuple[ArgumentInfo, ...]
    significance: Level
    hazard: str
    reason: str
    constraints: tuple[Constraint, ...]
    verifiers: tuple[Verifier, ...]
    apid: int | None
    service: int | None
    subtype: int | None
    telecommand: Telecommand

    def parse(self, texts: Mapping[str, str], now: int | None = None) -> Values:
        """Return the values that texts mean, those that are not given by default.

        Args:
            texts: as typed, by name of the argument (in any case).
            now: ns TAI since 1958, which `+90s` counts from.

        Raises:
            InputError: the argument, what was found and what was expected.
        """
        given = self._named(texts)
        values: dict[str, Value] = {}
        for each in self.arguments:
            text = given.get(each.name, each.default)
            if text is None:
                raise InputError(f"argument {each.name!r}: nothing found; {each.expected} expected")
            values[each.name] = each.parse(text, now)
        return MappingProxyType(values)

    def encode(self, values: Values, *, sequence: int = 0) -> bytes:
        """Return the packet, final to its last octet.

        Args:
            values: what `parse` returned.
            sequence: sequence count, 0 to 16383.

        Raises:
            InputError: the values do not make a packet: a size that does not agree, say.
        """
        try:
            return self.telecommand.encode(values, sequence=sequence)
        except EncodeError as error:
            raise InputError(f"{self.name}: {error}") from None

    def text(self, values: Values) -> str:
        """Return the arguments in one way only, as a shell splits them: `card=5 power=OFF`."""
        return shlex.join(f"{each.name}={each.text(values[each.name])}" for each in self.arguments)

    def verifiers_for(self, values: Values) -> tuple[Verifier, ...]:
        """Return the verifiers with the values of arguments in place."""
        return tuple(constraints.bound_verifier(each, values) for each in self.verifiers)

    def _named(self, texts: Mapping[str, str]) -> dict[str, str]:
        if len(texts) > MOST_ARGUMENTS:
            raise InputError(f"{len(texts)} arguments found; at most {MOST_ARGUMENTS} expected")
        names = {each.name for each in self.arguments}
        lower = {name.lower(): name for name in names}
        given: dict[str, str] = {}
        for name, text in texts.items():
            known = name if name in names else lower.get(name[:LONGEST_NAME].lower())
            if known is None:
                expected = ", ".join(sorted(names)[:SHOWN]) or "no argument"
                raise InputError(f"argument {name[:LONGEST_NAME]!r} found; {expected} expected")
            if known in given:
                raise InputError(f"argument {known!r} found twice; once expected")
            given[known] = text
        return given


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All commands of a database that can be sent, by path.

    `problems` says of each command that cannot be encoded why.
    """

    commands: Mapping[str, Entry]
    problems: Mapping[str, str]

    @classmethod
    def of(cls, database: Database, *, packet_error_control: bool = False) -> Catalogue:
        """Return the catalogue of a database.

        Args:
            packet_error_control: a CRC-16 ends every packet (ECSS-E-ST-70-41C annex B).
        """
        commands, problems = {}, {}
        for path, command in database.commands.items():
            if command.abstract:
                continue
            try:
                made = Telecommand.of(database, path, packet_error_control=packet_error_control)
            except InputError as error:
                problems[path] = str(error)
            else:
                commands[path] = _entry(entries.lineage(database, path), made)
        return cls(MappingProxyType(commands), MappingProxyType(problems))

    def find(self, name: str) -> Entry:
        """Return a command by path, or by enough last parts of it; case does not matter.

        Raises:
            InputError: none has this name, or several have.
        """
        if name in self.commands:
            return self.commands[name]
        ending = "/" + name[:LONGEST_NAME].strip("/").lower()
        found = [each for path, each in self.commands.items() if path.lower().endswith(ending)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise InputError(f"command {name[:LONGEST_NAME]!r} found; {self._like(name)} expected")
        listed = ", ".join(each.path for each in found[:SHOWN])
        raise InputError(f"command {name[:LONGEST_NAME]!r} is one of {listed}; one path expected")

    def _like(self, name: str) -> str:
        """Return the commands that share a part of a name with it, for a message."""
        parts = {part for part in name[:LONGEST_NAME].upper().split("_") if part}
        near = [
            each.name
            for each in self.commands.values()
            if parts & set(each.name.upper().split("_"))
        ]
        return "one of " + ", ".join(near[:SHOWN]) if near else "a command of the mission"


def _entry(lineage: list[Command], made: Telecommand) -> Entry:
    command = lineage[-1]
    gravest = max(reversed(lineage), key=lambda each: each.significance)
    apid, service, subtype = _identity(made.header())
    return Entry(
        path=command.path,
        name=command.path.rpartition("/")[2],
        description=command.description,
        arguments=tuple(map(ArgumentInfo.of, made.fields)),
        significance=gravest.significance,
        hazard=HAZARDS.get(gravest.significance, "H0"),
        reason=gravest.significance_reason,
        constraints=tuple(one for each in lineage for one in each.constraints),
        verifiers=_verifiers(lineage),
        apid=apid,
        service=service,
        subtype=subtype,
        telecommand=made,
    )


def _verifiers(lineage: Iterable[Command]) -> tuple[Verifier, ...]:
    """Return the verifiers with those inherited; most stages have those of one command only."""
    found: list[Verifier] = []
    for command in lineage:
        replaced = {each.stage for each in command.verifiers} - APPENDED
        found = [each for each in found if each.stage not in replaced]
        found += command.verifiers
    return tuple(found)


def _identity(header: bytes) -> tuple[int | None, int | None, int | None]:
    """Return APID, service type and subtype, where no argument decides them."""
    if len(header) < 2:
        return None, None, None
    first = int.from_bytes(header[:2], "big")
    pus = first >> 11 & 1 and len(header) >= 9 and header[6] >> 4 in (1, 2)
    return first & 0x7FF, header[7] if pus else None, header[8] if pus else None
