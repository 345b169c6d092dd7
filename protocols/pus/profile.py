"""What the packet utilisation standard leaves to the mission: widths, time codes, options.

Widths are in octets; where a width may be 0 the field is then absent. `PROFILE` is the default
everywhere: its secondary headers are those of the mission database that comes with this project.

Source: ECSS-E-ST-70-41C §7.3 (field types), §7.4 (packets), figures of §8 (widths "enumerated").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from protocols.errors import DecodeError, EncodeError
from protocols.timecodes import Cds, Cuc
from protocols.times import SECOND_NS

TIME_CLAUSE = "ECSS-E-ST-70-41C §7.3.10"
CUC = Cuc(coarse=4, fine=2)  # since 1958, TAI


@dataclass(frozen=True, slots=True)
class Profile:
    """The choices of one mission.

    Attributes:
        version: PUS version number, 2 for PUS-C, 1 for PUS-A.
        source, counter, destination: of the secondary headers; 0, 1 or 2, PUS-C has 2 of each.
        time: code of every absolute time; `p_field`: whether its P-field goes before it.
        relative: coarse and fine octets of a relative time, a signed count of 2^-8fine s.
        error_control: whether packets end in a CRC-16.
        tc_spare, tm_spare: at the end of the secondary header.
        step, failure: step id and failure code of ST[01].
        structure, parameter, interval: structure id, parameter id and collection interval (counts
            of the mission's own unit) of ST[03]; the parameter id of ST[12] and ST[20] too.
        event: event definition id of ST[05] and ST[12].
        function: function id of ST[08].
        count: every N before a list.
        sub_schedule, group: ids of ST[11]; 0 where the mission has none.
        schedule_source, schedule_apid, schedule_sequence: of the request id of ST[11].
        window: window type of a filter; status: of a sub-schedule, group, definition or check.
        rate: rate exponent of ST[09].
        reference: status of the time reference in time reports; 0 where they have none.
        monitor: monitoring definition id of ST[12]; delay: maximum transition reporting delay;
            every: monitoring interval, 0 where all definitions share one; repetition: repetition
            numbers; check: check type and checking status; deltas: number of delta values.
        conditional: whether a monitoring definition has a validity condition.
        apid: application process id of ST[17].
        value: octets of a parameter's value (and of a mask over it) in ST[12] and ST[20];
            `widths` has those of parameters that are wider or narrower.
    """

    version: int = 2
    source: int = 2
    counter: int = 2
    destination: int = 2
    time: Cuc | Cds = CUC
    p_field: bool = False
    relative: tuple[int, int] = (4, 2)
    error_control: bool = True
    tc_spare: int = 0
    tm_spare: int = 0
    step: int = 2
    failure: int = 2
    structure: int = 2
    parameter: int = 2
    interval: int = 4
    event: int = 2
    function: int = 2
    count: int = 1
    sub_schedule: int = 2
    group: int = 0
    schedule_source: int = 2
    schedule_apid: int = 2
    schedule_sequence: int = 2
    window: int = 1
    status: int = 1
    rate: int = 1
    reference: int = 0
    monitor: int = 2
    delay: int = 2
    every: int = 2
    repetition: int = 1
    check: int = 1
    deltas: int = 1
    conditional: bool = False
    apid: int = 2
    value: int = 4
    widths: Mapping[int, int] = field(default_factory=dict, hash=False)

    @property
    def preamble(self) -> bytes:
        """The P-field before each absolute time; empty where it is implicit."""
        return self.time.p_field if self.p_field else b""

    @property
    def time_octets(self) -> int:
        """The octets of an absolute time."""
        return len(self.preamble) + self.time.octets

    def value_octets(self, parameter: int) -> int:
        """Return the octets of a parameter's value."""
        return self.widths.get(parameter, self.value)

    @property
    def relative_octets(self) -> int:
        """The octets of a relative time."""
        return sum(self.relative)

    def encode_time(self, t_ns: int) -> bytes:
        """Return the octets of an absolute time, ns TAI since 1958.

        Raises:
            EncodeError: the code cannot say it.

        Source: ECSS-E-ST-70-41C §7.3.10.
        """
        return self.preamble + self.time.encode(np.array([t_ns], np.int64)).tobytes()

    def decode_time(self, octets: bytes) -> int:
        """Return the ns TAI since 1958 of an absolute time.

        Raises:
            DecodeError: the octets are too many or few, of another code, or no time.

        Source: ECSS-E-ST-70-41C §7.3.10.
        """
        if len(octets) != self.time_octets or not octets.startswith(self.preamble):
            raise DecodeError(f"time field {octets.hex()}", clause=TIME_CLAUSE)
        code = np.frombuffer(octets, np.uint8)[len(self.preamble) :]
        t_ns, valid = self.time.decode(code.reshape(1, -1))
        if not valid[0]:
            raise DecodeError(f"time field {octets.hex()} is no time", clause=TIME_CLAUSE)
        return int(t_ns[0])

    def encode_relative(self, offset_ns: int) -> bytes:
        """Return the octets of a relative time, ns of either sign, to the nearest count.

        Raises:
            EncodeError: it does not fit.

        Source: ECSS-E-ST-70-41C §7.3.11 (two's complement over the whole field).
        """
        bits = 8 * self.relative[1]
        count = ((offset_ns << bits) + SECOND_NS // 2) // SECOND_NS
        try:
            return count.to_bytes(self.relative_octets, "big", signed=True)
        except OverflowError:
            raise EncodeError(f"{offset_ns} ns do not fit {self.relative_octets} octets") from None

    def decode_relative(self, octets: bytes) -> int:
        """Return the ns, of either sign, of a relative time, cut off below.

        Source: ECSS-E-ST-70-41C §7.3.11.
        """
        count = int.from_bytes(octets, "big", signed=True)
        return count * SECOND_NS >> 8 * self.relative[1]


PROFILE = Profile()
PUS_A = Profile(version=1, source=1, counter=1, destination=1)
