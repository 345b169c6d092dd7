"""Packets become columns: every way in which an entry may stand in a container."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.columns import PacketFlag
from ground.decode.decoder import Decoder
from ground.mdb import plan
from ground.mdb.model import (
    AggregateType,
    ArrayType,
    BinaryEncoding,
    Dynamic,
    Fixed,
    FixedEntry,
    FloatCoding,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    Kind,
    Label,
    Location,
    Lookup,
    Member,
    Origin,
    Polynomial,
    Reference,
    Repeat,
    ScalarType,
    StringEncoding,
)
from protocols import kernels
from tests.clauses import clause
from tests.ground.databases import (
    HERE,
    container,
    database,
    decode,
    entry,
    equals,
    included,
    packets,
    scalar,
    signed,
    unsigned,
    values,
)

RAW_N = Reference("/N", calibrated=False)


def alone(type_: ScalarType, *octets: bytes) -> list[object]:
    """Decode packets that hold one value."""
    db = database({"A": type_}, container("C", [entry("A")]))
    return values(decode(db, *octets))["A"]


# ---- codings ----------------------------------------------------------------------------------


@clause("XTCE 1.2 IntegerEncodingType")
@pytest.mark.parametrize(
    "encoding, octets, value",
    [
        (IntegerEncoding(8), "ff", 255),
        (IntegerEncoding(12), "abcd", 0xABC),
        (IntegerEncoding(64), "ffffffffffffffff", 2**64 - 1),
        (IntegerEncoding(8, IntegerCoding.TWOS_COMPLEMENT), "ff", -1),
        (IntegerEncoding(12, IntegerCoding.TWOS_COMPLEMENT), "8000", -2048),
        (IntegerEncoding(64, IntegerCoding.TWOS_COMPLEMENT), "8000000000000000", -(2**63)),
        (IntegerEncoding(16, IntegerCoding.SIGN_MAGNITUDE), "8002", -2),
        (IntegerEncoding(16, IntegerCoding.ONES_COMPLEMENT), "fffd", -2),
        (IntegerEncoding(16, IntegerCoding.PACKED_BCD), "1942", 1942),
        (IntegerEncoding(16, IntegerCoding.PACKED_BCD), "1a42", None),
        (IntegerEncoding(32, IntegerCoding.BCD), "01090402", 1942),
        (IntegerEncoding(32, byte_order=(3, 2, 1, 0)), "04030201", 0x01020304),
        (IntegerEncoding(32, byte_order=(2, 3, 0, 1)), "03040102", 0x01020304),
        (
            IntegerEncoding(16, IntegerCoding.TWOS_COMPLEMENT, byte_order=(1, 0)),
            "feff",
            -2,
        ),
        (IntegerEncoding(8, bits_reversed=True), "80", 1),
        (IntegerEncoding(12, byte_order=(1, 0)), "341f", 0x134),
        (IntegerEncoding(72), "010000000000000002", (1 << 64) + 2),
        (IntegerEncoding(72, IntegerCoding.TWOS_COMPLEMENT), "fffffffffffffffffe", -2),
        (IntegerEncoding(72, IntegerCoding.SIGN_MAGNITUDE), "800000000000000002", -2),
        (IntegerEncoding(72, IntegerCoding.ONES_COMPLEMENT), "fffffffffffffffffd", -2),
    ],
)
def test_integers_of_every_coding_are_what_their_bits_say(encoding, octets, value):
    assert alone(scalar(encoding), bytes.fromhex(octets)) == [value]


@clause("MIL-STD-1750A §4.1.6, Table II and §4.1.7, Table III (examples; unverified)")
@pytest.mark.parametrize(
    "bits, octets, value",
    [
        (32, "7fffff7f", (1 - 2.0**-23) * 2.0**127),
        (32, "4000007f", 0.5 * 2.0**127),
        (32, "50000003", 5.0),
        (32, "40000001", 1.0),
        (32, "40000000", 0.5),
        (32, "400000ff", 0.25),
        (32, "40000080", 0.5 * 2.0**-128),
        (32, "00000000", 0.0),
        (32, "80000000", -1.0),
        (32, "bfffff80", (-0.5 - 2.0**-23) * 2.0**-128),
        (48, "4000007f0000", 0.5 * 2.0**127),
        (48, "800000000000", -1.0),
        (48, "a00000ff0000", -0.75 * 2.0**-1),
    ],
)
def test_floating_point_of_1750a_is_as_printed(bits, octets, value):
    type_ = scalar(FloatEncoding(bits, FloatCoding.MIL_1750A))
    assert alone(type_, bytes.fromhex(octets)) == [value]


@pytest.mark.parametrize(
    "encoding, octets, value",
    [
        (FloatEncoding(16), "3c00", 1.0),
        (FloatEncoding(16), "c000", -2.0),
        (FloatEncoding(32), "3f800000", 1.0),
        (FloatEncoding(32, byte_order=(3, 2, 1, 0)), "0000803f", 1.0),
        (FloatEncoding(64), "c000000000000000", -2.0),
    ],
)
def test_ieee_floating_point_of_every_size(encoding, octets, value):
    assert alone(scalar(encoding), bytes.fromhex(octets)) == [value]


@clause("XTCE 1.2 StringDataEncodingType")
@pytest.mark.parametrize(
    "encoding, octets, value",
    [
        (StringEncoding(Fixed(32)), b"abcd", "abcd"),
        (StringEncoding(Fixed(32)), b"a\x07\xffd", "a\x07\ufffdd"),
        (StringEncoding(Fixed(32), terminator=b"\0"), b"ab\0d", "ab"),
        (StringEncoding(None, terminator=b"\0"), b"abc\0xyz", "abc"),
        (StringEncoding(None, terminator=b"\0", max_bits=16), b"abc\0xyz", "ab"),
        (StringEncoding(None, terminator=b"\0"), b"abc", "abc"),
        (StringEncoding(None, prefix_bits=8), b"\x02abc", "ab"),
        (StringEncoding(None, prefix_bits=8), b"\x04abc", None),
        (StringEncoding(None, prefix_bits=4), b"\x26\x16\x20", "ab"),
        (StringEncoding(Fixed(32), prefix_bits=8), b"\x02abc", "ab"),
        (
            StringEncoding(None, "utf-16-be", terminator=b"\0\0"),
            "aĀ".encode("utf-16-be") + b"\0\0" + b"xx",
            "aĀ",
        ),
    ],
)
def test_strings_end_where_their_definition_says(encoding, octets, value):
    assert alone(scalar(encoding), octets) == [value]


def test_octets_that_are_not_whole_are_right_aligned():
    db = database(
        {"A": unsigned(3), "B": scalar(BinaryEncoding(Fixed(11)))},
        container("C", [entry("A"), entry("B")]),
    )
    assert values(decode(db, bytes([0b101_11111, 0b111001_10])))["B"] == [b"\x07\xf9"]


# ---- where entries stand ----------------------------------------------------------------------


@clause("XTCE 1.2 LocationInContainerInBitsType")
def test_entries_stand_where_their_location_says():
    db = database(
        {name: unsigned(8) for name in "ABCDE"},
        container(
            "C",
            [
                entry("A", location=Location(Origin.CONTAINER_START, Fixed(8))),
                entry("B", location=Location(Origin.PREVIOUS_ENTRY, Fixed(8))),
                entry("C", location=Location(Origin.PREVIOUS_ENTRY, Fixed(-4))),
                entry("D", location=Location(Origin.NEXT_ENTRY, Fixed(0))),
                entry("E", location=Location(Origin.CONTAINER_START, Fixed(40))),
            ],
        ),
    )
    batch = decode(db, bytes.fromhex("0011223344556677"))
    assert values(batch) == {"A": [0x11], "B": [0x33], "C": [0x34], "D": [0x44], "E": [0x55]}
    assert batch.bits_left.tolist() == [16]


def test_entries_counted_from_the_end_come_after_all_that_a_child_adds():
    end = Location(Origin.CONTAINER_END, Fixed(0))
    before = Location(Origin.CONTAINER_END, Fixed(16))
    db = database(
        {"K": unsigned(8), "A": unsigned(8), "S": unsigned(16), "X": unsigned(16)},
        container("BASE", [entry("K"), entry("S", location=end), entry("X", location=before)]),
        container("CHILD", [entry("A")], base="BASE", restriction=equals("K", 1)),
    )
    batch = decode(db, bytes.fromhex("01aabbbbcccc"))
    assert values(batch) == {"K": [1], "A": [0xAA], "X": [0xBBBB], "S": [0xCCCC]}


def test_included_containers_count_from_their_own_start():
    db = database(
        {"A": unsigned(8), "B": unsigned(8), "N": unsigned(8)},
        container("IN", [entry("B", location=Location(Origin.CONTAINER_START, Fixed(8)))]),
        container("SIZED", [], bits=Fixed(16)),
        container("C", [entry("N"), included("IN"), included("SIZED"), entry("A")]),
    )
    assert values(decode(db, bytes.fromhex("0900bb0000aa")), ) == {
        "N": [9], "B": [0xBB], "A": [0xAA]
    }  # fmt: skip


def test_included_containers_of_varying_size_count_from_their_own_start_too():
    size = Dynamic(RAW_N, slope=8)
    db = database(
        {"N": unsigned(8), "T": scalar(BinaryEncoding(size)), "B": unsigned(8), "A": unsigned(8)},
        container(
            "IN",
            [entry("T"), entry("B", location=Location(Origin.CONTAINER_START, Fixed(24)))],
        ),
        container("SIZED", [entry("T")], bits=Fixed(24)),
        container("C", [entry("N"), included("IN"), included("SIZED"), entry("A")]),
    )
    batch = decode(db, bytes.fromhex("01110000bb 220000 aa"), bytes.fromhex("02111200bb 222300 aa"))
    assert values(batch) == {
        "N": [1, 2],
        "T": [[b"\x11", b"\x22"], [b"\x11\x12", b"\x22\x23"]],
        "B": [0xBB, 0xBB],
        "A": [0xAA, 0xAA],
    }
    assert batch.bits_left.tolist() == [0, 0]


def test_fixed_values_are_passed_over():
    db = database(
        {"A": unsigned(8)}, container("C", [FixedEntry(12, b"\x0f\xff", HERE), entry("A")])
    )
    assert values(decode(db, bytes.fromhex("fffab0"))) == {"A": [0xAB]}


# ---- arrays and repeats -----------------------------------------------------------------------


def cards(cards_: tuple[object, ...], inner: int = 3) -> dict[str, object]:
    return {
        "N": unsigned(8),
        "U8": unsigned(8),
        "I4": signed(4),
        "TEMPS": ArrayType("/TEMPS", "/U8", 1, HERE, (Fixed(inner),)),
        "CARD": AggregateType(
            "/CARD", (Member("low", "/I4"), Member("high", "/I4"), Member("t", "/TEMPS")), HERE
        ),
        "CARDS": ArrayType("/CARDS", "/CARD", 1, HERE, cards_),
    }


def test_an_array_of_aggregates_is_one_column_for_each_member():
    """Inner arrays are a column for each element; outer ones an axis."""
    db = database(cards((Fixed(2),)), container("C", [entry("N"), entry("CARDS")]))
    assert values(decode(db, bytes.fromhex("00 1f010203 e2040506"))) == {
        "N": [0],
        "CARDS.low": [[1, -2]],
        "CARDS.high": [[-1, 2]],
        "CARDS.t[0]": [[1, 4]],
        "CARDS.t[1]": [[2, 5]],
        "CARDS.t[2]": [[3, 6]],
    }


def test_64_cards_of_12_fields_go_through_one_table():
    members = tuple(Member(f"f{i}", "/U16") for i in range(12))
    db = database(
        {
            "U16": unsigned(16),
            "CARD": AggregateType("/CARD", members, HERE),
            "CARDS": ArrayType("/CARDS", "/CARD", 1, HERE, (Fixed(8), Fixed(8))),
        },
        container("C", [entry("CARDS")]),
    )
    assert len(plan.compile(db).programs["/C"].steps) == 1
    words = np.random.default_rng(1).integers(0, 65536, (5, 64, 12)).astype(">u2")
    batch = decode(db, *(each.tobytes() for each in words))
    for index in range(12):
        assert np.array_equal(batch.raw[f"/CARDS.f{index}"].values, words[:, :, index])


def test_an_array_whose_size_the_packet_tells_is_an_array_for_each_packet():
    db = database(
        cards((Dynamic(RAW_N),), inner=1), container("C", [entry("N"), entry("CARDS"), entry("U8")])
    )
    batch = decode(db, bytes.fromhex("00 77"), bytes.fromhex("02 1f01 e204 77"))
    assert values(batch) == {
        "N": [0, 2],
        "CARDS.low": [[], [1, -2]],
        "CARDS.high": [[], [-1, 2]],
        "CARDS.t[0]": [[], [1, 4]],
        "U8": [0x77, 0x77],
    }


def test_arrays_in_arrays_of_varying_size_are_listed_in_order():
    db = database(
        {
            "N": unsigned(8),
            "U8": unsigned(8),
            "ROW": ArrayType("/ROW", "/U8", 1, HERE, (Dynamic(RAW_N),)),
            "ALL": ArrayType("/ALL", "/ROW", 1, HERE, (Fixed(2),)),
        },
        container("C", [entry("N"), entry("ALL")]),
    )
    batch = decode(db, bytes.fromhex("0201020304"), bytes.fromhex("010102"))
    assert values(batch)["ALL"] == [[1, 2, 3, 4], [1, 2]]


@clause("XTCE 1.2 RepeatType")
def test_repeated_entries_stand_side_by_side():
    repeat = Repeat(Fixed(3), Fixed(4))
    db = database({"A": unsigned(4)}, container("C", [entry("A", repeat=repeat)]))
    batch = decode(db, bytes.fromhex("102030"))
    assert values(batch) == {"A": [[1, 2, 3]]}
    assert batch.bits_left.tolist() == [4]


def test_a_parameter_in_two_containers_stands_twice():
    db = database(
        {"A": unsigned(8), "T": scalar(StringEncoding(Fixed(8)))},
        container("IN", [entry("A"), entry("T")]),
        container("C", [included("IN"), included("IN")]),
    )
    assert values(decode(db, b"\x01x\x02y")) == {"A": [[1, 2]], "T": [["x", "y"]]}


def test_repeats_of_varying_records_are_decoded_one_after_the_other():
    """A record of a count and as many octets; two of them, or as many as the packet says."""
    types = {
        "K": unsigned(8),
        "N": unsigned(8),
        "B": scalar(BinaryEncoding(Dynamic(RAW_N, slope=8))),
    }
    record = container("R", [entry("N"), entry("B")])
    twice = container("C", [entry("K"), included("R", repeat=Repeat(Fixed(2)))])
    batch = decode(database(types, record, twice), bytes.fromhex("00 01aa 02bbcc"))
    assert values(batch) == {"K": [0], "N": [[1, 2]], "B": [[b"\xaa", b"\xbb\xcc"]]}
    several = container(
        "C",
        [
            entry("K"),
            included("R", repeat=Repeat(Dynamic(Reference("/K", calibrated=False)), Fixed(8))),
        ],
    )
    batch = decode(
        database(types, record, several),
        bytes.fromhex("00"),
        bytes.fromhex("02 01aa ff 02bbcc"),
        bytes.fromhex("03 01aa ff 00"),
    )
    assert values(batch)["N"] == [[], [1, 2], [1, 0]]
    assert values(batch)["B"] == [[], [b"\xaa", b"\xbb\xcc"], [b"\xaa", b""]]
    assert batch.flags.tolist() == [0, 0, PacketFlag.SHORT]


# ---- conditions and amounts -------------------------------------------------------------------


def test_what_a_condition_leaves_out_takes_no_room():
    db = database(
        {
            "N": unsigned(8),
            "A": unsigned(16),
            "S": scalar(StringEncoding(Fixed(8))),
            "Z": signed(8),
        },
        container(
            "C",
            [
                entry("N"),
                entry("A", condition=equals("N", 1)),
                entry("S", condition=equals("N", 1)),
                entry("Z"),
            ],
        ),
    )
    batch = decode(db, bytes.fromhex("0177884100"), bytes.fromhex("02ff"))
    assert values(batch) == {"N": [1, 2], "A": [0x7788, None], "S": ["A", None], "Z": [0, -1]}
    assert batch.flags.tolist() == [0, 0]


def test_a_condition_on_what_the_packet_does_not_hold_leaves_out():
    db = database(
        {"N": unsigned(8), "A": unsigned(8)},
        container("C", [entry("A", condition=equals("N", 1, "!="))]),
    )
    assert values(decode(db, b"\x05")) == {"A": [None]}


def test_a_condition_inside_a_repeat_looks_at_its_own_record():
    db = database(
        {"N": unsigned(8), "A": unsigned(8)},
        container("R", [entry("N"), entry("A", condition=equals("N", 1))]),
        container("C", [included("R", repeat=Repeat(Fixed(3)))]),
    )
    batch = decode(db, bytes.fromhex("01aa 02 01bb"), bytes.fromhex("02 02 02"))
    assert values(batch) == {
        "N": [[1, 2, 1], [2, 2, 2]],
        "A": [[0xAA, None, 0xBB], [None, None, None]],
    }


def test_conditions_and_sizes_may_use_engineering_values():
    label = scalar(
        IntegerEncoding(8), kind=Kind.ENUMERATED, labels=(Label(0, 0, "OFF"), Label(1, 1, "ON"))
    )
    octets = scalar(IntegerEncoding(8), calibrator=Polynomial((-8.0, 8.0)))
    db = database(
        {"S": label, "N": octets, "B": scalar(BinaryEncoding(Dynamic(Reference("/N"))))},
        container("C", [entry("S"), entry("N"), entry("B", condition=on("S", "ON"))]),
    )
    assert values(decode(db, bytes.fromhex("0102aa"), bytes.fromhex("0002")))["B"] == [
        b"\xaa",
        None,
    ]


def on(name: str, text: str) -> object:
    comparison = equals(name, text)
    return type(comparison)(Reference(f"/{name}"), "==", text)


def test_a_size_may_be_looked_up():
    size = Lookup(((equals("N", 1), 8), (equals("N", 2), 16)))
    db = database(
        {"N": unsigned(8), "B": scalar(BinaryEncoding(size))},
        container("C", [entry("N"), entry("B")]),
    )
    batch = decode(db, b"\x01a", b"\x02ab", b"\x03ab")
    assert values(batch)["B"] == [b"a", b"ab", None]
    assert batch.flags.tolist() == [0, 0, PacketFlag.SHORT | PacketFlag.LONG]


# ---- packets longer or shorter than their definition -------------------------------------------


def test_a_short_packet_is_decoded_as_far_as_it_goes():
    db = database(
        {"A": unsigned(8), "B": unsigned(16), "S": scalar(StringEncoding(Fixed(16)))},
        container("C", [entry("A"), entry("B"), entry("S")]),
    )
    batch = decode(db, b"\x01\x02\x03ab", b"\x01\x02", b"\x01\x02\x03abcd")
    assert values(batch) == {"A": [1, 1, 1], "B": [0x203, None, 0x203], "S": ["ab", None, "ab"]}
    assert batch.flags.tolist() == [0, PacketFlag.SHORT, PacketFlag.LONG]
    assert batch.bits_left.tolist() == [0, -24, 16]


def test_a_count_larger_than_the_packet_allocates_nothing():
    db = database(
        {
            "N": unsigned(32),
            "U8": unsigned(8),
            "A": ArrayType("/A", "/U8", 1, HERE, (Dynamic(RAW_N),)),
        },
        container("C", [entry("N"), entry("A")]),
    )
    batch = decode(db, bytes.fromhex("ffffffff 0102"), bytes.fromhex("00000001 09"))
    assert values(batch)["A"] == [[1, 2], [9]]
    assert batch.flags.tolist() == [PacketFlag.SHORT, 0]


def test_flags_of_the_packets_stay():
    db = database({"A": unsigned(8)}, container("C", [entry("A")]))
    given = packets(b"\x01", b"\x02")
    given.flags[1] = PacketFlag.SEGMENTED
    (batch,) = Decoder(plan.compile(db)).decode(given).batches
    assert batch.flags.tolist() == [0, PacketFlag.SEGMENTED]


# ---- which packet is of which type --------------------------------------------------------------


TREE = database(
    {"K": unsigned(8), "L": unsigned(8), "A": unsigned(8)},
    container("ROOT", [entry("K")], abstract=True),
    container("ONE", [entry("L")], base="ROOT", restriction=equals("K", 1)),
    container("LATE", [], base="ROOT", restriction=equals("K", 1)),
    container("TWO", [entry("L")], base="ROOT", restriction=equals("K", 2), abstract=True),
    container("ONE_A", [entry("A")], base="ONE", restriction=equals("L", 7)),
    container("TWO_A", [entry("A")], base="TWO", restriction=equals("L", 7)),
)


@clause("XTCE 1.2 RestrictionCriteriaType")
def test_a_packet_is_of_the_most_derived_container_that_matches():
    decoder = Decoder(plan.compile(TREE))
    given = [b"\x01\x07\x09", b"\x01\x08", b"\x02\x07\x09", b"\x02\x08", b"\x03", b"\x01"]
    result = decoder.decode(packets(*given))
    assert {each.packet_type: each.rows.tolist() for each in result.batches} == {
        "/ONE": [1, 5],
        "/ONE_A": [0],
        "/TWO_A": [2],
    }
    assert result.unknown.tolist() == [3, 4]
    assert (result.counts.given, result.counts.out, result.counts.dropped) == (6, 4, {"unknown": 2})
    assert result.counts.balanced


def test_random_keys_do_not_fill_the_memory():
    db = database(
        {"K": unsigned(32), "A": unsigned(8)},
        container("ROOT", [entry("K")], abstract=True),
        container("ONE", [entry("A")], base="ROOT", restriction=equals("K", 1)),
    )
    decoder = Decoder(plan.compile(db))
    random = np.random.default_rng(2)
    for _ in range(3):
        decoder.decode(packets(*(random.bytes(5) for _ in range(3000))))
    assert len(decoder._root.ways) <= 4096


def test_no_packets_give_no_batches():
    result = Decoder(plan.compile(TREE)).decode(packets())
    assert (result.batches, len(result.unknown), result.counts.given) == ([], 0, 0)


def test_positions_tell_where_each_field_of_a_packet_is():
    decoder = Decoder(plan.compile(TREE))
    assert decoder.positions(packets(b"\x00", b"\x01\x07\x09"), 1) == [
        ("/K", 0, 8),
        ("/L", 8, 8),
        ("/A", 16, 8),
    ]


def test_one_packet_with_very_many_elements_costs_no_memory_for_the_others():
    text = scalar(StringEncoding(None, prefix_bits=8))
    array = ArrayType("/TS", "/T", 1, HERE, (Dynamic(RAW_N),))
    db = database(
        {"N": unsigned(16), "T": text, "TS": array}, container("C", [entry("N"), entry("TS")])
    )
    decoder, few = Decoder(plan.compile(db)), b"\x00\x02\x01a\x01b"
    given_ = packets(*[few] * 3000, (3000).to_bytes(2, "big") + bytes(3000))
    tracemalloc.start()
    [batch] = decoder.decode(given_).batches
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    column = batch.raw["/TS"].values
    assert [len(row) for row in column] == [2] * 3000 + [3000]
    assert column[0].tolist() == ["a", "b"]
    assert set(column[-1]) == {""}
    assert peak < 20_000_000  # with a place for each element in each packet it were 80 MB


# ---- whatever comes -----------------------------------------------------------------------------


EVERYTHING = database(
    {
        **cards((Dynamic(RAW_N),), inner=2),
        "K": unsigned(3),
        "F": scalar(FloatEncoding(32)),
        "W": unsigned(70),
        "S": scalar(StringEncoding(None, terminator=b"\0", max_bits=64)),
        "P": scalar(StringEncoding(None, prefix_bits=5)),
        "B": scalar(BinaryEncoding(Dynamic(RAW_N, 3.0, -1.0))),
        "V": unsigned(13, byte_order=(1, 0)),
    },
    container("R", [entry("N"), entry("B"), entry("V", condition=equals("N", 9, "<"))]),
    container("ROOT", [entry("K"), entry("N")]),
    container(
        "ONE",
        [entry("CARDS"), entry("S"), entry("W"), included("R", repeat=Repeat(Dynamic(RAW_N)))],
        base="ROOT",
        restriction=equals("K", 2, "<"),
    ),
    container(
        "TWO",
        [
            included("R", repeat=Repeat(Fixed(3))),
            entry("P", location=Location(Origin.PREVIOUS_ENTRY, Dynamic(RAW_N, -1.0, 2.0))),
            entry("F", location=Location(Origin.CONTAINER_END, Fixed(3))),
            entry("V", location=Location(Origin.CONTAINER_START, Fixed(5))),
        ],
        base="ROOT",
        restriction=equals("K", 4, "<"),
    ),
    container("THREE", [entry("F"), entry("V")], base="TWO", restriction=equals("F", 0, ">")),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=12))
def test_one_packet_and_many_give_the_same_answer(octets):
    decoder = Decoder(plan.compile(EVERYTHING, "ROOT"))
    whole = decoder.decode(packets(*octets))
    assert len(whole.unknown) == 0
    for batch in whole.batches:
        many = values(batch)
        for place, row in enumerate(batch.rows.tolist()):
            (one,) = decoder.decode(packets(octets[row])).batches
            assert one.packet_type == batch.packet_type
            assert (one.flags[0], one.bits_left[0]) == (batch.flags[place], batch.bits_left[place])
            for name, found in values(one).items():
                assert np.array_equal(found[0], many[name][place], equal_nan=_floats(found[0]))


def _floats(value: object) -> bool:
    return isinstance(value, float)


def test_random_octets_give_the_same_in_both_forms_and_raise_nothing():
    random = np.random.default_rng(3)
    octets = [random.bytes(int(size)) for size in random.integers(1, 200, 2000)]
    decoder, results = Decoder(plan.compile(EVERYTHING, "ROOT")), []
    for switch in (kernels.unbind, kernels.bind):
        switch()
        results.append(decoder.decode(packets(*octets)))
    kernels.unbind()
    for plain, compiled in zip(results[0].batches, results[1].batches, strict=True):
        assert plain.bits_left.tolist() == compiled.bits_left.tolist()
        assert repr(values(plain)) == repr(values(compiled))
