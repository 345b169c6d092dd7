"""The alarms and shelvings that are held, which of them changed, and their form as octets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from ground.alarms.record import Record, Shelf
from ground.alarms.states import State
from ground.messages import AlarmRow

ALARM, SHELF = "alarm/", "shelf/"  # what keys of the state begin with
_RECORDS, _SHELVES = TypeAdapter(Record), TypeAdapter(Shelf)
Kept = TypeVar("Kept", Record, Shelf)


class Held:
    """What the alarm machine holds; `records` and `shelves` are read by anybody, written here.

    Attributes:
        records, shelves: by spacecraft, parameter and element, as `record.key` has them.
        standing: severities of the alarms out of limits, by parameter, spacecraft and element.
    """

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.shelves: dict[str, Shelf] = {}
        self.standing: dict[str, dict[str, dict[int, int]]] = {}
        self._touched: set[str] = set()

    def keep(self, record: Record) -> None:
        """Take in an alarm as it is now, or let go of one that is normal."""
        self._touched.add(ALARM + record.key)
        if record.state is State.NORMAL:
            self.records.pop(record.key, None)
        else:
            self.records[record.key] = record
        self._stand(record)

    def _stand(self, record: Record) -> None:
        crafts = self.standing.setdefault(record.parameter, {})
        elements = crafts.setdefault(record.spacecraft, {})
        elements.pop(record.element, None)
        if record.severity:
            elements[record.element] = record.severity
        if not elements:
            del crafts[record.spacecraft]
        if not crafts:
            del self.standing[record.parameter]

    def shelve(self, key: str, shelf: Shelf | None) -> None:
        """Put the alarms of a key on the shelf, or take them down."""
        self._touched.add(SHELF + key)
        self.shelves.pop(key, None)
        if shelf is not None:
            self.shelves[key] = shelf

    def row(self, record: Record) -> AlarmRow:
        """Return an alarm as it stands."""
        return record.row(self.shelves.get(record.key))

    def state(self) -> dict[str, bytes | None]:
        """Return what changed since the last call, by key; None for what is gone."""
        touched, self._touched = self._touched, set()
        return {key: self._octets(key) for key in sorted(touched)}

    def _octets(self, key: str) -> bytes | None:
        if key.startswith(ALARM):
            record = self.records.get(key.removeprefix(ALARM))
            return None if record is None else _RECORDS.dump_json(record)
        shelf = self.shelves.get(key.removeprefix(SHELF))
        return None if shelf is None else _SHELVES.dump_json(shelf)

    def restore(self, state: Mapping[str, bytes]) -> dict[str, str]:
        """Take in what `state` gave; return why, for each key whose octets are refused."""
        refused: dict[str, str] = {}
        for key, octets in state.items():
            if key.startswith(ALARM):
                record = _read(_RECORDS, key, octets, refused)
                if record is not None and ALARM + record.key == key:
                    self.records[record.key] = record
                    self._stand(record)
                else:
                    refused.setdefault(key, f"the alarm of another key, {record and record.key}")
            elif key.startswith(SHELF):
                shelf = _read(_SHELVES, key, octets, refused)
                if shelf is not None:
                    self.shelves[key.removeprefix(SHELF)] = shelf
            else:
                refused[key] = f"expected a key that begins with {ALARM} or {SHELF}"
        return refused


def _read(form: TypeAdapter[Kept], key: str, octets: bytes, refused: dict[str, str]) -> Kept | None:
    try:
        return form.validate_json(octets, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        refused[key] = f"{'.'.join(map(str, first['loc'])) or 'octets'}: {first['msg']}"
        return None
