"""Messages in parts that the wire takes: what is long goes as several, each whole by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from ground.bus.sockets import Publisher
from ground.messages import (
    AlarmRow,
    AlarmsChanged,
    AlarmsListed,
    EventsRaised,
    ParametersDecoded,
    StaleChanged,
)
from ground.wire import WireError

LARGEST = 2 << 20  # octets, about; the wire takes 4 MiB of text and lists
_ROW = 512  # octets of a row of an alarm, say, beside its text
log = structlog.get_logger()


def publish(publisher: Publisher, topic: str, message: Any, t_ns: int) -> None:
    """Publish a message on a topic (without its realm); one that cannot travel is logged."""
    kind, _, detail = topic.partition("/")
    for part in parts(message):
        try:
            publisher.send(part, kind, detail, t_ns)
        except WireError as error:
            log.error("message.refused", topic=topic, why=str(error))


def parts(message: Any) -> Iterator[Any]:
    """Yield the message as it is where it is small enough, else in parts, its rows in order."""
    match message:
        case ParametersDecoded():
            yield from _by_rows(message)
        case AlarmsChanged(alarms=rows):
            yield from (AlarmsChanged(part) for part in _chunks(rows))
        case EventsRaised(events=rows):
            yield from (EventsRaised(part) for part in _chunks(rows))
        case StaleChanged(rows=rows):
            yield from (StaleChanged(part) for part in _chunks(rows))
        case _:
            yield message


def listed(alarms: list[AlarmRow]) -> AlarmsListed:
    """Return all alarms as an answer, or the worst and newest of them where they are too many."""
    if sum(map(_weight, alarms)) > LARGEST:
        alarms = sorted(alarms, key=lambda row: (row.severity, row.changed_ns), reverse=True)
    first = next(_chunks(alarms), [])
    return AlarmsListed(first, len(alarms) - len(first))


def _chunks(rows: list[Any]) -> Iterator[list[Any]]:
    part: list[Any] = []
    left = LARGEST
    for row in rows:
        weight = _weight(row)
        if part and weight > left:
            yield part
            part, left = [], LARGEST
        part.append(row)
        left -= weight
    if part:
        yield part


def _weight(row: Any) -> int:
    """Return about how many octets a row takes on the wire."""
    texts = (getattr(row, each) for each in row.__dataclass_fields__)
    return _ROW + sum(4 * len(each) for each in texts if isinstance(each, str))


def _by_rows(message: ParametersDecoded) -> Iterator[ParametersDecoded]:
    rows = len(message.columns["t_ns"])
    size = sum(map(_octets, message.columns.values()))
    if size <= LARGEST or rows < 2:
        yield message
        return
    middle = rows // 2
    for part in (slice(0, middle), slice(middle, rows)):
        columns = {name: column[part] for name, column in message.columns.items()}
        yield from _by_rows(replace(message, columns=columns))


def _octets(column: NDArray[Any]) -> int:
    """Return about how many octets a column takes on the wire."""
    if column.dtype != object:
        return column.nbytes
    return sum(_cell(each) for each in column.reshape(-1))


def _cell(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return _octets(value) + 32
    return 4 * len(value) + 5 if isinstance(value, str | bytes) else 16


def wanted(publisher: Publisher, packet_type: str) -> bool:
    """Return whether anybody listens to a packet type; a message that is not made is counted."""
    detail = packet_type.lstrip("/")
    if publisher.wanted("parameters", detail):
        return True
    publisher.skip("parameters", detail)
    return False
