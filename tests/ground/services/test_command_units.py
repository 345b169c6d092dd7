"""What leaves by an uplink: a CLTU, or an envelope in a packet in frames of a relay's own."""

from __future__ import annotations

from binascii import crc_hqx
from pathlib import Path

import pytest

from ground.services import command_units
from ground.services.planner import Planner, Wish
from ground.services.ways import Way
from ground.settings import Mission, Telecommand
from protocols import cltu
from tests.clauses import clause
from tests.ground.services.commanded import DAY, NOW, S, mission_in, plan_of

FRAME = bytes.fromhex("00ab001205c01896c00000042f110100005a5a")
UNIT = "00112233445566778899aabbccddeeff"


@pytest.fixture
def mission(tmp_path: Path) -> Mission:
    return mission_in(tmp_path)


def way(mission: Mission, *via: str) -> Way:
    relays = ("TL-1", "TL-2", "SF-1")
    hops = [("kashi", name) for name in (*relays, "CG-1")] + [(name, "CG-1") for name in relays]
    planner = Planner(mission)
    planner.use(plan_of(mission, *hops, ("TL-2", "SF-1")), NOW, NOW + DAY)
    found = planner.way(Wish("CG-1", 256, NOW + 3600 * S, 1, ("kashi", *via)), NOW)
    assert isinstance(found, Way)
    return found


def octets(mission: Mission, *via: str, randomise: bool = False, frame: bytes = FRAME) -> bytes:
    settings = Telecommand(randomise=randomise)
    chosen = way(mission, *via)
    return command_units.octets(UNIT, frame, chosen, settings, (171, 0), 2, NOW + S, 7)


@clause("231.0-B-4 §5.2")
@pytest.mark.parametrize("via", ["direct", "TL-1"])
def test_the_frame_itself_is_a_cltu_all_the_way(mission: Mission, via: str) -> None:
    """19 octets: three blocks of 7 with 8 of code, between a start of 2 and a tail of 8."""
    found = octets(mission, via)
    assert len(found) == 2 + 3 * 8 + 8
    assert found[:2].hex() == "eb90"
    assert found[-8:].hex() == "c5c5c5c5c5c5c579"
    assert found[2:9] + found[10:17] + found[18:23] == FRAME


def test_the_spacecrafts_randomiser_is_used(mission: Mission) -> None:
    """231.0-B-4 §6.3: the sequence begins with ff 39."""
    plain, random = octets(mission, "direct"), octets(mission, "direct", randomise=True)
    assert (plain[2] ^ random[2], plain[3] ^ random[3]) == (0xFF, 0x39)


@pytest.mark.parametrize("via, scids", [(("TL-2",), [202]), (("TL-2", "SF-1"), [202, 204])])
def test_for_a_relay_it_is_an_envelope_in_a_packet_in_a_bd_frame(
    mission: Mission, via: tuple[str, ...], scids: list[int]
) -> None:
    """Every octet by the pages of frame, segment, packet and envelope."""
    route = b"".join(each.to_bytes(2, "big") for each in scids[1:])
    body = bytes([0x10, 2]) + bytes.fromhex(UNIT) + (171).to_bytes(2, "big") + bytes([0, 0])
    body += (NOW + S).to_bytes(8, "big") + bytes([len(scids) - 1]) + route
    body += len(FRAME).to_bytes(2, "big") + FRAME
    sealed = body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    # version 0, type 1, no secondary header, APID 2040: 17f8; unsegmented, count 7: c007
    inner = bytes.fromhex("17f8c007") + (len(sealed) - 1).to_bytes(2, "big") + sealed
    field = b"\xc0" + inner  # unsegmented, MAP 0
    length = 5 + len(field) + 2
    # version 0, bypass, no control, scid; VC 0 and length - 1; N(S) 0
    head = (0x2000 | scids[0]).to_bytes(2, "big") + (length - 1).to_bytes(2, "big") + b"\0"
    frame = head + field
    frame += crc_hqx(frame, 0xFFFF).to_bytes(2, "big")
    assert cltu.decode(octets(mission, *via)).octets[:length] == frame


def test_an_envelope_that_is_too_long_for_a_frame_goes_in_two(mission: Mission) -> None:
    found = cltu.decode(octets(mission, "TL-2", frame=FRAME * 52)).octets
    assert (found[0] >> 4, found[5] >> 6) == (2, 1)  # bypass; the first segment
    first = (int.from_bytes(found[2:4], "big") & 1023) + 1
    assert first == 1024
    assert (found[first] >> 4, found[first + 5] >> 6) == (2, 2)  # bypass; the last segment


def test_each_transmission_has_a_name_of_its_own() -> None:
    named = {
        command_units.name(realm, number, frame, t_ns)
        for realm in ("live", "sim/live")
        for number in (1, 11)
        for frame in (FRAME, FRAME[1:])
        for t_ns in (NOW, NOW + 1)
    }
    assert len(named) == 16
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in named)
