"""CCSDS time codes, unsegmented (CUC) and day segmented (CDS): one or many, P-field or none.

How it works: a code is described once, by its P-field or by the mission (implicit), and then reads
and writes columns of octets. Times are int64 ns TAI since 1958; parts of a nanosecond are cut off
when reading, and writing takes the nearest count, so that a code read and written again is equal.

Source: CCSDS 301.0-B-4 §3.2 (CUC), §3.3 (CDS).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols import times
from protocols.errors import DecodeError, EncodeError
from protocols.times import DAY_NS, FARTHEST_S, SECOND_NS

Octets = NDArray[np.uint8]
Times = tuple[NDArray[np.int64], NDArray[np.bool_]]

CUC_CLAUSE = "301.0-B-4 §3.2"
CDS_CLAUSE = "301.0-B-4 §3.3"
EPOCH_1958_UNIX_NS = -times.UNIX_EPOCH_1958_NS
PICOSECONDS = 4  # octets of a sub-millisecond segment in ps; with 2 octets it is in µs
MILLISECOND_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class Cuc:
    """An unsegmented time code: a count of seconds, then of parts of 2^-8 each octet.

    Attributes:
        coarse, fine: octets of whole seconds (1 to 7) and of the fraction (0 to 10).
        epoch_ns: ns TAI since 1958 at which it counts from; 0 is the CCSDS epoch (level 1).
    """

    coarse: int = 4
    fine: int = 2
    epoch_ns: int = 0

    def __post_init__(self) -> None:
        if not (1 <= self.coarse <= 7 and 0 <= self.fine <= 10):
            raise EncodeError(f"CUC of {self.coarse} + {self.fine} octets; expected 1..7 + 0..10")

    @classmethod
    def from_p_field(cls, octets: bytes, epoch_ns: int | None = None) -> tuple[Cuc, int]:
        """Return the code that a P-field describes, and the octets of that P-field (1 or 2).

        Args:
            epoch_ns: the mission's epoch, for a code of level 2.

        Raises:
            DecodeError: no CUC, cut short, or of level 2 without an epoch.

        Source: 301.0-B-4 §3.2.2.
        """
        first, used = _p_field(octets, CUC_CLAUSE)
        code = first >> 4 & 7
        if code not in (1, 2) or (code == 2 and epoch_ns is None):
            raise DecodeError(
                f"time code {code}; expected CUC with a known epoch", clause=CUC_CLAUSE
            )
        coarse, fine = (first >> 2 & 3) + 1, first & 3
        if used == 2:
            coarse, fine = coarse + (octets[1] >> 5 & 3), fine + (octets[1] >> 2 & 7)
        return cls(coarse, fine, 0 if epoch_ns is None or code == 1 else epoch_ns), used

    @property
    def octets(self) -> int:
        """The octets of a code, without its P-field."""
        return self.coarse + self.fine

    @property
    def p_field(self) -> bytes:
        """The P-field that describes the code; two octets where one cannot.

        Source: 301.0-B-4 §3.2.2.
        """
        coarse, fine = min(self.coarse, 4), min(self.fine, 3)
        first = (2 if self.epoch_ns else 1) << 4 | (coarse - 1) << 2 | fine
        if (coarse, fine) == (self.coarse, self.fine):
            return bytes([first])
        return bytes([0x80 | first, (self.coarse - coarse) << 5 | (self.fine - fine) << 2])

    def decode(self, octets: Octets) -> Times:
        """Return times (int64 [N]) and which are valid (bool [N]) of codes, uint8 [N, K].

        A time beyond the 269 years around 1958 that ns can count is 0 and not valid. Parts finer
        than 2^-56 s are cut off.

        Source: 301.0-B-4 §3.2.1.
        """
        _check_width(octets, self.octets, CUC_CLAUSE)
        seconds = _unsigned(octets[:, : self.coarse])
        fine = octets[:, self.coarse : self.octets][:, :7]
        valid = seconds + abs(self.epoch_ns) // SECOND_NS < FARTHEST_S
        ns = times.fraction_ns(_unsigned(fine), 8 * fine.shape[1])
        t_ns = self.epoch_ns + np.where(valid, seconds, 0) * SECOND_NS + ns
        return np.where(valid, t_ns, 0), valid

    def encode(self, t_ns: NDArray[np.int64]) -> Octets:
        """Return codes, uint8 [N, K], of times.

        Raises:
            EncodeError: a time before the epoch, or too late for the octets of the code.

        Source: 301.0-B-4 §3.2.1.
        """
        bits = 8 * min(self.fine, 7)
        counts = [
            ((t - self.epoch_ns << bits) + SECOND_NS // 2) // SECOND_NS << 8 * self.fine - bits
            for t in np.asarray(t_ns).tolist()
        ]
        return _rows(counts, self.octets)


@dataclass(frozen=True, slots=True)
class Cds:
    """A day segmented time code: days, ms of the day, and µs or ps of the ms.

    Attributes:
        days: octets of the day count, 2 or 3.
        submillisecond: octets of the last segment: 0, 2 (µs) or 4 (ps).
        epoch_unix_ns: midnight UTC (Unix ns) of day 0; the default is 1958-01-01 (level 1).
    """

    days: int = 2
    submillisecond: int = 0
    epoch_unix_ns: int = EPOCH_1958_UNIX_NS

    def __post_init__(self) -> None:
        if self.days not in (2, 3) or self.submillisecond not in (0, 2, PICOSECONDS):
            raise EncodeError("CDS segments; expected 2 or 3 octets of days, 0, 2 or 4 below ms")

    @classmethod
    def from_p_field(cls, octets: bytes, epoch_unix_ns: int | None = None) -> tuple[Cds, int]:
        """Return the code that a P-field describes, and the octets of that P-field.

        Args:
            epoch_unix_ns: the mission's epoch, for a code of level 2.

        Raises:
            DecodeError: no CDS, cut short, of level 2 without an epoch, or a reserved value.

        Source: 301.0-B-4 §3.3.2.
        """
        first, used = _p_field(octets, CDS_CLAUSE)
        level_2, below = first & 8, first & 3
        if first >> 4 & 7 != 4 or below == 3 or used == 2 or (level_2 and epoch_unix_ns is None):
            raise DecodeError(f"P-field {first:02x}; expected CDS, known epoch", clause=CDS_CLAUSE)
        epoch = EPOCH_1958_UNIX_NS if epoch_unix_ns is None or not level_2 else epoch_unix_ns
        return cls(3 if first & 4 else 2, 2 * below, epoch), used

    @property
    def octets(self) -> int:
        """The octets of a code, without its P-field."""
        return self.days + 4 + self.submillisecond

    @property
    def p_field(self) -> bytes:
        """The P-field that describes the code.

        Source: 301.0-B-4 §3.3.2.
        """
        level_2 = self.epoch_unix_ns != EPOCH_1958_UNIX_NS
        return bytes([4 << 4 | level_2 << 3 | (self.days == 3) << 2 | self.submillisecond // 2])

    def decode(self, octets: Octets) -> Times:
        """Return times (int64 [N]) and which are valid (bool [N]) of codes, uint8 [N, K].

        A time whose ms run past the end of its UTC day, or whose last segment past its ms, is 0
        and not valid; on a day with a leap second the day is one second longer.

        Source: 301.0-B-4 §3.3.1.
        """
        _check_width(octets, self.octets, CDS_CLAUSE)
        days, ms = (
            _unsigned(octets[:, : self.days]),
            _unsigned(octets[:, self.days : self.days + 4]),
        )
        below = _unsigned(octets[:, self.days + 4 : self.octets])
        picoseconds = self.submillisecond == PICOSECONDS
        near = days * 86_400 + abs(self.epoch_unix_ns) // SECOND_NS < FARTHEST_S
        midnight_ns = self.epoch_unix_ns + np.where(near, days, 0) * DAY_NS
        ns = ms * MILLISECOND_NS + (below // 1000 if picoseconds else below * 1000)
        t_ns = times.utc_to_tai_ns(midnight_ns) + ns
        valid = near & (t_ns < times.utc_to_tai_ns(midnight_ns + DAY_NS))
        valid &= below < (10**9 if picoseconds else 1000)
        return np.where(valid, t_ns, 0), valid

    def encode(self, t_ns: NDArray[np.int64]) -> Octets:
        """Return codes, uint8 [N, K], of times; what the last segment cannot say is cut off.

        Raises:
            EncodeError: a time before the epoch, or too late for the octets of the day count.

        Source: 301.0-B-4 §3.3.1.
        """
        t_ns = np.asarray(t_ns, np.int64)
        in_leap_second = times.utc_to_tai_ns(times.tai_to_utc_ns(t_ns)) != t_ns
        unix_ns = times.tai_to_utc_ns(t_ns - in_leap_second * SECOND_NS)
        days, of_day_ns = np.divmod(unix_ns - self.epoch_unix_ns, DAY_NS)
        ms, ns = np.divmod(of_day_ns + in_leap_second * SECOND_NS, MILLISECOND_NS)
        below = ns * 1000 if self.submillisecond == PICOSECONDS else ns // 1000
        segments = [_rows(days.tolist(), self.days), _rows(ms.tolist(), 4)]
        if self.submillisecond:
            segments.append(_rows(below.tolist(), self.submillisecond))
        return np.hstack(segments)


def _p_field(octets: bytes, clause: str) -> tuple[int, int]:
    """Return the first octet of a P-field and how many octets it has."""
    used = 2 if octets and octets[0] & 0x80 else 1
    if len(octets) < used or (used == 2 and octets[1] & 0x80):
        raise DecodeError("P-field cut short, or of more than two octets", clause=clause)
    return octets[0], used


def _check_width(octets: Octets, expected: int, clause: str) -> None:
    if octets.ndim != 2 or octets.shape[1] != expected:
        raise DecodeError(f"time code {octets.shape}; expected [N, {expected}]", clause=clause)


def _unsigned(octets: Octets) -> NDArray[np.int64]:
    """Return big-endian numbers of up to seven octets, one for each row."""
    values = np.zeros(len(octets), np.int64)
    for column in octets.T:
        values = values << 8 | column
    return values


def _rows(values: list[int], octets: int) -> Octets:
    try:
        joined = b"".join(value.to_bytes(octets, "big") for value in values)
    except OverflowError:
        raise EncodeError(f"a time before the epoch or beyond {octets} octets") from None
    return np.frombuffer(joined, np.uint8).reshape(len(values), octets).copy()
