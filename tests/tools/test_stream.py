"""The stream of the simulator: its octets, its faults and its truth against independent readers."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.errors import InputError
from protocols import aos
from protocols.cadu import Cadu
from protocols.channel import Channels
from protocols.reed_solomon import Code
from tests.clauses import clause
from tools.simulator import START_NS, FaultRates, Stream
from tools.simulator.station import Fate

SECOND = 10**9
CADU = 1279
HOUR = START_NS + 3600 * SECOND
LAYOUT = aos.Layout(1115, fecf=True, ocf=True)
APIDS = {"AOCS": 100, "EPS": 110, "TCS": 120, "NODES": 130, "CARDS": 131, "COMM": 140}
BAD = FaultRates.parse(
    "loss=0.02,ber=6e-3,duplicate=0.05,reorder=0.05,outage_every_s=700,outage_s=20,"
    "reboot_every_s=500,drift_ppb=20000"
)


@lru_cache
def run(seed: int, rates: FaultRates, seconds: int = 1800):
    stream = Stream(seed=seed, faults=rates)
    sent = stream.frames(START_NS + seconds * SECOND)
    return sent, stream.truth(final=True), stream.counts()


def received(sent):
    """The packets and findings of the station's own protocols."""
    octets = np.frombuffer(b"".join(octets for _, octets in sent), np.uint8)
    chain = Cadu(1115, bytes.fromhex("1acffc1d"), "tm8", Code(223, 5, "dual"))
    parts = chain.receive(octets), chain.finish()
    frames = np.concatenate([part.frames for part in parts])
    corrected = np.concatenate([part.corrected for part in parts])
    unreadable = sum(len(part.rejects) for part in parts)
    decoded, rejects = aos.decode_many(frames, LAYOUT)
    return Channels().receive(decoded), corrected, unreadable + len(rejects)


def identities(packets):
    """How often each (APID, count, CUC time) came."""
    return Counter((each[:4], each[13:19]) for each in packets)


