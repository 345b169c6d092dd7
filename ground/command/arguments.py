"""One argument of a command: what may be given, how text becomes its value, and back.

Source: XTCE 1.2 `ArgumentTypeSetType`, `ValidRangeSetType`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ground.errors import InputError
from ground.mdb import literals, uncalibrate, writer
from ground.mdb.model import Kind, Range, ScalarType
from ground.mdb.telecommand import Field
from protocols import times
from protocols.errors import EncodeError

Value = literals.Value | list[literals.Value]

MOST_ELEMENTS = 8192  # of one array
LONGEST_NAME = 256  # characters
KINDS = {
    Kind.INTEGER: "integer",
    Kind.FLOAT: "float",
    Kind.ENUMERATED: "enumeration",
    Kind.BOOLEAN: "boolean",
    Kind.STRING: "string",
    Kind.BINARY: "binary",
    Kind.ABSOLUTE_TIME: "time",
    Kind.RELATIVE_TIME: "span",
}


@dataclass(frozen=True, slots=True)
class ArgumentInfo:
    """What a person must know to give one argument.

    Attributes:
        kind: integer, float, enumeration, boolean, string, binary, time or span.
        ranges: of engineering values, of integers and floats; empty where unknown.
        labels: of enumerations and booleans.
        default: as text; None where a value must be given.
        repeated: several values are expected, with commas between.
    """

    name: str
    kind: str
    units: str
    ranges: tuple[Range, ...]
    labels: tuple[str, ...]
    default: str | None
    description: str
    repeated: bool
    type: ScalarType

    @property
    def expected(self) -> str:
        """What may be given, for people: `0 to 63`, `OFF, ON`, `a time`."""
        if self.labels:
            return ", ".join(self.labels)
        if self.ranges:
            return f"{uncalibrate.shown(self.ranges)} {self.units}".rstrip()
        return f"{self.kind} {self.units}".rstrip()

    @classmethod
    def of(cls, field: Field) -> ArgumentInfo:
        """Return the argument that a field of a command stands for."""
        type_ = field.type
        labels = tuple(each.label for each in type_.labels)
        if type_.kind is Kind.BOOLEAN:
            labels = (type_.zero_label, type_.one_label)
        return cls(
            name=field.name,
            kind=KINDS[type_.kind],
            units=type_.units,
            ranges=uncalibrate.limits(type_) if type_.kind in (Kind.INTEGER, Kind.FLOAT) else (),
            labels=labels,
            default=None if field.default is None else _text(type_.kind, field.default),
            description=field.argument.description or type_.description,
            repeated=field.repeated,
            type=type_,
        )

    @property
    def minimum(self) -> float | None:
        """The least value of all ranges; None where one is open."""
        ends = [each.minimum for each in self.ranges]
        known = [end for end in ends if end is not None]
        return min(known) if known and len(known) == len(ends) else None

    @property
    def maximum(self) -> float | None:
        """The greatest value of all ranges; None where one is open."""
        ends = [each.maximum for each in self.ranges]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    def parse(self, text: str, now: int | None = None) -> Value:
        """Return the value that a text means.

        Raises:
            InputError: the argument, what was found and what was expected.
        """
        if not self.repeated:
            return self._one(text, now)
        if len(text) > literals.LONGEST_TEXT:
            raise InputError(f"argument {self.name!r}: {len(text)} characters found; too many")
        parts = text.split(",", MOST_ELEMENTS) if text.strip() else []
        if len(parts) > MOST_ELEMENTS:
            raise InputError(f"argument {self.name!r}: over {MOST_ELEMENTS} values found")
        return [self._one(part, now) for part in parts]

    def text(self, value: Value) -> str:
        """Return a value as text that `parse` reads."""
        each = value if isinstance(value, list) else [value]
        return ",".join(_text(self.type.kind, one) for one in each)

    def _one(self, text: str, now: int | None) -> literals.Value:
        """Return one value that its encoding can hold."""
        name = f"argument {self.name!r}"
        try:
            value = literals.parse(self.type, text, now)
        except EncodeError as error:
            raise InputError(f"{name}: {error}") from None
        try:
            writer.value(name, self.type, value)
        except EncodeError as error:
            if not self.ranges:
                raise InputError(str(error)) from None
            found = text.strip()[:LONGEST_NAME]
            raise InputError(f"{name}: {found} found; {self.expected} expected") from None
        return value


def _text(kind: Kind, value: literals.Value) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if kind is Kind.ABSOLUTE_TIME:
        return times.iso(int(value))
    if kind is Kind.RELATIVE_TIME:
        seconds, ns = divmod(abs(int(value)), times.SECOND_NS)
        return f"{'-' if int(value) < 0 else ''}{seconds}.{ns:09}".rstrip("0").rstrip(".") + "s"
    return str(value)
