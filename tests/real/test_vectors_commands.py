"""Published vectors of the forward link: BCH, CLTU, TC randomiser, TC frames, segments, CLCW."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import bch, clcw, cltu, map_segment, tc
from protocols.errors import DecodeError
from protocols.map_segment import Reassembler
from protocols.randomiser import sequence
from protocols.tc import Kind
from tests.clauses import clause
from tests.protocols.test_bch import flipped

OLD_TAIL = b"\x55" * 8  # of SpacePyLibrary


@pytest.fixture(scope="module")
def coding(shared):
    return json.loads((shared / "vectors" / "channel_coding.json").read_text())


@pytest.fixture(scope="module")
def constants(shared):
    path = shared / "vectors" / "pus_and_frames_spacepylib.json"
    return json.loads(path.read_text())["constants"]


@pytest.fixture(scope="module")
def dump(shared):
    """Return the lines of a dump of dariol83/ccsds (Apache-2.0) as octets."""

    def read(name):
        text = (shared / "dariol83" / f"dumpFile_{name}.hex").read_text()
        return [bytes.fromhex(line) for line in text.split()]

    return read


def frames_of(unit, **settings):
    decoded = cltu.decode(unit, **settings)
    frames, left = tc.delimit(decoded.octets)
    return [tc.decode(frame) for frame in frames], left, decoded.corrected


@clause("231.0-B-4 §6")
def test_the_tc_randomiser_is_the_published_table(coding):
    vector = coding["tc_randomizer"]
    table = bytes.fromhex(vector["first_255_hex"])
    assert sequence("tc", len(table)).tobytes() == table
    assert sequence("tc", 5).tobytes().hex() == vector["first_5_hex"]
    assert sequence("tc", 65)[[32, 64]].tobytes().hex() == vector["octet_32"] + vector["octet_64"]


@clause("231.0-B-4 §3.3")
def test_codewords_are_the_published_ones(coding):
    words = [bytes.fromhex(vector["codeblock"]) for vector in coding["bch_63_56"]]
    table = np.frombuffer(b"".join(words), np.uint8).reshape(-1, 8)
    assert len(words) == 4 and np.array_equal(bch.encode(table[:, :7]), table)
    assert not bch.decode(table).corrected.any()


@clause("231.0-B-4 §5.2")
def test_cltus_are_the_published_ones_with_either_tail(coding):
    for vector in coding["cltu"]:
        frame = bytes.fromhex(vector["tc_frame"])
        assert cltu.encode(frame).hex() == vector["cltu"]
        assert cltu.encode(frame, tail=OLD_TAIL).hex() == vector["cltu_as_published"]
        for unit in (vector["cltu"], vector["cltu_as_published"]):
            frames, left, corrected = frames_of(bytes.fromhex(unit))
            assert [tc.encode(each) for each in frames] == [frame]
            assert (left, corrected) == (b"\x55" * 3, 0)


@clause("231.0-B-4 §5.2")
def test_a_cltu_of_spacepylib_is_made_from_its_frame(constants):
    frame = bytes.fromhex(constants["TC_FRAME_02"])
    assert cltu.encode(frame).hex().upper() == (
        "EB9022F60023008200240F001DFF00000034000F001EFF00001000000F001FFF00D80000000FAC8F0090"
        "6855555555555506C5C5C5C5C5C5C579"
    )


@clause("231.0-B-4 §5.2")
def test_a_cltu_of_another_encoder_holds_a_frame_without_fecf():
    """From the tests of dariol83/ccsds: 42 octets in six codewords, so that there is no fill."""
    unit = bytes.fromhex(
        "EB902062042900C10036010203040506077008090A0BAABBCCC4DDEEFFAABBCCDDE6EEFFAABBCCDDEE10"
        "FFAABBCCDDEEFF64C5C5C5C5C5C5C579"
    )
    octets = cltu.decode(unit).octets
    assert len(octets) == 42 and cltu.encode(octets) == unit
    assert octets.hex().startswith("2062042900c10001") and octets.hex().endswith("eeff")
    assert (octets[2] & 3) << 8 | octets[3] == 41  # the field says one less than the frame


@clause("231.0-B-4 §6")
def test_three_randomised_cltus_decode(dump):
    came = [frames_of(unit, randomised=True) for unit in dump("tc_2")]
    frames = [frame for each, _, _ in came for frame in each]
    assert [(each.scid, each.vcid, each.kind) for each in frames] == [
        (123, 0, Kind.BC),
        (123, 0, Kind.AD),
        (123, 0, Kind.BD),
    ]
    assert tc.control(frames[0].data) == tc.Unlock()
    assert [len(tc.encode(frame)) for frame in frames] == [8, 46, 46]
    assert all(len(left) < 7 and corrected == 0 for _, left, corrected in came)
    made = [cltu.encode(tc.encode(frame), randomise=True) for frame in frames]
    assert made == dump("tc_2")


@clause("231.0-B-4 §3.4")
@pytest.mark.parametrize("bit", range(63))
def test_one_wrong_bit_in_each_codeword_is_mended(dump, bit):
    for unit in dump("tc_2"):
        blocks = (len(unit) - 10) // 8
        hit = flipped(unit, *(16 + 64 * block + bit for block in range(blocks)))
        frames, left, corrected = frames_of(hit, randomised=True)
        assert (frames, left) == frames_of(unit, randomised=True)[:2]
        assert corrected == blocks
        with pytest.raises(DecodeError, match="first codeword"):
            cltu.decode(hit, mode="ted")


@clause("231.0-B-4 §3.4")
def test_seven_cltus_with_zero_parity_are_rejected(dump):
    """All check bits are wrong: seven are more than SEC tells from one, but no frame comes of it.

    The all-zero word lies one bit beside a codeword, so that a decoder that mends must take it;
    the length field of what it makes, one octet in all, is no frame's.
    """
    units = dump("tc_1")
    assert len(units) == 7
    for unit in units:
        with pytest.raises(DecodeError, match="first codeword"):
            cltu.decode(unit, mode="ted")
        decoded = cltu.decode(unit)
        assert decoded.corrected == 6  # every codeword
        assert tc.delimit(decoded.octets)[0] == []
        with pytest.raises(DecodeError, match="length"):
            tc.decode(decoded.octets)


@settings(max_examples=200, deadline=None, derandomize=True)  # a CRC of 16 bits errs at times
@given(st.data())
def test_damaged_cltus_give_the_frames_that_were_sent_or_none(dump, data):
    """Octets changed, lost and put in: the stream goes on, and FECF lets nothing else pass."""
    units = dump("tc_2")
    sent = [tc.decode(frame) for unit in units for frame in frames_in(unit)]
    octets = bytearray(b"".join(units))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    stream = cltu.CltuStream()
    for unit in stream.receive(bytes(octets)) + stream.finish():
        for frame in frames_in(unit):
            try:
                assert tc.decode(frame) in sent
            except DecodeError as error:
                assert error.clause


def frames_in(unit):
    return tc.delimit(cltu.decode(unit, randomised=True).octets)[0]


@clause("232.0-B-4 §4.1.3.2.2")
def test_frames_without_fecf_hold_three_packets_each(dump, shared):
    expected = json.loads((shared / "expected" / "dariol83_expected.json").read_text())
    wanted = expected["dumpFile_tc_plain_1.hex"]
    frames = [tc.decode(octets, fecf=False) for octets in dump("tc_plain_1")]
    assert len(frames) == wanted["frames"]
    assert [(each.kind, each.scid, each.sequence) for each in frames] == [
        (Kind.AD, 123, count) for count in range(10)
    ]
    joined = Reassembler()
    packets = [each for frame in frames for each in joined.receive(frame.data)]
    assert len(packets) == wanted["packets"] and not joined.counts
    assert [tc.encode(each, fecf=False) for each in frames] == dump("tc_plain_1")
    made = [
        map_segment.segment(packets[3 * map_id : 3 * map_id + 3], most=1019, map_id=map_id)
        for map_id in range(10)
    ]
    assert made == [[frame.data] for frame in frames]


@clause("232.0-B-4 §4.1.2")
@pytest.mark.parametrize("name", ["TC_FRAME_01", "TC_FRAME_02"])
def test_frames_of_spacepylib_are_read_and_made(constants, name):
    octets = bytes.fromhex(constants[name])
    frame = tc.decode(octets)
    assert frame.scid == constants[f"{name}_spacecraftId"]
    assert frame.vcid == constants[f"{name}_virtualChannelId"]
    assert frame.sequence == constants[f"{name}_sequenceNumber"]
    flags = constants[f"{name}_bypassFlag"], constants[f"{name}_controlCommandFlag"]
    assert frame.kind.value == flags[0] << 1 | flags[1]
    assert len(octets) - 1 == constants[f"{name}_frameLength"]
    assert tc.encode(frame) == octets


@clause("232.0-B-4 §4.1.3.2.2")
def test_a_packet_of_spacepylib_is_cut_into_its_segments_and_joined(constants):
    """Its frames are of 256 octets, so that a data field has 249."""
    packet = bytes.fromhex(constants["TC_PACKET_01"])
    segments = [bytes.fromhex(constants[f"TC_SEGMENT_0{number}"]) for number in (1, 2)]
    map_id = constants["TC_SEGMENT_01_mapId"]
    assert map_id == constants["TC_SEGMENT_02_mapId"] == 2
    assert map_segment.segment([packet], most=249, map_id=map_id) == segments
    frames = [tc.decode(bytes.fromhex(constants[f"TC_FRAME_0{number}"])) for number in (1, 2)]
    assert [frame.data for frame in frames] == segments
    joined = Reassembler()
    assert [joined.receive(frame.data) for frame in frames] == [[], [packet]]


@clause("232.0-B-4 §4.1.4")
def test_frames_of_cryptolib_are_read(shared):
    """What its security association holds stays sealed; header, length and FECF are TC's own."""
    vectors = json.loads((shared / "vectors" / "sdls_kat.json").read_text())["vectors"]
    octets = [bytes.fromhex(each["frame"]) for each in vectors if each["frame_type"] == "TC"]
    frames = [tc.decode(each) for each in octets]
    assert len(frames) == 15
    assert {(each.scid, each.vcid, each.kind) for each in frames} == {(3, 0, Kind.BD)}
    assert [tc.encode(each) for each in frames] == octets


