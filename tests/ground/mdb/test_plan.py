"""Databases become plans: which container is the root, and what cannot be decoded is named."""

from __future__ import annotations

import pytest

from ground.errors import InputError
from ground.mdb import plan
from ground.mdb.model import (
    AggregateType,
    All,
    ArrayType,
    BinaryEncoding,
    Dynamic,
    Fixed,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    Location,
    Member,
    Origin,
    Reference,
    Repeat,
)
from tests.ground.databases import (
    HERE,
    container,
    database,
    entry,
    equals,
    included,
    scalar,
    unsigned,
)

U8 = {"A": unsigned(8), "K": unsigned(8)}


def test_the_root_is_the_one_container_that_others_extend():
    made = plan.compile(
        database(
            U8,
            container("TABLE", [entry("A")]),
            container("ROOT", [entry("K")]),
            container("CHILD", [entry("A")], base="ROOT", restriction=equals("K", 1)),
        )
    )
    assert made.root.path == "/ROOT"
    assert set(made.programs) == {"/ROOT", "/CHILD"}


def test_a_container_that_others_include_is_no_root():
    made = plan.compile(
        database(U8, container("PART", [entry("A")]), container("C", [included("PART")]))
    )
    assert made.root.path == "/C"


def test_two_possible_roots_are_named():
    db = database(U8, container("ONE", [entry("A")]), container("TWO", [entry("A")]))
    with pytest.raises(InputError, match=r"ambiguous \(candidates: /ONE, /TWO\)"):
        plan.compile(db)
    assert plan.compile(db, "TWO").root.path == "/TWO"
    assert plan.compile(db, "/ONE").root.path == "/ONE"


def test_a_root_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="no container NOWHERE found"):
        plan.compile(database(U8, container("ONE", [entry("A")])), "NOWHERE")


def test_an_abstract_container_that_others_extend_is_no_packet_type():
    made = plan.compile(
        database(
            U8,
            container("ROOT", [entry("K")], abstract=True),
            container("CHILD", [entry("A")], base="ROOT", restriction=equals("K", 1)),
        )
    )
    assert set(made.programs) == {"/CHILD"}
    assert list(made.column_types["/CHILD"]) == ["/K", "/A"]


def test_columns_know_the_type_of_their_member():
    types = {
        "A": unsigned(8),
        "B": scalar(FloatEncoding(32)),
        "G": AggregateType("/G", (Member("a", "/A"), Member("b", "/B")), HERE),
        "L": ArrayType("/L", "/G", 1, HERE, (Fixed(2),)),
    }
    made = plan.compile(database(types, container("C", [entry("L")])))
    assert made.column_types["/C"] == {"/L.a": types["A"], "/L.b": types["B"]}


def test_criteria_on_fields_of_fixed_place_become_a_key():
    criteria = equals("A", 1)
    db = database(
        U8,
        container("ROOT", [entry("K"), entry("A")]),
        container("CHILD", [], base="ROOT", restriction=criteria),
    )
    key = plan.compile(db).root.key
    assert key is not None and key.tolist() == [[8, 8, 0xFF]]


def test_key_fields_that_one_load_reaches_are_one_window():
    db = database(
        {"A": unsigned(3), "B": unsigned(5), "C": unsigned(8), "D": unsigned(41), "E": unsigned(7)},
        container("ROOT", [entry(name) for name in "ABCDE"]),
        container(
            "CHILD",
            [],
            base="ROOT",
            restriction=All((equals("E", 1), equals("A", 1), equals("C", 2))),
        ),
    )
    key = plan.compile(db).root.key
    assert key is not None
    assert key.tolist() == [[0, 16, 0b111_00000_11111111], [57, 7, 0b1111111]]


def test_criteria_behind_a_varying_field_have_no_key():
    varying = scalar(BinaryEncoding(Dynamic(Reference("/K"), 8.0)))
    db = database(
        {**U8, "B": varying},
        container("ROOT", [entry("K"), entry("B"), entry("A")]),
        container("CHILD", [], base="ROOT", restriction=equals("A", 1)),
    )
    assert plan.compile(db).root.key is None


@pytest.mark.parametrize(
    "types, entries, message",
    [
        ({"X": scalar(None, kind=unsigned(8).kind)}, [entry("X")], "no encoding"),
        ({"X": scalar(FloatEncoding(80))}, [entry("X")], "not supported"),
        ({"X": scalar(IntegerEncoding(80, IntegerCoding.BCD))}, [entry("X")], "not supported"),
        ({"X": unsigned(0)}, [entry("X")], "0 bits"),
        ({"X": scalar(BinaryEncoding(Fixed(10**12)))}, [entry("X")], "does not fit"),
        ({"X": ArrayType("/X", "/A", 1, HERE)}, [entry("X")], "without a size"),
        (
            {"X": scalar(BinaryEncoding(Dynamic(Reference("/ELSEWHERE"))))},
            [entry("X")],
            "computed from /ELSEWHERE",
        ),
        ({}, [entry("A", repeat=Repeat(Fixed(10**12)))], "more than"),
        ({}, [entry("A", location=Location(Origin.NEXT_ENTRY, Fixed(0)))], "nextEntry"),
        (
            {},
            [entry("A", location=Location(Origin.CONTAINER_END, Dynamic(Reference("/A"))))],
            "fixed number",
        ),
        ({}, [included("C")], "contains itself"),
    ],
)
def test_what_cannot_be_decoded_is_named_with_its_place(types, entries, message):
    db = database({"A": unsigned(8), **types}, container("C", entries))
    with pytest.raises(InputError, match=rf"hand.xml:1: .*{message}"):
        plan.compile(db, "/C")


def test_containers_that_extend_each_other_are_refused():
    db = database(
        U8, container("ONE", [entry("A")], base="TWO"), container("TWO", [entry("A")], base="ONE")
    )
    with pytest.raises(InputError):
        plan.compile(db, "ONE")


def test_an_array_of_arrays_beyond_measure_is_refused():
    types = {
        "A": unsigned(1),
        "ROW": ArrayType("/ROW", "/A", 1, HERE, (Fixed(1 << 19),)),
        "ALL": ArrayType("/ALL", "/ROW", 1, HERE, (Fixed(1 << 19),)),
    }
    with pytest.raises(InputError, match="more than"):
        plan.compile(database(types, container("C", [entry("ALL")])))
