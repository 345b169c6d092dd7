"""Facts: canonical octets, a schema that is checked both ways, and a chain."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import Any, get_type_hints

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.command import entries, facts, life, steps
from ground.command.facts import KINDS, ChannelChanged, Ended, Entry, Noted, Released, Verified
from ground.command.life import Life, Stage
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


def test_octets_are_those_that_were_made_by_hand():
    octets = entries.encode(Ended(258, "c1", "EXPIRED", ""))
    assert octets == (
        b"\x94\x01\xa5Ended\xcd\x01\x02\x83"
        b"\xa7command\xa2c1\xa6detail\xa0\xa3end\xa7EXPIRED"
    )  # fmt: skip


def test_equal_states_have_equal_octets_in_whatever_order_their_keys_were_set():
    one = ChannelChanged(1, "CG-1", 0, {"b": 1, "a": [1, {"d": 2, "c": 3}]})
    other = ChannelChanged(1, "CG-1", 0, {"a": (1, {"c": 3, "d": 2}), "b": 1})
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
        ChannelChanged(1, "CG-1", 0, {1: 2}),
        ChannelChanged(1, "CG-1", 0, object()),
        ChannelChanged(1, "CG-1", 0, 1 << 64),
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
        entries.encode(ChannelChanged(1, "CG-1", 0, state))


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


# ---- what facts mean for lives --------------------------------------------------------------


def released(*commands: str) -> Released:
    unit = ("u1", list(commands), "CG-1", 0, "AD", 3, b"frame", "kashi", ["kashi", "CG-1"])
    return Released(30, *unit, 99, False)


ACCEPTED = facts.Accepted(
    10, "c1", "r1", "olga", "key", "CG-1", "/CG1/NOOP", {}, "NOOP", b"\x18", b"d", 5, 9, "H0",
    1, 0, 99, 0, [], "auto", "", False,
)  # fmt: skip
ROUTED = facts.Routed(20, "c1", "plan", ["kashi", "CG-1"], "kashi", 30, 40, 50)


@pytest.mark.parametrize(
    "fact, state",
    [
        (facts.UnitReported(40, "u1", ["c1"], "kashi", "taken", 39, ""), "GW_ACK"),
        (facts.UnitReported(40, "u1", ["c1"], "kashi", "radiated", 39, ""), "RADIATED"),
        (facts.UnitReported(40, "u1", ["c1"], "kashi", "uncertain", 39, ""), "RELEASED"),
        (facts.Custody(40, "u1", ["c1"], "R-1", "RECEIVED", 39, 0), "RELAY_RECEIVED"),
        (facts.Custody(40, "u1", ["c1"], "R-1", "FORWARDED", 39, 0), "RELAY_FORWARDED"),
        (facts.Custody(40, "u1", ["c1"], "R-1", "DROPPED", 39, 2), "RELEASED"),
        (facts.FarmAcknowledged(40, "CG-1", 0, ["c1"], 4), "FARM_ACK"),
        (Verified(40, "c1", "ACCEPTED", "passed", "ST[01,1]", 39, "", False), "ACCEPTED"),
        (Verified(40, "c1", "ACCEPTED", "failed", "ST[01,2]", 39, "", False), "REJECTED"),
        (Verified(40, "c1", "STARTED", "failed", "ST[01,4]", 39, "", False), "FAILED"),
        (Verified(40, "c1", "COMPLETED", "late", "ST[01,7]", 39, "", True), "RELEASED"),
        (Verified(40, "c1", "UNCERTAIN", "late", "no report", 39, "", True), "UNCERTAIN"),
        (Verified(40, "c1", "COMPLETED", "passed", "ST[01,7]", 39, "", False), "COMPLETED"),
        (Ended(40, "c1", "EXPIRED", "N(R) is 3, unit u1 is over"), "EXPIRED"),
        (facts.Queued(40, "c1", "N(R) is 3, unit u1 is over"), "QUEUED"),
        (Noted(40, "a", "c1", "x"), "RELEASED"),
    ],
)
def test_facts_move_the_lives_of_their_commands(fact, state):
    lives: dict[str, Life] = {}
    for each in (ACCEPTED, ROUTED, released("c1", "unknown"), fact):
        assert steps.taken(lives, each) == []
    assert lives["c1"].state == state


def test_a_fact_that_cannot_be_comes_back_and_changes_nothing():
    lives: dict[str, Life] = {}
    steps.taken(lives, ACCEPTED)
    before = lives["c1"]
    (wrong,) = steps.taken(lives, released("c1"))
    assert wrong.reason == "it has no route" and lives["c1"] is before
    (wrong,) = steps.taken(lives, facts.FarmAcknowledged(40, "CG-1", 0, ["c1"], 4))
    assert wrong.stage is Stage.FARM_ACK and lives["c1"] is before


def test_lives_restored_from_octets_are_those_that_were_lived():
    lived: dict[str, Life] = {}
    restored: dict[str, Life] = {}
    late = Verified(50, "c1", "COMPLETED", "passed", "ST[01,7]", 49, "", True)
    for each in (ACCEPTED, ROUTED, released("c1"), late, replace(late, t_ns=51)):
        steps.taken(lived, each)
        steps.taken(restored, entries.decode(entries.encode(each)))
    assert lived == restored and lived["c1"].late == (Stage.COMPLETED,)
    assert lived["c1"].steps[-1] == life.Step(Stage.COMPLETED, 49, "", True)
