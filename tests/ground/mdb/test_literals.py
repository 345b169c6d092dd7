"""What people type, as values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.errors import Where
from ground.mdb.literals import parse
from ground.mdb.model import IntegerEncoding, Kind, Label, ScalarType
from protocols.errors import EncodeError

NOW = 2_173_478_437 * 10**9
LABELS = (Label(0, 0, "OFF"), Label(1, 1, "ON"), Label(2, 2, "on"), Label(8, 15, "SPARE"))


def type_(kind: Kind, **more: object) -> ScalarType:
    return ScalarType("/T", kind, IntegerEncoding(32), Where("t"), **more)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("63", 63), (" -7 ", -7), ("+5", 5), ("0x3f", 63), ("-0X10", -16), ("0b101", 5),
        ("0o17", 15), ("1.5k", 1500), ("2M", 2_000_000), ("0.001G", 1_000_000), ("1e3", 1000),
        ("18446744073709551615", 2**64 - 1), ("007", 7), ("2.0", 2),
    ],
)  # fmt: skip
def test_an_integer_is_written_in_many_ways(text, value):
    found = parse(type_(Kind.INTEGER), text)
    assert (found, type(found)) == (value, int)


@pytest.mark.parametrize(
    "text",
    ["", " ", "1_000", "1.5", "0x", "0b12", "0xg", "1k5", "k", "--1", "1,5", "nan", "inf", "٣",
     "1e9999", "__import__('os')", "2**3", "9" * 81, "1 2"],
)  # fmt: skip
def test_what_is_no_integer_is_refused_and_never_evaluated(text):
    with pytest.raises(EncodeError, match="found; an integer expected"):
        parse(type_(Kind.INTEGER), text)


@pytest.mark.parametrize(
    ("text", "value"), [("1.5", 1.5), ("-.5", -0.5), ("3.", 3.0), ("1.5k", 1500.0), ("1e-3", 0.001)]
)
def test_a_float_is_the_nearest_to_what_was_typed(text, value):
    found = parse(type_(Kind.FLOAT), text)
    assert (found, type(found)) == (value, float)


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999", "1.2.3", "0x1.8p3", ""])
def test_what_is_no_finite_number_is_refused(text):
    with pytest.raises(EncodeError, match="found; a finite number expected"):
        parse(type_(Kind.FLOAT), text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("OFF", "OFF"), ("off", "OFF"), ("ON", "ON"), ("on", "on"), ("1", "ON"), ("0x2", "on"),
     ("spare", "SPARE"), ("9", 9)],
)  # fmt: skip
def test_a_label_is_found_in_any_case_or_by_its_number(text, value):
    """`ON` and `on` differ, so each is found only as it is written."""
    assert parse(type_(Kind.ENUMERATED, labels=LABELS), text) == value


@pytest.mark.parametrize("text", ["On", "7", "1.5", "", "OFFF"])
def test_a_label_that_is_not_there_is_answered_with_those_that_are(text):
    with pytest.raises(EncodeError, match="found; one of OFF, ON, on, SPARE expected"):
        parse(type_(Kind.ENUMERATED, labels=LABELS), text)


def test_a_truth_has_its_labels_and_those_of_everyone():
    made = type_(Kind.BOOLEAN, zero_label="OPEN", one_label="LOCKOUT")
    assert [parse(made, text) for text in ("open", "FALSE", "0")] == ["OPEN"] * 3
    assert [parse(made, text) for text in ("LOCKOUT", "true", "1")] == ["LOCKOUT"] * 3
    with pytest.raises(EncodeError, match="'2' found; OPEN or LOCKOUT expected"):
        parse(made, "2")


def test_octets_are_hex():
    assert parse(type_(Kind.BINARY), "0xDE ad be ef") == bytes.fromhex("deadbeef")
    for text in ("abc", "0xzz", "12 3"):
        with pytest.raises(EncodeError, match="octets in hex"):
            parse(type_(Kind.BINARY), text)


def test_a_string_holds_what_can_be_printed():
    assert parse(type_(Kind.STRING), " a=b 'c' ") == " a=b 'c' "
    for text in ("\x1b[2J", "a\nb", "\0"):
        with pytest.raises(EncodeError, match="printable characters expected"):
            parse(type_(Kind.STRING), text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("now", NOW),
        ("+90s", NOW + 90 * 10**9),
        ("+90", NOW + 90 * 10**9),
        ("-1h30m", NOW - 5400 * 10**9),
        ("+1d", NOW + 86_400 * 10**9),
        ("+0.5s", NOW + 5 * 10**8),
        ("2017-01-01T00:00:00Z", 1_861_920_037 * 10**9),
        ("2016-12-31T23:59:60Z", 1_861_920_036 * 10**9),
        ("2017-01-01T08:00:00+08:00", 1_861_920_037 * 10**9),
    ],
)
def test_an_instant_is_in_utc_or_counts_from_now(text, value):
    assert parse(type_(Kind.ABSOLUTE_TIME), text, NOW) == value


@pytest.mark.parametrize("text", ["+", "+s", "tomorrow", "2017-13-01", "+1h1h", "+90 s", "+1y"])
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(EncodeError, match="found; a time"):
        parse(type_(Kind.ABSOLUTE_TIME), text, NOW)


def test_without_a_now_nothing_counts_from_it():
    with pytest.raises(EncodeError, match=r"'\+90s' found; a time in UTC"):
        parse(type_(Kind.ABSOLUTE_TIME), "+90s")


def test_a_span_is_in_seconds_unless_said_otherwise():
    made = type_(Kind.RELATIVE_TIME)
    assert [parse(made, text) for text in ("90", "1.5s", "-2m", "1h30m")] == [
        90 * 10**9, 1_500_000_000, -120 * 10**9, 5400 * 10**9,
    ]  # fmt: skip


@given(text=st.text(max_size=60), kind=st.sampled_from(Kind))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_value_or_is_refused(text, kind):
    try:
        parse(type_(kind, labels=LABELS), text, NOW)
    except EncodeError as error:
        assert "found; " in str(error)


def test_a_text_without_end_is_refused_at_once():
    for kind in Kind:
        with pytest.raises(EncodeError):
            parse(type_(kind, labels=LABELS), "9" * 10**6, NOW)
