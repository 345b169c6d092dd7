"""Containers: entries and their places, inheritance, conditions; what cannot be laid out."""

from __future__ import annotations

import pytest

from ground.mdb.model import (
    All,
    Comparison,
    ContainerEntry,
    Dynamic,
    Fixed,
    FixedEntry,
    Gravity,
    Location,
    Origin,
    ParameterEntry,
    Reference,
    Repeat,
)
from tests.clauses import clause
from tests.ground.mdb.xtce_documents import (
    U8,
    container,
    document,
    found,
    line_of,
    load,
    only,
    problems,
)

A_AND_B = '<Parameter name="A" parameterTypeRef="U8"/>\n<Parameter name="B" parameterTypeRef="U8"/>'


def entry_of(entry: str):
    octets = document(parameters=A_AND_B, containers=container("C", entry))
    (made,) = load(octets).containers["/S/C"].entries
    return made


def extending(name: str, base: str, entries: str, criteria: str = "") -> str:
    return container(
        name,
        entries,
        f'<BaseContainer containerRef="{base}">\n{criteria}\n</BaseContainer>',
    )


@clause("XTCE 1.2 SequenceEntryType")
def test_an_entry_has_a_place_a_condition_and_a_count():
    made = entry_of("""<ParameterRefEntry parameterRef="A">
<LocationInContainerInBits referenceLocation="containerEnd"><FixedValue>16</FixedValue>
</LocationInContainerInBits>
<RepeatEntry><Count><DynamicValue><ParameterInstanceRef parameterRef="B"/></DynamicValue></Count>
<Offset><FixedValue>4</FixedValue></Offset></RepeatEntry>
<IncludeCondition><Comparison parameterRef="B" value="0" comparisonOperator="!="/>
</IncludeCondition></ParameterRefEntry>""")
    assert isinstance(made, ParameterEntry)
    assert made.parameter == "/S/A"
    assert made.location == Location(Origin.CONTAINER_END, Fixed(16))
    assert made.repeat == Repeat(Dynamic(Reference("/S/B")), Fixed(4))
    assert made.condition == Comparison(Reference("/S/B"), "!=", "0")


@clause("XTCE 1.2 LocationInContainerInBitsType")
def test_a_place_counts_from_the_entry_before_unless_said():
    made = entry_of("""<ParameterRefEntry parameterRef="A"><LocationInContainerInBits>
<FixedValue>-3</FixedValue></LocationInContainerInBits></ParameterRefEntry>""")
    assert made.location == Location(Origin.PREVIOUS_ENTRY, Fixed(-3))


@clause("XTCE 1.2 ArgumentFixedValueEntryType")
@pytest.mark.parametrize(
    "bits, text, value", [(8, "f0", "f0"), (4, "f0", "00"), (12, "abcd", "0bcd"), (32, "01", "01")]
)
def test_a_fixed_value_keeps_its_least_significant_bits(bits: int, text: str, value: str):
    made = entry_of(f'<FixedValueEntry name="SYNC" binaryValue="{text}" sizeInBits="{bits}"/>')
    assert isinstance(made, FixedEntry)
    assert (made.bits, made.value.hex(), made.name) == (bits, value, "SYNC")


@clause("XTCE 1.2 BaseContainerType, RestrictionCriteriaType")
def test_a_container_extends_another_where_all_comparisons_hold():
    octets = document(
        parameters=A_AND_B,
        containers=container("BASE", '<ParameterRefEntry parameterRef="A"/>', "", 'abstract="true"')
        + extending(
            "ONE",
            "BASE",
            '<ParameterRefEntry parameterRef="B"/>',
            '<RestrictionCriteria><ComparisonList><Comparison parameterRef="A" value="1"/>'
            '<Comparison parameterRef="A" value="0x1"/></ComparisonList></RestrictionCriteria>',
        )
        + extending("TWO", "/S/BASE", ""),
    )
    database = load(octets)
    one = database.containers["/S/ONE"]
    left = Reference("/S/A")
    assert one.restriction == All((Comparison(left, "==", "1"), Comparison(left, "==", "0x1")))
    assert (one.base, database.containers["/S/BASE"].abstract) == ("/S/BASE", True)
    assert database.children == {"/S/BASE": ("/S/ONE", "/S/TWO")}
    assert problems(octets) == ()


