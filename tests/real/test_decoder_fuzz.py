"""Damaged and invented packets through real databases: nothing raised, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest

from ground.decode.decoder import Decoder
from ground.mdb import plan, xtce
from protocols import kernels, packet

SEEDS = [
    ("jpss1/jpss1_geolocation_xtce_v1.xml", "jpss1/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"),
    ("ctim/ctim_xtce_v1.xml", "ctim/ccsds_2021_155_14_39_51"),
    ("idex/idex_combined_science_definition.xml", "idex/sciData_2023_052_14_45_05"),
    ("imap_swapi/swapi_packet_definition.xml", "imap_swapi/imap_swapi_l0_raw_20240924_v001.pkts"),
    ("xtcetools/BogusSAT-2.xml", "jpss1/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"),
]


@pytest.fixture(params=["numpy", "compiled"])
def _form(request):
    if request.param == "compiled":
        kernels.bind()
    yield
    kernels.unbind()


def damaged(octets: bytes, number: int, seed: int) -> list[bytes]:
    """Return packets of the file with bytes changed, cut short, lengthened or all random."""
    random = np.random.default_rng(seed)
    whole = packet.scan(octets).packets
    made = []
    for row in random.integers(0, len(whole), number).tolist():
        one = bytearray(whole.octets(row))
        for place in random.integers(0, len(one), 4).tolist():
            one[place] = int(random.integers(256))
        size = int(random.integers(1, 2 * len(one)))
        made.append(bytes(one[:size]) if row % 3 else bytes(one) + random.bytes(row % 7))
        made.append(bytes(one[:6]) + random.bytes(size % 97 + 1))
    return made


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize("definition, file", SEEDS)
def test_damaged_packets_are_decoded_or_unknown_and_raise_nothing(shared, definition, file):
    database = xtce.load((shared / definition).read_bytes(), definition)
    roots = [path for path in database.containers if path.endswith("/CCSDSPacket")]
    decoder = Decoder(plan.compile(database, roots[0] if roots else None))
    octets = damaged((shared / file).read_bytes(), 150, 7)
    lengths = np.array([len(each) for each in octets])
    arena = packet.padded(b"".join(octets))
    packets = packet.describe(arena, np.cumsum(lengths) - lengths, lengths)
    result = decoder.decode(packets)
    rows = [*result.unknown.tolist(), *(row for b in result.batches for row in b.rows.tolist())]
    assert sorted(rows) == list(range(len(octets)))
    assert result.counts.balanced
    for batch in result.batches:
        assert all(len(column.values) == len(batch) for column in batch.raw.values())


def test_every_container_of_bogussat_takes_any_octets(shared):
    database = xtce.load((shared / "xtcetools/BogusSAT-2.xml").read_bytes(), "BogusSAT-2.xml")
    random = np.random.default_rng(11)
    octets = [random.bytes(int(size)) for size in random.integers(1, 400, 60)]
    lengths = np.array([len(each) for each in octets])
    packets = packet.describe(
        packet.padded(b"".join(octets)), np.cumsum(lengths) - lengths, lengths
    )
    for path in database.containers:
        result = Decoder(plan.compile(database, path)).decode(packets)
        assert result.counts.balanced
        assert sum(map(len, result.batches)) + len(result.unknown) == 60
