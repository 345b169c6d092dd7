"""Packet dictionaries in CSV: what each column means, and every mistake with its line."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from ground import databases
from ground.errors import InputError
from ground.mdb import dictionary, plan
from ground.mdb.model import (
    Alarm,
    ArrayType,
    BinaryEncoding,
    Comparison,
    Database,
    DatabaseError,
    Dynamic,
    Fixed,
    FixedEntry,
    FloatEncoding,
    Gravity,
    IntegerCoding,
    IntegerEncoding,
    Kind,
    Label,
    Level,
    Polynomial,
    Range,
    Reference,
    ScalarType,
    StaticRanges,
    StringEncoding,
)
from tests.clauses import clause

HEAD = "name,data_type,bit_length"


def ccsdspy(*lines: str, header: str = HEAD, apid: int | None = None) -> Database:
    text = "\n".join([header, *lines])
    return dictionary.load_ccsdspy(text.encode(), "hk.csv", apid=apid)


def scalar(database: Database, path: str) -> ScalarType:
    found = database.types[path]
    assert isinstance(found, ScalarType)
    return found


def array(database: Database, path: str) -> ArrayType:
    found = database.types[path]
    assert isinstance(found, ArrayType)
    return found


def refused(load: object, *arguments: object, **named: object) -> list[str]:
    """The problems of a dictionary that is refused, each with what was expected."""
    with pytest.raises(DatabaseError) as error:
        load(*arguments, **named)  # type: ignore[operator]
    lines = [str(problem) for problem in error.value.problems]
    assert str(error.value) == "\n".join(lines)
    assert all("expected" in line for line in lines)
    return [line for line in lines if ": error: " in line]


# ---- ccsdspy --------------------------------------------------------------------------------


@clause("133.0-B-2 §4.1.3")
def test_the_primary_header_is_the_root_and_an_apid_the_criterion() -> None:
    database = ccsdspy("A,uint,8", apid=35)
    root, packet = database.containers["/hk/CCSDSPacket"], database.containers["/hk/PACKET"]
    bits = [scalar(database, entry.parameter).encoding.bits for entry in root.entries]  # type: ignore[union-attr]
    assert bits == [3, 1, 1, 11, 2, 14, 16]
    assert root.abstract
    assert packet.base == root.path
    apid = Reference("/hk/CCSDS_APID", calibrated=False)
    assert packet.restriction == Comparison(apid, "==", "35")
    assert database.children == {root.path: (packet.path,)}


def test_without_an_apid_a_definition_is_for_every_packet() -> None:
    database = ccsdspy("A,uint,8")
    assert list(database.containers) == ["/hk/PACKET"]
    assert len(database.containers["/hk/PACKET"].entries) == 8
    assert plan.compile(database).root.path == "/hk/PACKET"


def test_each_data_type_has_its_encoding() -> None:
    database = ccsdspy("a,uint,12", "b,int,7", "c,float,32", "d,float,64", "e,str,40", "f,fill,5")
    types = {name: scalar(database, f"/hk/{name}") for name in "abcde"}
    assert types["a"].encoding == IntegerEncoding(12)
    assert types["b"].encoding == IntegerEncoding(7, IntegerCoding.TWOS_COMPLEMENT)
    assert types["c"].encoding == FloatEncoding(32)
    assert types["d"].encoding == FloatEncoding(64)
    assert types["e"].encoding == StringEncoding(Fixed(40), "latin-1", terminator=b"\0")
    assert [types[name].kind for name in "abcde"] == [
        *(Kind.INTEGER, Kind.INTEGER, Kind.FLOAT, Kind.FLOAT, Kind.STRING),
    ]
    assert (types["a"].signed, types["b"].signed) == (False, True)
    last = database.containers["/hk/PACKET"].entries[-1]
    assert isinstance(last, FixedEntry)
    assert (last.bits, last.name) == (5, "f")


def test_shapes_are_fixed_counted_by_a_field_or_what_the_packet_has_room_for() -> None:
    database = ccsdspy(
        "N,uint,8", 'A,"int(12, 24)",8', "B,uint(3),16", "C,uint(expand),16", "D,uint,32"
    )
    assert array(database, "/hk/A").sizes == (Fixed(12), Fixed(24))
    assert array(database, "/hk/A").dimensions == 2
    assert array(database, "/hk/B").sizes == (Fixed(3),)
    length = Reference("/hk/CCSDS_PACKET_LENGTH", calibrated=False)
    bits_taken = 48 + 8 + 12 * 24 * 8 + 3 * 16 + 32
    assert array(database, "/hk/C").sizes == (Dynamic(length, 0.5, (56 - bits_taken) / 16),)
    counted = ccsdspy("N,uint,8", "A,uint(N),16")
    by = Reference("/hk/N", calibrated=False)
    assert array(counted, "/hk/A").sizes == (Dynamic(by),)
    assert scalar(counted, "/hk/A[]").encoding == IntegerEncoding(16)


@pytest.mark.parametrize(
    ("order", "places"),
    [
        ("", None),
        ("big", None),
        ("little", (3, 2, 1, 0)),
        ("4321", (3, 2, 1, 0)),
        ("1234", (0, 1, 2, 3)),
        ("2143", (1, 0, 3, 2)),
        ("3412", (2, 3, 0, 1)),
        ("2341", (1, 2, 3, 0)),
    ],
)
def test_an_octet_order_names_octets_by_significance_the_first_sent_last(
    order: str, places: tuple[int, ...] | None
) -> None:
    """By the script that wrote ccsdspy's truth files: `[octet[d - 1] for d in order]`, reversed."""
    database = ccsdspy(f"A,uint,32,{order}", header=HEAD + ",byte_order")
    assert scalar(database, "/hk/A").encoding == IntegerEncoding(32, byte_order=places)
    if places is not None and order.isdigit():
        sent = [int(digit) for digit in order][::-1]  # significances in the order of transmission
        assert [sent[place] for place in places] == [4, 3, 2, 1]


