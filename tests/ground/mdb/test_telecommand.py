"""Values of arguments become the octets of a command."""

from __future__ import annotations

import crcmod
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.errors import InputError
from ground.mdb.telecommand import MissingValue, Telecommand
from protocols.errors import EncodeError
from tests.clauses import clause
from tests.ground.mdb.commands import argument, database, entry, unsigned

U8 = unsigned("B", 8)
FIXED = '<FixedValueEntry name="f" binaryValue="{}" sizeInBits="{}"/>'


def body(command: Telecommand, **values: object) -> str:
    """The data field of the packet, as hex."""
    return command.encode(values)[6:].hex()


@clause("133.0-B-2 §4.1.3")
def test_the_header_says_telecommand_alone_and_how_long():
    """By hand: version 0, type 1, APID 42, unsegmented, count 9, two octets less one."""
    command = Telecommand.of(database(unsigned("W", 16), argument("x", "W"), entry("x")), "/S/C")
    assert command.encode({"x": 0xBEEF}, sequence=9).hex() == "102a" + "c009" + "0001" + "beef"
    assert command.encode({"x": 0}, sequence=16384 + 5)[2:4].hex() == "c005"


@clause("ECSS-E-ST-70-41C annex B")
def test_error_control_is_counted_and_makes_the_whole_check_to_zero():
    """The oracle is crcmod's own polynomial division."""
    made = database(U8, argument("x", "B"), entry("x"))
    packet = Telecommand.of(made, "/S/C", packet_error_control=True).encode({"x": 7})
    crc = crcmod.mkCrcFun(0x11021, initCrc=0xFFFF, rev=False)
    assert packet[4:7].hex() == "0002" + "07"
    assert packet[-2:] == crc(packet[:-2]).to_bytes(2, "big")
    assert crc(packet) == 0


@clause("XTCE 1.2 FixedValueEntryType")
@pytest.mark.parametrize(
    ("entries", "octets"),
    [
        (FIXED.format("f0", 8), "f0"),
        (FIXED.format("02", 4) + FIXED.format("0F", 4), "2f"),
        (FIXED.format("0305", 16) + FIXED.format("01", 4) + FIXED.format("00", 4), "030510"),
        (FIXED.format("01", 24), "000001"),  # fewer octets than bits: zeros before
    ],
)
def test_fixed_values_stand_in_the_packet(entries, octets):
    assert body(Telecommand.of(database("", "", entries), "/S/C")) == octets


ASSIGNED = """<MetaCommand name="D"><BaseMetaCommand metaCommandRef="C"><ArgumentAssignmentList>
<ArgumentAssignment argumentName="x" argumentValue="5"/></ArgumentAssignmentList></BaseMetaCommand>
</MetaCommand>"""
AGAIN = """<MetaCommand name="E"><BaseMetaCommand metaCommandRef="D"><ArgumentAssignmentList>
<ArgumentAssignment argumentName="x" argumentValue="0x06"/></ArgumentAssignmentList>
</BaseMetaCommand></MetaCommand>"""


@clause("XTCE 1.2 ArgumentAssignmentType, BaseMetaCommandType")
def test_an_assigned_argument_is_fixed_and_the_nearest_assignment_counts():
    """Neither command has a container of its own: that of the base is theirs."""
    made = database(
        U8, argument("x", "B") + argument("y", "B"), entry("x") + entry("y"), ASSIGNED, AGAIN
    )
    base, derived, again = (Telecommand.of(made, f"/S/{name}") for name in "CDE")
    assert [each.name for each in base.fields] == ["x", "y"]
    assert [each.name for each in derived.fields] == ["y"]
    assert (body(derived, y=1), body(again, y=1)) == ("0501", "0601")
    with pytest.raises(EncodeError, match="x: no field of the command to be given"):
        derived.encode({"x": 5, "y": 1})


TWINS = """<MetaCommand name="{}"><BaseMetaCommand metaCommandRef="{}"/><CommandContainer name="{}">
<EntryList><FixedValueEntry binaryValue="{}" sizeInBits="8"/></EntryList>
<BaseContainer containerRef="{}"/></CommandContainer></MetaCommand>"""


@clause("XTCE 1.2 MetaCommandType")
def test_the_container_of_a_command_is_its_own_even_where_another_has_its_name():
    """A command's container is private except to the commands that extend it."""
    made = database(
        U8, argument("x", "B"), entry("x"),
        TWINS.format("D", "C", "Twin", "d1", "CPacket"),
        TWINS.format("E", "C", "Twin", "e1", "CPacket"),
        TWINS.format("F", "D", "FPacket", "f1", "Twin"),
        TWINS.format("G", "E", "GPacket", "a1", "Twin"),
    )  # fmt: skip
    found = {name: body(Telecommand.of(made, f"/S/{name}"), x=7) for name in "DEFG"}
    assert found == {"D": "07d1", "E": "07e1", "F": "07d1f1", "G": "07e1a1"}


