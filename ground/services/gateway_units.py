"""What a gateway knows of the units it was given to radiate: on its disk before it says so.

Each state is a record of 44 octets, appended: unit 16, state 1, zeros 3, not after 8, time 8, zeros
4, CRC-32 of these 4. A unit is noted as taken, and that is on the disk, before its octets leave; so
after a crash one that is taken and not radiated may have left: it is uncertain, and is never sent
again. Units whose time is a day past are forgotten when the file is
opened, and whenever it has grown a good deal.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ground.archive import disk
from ground.messages import UnitRow

State = Literal["taken", "radiated", "refused", "uncertain"]
FILE_NAME = "units"
KEPT_NS = 86_400 * 10**9
GROWN = 100_000  # records by which the file grows at least before it is written anew
_RECORD = struct.Struct(">16sB3xqq4xI")
_CODES: dict[State, int] = {"taken": 1, "radiated": 2, "refused": 3, "uncertain": 4}
_STATES = {code: state for state, code in _CODES.items()}


@dataclass(slots=True)
class _Unit:
    state: State
    not_after_ns: int
    t_ns: int
    reason: str = ""


class Units:
    """The units of a gateway in a folder; `now` is ns TAI.

    Raises:
        OSError: the disk takes nothing.
    """

    def __init__(self, folder: Path, now: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE_NAME
        self._known: dict[bytes, _Unit] = {}
        self._owed = b""  # records of what became of units, for which there was no room
        for unit, state, not_after_ns, t_ns in _read(self._path):
            state = "uncertain" if state == "taken" else state
            self._known[unit] = _Unit(state, not_after_ns, t_ns, _WHY.get(state, ""))
        self._rewrite(now)

    def __contains__(self, unit: str) -> bool:
        return bytes.fromhex(unit) in self._known

    def __len__(self) -> int:
        return len(self._known)

    def take(self, units: Iterable[tuple[str, int]], now: int) -> None:
        """Note units (id, not after) as taken; they are on the disk when this returns."""
        if self._size > self._most:
            before = self._file
            with suppress(OSError):  # there is no room for it
                self._rewrite(now)
                before.close()
        fresh = {bytes.fromhex(unit): _Unit("taken", end, now) for unit, end in units}
        self._write(b"".join(_record(unit, each) for unit, each in fresh.items()))
        os.fsync(self._file.fileno())
        self._known |= fresh

    def end(self, unit: str, state: State, now: int, reason: str = "") -> UnitRow:
        """Note what became of a unit that was taken; return that as a row."""
        key = bytes.fromhex(unit)
        made = _Unit(state, self._known[key].not_after_ns, now, reason)
        self._known[key] = made
        self._owed += _record(key, made)
        with suppress(OSError):  # on a full disk it stays taken, and is uncertain after a crash
            self._write(b"")
        return self.row(unit)

    def row(self, unit: str) -> UnitRow:
        """Return what is known of a unit."""
        known = self._known.get(bytes.fromhex(unit))
        if known is None:
            return UnitRow(unit, "unknown", 0)
        return UnitRow(unit, known.state, known.t_ns, known.reason)

    def close(self) -> None:
        """Bring everything onto the disk and end."""
        os.fsync(self._file.fileno())
        self._file.close()

    def _write(self, octets: bytes) -> None:
        """Append whole records or none: behind half a one nothing could be read."""
        octets = self._owed + octets
        try:
            disk.write_all(self._file.fileno(), octets)
        except OSError:
            os.ftruncate(self._file.fileno(), self._size)
            os.lseek(self._file.fileno(), self._size, os.SEEK_SET)
            raise
        self._size += len(octets)
        self._owed = b""

    def _rewrite(self, now: int) -> None:
        """Write what is known anew, so that the file stays short and ends with a whole record."""
        old = [unit for unit, each in self._known.items() if each.not_after_ns < now - KEPT_NS]
        for unit in old:
            del self._known[unit]
        fresh = self._path.with_suffix(".new")
        file = fresh.open("wb", buffering=0)
        try:
            octets = b"".join(_record(unit, each) for unit, each in self._known.items())
            disk.write_all(file.fileno(), octets)
            os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError:
            file.close()
            fresh.unlink(missing_ok=True)
            raise
        self._file, self._size, self._owed = file, len(octets), b""
        self._most = 2 * self._size + GROWN * _RECORD.size
        disk.sync_folder(self._path.parent)


_WHY = {
    "refused": "refused before the gateway was started again",
    "uncertain": "the gateway ended between taking and radiating it",
}


def _record(unit: bytes, each: _Unit) -> bytes:
    parts = unit, _CODES[each.state], each.not_after_ns, each.t_ns
    body = _RECORD.pack(*parts, 0)[:-4]
    return body + zlib.crc32(body).to_bytes(4, "big")


def _read(path: Path) -> Iterator[tuple[bytes, State, int, int]]:
    """Yield the records that are whole; all are of one size, so that damage hides no other one."""
    octets = path.read_bytes() if path.exists() else b""
    for at in range(0, len(octets) - _RECORD.size + 1, _RECORD.size):
        record = octets[at : at + _RECORD.size]
        unit, code, not_after_ns, t_ns, check = _RECORD.unpack(record)
        if check != zlib.crc32(record[:-4]) or code not in _STATES:
            continue
        yield unit, _STATES[code], not_after_ns, t_ns
