"""Commands, from XML to the model."""

from __future__ import annotations

import pytest

from ground.mdb.model import (
    Argument,
    ArgumentEntry,
    Comparison,
    Constraint,
    FixedEntry,
    Gravity,
    Level,
    ParameterEntry,
    Reference,
    Verifier,
)
from tests.clauses import clause
from tests.ground.mdb.xtce_documents import document, found, line_of, load, only, problems

TYPES = """<ArgumentTypeSet>
<IntegerArgumentType name="UNIT"><IntegerDataEncoding/>
<ValidRangeSet><ValidRange minInclusive="1" maxInclusive="4"/></ValidRangeSet>
</IntegerArgumentType>
<EnumeratedArgumentType name="POWER"><IntegerDataEncoding sizeInBits="1"/>
<EnumerationList><Enumeration value="0" label="OFF"/><Enumeration value="1" label="ON"/>
</EnumerationList></EnumeratedArgumentType>
</ArgumentTypeSet>"""

WHEEL = """<MetaCommand name="WHEEL" abstract="true" shortDescription="Power a wheel">
<ArgumentList>
<Argument name="unit" argumentTypeRef="UNIT"/>
<Argument name="power" argumentTypeRef="POWER" initialValue="OFF"/>
</ArgumentList>
<CommandContainer name="WHEEL_TC">
<EntryList>
<ParameterRefEntry parameterRef="A"/>
<FixedValueEntry binaryValue="f0" sizeInBits="8"/>
<ArgumentRefEntry argumentRef="unit"/>
<ArgumentRefEntry argumentRef="power">
<IncludeCondition><Comparison value="1"><ArgumentInstanceRef argumentRef="unit"/></Comparison>
</IncludeCondition></ArgumentRefEntry>
</EntryList>
</CommandContainer>
</MetaCommand>"""

WHEEL_1_ON = """<MetaCommand name="WHEEL_1_ON">
<BaseMetaCommand metaCommandRef="WHEEL"><ArgumentAssignmentList>
<ArgumentAssignment argumentName="unit" argumentValue="1"/>
</ArgumentAssignmentList></BaseMetaCommand>
</MetaCommand>"""


def commands(*each: str) -> bytes:
    inner = "\n".join(each)
    return document(
        rest=f"<CommandMetaData>\n{TYPES}\n<MetaCommandSet>\n{inner}\n</MetaCommandSet>\n"
        "</CommandMetaData>"
    )


def with_parts(inner: str) -> bytes:
    return commands(f'<MetaCommand name="FIRE">\n{inner}\n</MetaCommand>')


@clause("XTCE 1.2 MetaCommandType")
def test_a_command_has_arguments_and_a_container_of_its_own():
    database = load(commands(WHEEL))
    made = database.commands["/S/WHEEL"]
    assert (made.abstract, made.description) == (True, "Power a wheel")
    assert made.arguments == (
        Argument("unit", "/S/UNIT"),
        Argument("power", "/S/POWER", "OFF"),
    )
    assert made.container is not None
    parameter, fixed, unit, power = made.container.entries
    assert isinstance(parameter, ParameterEntry)
    assert isinstance(fixed, FixedEntry)
    assert isinstance(unit, ArgumentEntry)
    assert isinstance(power, ArgumentEntry)
    assert (parameter.parameter, fixed.value, unit.argument) == ("/S/A", b"\xf0", "unit")
    assert power.condition == Comparison(Reference("unit"), "==", "1")
    assert database.command_containers == {"/S/WHEEL_TC": made.container}
    assert set(database.argument_types) == {"/S/UNIT", "/S/POWER"}
    assert set(database.containers) == {"/S/C"}


@clause("XTCE 1.2 BaseMetaCommandType")
def test_a_command_extends_another_and_fixes_its_arguments():
    made = load(commands(WHEEL, WHEEL_1_ON)).commands["/S/WHEEL_1_ON"]
    assert (made.base, made.assignments) == ("/S/WHEEL", (("unit", "1"),))


@clause("XTCE 1.2 SignificanceType; ISO 14950")
@pytest.mark.parametrize(
    "level, expected",
    [
        ("normal", Level.NORMAL),
        ("vital", Level.DISTRESS),
        ("critical", Level.CRITICAL),
        ("forbidden", Level.SEVERE),
        ("user1", Level.CRITICAL),
        ("none", Level.NORMAL),  # of XTCE 1.1, as the next
        ("distress", Level.DISTRESS),
    ],
)
def test_a_significance_keeps_its_hazard(level: str, expected: Level):
    octets = with_parts(
        f'<DefaultSignificance consequenceLevel="{level}" reasonForWarning="It burns."/>'
    )
    made = load(octets).commands["/S/FIRE"]
    assert (made.significance, made.significance_reason) == (expected, "It burns.")