def test_defaults_of_argument_and_type_stand_in_that_order():
    types = U8 + '<IntegerArgumentType name="D" initialValue="3" signed="false">'
    types += '<IntegerDataEncoding sizeInBits="8"/></IntegerArgumentType>'
    listed = argument("x", "D") + argument("y", "D", "4") + argument("z", "B")
    command = Telecommand.of(database(types, listed, entry("x") + entry("y") + entry("z")), "/S/C")
    assert [each.default for each in command.fields] == [3, 4, None]
    assert body(command, z=9) == "030409"
    assert body(command, x=1, z=9) == "010409"
    with pytest.raises(MissingValue, match="z: no value given"):
        command.encode({})


def test_a_default_that_its_type_cannot_hold_is_named_with_its_place():
    made = database(U8, argument("x", "B", "300"), entry("x"))
    with pytest.raises(InputError, match=r"commands.xml:.*/S/C: x: 300 found; 0 to 255 expected"):
        Telecommand.of(made, "/S/C")


CONFIG = """<AggregateArgumentType name="A"><MemberList><Member name="address" typeRef="W"/>
<Member name="value" typeRef="B"/></MemberList></AggregateArgumentType>
<ArrayArgumentType name="L" arrayTypeRef="B"><DimensionList><Dimension><StartingIndex><FixedValue>0
</FixedValue></StartingIndex><EndingIndex><FixedValue>2</FixedValue></EndingIndex></Dimension>
</DimensionList></ArrayArgumentType>"""


def test_members_and_elements_are_fields_of_their_own():
    types = unsigned("W", 16) + U8 + CONFIG
    listed = argument("config", "A") + argument("list", "L")
    made = database(types, listed, entry("config") + entry("list"))
    command = Telecommand.of(made, "/S/C")
    names = [(each.name, each.repeated) for each in command.fields]
    assert names == [("config.address", False), ("config.value", False), ("list", True)]
    given_ = {"config.address": 0x1234, "config.value": 5, "list": [1, 2, 3]}
    assert command.encode(given_)[6:].hex() == "123405010203"
    for wrong in ([1, 2], [1, 2, 3, 4]):
        with pytest.raises(EncodeError, match=f"list: {len(wrong)} values found; "):
            command.encode(given_ | {"list": wrong})


SIZED = """<BinaryArgumentType name="D"><BinaryDataEncoding><SizeInBits><DynamicValue>
<ArgumentInstanceRef argumentRef="n"/><LinearAdjustment slope="8"/></DynamicValue></SizeInBits>
</BinaryDataEncoding></BinaryArgumentType>"""


def test_octets_may_be_as_many_as_an_argument_before_them_says():
    made = database(U8 + SIZED, argument("n", "B") + argument("d", "D"), entry("n") + entry("d"))
    command = Telecommand.of(made, "/S/C")
    assert body(command, n=3, d=b"\xaa\xbb\xcc") == "03aabbcc"
    assert body(command, n=0, d=b"") == "00"
    with pytest.raises(EncodeError, match="d: 3 octets found; 16 bits expected"):
        command.encode({"n": 2, "d": b"\xaa\xbb\xcc"})


def test_strings_end_by_a_terminator_or_are_counted_before():
    text = """<StringArgumentType name="{}"><StringDataEncoding encoding="US-ASCII">
    <Variable maxSizeInBits="80">{}</Variable></StringDataEncoding></StringArgumentType>"""
    types = text.format("T", "<TerminationChar>00</TerminationChar>")
    types += text.format("P", '<LeadingSize sizeInBitsOfSizeTag="16"/>')
    made = database(types, argument("a", "T") + argument("b", "P"), entry("a") + entry("b"))
    command = Telecommand.of(made, "/S/C")
    assert body(command, a="cg", b="one") == "636700" + "0003" + b"one".hex()
    with pytest.raises(EncodeError, match="terminator"):
        command.encode({"a": "c\0g", "b": ""})
    with pytest.raises(EncodeError, match="'é' found; characters of ascii"):
        command.encode({"a": "é", "b": ""})
    with pytest.raises(EncodeError, match="a string of 88 bits found; at most 80 expected"):
        command.encode({"a": "0123456789", "b": ""})


ONLY_IF = """<IncludeCondition><Comparison value="1"><ArgumentInstanceRef argumentRef="x"/>
</Comparison></IncludeCondition>"""


def test_a_field_may_be_there_only_with_a_value_before_it():
    listed = argument("x", "B") + argument("y", "B") + argument("z", "B")
    entries = entry("x") + entry("y", ONLY_IF) + entry("z")
    command = Telecommand.of(database(U8, listed, entries), "/S/C")
    assert body(command, x=1, y=2, z=3) == "010203"
    assert body(command, x=0, z=3) == "0003"


def test_places_are_counted_from_the_start_of_the_container():
    place = """<LocationInContainerInBits referenceLocation="containerStart"><FixedValue>72
    </FixedValue></LocationInContainerInBits>"""
    command = Telecommand.of(
        database(U8, argument("x", "B") + argument("y", "B"), entry("x") + entry("y", place)),
        "/S/C",
    )
    assert body(command, x=1, y=2) == "01000002"


