"""Real recordings sent by UDP at ten times their pace give the packets that the files give.

Recordings by Daniel Estevez and amateur stations (CC-BY-4.0). Each frame is a datagram, through
real sockets into a journal, and from there to the packets. Psyche's file says 128 ksps in its
name; as coding takes part of that, 1.28 Mbit/s of frames is ten times its pace and more. Mars 2020
was slower; it goes at twice that, so that the test is short.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
import pytest

from ground.archive.journal import Records
from ground.services.downlink import FrameLink
from ground.services.line import Line
from ground.services.received import Received
from ground.services.tally import Tally
from tests.ground.services.gateways import Ground, Sender, mission

PSYCHE = "estevez/Psyche/Psyche_2023-10-13T15_51_16_128ksps_low_rate_frames.u8"
MARS = "estevez/Mars2020/mars2020_frames.u8"


def table(length: int, fecf: bool, services: str) -> str:
    return (
        f'[[link]]\nname = "dsn"\nkind = "udp"\naddress = "127.0.0.1:0"\nframe = "aos"\n'
        f"length = {length}\nfecf = {str(fecf).lower()}\n{services}"
    )


def packets(received: Iterable[Received]) -> list[bytes]:
    return [each.packets.octets(row) for each in received for row in range(len(each.packets))]


@pytest.mark.parametrize(
    "name, length, fecf, services, bps, expected",
    [
        (PSYCHE, 1113, False, 'services = { 63 = "m_pdu" }\n', 1.28e6, None),
        (MARS, 1115, True, "", 2.56e6, 813),
    ],
)
def test_by_udp_at_ten_times_its_pace_a_recording_gives_the_packets_of_its_file(
    shared, tmp_path, name, length, fecf, services, bps, expected
):
    """813 is the count of Mars 2020's packets that its README publishes, idle ones included."""
    octets = np.fromfile(shared / name, np.uint8)
    frames = octets[: len(octets) // length * length].reshape(-1, length)
    made = mission(tmp_path, more=table(length, fecf, services))
    link = made.links[0]
    records = sent(Ground(tmp_path / "home", made), frames, bps)
    assert len(records) == len(frames) and np.array_equal(records.octets, frames.reshape(-1))
    counted, from_file = Tally(), Tally()
    live = packets([*Line(link, counted).receive(records)])
    whole = packets([FrameLink(link, from_file).receive(frames.reshape(-1), final=True)])
    assert live == whole and len(live) > 50
    assert counted.stages["packets"].dropped == from_file.stages["packets"].dropped
    if expected is not None:
        assert len(live) + counted.stages["packets"].dropped.get("idle", 0) == expected


def sent(ground: Ground, frames: np.ndarray, bps: float) -> Records:
    """Send frames at a pace, while the gateway and a reader of it run; return what it got."""
    sender, reading = Sender(ground, "dsn"), ground.reading(link="dsn")
    each_s = frames.shape[1] * 8 / bps
    start, number = time.monotonic(), 0
    while number < len(frames):
        due = min(len(frames), 1 + int((time.monotonic() - start) / each_s))
        for frame in frames[number:due]:
            sender.send(frame.tobytes())
        number = due
        ground.gateway.pump.turn()
        reading.turn()
    ground.until(lambda: reading.feed.position == frames.size, reading)
    row = ground.row("dsn")
    assert (row.records, row.dropped) == (len(frames), {})
    sender.close()
    ground.close()
    return Records.joined(reading.got)