def test_calibrations_are_labels_by_value_or_range_and_polynomials() -> None:
    labels = '"{""0"": ""OFF"", ""[1,3]"": ""ON"", ""-7"":""BAD""}"'
    curve = '"{""0"": 2000, ""3"": -1.5e-9}"'
    database = ccsdspy(f"A,int,8,{labels}", f"B,uint,8,{curve}", header=HEAD + ",calibration")
    assert scalar(database, "/hk/A").kind is Kind.ENUMERATED
    assert scalar(database, "/hk/A").labels == (
        Label(0, 0, "OFF"),
        Label(1, 3, "ON"),
        Label(-7, -7, "BAD"),
    )
    assert scalar(database, "/hk/B").kind is Kind.FLOAT
    assert scalar(database, "/hk/B").calibrator == Polynomial((2000.0, 0.0, 0.0, -1.5e-9))


def test_lines_of_elements_become_one_array() -> None:
    header = HEAD + ",bit_offset"
    for offsets in ((64, 64, 64), (64, 72, 80)):
        lines = [f"A[{index}],int,8,{offset}" for index, offset in enumerate(offsets)]
        database = ccsdspy("T,uint,16,48", *lines, "B,uint,8,88", header=header)
        assert array(database, "/hk/A").sizes == (Fixed(3),)
        entries = database.containers["/hk/PACKET"].entries[7:]
        assert [entry.location for entry in entries] == [None, None, None]


def test_offsets_within_the_primary_header_count_from_its_end_with_a_warning() -> None:
    database = ccsdspy("A,uint,8,0", "B,uint,8,16", header=HEAD + ",bit_offset")
    first, second = database.containers["/hk/PACKET"].entries[7:]
    assert first.location is None
    assert second.location is not None
    assert second.location.bits == Fixed(64)
    (warning,) = database.problems
    assert (warning.gravity, warning.where.line) == (Gravity.WARNING, 2)


