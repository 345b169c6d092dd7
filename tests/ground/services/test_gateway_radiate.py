"""Units go out once, whatever happens: the gateway's ways up and what it remembers of them."""

from __future__ import annotations

import errno
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ground.link.transmitter import BUSY, MemoryTransmitter, TcpTransmitter, UdpTransmitter
from ground.messages import RadiateUnit, UnitRow
from ground.services.gateway_radiate import MOST_WAITING, Radiator, Way
from ground.services.gateway_units import FILE_NAME, KEPT_NS, Units

S = 10**9
ID = "{:032x}".format


class Moody(MemoryTransmitter):
    """A transmitter that is busy when told so."""

    busy = False

    def send(self, octets: bytes) -> str:
        return BUSY if self.busy else super().send(octets)


@pytest.fixture
def way() -> Way:
    return Way(Moody(), "memory")


@pytest.fixture
def radiator() -> Iterator[Callable[..., Radiator]]:
    files = []

    def make(folder: Path, way: Way) -> Radiator:
        units = Units(folder, 0)
        files.append(units._file)
        made = Radiator({"up": way}, units)
        made.open(0)
        return made

    yield make
    for each in files:
        each.close()


def unit(number: int, octets: bytes = b"cltu", not_after_ns: int = 100 * S) -> RadiateUnit:
    return RadiateUnit(ID(number), "up", octets, not_after_ns)


def states(rows: list[UnitRow]) -> list[str]:
    return [row.state for row in rows]


def test_a_unit_is_on_the_disk_before_it_is_said_to_be_taken_and_then_sent(radiator, tmp_path, way):
    made = radiator(tmp_path, way)
    assert states(made.receive([unit(1)], 5)) == ["taken"]
    assert len((tmp_path / FILE_NAME).read_bytes()) == 44
    assert way.transmitter.sent == []
    [row] = made.expire(7, 0)
    assert row == UnitRow(ID(1), "radiated", 7)
    assert way.transmitter.sent == [b"cltu"]


def test_the_same_unit_is_never_sent_twice(radiator, tmp_path, way):
    made = radiator(tmp_path, way)
    assert states(made.receive([unit(1), unit(1)], 0)) == ["taken"]  # one row of one unit
    made.expire(0, 0)
    assert states(made.receive([unit(1)], 0)) == ["radiated"]
    made.close()
    again = radiator(tmp_path, way)
    assert states(again.receive([unit(1)], 0)) == ["radiated"]
    again.expire(0, 0)
    assert way.transmitter.sent == [b"cltu"]


def test_a_unit_taken_and_not_sent_before_a_crash_is_uncertain_and_stays_unsent(
    radiator, tmp_path, way
):
    made = radiator(tmp_path, way)
    made.receive([unit(1)], 0)
    made._units._file.close()  # killed
    again = radiator(tmp_path, Way(way.transmitter, "memory"))
    [row] = again.known([ID(1)])
    assert row.state == "uncertain" and "between taking and radiating" in row.reason
    assert again.expire(0, 0) == [] and way.transmitter.sent == []


@pytest.mark.parametrize("cut", range(1, 44))
def test_a_torn_record_is_as_if_it_had_not_been_written(radiator, tmp_path, way, cut):
    made = radiator(tmp_path, way)
    made.receive([unit(1)], 0)
    made.expire(0, 0)
    made.close()
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-cut])
    assert radiator(tmp_path, way).known([ID(1)])[0].state in ("uncertain", "unknown")


def test_nothing_is_sent_after_its_time_and_a_busy_transmitter_is_waited_for(
    radiator, tmp_path, way
):
    made = radiator(tmp_path, way)
    way.transmitter.busy = True
    made.receive([unit(1, not_after_ns=10), unit(2, not_after_ns=30)], 0)
    assert made.expire(5, 0) == []
    way.transmitter.busy = False
    rows = made.expire(10, 0)
    assert [(row.unit, row.state) for row in rows] == [(ID(1), "refused"), (ID(2), "radiated")]
    assert states(made.receive([unit(3, not_after_ns=9)], 10)) == ["refused"]
    assert made.stages()[0].balanced


