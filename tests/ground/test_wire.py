"""The wire: what goes out comes in the same, and nothing else comes in at all."""

from __future__ import annotations

import struct
import types
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ground import messages, wire
from ground.wire.errors import PARSED_OCTETS

TOPIC = "live/parameters//CG1/HK"


def frames_of(message: Any, **stands: Any) -> list[bytes | memoryview]:
    given = {"topic": TOPIC, "realm": "live", "seq": 7, "epoch": 3, "t_ns": 5} | stands
    return wire.encode(message, **given)


def header(**changes: Any) -> dict[str, Any]:
    """The header of `AcknowledgeJournal`, written out by hand from the contract."""
    return {
        "v": 1,
        "type": "AcknowledgeJournal",
        "realm": "live",
        "seq": 1,
        "epoch": 2,
        "t_ns": 3,
        "request": 4,
        "fields": {"link": "kashi", "position": 9},
        "columns": [],
    } | changes


def refusal(frames: list[Any]) -> str:
    with pytest.raises(wire.WireError) as caught:
        wire.decode(frames)
    return caught.value.reason


def with_header(*buffers: bytes, **changes: Any) -> list[bytes]:
    return [b"live/x", msgpack.packb(header(**changes)), *buffers]


def with_columns(columns: list[Any], *buffers: bytes) -> list[bytes]:
    told = {"type": "TrendRead", "columns": columns}
    told["fields"] = {"spacecraft": "CG-1", "parameter": "/P", "element": -1}
    return with_header(*buffers, **told)


# --- Against msgpack and struct alone ---------------------------------------------------------


def test_frames_are_a_topic_a_msgpack_header_and_little_endian_buffers():
    columns = {
        "position": np.array([1, 2**40], np.int64),
        "begins": np.array([True, False]),
        "length": np.array([3, 4], ">i4"),
    }
    message = messages.RecordsJournalled("kashi", 10, 11, 12, columns)
    topic, head, *buffers = frames_of(message, request=6)
    assert topic == TOPIC.encode()
    assert msgpack.unpackb(head) == {
        "v": 1,
        "type": "RecordsJournalled",
        "realm": "live",
        "seq": 7,
        "epoch": 3,
        "t_ns": 5,
        "request": 6,
        "fields": {"link": "kashi", "start": 10, "end": 11, "journal": 12},
        "columns": [["position", "<i8", [2]], ["begins", "|b1", [2]], ["length", "<i4", [2]]],
    }
    assert struct.unpack("<2q", buffers[0]) == (1, 2**40)
    assert bytes(buffers[1]) == b"\1\0"
    assert struct.unpack("<2i", buffers[2]) == (3, 4)


def test_a_header_written_by_hand_is_a_message():
    found = wire.decode([b"live/x", msgpack.packb(header())])
    message = messages.AcknowledgeJournal("kashi", 9)
    assert found == wire.Envelope("live/x", "live", 1, 2, 3, 4, message)


def test_buffers_written_by_hand_are_columns():
    columns = [["start_ns", "<i8", [2]], ["mean", "<f8", [2, 1]]]
    frames = with_columns(columns, struct.pack("<2q", -5, 6), struct.pack("<2d", 0.5, -1.0))
    found = wire.decode(frames).message.columns
    assert found["start_ns"].tolist() == [-5, 6] and found["mean"].tolist() == [[0.5], [-1.0]]


# --- There and back ---------------------------------------------------------------------------