@clause("XTCE 1.2 ContainerRefEntryType, ContainerType")
def test_a_container_holds_another_and_may_say_its_size():
    octets = document(
        containers=container(
            "C",
            '<ContainerRefEntry containerRef="INNER"/>',
            "<BinaryEncoding><SizeInBits><FixedValue>64</FixedValue></SizeInBits></BinaryEncoding>",
        )
        + container("INNER", '<ParameterRefEntry parameterRef="A"/>')
    )
    made = load(octets).containers["/S/C"]
    (entry,) = made.entries
    assert isinstance(entry, ContainerEntry)
    assert (entry.container, made.bits) == ("/S/INNER", Fixed(64))


@clause("XTCE 1.2 ArrayParameterRefEntryType")
def test_an_array_entry_may_give_the_sizes():
    octets = document(
        types='<ArrayParameterType name="LIST" arrayTypeRef="U8" numberOfDimensions="1"/>',
        parameters='<Parameter name="A" parameterTypeRef="LIST"/>',
        containers=container(
            "C",
            '<ArrayParameterRefEntry parameterRef="A"><DimensionList><Size>'
            "<FixedValue>9</FixedValue></Size></DimensionList></ArrayParameterRefEntry>",
        ),
    )
    (entry,) = load(octets).containers["/S/C"].entries
    assert isinstance(entry, ParameterEntry)
    assert entry.sizes == (Fixed(9),)
    unsized = octets.replace(b"<Size><FixedValue>9</FixedValue></Size>", b"")
    message = only(unsized, Gravity.ERROR, "ArrayParameterRefEntry")
    assert message == "array /S/LIST of 1 dimensions with 0 sizes found; a size for each expected"


# ---- what cannot be laid out ----------------------------------------------------------------


@clause("XTCE 1.2 NameReferenceType")
def test_a_container_that_extends_itself_is_refused_with_the_circle():
    octets = document(containers=extending("ONE", "TWO", "") + extending("TWO", "ONE", ""))
    message = only(octets, Gravity.ERROR, 'containerRef="ONE"')
    assert message == "container stands in itself: /S/ONE -> /S/TWO -> /S/ONE; no circle expected"


def test_a_container_that_holds_itself_is_refused():
    octets = document(containers=container("C", '<ContainerRefEntry containerRef="C"/>'))
    message = only(octets, Gravity.ERROR, "ContainerRefEntry")
    assert message == "container stands in itself: /S/C -> /S/C; no circle expected"


@pytest.mark.parametrize(
    "types",
    [
        '<AggregateParameterType name="T"><MemberList>\n<Member name="m" typeRef="T"/>\n'
        "</MemberList></AggregateParameterType>",
        '<ArrayParameterType name="T" arrayTypeRef="T"/>',
        '<IntegerParameterType name="T" baseType="T"/>',
    ],
)
def test_a_type_made_of_itself_is_refused(types: str):
    octets = document(types=types, parameters='<Parameter name="A" parameterTypeRef="U8"/>')
    (message,) = [text for _, text in found(octets, Gravity.ERROR) if "stands in" in text]
    assert message == "parameter type stands in itself: /S/T -> /S/T; no circle expected"


def test_containers_nested_without_measure_are_refused_without_recursion():
    depth = 5000
    containers = "".join(
        container(f"C{n}", f'<ContainerRefEntry containerRef="C{n + 1}"/>') for n in range(depth)
    )
    octets = document(
        containers=containers + container(f"C{depth}", '<ParameterRefEntry parameterRef="A"/>')
    )
    message = only(octets, Gravity.ERROR, f'name="C{depth - 100}"')
    assert message.endswith("is nested 101 deep; at most 100 expected")


def test_containers_that_double_without_measure_are_refused_in_no_time():
    containers = "".join(
        container(f"C{n}", f'<ContainerRefEntry containerRef="C{n + 1}"/>\n' * 2) for n in range(60)
    )
    octets = document(
        containers=containers + container("C60", '<ParameterRefEntry parameterRef="A"/>')
    )
    messages = [text for _, text in found(octets, Gravity.ERROR)]
    assert messages
    assert set(messages) == {"over 524336 values; no packet has as many"}


def test_types_that_double_without_measure_are_refused_in_no_time():
    types = "".join(
        f'<AggregateParameterType name="T{n}"><MemberList><Member name="a" typeRef="T{n + 1}"/>'
        f'<Member name="b" typeRef="T{n + 1}"/></MemberList></AggregateParameterType>\n'
        for n in range(60)
    )
    octets = document(
        types=types,
        more_types=U8.replace("U8", "T60"),
        parameters='<Parameter name="A" parameterTypeRef="T0"/>',
    )
    assert only(octets, Gravity.ERROR, "ParameterRefEntry").startswith("over 524336 values")


