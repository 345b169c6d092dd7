"""The commands of Chenguang-1, octet by octet."""

from __future__ import annotations

from importlib import resources

import crcmod
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.columns import Column
from ground.command import constraints
from ground.command.arguments import ArgumentInfo
from ground.command.catalogue import Catalogue, Entry
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.errors import InputError
from ground.mdb import plan, xtce
from ground.mdb.model import IntegerEncoding, Kind
from protocols import packet
from tests.clauses import clause

OCTETS = (resources.files("configs") / "chenguang1" / "database.xml").read_bytes()
DATABASE = xtce.load(OCTETS, "database.xml")
CATALOGUE = Catalogue.of(DATABASE, packet_error_control=True)
COMMANDS = tuple(CATALOGUE.commands.values())
NOW = 2_173_478_437 * 10**9
crc = crcmod.mkCrcFun(0x11021, initCrc=0xFFFF, rev=False)

# Worked by hand: packet identification (type 1, secondary header, APID), count 7, length, 2F (that
# is PUS-C, all reports), service, subtype, source; then what the message holds, and no CRC-16.
HAND = {
    "CARD_POWER card=5 power=OFF": "1882c007000b 2f08010000 0001 0005 00",
    "CARD_OFF card=5": "1882c007000b 2f08010000 0001 0005 00",
    "CARD_ON card=63": "1882c007000b 2f08010000 0001 003f 01",
    "NODE_DRAIN node=7": "1882c0070009 2f08010000 0002 07",
    "JOB_START job=513 first=8 cards=16 image=train-7": (
        "1882c007001d 2f08010000 0003 0201 0008 10 747261696e2d37000000000000000000"
    ),
    "JOB_STOP job=513": "1882c007000a 2f08010000 0004 0201",
    "DC_POWER_LIMIT limit=1234.5": "1882c007000a 2f08010000 0005 3039",
    "DC_POWER_RAISE limit=6.2k": "1882c007000a 2f08010000 0006 f230",
    "CARDS_HK_RATE interval=2": "1883c007000d 2f031f0000 01 0001 00000014",
    "NODES_HK_RATE interval=4": "1882c007000d 2f031f0000 01 0001 00000028",
    "AOCS_HK_RATE interval=1": "1864c007000d 2f031f0000 01 0001 0000000a",
    "EPS_HK_RATE interval=0.5": "186ec007000d 2f031f0000 01 0001 00000005",
    "TCS_HK_RATE interval=3600": "1878c007000d 2f031f0000 01 0001 00008ca0",
    "COMM_HK_RATE interval=4": "188cc007000d 2f031f0000 01 0001 00000028",
    "OBSW_HK_RATE interval=10": "1896c007000d 2f031f0000 01 0001 00000064",
    "TARGET_TRACK latitude=39.5 longitude=-76 start=2017-01-01T00:00:00Z": (
        "1864c0070014 2f08010000 0001 421e0000 c2980000 6efaa525"
    ),
    "HEATER state=ON": "186ec0070009 2f08010000 0001 01",
    "ARRAY_DRIVE state=OFF": "186ec0070009 2f08010000 0002 00",
    "ARRAY_DRIVE_ON": "186ec0070009 2f08010000 0002 01",
    "PUMP_SPEED pump=1 speed=4200": "1878c007000b 2f08010000 0001 01 041a",
    "LASER_POINT azimuth=-90.5 elevation=12.34": "188cc007000c 2f08010000 0001 dca6 04d2",
    "MODE mode=SAFE": "1896c0070009 2f08010000 0001 00",
    "SAFE": "1896c0070009 2f08010000 0001 00",
    "NOMINAL": "1896c0070009 2f08010000 0001 02",
    "BOOT": "1896c0070009 2f08010000 0002 01",
    "PING": "1896c0070006 2f11010000",
    "CONNECTION_TEST application=DC": "1896c0070008 2f11030000 0082",
    "EVENT_ENABLE event=CARD_FAULT": "1896c0070009 2f05050000 01 0007",
    "EVENT_DISABLE event=2": "1896c0070009 2f05060000 01 0002",
    "SET_TIME_REPORT_RATE": "1896c0070007 2f09010000 02",
    "SCHEDULE_ENABLE": "1896c0070006 2f0b010000",
    "SCHEDULE_DISABLE": "1896c0070006 2f0b020000",
    "SCHEDULE_RESET": "1896c0070006 2f0b030000",
    "MONITOR_ENABLE monitor=BATTERY_LOW": "1896c0070009 2f0c010000 01 0001",
    "MONITOR_DISABLE monitor=LOOP_FLOW_LOW": "1896c0070009 2f0c020000 01 0002",
    "MONITOR_LIMIT monitor=1 parameter=7 low=-2 low_event=3 high=1000 high_event=4": (
        "1896c0070019 2f0c070000 01 0001 0007 03 01 fffffffe 0003 000003e8 0004"
    ),
    "PARAMETER_SET parameter=256 value=deadbeef": "1896c007000d 2f14030000 01 0100 deadbeef",
    "PARAMETER_REPORT parameter=256": "1896c0070009 2f14010000 01 0100",
}


