"""Commands as people ask for them."""

from __future__ import annotations

import shlex

import pytest

from ground.command.catalogue import Catalogue
from ground.errors import InputError
from ground.mdb.model import Level
from tests.clauses import clause
from tests.ground.mdb.commands import argument, database, entry, unsigned

NOW = 2_173_478_437 * 10**9
TYPES = (
    unsigned("Card", 16, after='<ValidRangeSet><ValidRange minInclusive="0" maxInclusive="63"/>'
    "</ValidRangeSet>")
    + unsigned("Byte", 8)
    + """<EnumeratedArgumentType name="Power"><IntegerDataEncoding sizeInBits="8"/>
    <EnumerationList><Enumeration value="0" label="OFF"/><Enumeration value="1" label="ON"/>
    </EnumerationList></EnumeratedArgumentType>
    <FloatArgumentType name="Watts"><UnitSet><Unit>W</Unit></UnitSet><IntegerDataEncoding
    sizeInBits="12"><DefaultCalibrator><PolynomialCalibrator><Term coefficient="0" exponent="0"/>
    <Term coefficient="2" exponent="1"/></PolynomialCalibrator></DefaultCalibrator>
    </IntegerDataEncoding></FloatArgumentType>
    <AbsoluteTimeArgumentType name="Time"><Encoding><IntegerDataEncoding sizeInBits="32"/>
    </Encoding><ReferenceTime><Epoch>TAI</Epoch></ReferenceTime></AbsoluteTimeArgumentType>
    <RelativeTimeAgumentType name="Span"><Encoding><IntegerDataEncoding sizeInBits="16"/>
    </Encoding></RelativeTimeAgumentType>
    <BooleanArgumentType name="Truth" zeroStringValue="NO" oneStringValue="YES">
    <IntegerDataEncoding sizeInBits="4"/></BooleanArgumentType>
    <StringArgumentType name="Text"><StringDataEncoding encoding="US-ASCII"><SizeInBits><Fixed>
    <FixedValue>64</FixedValue></Fixed></SizeInBits></StringDataEncoding></StringArgumentType>
    <BinaryArgumentType name="Octets"><BinaryDataEncoding><SizeInBits><FixedValue>16</FixedValue>
    </SizeInBits></BinaryDataEncoding></BinaryArgumentType>
    <ArrayArgumentType name="Three" arrayTypeRef="Byte"><DimensionList><Dimension><StartingIndex>
    <FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>2</FixedValue></EndingIndex>
    </Dimension></DimensionList></ArrayArgumentType>"""
)  # fmt: skip
NAMES = {
    "card": "Card", "power": "Power", "limit": "Watts", "sure": "Truth", "at": "Time",
    "every": "Span", "name": "Text", "word": "Octets", "list": "Three",
}  # fmt: skip


def made(*names: str, **defaults: str) -> Catalogue:
    listed = "".join(argument(name, NAMES[name], defaults.get(name)) for name in names)
    return Catalogue.of(database(TYPES, listed, "".join(map(entry, names))))


def command(*names: str, **defaults: str):
    return made(*names, **defaults).find("C")


ALL = command(*NAMES)
TYPED = {
    "card": "0x3f", "power": "on", "limit": "1.5k", "sure": "true", "at": "+90s", "every": "2m",
    "name": "two words", "word": "be ef", "list": "1, 2,0x3",
}  # fmt: skip


def test_arguments_of_every_kind_become_one_packet():
    """By hand, after six octets of header: 63, ON, 750 in 12 bits and YES in 4, the time ..."""
    at = f"{(NOW // 10**9 + 90):08x}"
    octets = "003f" + "01" + "2ee1" + at + "0078" + b"two words"[:8].hex() + "beef" + "010203"
    with pytest.raises(InputError, match="argument 'name': a string of 9 octets found; 8 fit"):
        ALL.parse(TYPED, NOW)
    values = ALL.parse({**TYPED, "name": "two word"}, NOW)
    assert ALL.encode(values, sequence=3).hex() == "102ac0030017" + octets


def test_what_is_asked_for_is_told_to_people():
    kinds = {each.name: (each.kind, each.units, each.expected) for each in ALL.arguments}
    assert kinds == {
        "card": ("integer", "", "0 to 63"),
        "power": ("enumeration", "", "OFF, ON"),
        "limit": ("float", "W", "0 to 8190 W"),
        "sure": ("boolean", "", "NO, YES"),
        "at": ("time", "", "time"),
        "every": ("span", "", "span"),
        "name": ("string", "", "string"),
        "word": ("binary", "", "binary"),
        "list": ("integer", "", "0 to 255"),
    }
    card, limit = ALL.arguments[0], ALL.arguments[2]
    assert (card.minimum, card.maximum, limit.maximum) == (0, 63, 8190)
    assert [each.name for each in ALL.arguments if each.repeated] == ["list"]


def test_the_text_of_values_reads_back_as_the_same_values():
    values = ALL.parse({**TYPED, "name": "it's =x"}, NOW)
    text = ALL.text(values)
    assert text.startswith("card=63 power=ON limit=1500.0 sure=YES at=20")
    again = dict(part.split("=", 1) for part in shlex.split(text))
    assert ALL.parse(again) == values
    assert ALL.text(ALL.parse(again)) == text


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"card": "64"}, "argument 'card': 64 found; 0 to 63 expected"),
        ({"card": "-1"}, "argument 'card': -1 found; 0 to 63 expected"),
        ({"card": "x"}, "argument 'card': 'x' found; an integer expected"),
        ({"card": "1e30"}, "argument 'card': 1e30 found; 0 to 63 expected"),
        ({}, "argument 'card': nothing found; 0 to 63 expected"),
        ({"card": "1", "node": "2"}, "argument 'node' found; card expected"),
        ({"card": "1", "CARD": "2"}, "argument 'card' found twice; once expected"),
    ],
)
def test_a_mistake_names_the_argument_what_was_found_and_what_expected(texts, message):
    with pytest.raises(InputError) as caught:
        command("card").parse(texts)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["8191.1", "-1.5", "1e300", "9k"])
