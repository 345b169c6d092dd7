"""Frames and packets of SpacePyLibrary (MIT): a recording in NCTRS units, frames in hex."""

from __future__ import annotations

import json

import numpy as np
import pytest

from protocols import packet, tm
from protocols.channel import Channels
from tests.clauses import clause

LAYOUT = tm.Layout(1115, fecf=True)
NCTRS_HEADER = 20


def frames_of(octets):
    return tm.decode_many(np.frombuffer(octets, np.uint8).reshape(-1, LAYOUT.length), LAYOUT)


@pytest.fixture
def constants(shared):
    path = shared / "vectors" / "pus_and_frames_spacepylib.json"
    return json.loads(path.read_text())["constants"]


def test_recorded_frames_hold_the_packets_that_were_replayed(shared):
    """Four NCTRS units of 1135 octets; the packets are those of the replay file."""
    units = np.fromfile(shared / "spacepylib" / "TMframes3.bin", np.uint8).reshape(4, -1)
    frames, rejects = frames_of(units[:, NCTRS_HEADER:].tobytes())
    assert (rejects, set(frames.scid.tolist()), frames.count.tolist()) == ([], {758}, [0, 1, 2, 3])
    text = (shared / "spacepylib" / "TMpackets3.txt").read_text().splitlines()
    sent = [bytes.fromhex(line) for line in text if line.startswith("0CD2")]
    extracted = Channels().receive(frames)
    came = [extracted.packets.octets(row) for row in range(len(extracted.packets))]
    assert came == sent and extracted.idle_packets == 4
    assert extracted.packets.sequence.tolist() == [0, 1, 2, 3]


def test_frames_in_hex_hold_packets_of_apid_1234(shared):
    octets = bytes.fromhex((shared / "spacepylib" / "Example_7.hex").read_text())
    frames, rejects = frames_of(octets)
    assert (len(frames), rejects) == (2, [])
    assert set(Channels().receive(frames).packets.apid.tolist()) == {1234}


@clause("132.0-B-3 §4.1.2")
def test_a_frame_of_its_unit_tests_is_read(constants):
    frame = tm.decode(bytes.fromhex(constants["TM_FRAME_01"]), LAYOUT)
    assert frame.scid[0] == constants["TM_FRAME_01_spacecraftId"]
    assert frame.vcid[0] == constants["TM_FRAME_01_virtualChannelId"]
    assert frame.count[0] == constants["TM_FRAME_01_virtualChannelFCountLow"]
    assert frame.first_header_pointer[0] == constants["TM_FRAME_01_firstHeaderPointer"]
    assert (frame.ocf[0] >= 0) == constants["TM_FRAME_01_operationalControlField"]
    extracted = Channels(keep_idle=True).receive(frame)
    assert len(extracted.packets) == constants["TM_FRAME_01_nrPackets"]


@clause("133.0-B-2 §4.1.3")
def test_packets_of_its_unit_tests_are_read(constants):
    names = sorted(
        name for name in constants if name.startswith("TM_PACKET") and name[-2:].isdigit()
    )
    assert names
    for name in names:
        octets = bytes.fromhex(constants[name])
        one = packet.decode(octets)
        assert one.octets(0) == octets
        assert one.version[0] == constants[f"{name}_versionNumber"]
        assert one.type[0] == constants[f"{name}_packetType"]
        assert one.secondary_header[0] == constants[f"{name}_dataFieldHeaderFlag"]
        assert one.apid[0] == constants[f"{name}_applicationProcessId"]
        assert one.sequence[0] == constants[f"{name}_sequenceControlCount"]
        assert one.length[0] == constants[f"{name}_packetLength"] + 7
