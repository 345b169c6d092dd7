"""CUC and CDS time codes: worked values, P-fields, bounds, and back again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import times
from protocols.errors import DecodeError, EncodeError
from protocols.timecodes import Cds, Cuc
from tests.clauses import clause


def row(text: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(text), np.uint8)[None]


@clause("301.0-B-4 §3.2.2")
@pytest.mark.parametrize(
    ("p_field", "coarse", "fine"),
    [
        ("1c", 4, 0),
        ("1e", 4, 2),  # the usual 4 + 2
        ("10", 1, 0),
        ("1f", 4, 3),
        ("9f7c", 7, 10),  # the most that two octets can say
        ("9e04", 4, 3),  # two octets where one would do
    ],
)
def test_a_p_field_tells_the_octets_of_a_cuc(p_field: str, coarse: int, fine: int) -> None:
    code, used = Cuc.from_p_field(bytes.fromhex(p_field) + b"rest")
    assert (code.coarse, code.fine, used) == (coarse, fine, len(p_field) // 2)
    assert Cuc.from_p_field(code.p_field) == (code, len(code.p_field))


@clause("301.0-B-4 §3.2.2")
def test_level_2_needs_the_epoch_of_the_mission() -> None:
    assert Cuc.from_p_field(b"\x2e", 5)[0] == Cuc(4, 2, 5)
    assert Cuc.from_p_field(b"\x1e", 5)[0] == Cuc(4, 2, 0)  # level 1 is 1958, whatever the mission
    assert Cds.from_p_field(b"\x48", 0)[0] == Cds(2, 0, 0)
    for decode, octet in ((Cuc.from_p_field, b"\x2e"), (Cds.from_p_field, b"\x48")):
        with pytest.raises(DecodeError, match="epoch"):
            decode(octet)


@clause("301.0-B-4 §3.3.2")
@pytest.mark.parametrize(
    ("p_field", "days", "below"), [("40", 2, 0), ("44", 3, 0), ("41", 2, 2), ("46", 3, 4)]
)
def test_a_p_field_tells_the_segments_of_a_cds(p_field: str, days: int, below: int) -> None:
    code, used = Cds.from_p_field(bytes.fromhex(p_field))
    assert (code, used) == (Cds(days, below), 1)
    assert code.p_field.hex() == p_field


@pytest.mark.parametrize("octets", [b"", b"\x9e", b"\x9e\x80", b"\x40", b"\x00", b"\x7f"])
def test_what_is_no_cuc_p_field_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError, match=r"301\.0-B-4 §3\.2"):
        Cuc.from_p_field(octets, 0)


@pytest.mark.parametrize("octets", [b"", b"\x1e", b"\x43", b"\xc0\x00", b"\x50"])
def test_what_is_no_cds_p_field_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError, match=r"301\.0-B-4 §3\.3"):
        Cds.from_p_field(octets, 0)


@clause("301.0-B-4 §3.2.1")
def test_a_cuc_counts_seconds_and_binary_parts() -> None:
    t_ns, valid = Cuc(4, 2).decode(row("00000001" + "8000"))
    assert (t_ns.tolist(), valid.tolist()) == ([1_500_000_000], [True])
    tick, _ = Cuc(1, 10).decode(row("00" + "0000000000002000" + "0000"))
    assert tick.tolist() == [0]  # 2^-51 s
    last, _ = Cuc(1, 10).decode(row("00" + "ff" * 10))
    assert last.tolist() == [999_999_999]


@clause("301.0-B-4 §3.3.1")
def test_the_ms_of_a_day_run_on_through_a_leap_second() -> None:
    day = (np.datetime64("2016-12-31") - np.datetime64("1958-01-01")).astype(int)
    octets = int(day).to_bytes(2, "big") + (86_400_250).to_bytes(4, "big")
    t_ns, valid = Cds().decode(row(octets.hex()))
    assert valid.all()
    assert times.iso(int(t_ns[0])) == "2016-12-31T23:59:60.250000000Z"
    assert Cds().encode(t_ns).tobytes() == octets
    for wrong in (day.astype(int) - 1, day.astype(int)):
        ms = 86_400_250 if wrong != day else 86_401_000
        octets = int(wrong).to_bytes(2, "big") + ms.to_bytes(4, "big")
        assert Cds().decode(row(octets.hex()))[1].tolist() == [False]


@clause("301.0-B-4 §3.3.1")
def test_a_last_segment_beyond_its_millisecond_is_not_valid() -> None:
    assert Cds(2, 2).decode(row("0001" + "00000000" + "03e7"))[1].tolist() == [True]
    assert Cds(2, 2).decode(row("0001" + "00000000" + "03e8"))[1].tolist() == [False]
    assert Cds(2, 4).decode(row("0001" + "00000000" + "3b9aca00"))[1].tolist() == [False]


def test_a_time_too_far_for_nanoseconds_is_not_valid_and_zero() -> None:
    for code in (Cuc(5, 0), Cuc(7, 10), Cds(3, 4)):
        t_ns, valid = code.decode(np.full((2, code.octets), 0xFF, np.uint8))
        assert (t_ns.tolist(), valid.tolist()) == ([0, 0], [False, False])
    far = Cds(3, 0, 0).decode(row("0180a0" + "00000000"))  # 98,464 days: the year 2239
    assert far[1].tolist() == [False]


def test_octets_of_another_width_are_refused_and_none_are_none() -> None:
    for code in (Cuc(), Cds()):
        with pytest.raises(DecodeError, match="expected"):
            code.decode(np.zeros((1, 3), np.uint8))
        t_ns, valid = code.decode(np.zeros((0, code.octets), np.uint8))
        assert len(t_ns) == len(valid) == 0
        assert code.encode(t_ns).shape == (0, code.octets)


def test_a_time_that_a_code_cannot_express_is_an_encode_error() -> None:
    cases = [(Cuc(1, 0), 256 * times.SECOND_NS), (Cuc(), -1 * times.SECOND_NS), (Cds(), 0)]
    for code, t_ns in cases:
        with pytest.raises(EncodeError):
            code.encode(np.array([t_ns]))
    with pytest.raises(EncodeError):
        Cuc(8, 0)
    with pytest.raises(EncodeError):
        Cds(4)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 7), st.integers(0, 10), st.integers(-(2**59), 2**59), st.data())
def test_every_cuc_comes_back_as_far_as_ns_can_tell(
    coarse: int, fine: int, epoch: int, data: st.DataObject
) -> None:
    code = Cuc(coarse, fine, epoch)
    octets = data.draw(st.binary(min_size=code.octets, max_size=code.octets))
    t_ns, valid = code.decode(np.frombuffer(octets, np.uint8)[None])
    if valid[0]:
        again = code.encode(t_ns)
        if fine <= 3:
            assert again.tobytes() == octets
        assert abs(int(code.decode(again)[0][0]) - int(t_ns[0])) <= 1
        exact = int.from_bytes(octets, "big") * times.SECOND_NS >> 8 * fine
        assert int(t_ns[0]) - epoch in ({exact} if fine <= 7 else {exact, exact - 1})


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([2, 3]), st.sampled_from([0, 2, 4]), st.data())
def test_every_valid_cds_comes_back(days: int, below: int, data: st.DataObject) -> None:
    code = Cds(days, below)
    day = data.draw(st.integers(0, 60_000))
    ms = data.draw(st.integers(0, 86_399_999))
    rest = data.draw(st.integers(0, {0: 0, 2: 999, 4: 999_999}[below]))
    rest *= 1000 if below == 4 else 1  # whole ns
    octets = day.to_bytes(days, "big") + ms.to_bytes(4, "big") + rest.to_bytes(below, "big")
    t_ns, valid = code.decode(np.frombuffer(octets, np.uint8)[None])
    assert valid.all()
    assert code.encode(t_ns).tobytes() == octets
    clock = np.datetime64("1958-01-01", "ns") + np.timedelta64(day, "D") + np.timedelta64(ms, "ms")
    assert times.iso(int(t_ns[0]))[:23] == str(clock)[:23]
