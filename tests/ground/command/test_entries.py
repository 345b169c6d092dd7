"""Facts: canonical octets, a schema that is checked both ways, and a chain."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import Any, get_type_hints

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.command import entries, facts
from ground.command.facts import KINDS, Ended, Entry, Noted
from protocols.errors import DecodeError, EncodeError

VALUES: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(1 << 63), (1 << 63) - 1),
    str: st.text(max_size=8),
    bytes: st.binary(max_size=12),
    bool: st.booleans(),
    list[str]: st.lists(st.text(max_size=5), max_size=3),
    dict[str, str]: st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    Any: st.recursive(
        st.none()
        | st.booleans()
        | st.integers(0, 300)
        | st.text(max_size=3)
        | st.binary(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=8,
    ),
}


def any_of(kind: type[Entry]) -> st.SearchStrategy[Entry]:
    hints = get_type_hints(kind)
    form: Any = kind
    return st.builds(form, **{each.name: VALUES[hints[each.name]] for each in fields(form)})


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_of_fact_is_read_as_it_was_written(name):
    @given(any_of(KINDS[name]))
    @settings(max_examples=15, deadline=None)
    def holds(entry):
        octets = entries.encode(entry)
        assert entries.decode(octets) == entry
        version, kind, t_ns, values = msgpack.unpackb(octets)  # by msgpack alone
        assert (version, kind, t_ns) == (1, name, entry.t_ns)
        assert list(values) == sorted(values)

    holds()


ACCEPTED = facts.Accepted(
    10, "c1", "r1", "olga", "key", "CG-1", "/CG1/NOOP", {}, "NOOP", b"\x18", b"d", 5, 9, "H0",
    1, 0, 99, 0, [], "auto", "", False,
)  # fmt: skip


def test_octets_are_those_that_were_made_by_hand():
    octets = entries.encode(Ended(258, "c1", "EXPIRED", ""))
    assert octets == (
        b"\x94\x01\xa5Ended\xcd\x01\x02\x83"
        b"\xa7command\xa2c1\xa6detail\xa0\xa3end\xa7EXPIRED"
    )  # fmt: skip


def test_equal_facts_have_equal_octets_in_whatever_order_their_keys_were_set():
    one = replace(ACCEPTED, arguments={"b": "1", "a": "2"})
    other = replace(ACCEPTED, arguments={"a": "2", "b": "1"})
    assert entries.encode(one) == entries.encode(other)


def test_the_chain_is_what_the_front_page_says():
    genesis = hashlib.sha256(b"ground.ledger/1\0live").digest()
    assert entries.genesis("live") == genesis
    assert entries.link(genesis, b"xy") == hashlib.sha256(genesis + b"xy").digest()


@pytest.mark.parametrize(
    "entry",
    [
        Noted("now", "a", "b", "c"),  # type: ignore[arg-type]
        Noted(True, "a", "b", "c"),
        Noted(1, "a", "b", 4),  # type: ignore[arg-type]
        Noted(1 << 63, "a", "b", "c"),
        Noted(1, "a", "b", "x" * entries.LARGEST),
        Noted(1, "a", "b", "\ud800"),
        Noted(1, "a", "b", {1: 2}),  # type: ignore[arg-type]
        Noted(1, "a", "b", object()),  # type: ignore[arg-type]
        Ended(1 << 64, "c1", "EXPIRED", ""),
    ],
)
def test_what_could_not_be_read_again_is_not_written(entry):
    with pytest.raises(EncodeError):
        entries.encode(entry)


def test_nothing_is_nested_without_end():
    state: Any = 1
    for _ in range(2000):
        state = [state]
    with pytest.raises(EncodeError, match="deeper"):
        entries.encode(Noted(1, "a", "b", state))


GOOD = [1, "Noted", 5, {"source": "a", "subject": "b", "text": "c"}]


@pytest.mark.parametrize(
    "parsed",
    [
        None, [], GOOD[:3], [2, *GOOD[1:]], [1, "Nothing", *GOOD[2:]], [1, "Noted", "5", GOOD[3]],
        [1, "Noted", 5, {}], [1, "Noted", 5, GOOD[3] | {"more": 1}],
        [1, "Noted", 5, GOOD[3] | {"text": 1}], [1, "Noted", 5, GOOD[3] | {"t_ns": 6}],
        [1, "Noted", 5, {"text": "c", "subject": "b", "source": "a"}], [True, *GOOD[1:]],
        [1, "Noted", 5, {"source": "a", "subject": "b", 3: "c"}],
    ],
)  # fmt: skip
def test_what_is_no_fact_in_the_canonical_form_is_refused(parsed):
    assert entries.decode(msgpack.packb(GOOD)) == Noted(5, "a", "b", "c")
    with pytest.raises(DecodeError):
        entries.decode(msgpack.packb(parsed))


@pytest.mark.parametrize("tail", [b"\0", b"\xc1", b"\xdf\xff\xff\xff\xff"])
def test_longer_forms_and_left_over_octets_are_refused(tail):
    octets = msgpack.packb(GOOD)
    with pytest.raises(DecodeError):
        entries.decode(octets + tail)
    with pytest.raises(DecodeError):
        entries.decode(octets.replace(b"\x05\x83", b"\xcc\x05\x83"))


@given(st.binary(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_octets_bring_the_reader_down(octets):
    with pytest.raises(DecodeError):
        entries.decode(octets)