def test_blanks_byte_order_marks_empty_lines_and_line_ends_do_not_matter() -> None:
    plain = b"name,data_type,bit_length\nA,uint,8\nB,uint,16\n"
    for octets in (
        plain,
        b"\xef\xbb\xbf" + plain,
        plain.replace(b",", b", "),
        plain.replace(b"\n", b"\r\n"),
        plain.replace(b"\n", b"\r"),
        plain.replace(b"\n", b"\n\n ,\n"),
        plain.rstrip(),
        b'"name","data_type","bit_length"\n"A","uint","8"\n"B","uint","16"\n',
    ):
        database = dictionary.load_ccsdspy(octets, "hk.csv")
        assert list(database.parameters)[-2:] == ["/hk/A", "/hk/B"]
        assert database.digest == hashlib.sha256(octets).hexdigest()


def test_every_parameter_knows_its_line_also_after_cells_of_several_lines() -> None:
    database = ccsdspy('A,uint,8,"two\nlines"', "B,uint,8,", header=HEAD + ",description")
    assert str(database.parameters["/hk/A"].where) == "hk.csv:2"
    assert str(database.parameters["/hk/B"].where) == "hk.csv:4"
    assert database.parameters["/hk/A"].description == "two\nlines"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["A,complex,8"],
            ["2: error: data_type 'complex'; expected uint, int, float, str or fill"],
        ),
        (["A,uint,x"], ["2: error: bit_length is 'x'; expected a whole number from 1 to 524336"]),
        (["A,uint,0"], ["2: error: bit_length is '0'; expected a whole number"]),
        (["A,uint,9999999"], ["2: error: bit_length is '9999999'; expected a whole number"]),
        (["A,uint"], ["2: error: bit_length is ''; expected a whole number"]),
        (["A,float,24"], ["2: error: bit_length is 24; expected 16, 32 or 64"]),
        (["A,str,12"], ["2: error: bit_length is 12; expected a multiple of 8"]),
        ([",uint,8"], ["2: error: name ''; expected one without blanks"]),
        (["A.B,uint,8"], ["2: error: name 'A.B'; expected one without blanks"]),
        (["A,uint,8", "A,uint,8"], ["3: error: A stands at hk.csv:2 too; expected another name"]),
        (["CCSDS_APID,uint,8"], ["2: error: CCSDS_APID stands at hk.csv:1 too"]),
        (["A,uint(0),8"], ["2: error: shape (0); expected numbers from 1"]),
        (["A,uint(),8"], ["2: error: shape (); expected numbers from 1"]),
        (["A,uint(70000),8"], ["2: error: A of 560000 bits does not fit; expected less"]),
        (["A,uint(B),8"], ["2: error: A takes its size from 'B'; expected an earlier field"]),
        (
            ["B,float,32", "A,uint(B),8"],
            ["3: error: A takes its size from 'B'; expected an earlier field of one integer"],
        ),
        (
            ["A,uint(expand),8", "B,uint(expand),8"],
            [
                "2: error: A grows with the packet, beside another field of variable length",
                "3: error: B grows with the packet, beside another field of variable length",
            ],
        ),
        (["A,uint,8,1,2"], ["2: error: 5 cells; expected 3, as many as columns"]),
        (["A[0],uint,8", "A[2],uint,8"], ["3: error: A[2] (uint, 8 bits); expected A[1]"]),
        (["A[0],uint,8", "A[1],int,8"], ["3: error: A[1] (int, 8 bits); expected A[1], of one"]),
        (["A[0],uint(2),8"], ["2: error: A[0] (uint, 8 bits); expected A[0], of one kind"]),
        (['A,"uint,8'], ["2: error: unexpected end of data; expected CSV as of RFC 4180"]),
        ([], ["1: error: no fields; expected a line for each"]),
        (
            ["A,complex,8", "B,uint,x", "C,uint,8"],
            ["2: error: data_type 'complex'", "3: error: bit_length is 'x'"],
        ),
    ],
)
def test_each_mistake_is_told_with_its_line(lines: list[str], expected: list[str]) -> None:
    found = refused(ccsdspy, *lines)
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith("hk.csv:" + start)


