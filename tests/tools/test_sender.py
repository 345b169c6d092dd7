"""The sender: what comes out of real sockets, on a schedule that a fake clock drives."""

from __future__ import annotations

import socket
import threading
import time

import numpy as np
import pytest

from ground.errors import InputError
from tools.simulator import START_NS, FaultRates, Stream
from tools.simulator.command import simulate
from tools.simulator.outlets import Target, TcpServer, Udp, outlet
from tools.simulator.sender import Pace, send
from tools.simulator.truthfile import TruthFolder, read

SECOND = 10**9
CADU = 1279
RATES = FaultRates(loss=0.05, ber=1e-5, duplicate=0.05, reorder=0.05)


class Clock:
    """Time goes on only where someone sleeps, and a little with each look."""

    def __init__(self, step_ns=1000):
        self.now_ns, self.step_ns = 77 * SECOND, step_ns

    def read(self):
        self.now_ns += self.step_ns
        return self.now_ns

    def sleep(self, seconds):
        self.now_ns += int(seconds * SECOND)


class Kept:
    """An outlet that notes when each CADU came."""

    def __init__(self, clock, broken=lambda number: False):
        self.clock, self.broken, self.got, self.tried = clock, broken, [], 0

    def ready(self):
        return True

    def send(self, octets, stopped):
        self.tried += 1
        if stopped() or self.broken(self.tried):
            return False
        self.got.append((self.clock.now_ns, octets))
        return True


def expected(seconds, faults=RATES):
    return Stream(faults=faults).frames(START_NS + seconds * SECOND)


@pytest.mark.parametrize("rate", [1.0, 3.7, 1000.0])
def test_frames_go_at_their_times_over_twenty_minutes_without_drift(rate):
    clock = Clock()
    kept = Kept(clock)
    pace = Pace(rate, clock.read, clock.sleep)
    begun = clock.now_ns
    sent = send(Stream(faults=RATES), kept, pace, end_ns=START_NS + 1200 * SECOND)
    planned = expected(1200)
    assert [octets for _, octets in kept.got] == [octets for _, octets in planned]
    late = [
        (at - begun) - (due - START_NS) / rate
        for (at, _), (due, _) in zip(kept.got, planned, strict=True)
    ]
    assert min(late) > -1000 and max(late) < 5_000_000  # ns
    assert sent.frames == len(planned) and sent.octets == CADU * len(planned)
    assert sent.behind_ns < 5_000_000


def test_without_a_schedule_everything_goes_at_once():
    clock = Clock()
    kept = Kept(clock)
    send(
        Stream(faults=RATES), kept, Pace(0, clock.read, clock.sleep), end_ns=START_NS + 90 * SECOND
    )
    assert [octets for _, octets in kept.got] == [octets for _, octets in expected(90)]


def test_what_nobody_takes_is_counted():
    clock = Clock()
    kept = Kept(clock, broken=lambda number: number % 10 == 0)
    pace = Pace(0, clock.read, clock.sleep)
    sent = send(Stream(), kept, pace, end_ns=START_NS + 60 * SECOND)
    assert (sent.frames, sent.unsent) == (84, 9)  # 93 frames in a minute


def test_a_stop_ends_it_and_the_counts_are_exact():
    clock = Clock()
    kept = Kept(clock)
    stream = Stream()
    sent = send(stream, kept, Pace(1, clock.read, clock.sleep), stopped=lambda: len(kept.got) >= 50)
    assert sent.frames == len(kept.got) == 50
    assert sent.frames + sent.unsent == stream.counts()["link"]["sent"]


def _datagrams(receiver, number):
    receiver.settimeout(10)
    return [receiver.recv(65536) for _ in range(number)]


def test_each_cadu_is_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        to = f"udp:127.0.0.1:{receiver.getsockname()[1]}"
        sender = outlet(Target.parse(to))
        planned = [octets for _, octets in expected(30)]
        assert isinstance(sender, Udp)
        sent = send(Stream(faults=RATES), sender, Pace(0), end_ns=START_NS + 30 * SECOND)
        assert _datagrams(receiver, len(planned)) == planned
        assert sent.frames == len(planned)
        sender.close()


def _all(connection):
    """Every octet until the other side closes."""
    connection.settimeout(10)
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_connection_that_is_made_carries_the_stream():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        to = f"tcp:127.0.0.1:{listener.getsockname()[1]}"
        found = {}
        thread = threading.Thread(
            target=lambda: found.update(
                simulate(
                    "chenguang1", to, start_ns=START_NS, rate=0, seconds=600,
                    faults="loss=0.05,ber=1e-5,duplicate=0.05,reorder=0.05",
                    stopped=lambda: False, sleep=time.sleep,
                )
            )
        )  # fmt: skip
        thread.start()
        connection, _ = listener.accept()
        with connection:
            octets = _all(connection)
        thread.join(10)
    assert octets == b"".join(each for _, each in expected(600))
    assert found["counts"]["sender"]["octets"] == len(octets)
    assert found["counts"]["sender"]["unsent"] == 0