# ---- what is not supported ------------------------------------------------------------------


@clause("XTCE 1.2 SequenceEntryType")
def test_what_follows_an_entry_that_is_not_supported_is_left_out_everywhere():
    octets = document(
        parameters=A_AND_B,
        containers=container(
            "BASE",
            '<ParameterRefEntry parameterRef="A"/>\n'
            '<ParameterSegmentRefEntry parameterRef="B" sizeInBits="4"/>\n'
            '<ParameterRefEntry  parameterRef="A"/>',
        )
        + extending("CHILD", "BASE", '<ParameterRefEntry parameterRef="B"/>')
        + container(
            "HOLDER",
            '<ParameterRefEntry parameterRef="A"/>\n<ContainerRefEntry containerRef="BASE"/>\n'
            '<ParameterRefEntry parameterRef="B"/>',
        ),
    )
    made = load(octets).containers
    assert {path: len(one.entries) for path, one in made.items()} == {
        "/S/BASE": 1,
        "/S/CHILD": 0,
        "/S/HOLDER": 2,
    }
    assert found(octets, Gravity.UNSUPPORTED) == [
        (
            line_of(octets, "ParameterSegmentRefEntry"),
            "ParameterSegmentRefEntry is not supported: the container is read up to this entry",
        ),
        (
            line_of(octets, '"CHILD"'),
            "container /S/CHILD stands on one read in part: 0 entries are read",
        ),
        (
            line_of(octets, '"HOLDER"'),
            "container /S/HOLDER stands on one read in part: 2 entries are read",
        ),
    ]


def test_a_condition_by_an_algorithm_never_holds_and_is_named():
    octets = document(
        containers=container("BASE", '<ParameterRefEntry parameterRef="A"/>')
        + extending(
            "C",
            "BASE",
            "",
            '<RestrictionCriteria>\n<CustomAlgorithm name="choose"/></RestrictionCriteria>',
        )
    )
    message = only(octets, Gravity.UNSUPPORTED, "CustomAlgorithm")
    assert message.startswith("CustomAlgorithm 'choose' is not supported")
    restriction = load(octets).containers["/S/C"].restriction
    assert restriction is not None
    assert restriction.parts == ()  # any of nothing


# ---- comparisons ----------------------------------------------------------------------------

KINDS = """<EnumeratedParameterType name="MODE"><IntegerDataEncoding sizeInBits="4"/>
<EnumerationList><Enumeration value="0" label="OFF"/></EnumerationList></EnumeratedParameterType>
<IntegerParameterType name="S4"><IntegerDataEncoding sizeInBits="4" encoding="twosComplement"/>
</IntegerParameterType>"""


@clause("XTCE 1.2 ComparisonType")
@pytest.mark.parametrize(
    "comparison, expected",
    [
        ('parameterRef="M" value="OFF"', None),
        ('parameterRef="M" value="0"', None),  # files in use write the number
        ('parameterRef="M" value="ON"', "/S/M compared with 'ON'; one of its labels OFF expected"),
        ('parameterRef="M" value="15" useCalibratedValue="false"', None),
        (
            'parameterRef="M" value="OFF" useCalibratedValue="false"',
            "/S/M compared with 'OFF'; a number expected",
        ),
        ('parameterRef="N" value="-8"', None),
        ('parameterRef="N" value="8"', "/S/N compared with '8'; -8 to 7 expected"),
        ('parameterRef="N" value="x"', "/S/N compared with 'x'; a number expected"),
    ],
)
def test_a_comparison_that_can_never_hold_is_warned_of(comparison: str, expected: str | None):
    octets = document(
        types=KINDS,
        parameters='<Parameter name="M" parameterTypeRef="MODE"/>'
        '<Parameter name="N" parameterTypeRef="S4"/>',
        containers=container("BASE", '<ParameterRefEntry parameterRef="M"/>')
        + extending(
            "C",
            "BASE",
            '<ParameterRefEntry parameterRef="N"/>',
            f"<RestrictionCriteria>\n<Comparison {comparison}/>\n</RestrictionCriteria>",
        ),
    )
    if expected is None:
        assert problems(octets) == ()
    else:
        assert only(octets, Gravity.WARNING, "<Comparison ") == expected
