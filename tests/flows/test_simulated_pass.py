"""A simulated pass through every room of the way down, held against the truth that is in it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ground.columns import Batch, Column
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.mdb import plan, xtce
from protocols import aos
from protocols.cadu import Cadu, Received
from protocols.channel import Channels, Extracted
from protocols.reed_solomon import Code
from tools.simulator import Faults, Truth, record

FAULTS = Faults(lost=5, corrected=12, ruined=2)
LAYOUT = aos.Layout(1115, fecf=True, ocf=True)
OCTETS = (resources.files("configs") / "chenguang1" / "database.xml").read_bytes()
PLAN = plan.compile(xtce.load(OCTETS, "database.xml"))


class Flow(NamedTuple):
    truth: Truth
    received: Received
    rejects: int
    extracted: Extracted
    batches: list[Batch]


@pytest.fixture(scope="module", params=[True, False], ids=["coded", "plain"])
def flow(request, tmp_path_factory) -> Flow:
    path: Path = tmp_path_factory.mktemp("pass") / "pass"
    truth = record(path, coded=request.param, faults=FAULTS)
    if request.param:
        chain = Cadu(1115, bytes.fromhex("1acffc1d"), "tm8", Code(223, 5, "dual"))
    else:
        chain = Cadu(1115)
    both = (chain.receive(path.read_bytes()), chain.finish())
    received = Received(*(np.concatenate(pair) for pair in zip(*both, strict=True)))
    frames, rejects = aos.decode_many(received.frames, LAYOUT)
    extracted = Channels().receive(frames)
    decoded = Decoder(PLAN).decode(extracted.packets)
    assert decoded.counts.balanced
    assert len(decoded.unknown) == 0
    return Flow(truth, received, len(rejects), extracted, decoded.batches)


def test_every_frame_is_received_or_accounted_for(flow):
    sent = len(flow.truth.frame_vcid)
    assert flow.truth.frame_readable.sum() == len(flow.received.frames) - flow.rejects
    assert flow.received.given == sent - FAULTS.lost
    assert len(flow.received.rejects) + flow.rejects == FAULTS.ruined
    if len(flow.received.rejects):
        assert (flow.received.corrected > 0).sum() == FAULTS.corrected


def test_the_gaps_are_the_frames_that_did_not_arrive(flow):
    missing = dict.fromkeys(np.unique(flow.truth.frame_vcid).tolist(), 0)
    for gap in flow.extracted.gaps:
        assert gap.scid == 171
        missing[gap.vcid] += gap.missing
    unread = flow.truth.frame_vcid[~flow.truth.frame_readable]
    assert missing == {vcid: int((unread == vcid).sum()) for vcid in missing}


def test_every_delivered_packet_is_decoded_and_nothing_else(flow):
    assert {batch.packet_type for batch in flow.batches} == set(flow.truth.packets)
    for batch in flow.batches:
        truth = flow.truth.packets[batch.packet_type]
        assert len(batch) == truth.delivered.sum()
        assert (batch.bits_left == 0).all()
        assert (batch.flags == 0).all()
        sequence = batch.raw["/CG1/SEQUENCE_COUNT"].values
        assert (sequence == truth.sequence[truth.delivered]).all()


def test_every_raw_value_is_the_one_that_was_sent(flow):
    samples = 0
    for batch in flow.batches:
        truth = flow.truth.packets[batch.packet_type]
        for name, sent in truth.raw.items():
            column = batch.raw[name]
            assert column.valid is None or column.valid.all()
            assert (column.values == sent[truth.delivered]).all(), name
            samples += column.values.size
    assert samples > 150_000


def test_every_engineering_value_is_the_one_that_was_meant(flow):
    for batch in flow.batches:
        truth = flow.truth.packets[batch.packet_type]
        types = PLAN.column_types[batch.packet_type]
        found = Calibration(types).engineering(batch.raw, list(truth.engineering))
        for name, meant in truth.engineering.items():
            values = _plain(found[name])
            if name == "/CG1/OBSW/BOOT_TIME":  # whole seconds there, an instant here
                values = values // 10**9
            if meant.dtype == object:
                assert (values == meant[truth.delivered]).all(), name
            else:
                np.testing.assert_allclose(values, meant[truth.delivered], rtol=1e-12, atol=1e-9)


def _plain(column: Column) -> np.ndarray:
    assert column.valid is None or column.valid.all()
    if column.labels is None:
        return column.values
    return np.array(column.labels, object)[column.values]


def test_one_second_and_the_whole_pass_decode_alike(flow):
    """One packet and a thousand give the same answer."""
    packets = flow.extracted.packets
    for row in range(0, len(packets), 211):
        (one,) = Decoder(PLAN).decode(packets.take(np.array([row]))).batches
        (many,) = (each for each in flow.batches if each.packet_type == one.packet_type)
        at = np.flatnonzero(many.rows == row)
        for name, column in one.raw.items():
            assert (column.values == many.raw[name].values[at]).all()