def test_a_connection_that_is_waited_for_carries_the_stream_from_its_beginning():
    server = outlet(Target.parse("tcp-server:127.0.0.1:0"))
    assert isinstance(server, TcpServer)
    end_ns = START_NS + 600 * SECOND

    def run():
        send(Stream(), server, Pace(0, sleep=lambda _: time.sleep(0.01)), end_ns=end_ns)
        server.close()

    thread = threading.Thread(target=run)
    thread.start()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        octets = _all(connection)
    thread.join(10)
    assert octets == b"".join(each for _, each in expected(600, FaultRates()))


def test_a_client_that_goes_does_not_stop_the_others():
    server = TcpServer(Target("tcp-server", "127.0.0.1", 0))
    ends = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
    deadline = time.monotonic() + 10
    while len(server._clients) < 2 and time.monotonic() < deadline:
        server.ready()
    ends[0].close()
    assert all(server.send(bytes(CADU), lambda: False) for _ in range(20))
    assert len(server._clients) == 1
    assert len(ends[1].recv(20 * CADU, socket.MSG_WAITALL)) == 20 * CADU
    ends[1].close()
    server.close()


def test_a_reader_that_stands_still_is_waited_for_until_the_stop():
    server = TcpServer(Target("tcp-server", "127.0.0.1", 0))
    with socket.create_connection(("127.0.0.1", server.port)):
        stop_at = time.monotonic() + 0.5
        stream = Stream()
        sent = send(stream, server, Pace(0), stopped=lambda: time.monotonic() > stop_at)
    server.close()
    assert sent.frames > 0
    assert sent.frames + sent.unsent == stream.counts()["link"]["sent"]


@pytest.mark.parametrize(
    "text", ["", "udp", "udp:", "udp:1", "udp::1", "udp:a:b", "file:", "tcp:h:70000"]
)
def test_a_target_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="expected udp:HOST:PORT"):
        Target.parse(text)


def test_hosts_and_addresses_that_cannot_be_had_are_refused():
    with pytest.raises(InputError, match="expected a host"):
        Udp(Target("udp", "no such host.invalid", 1))
    server = TcpServer(Target("tcp-server", "127.0.0.1", 0))
    with pytest.raises(InputError, match="expected a free address"):
        TcpServer(Target("tcp-server", "127.0.0.1", server.port))
    server.close()


def test_the_truth_on_disk_is_the_truth_in_memory(tmp_path):
    stream, other = Stream(faults=RATES), Stream(faults=RATES)
    folder = TruthFolder(tmp_path / "truth")
    for end in (100, 200, 300):
        stream.frames(START_NS + end * SECOND)
        folder.write(stream.truth())
    other.frames(START_NS + 300 * SECOND)
    folder.close(stream.truth(final=True), stream.counts())
    found, whole = read(tmp_path / "truth"), other.truth(final=True)
    assert set(found) == {"frames"} | {p.strip("/").replace("/", ".") for p in whole.packets}
    for path, packets in whole.packets.items():
        table = found[path.strip("/").replace("/", ".")]
        assert table["delivered"].to_pylist() == packets.delivered.tolist()
        for kind in ("raw", "engineering"):
            for name, column in getattr(packets, kind).items():
                assert table[f"{kind}:{name}"].to_pylist() == column.tolist()
    assert found["frames"]["fate"].to_pylist() == whole.frames.fate.tolist()


def test_truth_that_was_torn_off_can_be_read_as_far_as_it_goes(tmp_path):
    stream = Stream()
    folder = TruthFolder(tmp_path)
    rows = []
    for end in (200, 400):
        stream.frames(START_NS + end * SECOND)
        part = stream.truth()
        rows.append(len(part.packets["/CG1/EPS/EPS_HK"].t_ns))
        folder.write(part)
    path = tmp_path / "CG1.EPS.EPS_HK.arrows"
    whole = path.read_bytes()
    assert len(read(tmp_path)["CG1.EPS.EPS_HK"]) == sum(rows)
    path.write_bytes(whole[:-100])
    assert len(read(tmp_path)["CG1.EPS.EPS_HK"]) == rows[0]
    folder.close(stream.truth(final=True), {})


def test_counts_of_the_link_are_those_of_the_truth():
    stream = Stream(faults=RATES)
    stream.frames(START_NS + 600 * SECOND)
    frames, counts = stream.truth(final=True).frames, stream.counts()
    assert counts["link"]["frames"] == np.count_nonzero(~frames.copy)
    assert sum(counts["station"][each] for each in ("used", "idle", "duplicate", "late", "ruined"))
    assert counts["link"]["reordered"] == np.count_nonzero(frames.moved)
