"""Communications link transmission units: telecommand frames as they go by radio.

A CLTU is a start sequence, codewords of the BCH code, and a tail that is no codeword, nor near
one. A receiver looks for the start, takes codewords until one is bad, and looks for a start again:
so the tail ends a CLTU, and so does a codeword with too many wrong bits. What came before it is
still handed up, and the length in the frame's header tells whether all of it is there. A CLTU
whose first codeword is bad holds nothing.

Source: 231.0-B-4 §5.2 (the CLTU), §6 (randomiser), §7 (reception); sub-clauses unverified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols import bch
from protocols.bch import CODEWORD, DATA, Mode
from protocols.errors import DecodeError, EncodeError
from protocols.randomiser import sequence

START = bytes.fromhex("eb90")
TAIL = bytes.fromhex("c5c5c5c5c5c5c579")
FILL = b"\x55"
LONGEST = 8192  # octets of a CLTU that a stream waits for: 1,023 codewords, seven longest frames

_WINDOW = 32  # codewords that a stream decodes at once
_ROUND = 1024  # lengths of the random sequence that are kept, so that few are made


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a CLTU holds.

    Attributes:
        octets: frames and the fill after them, `tc.delimit` parts them.
        corrected: how many bits were mended.
        ended: whether a codeword that was refused ended it, as the tail does.
    """

    octets: bytes
    corrected: int
    ended: bool


def encode(frames: bytes, *, randomise: bool = False, tail: bytes = TAIL) -> bytes:
    """Return the CLTU of one TC frame, or of several end to end.

    Raises:
        EncodeError: there is no octet to send.

    Source: 231.0-B-4 §5.2; the fill comes after the randomiser.
    """
    return encode_many([frames], randomise=randomise, tail=tail)[0]


def encode_many(
    units: Sequence[bytes], *, randomise: bool = False, tail: bytes = TAIL
) -> list[bytes]:
    """Return one CLTU for each of the units, as `encode` does.

    Raises:
        EncodeError: a unit has no octet.
    """
    if not all(units):
        raise EncodeError("a CLTU without a frame")
    whole = [_filled(_randomised(unit) if randomise else unit) for unit in units]
    blocks = np.frombuffer(b"".join(whole), np.uint8).reshape(-1, DATA)
    coded = bch.encode(blocks).tobytes()
    made, start = [], 0
    for each in whole:
        end = start + len(each) // DATA * CODEWORD
        made.append(START + coded[start:end] + tail)
        start = end
    return made


def decode(cltu: bytes, *, randomised: bool = False, mode: Mode = "sec") -> Decoded:
    """Return what a CLTU holds, up to its first bad codeword, which should be its tail.

    Raises:
        DecodeError: it does not start as a CLTU, or its first codeword is bad or cut short.

    Source: 231.0-B-4 §5.2, §3.4.
    """
    if not cltu.startswith(START):
        raise DecodeError("CLTU without its start sequence", clause="231.0-B-4 §5.2.2")
    codewords = _codewords(cltu[len(START) :])
    decoded = bch.decode(codewords, mode)
    good = _good(decoded)
    if good == 0:
        raise DecodeError("CLTU whose first codeword is bad or missing", clause="231.0-B-4 §3.4")
    octets = decoded.data[:good].tobytes()
    corrected = int(np.count_nonzero(decoded.corrected[:good]))
    ended = good < len(codewords)
    return Decoded(_randomised(octets) if randomised else octets, corrected, ended)


class CltuStream:
    """Find the CLTUs in a stream of octets, whose start sequences begin at an octet.

    It keeps at most `longest` octets and those of one call. A CLTU that is longer is cut there.

    Attributes:
        skipped: octets that belong to no CLTU: idle sequence and noise.
        abandoned: start sequences with no good codeword after them.
    """

    def __init__(self, *, mode: Mode = "sec", longest: int = LONGEST) -> None:
        self._mode, self._room = mode, (longest - len(START)) // CODEWORD
        self._octets = b""
        self._good = 0  # codewords known to be good, of the CLTU whose end has not come
        self.skipped = self.abandoned = 0

    def receive(self, octets: bytes) -> list[bytes]:
        """Return the CLTUs that these octets complete, each up to the codeword that ended it.

        Source: 231.0-B-4 §7 (search and decode states).
        """
        self._octets += octets
        found, at = [], 0
        while (start := self._octets.find(START, at)) >= 0:
            self.skipped += start - at
            at = start
            if not self._ended(start):
                break
            at = start + len(START) + CODEWORD * min(self._good + 1, self._room)
            if self._good:
                found.append(self._octets[start:at])
            else:
                self.abandoned += 1
            self._good = 0
        else:
            at = self._skip(at)
        self._octets = self._octets[at:]
        return found

    def finish(self) -> list[bytes]:
        """Return the CLTU whose end has not come, if there is one, and forget it."""
        left, good = self._octets, self._good
        self._octets, self._good = b"", 0
        if good:
            return [left]
        self.skipped += len(left)
        return []

    def _ended(self, start: int) -> bool:
        """Count the good codewords of the CLTU at `start`; return whether its end has come."""
        while self._good < self._room:
            first = start + len(START) + CODEWORD * self._good
            number = min(_WINDOW, self._room - self._good)
            codewords = _codewords(self._octets[first : first + number * CODEWORD])
            good = _good(bch.decode(codewords, self._mode))
            self._good += good
            if good < number:
                return good < len(codewords)
        return True

    def _skip(self, at: int) -> int:
        """Return where to look next time: a start sequence may have come by half."""
        half = self._octets.endswith(START[:1]) and len(self._octets) > at
        end = len(self._octets) - half
        self.skipped += end - at
        return end


def _filled(octets: bytes) -> bytes:
    """Return octets, with fill up to a whole number of blocks. Source: 231.0-B-4 §5.2.3."""
    return octets.ljust(-(-len(octets) // DATA) * DATA, FILL)


def _randomised(octets: bytes) -> bytes:
    """Return octets with the random sequence added, or taken away. Source: 231.0-B-4 §6."""
    random = sequence("tc", -(-len(octets) // _ROUND) * _ROUND)[: len(octets)]
    return np.bitwise_xor(np.frombuffer(octets, np.uint8), random).tobytes()


def _codewords(octets: bytes) -> NDArray[np.uint8]:
    """Return the whole codewords, uint8 [N, 8], that octets begin with."""
    whole = octets[: len(octets) // CODEWORD * CODEWORD]
    return np.frombuffer(whole, np.uint8).reshape(-1, CODEWORD)


def _good(decoded: bch.Decoded) -> int:
    """Return how many codewords come before the first bad one."""
    bad = np.flatnonzero(decoded.bad)
    return int(bad[0]) if len(bad) else len(decoded.bad)
