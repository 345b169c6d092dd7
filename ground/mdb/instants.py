"""Encoded times: absolute ones become int64 ns TAI since 1958, relative ones seconds.

Counts since the Unix epoch are POSIX seconds, which skip leap seconds; counts since any other
epoch are seconds that passed, as a clock on board counts them.

Source: XTCE 1.2 `ReferenceTimeType`, `EncodingType` (scale and offset).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb.model import TimeReference
from protocols import times
from protocols.errors import DecodeError, EncodeError

Int64 = NDArray[np.int64]
Truth = NDArray[np.bool_]

LIMIT_NS = 2.0**62  # 146 years; nothing farther from its epoch is a time of a spacecraft
NAMED_EPOCHS = {
    "TAI": "1958-01-01",
    "UNIX": "1970-01-01",
    "GPS": "1980-01-06",
    "J2000": "2000-01-01T11:59:27.816",  # noon TT, written in TAI
}
UNIX_EPOCH_NS = times.parse(NAMED_EPOCHS["UNIX"])
SCALES: dict[str, times.Scale] = {"TAI": "tai", "GPS": "gps", "J2000": "tai"}


def epoch_ns(epoch: str) -> int | None:
    """Return ns TAI since 1958 of an epoch, by name or in ISO 8601 UTC; None for other text."""
    try:
        return times.parse(NAMED_EPOCHS.get(epoch, epoch), SCALES.get(epoch, "utc"))
    except DecodeError:
        return None


def since(epoch: int, elapsed_ns: Int64) -> Int64:
    """Return the instants that lie so far after an epoch (ns TAI since 1958)."""
    if epoch == UNIX_EPOCH_NS:
        return times.utc_to_tai_ns(elapsed_ns)
    return epoch + elapsed_ns


def elapsed_ns(values: NDArray[Any], scale: float, offset: float) -> tuple[Int64, Truth]:
    """Return scale x value + offset in ns, and where that is a time at all.

    Integers are worked out in integers, so that a count of 2^-16 s loses nothing over decades;
    fractions of a ns are cut off.

    Args:
        values: raw or calibrated numbers of any dtype and shape.
        scale, offset: seconds.
    """
    with np.errstate(all="ignore"):
        rough = (values.astype(np.float64) * scale + offset) * 1e9
        usable = np.abs(rough) < LIMIT_NS
    if values.dtype.kind == "f":
        seconds = np.where(usable, values, 0.0).astype(np.float64) * scale + offset
        whole = np.floor(seconds)
        ns = np.rint((seconds - whole) * 1e9).astype(np.int64)
        return whole.astype(np.int64) * times.SECOND_NS + ns, usable
    counts = np.where(usable, values, values.dtype.type(0)).astype(np.int64)
    step = (Fraction(str(scale)) * times.SECOND_NS).limit_denominator(1 << 20)
    whole, rest = np.divmod(counts, step.denominator)
    ns = whole * step.numerator + rest * step.numerator // step.denominator
    return ns + round(Fraction(str(offset)) * times.SECOND_NS), usable


def count(name: str, reference: TimeReference, t_ns: int) -> Fraction:
    """Return what an instant is in its encoding, exactly: (instant - epoch - offset) / scale.

    Args:
        name: what the time is called in an error.
        t_ns: ns TAI since 1958; for a time without an epoch, ns that passed.

    Raises:
        EncodeError: the epoch is not one, or is another parameter's time.
    """
    elapsed = t_ns
    if reference.epoch is not None:
        epoch = epoch_ns(reference.epoch)
        if epoch is None:
            raise EncodeError(f"{name}: epoch {reference.epoch!r} found; a time expected")
        elapsed = times.tai_to_utc_ns(t_ns) if epoch == UNIX_EPOCH_NS else t_ns - epoch
    elif reference.offset_from is not None:
        raise EncodeError(f"{name}: a time counted from {reference.offset_from} is decoded only")
    if not reference.scale:
        raise EncodeError(f"{name}: a time of scale 0 is decoded only")
    seconds = Fraction(elapsed, times.SECOND_NS) - Fraction(str(reference.offset))
    return seconds / Fraction(str(reference.scale))