@pytest.fixture(scope="module")
def sequences(shared):
    return json.loads((shared / "vectors" / "cop1_sequences.json").read_text())


def words_in(node):
    """Return each control word that sequences list, with its fields, however deep it lies."""
    if isinstance(node, list):
        return [word for each in node for word in words_in(each)]
    if not isinstance(node, dict):
        return []
    here = [node] if {"hex", "lockout"} <= node.keys() else []
    return here + [word for each in node.values() for word in words_in(each)]


@clause("232.0-B-4 §4.2.1")
def test_control_words_of_the_sequences_are_read_and_made(sequences):
    names = {
        "no_rf": "no_rf_available",
        "no_bitlock": "no_bit_lock",
        "farm_b": "farm_b_counter",
        "report": "report_value",
    }
    words = words_in(sequences)
    assert len(words) > 20
    for word in words:
        fields = {names.get(name, name): word[name] for name in word if name != "hex"}
        assert clcw.encode(clcw.Clcw(**fields)).hex() == word["hex"]
        decoded = clcw.decode(bytes.fromhex(word["hex"]))
        assert {name: getattr(decoded, name) for name in fields} == fields


@clause("232.0-B-4 §4.2.1")
def test_control_words_of_an_open_farm_are_read(sequences):
    for vector in sequences["clcw_decode"]:
        decoded = clcw.decode(bytes.fromhex(vector["hex"]))
        assert decoded.report_value == vector["report"]
        assert (decoded.farm_b_counter, decoded.cop_in_effect) == (vector["farm_b"], 0)