@pytest.mark.parametrize(
    "asked, why",
    [
        (RadiateUnit("../../etc/passwd", "up", b"x", S), "32 hex"),
        (RadiateUnit("A" * 32, "up", b"x", S), "32 hex"),
        (RadiateUnit(ID(1), "down", b"x", S), "no uplink 'down'"),
        (RadiateUnit(ID(1), "up", b"", S), "0 octets"),
        (RadiateUnit(ID(1), "up", bytes(1 << 17), S), "131072 octets"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(radiator, tmp_path, way, asked, why):
    [row] = radiator(tmp_path, way).receive([asked], 0)
    assert row.state == "refused" and why in row.reason
    assert way.given == 0


def test_a_full_disk_takes_nothing_and_sends_nothing_twice(radiator, tmp_path, way, monkeypatch):
    """Units that wait go out once, though nothing can be noted of them."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    made = radiator(tmp_path / "now", way)
    made.receive([unit(1), unit(2)], 0)
    with monkeypatch.context() as disk:
        disk.setattr("ground.services.gateway_units.disk.write_all", full)
        assert states(made.expire(0, 0)) == ["radiated", "radiated"]
        assert made.expire(1, 0) == []
        with pytest.raises(OSError, match="No space left"):
            made.receive([unit(3)], 1)
        assert states(made.known([ID(1), ID(3)])) == ["radiated", "unknown"]
    shutil.copytree(tmp_path / "now", tmp_path / "crash")
    assert states(radiator(tmp_path / "crash", way).known([ID(1)])) == ["uncertain"]
    assert states(made.receive([unit(3)], 2)) == ["taken"]
    made.expire(2, 0)
    made.close()
    assert way.transmitter.sent == [b"cltu"] * 3
    again = radiator(tmp_path / "now", way)
    assert states(again.known([ID(1), ID(2), ID(3)])) == ["radiated"] * 3


def test_what_waits_is_bounded(radiator, tmp_path, way):
    way.transmitter.busy = True
    made = radiator(tmp_path, way)
    made.receive([unit(i) for i in range(MOST_WAITING)], 0)
    [row] = made.receive([unit(MOST_WAITING)], 0)
    assert row.state == "refused" and "wait for this uplink" in row.reason


def test_old_units_are_forgotten_when_the_file_is_opened(radiator, tmp_path, way):
    made = radiator(tmp_path, way)
    made.receive([unit(1, not_after_ns=S)], 0)
    made.close()
    for now, kept in ((S + KEPT_NS, 1), (S + KEPT_NS + 1, 0)):
        units = Units(tmp_path, now)
        assert len(units) == kept
        units.close()


def test_old_units_are_forgotten_as_the_file_grows(radiator, tmp_path, way, monkeypatch):
    monkeypatch.setattr("ground.services.gateway_units.GROWN", 10)
    units = Units(tmp_path, 0)
    for number in range(100):
        units.take([(ID(number), number)], number + KEPT_NS)
    assert len(units) <= 30
    units.close()
    assert (tmp_path / FILE_NAME).stat().st_size <= 30 * 44
    again = Units(tmp_path, 99 + KEPT_NS)
    assert again.row(ID(99)).state == "uncertain"
    again.close()


def test_damage_to_a_record_hides_no_other_one(radiator, tmp_path, way):
    made = radiator(tmp_path, way)
    made.receive([unit(1), unit(2)], 0)
    made.close()
    path = tmp_path / FILE_NAME
    octets = bytearray(path.read_bytes())
    octets[5] ^= 1
    path.write_bytes(octets)
    assert radiator(tmp_path, way).known([ID(2)])[0].state != "unknown"


def test_a_unit_that_was_sent_is_refused_by_nothing(radiator, tmp_path, way):
    """As a BD command whose unit was refused waits again."""
    made = radiator(tmp_path, way)
    made.receive([unit(0)], 0)
    made.expire(0, 0)
    way.transmitter.busy = True
    made.receive([unit(1 + i) for i in range(MOST_WAITING)], 0)
    assert states(made.receive([unit(0)], 0)) == ["radiated"]


# --- real sockets -------------------------------------------------------------------------------


@pytest.fixture
def modem() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(5)
        yield made


def test_udp_sends_a_unit_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.settimeout(5)
        made = UdpTransmitter(f"127.0.0.1:{there.getsockname()[1]}")
        made.open(0)
        assert made.send(b"one") == "" and made.send(b"two") == ""
        assert [there.recv(99), there.recv(99)] == [b"one", b"two"]
        made.close()


def test_udp_to_where_nobody_listens_goes_on():
    made = UdpTransmitter("127.0.0.1:9")
    made.open(0)
    for _ in range(5):
        made.send(b"x")
    made.close()


def test_tcp_sends_units_end_to_end_and_connects_again(modem):
    made = TcpTransmitter(f"127.0.0.1:{modem.getsockname()[1]}")
    made.open(0)
    assert made.send(b"early") != ""
    peer, _ = modem.accept()
    made.expire(0)
    assert made.send(b"one") == "" and made.send(b"two") == ""
    assert peer.recv(6, socket.MSG_WAITALL) == b"onetwo"
    peer.close()
    now = 0
    while made.state == "up":
        made.expire(now := now + S)
    modem.setblocking(False)
    while made.state != "up":
        made.expire(now := now + S)
    modem.settimeout(5)
    again, _ = modem.accept()
    assert made.send(b"three") == ""
    assert again.recv(5, socket.MSG_WAITALL) == b"three"
    again.close()
    made.close()


def test_a_stream_that_is_full_takes_no_second_unit_into_the_first(modem):
    made = TcpTransmitter(f"127.0.0.1:{modem.getsockname()[1]}")
    made.open(0)
    peer, _ = modem.accept()
    made.expire(0)
    sent = 0
    while made.send(bytes([sent % 251]) * 65536) == "":
        sent += 1
    got = b""
    peer.setblocking(False)
    while len(got) < sent * 65536:
        made.expire(0)
        try:
            got += peer.recv(1 << 20)
        except BlockingIOError:
            continue
    assert got == b"".join(bytes([i % 251]) * 65536 for i in range(sent))
    assert made.send(b"next") == ""
    peer.close()
    made.close()
