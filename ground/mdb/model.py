"""A mission database as plain values, with every reference already resolved to a full path.

A parameter is `/System/Subsystem/PARAM`; a member or element of one is written after it, as
`/DC/cards[3].temperature`. Types, containers and commands have paths of the same form.

Source: XTCE 1.2 (OMG formal/18-10-04); names follow the standard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from ground.errors import InputError, Where


class Level(IntEnum):
    """XTCE's severities of an alarm, in rising order (`ConcernLevels`)."""

    NORMAL = 0
    WATCH = 1
    WARNING = 2
    DISTRESS = 3
    CRITICAL = 4
    SEVERE = 5


# ---- conditions -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reference:
    """A parameter (or member, or element) whose value is looked at; `calibrated` says which one.

    `instance` is 0 for the value in this very packet before the place of use, negative for
    earlier ones. In a command, a path without a slash is the name of an argument.
    """

    path: str
    calibrated: bool = True
    instance: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison; `operator` is `==`, `!=`, `<`, `<=`, `>` or `>=`; `value` is as written."""

    left: Reference
    operator: str
    value: str | Reference


@dataclass(frozen=True, slots=True)
class All:
    """True where every part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where one part is."""

    parts: tuple[Condition, ...]


Condition = Comparison | All | AnyOf


# ---- sizes and places -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fixed:
    """A number known from the database."""

    value: int


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A number read from the packet: slope x reference + intercept (`LinearAdjustment`)."""

    reference: Reference
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, slots=True)
class Lookup:
    """A number chosen by the first condition that holds (`DiscreteLookupList`)."""

    choices: tuple[tuple[Condition, int], ...]
    default: int | None = None


Amount = Fixed | Dynamic | Lookup


# ---- encodings ------------------------------------------------------------------------------


class IntegerCoding(Enum):
    """`IntegerEncodingType`."""

    UNSIGNED = "unsigned"
    TWOS_COMPLEMENT = "twosComplement"
    ONES_COMPLEMENT = "onesComplement"
    SIGN_MAGNITUDE = "signMagnitude"
    BCD = "BCD"
    PACKED_BCD = "packedBCD"


class FloatCoding(Enum):
    """`FloatEncodingType`; those of 1.2 that no file in reach uses are reported as unsupported."""

    IEEE754 = "IEEE754"
    MIL_1750A = "MILSTD_1750A"


@dataclass(frozen=True, slots=True)
class IntegerEncoding:
    """An integer of any width.

    Attributes:
        bits: width.
        byte_order: None for most significant octet first; otherwise, for each octet of the value
            from its most significant one, the place (from 0) at which it is transmitted. The
            reverse of (0, 1, ..., n-1) is least significant octet first.
        bits_reversed: least significant bit first (`bitOrder`).
    """

    bits: int
    coding: IntegerCoding = IntegerCoding.UNSIGNED
    byte_order: tuple[int, ...] | None = None
    bits_reversed: bool = False


@dataclass(frozen=True, slots=True)
class FloatEncoding:
    """A floating point number: IEEE 754 of 16, 32 or 64 bits, MIL-STD-1750A of 32 or 48."""

    bits: int
    coding: FloatCoding = FloatCoding.IEEE754
    byte_order: tuple[int, ...] | None = None
    bits_reversed: bool = False


@dataclass(frozen=True, slots=True)
class StringEncoding:
    """A string.

    Attributes:
        size: bits that the field takes, where it is fixed or read from the packet; None where
            only `terminator` or `prefix_bits` end it.
        charset: Python codec name, as `utf-8`, `utf-16-be`.
        terminator: octets that end the text; with a `size`, the field still takes its full size.
        prefix_bits: width of a leading size tag that counts the octets of the text.
        max_bits: upper bound on a string without a fixed size; None where none is given.
    """

    size: Amount | None
    charset: str = "utf-8"
    terminator: bytes | None = None
    prefix_bits: int = 0
    max_bits: int | None = None


@dataclass(frozen=True, slots=True)
class BinaryEncoding:
    """Octets as they are. A size that is no multiple of 8 is right-aligned in its octets."""

    size: Amount


Encoding = IntegerEncoding | FloatEncoding | StringEncoding | BinaryEncoding


# ---- calibrators ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Polynomial:
    """Coefficients by rising exponent: c0 + c1 x + c2 x^2 ..."""

    coefficients: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spline:
    """Points (raw, calibrated) sorted by raw; `order` 0 is a step, 1 is linear.

    Without `extrapolate` a raw value outside the points has no engineering value.
    """

    points: tuple[tuple[float, float], ...]
    order: int = 1
    extrapolate: bool = False


@dataclass(frozen=True, slots=True)
class MathOperation:
    """Reverse Polish tokens: a number, an operator name, `Reference`, or THIS for the raw value."""

    tokens: tuple[float | str | Reference, ...]


