"""Input that is no database: a clear error with its line, and never anything else."""

from __future__ import annotations

import random

import pytest

from ground.errors import InputError
from ground.mdb import xtce
from ground.mdb.model import Database, Gravity
from tests.clauses import clause
from tests.ground.mdb.xtce_documents import container, document, found, load, only, problems

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [
<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">
<!ENTITY lol4 "&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;">
<!ENTITY lol5 "&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;">
<!ENTITY lol6 "&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;">
<!ENTITY lol7 "&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;">
<!ENTITY lol8 "&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;">
<!ENTITY lol9 "&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;">
]>
<SpaceSystem name="S"><LongDescription>&lol9;</LongDescription></SpaceSystem>"""


def refusal(octets: bytes) -> str:
    with pytest.raises(xtce.DatabaseError) as caught:
        load(octets)
    return str(caught.value)


def test_an_entity_bomb_is_refused_at_its_document_type():
    expected = "db.xml:2: error: a document type (DOCTYPE) found; none expected, nor entities"
    assert refusal(BOMB) == expected


def test_an_entity_bomb_in_an_attribute_is_refused_before_it_grows():
    text = refusal(
        BOMB.replace(b"<SpaceSystem name=", b'<SpaceSystem shortDescription="&lol9;" name=')
    )
    assert text.startswith("db.xml:")
    assert len(text) < 300


def test_an_entity_of_a_file_is_never_opened():
    text = refusal(
        b'<!DOCTYPE S [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        b'<SpaceSystem name="S"><LongDescription>&e;</LongDescription></SpaceSystem>'
    )
    assert "DOCTYPE" in text
    assert "root" not in text


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b" \n",
        b"\0\0",
        b"not XML",
        b"<SpaceSystem",
        b"<a></b>",
        b"\xff\xfe<\0",
        "é".encode("latin-1"),
    ],
)
def test_what_is_not_xml_is_refused(octets: bytes):
    text = refusal(octets)
    assert text.startswith("db.xml:")
    assert "not readable as XML" in text
    assert text.endswith("expected")


def test_a_document_of_huge_depth_is_refused():
    text = refusal(b"<SpaceSystem name='S'>" * 100_000)
    assert "not readable as XML" in text


@pytest.mark.parametrize(
    "octets, message",
    [
        (b"<SpaceShip/>", "root element 'SpaceShip' found; SpaceSystem expected"),
        (
            b'<SpaceSystem name="S" xmlns="urn:other"/>',
            "namespace 'urn:other' found; http://www.omg.org/spec/XTCE/20180204 or "
            "http://www.omg.org/space/xtce, or none, expected",
        ),
        (
            b'<SpaceSystem name="S"><x:Include xmlns:x="urn:x"/></SpaceSystem>',
            "element 'Include' of namespace 'urn:x' found; '' expected",
        ),
        (b"<SpaceSystem/>", "SpaceSystem has no attribute 'name'; one is required"),
    ],
)
def test_what_is_not_xtce_is_refused(octets: bytes, message: str):
    assert refusal(octets) == f"db.xml:1: error: {message}"


@clause("XTCE 1.2 SpaceSystemType")
@pytest.mark.parametrize(
    "namespace",
    ["", 'xmlns="http://www.omg.org/space/xtce"', 'xmlns="http://www.omg.org/spec/XTCE/20180204"'],
)
def test_both_namespaces_and_none_are_read(namespace: str):
    octets = document().replace(
        b'xmlns="http://www.omg.org/spec/XTCE/20180204"', namespace.encode()
    )
    assert set(load(octets).parameters) == {"/S/A"}


def test_an_element_that_is_not_of_xtce_is_refused_with_the_likely_one():
    octets = document(
        types='<IntegerParameterType name="T">\n<UnitSets/>\n<IntegerDataEncoding/>\n'
        "</IntegerParameterType>"
    )
    message = only(octets, Gravity.ERROR, "<UnitSets")
    assert message == (
        "element UnitSets found in IntegerParameterType, where XTCE has none; UnitSet expected"
    )


def test_an_element_in_the_wrong_place_is_refused():
    octets = document(containers="<Parameter/>")
    message = only(octets, Gravity.ERROR, "<Parameter/>")
    assert message.startswith("element Parameter found in ContainerSet, where XTCE has none")


def test_an_attribute_that_is_not_of_xtce_is_warned_of():
    octets = document(parameters='<Parameter name="A" parameterTypeRef="U8" unit="V"/>')
    message = only(octets, Gravity.WARNING, "unit=")
    assert message.startswith("attribute 'unit' of Parameter is not of XTCE and not read; ")


@pytest.mark.parametrize(
    "construct, rest",
    [
        ("Service", '<ServiceSet><Service name="X"/></ServiceSet>'),
        ("MathAlgorithm", '<AlgorithmSet><MathAlgorithm name="X"/></AlgorithmSet>'),
        ("CustomAlgorithm", '<AlgorithmSet><CustomAlgorithm name="X"/></AlgorithmSet>'),
        ("FixedFrameStream", '<StreamSet><FixedFrameStream name="X"/></StreamSet>'),
        ("CustomStream", '<StreamSet><CustomStream name="X"/></StreamSet>'),
    ],
)
def test_a_construct_that_is_not_supported_is_named_with_its_line(construct: str, rest: str):
    if construct != "Service":
        rest = f"<CommandMetaData>\n{rest}\n</CommandMetaData>"
    octets = document(rest=rest)
    message = only(octets, Gravity.UNSUPPORTED, construct)
    assert message.startswith(f"{construct} 'X' is not supported: ")


def test_a_refused_database_tells_every_problem_on_a_line_of_its_own_errors_first():
    octets = document(
        parameters='<Parameter name="A" parameterTypeRef="U8" unit="V"/>',
        containers=container(
            "C", '<ParameterRefEntry parameterRef="X"/>\n<ParameterRefEntry parameterRef="Y"/>'
        ),
    )
    lines = refusal(octets).split("\n")
    assert [line.split(": ")[1] for line in lines] == ["error", "error", "warning"]
    assert issubclass(xtce.DatabaseError, InputError)


def test_a_database_carries_the_digest_of_its_octets():
    database = load(document())
    assert len(database.digest) == 64
    assert database.digest != load(document() + b"\n").digest
    assert (database.name, database.source) == ("S", "db.xml")


# ---- fuzz -----------------------------------------------------------------------------------

SEED = document(
    types="""<EnumeratedParameterType name="E" initialValue="ON"><UnitSet><Unit>V</Unit></UnitSet>
