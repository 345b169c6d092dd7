"""The commands of every spacecraft of a mission, and what each of them is expected to report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ground import databases
from ground.command import facts
from ground.command.catalogue import Catalogue
from ground.errors import InputError
from ground.mdb.model import Database, Verifier
from ground.settings import Mission
from protocols.pus import header, schedule
from protocols.pus.activities import Activity
from protocols.pus.profile import PROFILE, Profile

SECONDARY = 6  # octet of the secondary header
SCHEDULE, INSERT = 11, 4
MOST_KEPT = 20_000


class Catalogues:
    """The catalogue of each spacecraft that takes commands and has a database.

    Attributes:
        profile: of telecommands; `reports` of telemetry, whose packets end without a CRC.
    """

    def __init__(self, mission: Mission) -> None:
        self._catalogues: dict[str, Catalogue] = {}
        self._expected: dict[tuple[str, bytes], tuple[int, tuple[Verifier, ...]]] = {}
        self.reports: Profile = replace(PROFILE, error_control=False)
        self.profile = self.reports
        known: dict[tuple[object, ...], Catalogue] = {}
        for craft in mission.spacecraft:
            if craft.tc is None or craft.database is None:
                continue
            control = craft.tc.packet_error_control
            key = craft.database, craft.root_container, control
            if key not in known:
                database = _read(craft.database)
                known[key] = Catalogue.of(database, packet_error_control=control)
            self._catalogues[craft.name] = known[key]
            self.profile = replace(PROFILE, error_control=control)

    def of(self, spacecraft: str) -> Catalogue:
        """Return the commands of a spacecraft.

        Raises:
            InputError: there is none of this name, or it takes no commands.
        """
        found = self._catalogues.get(spacecraft)
        if found is None:
            known = ", ".join(self._catalogues) or "none"
            raise InputError(f"{spacecraft!r} takes no commands; expected one of {known}")
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The spacecraft that take commands."""
        return tuple(self._catalogues)

    def expected(self, taken: facts.Accepted) -> tuple[int, tuple[Verifier, ...]]:
        """Return the acknowledgement flags of a command, and its verifiers."""
        key = taken.command, taken.digest
        if key not in self._expected:
            if len(self._expected) >= MOST_KEPT:
                self._expected.clear()
            self._expected[key] = self._find(taken)
        return self._expected[key]

    def _find(self, taken: facts.Accepted) -> tuple[int, tuple[Verifier, ...]]:
        octets = taken.octets
        pus = len(octets) > SECONDARY and octets[0] >> 3 & 1 and octets[SECONDARY] >> 4 in (1, 2)
        flags = octets[SECONDARY] & 15 if pus else 0
        try:
            entry = self.of(taken.spacecraft).find(taken.path)
            verifiers = entry.verifiers_for(entry.parse(taken.arguments, taken.t_ns))
        except InputError:  # the database is another one than when it was taken
            return flags, ()
        return flags, verifiers

    def timed(
        self,
        spacecraft: str,
        on_board_ns: int,
        octets: bytes,
        sequences: Mapping[tuple[str, int], int],
    ) -> bytes:
        """Return the packet that has a command executed on board at a time (ST[11,4]).

        Raises:
            InputError: the spacecraft has no schedule.
            EncodeError: its clock does not reach that far, or the packet is too long.

        Source: ECSS-E-ST-70-41C §8.11.2.4.
        """
        apid = self.schedule_apid(spacecraft)
        sequence = sequences.get((spacecraft, apid), 0)
        activity = Activity(on_board_ns, octets)
        made = header.Telecommand(
            apid, SCHEDULE, INSERT, schedule.Insert((activity,)).encode(self.profile), sequence
        )
        return header.encode_telecommand(made, self.profile)

    def schedule_apid(self, spacecraft: str) -> int:
        """Return the application that keeps the schedule: that of any command of ST[11].

        Raises:
            InputError: no command is of ST[11].
        """
        for each in self.of(spacecraft).commands.values():
            if each.service == SCHEDULE and each.apid is not None:
                return each.apid
        raise InputError(f"{spacecraft}: no command of service 11; expected an on-board schedule")


def _read(path: object) -> Database:
    files = databases.database_files(path)  # type: ignore[arg-type]
    return databases.from_files(files, str(path))