def test_a_calibrated_value_is_turned_round():
    line = """<DefaultCalibrator><PolynomialCalibrator><Term coefficient="-10" exponent="0"/>
    <Term coefficient="0.5" exponent="1"/></PolynomialCalibrator></DefaultCalibrator>"""
    command = Telecommand.of(
        database(unsigned("W", 16, line), argument("x", "W"), entry("x")), "/S/C"
    )
    assert body(command, x=0) == "0014"  # by hand: (0 + 10) / 0.5


INSTANT = """<AbsoluteTimeArgumentType name="I"><Encoding units="seconds" scale="{}">
<IntegerDataEncoding sizeInBits="{}"/></Encoding><ReferenceTime><Epoch>{}</Epoch></ReferenceTime>
</AbsoluteTimeArgumentType>"""


@pytest.mark.parametrize(
    ("epoch", "scale", "bits", "octets"),
    [
        ("TAI", "1", 32, f"{1_861_920_037:08x}"),  # 21,550 days of 86,400 s, and 37 s
        ("TAI", "0.0000152587890625", 48, f"{1_861_920_037:08x}8000"),
        ("2017-01-01T00:00:00", "1", 32, "00000000"),
        ("UNIX", "1", 32, f"{1_483_228_800:08x}"),
        ("GPS", "1", 32, f"{1_167_264_018:08x}"),  # 18 leap seconds since 1980
    ],
)
def test_an_instant_is_counted_from_its_epoch(epoch, scale, bits, octets):
    """2017-01-01T00:00:00 UTC: TAI - UTC is 37 s; with fractions it is half a second later."""
    made = database(INSTANT.format(scale, bits, epoch), argument("t", "I"), entry("t"))
    t_ns = 1_861_920_037 * 10**9 + (500_000_000 if bits == 48 else 0)
    assert body(Telecommand.of(made, "/S/C"), t=t_ns) == octets


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"x": 256}, "x: 256 found; 0 to 255 expected"),
        ({"x": -1}, "x: -1 found"),
        ({"x": 2**70}, "x: 1180591620717411303424 found"),
        ({"x": 1.5}, "x: 1.5 found; an integer expected"),
        ({"x": float("nan")}, "x: nan found"),
        ({"x": "one"}, "x: 'one' found; a number expected"),
        ({"x": 1, "y": 2}, "y: no field"),
        ({"x": 1, "/S/APID": 43}, "/S/APID: no field"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(values, says):
    command = Telecommand.of(database(U8, argument("x", "B"), entry("x")), "/S/C")
    with pytest.raises(EncodeError, match=says):
        command.encode(values)


@clause("133.0-B-2 §4.1.4.1.2")
def test_a_packet_without_data_is_refused():
    with pytest.raises(EncodeError, match="a packet data field of 0 octets; 1 to 65536 fit"):
        Telecommand.of(database("", "", ""), "/S/C").encode({})


def test_a_packet_that_is_too_long_is_refused_without_being_made():
    entries = FIXED.format("00", 8 * 65536) + entry("x")
    command = Telecommand.of(database(U8, argument("x", "B"), entries), "/S/C")
    with pytest.raises(EncodeError, match="fit a packet"):
        command.encode({"x": 1})


def test_several_valid_ranges_are_one_or_the_other():
    ranges = """<ValidRangeSet><ValidRange minInclusive="0" maxInclusive="0"/>
    <ValidRange minInclusive="100" maxInclusive="200"/></ValidRangeSet>"""
    command = Telecommand.of(
        database(unsigned("R", 8, after=ranges), argument("x", "R"), entry("x")), "/S/C"
    )
    assert [body(command, x=value) for value in (0, 100, 200)] == ["00", "64", "c8"]
    for value in (1, 99, 201):
        with pytest.raises(EncodeError, match=f"x: {value} found; 0 or 100 to 200 expected"):
            command.encode({"x": value})


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_fields_of_any_width_stand_one_after_the_other(data):
    """The oracle is a string of binary digits."""
    widths = data.draw(st.lists(st.integers(1, 64), min_size=1, max_size=10))
    values = [data.draw(st.integers(0, 2**width - 1)) for width in widths]
    types = "".join(unsigned(f"T{i}", width) for i, width in enumerate(widths))
    listed = "".join(argument(f"a{i}", f"T{i}") for i in range(len(widths)))
    entries = "".join(entry(f"a{i}") for i in range(len(widths)))
    command = Telecommand.of(database(types, listed, entries), "/S/C")
    digits = "".join(f"{value:0{width}b}" for value, width in zip(values, widths, strict=True))
    digits += "0" * (-len(digits) % 8)
    packet = command.encode({f"a{i}": value for i, value in enumerate(values)})
    assert packet[6:] == int(digits, 2).to_bytes(len(digits) // 8, "big")


def test_numpy_numbers_are_values_too():
    command = Telecommand.of(database(U8, argument("x", "B"), entry("x")), "/S/C")
    assert body(command, x=np.int64(200)) == "c8"