<IntegerDataEncoding sizeInBits="4" byteOrder="0"><DefaultCalibrator><PolynomialCalibrator>
<Term exponent="1" coefficient="2"/></PolynomialCalibrator></DefaultCalibrator>
</IntegerDataEncoding><EnumerationList><Enumeration value="1" maxValue="3" label="ON"/>
</EnumerationList></EnumeratedParameterType>
<AggregateParameterType name="G"><MemberList><Member name="m" typeRef="E"/></MemberList>
</AggregateParameterType>
<ArrayParameterType name="L" arrayTypeRef="G"><DimensionList><Dimension><StartingIndex>
<FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>3</FixedValue></EndingIndex>
</Dimension></DimensionList></ArrayParameterType>
<StringParameterType name="T"><StringDataEncoding><SizeInBits><TerminationChar>00</TerminationChar>
</SizeInBits></StringDataEncoding></StringParameterType>""",
    parameters='<Parameter name="A" parameterTypeRef="U8"/>'
    '<Parameter name="B" parameterTypeRef="L"/>'
    '<Parameter name="D" parameterTypeRef="T"/>',
    containers="""<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="A"/>
<ParameterRefEntry parameterRef="B"><RepeatEntry><Count><DynamicValue>
<ParameterInstanceRef parameterRef="A"/><LinearAdjustment slope="2"/></DynamicValue></Count>
</RepeatEntry></ParameterRefEntry></EntryList></SequenceContainer>
<SequenceContainer name="K"><EntryList><ParameterRefEntry parameterRef="D">
<IncludeCondition><Comparison parameterRef="B[1].m" value="ON"/></IncludeCondition>
</ParameterRefEntry></EntryList>
<BaseContainer containerRef="C"><RestrictionCriteria><Comparison parameterRef="A" value="1"/>
</RestrictionCriteria></BaseContainer></SequenceContainer>""",
    rest="""<CommandMetaData><ArgumentTypeSet><IntegerArgumentType name="I"><IntegerDataEncoding/>
</IntegerArgumentType></ArgumentTypeSet><MetaCommandSet><MetaCommand name="M"><ArgumentList>
<Argument name="x" argumentTypeRef="I"/></ArgumentList><CommandContainer name="MC"><EntryList>
<ArgumentRefEntry argumentRef="x"/></EntryList></CommandContainer></MetaCommand>
</MetaCommandSet></CommandMetaData>""",
)
INTERESTING = (
    b"0",
    b"-1",
    b"9" * 30,
    b"nan",
    b"..",
    b"/",
    b"[",
    b".",
    b"]",
    b'"',
    b"<",
    b"A",
    b"C",
    b"",
)


def mutated(seed: bytes, dice: random.Random) -> bytes:
    """Change a few octets: at any place, or a whole word of the document."""
    octets = bytearray(seed)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(octets))
        end = min(len(octets), at + dice.choice((0, 1, 1, 2, 8, 40)))
        octets[at:end] = dice.choice((*INTERESTING, bytes([dice.randrange(256)])))
    return bytes(octets)


def swapped(seed: bytes, dice: random.Random) -> bytes:
    """Give one attribute the value of another, so that the document stays XML."""
    parts = seed.split(b'"')
    values = range(1, len(parts), 2)
    for _ in range(dice.randint(1, 2)):
        parts[dice.choice(values)] = dice.choice((parts[dice.choice(values)], *INTERESTING[:9]))
    return b'"'.join(parts)


@pytest.mark.parametrize("change", [mutated, swapped])
def test_a_changed_database_loads_or_is_refused_and_nothing_else(change):
    assert problems(SEED) == ()
    dice = random.Random(20180204)
    loaded = refused = 0
    for _ in range(1000):
        octets = change(SEED, dice)
        try:
            assert isinstance(xtce.load(octets, "db.xml"), Database)
            loaded += 1
        except xtce.DatabaseError as error:
            assert any(problem.gravity is Gravity.ERROR for problem in error.problems)
            refused += 1
    assert loaded > 5
    assert refused > 400


def test_a_reference_to_nothing_in_a_mutated_seed_is_named():
    octets = SEED.replace(b'parameterRef="D"', b'parameterRef="Z"')
    assert "parameter 'Z', which is not defined" in found(octets, Gravity.ERROR)[0][1]


def test_an_earlier_instance_of_a_parameter_is_named_as_not_supported():
    octets = SEED.replace(b'parameterRef="B[1].m"', b'parameterRef="B[1].m" instance="-1"')
    message = only(octets, Gravity.UNSUPPORTED, 'instance="-1"')
    assert message == "instance -1 is not supported: taken as missing"


def test_an_attribute_that_is_not_supported_is_named():
    octets = document(
        types='<StringParameterType name="T" restrictionPattern="[A-Z]+"/>',
    )
    message = only(octets, Gravity.UNSUPPORTED, "restrictionPattern")
    assert message == (
        "StringParameterType@restrictionPattern 'T' is not supported: text is not checked"
    )
