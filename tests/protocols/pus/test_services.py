"""Every message there and back, cut short, and octets that nobody made."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.pus import header, services
from protocols.pus.header import Telecommand
from protocols.pus.profile import PROFILE
from tests.clauses import clause
from tests.protocols.pus.messages import CONDITIONAL, messages

PROFILES = pytest.mark.parametrize("profile", [PROFILE, CONDITIONAL], ids=["default", "full"])


def read(service, subtype, data, profile):
    return services.decode(Telecommand(1, service, subtype, data), profile)


@clause("ECSS-E-ST-70-41C §8")
@PROFILES
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_is_written_is_read(profile, data):
    service, message = data.draw(messages(profile))
    assert read(service, message.subtype, message.encode(profile), profile) == message


@PROFILES
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_message_cut_short_is_refused_or_is_another_whole_one(profile, data):
    service, message = data.draw(messages(profile))
    octets = message.encode(profile)
    for length in range(len(octets)):
        try:
            short = read(service, message.subtype, octets[:length], profile)
        except DecodeError as error:
            assert f"§8.{service}.2.{message.subtype}" in error.clause or "§7.3" in error.clause
        else:
            assert short.encode(profile) == octets[:length]  # data of any length at the end


@PROFILES
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_an_octet_too_many_is_refused_where_no_data_may_follow(profile, data):
    service, message = data.draw(messages(profile))
    octets = message.encode(profile) + b"\xee"
    try:
        longer = read(service, message.subtype, octets, profile)
    except DecodeError:
        return
    assert longer.encode(profile) == octets and longer != message


@PROFILES
@settings(max_examples=500, deadline=None)
@example(5, 5, b"\xff")
@example(3, 1, bytes.fromhex("000100000000ff"))
@example(11, 23, b"\xff" + bytes(300))
@given(st.sampled_from([*services.SERVICES, 2, 255]), st.integers(0, 30), st.binary(max_size=60))
def test_random_octets_are_refused_or_read_so_that_they_are_written_the_same(
    profile, service, subtype, data
):
    try:
        message = read(service, subtype, data, profile)
    except DecodeError:
        return
    assert message.encode(profile) == data


@PROFILES
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_changed_octet_is_refused_or_read_so_that_it_is_written_the_same(profile, data):
    service, message = data.draw(messages(profile))
    octets = bytearray(message.encode(profile))
    if not octets:
        return
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        other = read(service, message.subtype, bytes(octets), profile)
    except DecodeError:
        return
    assert other.encode(profile) == bytes(octets)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=40), st.booleans())
def test_random_octets_are_no_packet(octets, telecommand):
    decode = header.decode_telecommand if telecommand else header.decode_report
    with pytest.raises(DecodeError):
        decode(octets)


def test_a_shape_is_written_with_its_own_subtypes_only():
    for service in services.SERVICES.values():
        for name in ("Order", "Named", "Select", "Structures", "Event", "Monitors", "Ping"):
            shape = getattr(service, name, None)
            if shape is None:
                continue
            filled = {"Order": (), "Event": (0,), "Ping": ()}.get(name, ((),))
            refused = 0
            for subtype in service.Subtype:
                try:
                    octets = shape(subtype, *filled).encode()
                except EncodeError:
                    refused += 1
                else:
                    assert service.decode(subtype, octets) == shape(subtype, *filled)
            assert refused


def test_what_is_not_known_is_refused():
    with pytest.raises(DecodeError, match="no service 2"):
        read(2, 1, b"", PROFILE)
    for number in services.SERVICES:
        with pytest.raises(DecodeError, match="no subtype 200"):
            read(number, 200, b"", PROFILE)
