"""A stretch of telemetry sent again and again, for benchmarks: values repeat, counts and times do
not, so that no packet is the duplicate of another.

How it works: the stretch is made once, without idle frames. For each turn the counts and times in
the packets are rewritten where they lie in the channels' octets, and the frames counted, checked
and coded anew; a turn of an hour costs some milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols import aos, crc, packet
from tools.simulator.coding import MISSION, Craft
from tools.simulator.frames import Framed, Multiplexer
from tools.simulator.packets import VCIDS, Computer, Order
from tools.simulator.record import START_NS
from tools.simulator.spacecraft import SECOND_NS, Flight

Int64 = NDArray[np.int64]
Octets = NDArray[np.uint8]

COUNT_AT = 2  # octet of a frame at which its count is
# Octets of a packet, 133.0-B-2 §4.1.3 and ECSS-E-ST-70-41C §7.4.3.1.
SEQUENCE_AT, SERVICE_AT, MESSAGE_AT, TIME_AT = 2, 7, 9, 13
APID = 0x07FF
SEQUENCES, MESSAGES = 1 << 14, 1 << 16
UNSEGMENTED = 0xC000  # the flags beside the sequence count


@dataclass(frozen=True, slots=True)
class _Field:
    """A number in many packets, rewritten each turn.

    Attributes:
        at: int64 [P], octet of the channel's run at which it begins.
        value, step: int64 [P], what it is in the first turn, and by how much it grows with each.
        flags: what stands before it in its octets.
    """

    at: Int64
    octets: int
    value: Int64
    step: Int64
    modulus: int
    flags: int = 0

    def write(self, run: Octets, turn: int) -> None:
        """Write the values of a turn."""
        values = (self.value + turn * self.step) % self.modulus | self.flags
        for place in range(self.octets):
            run[self.at + place] = values >> 8 * (self.octets - 1 - place) & 0xFF


class Loop:
    """What the satellite sends in `seconds` (whole), turn after turn; a source as `Stream` is.

    Attributes:
        start_ns: when the first turn begins, ns TAI; each takes `turn_ns`.
        packets: how many were whole in the frames that were returned.
        a_turn: packets in a turn.
    """

    def __init__(
        self,
        *,
        seconds: int = 3600,
        seed: int = 1,
        start_ns: int = START_NS,
        mission: str = MISSION,
        link: str | None = None,
    ) -> None:
        self._craft = craft = Craft.find(mission, link)
        self.start_ns = start_ns - start_ns % SECOND_NS
        rng = np.random.default_rng(seed)
        sent = Computer(craft.database).send(Flight(self.start_ns, rng).fly(seconds), rng)
        order = Order.of(sent)
        framed = _framed(craft, order, self.start_ns)
        self._send_ns, self._vcid = framed.send_ns - self.start_ns, framed.vcid
        self.turn_ns = (int(self._send_ns[-1]) // SECOND_NS + 1) * SECOND_NS
        self._frames = framed.frames.copy()
        self._channels = {vcid: np.flatnonzero(framed.vcid == vcid) for vcid in VCIDS}
        runs = {vcid: self._zone(rows).reshape(-1) for vcid, rows in self._channels.items()}
        self._fields = _fields(runs, self.turn_ns)
        self._ends = _ends(framed, order)
        self.packets, self.a_turn = 0, len(order.rows)
        self._turn, self._next = 0, 0
        self._blocks = self._coded(0)

    def rate(self, packets_per_s: float) -> float:
        """Return how many times faster than real time gives so many packets a second."""
        return packets_per_s * self.turn_ns / SECOND_NS / self.a_turn

    def frames(self, until_ns: int) -> list[tuple[int, bytes]]:
        """Return what is sent before `until_ns` and was not returned yet: when, and the CADU."""
        made: list[tuple[int, bytes]] = []
        while True:
            begin_ns = self.start_ns + self._turn * self.turn_ns
            stop = int(np.searchsorted(self._send_ns, until_ns - begin_ns))
            rows = slice(self._next, max(stop, self._next))
            times = (begin_ns + self._send_ns[rows]).tolist()
            blocks = self._blocks[rows]
            made += [(t_ns, row.tobytes()) for t_ns, row in zip(times, blocks, strict=True)]
            self.packets += int(self._ends[rows].sum())
            self._next = rows.stop
            if self._next < len(self._send_ns):
                return made
            self._turn, self._next = self._turn + 1, 0
            self._blocks = self._coded(self._turn)

    def next_ns(self) -> int:
        """Return when the next frame is sent."""
        return self.start_ns + self._turn * self.turn_ns + int(self._send_ns[self._next])

    def _zone(self, rows: NDArray[np.intp]) -> Octets:
        """Return the octets of packets in these frames, [N, size], a copy."""
        layout = self._craft.layout
        return self._frames[rows, layout.header + aos.PDU_HEADER : layout.end]

    def _coded(self, turn: int) -> Octets:
        """Return the CADUs of a turn."""
        layout, frames = self._craft.layout, self._frames
        for vcid, rows in self._channels.items():
            zone = self._zone(rows)
            for each in self._fields[vcid]:
                each.write(zone.reshape(-1), turn)
            frames[rows, layout.header + aos.PDU_HEADER : layout.end] = zone
            counts = (np.arange(len(rows)) + turn * len(rows)) % aos.MODULUS
            for place in range(3):
                frames[rows, COUNT_AT + place] = counts >> 8 * (2 - place) & 0xFF
        if layout.fecf:
            check = crc.crc16(frames[:, :-2].copy())
            frames[:, -2], frames[:, -1] = check >> 8, check & 0xFF
        return self._craft.marked(self._craft.blocks(frames))


def _framed(craft: Craft, order: Order, start_ns: int) -> Framed:
    """Return the frames that carry packets; those that carry none are left out."""
    multiplexer = Multiplexer(craft.layout, craft.scid, VCIDS, start_ns, craft.frame_ns)
    multiplexer.add(order.ready_ns, order.vcid, order.octets)
    framed = multiplexer.run()
    rows = np.isin(framed.vcid, VCIDS)
    return Framed(
        framed.frames[rows], framed.vcid[rows], framed.count[rows], framed.ordinal[rows],
        framed.send_ns[rows], framed.spans,
    )  # fmt: skip


def _ends(framed: Framed, order: Order) -> Int64:
    """Return how many packets end in each frame."""
    ends = np.zeros(len(framed.vcid), np.int64)
    for vcid in VCIDS:
        last = framed.spans[order.vcid == vcid, 1]
        np.add.at(ends, np.flatnonzero(framed.vcid == vcid)[last], 1)
    return ends


def _begins(run: Octets) -> Int64:
    """Return where packets begin in a channel's octets, idle ones left out.

    Source: 133.0-B-2 §4.1.3.5.3, length field = data octets − 1.
    """
    at, found = 0, []
    while at < len(run):
        if (int(run[at]) << 8 | int(run[at + 1])) & APID != packet.IDLE_APID:
            found.append(at)
        at += (int(run[at + 4]) << 8 | int(run[at + 5])) + 7
    return np.array(found, np.int64)


def _fields(runs: dict[int, Octets], turn_ns: int) -> dict[int, list[_Field]]:
    """Return what is rewritten in the octets of each channel."""
    begins = {vcid: _begins(run) for vcid, run in runs.items()}
    apid = {vcid: _read(run, begins[vcid], 2) & APID for vcid, run in runs.items()}
    kind = {
        vcid: apid[vcid] << 8 | run[begins[vcid] + SERVICE_AT].astype(np.int64)
        for vcid, run in runs.items()
    }
    of_apid = np.bincount(np.concatenate(list(apid.values())))
    of_kind = np.bincount(np.concatenate(list(kind.values())))
    made = {}
    for vcid, run in runs.items():
        at = begins[vcid]
        turn_s = np.full(len(at), turn_ns // SECOND_NS)
        made[vcid] = [
            _field(run, at + SEQUENCE_AT, 2, of_apid[apid[vcid]], SEQUENCES, UNSEGMENTED),
            _field(run, at + MESSAGE_AT, 2, of_kind[kind[vcid]], MESSAGES, 0),
            _field(run, at + TIME_AT, 4, turn_s, 1 << 32, 0),
        ]
    return made


def _field(run: Octets, at: Int64, octets: int, step: Int64, modulus: int, flags: int) -> _Field:
    return _Field(at, octets, _read(run, at, octets) % modulus, step, modulus, flags)


def _read(run: Octets, at: Int64, octets: int) -> Int64:
    """Return the unsigned numbers of so many octets at places of a run."""
    value = np.zeros(len(at), np.int64)
    for place in range(octets):
        value = value << 8 | run[at + place]
    return value