THIS = "this"

Calibrator = Polynomial | Spline | MathOperation


@dataclass(frozen=True, slots=True)
class ContextCalibrator:
    """A calibrator that applies where its condition holds; the first that does, wins."""

    condition: Condition
    calibrator: Calibrator


# ---- alarms ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Range:
    """A range of values; None is unbounded; the flags say whether a bound belongs to it."""

    minimum: float | None = None
    maximum: float | None = None
    minimum_inclusive: bool = True
    maximum_inclusive: bool = True


@dataclass(frozen=True, slots=True)
class StaticRanges:
    """Values outside the range of a level have that level; the worst level wins.

    `inside` (`rangeForm="inside"`) turns it round: values inside the range have the level.
    """

    ranges: tuple[tuple[Level, Range], ...]
    inside: bool = False


@dataclass(frozen=True, slots=True)
class ChangeRanges:
    """Ranges on the change of a value (`ChangeAlarmRanges`).

    Attributes:
        per_second: the change is divided by the seconds since the last sample
            (`changeType="changePerSecond"`), else it is the change from sample to sample.
        relative: in per cent of the last value (`changeBasis="percentageChange"`).
        span: compare with the sample this many samples back (`spanOfInterestInSamples`).
    """

    ranges: StaticRanges
    per_second: bool = True
    relative: bool = False
    absolute: bool = True
    span: int = 1


@dataclass(frozen=True, slots=True)
class EnumerationLevels:
    """Levels by label (`EnumerationAlarmList`); other labels have `default`."""

    levels: tuple[tuple[str, Level], ...]
    default: Level = Level.NORMAL


@dataclass(frozen=True, slots=True)
class Alarm:
    """How a parameter's engineering value is judged.

    `min_violations` is how many samples in a row must violate before the level is given.
    """

    static: StaticRanges | None = None
    change: ChangeRanges | None = None
    enumeration: EnumerationLevels | None = None
    min_violations: int = 1
    min_conformance: int = 1


@dataclass(frozen=True, slots=True)
class ContextAlarm:
    """An alarm that applies where its condition holds; the first that does, wins."""

    condition: Condition
    alarm: Alarm


# ---- types ----------------------------------------------------------------------------------


class Kind(Enum):
    """What a type is, by its XTCE element."""

    INTEGER = "Integer"
    FLOAT = "Float"
    ENUMERATED = "Enumerated"
    BOOLEAN = "Boolean"
    STRING = "String"
    BINARY = "Binary"
    ABSOLUTE_TIME = "AbsoluteTime"
    RELATIVE_TIME = "RelativeTime"


@dataclass(frozen=True, slots=True)
class Label:
    """One enumeration: values from `value` to `last` (itself for most) read as `label`."""

    value: int
    last: int
    label: str