def asked(line: str) -> tuple[Entry, dict[str, str]]:
    name, *texts = line.split()
    return CATALOGUE.find(name), dict(text.split("=") for text in texts)


@clause("ECSS-E-ST-70-41C §7.4.4, §8.3.2.31, §8.5.2, §8.8.2.1, §8.11.2, §8.12.2, §8.17.2, §8.20.2")
@pytest.mark.parametrize(("line", "octets"), HAND.items())
def test_a_command_has_the_octets_that_were_worked_by_hand(line, octets):
    entry, texts = asked(line)
    made = entry.encode(entry.parse(texts), sequence=7)
    assert made[:-2] == bytes.fromhex(octets)
    assert crc(made) == 0


def test_every_command_was_worked_by_hand():
    assert CATALOGUE.problems == {}
    assert {line.split()[0] for line in HAND} == {each.name for each in COMMANDS}


def test_no_two_functions_of_an_application_process_are_the_same():
    """Those that extend another are that other one with an argument fixed."""
    own = [each for each in COMMANDS if DATABASE.commands[each.path].container is not None]
    keys = [
        each.telecommand.header()[:2] + each.telecommand.header()[7:9] + function(each)
        for each in own
    ]
    assert len(set(keys)) == len(own)


def function(entry: Entry) -> bytes:
    return entry.telecommand.header()[11:13] if entry.service == 8 else b""


def test_what_can_be_undone_only_with_trouble_is_hazardous():
    levels = {each.name: each.hazard for each in COMMANDS}
    assert {name for name, hazard in levels.items() if hazard == "H2"} == {
        "MODE", "SAFE", "NOMINAL", "BOOT",
    }  # fmt: skip
    assert {"CARD_POWER", "CARD_OFF", "JOB_STOP", "PUMP_SPEED", "PARAMETER_SET"} <= {
        name for name, hazard in levels.items() if hazard == "H1"
    }
    assert all(each.reason for each in COMMANDS if each.hazard != "H0")
    assert all(each.description for each in COMMANDS)
    assert all(argument.description for each in COMMANDS for argument in each.arguments)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("CARD_POWER card=64 power=ON", "argument 'card': 64 found; 0 to 63 expected"),
        ("PUMP_SPEED pump=0 speed=800", "argument 'speed': 800 found; 0 or 1200 to 8000 rpm"),
        ("DC_POWER_LIMIT limit=2k", "argument 'limit': 2k found; 400 to 1900 W expected"),
        ("JOB_START job=0 first=0 image=a", "argument 'job': 0 found; 1 to 65535 expected"),
        ("TARGET_TRACK latitude=91 longitude=0 start=+1h", "argument 'latitude': 91 found"),
        ("MODE mode=IDLE", "argument 'mode': 'IDLE' found; one of SAFE, STANDBY, NOMINAL"),
        ("SAFE mode=NOMINAL", "argument 'mode' found; no argument expected"),
        ("PARAMETER_SET parameter=1 value=dead", "argument 'value': 2 octets found; 32 bits"),
        ("JOB_START job=1 first=0 image=" + "x" * 17, "argument 'image': a string of 17 octets"),
    ],
)
def test_what_is_out_of_range_is_refused(line, message):
    entry, texts = asked(line)
    with pytest.raises(InputError) as caught:
        entry.encode(entry.parse(texts, NOW))
    assert str(caught.value).startswith(message)


# ---- any values -----------------------------------------------------------------------------


def texts_of(argument: ArgumentInfo) -> st.SearchStrategy[str]:
    """Texts that an argument takes: labels, numbers in its ranges, and so on."""
    kind = argument.type.kind
    if argument.labels:
        return st.sampled_from(argument.labels)
    if kind is Kind.INTEGER:
        return st.one_of(
            *(st.integers(int(each.minimum), int(each.maximum)) for each in argument.ranges)
        ).map(str)
    if kind is Kind.FLOAT:
        return st.one_of(
            *(st.floats(each.minimum, each.maximum, width=32) for each in argument.ranges)
        ).map(repr)
    if kind is Kind.BINARY:
        return st.binary(min_size=4, max_size=4).map(bytes.hex)
    if kind is Kind.STRING:
        return st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", max_size=16)
    assert kind is Kind.ABSOLUTE_TIME
    return st.integers(0, 10**8).map(lambda seconds: f"+{seconds}s")


