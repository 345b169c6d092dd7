"""Recordings of deep space missions by Daniel Estevez and amateur stations (CC-BY-4.0).

Expected numbers: `expected/frames_expected.json`, counted by another demultiplexer; those that
are `published` in the recordings' notebooks are in it too.
"""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from protocols import aos, channel, clcw, tm
from tests.clauses import clause
from tests.conftest import SHARED

EXPECTED = SHARED / "expected" / "frames_expected.json"
FILES = json.loads(EXPECTED.read_text())["files"] if EXPECTED.is_file() else []
HEURISTIC = ("DART", "EMM", "INTEGRAL")  # whose payload is mostly no space packets


def frames_of(shared, name, length):
    octets = np.fromfile(shared / name, np.uint8)
    return octets[: len(octets) // length * length].reshape(-1, length)


def decoded(shared, expected, keep_bad_crc=True):
    frames = frames_of(shared, expected["file"], expected["frame_len"])
    fecf = expected["crc_ok"] > 0
    if "0" in expected["version"]:
        return tm.decode_many(frames, tm.Layout(expected["frame_len"], fecf=fecf), keep_bad_crc)
    # Psyche sends packets on virtual channel 63 too
    layout = aos.Layout(expected["frame_len"], fecf=fecf, services={63: aos.Service.M_PDU})
    return aos.decode_many(frames, layout, keep_bad_crc)


@pytest.fixture(params=FILES, ids=lambda each: each["file"].rsplit("/", 1)[-1])
def expected(request, shared):
    return request.param


def test_all_fourteen_captures_are_here(shared):
    assert len(FILES) == 14


def test_frames_spacecraft_channels_ocf_and_crc_are_as_counted(shared, expected):
    frames, rejects = decoded(shared, expected)
    assert (len(frames), rejects) == (expected["frames"], [])
    assert Counter(map(str, frames.scid.tolist())) == expected["scid"]
    assert Counter(map(str, frames.vcid.tolist())) == expected["vcid"]
    assert int((frames.ocf >= 0).sum()) == expected.get("ocf", {}).get("1", 0)
    if expected["crc_ok"]:
        assert int(frames.crc_ok.sum()) == expected["crc_ok"]


def test_packets_of_each_apid_and_gaps_of_each_channel_are_as_counted(shared, expected):
    frames, _ = decoded(shared, expected)
    extracted = channel.Channels(keep_idle=True).receive(frames)
    packets = extracted.packets
    for name, counted in expected["demux"].items():
        scid, vcid = map(int, name.split("/"))
        rows = (packets.scid == scid) & (packets.vcid == vcid)
        gaps = [gap for gap in extracted.gaps if (gap.scid, gap.vcid) == (scid, vcid)]
        assert len(gaps) == counted["gaps"]
        if not any(mission in expected["file"] for mission in HEURISTIC):
            assert Counter(map(str, packets.apid[rows].tolist())) == counted["apids"]
            assert counted["bad"] == 0 and not extracted.rejects
    assert extracted.given == extracted.used + sum(extracted.dropped.values())
    assert extracted.given == expected["frames"]


def by_name(part):
    return next(each for each in FILES if part in each["file"])


@pytest.mark.parametrize(
    "part, packets, crc_rejects", [("mars2020_frames", 813, 4), ("safemode", 6, 1)]
)
def test_mars_2020_frames_with_a_bad_crc_are_rejects(shared, part, packets, crc_rejects):
    """The README's count with the frames of bad CRC dropped."""
    frames, rejects = decoded(shared, by_name(part), keep_bad_crc=False)
    extracted = channel.Channels(keep_idle=True).receive(frames)
    assert len(extracted.packets) == packets
    assert [reject.reason for reject in rejects] == ["crc"] * crc_rejects


def test_a_packet_out_of_a_bad_frame_that_was_kept_says_so(shared):
    frames, _ = decoded(shared, by_name("mars2020_frames"))
    packets = channel.Channels(keep_idle=True).receive(frames).packets
    bad = frames.index[~frames.crc_ok]
    assert set(bad.tolist()) <= set(packets.frame[packets.flags == 32].tolist())
    assert 4 <= int((packets.flags == 32).sum()) <= 8


@pytest.mark.parametrize("part, vcid, frames", [("EMM", 0, 534), ("INTEGRAL", 0, 25)])
def test_frames_whose_payload_is_no_packet_are_kept_and_shown(shared, part, vcid, frames):
    """Each is a reject of its own, or its octets are: nothing crashes and nothing is lost."""
    table, _ = decoded(shared, by_name(part))
    extracted = channel.Channels().receive(table)
    here = set(table.index[table.vcid == vcid].tolist())
    shown = {reject.index for reject in extracted.rejects if reject.reason == "malformed"}
    shown |= {fragment.frame for fragment in extracted.fragments}
    assert len(here) == frames
    assert len(shown & here) >= 0.99 * frames


@clause("232.0-B-4 §4.2.1")
@pytest.mark.parametrize(
    "part, words", [("09-24-50", {0x01140400}), ("INTEGRAL", {0x01000604, 0x011C0401})]
)
def test_published_control_words(shared, part, words):
    """OCF values as printed in the notebooks."""
    frames, _ = decoded(shared, by_name(part))
    assert set(frames.ocf.tolist()) == words


@clause("232.0-B-4 §4.2.1.8.4")
def test_hera_reports_that_its_command_decoder_is_locked_out(shared):
    frames, _ = decoded(shared, by_name("24_20"))
    word = clcw.decode(0x01042200)
    assert 0x01042200 in frames.ocf.tolist()
    assert (word.lockout, word.vcid, word.cop_in_effect, word.report_value) == (True, 1, 1, 0)


@clause("132.0-B-3 §4.1.3")
def test_dart_secondary_header_holds_its_published_time(shared):
    """07 34 and 48 bits of 2^-16 s since 2010; the first is 2021-11-24T08:24:52.047103872."""
    expected = by_name("09-24-50")
    frames, _ = decoded(shared, expected)
    raw = frames_of(shared, expected["file"], expected["frame_len"])
    headers = tm.secondary_headers(raw, frames)
    assert {header[:2] for header in headers} == {b"\x07\x34"}
    seconds = int.from_bytes(headers[0][2:], "big") / 65536
    since_2010 = (np.datetime64("2021-11-24T08:24:52") - np.datetime64("2010-01-01")).astype(int)
    assert seconds - int(since_2010) == pytest.approx(0.047103872, abs=2**-16)


def test_any_batching_of_a_real_pass_gives_the_same_packets(shared):
    frames, _ = decoded(shared, by_name("25_23"))
    whole = channel.Channels().receive(frames)
    parts = channel.Channels()
    some = [parts.receive(frames.take(slice(at, at + 7))) for at in range(0, len(frames), 7)]
    packets = [each.packets.octets(row) for each in some for row in range(len(each.packets))]
    assert packets == [whole.packets.octets(row) for row in range(len(whole.packets))]
    assert [gap for each in some for gap in each.gaps] == whole.gaps
