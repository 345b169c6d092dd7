"""Which thing a name reference means."""

from __future__ import annotations

import pytest

from ground.mdb.model import Comparison, Gravity, ParameterEntry, Reference
from tests.clauses import clause
from tests.ground.mdb.xtce_documents import (
    U8,
    container,
    document,
    found,
    line_of,
    load,
    only,
    typed,
)

NESTED = f"""<SpaceSystem name="Root">
<TelemetryMetaData><ParameterTypeSet>{U8}</ParameterTypeSet>
<ParameterSet>
<Parameter name="P" parameterTypeRef="U8"/>
<Parameter name="TOP" parameterTypeRef="U8"/>
</ParameterSet></TelemetryMetaData>
<SpaceSystem name="Bus">
<TelemetryMetaData><ParameterSet>
<Parameter name="P" parameterTypeRef="/Root/U8"/>
</ParameterSet>
<ContainerSet>
<SequenceContainer name="C"><EntryList>
<ParameterRefEntry parameterRef="REFERENCE"/>
</EntryList></SequenceContainer>
</ContainerSet></TelemetryMetaData>
<SpaceSystem name="Cell">
<TelemetryMetaData><ParameterSet>
<Parameter name="Q" parameterTypeRef="U8"/>
</ParameterSet></TelemetryMetaData>
</SpaceSystem>
</SpaceSystem>
</SpaceSystem>"""


@clause("XTCE 1.2 NameReferenceType")
@pytest.mark.parametrize(
    "reference, meant",
    [
        ("P", "/Root/Bus/P"),  # the nearest
        ("TOP", "/Root/TOP"),  # outwards
        ("/Root/P", "/Root/P"),
        ("../P", "/Root/P"),
        ("./P", "/Root/Bus/P"),
        ("./Cell/Q", "/Root/Bus/Cell/Q"),
        ("Cell/Q", "/Root/Bus/Cell/Q"),
        ("Cell/../P", "/Root/Bus/P"),
        ("Bus/P", "/Root/Bus/P"),
        ("//Root//P", "/Root/P"),
    ],
)
def test_a_reference_means_the_nearest_thing_of_its_name(reference: str, meant: str):
    database = load(NESTED.replace("REFERENCE", reference).encode())
    (entry,) = database.containers["/Root/Bus/C"].entries
    assert isinstance(entry, ParameterEntry)
    assert entry.parameter == meant


@clause("XTCE 1.2 NameReferenceType")
@pytest.mark.parametrize("reference", ["Q", "./TOP", "/P", "../../../../P", "Cell/P/x", "P.x"])
def test_a_reference_to_nothing_is_refused_with_its_line(reference: str):
    octets = NESTED.replace("REFERENCE", reference).encode()
    message = only(octets, Gravity.ERROR, "ParameterRefEntry")
    assert (
        f"parameter {reference!r}, which is not defined; the name of a parameter expected"
        in message
    )


def test_a_name_almost_right_gets_a_suggestion():
    octets = document(
        parameters='<Parameter name="VOLTAGE" parameterTypeRef="U8"/>',
        containers='<SequenceContainer name="C"><EntryList>'
        '<ParameterRefEntry parameterRef="VOLTAGES"/></EntryList></SequenceContainer>',
    )
    assert "did you mean /S/VOLTAGE?" in only(octets, Gravity.ERROR, "VOLTAGES")


MEMBERS = """<AggregateParameterType name="CARD"><MemberList>
<Member name="temperature" typeRef="U8"/>
<Member name="errors" typeRef="U8"/>
</MemberList></AggregateParameterType>
<ArrayParameterType name="CARDS" arrayTypeRef="CARD"><DimensionList><Dimension>
<StartingIndex><FixedValue>0</FixedValue></StartingIndex>
<EndingIndex><FixedValue>7</FixedValue></EndingIndex>
</Dimension></DimensionList></ArrayParameterType>"""


@clause("XTCE 1.2 AggregateDataType")
@pytest.mark.parametrize(
    "reference, meant",
    [
        ("ONE.errors", "/S/ONE.errors"),
        ("ONE/errors", "/S/ONE.errors"),
        ("ALL[3].errors", "/S/ALL[3].errors"),
        ("/S/ALL[03]/errors", "/S/ALL[3].errors"),
        ("ALL/3/errors", "/S/ALL[3].errors"),
        ("/S/ALL/00/errors", "/S/ALL[0].errors"),
    ],
)
def test_a_reference_goes_on_into_members_and_elements(reference: str, meant: str):
    octets = document(
        types=MEMBERS,
        parameters='<Parameter name="ONE" parameterTypeRef="CARD"/>'
        '<Parameter name="ALL" parameterTypeRef="CARDS"/>',
        containers=f"""<SequenceContainer name="C"><EntryList>
<ParameterRefEntry parameterRef="ONE"><IncludeCondition>
<Comparison parameterRef="{reference}" value="1"/>
</IncludeCondition></ParameterRefEntry></EntryList></SequenceContainer>""",
    )
    (entry,) = load(octets).containers["/S/C"].entries
    assert entry.condition == Comparison(Reference(meant), "==", "1")


