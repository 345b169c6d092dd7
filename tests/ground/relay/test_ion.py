"""Contact plans of ION as text: what is read, what is written, and which line is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.errors import InputError
from ground.relay import ion
from ground.relay.plan import SECOND_NS, Contact, Node, of
from protocols import times
from tests.clauses import clause

S = SECOND_NS


@clause("ION ionrc(5), TIME REPRESENTATION")
def test_times_are_relative_to_the_reference_or_of_the_calendar():
    """`@` moves the reference, from where it stands; a confidence may follow the rate."""
    text = """
        # a comment
        1 19 ''
        m horizon +0
        a range +0 +7200 9 5 1.5
        a contact +0 +120 9 5 100000 0.5
        @ +3600
        a contact +0 +120 9 5 100000
        @ 2010/01/01-00:00:10
        a range 2010/01/01-00:00:00 2011/01/01-00:00:00 9 5 2
        a contact +5 2010/01/01-00:00:20 9 5 12500
    """
    plan = ion.read(text, reference_ns=7 * S)
    year = times.parse("2010-01-01T00:00:00Z")
    assert plan.contacts() == [
        Contact("9", "5", 7 * S, 127 * S, 8e5, round(1.5 * S)),
        Contact("9", "5", 3607 * S, 3727 * S, 8e5, round(1.5 * S)),
        Contact("9", "5", year + 15 * S, year + 20 * S, 1e5, 2 * S),
    ]


def test_a_range_holds_both_ways_unless_the_other_has_its_own():
    contacts = "a contact +0 +10 1 2 1\na contact +0 +10 2 1 1\n"
    both = ion.read("a range +0 +10 1 2 3\n" + contacts)
    assert [row.owlt_ns for row in both.contacts()] == [3 * S, 3 * S]
    own = ion.read("a range +0 +10 1 2 3\na range +0 +10 2 1 4\n" + contacts)
    assert [row.owlt_ns for row in own.contacts()] == [3 * S, 4 * S]


def test_a_contact_counts_where_a_range_says_how_far_it_is():
    plan = ion.read("a contact +0 +10 1 2 1\na range +2 +5 1 2 3\na range +5 +8 1 2 4")
    spans = [(row.start_ns // S, row.end_ns // S, row.owlt_ns // S) for row in plan.contacts()]
    assert spans == [(2, 5, 3), (5, 8, 4)]
    assert len(ion.read("a contact +0 +10 1 2 1")) == 0


def test_nodes_that_are_known_keep_their_kind():
    text = "a contact +0 +10 1 2 1\na range +0 +10 1 2 3"
    plan = ion.read(text, nodes=[Node("2", "spacecraft"), Node("7", "station")])
    assert [(node.name, node.kind) for node in plan.nodes] == [
        ("2", "spacecraft"),
        ("7", "station"),
        ("1", "store-and-forward"),
    ]


@pytest.mark.parametrize(
    "line, expected",
    [
        ("a contact +0 +10 1 2", "expected a contact START"),
        ("a contact +0 +10 1 two 5", "expected a contact START"),
        ("a contact +0 +10 1 2 fast", "expected a number"),
        ("a contact +0 +10 1 2 5 1.5", "confidence"),
        ("a contact 0 +10 1 2 5", "expected yyyy/mm/dd"),
        ("a contact 2010/13/01-00:00:00 +10 1 2 5", "2010-13-01"),
        ("a range +10 +10 1 2 5", "an end after its start"),
        ("a plan +10 +10 1 2 5", "expected a contact START"),
        ("@", "expected a contact START"),
        ("@ now", "expected yyyy/mm/dd"),
        ("a contact +" + "9" * 400 + " +10 1 2 5", "expected yyyy/mm/dd"),
    ],
)
def test_a_wrong_line_is_named(line, expected):
    with pytest.raises(InputError, match=expected) as caught:
        ion.read("# first\n" + line, source="contacts.ionrc")
    assert str(caught.value).startswith("contacts.ionrc:2: ")


def test_a_plan_is_written_as_ion_reads_it():
    plan = of([Node("9"), Node("5")], [Contact("9", "5", 60 * S, 120 * S, 8e5, S)])
    assert (
        ion.write(plan, reference_ns=50 * S)
        == "a contact +10 +70 9 5 100000\na range +10 +70 9 5 1\n"
    )
    named = of([Node("kashi"), Node("CG-1")], [Contact("kashi", "CG-1", 0, S, 8.0)])
    assert "a contact +0 +1 9 171 1\n" in ion.write(named, numbers={"kashi": 9, "CG-1": 171})


def test_what_is_written_never_promises_more_than_the_plan():
    """Acquisition and parts of a second fall away from contacts; light times grow."""
    row = Contact("9", "5", S // 2, 10 * S - 1, 8.5e5, 1, S)
    text = ion.write(of([Node("9"), Node("5")], [row]))
    assert text == "a contact +2 +9 9 5 106250\na range +2 +9 9 5 1\n"


def test_what_ion_cannot_hold_is_refused():
    nodes = [Node("9"), Node("5"), Node("x")]
    with pytest.raises(InputError, match="expected a node number"):
        ion.write(of(nodes, [Contact("9", "x", 0, S, 8.0)]))
    parallel = [Contact("9", "5", 0, 9 * S, 8.0, link=n) for n in range(2)]
    with pytest.raises(InputError, match="expected one link"):
        ion.write(of(nodes, parallel))
    with pytest.raises(InputError, match="none before it"):
        ion.write(of(nodes, parallel[:1]), reference_ns=S)


@st.composite
def plans(draw):
    """Plans that ION can hold: whole seconds and octets, contacts of a pair apart."""
    rows, ends = [], {}
    for _ in range(draw(st.integers(0, 12))):
        u, v = draw(st.permutations(["1", "2", "3", "4"]))[:2]
        start = ends.get((u, v), 0) + draw(st.integers(0, 5))
        ends[u, v] = end = start + draw(st.integers(1, 9))
        rate, owlt = 8.0 * draw(st.integers(1, 10**9)), draw(st.integers(0, 9)) * S
        rows.append(Contact(u, v, start * S, end * S, rate, owlt))
    return of([Node(name) for name in "1234"], rows)


@given(plans(), st.integers(-(10**9), 0))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(plan, reference_s):
    text = ion.write(plan, reference_ns=reference_s * S)
    again = ion.read(text, reference_ns=reference_s * S, nodes=plan.nodes)
    assert again.contacts() == plan.contacts()
    assert again.id == plan.id


@given(st.text(alphabet="a contactrange@+0123456789./:-\n", max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_plan_or_an_error(text):
    try:
        ion.read(text)
    except InputError as error:
        assert "expected" in str(error)
