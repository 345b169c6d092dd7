"""The CYGNSS mission dictionary: a folder of CSV files, one for each packet, one line a field.

`Overview.csv` gives each packet its APID; where two share one, their lengths tell them apart.
Fields lie at a byte and a bit from the start of the packet, most significant bit first.

Types, as ITOS writes them: U, I and F for unsigned, signed and floating point; then the octets in
the order of significance (`12` most significant first, `21` least significant first). Fields that
are wider than 64 bits are octets as they are. Deviation: a bit field inside of a word that is sent
least significant octet first is read where the table places it; a warning says so.

`LIMITS.csv` (mnemonic, redLow, yellowLow, yellowHigh, redHigh) gives alarms: outside of yellow is a
warning, outside of red critical. The published folder names states but lacks their table: a file
`STATES.csv` (state, value, label) in the same folder gives labels, a value being `3` or `[1,3]`.

Source: the telemetry dictionary of CYGNSS, `Conventions.csv`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ground.errors import Where
from ground.mdb import calibration, formula
from ground.mdb.dictionary_table import Notes, Row, Table, read
from ground.mdb.dictionary_tree import KINDS, LARGEST_PACKET, Tree, at_bit, bad_size, encoding
from ground.mdb.model import (
    Alarm,
    Comparison,
    Database,
    Entry,
    Kind,
    Label,
    Level,
    ParameterEntry,
    Range,
    ScalarType,
    StaticRanges,
)

OVERVIEW, LIMITS, STATES = "Overview.csv", "LIMITS.csv", "STATES.csv"
MNEMONIC = "Mnemonic"
REQUIRED = (MNEMONIC, "Type", "Start Byte", "Start Bit", "Data Size")
WIDEST_NUMBER = 64

_TYPE = re.compile(r"([UIF])([1-9]{1,9})")
_LETTERS = {"U": "uint", "I": "int", "F": "float"}
_LIMIT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?")


def load(files: Mapping[str, bytes], source: str, *, name: str = "CYGNSS") -> Database:
    """Read the folder of a dictionary.

    Args:
        files: octets by file name.
        source: the folder, as problems name it.
        name: of the system.

    Raises:
        DatabaseError: a file is wrong; it holds every problem with file and line.
    """
    notes = Notes([])
    where = Where(source)
    tables = _tables(files, source, notes)
    overview = tables.get(OVERVIEW)
    if overview is None:
        notes.error(where, f"no {OVERVIEW}; expected one with the APID of each packet")
        overview = Table(source, (), ())
    reader = _Reader(Tree.plant(name, where, notes), _states(tables.get(STATES), notes))
    packets = {
        file.removesuffix(".csv"): table
        for file, table in tables.items()
        if table.columns[:1] == (MNEMONIC,)
    }
    for packet, row, conditions in _told_apart(reader, overview, packets):
        reader.packet(packet, packets[packet], row, conditions)
    reader.end(tables.get(LIMITS))
    return reader.tree.grown(_digest(files), source)


def describes(files: Mapping[str, bytes]) -> bool:
    """Return whether the files are such a folder."""
    return OVERVIEW in files


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return whole.hexdigest()


def _tables(files: Mapping[str, bytes], source: str, notes: Notes) -> dict[str, Table]:
    """Read the files that the dictionary consists of; the others are prose."""
    tables = {}
    for name in sorted(files):
        start = files[name][:64].lstrip(b'\xef\xbb\xbf "')
        if name in (OVERVIEW, LIMITS, STATES) or start.startswith(MNEMONIC.encode()):
            tables[name] = read(files[name], f"{source}/{name}", notes)
    return tables


def _states(table: Table | None, notes: Notes) -> dict[str, tuple[Label, ...]]:
    states: dict[str, tuple[Label, ...]] = {}
    for row in table.rows if table is not None else ():
        found = calibration.label(row["value"], row["label"])
        if found is None:
            expected = "expected state, value (a whole number, or [first,last]), label"
            notes.error(row.where, f"value {row['value'][:40]!r}; {expected}")
        else:
            states[row["state"]] = (*states.get(row["state"], ()), found)
    return states


# ---- which packet is which ------------------------------------------------------------------


def _told_apart(
    reader: _Reader, overview: Table, packets: Mapping[str, Table]
) -> Iterator[tuple[str, Row, tuple[Comparison, ...]]]:
    """Yield each packet with its line in the overview and what tells it from the others."""
    by_apid: dict[int, list[Row]] = {}
    for row in overview.rows:
        apid = _apid(row, reader.notes)
        if row["Packet Short Name"] not in packets:
            expected = f"expected {row['Packet Short Name'][:60]}.csv"
            reader.notes.warning(row.where, f"a packet without a table of fields; {expected}")
        elif apid is not None:
            by_apid.setdefault(apid, []).append(row)
    known = {row["Packet Short Name"] for row in overview.rows}
    for name in packets.keys() - known:
        message = f"{name} is not in {OVERVIEW}; expected a line with its APID"
        reader.notes.error(Where(packets[name].source, 1), message)
    for apid, rows in by_apid.items():
        sizes = [_octets(packets[row["Packet Short Name"]]) for row in rows]
        for row, size in zip(rows, sizes, strict=True):
            conditions: tuple[Comparison, ...] = (reader.tree.apid_is(apid),)
            if len(rows) > 1:
                conditions = (*conditions, reader.tree.length_is(size))
            if sizes.count(size) > 1:
                message = f"APID {apid} of {size} octets stands for another packet too"
                reader.notes.error(row.where, f"{message}; expected another APID or length")
            else:
                yield row["Packet Short Name"], row, conditions


def _apid(row: Row, notes: Notes) -> int | None:
    text = row["APID_Decimal"] or row["APID"]
    if re.fullmatch(r"\d{1,4}|0[xX][0-9A-Fa-f]{1,3}", text):
        apid = int(text, 16 if text[1:2] in "xX" and len(text) > 1 else 10)
        if apid < 2048:
            return apid
    notes.error(row.where, f"APID {text[:40]!r}; expected a number from 0 to 2047")
    return None


def _octets(table: Table) -> int:
    """Return the octets that the fields of a packet span; what is wrong is told elsewhere."""
    silent = Notes([])
    ends = [0]
    for row in table.rows:
        place = _place(row, silent)
        if place is not None:
            ends.append(sum(place))
    return -(-max(ends) // 8)


def _place(row: Row, notes: Notes) -> tuple[int, int] | None:
    """Return the first bit and the number of bits of a field."""
    byte = row.whole("Start Byte", 0, LARGEST_PACKET // 8, notes)
    bit = row.whole("Start Bit", 0, 7, notes)
    size = row.whole("Data Size", 1, LARGEST_PACKET, notes)
    if byte is None or bit is None or size is None:
        return None
    return 8 * byte + bit, size


# ---- fields ---------------------------------------------------------------------------------


class _Reader:
    """Turns lines into parameters of the tree."""

    def __init__(self, tree: Tree, states: Mapping[str, tuple[Label, ...]]) -> None:
        self.tree = tree
        self.notes = tree.notes
        self.states = states
        self.without_table: dict[str, Where] = {}

    def packet(
        self, name: str, table: Table, overview: Row, conditions: tuple[Comparison, ...]
    ) -> None:
        """Add a packet with its fields."""
        missing = [column for column in REQUIRED if column not in table.columns]
        if missing:
            expected = f"expected {', '.join(REQUIRED)}"
            self.notes.error(Where(table.source, 1), f"no column {', '.join(missing)}; {expected}")
            return
        entries = list(self._entries(name, table.rows))
        where = Where(table.source, 1)
        self.tree.add_packet(name, entries, where, conditions, overview["Packet Description"])

    def _entries(self, packet: str, rows: Iterable[Row]) -> Iterator[Entry]:
        end: int | None = None
        for row in rows:
            place = _place(row, self.notes)
            path = self.tree.path(packet, row[MNEMONIC])
            if place is None or not self.tree.is_new(path, row.where):
                continue
            start, bits = place
            type_ = self._type(path, row, bits)
            if type_ is not None:
                self.tree.add(type_)
                yield ParameterEntry(path, row.where, None if start == end else at_bit(start))
                end = start + bits

    def _type(self, path: str, row: Row, bits: int) -> ScalarType | None:
        match = _TYPE.fullmatch(row["Type"])
        order = match[2] if match else ""
        if match is None or sorted(order) != sorted("123456789"[: len(order)]):
            expected = "expected U, I or F and the order of octets, as U12 or F4321"
            self.notes.unsupported(row.where, f"type {row['Type'][:40]!r} was not read; {expected}")
            return None
        kind = _LETTERS[match[1]]
        if kind != "float" and bits > WIDEST_NUMBER:
            kind = "binary"
        wrong = bad_size(kind, bits)
        if wrong:
            self.notes.error(row.where, f"Data Size is {bits}; {wrong}")
            return None
        plain = ScalarType(
            path=path,
            kind=KINDS.get(kind, Kind.BINARY),
            encoding=encoding(kind, bits, self._byte_order(order, kind, bits, row)),
            where=row.where,
            units=row["Units"],
            description=row["Description"],
            signed=kind == "int",
        )
        return plain if kind == "binary" else self._meaning(plain, row)

    def _byte_order(self, order: str, kind: str, bits: int, row: Row) -> tuple[int, ...] | None:
        if kind == "binary" or order == "".join(sorted(order)):
            return None
        if bits == 8 * len(order):
            return tuple(int(digit) - 1 for digit in order)
        if bits > 8 or bits % 8:
            found = f"{row['Type']} of {bits} bits, a part of a word in another order of octets"
            self.notes.warning(row.where, f"{found}; was read most significant bit first")
        return None

    def _meaning(self, plain: ScalarType, row: Row) -> ScalarType:
        """Give a type its states, or the calibrators of its conversion formula."""
        state = row["States"] or row["State Defined?"]
        if state in self.states:
            return replace(plain, kind=Kind.ENUMERATED, labels=self.states[state])
        if state:
            self.without_table.setdefault(state, row.where)
        text = row["Conversion Formula"]
        if not text:
            return plain
        try:
            conversion = formula.read(text, plain.path)
        except formula.Unsupported as reason:
            self.notes.unsupported(row.where, f"conversion formula was not read: {reason}")
            return plain
        return replace(
            plain,
            kind=Kind.FLOAT,
            calibrator=conversion.default,
            context_calibrators=conversion.contexts,
        )

    # ---- what follows the packets

    def end(self, limits: Table | None) -> None:
        """Tell which states have no table, and add the limits."""
        for state, where in self.without_table.items():
            self.notes.warning(where, f"states {state} have no labels; expected them in {STATES}")
        by_name: dict[str, list[ScalarType]] = {}
        for path, type_ in self.tree.types.items():
            if isinstance(type_, ScalarType):
                by_name.setdefault(path.rsplit("/", 1)[-1], []).append(type_)
        for row in limits.rows if limits is not None else ():
            found = by_name.get(row["mnemonic"], [])
            if not found:
                message = f"limits of {row['mnemonic'][:60]!r}; expected a field of a packet"
                self.notes.warning(row.where, message)
            alarm = self._alarm(row)
            for type_ in found:
                self.tree.types[type_.path] = replace(type_, alarm=alarm)

    def _alarm(self, row: Row) -> Alarm:
        yellow = Range(self._limit(row, "yellowLow"), self._limit(row, "yellowHigh"))
        red = Range(self._limit(row, "redLow"), self._limit(row, "redHigh"))
        ranges = ((Level.WARNING, yellow), (Level.CRITICAL, red))
        given = tuple((level, each) for level, each in ranges if each != Range())
        return Alarm(static=StaticRanges(given))

    def _limit(self, row: Row, column: str) -> float | None:
        text = row[column]
        if not text or _LIMIT.fullmatch(text):
            return float(text) if text else None
        self.notes.error(row.where, f"{column} is {text[:40]!r}; expected a number")
        return None