def expected(truth):
    """The same of what the truth says arrives, spelled out by hand."""
    found = Counter()
    for path, each in truth.packets.items():
        apid = APIDS.get(path.rpartition("/")[2].partition("_")[0], 150)
        for row in np.flatnonzero(each.delivered):
            sequence = 0xC000 | int(each.sequence[row])
            coarse, rest = divmod(int(each.t_ns[row]), SECOND)
            fine = -(-rest * 65536 // SECOND)  # `rest` was cut to the nanosecond below
            head = (0x0800 | apid).to_bytes(2, "big") + sequence.to_bytes(2, "big")
            found[head, coarse.to_bytes(4, "big") + fine.to_bytes(2, "big")] += 1
    return found


@pytest.mark.parametrize("rates", [FaultRates(), BAD], ids=["clean", "bad"])
@given(cuts=st.lists(st.integers(1, 400 * SECOND), max_size=12))
@settings(max_examples=5, deadline=None)
def test_the_same_seed_gives_the_same_octets_however_time_is_cut(rates, cuts):
    whole, truth, counts = run(5, rates, 400)
    stream = Stream(seed=5, faults=rates)
    ends = [START_NS + each for each in sorted(cuts)] + [START_NS + 400 * SECOND]
    pieces = [piece for end in ends for piece in stream.frames(end)]
    assert pieces == whole
    again = stream.truth(final=True)
    assert stream.counts() == counts
    assert {path: each.delivered.tolist() for path, each in again.packets.items()} == {
        path: each.delivered.tolist() for path, each in truth.packets.items()
    }


def test_another_seed_gives_other_octets():
    assert run(1, FaultRates(), 60)[0] != run(2, FaultRates(), 60)[0]


def test_frames_come_one_each_639_ms_at_16_kbps():
    """1279 octets at 16,000 bit/s are 639.5 ms."""
    sent, _, _ = run(1, FaultRates(), 60)
    times = np.array([t_ns for t_ns, _ in sent])
    assert (np.diff(times) == 639_500_000).all()
    assert times[0] == START_NS + 639_500_000
    assert {len(octets) for _, octets in sent} == {CADU}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_station_finds_what_the_truth_says(seed):
    """The model in the simulator knows nothing of the protocols that the station receives with."""
    sent, truth, counts = run(seed, BAD)
    extracted, corrected, ruined = received(sent)
    link, station = counts["link"], counts["station"]
    assert link["frames"] + link["duplicated"] == link["sent"] + link["lost"] + link["outage"]
    assert len(sent) == link["sent"]
    assert (int((corrected > 0).sum()), ruined) == (link["mended"], link["ruined"])
    assert link["mended"] > 1000 and link["ruined"] > 10 and station["late"] > 10
    assert extracted.dropped.get("late", 0) == station["late"]
    assert extracted.dropped.get("duplicate", 0) == station["duplicate"]
    assert extracted.dropped["idle"] == station["idle"]
    assert extracted.used == station["used"]
    assert len(extracted.gaps) == station["gaps"]
    assert sum(gap.missing for gap in extracted.gaps) == station["missing"]
    packets = [extracted.packets.octets(row) for row in range(len(extracted.packets))]
    assert identities(packets) == expected(truth)
    assert len(packets) == counts["packets"]["arriving"] < counts["packets"]["sent"]


def test_a_clean_stream_arrives_but_for_what_is_under_way():
    sent, truth, counts = run(1, FaultRates())
    late = START_NS + 1795 * SECOND
    for each in truth.packets.values():
        assert each.delivered[each.t_ns < late].all()
    extracted, _, _ = received(sent)
    assert not extracted.gaps and not extracted.rejects
    assert counts["packets"]["sent"] - counts["packets"]["arriving"] < 30


def test_faults_are_as_often_as_asked_for():
    """Each within five standard deviations of its mean."""
    rates = FaultRates(loss=0.05, ber=1e-5, duplicate=0.1, reorder=0.02)
    _, truth, counts = run(7, rates)
    link, frames = counts["link"], counts["link"]["frames"]
    assert abs(link["duplicated"] - 0.1 * frames) < 5 * np.sqrt(0.1 * frames)
    given = frames + link["duplicated"]
    assert abs(link["lost"] - 0.05 * given) < 5 * np.sqrt(0.05 * given)
    bits = link["sent"] * 8 * 1275 * 1e-5
    assert abs(truth.frames.wrong.sum() - bits) < 5 * np.sqrt(bits)
    assert abs(link["reordered"] / 2 - 0.02 * link["sent"]) < 5 * np.sqrt(0.02 * link["sent"])


def test_faults_do_not_change_what_the_satellite_does():
    clean, truth, _ = run(1, FaultRates(), 400)
    harmed, other, _ = run(1, FaultRates(loss=0.1, duplicate=0.1, reorder=0.1), 400)
    assert {octets for _, octets in harmed} < {octets for _, octets in clean}
    for path, each in truth.packets.items():
        assert (each.raw["/CG1/TIME_COARSE"] == other.packets[path].raw["/CG1/TIME_COARSE"]).all()


def test_nothing_comes_in_an_outage():
    rates = FaultRates(outage_every_s=300, outage_s=30)
    sent, truth, counts = run(2, rates)
    times = np.array([t_ns for t_ns, _ in sent])
    assert len(truth.outages) >= 2
    for begin_ns, end_ns in truth.outages:
        assert not ((times >= begin_ns) & (times < end_ns)).any()
    assert counts["link"]["outage"] == (truth.frames.fate == Fate.OUTAGE).sum()
    extracted, _, _ = received(sent)
    assert sum(gap.missing for gap in extracted.gaps) == counts["link"]["outage"]


def test_a_boot_begins_every_count_at_0_and_sets_the_clock_back():
    _, truth, counts = run(3, FaultRates(reboot_every_s=400), 900)
    assert counts["link"]["boots"] == len(truth.boots) >= 1
    boot = truth.boots[0]
    after = truth.frames.send_ns >= boot.end_ns
    assert not ((truth.frames.send_ns > boot.begin_ns) & ~after).any()
    for vcid in (0, 1, 63):
        mine = after & (truth.frames.vcid == vcid)
        assert truth.frames.count[mine][0] == 0
    aocs = truth.packets["/CG1/AOCS/AOCS_HK"]
    first = np.flatnonzero(aocs.sequence == 0)[0]
    assert aocs.t_ns[first] == boot.end_ns + boot.clock_ns < aocs.t_ns[first - 1] + 9 * SECOND
    assert -30 * SECOND <= boot.clock_ns < 0
    obsw = truth.packets["/CG1/OBSW/OBSW_HK"]
    assert set(obsw.engineering["/CG1/OBSW/BOOT_REASON"]) == {"COMMAND", "WATCHDOG"}


@clause("301.0-B-4 §3.2")
def test_a_clock_that_runs_fast_gains_20_us_a_second_at_20_ppm():
    """After 1000 s it is 20 ms ahead, to the 15.26 us that the packet's time can tell."""
    _, truth, _ = run(1, FaultRates(drift_ppb=20_000))
    aocs = truth.packets["/CG1/AOCS/AOCS_HK"].t_ns  # sent on the whole second
    ahead = aocs - START_NS - np.arange(len(aocs)) * SECOND
    assert ahead[0] == 0
    assert 20_000_000 - 15_259 < ahead[1000] <= 20_000_000


def test_truth_that_is_asked_for_in_parts_is_the_whole():
    whole = run(4, BAD, 900)[1]
    stream = Stream(seed=4, faults=BAD)
    parts = []
    for end in range(100, 901, 100):
        stream.frames(START_NS + end * SECOND)
        parts.append(stream.truth(final=end == 900))
    for path, each in whole.packets.items():
        columns = [part.packets[path].t_ns for part in parts if path in part.packets]
        assert np.concatenate(columns).tolist() == each.t_ns.tolist()
    assert sum(len(part.frames.fate) for part in parts) == len(whole.frames.fate)


def test_history_goes_on_over_the_minutes():
    """No column of a slow quantity jumps where one stretch ends and the next begins."""
    truth = run(1, FaultRates())[1]
    soc = truth.packets["/CG1/EPS/EPS_HK"].engineering["/CG1/EPS/BATTERY_SOC"]
    assert np.abs(np.diff(soc)).max() < 0.6  # one step of its encoding is 0.5
    warm = truth.packets["/CG1/TCS/TCS_HK"]
    panels = warm.engineering["/CG1/TCS/RADIATOR_TEMPERATURE"]
    assert np.abs(np.diff(panels, axis=0)).max() < 0.5
    attitude = truth.packets["/CG1/AOCS/AOCS_HK"].engineering["/CG1/AOCS/ATTITUDE.q1"]
    assert np.abs(np.diff(attitude)).max() < 0.01


@pytest.mark.parametrize(
    "text",
    [
        "loss",
        "loss=x",
        "loss=2",
        "ber=-1",
        "wind=1",
        "loss=0.1,loss=0.2",
        "ber=nan",
        "drift_ppb=inf",
    ],
)
def test_faults_that_are_none_are_refused_with_what_is_expected(text):
    with pytest.raises(InputError, match="expected"):
        FaultRates.parse(text)