@pytest.mark.parametrize(
    ("column", "line", "expected"),
    [
        ("bit_offset", "A,uint,8,", "2: error: bit_offset is ''; expected a whole number"),
        ("bit_offset", "A,uint,8,-1", "2: error: bit_offset is '-1'; expected a whole number"),
        ("byte_order", "A,uint,16,middle", "2: error: byte_order 'middle' for 16 bits; expected"),
        ("byte_order", "A,uint,16,11", "2: error: byte_order '11' for 16 bits; expected"),
        ("byte_order", "A,uint,16,123", "2: error: byte_order '123' for 16 bits; expected"),
        ("byte_order", "A,uint,12,little", "2: error: byte_order 'little' for 12 bits; expected"),
        ("calibration", "A,uint,8,x", "2: error: calibration 'x'; expected JSON as"),
        ("calibration", "A,uint,8,{}", "2: error: calibration '{}'; expected JSON as"),
        ("calibration", "A,uint,8," + "[" * 20000, "2: error: calibration '[[["),
        ("calibration", 'A,uint,8,"{""a"":""b""}"', "2: error: label 'b' of 'a'; expected a whole"),
        ("calibration", 'A,uint,8,"{""[3,1]"":""b""}"', "2: error: label 'b' of '[3,1]'; expected"),
        ("calibration", 'A,uint,8,"{""0"":1e999}"', "2: error: coefficient inf of '0'; expected"),
        ("calibration", 'A,uint,8,"{""65"":1}"', "2: error: coefficient 1 of '65'; expected"),
        ("calibration", 'A,uint,8,"{""0"":""a"",""1"":2}"', '2: error: calibration \'{"0":"a"'),
    ],
)
def test_mistakes_in_optional_columns_are_told_with_their_line(
    column: str, line: str, expected: str
) -> None:
    (found,) = refused(ccsdspy, line, header=f"{HEAD},{column}")
    assert found.startswith("hk.csv:" + expected)


def test_a_field_of_variable_length_allows_no_offsets_after_it() -> None:
    header = HEAD + ",bit_offset"
    found = refused(ccsdspy, "N,uint,8,48", "A,uint(N),8,56", "B,uint,8,99", header=header)
    assert found[0].startswith("hk.csv:4: error: B has a bit_offset after a field of variable")


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", "1: error: no header line; expected one"),
        (b"name,bit_length\nA,8\n", "1: error: no column data_type; expected name, data_type"),
        (b"name,data_type,bit_length\nA\xff,uint,8\n", "2: error: octet ff is not UTF-8"),
    ],
)
def test_a_text_that_is_no_such_table_is_told(octets: bytes, expected: str) -> None:
    found = refused(dictionary.load_ccsdspy, octets, "hk.csv")
    assert found[0].startswith("hk.csv:" + expected)


def test_a_column_that_is_not_read_is_told() -> None:
    (warning,) = ccsdspy("A,uint,8,x", header=HEAD + ",colour").problems
    assert warning.gravity is Gravity.WARNING
    assert "column 'colour' was not read" in warning.message


# ---- CYGNSS ---------------------------------------------------------------------------------

COLUMNS = (
    "Mnemonic       ,Description,Type           ,Units,Conversion,Subsystem,Start Byte,"
    "Start Bit  ,Data Size,Conversion Formula,States,Limits Defined?,Source"
)
OVERVIEW = "Packet Short Name,APID,Packet Description,APID_Decimal\n"


def row(
    name: str, type_: str, byte: int, bit: int, size: int, formula: str = "", st: str = ""
) -> str:
    return f'{name},about {name},{type_},V,HEX,S,{byte},{bit},{size},"{formula}",{st},,'


def folder(*rows: str, **more: str) -> dict[str, bytes]:
    files = {
        "Overview.csv": OVERVIEW + "HK,0x180,Housekeeping,384\n",
        "HK.csv": "\n".join([COLUMNS, *rows]) + "\n",
        "Notes.csv": "only prose, here\n",
        **{f"{name}.csv": text for name, text in more.items()},
    }
    return {name: text.encode() for name, text in files.items()}


def cygnss(*rows: str, **more: str) -> Database:
    return dictionary.load_cygnss(folder(*rows, **more), "defs")