@dataclass(frozen=True, slots=True)
class TimeReference:
    """How an encoded time becomes an instant: epoch + offset + scale x encoded.

    Attributes:
        epoch: ISO 8601 instant, or one of TAI, J2000, UNIX, GPS as XTCE names them; None for
            relative times and for times that are only an offset.
        offset_from: path of the parameter that this one is an offset from.
        scale, offset: seconds.
    """

    epoch: str | None = None
    offset_from: str | None = None
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A type whose value is one thing. `encoding` is None for types that only commands type."""

    path: str
    kind: Kind
    encoding: Encoding | None
    where: Where
    units: str = ""
    description: str = ""
    signed: bool = True
    size_bits: int | None = None
    calibrator: Calibrator | None = None
    context_calibrators: tuple[ContextCalibrator, ...] = ()
    labels: tuple[Label, ...] = ()
    zero_label: str = "False"
    one_label: str = "True"
    time: TimeReference | None = None
    valid_ranges: tuple[Range, ...] = ()
    valid_range_calibrated: bool = True
    alarm: Alarm | None = None
    context_alarms: tuple[ContextAlarm, ...] = ()
    initial: str | None = None


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Elements of one type. `sizes` is given by the type (1.2) or by the entry (1.1 and 1.2)."""

    path: str
    element: str
    dimensions: int
    where: Where
    sizes: tuple[Amount, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an aggregate: its name and the path of its type."""

    name: str
    type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class AggregateType:
    """Members of any types, one after the other."""

    path: str
    members: tuple[Member, ...]
    where: Where
    description: str = ""


ParameterType = ScalarType | ArrayType | AggregateType


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: where it is named, and the path of its type.

    `source` is XTCE's `dataSource`: telemetered, derived, constant, local or ground. `initial`
    goes before that of the type, and is what a constant parameter has.
    """

    path: str
    type: str
    where: Where
    description: str = ""
    source: str = "telemetered"
    aliases: tuple[tuple[str, str], ...] = ()
    initial: str | None = None


# ---- containers -----------------------------------------------------------------------------


class Origin(Enum):
    """From where an entry's location is counted (`referenceLocation`)."""

    PREVIOUS_ENTRY = "previousEntry"
    CONTAINER_START = "containerStart"
    CONTAINER_END = "containerEnd"
    NEXT_ENTRY = "nextEntry"


@dataclass(frozen=True, slots=True)
class Location:
    """Where an entry starts, in bits from `origin`; without one it follows the entry before."""

    origin: Origin
    bits: Amount


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often an entry stands, and how many bits lie between (`RepeatEntry`)."""

    count: Amount
    gap: Amount | None = None


@dataclass(frozen=True, slots=True)
class ParameterEntry:
    """A parameter of any type in a container; `sizes` where the entry gives array dimensions."""

    parameter: str
    where: Where
    location: Location | None = None
    condition: Condition | None = None
    repeat: Repeat | None = None
    sizes: tuple[Amount, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerEntry:
    """Another container in this place."""

    container: str
    where: Where
    location: Location | None = None
    condition: Condition | None = None
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class FixedEntry:
    """Bits of a known value (`FixedValueEntry`); right-aligned in `value`."""

    bits: int
    value: bytes
    where: Where
    name: str = ""
    location: Location | None = None
    condition: Condition | None = None
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class ArgumentEntry:
    """A command argument in a command container."""

    argument: str
    where: Where
    location: Location | None = None
    condition: Condition | None = None
    repeat: Repeat | None = None
    sizes: tuple[Amount, ...] = ()


Entry = ParameterEntry | ContainerEntry | FixedEntry | ArgumentEntry


@dataclass(frozen=True, slots=True)
class Container:
    """A packet or a part of one. `base` is the container it extends where `restriction` holds."""

    path: str
    entries: tuple[Entry, ...]
    where: Where
    base: str | None = None
    restriction: Condition | None = None
    abstract: bool = False
    bits: Amount | None = None
    description: str = ""


# ---- commands -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command: its name, type path and default as written."""

    name: str
    type: str
    initial: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """What telemetry must say before a command may go; `timeout_s` how long to wait for it."""

    condition: Condition
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Verifier:
    """What proves a stage of a command.

    Attributes:
        stage: transferred, sent, received, accepted, queued, executing, completed or failed,
            as XTCE's verifier elements are named without their suffix.
        condition: telemetry that proves it; None where `container` does.
        container: path of the packet whose arrival proves it.
        window_s: (start, stop) in seconds after `window_from`.
    """

    stage: str
    condition: Condition | None = None
    container: str | None = None
    window_s: tuple[float, float] | None = None
    window_from: str = "commandRelease"


@dataclass(frozen=True, slots=True)
class Command:
    """A command (`MetaCommand`). `assignments` fix arguments of the commands it extends."""

    path: str
    where: Where
    base: str | None = None
    abstract: bool = False
    arguments: tuple[Argument, ...] = ()
    assignments: tuple[tuple[str, str], ...] = ()
    container: Container | None = None
    significance: Level = Level.NORMAL
    significance_reason: str = ""
    constraints: tuple[Constraint, ...] = ()
    verifiers: tuple[Verifier, ...] = ()
    description: str = ""


# ---- the whole ------------------------------------------------------------------------------


class Gravity(Enum):
    """How grave a problem of a database is."""

    ERROR = "error"  # the database is refused
    UNSUPPORTED = "unsupported"  # legal, but this software does not do it: named, never skipped
    WARNING = "warning"  # works, but probably not as meant


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a database: where, how grave, what was found and what expected."""

    where: Where
    gravity: Gravity
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.gravity.value}: {self.message}"


class DatabaseError(InputError):
    """A database that is refused; the message is every problem, one a line, gravest first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        order = tuple(Gravity)
        self.problems = tuple(
            sorted(
                problems,
                key=lambda each: (order.index(each.gravity), each.where.source, each.where.line),
            )
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Database:
    """A whole database. Mappings are by path and keep the order of the source.

    `containers` are those of telemetry and `children` gives, for each of them, those that extend
    it; `command_containers` are those of commands, which may extend the former. `digest` is the
    SHA-256 of the source octets, in hex, and is stored with every value decoded by it.
    """

    name: str
    digest: str
    source: str
    types: Mapping[str, ParameterType]
    parameters: Mapping[str, Parameter]
    containers: Mapping[str, Container]
    argument_types: Mapping[str, ParameterType] = field(default_factory=dict)
    commands: Mapping[str, Command] = field(default_factory=dict)
    command_containers: Mapping[str, Container] = field(default_factory=dict)
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    version: str = ""
    description: str = ""
