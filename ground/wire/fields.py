"""Plain values to the types that a message declares, exactly: nothing is converted or guessed.

`reader` makes of a type hint the function that checks a value which msgpack gave and returns it as
the message holds it: lists become tuples where a tuple is declared, maps become rows, and a whole
number is a float where a float is declared. Anything else raises `WireError`.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ground.messages import Columns
from ground.wire.errors import WireError

Reader = Callable[[Any], Any]
LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1


def reader(hint: Any) -> Reader:
    """Return the function that reads values of a type."""
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return row(hint)
    if origin is Literal:
        return _one_of(inner)
    if origin in (Union, types.UnionType):
        return _optional(hint, inner)
    if origin is list:
        return _list(reader(inner[0]))
    if origin is dict:
        return _map(reader(inner[0]), reader(inner[1]))
    if origin is tuple:
        return _tuple([reader(each) for each in inner])
    return _PLAIN[hint]


def row(form: type) -> Reader:
    """Return the function that makes a dataclass of a map of all its fields and no others."""
    read = members(form)
    return lambda given: form(**read(given))


@cache
def members(form: type) -> Reader:
    """Return the function that reads the fields of a dataclass, all and no others, as a dict."""
    readers = {name: reader(hint) for name, hint in hints(form).items()}

    def read(given: Any) -> dict[str, Any]:
        if type(given) is not dict:
            raise _wrong(form.__name__, given)
        if given.keys() != readers.keys():
            odd = sorted(map(str, given.keys() ^ readers.keys()))
            raise WireError("field", f"{form.__name__}: unknown or missing {', '.join(odd)[:200]}")
        return {name: _named(name, each, given[name]) for name, each in readers.items()}

    return read


def hints(form: type) -> dict[str, Any]:
    """Return the fields of a message and their types, but for its columns."""
    known = get_type_hints(form)
    return {each.name: known[each.name] for each in fields(form) if known[each.name] != Columns}


def _named(name: str, read: Reader, value: Any) -> Any:
    try:
        return read(value)
    except WireError as error:
        raise WireError(error.reason, f"{name}: {error.detail}") from None


def _wrong(expected: str, value: Any) -> WireError:
    return WireError("field", f"{type(value).__name__}; expected {expected}")


def _exactly(kind: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise _wrong(kind.__name__, value)
        return value

    return read


def _whole(value: Any) -> int:
    if type(value) is not int or not LOWEST <= value <= HIGHEST:
        raise _wrong("int of 64 bits", value)
    return value


def _real(value: Any) -> float:
    return value if type(value) is float else float(_whole(value))


def _one_of(allowed: tuple[Any, ...]) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not str or value not in allowed:
            raise _wrong(f"one of {', '.join(allowed)}", value)
        return value

    return read


def _optional(hint: Any, inner: tuple[Any, ...]) -> Reader:
    some = [each for each in inner if each is not type(None)]
    if len(some) != 1:
        raise TypeError(f"{hint}: a message's field is of one type, or None")
    read = reader(some[0])
    return lambda value: None if value is None else read(value)


def _list(read: Reader) -> Reader:
    def read_all(value: Any) -> list[Any]:
        if type(value) is not list:
            raise _wrong("list", value)
        return [read(each) for each in value]

    return read_all


def _map(read_key: Reader, read: Reader) -> Reader:
    def read_all(value: Any) -> dict[Any, Any]:
        if type(value) is not dict:
            raise _wrong("map", value)
        return {read_key(key): read(each) for key, each in value.items()}

    return read_all


def _tuple(readers: list[Reader]) -> Reader:
    def read_all(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or len(value) != len(readers):
            raise _wrong(f"list of {len(readers)}", value)
        return tuple(read(each) for read, each in zip(readers, value, strict=True))

    return read_all


def _anything(value: Any) -> Any:
    return value


_PLAIN: dict[Any, Reader] = {
    int: _whole,
    float: _real,
    bool: _exactly(bool),
    str: _exactly(str),
    bytes: _exactly(bytes),
    Any: _anything,
}