BY_ARGUMENT = """<CommandMetaData>
<ArgumentTypeSet><IntegerArgumentType name="N"><IntegerDataEncoding sizeInBits="8"/>
</IntegerArgumentType></ArgumentTypeSet>
<MetaCommandSet><MetaCommand name="OFF">
<ArgumentList><Argument name="card" argumentTypeRef="N"/></ArgumentList>
<VerifierSet><CompleteVerifier>
<Comparison parameterRef="ALL/{}/errors" value="0"/>
</CompleteVerifier></VerifierSet></MetaCommand></MetaCommandSet></CommandMetaData>"""


def by_argument(name: str) -> bytes:
    parameters = '<Parameter name="ALL" parameterTypeRef="CARDS"/>'
    parameters += '<Parameter name="A" parameterTypeRef="U8"/>'
    return document(types=MEMBERS, parameters=parameters, rest=BY_ARGUMENT.format(name))


def test_an_argument_of_a_command_says_which_element():
    (verifier,) = load(by_argument("card")).commands["/S/OFF"].verifiers
    assert verifier.condition == Comparison(Reference("/S/ALL[card].errors"), "==", "0")


@pytest.mark.parametrize("name", ["node", "-1", "errors", "1234567890"])
def test_what_is_neither_a_number_nor_an_argument_is_no_element(name: str):
    octets = by_argument(name)
    assert load(octets).commands == {}


def test_a_part_of_a_parameter_as_an_entry_is_not_supported():
    octets = document(
        types=MEMBERS,
        parameters='<Parameter name="ONE" parameterTypeRef="CARD"/>',
        containers=container("C", '<ParameterRefEntry parameterRef="ONE.errors"/>'),
    )
    message = only(octets, Gravity.UNSUPPORTED, "ParameterRefEntry")
    assert message.startswith("/S/ONE.errors, a part of a parameter, is not supported as an entry")


def test_a_name_with_a_dot_is_found_whole_before_it_is_taken_for_a_member():
    octets = document(
        parameters='<Parameter name="SWE.SHCOARSE" parameterTypeRef="U8"/>',
        containers='<SequenceContainer name="C"><EntryList>'
        '<ParameterRefEntry parameterRef="SWE.SHCOARSE"/></EntryList></SequenceContainer>',
    )
    (entry,) = load(octets).containers["/S/C"].entries
    assert isinstance(entry, ParameterEntry)
    assert entry.parameter == "/S/SWE.SHCOARSE"
    assert "reserves" in only(octets, Gravity.WARNING, 'name="SWE.SHCOARSE"')


def test_two_things_of_one_name_are_refused_on_the_line_of_the_second():
    octets = document(
        parameters='<Parameter name="A" parameterTypeRef="U8"/>\n'
        '<Parameter  name="A" parameterTypeRef="U8"/>'
    )
    message = only(octets, Gravity.ERROR, "<Parameter  name")
    first = line_of(octets, "<Parameter name")
    assert message == (
        f"parameter /S/A is a second one of this name; names must differ (first on line {first})"
    )


def test_what_nothing_uses_is_left_out_with_a_warning_and_so_is_what_needs_it():
    octets = document(
        types='<IntegerParameterType name="BAD">'
        '<IntegerDataEncoding sizeInBits="0"/></IntegerParameterType>',
        parameters='<Parameter name="A" parameterTypeRef="U8"/>\n'
        '<Parameter name="LOST" parameterTypeRef="BAD"/>\n'
        '<Parameter name="GONE" parameterTypeRef="NOWHERE"/>',
    )
    database = load(octets)
    assert set(database.parameters) == {"/S/A"}
    assert set(database.types) == {"/S/U8"}
    assert {line for line, _ in found(octets, Gravity.WARNING)} == {
        line_of(octets, text) for text in ('sizeInBits="0"', 'name="LOST"', 'name="GONE"')
    }


def test_what_a_packet_needs_refuses_the_file_where_it_is_wrong():
    octets = typed(
        '<IntegerParameterType name="T">\n'
        '<IntegerDataEncoding sizeInBits="0"/>\n</IntegerParameterType>'
    )
    message = only(octets, Gravity.ERROR, 'sizeInBits="0"')
    assert message == "integer of 0 bits found; 1 to 1024 expected"