@clause("XTCE 1.2 TransmissionConstraintType, CommandVerifierType, CheckWindowType")
def test_constraints_and_verifiers_keep_their_times_in_seconds():
    octets = with_parts("""<TransmissionConstraintList>
<TransmissionConstraint timeOut="PT1M0.5S"><Comparison parameterRef="A" value="1"/>
</TransmissionConstraint></TransmissionConstraintList>
<VerifierSet>
<AcceptedVerifier><ContainerRef containerRef="C"/>
<CheckWindow timeToStopChecking="PT5S" timeWindowIsRelativeTo="commandRelease"/>
</AcceptedVerifier>
<CompleteVerifier><Comparison parameterRef="A" value="2"/>
<CheckWindow timeToStartChecking="PT1S" timeToStopChecking="P1DT1H"/></CompleteVerifier>
</VerifierSet>""")
    made = load(octets).commands["/S/FIRE"]
    one, two = (Comparison(Reference("/S/A"), "==", value) for value in ("1", "2"))
    assert made.constraints == (Constraint(one, 60.5),)
    assert made.verifiers == (
        Verifier("accepted", None, "/S/C", (0.0, 5.0), "commandRelease"),
        Verifier("completed", two, None, (1.0, 90000.0), "timeLastVerifierPassed"),
    )


@pytest.mark.parametrize(
    "part, line, message",
    [
        (
            '<BaseMetaCommand metaCommandRef="NONE"/>',
            "NONE",
            "command 'NONE', which is not defined",
        ),
        (
            '<ArgumentList>\n<Argument name="x" argumentTypeRef="U9"/></ArgumentList>',
            "U9",
            "argument type 'U9', which is not defined",
        ),
        (
            '<CommandContainer name="TC"><EntryList>\n<ArgumentRefEntry argumentRef="y"/>\n'
            "</EntryList></CommandContainer>",
            "ArgumentRefEntry",
            "argument 'y' is not one of this command; it has: none",
        ),
        (
            '<VerifierSet><AcceptedVerifier><Comparison parameterRef="A" value="1"/>\n'
            '<CheckWindow timeToStopChecking="P1M"/></AcceptedVerifier></VerifierSet>',
            "P1M",
            "timeToStopChecking='P1M' found; a duration of days and less, as PT5S, expected",
        ),
    ],
)
def test_a_command_with_a_mistake_is_left_out_with_its_line(part: str, line: str, message: str):
    octets = with_parts(part)
    database = load(octets)
    assert database.commands == {}
    wrong = [text for at, text in found(octets, Gravity.WARNING) if at == line_of(octets, line)]
    assert any(message in text for text in wrong)


def test_a_command_that_extends_one_left_out_is_left_out_too():
    octets = commands(WHEEL.replace('"UNIT"', '"UNITS"'), WHEEL_1_ON)
    assert load(octets).commands == {}
    messages = [text for _, text in found(octets, Gravity.WARNING)]
    assert "command /S/WHEEL_1_ON is left out: it needs one left out" in messages


def test_a_command_that_is_read_in_part_is_never_offered():
    entry = '<ParameterRefEntry parameterRef="A"/>'
    segment = '<ParameterSegmentRefEntry parameterRef="A" sizeInBits="4"/>'
    assert load(commands(WHEEL.replace(entry, segment))).commands == {}


@pytest.mark.parametrize(
    "part",
    [
        "ContextSignificanceList",
        "Interlock",
        "ParameterToSetList",
        "ParametersToSuspendAlarmsOnSet",
    ],
)
def test_a_part_of_a_command_that_is_not_supported_is_named(part: str):
    octets = with_parts(f"<{part}/>")
    assert only(octets, Gravity.UNSUPPORTED, part).startswith(f"{part} is not supported: ")
    assert set(load(octets).commands) == {"/S/FIRE"}


def test_a_block_of_commands_is_named_as_not_supported():
    octets = commands('<BlockMetaCommand name="ALL"/>')
    message = only(octets, Gravity.UNSUPPORTED, "BlockMetaCommand")
    assert message == "BlockMetaCommand 'ALL' is not supported: send its commands one by one"
    assert len(problems(octets)) == 1


def test_two_commands_with_containers_of_one_name_keep_their_own():
    inner = '<CommandContainer name="TC"><EntryList>\n{}\n</EntryList></CommandContainer>'
    octets = commands(
        f'<MetaCommand name="ONE">{inner.format("")}</MetaCommand>',
        '<MetaCommand name="TWO">\n'
        + inner.format('<ParameterRefEntry parameterRef="A"/>')
        + "</MetaCommand>",
    )
    database = load(octets)
    one, two = (database.commands[f"/S/{name}"].container for name in ("ONE", "TWO"))
    assert one is not None
    assert two is not None
    assert (len(one.entries), len(two.entries)) == (0, 1)
    assert database.command_containers["/S/TC"] == one
    message = found(octets, Gravity.WARNING)[0][1]
    assert message.startswith("command container /S/TC is a second one of this name")
