"""Commands that others have encoded, encoded again by us."""

from __future__ import annotations

import json

import pytest

from ground.command.catalogue import Catalogue
from ground.mdb import xtce
from ground.mdb.telecommand import Telecommand
from tests.ground.mdb.commands import argument, database, entry

SC = "/BogusSAT/SC001"
COUNT, FLAGS = "/BogusSAT/CCSDS_Packet_Sequence.Count", "/BogusSAT/CCSDS_Packet_Sequence.GroupFlags"
APID, LENGTH = "/BogusSAT/CCSDS_Packet_ID.APID", "/BogusSAT/CCSDS_Packet_Length"


@pytest.fixture(scope="module")
def bogus(shared):
    return xtce.load((shared / "xtcetools" / "BogusSAT-2.xml").read_bytes(), "BogusSAT-2.xml")


@pytest.fixture(scope="module")
def published(shared):
    """The octets of the three telecommands of xtcetools, by command."""
    path = shared / "vectors" / "xtcetools_bogussat2_expected.json"
    cases = json.loads(path.read_text())["telecommand_decoding"]
    return {case["target"]: bytes.fromhex(case["bytes_hex"]) for case in cases}


def test_a_base_command_is_its_header(bogus, published):
    """A packet without data, whose length nobody could count: it is given, as xtcetools has it."""
    path = "/BogusSAT/CCSDSDirectTelecommand"
    command = Telecommand.of(bogus, path)
    assert command.encode({APID: 199, COUNT: 3, LENGTH: 0}) == published[path]


def test_arguments_that_a_derived_command_assigns_are_in_its_octets(bogus, published):
    path = f"{SC}/BusElectronics/Reaction_Wheel_2_On"
    found = Catalogue.of(bogus).find("BusElectronics/Reaction_Wheel_2_On")
    assert found.arguments == ()
    assert found.telecommand.encode({APID: 1023}, sequence=99) == published[path]


def test_a_fixed_value_stands_between_arguments(bogus, published):
    """xtcetools decodes and leaves the fixed octet 0; its database says F0."""
    path = f"{SC}/Payload1/Payload_1_Control"
    found = Catalogue.of(bogus).find(path)
    values = found.parse({"STATE": "OFF", "OUTPUT_POWER": "2.5"})
    made = found.telecommand.encode({**values, FLAGS: "Last"}, sequence=65)
    assert made[:7] + made[8:] == published[path][:7] + published[path][8:]
    assert (made[7], published[path][7]) == (0xF0, 0)


def test_every_command_of_bogussat_is_offered(bogus):
    found = Catalogue.of(bogus)
    assert found.problems == {}
    assert [each.name for each in found.commands.values()] == [
        "Reaction_Wheel_Control", "Reaction_Wheel_1_On", "Reaction_Wheel_1_Off",
        "Reaction_Wheel_2_On", "Reaction_Wheel_2_Off", "Set_Mission_Phase", "Payload_1_Control",
        "Adjust_Payload_1_Config",
    ]  # fmt: skip
    adjust = found.find("Adjust_Payload_1_Config")
    values = adjust.parse({"CFGITEM.ADDRESS": "0x1000", "CFGITEM.VALUE32": "7"})
    assert adjust.encode(values).hex() == "1fffc0000007" + "00001000" + "00000007"


@pytest.fixture(scope="module")
def spacepylib(shared):
    return json.loads((shared / "vectors" / "pus_and_frames_spacepylib.json").read_text())


def fixed(octets: str) -> str:
    return f'<FixedValueEntry binaryValue="{octets}" sizeInBits="{4 * len(octets)}"/>'


def test_a_memory_load_of_spacepylibrary_is_made_with_its_error_control(spacepylib):
    """TC_PACKET_01: PUS-A, ST[06,02], 276 octets, CRC-16 at the end."""
    octets = bytes.fromhex(spacepylib["constants"]["TC_PACKET_01"])
    type_ = f"""<BinaryArgumentType name="D"><BinaryDataEncoding><SizeInBits><FixedValue>
    {8 * (len(octets) - 12)}</FixedValue></SizeInBits></BinaryDataEncoding></BinaryArgumentType>"""
    made = database(
        type_, argument("data", "D"), fixed("19060200") + entry("data"), SHF=1, APID=652
    )
    load = Catalogue.of(made, packet_error_control=True).find("C")
    assert (load.apid, load.service, load.subtype) == (652, 6, 2)
    values = load.parse({"data": octets[10:-2].hex()})
    assert load.encode(values, sequence=14) == octets


def test_a_ping_of_spacepackets_is_made_with_its_error_control(spacepylib):
    (octets,) = [each["hex"] for each in spacepylib["pus_c_ping"] if "hex" in each]
    made = database("", "", fixed("2f11010000"), SHF=1, APID=2)
    ping = Catalogue.of(made, packet_error_control=True).find("C")
    assert (ping.service, ping.subtype) == (17, 1)
    assert ping.encode(ping.parse({}), sequence=0x34).hex() == octets