def test_what_a_calibrator_cannot_reach_is_told_in_engineering_units(text):
    """12 bits of 2 W each: 0 to 8190 W, and half a step more."""
    with pytest.raises(InputError) as caught:
        command("limit").parse({"limit": text})
    assert str(caught.value) == f"argument 'limit': {text} found; 0 to 8190 W expected"


def test_names_of_arguments_are_found_in_any_case():
    assert command("card").parse({"CARD": "5"}) == {"card": 5}


def test_a_command_without_arguments_takes_none():
    ping = Catalogue.of(
        database("", "", '<FixedValueEntry binaryValue="01" sizeInBits="8"/>')
    ).find("C")
    assert ping.encode(ping.parse({})).hex() == "102ac000" + "0000" + "01"
    with pytest.raises(InputError, match="argument 'x' found; no argument expected"):
        ping.parse({"x": "1"})


def test_what_is_not_given_is_the_default_of_the_database():
    entry_ = command("card", "power", card="7")
    assert [each.default for each in entry_.arguments] == ["7", None]
    assert entry_.parse({"power": "off"}) == {"card": 7, "power": "OFF"}


def test_values_cannot_be_changed_after_they_were_judged():
    with pytest.raises(TypeError):
        command("card").parse({"card": "5"})["card"] = 64


def test_what_is_too_much_is_refused_before_it_is_read():
    entry_ = command("list")
    with pytest.raises(InputError, match="at most 1024 expected"):
        entry_.parse({str(i): "1" for i in range(2000)})
    with pytest.raises(InputError, match="too many"):
        entry_.parse({"list": "1," * 10**6})
    with pytest.raises(InputError, match="over 8192 values"):
        entry_.parse({"list": "1," * 9000})
    with pytest.raises(InputError, match="list: 9 values found; 3 expected"):
        entry_.encode(entry_.parse({"list": ",".join("123456789")}))
    with pytest.raises(InputError) as caught:
        entry_.parse({"x" * 10**6: "1"})
    assert len(str(caught.value)) < 400


# ---- the commands of a database -------------------------------------------------------------

DERIVED = """<MetaCommand name="{}"><BaseMetaCommand metaCommandRef="{}"/>
<TransmissionConstraintList><TransmissionConstraint><Comparison parameterRef="VER" value="{}"/>
</TransmissionConstraint></TransmissionConstraintList>
<DefaultSignificance consequenceLevel="{}" reasonForWarning="{}"/>
<VerifierSet><AcceptedVerifier><Comparison parameterRef="VER" value="{}"/></AcceptedVerifier>
<CompleteVerifier><Comparison parameterRef="VER" value="{}"/></CompleteVerifier></VerifierSet>
</MetaCommand>"""


def family() -> Catalogue:
    return Catalogue.of(
        database(
            TYPES, argument("card", "Card"), entry("card"),
            DERIVED.format("D", "C", 1, "critical", "It burns", 1, 1),
            DERIVED.format("E", "D", 2, "normal", "It is cold", 2, 2),
        )
    )  # fmt: skip


@clause("XTCE 1.2 MetaCommandType, VerifierSetType")
def test_constraints_and_final_verifiers_are_added_to_those_of_the_base():
    """Complete and execution verifiers are appended; all others override."""
    found = family().find("E")
    assert [each.condition.value for each in found.constraints] == ["1", "2"]
    verifiers = [(each.stage, each.condition.value) for each in found.verifiers]
    assert verifiers == [("completed", "1"), ("accepted", "2"), ("completed", "2")]


@clause("XTCE 1.2 SignificanceType")
def test_to_extend_a_command_never_makes_it_harmless():
    hazards = {each.name: (each.hazard, each.reason) for each in family().commands.values()}
    assert hazards == {"C": ("H0", ""), "D": ("H2", "It burns"), "E": ("H2", "It burns")}


@pytest.mark.parametrize(
    ("level", "hazard"),
    [("none", "H0"), ("watch", "H0"), ("warning", "H0"), ("distress", "H1"), ("vital", "H1"),
     ("critical", "H2"), ("severe", "H2"), ("forbidden", "H2")],
)  # fmt: skip
def test_significance_is_a_hazard(level, hazard):
    rest = f'<DefaultSignificance consequenceLevel="{level}"/>'
    found = Catalogue.of(database(TYPES, argument("card", "Card"), entry("card"), rest=rest))
    assert found.find("C").hazard == hazard
    assert (found.find("C").significance is Level.NORMAL) == (level == "none")


def test_a_command_is_found_by_path_or_by_enough_of_it():
    found = family()
    assert found.find("/S/D") is found.find("d") is found.find("s/D")
    with pytest.raises(InputError, match="command 'X' found; a command of the mission expected"):
        found.find("X")
    with pytest.raises(InputError, match="command '' found"):
        found.find("")


def test_an_abstract_command_is_not_offered_and_one_that_cannot_be_made_says_why():
    """The last one has neither a container nor one that it extends."""
    abstract = '<MetaCommand name="A" abstract="true"/><MetaCommand name="B"/>'
    found = Catalogue.of(database(TYPES, argument("card", "Card"), entry("card"), abstract))
    assert list(found.commands) == ["/S/C"]
    assert found.problems == {"/S/B": "/S/B: the command has no container"}
