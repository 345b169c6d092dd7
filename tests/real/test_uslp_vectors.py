"""USLP primary headers of the spacepackets library's own tests (`vectors/uslp.json`)."""

from __future__ import annotations

import json

import pytest

from protocols import uslp
from tests.clauses import clause
from tests.conftest import SHARED

PATH = SHARED / "vectors" / "uslp.json"
HEADERS = json.loads(PATH.read_text())["headers"] if PATH.is_file() else []


def test_seven_headers_are_here(shared):
    assert len(HEADERS) == 7


@clause("732.1-B-2 §4.1.2")
@pytest.mark.parametrize("vector", HEADERS[:-1], ids=lambda each: each["name"])
def test_published_headers_are_read_and_written(vector):
    """The frame length field says 65534 octets, so a frame of that many carries the header."""
    fields, count = HEADERS[0]["fields"], vector.get("vcf", "")
    hex_ = HEADERS[0]["hex"]
    if count:
        hex_ = hex_[:12] + vector["octet6"] + vector["tail"]
    assert hex_[12:14] == vector.get("octet6", "c8")
    header = bytearray.fromhex(hex_)
    header[6] &= ~0x40  # without the protocol control command flag, which the encoder has not
    total = fields["frame_len_field"] + 1
    made = uslp.encode(
        bytes(total - len(header) - 3 - 4),
        uslp.Layout(length=total),
        scid=fields["scid"],
        vcid=fields["vcid"],
        map_id=fields["map"],
        count=int(count or "0", 16),
        count_octets=vector.get("vcf_len", 0),
        ocf=1,
        bypass=True,
    )
    assert made[: len(header)] == header
    frame = uslp.decode(bytes.fromhex(hex_) + made[len(header) :], uslp.Layout())
    assert (frame.scid[0], frame.vcid[0], frame.map_id[0]) == (65534, 55, 3)
    assert frame.count[0] == (int(count, 16) if count else -1)
    assert (frame.ocf[0], frame.bypass[0]) == (1, True)


@pytest.mark.parametrize("vector", HEADERS[-1:], ids=lambda each: each["name"])
def test_the_published_truncated_header_is_read_and_written(vector):
    header, layout = bytes.fromhex(vector["hex"]), uslp.Layout(truncated=8)
    made = uslp.encode(
        b"abc", layout, scid=4369, vcid=45, map_id=13, rule=7, destination=True, truncated=True
    )
    assert (len(made), made[:4]) == (8, header)
    frame = uslp.decode(header + made[4:], layout)
    assert (frame.scid[0], frame.vcid[0], frame.map_id[0]) == (4369, 45, 13)
    assert frame.data(0) == b"abc"
