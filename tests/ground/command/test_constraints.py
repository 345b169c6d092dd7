"""Whether now is the time: it is, it is not, or nobody knows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.columns import Column
from ground.command import constraints
from ground.mdb.model import All, AnyOf, Comparison, Constraint, Reference, Verifier
from tests.clauses import clause

SOC = Reference("/CG1/EPS/BATTERY_SOC")
ECLIPSE = Reference("/CG1/EPS/ECLIPSE")
CHARGED = Comparison(SOC, ">", "30")
SUNLIT = Comparison(ECLIPSE, "==", "SUNLIT")


def number(value):
    return Column(np.array([value]))


def label(text):
    return Column(np.zeros(1, np.int32), None, (text,))


def latest(**columns):
    by_path = {SOC: columns.get("soc"), ECLIPSE: columns.get("eclipse")}
    return by_path.get


@clause("XTCE 1.2 TransmissionConstraintType")
@pytest.mark.parametrize(
    ("soc", "eclipse", "holds"),
    [
        (number(31.0), label("SUNLIT"), (True, True)),
        (number(30.0), label("UMBRA"), (False, False)),
        (None, label("SUNLIT"), (None, True)),
        (number(31.0), None, (True, None)),
        (Column(np.array([31.0]), np.array([False])), label("SUNLIT"), (None, True)),
    ],
)
def test_a_constraint_holds_or_not_or_nobody_knows(soc, eclipse, holds):
    given_ = [Constraint(CHARGED, 60.0), Constraint(SUNLIT)]
    judged = constraints.judge(given_, latest(soc=soc, eclipse=eclipse))
    assert tuple(each.holds for each in judged) == holds
    assert [each.text for each in judged] == ["BATTERY_SOC > 30", "ECLIPSE == SUNLIT"]
    assert [each.timeout_s for each in judged] == [60.0, None]


YES, NO, UNKNOWN = All(()), AnyOf(()), Comparison(SOC, ">", "0")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (All((YES, YES)), True), (All((YES, NO)), False), (All((NO, UNKNOWN)), False),
        (All((YES, UNKNOWN)), None), (AnyOf((NO, NO)), False), (AnyOf((NO, YES)), True),
        (AnyOf((UNKNOWN, YES)), True), (AnyOf((UNKNOWN, NO)), None), (All(()), True),
        (AnyOf(()), False), (All((AnyOf((UNKNOWN,)), YES)), None),
    ],
)  # fmt: skip
def test_unknown_is_no_yes_and_no_no(condition, holds):
    """Kleene's three-valued logic, cell by cell."""
    assert constraints.holds(condition, lambda reference: None) is holds


def conditions():
    leaf = st.sampled_from([CHARGED, SUNLIT, Comparison(SOC, "<=", "90"), YES, NO])
    parts = lambda inner: st.lists(inner, max_size=3).map(tuple)  # noqa: E731
    return st.recursive(leaf, lambda inner: parts(inner).map(All) | parts(inner).map(AnyOf))


@given(condition=conditions(), soc=st.floats(0, 100), light=st.sampled_from(["SUNLIT", "UMBRA"]))
@settings(max_examples=200, deadline=None)
def test_what_holds_without_a_value_holds_with_any(condition, soc, light):
    """An answer that was given in ignorance is not taken back when the value comes."""
    known = latest(soc=number(soc), eclipse=label(light))
    ignorant = constraints.holds(condition, latest(eclipse=label(light)))
    answer = constraints.holds(condition, known)
    assert answer is not None
    assert ignorant in (None, answer)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (All((CHARGED, SUNLIT)), "BATTERY_SOC > 30 and ECLIPSE == SUNLIT"),
        (All((CHARGED, AnyOf((SUNLIT, CHARGED)))),
         "BATTERY_SOC > 30 and (ECLIPSE == SUNLIT or BATTERY_SOC > 30)"),
        (All((AnyOf((SUNLIT,)),)), "ECLIPSE == SUNLIT"),
        (Comparison(Reference("/A/P", calibrated=False), "!=", Reference("/A/Q")), "raw P != Q"),
        (All(()), "always"),
        (AnyOf(()), "never"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_a_sentence(condition, text):
    assert constraints.text(condition) == text


CARD = Comparison(Reference("/CG1/DC/CARDS[card].state"), "==", "OFF")


def test_an_argument_says_which_element():
    bound = constraints.bound(CARD, {"card": 5})
    assert bound == Comparison(Reference("/CG1/DC/CARDS[5].state"), "==", "OFF")
    verifier = Verifier("completed", All((CARD,)), window_s=(1.0, 30.0))
    made = constraints.bound_verifier(verifier, {"card": 63})
    text = "completed: CARDS[63].state == OFF, after 1 s and within 30 s"
    assert constraints.verifier_text(made) == text


def test_a_verifier_by_a_packet_or_by_nothing_says_so():
    by_packet = Verifier("accepted", None, "/CG1/HK", (0.0, 5.0))
    assert constraints.verifier_text(by_packet) == "accepted: packet HK, within 5 s"
    assert constraints.verifier_text(Verifier("queued")) == "queued: nothing that can be seen"
    assert constraints.bound_verifier(by_packet, {"card": 1}) == by_packet


@pytest.mark.parametrize(
    ("left", "operator", "right", "expected"),
    [
        ("x", "==", "5", constraints.ALWAYS),
        ("x", "==", "5.0", constraints.ALWAYS),
        ("x", ">", "5", constraints.NEVER),
        ("mode", "!=", "SAFE", constraints.ALWAYS),
        ("octets", "==", "beef", constraints.ALWAYS),
        ("/S/P", "<", Reference("x"), Comparison(Reference("/S/P"), "<", "5")),
        ("x", "<", Reference("/S/P"), Comparison(Reference("/S/P"), ">", "5")),
        ("x", "<=", Reference("x"), constraints.ALWAYS),
        ("unknown", "==", "5", Comparison(Reference("unknown"), "==", "5")),
    ],
)
def test_values_of_arguments_are_put_in_place(left, operator, right, expected):
    values = {"x": 5, "mode": "NOMINAL", "octets": b"\xbe\xef"}
    assert constraints.bound(Comparison(Reference(left), operator, right), values) == expected