@given(data=st.data())
@settings(max_examples=250, deadline=None)
def test_any_values_in_range_are_found_again_in_the_bits(data):
    """The decoder of telemetry, which knows nothing of how commands are made, reads them."""
    entry = data.draw(st.sampled_from(COMMANDS))
    texts = {each.name: data.draw(texts_of(each)) for each in entry.arguments}
    values, sequence = entry.parse(texts, NOW), data.draw(st.integers(0, 16383))
    made = entry.encode(values, sequence=sequence)
    read = decoded(entry, made)
    assert read["/CG1/APID"] == entry.apid
    assert read["/CG1/SEQUENCE_COUNT"] == sequence
    assert read["/CG1/DATA_LENGTH"] == len(made) - 7
    assert (made[7], made[8], crc(made)) == (entry.service, entry.subtype, 0)
    for argument in entry.arguments:
        same(argument, values[argument.name], read[argument.name])


def decoded(entry: Entry, octets: bytes) -> dict[str, object]:
    compiled = plan.of_command(DATABASE, entry.path)
    packets = packet.describe(packet.padded(octets), np.array([0]), np.array([len(octets)]))
    (batch,) = Decoder(compiled).decode(packets).batches
    columns = Calibration(compiled.column_types[batch.packet_type]).engineering(batch.raw)
    return {name: first(column) for name, column in columns.items()}


def first(column: Column) -> object:
    value = column.values[0]
    return column.labels[value] if column.labels else value


def same(argument: ArgumentInfo, given_: object, read: object) -> None:
    if argument.type.kind is Kind.FLOAT and isinstance(argument.type.encoding, IntegerEncoding):
        step = abs(argument.type.calibrator.coefficients[1])
        assert abs(given_ - read) <= step * 0.5001  # to the nearest count
    elif argument.type.kind is Kind.ABSOLUTE_TIME:
        assert abs(given_ - read) <= 500_000_000  # to the nearest second
    else:
        assert given_ == read


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_number_out_of_range_is_refused_in_every_command(data):
    ranged = [(entry, each) for entry in COMMANDS for each in entry.arguments if each.ranges]
    entry, wrong = data.draw(st.sampled_from(ranged))
    texts = {each.name: data.draw(texts_of(each)) for each in entry.arguments}
    beyond = data.draw(st.integers(1, 10**25))
    low = data.draw(st.booleans())
    number = int(wrong.minimum) - beyond if low else int(wrong.maximum) + 1 + beyond
    with pytest.raises(InputError, match=f"argument '{wrong.name}': {number} found; .* expected"):
        entry.parse({**texts, wrong.name: str(number)}, NOW)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_becomes_a_packet_or_is_refused(data):
    entry = data.draw(st.sampled_from(COMMANDS))
    names = st.sampled_from([*(each.name for each in entry.arguments), "x"]) | st.text(max_size=9)
    numbers = st.integers().map(str) | st.floats().map(repr)
    texts = data.draw(st.dictionaries(names, st.text(max_size=30) | numbers, max_size=9))
    try:
        made = entry.encode(entry.parse(texts, NOW))
    except InputError as error:
        assert error.args[0]
    else:
        assert crc(made) == 0


# ---- constraints and verifiers --------------------------------------------------------------


def test_raising_the_power_asks_the_battery_and_the_sun():
    entry = CATALOGUE.find("DC_POWER_RAISE")
    columns = {
        "/CG1/EPS/BATTERY_SOC": Column(np.array([31.5])),
        "/CG1/EPS/ECLIPSE": Column(np.zeros(1, np.int32), None, ("UMBRA",)),
    }
    judged = constraints.judge(entry.constraints, lambda each: columns.get(each.path))
    assert [(each.text, each.holds) for each in judged] == [
        ("BATTERY_SOC > 30", True),
        ("ECLIPSE == SUNLIT", False),
    ]


def test_a_card_that_was_switched_off_is_seen_to_be_off():
    entry = CATALOGUE.find("CARD_OFF")
    (verifier,) = entry.verifiers_for(entry.parse({"card": "5"}))
    assert verifier.condition.left.path == "/CG1/DC/CARDS[5].state"
    assert constraints.verifier_text(verifier) == "completed: CARDS[5].state == OFF, within 30 s"


def test_a_pump_that_failed_is_not_given_a_speed():
    entry = CATALOGUE.find("PUMP_SPEED")
    values = entry.parse({"pump": "1", "speed": "0"})
    asked_for = []
    constraints.judge(entry.constraints, lambda each: asked_for.append(each.path), values)
    assert asked_for == ["/CG1/TCS/PUMPS[1].state"]


def test_whatever_constraints_and_verifiers_name_is_telemetered():
    """No condition is one that can never be judged; all have a window."""
    for entry in COMMANDS:
        for each in (*entry.constraints, *entry.verifiers):
            assert each.condition != constraints.NEVER
        assert all(each.window_s is not None for each in entry.verifiers)
