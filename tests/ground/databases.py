"""Small databases put together by hand, for tests of plans and of the decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ground.columns import Batch
from ground.decode.decoder import Decoder
from ground.errors import Where
from ground.mdb import plan
from ground.mdb.model import (
    Comparison,
    Container,
    ContainerEntry,
    Database,
    Encoding,
    Entry,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    Kind,
    Parameter,
    ParameterEntry,
    ParameterType,
    Reference,
    ScalarType,
    StringEncoding,
)
from protocols import packet

HERE = Where("hand.xml", 1)
KINDS = {IntegerEncoding: Kind.INTEGER, FloatEncoding: Kind.FLOAT, StringEncoding: Kind.STRING}


def scalar(encoding: Encoding | None, **more: Any) -> ScalarType:
    kind = more.pop("kind", KINDS.get(type(encoding), Kind.BINARY))
    return ScalarType("/T", kind, encoding, HERE, **more)


def unsigned(bits: int, **more: Any) -> ScalarType:
    return scalar(IntegerEncoding(bits, **more))


def signed(bits: int) -> ScalarType:
    return scalar(IntegerEncoding(bits, IntegerCoding.TWOS_COMPLEMENT))


def entry(name: str, **more: Any) -> ParameterEntry:
    return ParameterEntry(f"/{name}", HERE, **more)


def included(name: str, **more: Any) -> ContainerEntry:
    return ContainerEntry(f"/{name}", HERE, **more)


def equals(name: str, value: object, operator: str = "==") -> Comparison:
    return Comparison(Reference(f"/{name}", calibrated=False), operator, str(value))


def container(name: str, entries: Sequence[Entry], **more: Any) -> Container:
    if isinstance(more.get("base"), str):
        more["base"] = f"/{more['base']}"
    return Container(f"/{name}", tuple(entries), HERE, **more)


def database(types: Mapping[str, ParameterType], *containers: Container) -> Database:
    """Return a database with a parameter `/NAME` of each type `/NAME`."""
    children: dict[str, tuple[str, ...]] = {}
    for each in containers:
        if each.base is not None:
            children[each.base] = (*children.get(each.base, ()), each.path)
    paths = {f"/{name}": type_ for name, type_ in types.items()}
    return Database(
        name="HAND",
        digest="",
        source="hand.xml",
        types=paths,
        parameters={path: Parameter(path, path, HERE) for path in paths},
        containers={each.path: each for each in containers},
        children=children,
    )


def packets(*octets: bytes) -> packet.Packets:
    """Return these octets as packets, whatever their headers say."""
    lengths = np.array([len(each) for each in octets], np.int64)
    arena = packet.padded(b"".join(octets))
    return packet.describe(arena, np.cumsum(lengths) - lengths, lengths)


def decode(db: Database, *octets: bytes, root: str | None = None) -> Batch:
    """Decode packets that are all of one type."""
    (batch,) = Decoder(plan.compile(db, root)).decode(packets(*octets)).batches
    return batch


def values(batch: Batch) -> dict[str, Any]:
    """Return plain lists by name; None stands for a value that is not valid."""
    found = {}
    for path, column in batch.raw.items():
        rows = column.values.tolist()
        if column.valid is not None:
            rows = [_masked(row, valid) for row, valid in zip(rows, column.valid, strict=True)]
        found[path[1:]] = [each.tolist() if isinstance(each, np.ndarray) else each for each in rows]
    return found


def _masked(row: Any, valid: Any) -> Any:
    if isinstance(row, list):
        return [value if ok else None for value, ok in zip(row, valid, strict=True)]
    return row if valid else None
