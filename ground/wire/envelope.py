"""A message with what stands on its envelope, to frames and back.

Frames: topic, header, then one buffer for each column. The topic of a message begins with its
realm. Whole sizes are checked before anything is parsed, and every number that asks for memory
(lengths, shapes) against the octets that are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from ground.messages import MESSAGES
from ground.wire import arrays, fields
from ground.wire.arrays import OBJECTS
from ground.wire.errors import MAX_OCTETS, PARSED_OCTETS, Octets, WireError, measure

VERSION = 1
MOST_ITEMS = 1 << 16  # of a list or map in a header
MOST_TOPIC = 1024  # octets
TOPIC, HEADER, BUFFERS = 0, 1, 2  # frames


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message and what stands on its envelope.

    Attributes:
        seq: counts from 1 for each (publisher, topic); 0 on requests and their answers.
        epoch: differs for each start of a publisher, so that a new count is no loss.
        t_ns: when it was sent or what it tells of happened, ns TAI.
        request: number of a request, and on what answers it; 0 on what nobody asked for.
    """

    topic: str
    realm: str
    seq: int
    epoch: int
    t_ns: int
    request: int
    message: Any


@dataclass(frozen=True, slots=True)
class _Header:
    v: int
    type: str
    realm: str
    seq: int
    epoch: int
    t_ns: int
    request: int
    fields: dict[str, Any]
    columns: list[tuple[str, str, list[int]]]


@dataclass(frozen=True, slots=True)
class _Form:
    """A type of message, how its fields are read, and whether it has columns."""

    make: type
    names: tuple[str, ...]
    read: fields.Reader
    columns: bool


@cache
def _forms() -> dict[str, _Form]:
    return {each.__name__: _form(each) for each in MESSAGES}


def _form(message: type) -> _Form:
    names = tuple(fields.hints(message))
    columns = "columns" in message.__dataclass_fields__  # type: ignore[attr-defined]
    return _Form(message, names, fields.members(message), columns)


def encode(
    message: Any,
    *,
    topic: str,
    realm: str,
    seq: int,
    t_ns: int,
    request: int = 0,
    epoch: int = 0,
) -> list[Octets]:
    """Return the frames of a message; buffers are those of its arrays wherever that can be.

    Raises:
        WireError: it is no message, holds what does not travel, or is too large.
    """
    name = type(message).__name__
    form = _forms().get(name)
    if form is None:
        raise WireError("type", f"{name} is no message")
    columns: dict[str, NDArray[Any]] = message.columns if form.columns else {}
    written = [(key, *arrays.write(array)) for key, array in columns.items()]
    measure([each[3] for each in written if each[1] == OBJECTS], PARSED_OCTETS)
    header = {
        "v": VERSION,
        "type": name,
        "realm": realm,
        "seq": seq,
        "epoch": epoch,
        "t_ns": t_ns,
        "request": request,
        "fields": {each: getattr(message, each) for each in form.names},
        "columns": [each[:3] for each in written],
    }
    return _fitting([_text(topic), _packed(header), *(each[3] for each in written)])


def decode(frames: Sequence[Octets]) -> Envelope:
    """Return the message that frames hold; its arrays of numbers are read-only views of them.

    Raises:
        WireError: they are not one whole, well-typed message of this version.
    """
    measure(frames, MAX_OCTETS)
    if len(frames) < BUFFERS:
        raise WireError("malformed", f"{len(frames)} frames; expected a topic and a header")
    parsed = _parsed(frames[HEADER])
    header = _header(parsed)
    form = _forms().get(header.type)
    if form is None:
        raise WireError("type", header.type[:100])
    topic = _topic(frames[TOPIC], header.realm)
    values = form.read(header.fields)
    columns = _columns(header.columns, frames[BUFFERS:])
    if form.columns:
        values["columns"] = columns
    elif columns:
        raise WireError("column", f"{header.type} has none")
    stands = (header.seq, header.epoch, header.t_ns, header.request)
    return Envelope(topic, header.realm, *stands, form.make(**values))


def _fitting(frames: list[Octets]) -> list[Octets]:
    """Return frames that a receiver will take; WireError where they are too large."""
    measure(frames, MAX_OCTETS)
    if len(frames[TOPIC]) > MOST_TOPIC:
        raise WireError("oversized", f"topic of {len(frames[TOPIC])} octets")
    measure(frames[HEADER:BUFFERS], PARSED_OCTETS)
    return frames


def _text(topic: str) -> bytes:
    try:
        return topic.encode()
    except UnicodeError:
        raise WireError("malformed", "a topic that is no text") from None


def _packed(header: dict[str, Any]) -> bytes:
    try:
        packed: bytes = msgpack.packb(header, default=_plain)
        return packed
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError("field", str(error)[:200]) from None


def _plain(value: Any) -> Any:
    """Return what msgpack can hold in place of a row of a message or a number of numpy."""
    if is_dataclass(value):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} does not travel")


def _parsed(frame: Octets) -> dict[Any, Any]:
    """Return a header as msgpack holds it, of a version that is known."""
    measure([frame], PARSED_OCTETS)
    parsed = arrays.unpack(frame, most=MOST_ITEMS)
    if type(parsed) is not dict or "v" not in parsed:
        raise WireError("malformed", "a header without a version")
    if type(parsed["v"]) is not int or parsed["v"] != VERSION:
        raise WireError("version", f"{str(parsed['v'])[:20]}; expected {VERSION}")
    return parsed


_read_header = fields.row(_Header)


def _header(parsed: dict[Any, Any]) -> _Header:
    header: _Header = _read_header(parsed)
    if min(header.seq, header.epoch, header.request) < 0:
        raise WireError("field", "a count below 0")
    return header


def _topic(frame: Octets, realm: str) -> str:
    """Return the topic, which must be one of the realm that the header names."""
    if len(frame) > MOST_TOPIC:
        raise WireError("oversized", f"topic of {len(frame)} octets")
    try:
        topic = bytes(frame).decode()
    except UnicodeError:
        raise WireError("malformed", "a topic that is no text") from None
    if not topic.startswith(f"{realm}/"):
        raise WireError("field", "topic and realm disagree")
    return topic


def _columns(
    written: Sequence[tuple[str, str, list[int]]], buffers: Sequence[Octets]
) -> dict[str, NDArray[Any]]:
    """Return the arrays by name, one for each buffer."""
    if len(written) != len(buffers):
        raise WireError("column", f"{len(buffers)} buffers; {len(written)} are named")
    parsed = [each for (_, kind, _), each in zip(written, buffers, strict=True) if kind == OBJECTS]
    measure(parsed, PARSED_OCTETS)
    columns = {
        name: arrays.read(dtype, shape, buffer)
        for (name, dtype, shape), buffer in zip(written, buffers, strict=True)
    }
    if len(columns) != len(written):
        raise WireError("column", "a name twice")
    return columns