NUMBERS = arrays.arrays(
    st.sampled_from(["?", "i1", "u2", "i4", "u8", "i8", ">i8", "f2", "f4", "f8"]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
CELLS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
OBJECTS = st.lists(CELLS | st.binary() | st.lists(st.integers(0, 9)), max_size=4)


def objects(cells: list[Any]) -> np.ndarray[Any, Any]:
    return np.fromiter(cells, dtype=object, count=len(cells))


COLUMNS = st.dictionaries(st.text(max_size=9), NUMBERS | OBJECTS.map(objects), max_size=4)
PLAIN = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=9),
    str: st.text(max_size=9),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(hint), get_args(hint)
    if hint == messages.Columns:
        return COLUMNS
    if is_dataclass(hint):
        return rows(hint)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of([st.none() if each is type(None) else values(each) for each in inner])
    if origin is list:
        return st.lists(values(inner[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=3)
    if origin is tuple:
        return st.tuples(*map(values, inner))
    return PLAIN[hint]


def rows(form: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(form)
    return st.builds(form, **{each.name: values(hints[each.name]) for each in fields(form)})


ANY_MESSAGE = st.one_of([rows(each) for each in messages.MESSAGES])


def same(one: Any, other: Any) -> None:
    """Assert that two messages are alike, arrays by value, dtype's kind and size, and shape."""
    assert type(one) is type(other)
    for name in (each.name for each in fields(one)):
        if name != "columns":
            assert getattr(one, name) == getattr(other, name)
            continue
        assert list(one.columns) == list(other.columns)
        for key, array in one.columns.items():
            assert array.dtype.newbyteorder("<") == other.columns[key].dtype
            np.testing.assert_array_equal(array, other.columns[key], strict=False)
            assert array.shape == other.columns[key].shape


@settings(max_examples=150, deadline=None)
@given(ANY_MESSAGE, st.integers(0, 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_every_message_comes_back_as_it_went(message, number, t_ns):
    found = wire.decode([bytes(each) for each in frames_of(message, seq=number, t_ns=t_ns)])
    assert (found.topic, found.realm, found.seq, found.t_ns) == (TOPIC, "live", number, t_ns)
    same(message, found.message)


def test_numbers_of_numpy_are_numbers_and_not_a_number_stays():
    report = messages.ServiceReported("gateway", np.int64(3), 1, "running", "")  # type: ignore[arg-type]
    report.figures["rate"] = np.float32("nan")  # type: ignore[assignment]
    found = wire.decode(frames_of(report)).message
    assert found.pid == 3 and np.isnan(found.figures["rate"])


def test_a_cell_may_hold_an_array_of_its_own_size():
    cells = objects([np.arange(3, dtype=np.uint16), np.empty(0), [b"\0", 2**90], "text"])
    sent = messages.TrendRead("CG-1", "/P", -1, {"cells": cells, "names": np.array(["a", "bc"])})
    found = wire.decode(frames_of(sent)).message.columns
    assert found["cells"][0].tolist() == [0, 1, 2] and found["cells"][0].dtype == np.uint16
    assert found["cells"][1].size == 0 and found["cells"][2:].tolist() == [[b"\0", 2**90], "text"]
    assert found["names"].tolist() == ["a", "bc"]


def test_large_arrays_are_not_copied():
    array = np.zeros(100_000, np.int64)
    frames = frames_of(messages.TrendRead("CG-1", "/P", -1, {"mean": array}))
    assert np.shares_memory(np.frombuffer(frames[2], np.uint8), array)
    found = wire.decode(frames).message.columns["mean"]
    assert np.shares_memory(found, array)


# --- Whatever else comes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason, frames",
    [
        ("malformed", []),
        ("malformed", [b"live/x"]),
        ("malformed", [b"live/x", b""]),
        ("malformed", [b"live/x", b"\xc1"]),
        ("malformed", [b"live/x", msgpack.packb([1, 2])]),
        ("malformed", [b"live/x", msgpack.packb({})]),
        ("malformed", [b"live/x", msgpack.packb(header()) + b"\0"]),
        ("malformed", [b"live/x", b"\xdd\xff\xff\xff\xff"]),
        ("malformed", [b"live/x", b"\x91" * 100_000]),
        ("malformed", [b"live/x", msgpack.packb(msgpack.ExtType(5, b"x"))]),
        ("malformed", [b"live/\xff", msgpack.packb(header())]),
        ("version", with_header(v=2)),
        ("version", with_header(v=True)),
        ("version", with_header(v="1")),
        ("type", with_header(type="FrameLaunched")),
        ("type", with_header(type="AlarmRow")),
        ("field", with_header(extra=1)),
        ("field", with_header(seq=-1)),
        ("field", with_header(seq=1.0)),
        ("field", with_header(t_ns=2**63)),
        ("field", with_header(realm="replay/1")),
        ("field", with_header(fields={"link": "kashi"})),
        ("field", with_header(fields={"link": "kashi", "position": 9, "more": 1})),
        ("field", with_header(fields={"link": b"kashi", "position": 9})),
        ("field", with_header(fields={"link": "kashi", "position": True})),
        ("field", with_header(fields=[1])),
        ("field", with_header(type="ControlLink", fields={"link": "kashi", "act": "explode"})),
        (
            "field",
            with_header(type="AcknowledgeAlarms", fields={"alarms": [["a", 1]], "comment": ""}),
        ),
        ("column", with_header(b"")),
        ("column", with_header(b"\0", columns=[["x", "|u1", [1]]])),
        ("column", with_columns([["x", "|u1", [1]]])),
        ("column", with_columns([["x", "|u1", [1]]], b"\0", b"\0")),
        ("column", with_columns([["x", "|u1", [2]]], b"\0")),
        ("column", with_columns([["x", "<i8", [1]]], b"\0")),
        ("column", with_columns([["x", ">i8", [1]]], b"\0" * 8)),
        ("column", with_columns([["x", "O", [1]]], b"\0" * 8)),
        ("column", with_columns([["x", "V8", [1]]], b"\0" * 8)),
        ("column", with_columns([["x", "|b1", [1]]], b"\2")),
        ("column", with_columns([["x", "|u1", [-1]]], b"")),
        ("column", with_columns([["x", "|u1", [2**40]]], b"")),
        ("column", with_columns([["x", "|u1", [0, 2**20, 2**20]]], b"")),
        ("column", with_columns([["x", "|u1", [1] * 9]], b"\0")),
        ("column", with_columns([["x", "|u1", [1]], ["x", "|u1", [1]]], b"\0", b"\0")),
        ("column", with_columns([["x", "msgpack", [2]]], msgpack.packb([1]))),
        ("column", with_columns([["x", "msgpack", [1]]], msgpack.packb({}))),
        ("column", with_columns([["x", "msgpack", [1]]], msgpack.packb([{}]))),
        ("column", with_columns([["x", "msgpack", [1]]], msgpack.packb([[[[[[[1]]]]]]]))),
        ("column", with_columns([["x", "msgpack", [1]]], msgpack.packb([msgpack.Timestamp(1)]))),
        ("column", with_columns([["x", "msgpack", [1]]], msgpack.packb([msgpack.ExtType(9, b"")]))),
        ("malformed", with_columns([["x", "msgpack", [1]]], b"\x91")),
        ("oversized", [b"live/" + b"x" * 2000, msgpack.packb(header())]),
        ("oversized", [b"live/x", bytes(PARSED_OCTETS + 1)]),
        ("oversized", [b"live/x", b"", bytes(wire.MAX_OCTETS)]),
        ("oversized", [b"live/x", *[bytes(wire.MAX_OCTETS // 4)] * 4]),
    ],
)
def test_what_is_no_message_is_refused_with_a_reason(reason, frames):
    assert refusal(frames) == reason


MUTATIONS = st.sampled_from(["flip", "cut", "grow", "drop", "double", "swap", "nest"])


def mutate(frames: list[bytes], how: str, at: int, octet: int) -> list[bytes]:
    which = at % len(frames)
    frame = frames[which]
    place = at % (len(frame) + 1)
    if how == "flip" and frame:
        place %= len(frame)
        frame = frame[:place] + bytes([frame[place] ^ (octet or 1)]) + frame[place + 1 :]
    elif how == "cut":
        frame = frame[:place]
    elif how == "grow":
        frame = frame[:place] + bytes([octet]) * 5 + frame[place:]
    elif how == "nest":
        frame = b"\x91" * at + frame
    changed = [*frames[:which], frame, *frames[which + 1 :]]
    if how == "drop" and len(frames) > 1:
        del changed[which]
    elif how == "double":
        changed.insert(which, frame)
    elif how == "swap":
        changed.reverse()
    return changed


@settings(max_examples=400, deadline=None)
@given(
    ANY_MESSAGE,
    st.lists(st.tuples(MUTATIONS, st.integers(0, 5000), st.integers(0, 255)), min_size=1),
)
def test_damaged_frames_are_a_message_or_refused_and_nothing_else(message, mutations):
    frames = [bytes(each) for each in frames_of(message)]
    for how, at, octet in mutations:
        frames = mutate(frames, how, at, octet)
    try:
        found = wire.decode(frames)
    except wire.WireError:
        return
    assert type(found.message) in messages.MESSAGES


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=4))
def test_random_frames_are_refused(frames):
    assert refusal(frames) in {"malformed", "version", "field"}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(header())), JUNK)
def test_a_header_with_junk_in_a_field_is_refused_or_of_the_right_types(name, junk):
    try:
        found = wire.decode(with_header(**{name: junk}))
    except wire.WireError:
        return
    assert type(found.message) in messages.MESSAGES
    assert [type(each) for each in (found.seq, found.epoch, found.t_ns)] == [int, int, int]


@pytest.mark.parametrize(
    "reason, message",
    [
        ("type", object()),
        ("type", messages.AlarmRef("a", 1)),
        ("field", messages.ReadJournal("kashi", object(), 1)),  # type: ignore[arg-type]
        ("field", messages.ReadJournal("\ud800", 0, 1)),
        ("field", messages.ReadJournal("kashi", 2**70, 1)),
        ("column", messages.TrendRead("", "", 0, {"x": np.array(["2020"], "M8[D]")})),
        ("column", messages.TrendRead("", "", 0, {"x": objects([object()])})),
        ("column", messages.TrendRead("", "", 0, {"x": np.zeros((1,) * 6)})),
        ("oversized", messages.TrendRead("", "", 0, {"x": np.zeros(3 << 20)})),
        ("oversized", messages.TrendRead("", "", 0, {"x": objects([bytes(5 << 20)])})),
        ("oversized", messages.ReadJournal("k" * (5 << 20), 0, 1)),
    ],
)
def test_what_cannot_travel_is_not_sent(reason, message):
    with pytest.raises(wire.WireError) as caught:
        frames_of(message)
    assert caught.value.reason == reason