def test_types_name_the_order_of_octets() -> None:
    database = cygnss(
        row("A", "U1", 0, 0, 3),
        row("B", "U12", 0, 3, 13),
        row("C", "U21", 2, 0, 16),
        row("D", "I4321", 4, 0, 32),
        row("E", "F4321", 8, 0, 32),
        row("F", "F12345678", 12, 0, 64),
        row("G", "U1234", 20, 0, 800),
        row("H", "U4321", 120, 0, 8),
    )
    encodings = {name: scalar(database, f"/CYGNSS/HK/{name}").encoding for name in "ABCDEFGH"}
    assert encodings == {
        "A": IntegerEncoding(3),
        "B": IntegerEncoding(13),
        "C": IntegerEncoding(16, byte_order=(1, 0)),
        "D": IntegerEncoding(32, IntegerCoding.TWOS_COMPLEMENT, (3, 2, 1, 0)),
        "E": FloatEncoding(32, byte_order=(3, 2, 1, 0)),
        "F": FloatEncoding(64),
        "G": BinaryEncoding(Fixed(800)),
        "H": IntegerEncoding(8),
    }
    assert database.problems == ()
    assert scalar(database, "/CYGNSS/HK/A").units == "V"


def test_fields_lie_where_the_table_says_over_the_primary_header() -> None:
    database = cygnss(row("A", "U1", 0, 0, 3), row("B", "U1", 0, 3, 5), row("C", "U12", 9, 4, 12))
    first, second, third = database.containers["/CYGNSS/HK"].entries
    places = [entry.location and entry.location.bits for entry in (first, second, third)]
    assert places == [Fixed(0), None, Fixed(76)]
    assert database.containers["/CYGNSS/HK"].description == "Housekeeping"


def test_states_and_limits_come_from_their_tables() -> None:
    database = cygnss(
        row("A", "U1", 0, 0, 8, st="ON_OFF"),
        row("B", "U1", 1, 0, 8, formula="x*2"),
        STATES='state,value,label\nON_OFF,0,OFF\nON_OFF,"[1,3]",ON\n',
        LIMITS="mnemonic,redLow,yellowLow,yellowHigh,redHigh\nB,-1.5,0,10,\n",
    )
    labels = scalar(database, "/CYGNSS/HK/A").labels
    assert labels == (Label(0, 0, "OFF"), Label(1, 3, "ON"))
    yellow, red = Range(0.0, 10.0), Range(-1.5, None)
    ranges = StaticRanges(((Level.WARNING, yellow), (Level.CRITICAL, red)))
    assert scalar(database, "/CYGNSS/HK/B").alarm == Alarm(static=ranges)
    assert scalar(database, "/CYGNSS/HK/B").calibrator == Polynomial((0.0, 2.0))


