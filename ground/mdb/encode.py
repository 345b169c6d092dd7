"""Values become packets: a container of a database, filled in for one packet or for N of them.

What goes in are columns of values by parameter path (`/EPS/BUS_VOLTAGE`, `/DC/CARDS.temperature`)
or by the last part of it; what comes out are octets. Where nothing is given, a header field takes
the value that the restrictions of the inheritance demand, else what the space packet protocol
demands at its place (version, sequence flags and count, length), else its type's initial value.

Only layouts that the database fixes: a container whose fields depend on a packet is refused.

Source: XTCE 1.2 `SequenceContainerType`; CCSDS 133.0-B-2 §4.1.3 (primary header).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb import entries, patterns, places, uncalibrate
from ground.mdb.model import (
    All,
    BinaryEncoding,
    Comparison,
    Condition,
    Database,
    StringEncoding,
)
from ground.mdb.places import Place
from protocols.errors import EncodeError

Values = NDArray[Any]
Octets = NDArray[np.uint8]

HEADER_OCTETS = 6
SEQUENCE = (18, 14)  # place and width, in bits, of the sequence count
LENGTH = (32, 16)
HEADER = {(0, 3): 0, (3, 1): 0, (4, 1): 0, (16, 2): 3, SEQUENCE: 0, LENGTH: 0}
SEQUENCE_MODULUS = 1 << 14


@dataclass(frozen=True, slots=True)
class Form:
    """A container to be filled in: `Form.of` once, then `raw` and `pack` for each batch."""

    fields: tuple[Place, ...]
    octets: int
    demanded: dict[str, Comparison] = field(default_factory=dict)

    @classmethod
    def of(cls, database: Database, container: str) -> Form:
        """Return the form of a container.

        Raises:
            EncodeError: no such container, or one whose layout depends on the packet.
        """
        if container not in database.containers:
            raise EncodeError(f"{container}: no such container")
        fields, bits = places.of(entries.of_container(database, container))
        chain = entries.chain(database, database.containers[container])
        demanded = {each.left.path: each for base in chain for each in equalities(base.restriction)}
        return cls(fields, (bits + 7) // 8, demanded)

    def raw(self, values: Mapping[str, Any], *, calibrated: bool = False) -> dict[str, Values]:
        """Return the raw columns of the fields that are given, by path: [N], arrays [N, E].

        Args:
            values: columns by path or by its last part; one value alone is one packet.
            calibrated: numbers are engineering values where a type has a calibrator.

        Raises:
            EncodeError: a name that is no field, or a value that its type cannot express.
        """
        given = dict(values)
        found = {}
        for each in self.fields:
            short = each.name.rpartition("/")[2]
            key = each.name if each.name in given else short
            if key in given:
                column = _column(each, given.pop(key))
                found[each.name] = uncalibrate.raw(
                    each.name, each.type, column, calibrated=calibrated
                )
        if given:
            raise EncodeError(f"{next(iter(given))}: no field of the container has this name")
        return found

    def pack(self, raw: Mapping[str, Values], sequence: Values | int | None = None) -> Octets:
        """Return the packets that hold these raw values: uint8 [N, L].

        Args:
            raw: what `raw()` returned.
            sequence: sequence count of each packet; cut down to the 14 bits of its field.

        Raises:
            EncodeError: columns of different lengths, a value too large for its field, or a field
                without a value.
        """
        count = self._count(raw, sequence)
        made = np.zeros(
            (self.octets, count), np.uint8
        )  # turned round: a field's octets lie together
        for each in self.fields:
            _fill(made, each, self._values(each, raw, count, sequence))
        return np.ascontiguousarray(made.T)

    def _count(self, raw: Mapping[str, Values], sequence: Values | int | None) -> int:
        counts = {len(column) for column in raw.values()}
        if isinstance(sequence, np.ndarray):
            counts.add(len(sequence))
        if len(counts) > 1:
            raise EncodeError(f"columns of {sorted(counts)} rows found; as many in each expected")
        return counts.pop() if counts else 1

    def _values(
        self, each: Place, raw: Mapping[str, Values], count: int, sequence: Values | int | None
    ) -> Values:
        demanded = self._demanded(each)
        given = raw.get(each.name)
        if given is not None:
            if demanded is not None and (given != demanded).any():
                raise EncodeError(
                    f"{each.name}: {demanded} expected (restriction of the container)"
                )
            return given
        if demanded is None:
            demanded = self._default(each)
        place = (each.offsets[0], each.bits)
        if place == SEQUENCE and sequence is not None:
            return np.broadcast_to(np.asarray(sequence) % SEQUENCE_MODULUS, count)
        if place == LENGTH:
            demanded = self.octets - HEADER_OCTETS - 1
        return np.full((count, len(each.offsets)) if each.array else count, demanded)

    def _demanded(self, each: Place) -> Any:
        comparison = self.demanded.get(each.name)
        if comparison is None:
            return None
        text = np.array([comparison.value], object)
        calibrated = comparison.left.calibrated
        return uncalibrate.raw(each.name, each.type, text, calibrated=calibrated)[0]

    def _default(self, each: Place) -> Any:
        header = HEADER.get((each.offsets[0], each.bits))
        if header is not None:
            return header
        if each.type.initial is None:
            raise EncodeError(f"{each.name}: no value given")
        text = np.array([each.type.initial], object)
        return uncalibrate.raw(each.name, each.type, text, calibrated=True)[0]


def encode(
    database: Database,
    container: str,
    values: Mapping[str, Any],
    *,
    sequence: int = 0,
    calibrated: bool = False,
) -> bytes:
    """Return one packet that holds these values; see `Form` for what they may be."""
    form = Form.of(database, container)
    return bytes(form.pack(form.raw(values, calibrated=calibrated), sequence)[0])


def encode_many(
    database: Database,
    container: str,
    values: Mapping[str, Any],
    *,
    sequence: Values | int | None = None,
    calibrated: bool = False,
) -> Octets:
    """Return N packets, uint8 [N, L], one for each row of the columns; see `Form`."""
    form = Form.of(database, container)
    return form.pack(form.raw(values, calibrated=calibrated), sequence)


def equalities(restriction: Condition | None) -> Iterator[Comparison]:
    """Yield the comparisons that fix a field, of a restriction that holds only with all of them."""
    if isinstance(restriction, Comparison) and restriction.operator == "==":
        if isinstance(restriction.value, str):
            yield restriction
    elif isinstance(restriction, All):
        for part in restriction.parts:
            yield from equalities(part)


def _column(each: Place, value: Any) -> Values:
    """Return what was given as a column: [N], or [N, E] for an array."""
    kept = isinstance(value, str | bytes)
    column = np.array(value, object) if kept else np.asarray(value)
    wanted = 2 if each.array else 1
    if column.ndim == wanted - 1:
        column = column[np.newaxis]
    if column.ndim != wanted or (each.array and column.shape[1] != len(each.offsets)):
        shape = f"[N, {len(each.offsets)}]" if each.array else "[N]"
        raise EncodeError(f"{each.name}: values of shape {column.shape} found; {shape} expected")
    return column


def _fill(made: Octets, each: Place, values: Values) -> None:
    """Write one column into the packets: uint8 [L, N]."""
    columns = values.T if each.array else values[np.newaxis]
    if values.dtype.kind != "O" and not isinstance(each.encoding, StringEncoding):
        whole = patterns.numbers(each.name, each.encoding, each.bits, columns)
        for offset, column in zip(each.offsets, whole, strict=True):
            _put(made, offset, each.bits, column)
        return
    if not isinstance(each.encoding, StringEncoding | BinaryEncoding):
        raise EncodeError(f"{each.name}: text found; a number expected")
    for offset, column in zip(each.offsets, columns, strict=True):
        rows = [patterns.octets(each.name, each.encoding, each.bits, value) for value in column]
        _put_octets(made, offset, each.bits, np.frombuffer(b"".join(rows), np.uint8))


def _put(made: Octets, at: int, bits: int, column: NDArray[np.uint64]) -> None:
    end = at + bits
    for octet in range(at // 8, (end + 7) // 8):
        shift = end - 8 * (octet + 1)
        part = column >> np.uint64(shift) if shift >= 0 else column << np.uint64(-shift)
        made[octet] |= part.astype(np.uint8)


def _put_octets(made: Octets, at: int, bits: int, rows: Octets) -> None:
    table = rows.reshape(made.shape[1], -1).T.astype(np.uint64)
    first = bits - 8 * (len(table) - 1)  # a width that is no multiple of 8 is right-aligned
    for place, column in enumerate(table):
        _put(made, at, first if place == 0 else 8, column)
        at += first if place == 0 else 8