def test_what_cannot_be_read_is_named_with_its_line_and_the_rest_is_kept() -> None:
    database = cygnss(
        row("A", "U1", 0, 0, 8, formula="LOG(x)"),
        row("B", "S12", 1, 0, 8),
        row("C", "U1", 2, 0, 8, st="UNKNOWN"),
        row("D", "U21", 3, 0, 12),
        LIMITS="mnemonic,redLow,yellowLow,yellowHigh,redHigh\nX,1,2,3,4\n",
    )
    assert [str(problem).split(";")[0] for problem in database.problems] == [
        "defs/HK.csv:2: unsupported: conversion formula was not read: found 'log'",
        "defs/HK.csv:3: unsupported: type 'S12' was not read",
        "defs/HK.csv:5: warning: U21 of 12 bits, a part of a word in another order of octets",
        "defs/HK.csv:4: warning: states UNKNOWN have no labels",
        "defs/LIMITS.csv:2: warning: limits of 'X'",
    ]
    assert {"/CYGNSS/HK/A", "/CYGNSS/HK/C", "/CYGNSS/HK/D"} <= set(database.parameters)
    assert "/CYGNSS/HK/B" not in database.parameters


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (folder(row("A", "U1", 0, 8, 8)), "defs/HK.csv:2: error: Start Bit is '8'; expected"),
        (folder(row("A", "F1234", 0, 0, 31)), "defs/HK.csv:2: error: Data Size is 31; expected"),
        (folder(row("A", "U1", 0, 0, 0)), "defs/HK.csv:2: error: Data Size is '0'; expected"),
        (folder(row("A B", "U1", 0, 0, 8)), "defs/HK.csv:2: error: name 'A B'; expected"),
        (
            folder(row("A", "U1", 0, 0, 8), row("A", "U1", 1, 0, 8)),
            "defs/HK.csv:3: error: A stands at defs/HK.csv:2 too; expected",
        ),
        (
            folder(Overview=OVERVIEW + "HK,?,,4000\n"),
            "defs/Overview.csv:2: error: APID '4000'; expected",
        ),
        (
            folder(row("A", "U1", 0, 0, 8), HK2=COLUMNS + "\n" + row("A", "U1", 0, 0, 8)),
            "defs/HK2.csv:1: error: HK2 is not in Overview.csv; expected",
        ),
        (
            folder(
                row("A", "U1", 0, 0, 8),
                HK2=COLUMNS + "\n" + row("A", "U1", 0, 0, 8),
                Overview=OVERVIEW + "HK,,,384\nHK2,,,384\n",
            ),
            "defs/Overview.csv:2: error: APID 384 of 1 octets stands for another packet too",
        ),
        (folder(HK="Mnemonic,Type\nA,U1\n"), "defs/HK.csv:1: error: no column Start Byte, Start"),
        (
            folder(LIMITS="mnemonic,redLow\nA,low\n"),
            "defs/LIMITS.csv:2: error: redLow is 'low'; expected a number",
        ),
        (
            folder(STATES="state,value,label\nS,x,y\n"),
            "defs/STATES.csv:2: error: value 'x'; expected",
        ),
        ({"HK.csv": b""}, "defs: error: no Overview.csv; expected"),
    ],
)
def test_each_mistake_of_a_folder_is_told_with_its_file_and_line(
    files: dict[str, bytes], expected: str
) -> None:
    found = refused(dictionary.load_cygnss, files, "defs")
    assert found[0].startswith(expected)


def test_the_digest_is_of_names_and_octets() -> None:
    files = folder(row("A", "U1", 0, 0, 8))
    digest = dictionary.load_cygnss(files, "defs").digest
    assert dictionary.load_cygnss(dict(reversed(files.items())), "other").digest == digest
    renamed = {("N" + name if name == "Notes.csv" else name): o for name, o in files.items()}
    assert dictionary.load_cygnss(renamed, "defs").digest != digest


# ---- any octets -----------------------------------------------------------------------------


def mutated(octets: bytes, chance: random.Random) -> bytes:
    """Change, cut, repeat and insert a few octets, as of a file that was damaged or mistyped."""
    result = bytearray(octets)
    for _ in range(chance.randint(1, 6)):
        at, end = sorted(chance.randrange(len(result) + 1) for _ in range(2))
        end = min(end, at + 12)
        piece = bytes(chance.choice(b'0123456789,"\n()[]{}:.-xX^ \xff\0ue') for _ in range(4))
        result[at:end] = chance.choice([b"", piece, bytes(result[at:end]) * 3])
    return bytes(result)


@pytest.mark.parametrize("kind", ["ccsdspy", "cygnss"])
def test_mutated_dictionaries_load_or_are_refused_and_nothing_else(shared: Path, kind: str) -> None:
    chance, loaded = random.Random(20), 0
    seeds = [
        *shared.glob("ccsdspy_packet_def/*.csv"),
        *shared.glob("hs_synthetic/*/defs.csv"),
    ]
    names = ("Overview", "ENG_PVT", "ENG_DDMI", "LIMITS")
    whole = {f"{n}.csv": (shared / f"cygnss/defs/{n}.csv").read_bytes() for n in names}
    for _ in range(500):
        if kind == "ccsdspy":
            files = {"defs.csv": mutated(chance.choice(seeds).read_bytes(), chance)}
        else:
            name = chance.choice(list(whole))
            files = {**whole, name: mutated(whole[name], chance)}
        try:
            plan.compile(databases.from_files(files, "fuzz"))
        except InputError as error:
            assert "expected" in str(error)
        else:
            loaded += 1
    assert 0 < loaded < 500
