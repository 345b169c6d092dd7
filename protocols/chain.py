"""The loops over packets that no array can replace: where the next packet starts is in this one.

Each loop is written once, over arrays, in words that both Python and the compiler understand;
`chain_jit` compiles these very functions. `packet` walks a file with them, `channel` a link.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from protocols.kernels import kernel

Uint8 = NDArray[np.uint8]
Uint16 = NDArray[np.uint16]
Headers = tuple[Uint8, Uint8, Uint8, Uint16, Uint8, Uint16]

SPACE_HEADER = 6
ENCAPSULATION = 7  # packet version number of an encapsulation packet
IDLE_OCTET = ENCAPSULATION << 5  # an encapsulation packet of one octet

MORE = 0  # the header itself is not complete yet
BROKEN = -1  # the header gives a length smaller than itself, or none where it must


def total_length(octets: NDArray[np.uint8], at: int, stop: int, encapsulation: bool) -> int:
    """Return the length in octets of the packet at `at`, header included, or MORE or BROKEN.

    Source: 133.0-B-2 §4.1.3.5.3 (space packets); 133.1-B-3 §4.1.2.4 and §4.1.2.8 (encapsulation).
    """
    if stop - at < 1:
        return MORE
    if not encapsulation or int(octets[at]) >> 5 != ENCAPSULATION:
        if stop - at < SPACE_HEADER:
            return MORE
        return (int(octets[at + 4]) << 8 | int(octets[at + 5])) + 1 + SPACE_HEADER
    header = 1 << (int(octets[at]) & 3)
    if header == 1:  # without a length there can only be idle
        return 1 if int(octets[at]) == IDLE_OCTET else BROKEN
    if stop - at < header:
        return MORE
    length = 0
    for place in range(at + header // 2, at + header):
        length = length << 8 | int(octets[place])
    return length if length >= header else BROKEN


@kernel("protocols.chain_jit")
def edges(octets: NDArray[np.uint8], encapsulation: bool, places: NDArray[np.int64]) -> int:
    """Write where each whole packet starts, and last where the chain stops; return how many.

    Args:
        octets: uint8, back-to-back packets from the first octet on.
        encapsulation: whether version 7 is an encapsulation packet, or a space packet like all.
        places: int64, filled; must hold one more than the packets there can be.
    """
    at, found, stop = 0, 0, len(octets)
    while found < len(places) - 1:
        length = total_length(octets, at, stop, encapsulation)
        if length <= 0 or length > stop - at:
            break
        places[found] = at
        found += 1
        at += length
        if encapsulation:
            continue
        # As long as lengths stay the same, no load has to wait for the one before it.
        high, low = octets[at - length + 4], octets[at - length + 5]
        while found < len(places) - 1 and stop - at >= length:
            if octets[at + 4] != high or octets[at + 5] != low:
                break
            places[found] = at
            found += 1
            at += length
    places[found] = at
    return found


@kernel("protocols.chain_jit")
def headers(arena: NDArray[np.uint8], offset: NDArray[np.int64]) -> Headers:
    """Return the first two words of each packet's primary header, field by field.

    Args:
        arena: uint8, padded, so that a packet of one octet may be asked too.
        offset: int64 [N], where the packets start.

    Returns:
        version, type and secondary header flag (uint8), APID (uint16), sequence flags (uint8) and
        sequence count (uint16), [N] each.

    Source: 133.0-B-2 §4.1.3.
    """
    first = arena[offset].astype(np.uint16) << np.uint16(8) | arena[offset + 1]
    second = arena[offset + 2].astype(np.uint16) << np.uint16(8) | arena[offset + 3]
    return (
        (first >> 13).astype(np.uint8),
        (first >> 12 & 1).astype(np.uint8),
        (first >> 11 & 1).astype(np.uint8),
        first & np.uint16(0x07FF),
        (second >> 14).astype(np.uint8),
        second & np.uint16(0x3FFF),
    )


# What `extract` is given for each frame, tells of a channel, and writes: columns of its tables.
INDEX, OFFSET, LENGTH, POINTER, COUNT, MODULUS, STREAM, BAD = range(8)
KEY = 0  # of a counter or stream: the caller's own
NEXT, WRAP, BREAKS, ROW, LAST, LATES, FOLLOWS = range(1, 8)
COUNTER, WRITE, START, SEEN, BEGAN, SPOILT = range(1, 7)
P_OFFSET, P_LENGTH, P_STREAM, P_BEGAN, P_SPOILT = range(5)
E_KIND, E_FRAME, E_WHERE, E_FIRST, E_SECOND, E_BEGAN = range(6)

# Kinds of event. E_FIRST and E_SECOND are: count expected and missing; place from and to.
GAP, MALFORMED, NO_BEGINNING, NO_END, INCONSISTENT, LATE = range(6)
EVENTS_A_FRAME = 4

CONTINUES = -1  # first header pointer of a frame in which no packet starts; less: no packets
WHOLE, OPEN, WRONG = range(3)

# What `follow` says of a count, where it is not how many frames are missing.
BEHIND, ANEW = -1, -2
LATE_FRAMES = 64  # how far behind a frame may come and be late
LATE_PART = 16  # and what part of the counter's modulus that may be at most
LATE_RUN = 3  # late frames, each the next of the one before, with which a counter begins anew
SHORT_COUNTER = 256  # a modulus of which every step back may as well be a gap


def copy(
    joined: NDArray[np.uint8], at: int, arena: NDArray[np.uint8], offset: int, length: int
) -> None:
    """Copy octets from an arena. The compiler has a form of its own, ten times as fast."""
    joined[at : at + length] = arena[offset : offset + length]


def follow(counter: NDArray[np.int64], count: int, modulus: int) -> int:
    """Advance a counter; return how many frames are missing before this one, or BEHIND or ANEW.

    BEHIND: the frame is late, its count a little behind the last one; the counter stays. The
    third late frame in a row that go up by one, and any longer step back, is a counter that
    begins ANEW, as after a restart of the spacecraft; how many frames are missing nobody knows.

    Source: rule of this station; the standards let a counter restart and name no late frames.
    """
    if count < 0:
        return 0
    missing = 0
    if counter[WRAP] == modulus:
        missing = (count - counter[NEXT]) % modulus
        if is_late(counter, count, modulus - 1 - missing, modulus):
            return BEHIND
    if missing > 0 or (counter[WRAP] != modulus and counter[WRAP] != 0):
        counter[BREAKS] += 1
    counter[WRAP] = modulus
    counter[NEXT] = (count + 1) % modulus
    counter[LATES] = 0
    return ANEW if missing >= modulus // 2 and modulus > SHORT_COUNTER else missing


def is_late(counter: NDArray[np.int64], count: int, behind: int, modulus: int) -> bool:
    """Return whether a frame so far behind the last one in its place is late; count it then.

    One that is not behind at all has the last one's count: it is late only after other late ones,
    as the duplicate of a frame that overtook them.
    """
    if behind > min(LATE_FRAMES, modulus // LATE_PART) or (behind == 0 and counter[LATES] == 0):
        return False
    runs_on = counter[LATES] > 0 and count == counter[FOLLOWS]
    counter[LATES] = counter[LATES] + 1 if runs_on else 1
    counter[FOLLOWS] = (count + 1) % modulus
    return bool(counter[LATES] < LATE_RUN)


def continued(joined: NDArray[np.uint8], start: int, head: int, pointer: int, longest: int) -> int:
    """Return what became of the packet that began at `start`, in a frame's octets up to `head`.

    WHOLE if it ends there; OPEN if it goes on, and may; WRONG if the first header pointer says
    that it ends there, and it does not, or it ends before.
    """
    total = total_length(joined, start, head, True)
    if total == BROKEN or total > longest:
        return WRONG
    if total == head - start:
        return WHOLE
    return OPEN if pointer == CONTINUES and (total == MORE or total > head - start) else WRONG


def believable(joined: NDArray[np.uint8], start: int, total: int, longest: int) -> bool:
    """Return whether a packet can start here: its version is known, its length possible."""
    version = joined[start] >> 5
    return (version == 0 or version == ENCAPSULATION) and total != BROKEN and total <= longest


@kernel("protocols.chain_jit")
def repeats(
    frames: NDArray[np.int64],
    counters: NDArray[np.int64],
    streams: NDArray[np.int64],
    pairs: NDArray[np.int64],
) -> int:
    """Write which frames have the count of the one before them on their channel; return how many.

    Args:
        frames, counters, streams: as in `extract`; ROW and LAST of counters are changed.
        pairs: int64 [N, 2], filled: such a frame's row, and the row of the one before it, or -1
            where that was in an earlier call.
    """
    found = 0
    for row in range(len(frames)):
        counter = counters[streams[frames[row, STREAM], COUNTER]]
        count = frames[row, COUNT]
        if count >= 0 and counter[LAST] == count:
            pairs[found, 0], pairs[found, 1] = row, counter[ROW]
            found += 1
        counter[LAST], counter[ROW] = count, row
    return found


@kernel("protocols.chain_jit")
def extract(
    arena: NDArray[np.uint8],
    frames: NDArray[np.int64],
    counters: NDArray[np.int64],
    streams: NDArray[np.int64],
    joined: NDArray[np.uint8],
    longest: int,
    packets: NDArray[np.int64],
    events: NDArray[np.int64],
) -> tuple[int, int]:
    """Put the data fields of each stream end to end and write where the packets lie in them.

    A counter is what counts frames (a virtual channel), a stream what packets span the frames of
    (a virtual channel or a MAP). A packet that ends where the next first header pointer says is
    whole; one that does not is cut out, and the stream goes on at that pointer. So it does after
    a gap in the counts. A frame in which a packet cannot be one is malformed: none that starts
    in it comes out. A late frame is left out.

    Args:
        arena: uint8, octets of the frames.
        frames: int64 [N, 8], columns INDEX to BAD; STREAM is a row of `streams`.
        counters: int64 [C, 8], columns KEY to FOLLOWS; changed.
        streams: int64 [S, 7], columns KEY to SPOILT; changed. COUNTER is a row of `counters`,
            WRITE where its part of `joined` goes on, START where the packet that is not
            complete begins, or -1.
        joined: uint8, padded; each stream's part holds what it kept before, then room.
        longest: octets of the longest packet that is believed.
        packets: int64 [P, 5], columns P_OFFSET to P_SPOILT; filled.
        events: int64 [E, 6], columns E_KIND to E_BEGAN; filled.

    Returns:
        Rows filled of `packets` and of `events`.

    Source: 132.0-B-3 §4.1.2.7.6, 732.0-B-4 §4.1.4.2.3 (first header pointer).
    """
    found, noted = 0, 0
    for row in range(len(frames)):
        index, offset, length = frames[row, INDEX], frames[row, OFFSET], frames[row, LENGTH]
        pointer, stream = frames[row, POINTER], frames[row, STREAM]
        state = streams[stream]
        counter = counters[state[COUNTER]]
        expected = counter[NEXT]
        missing = follow(counter, frames[row, COUNT], frames[row, MODULUS])
        if missing == BEHIND:
            events[noted] = (LATE, row, state[COUNTER], expected, 0, index)
            noted += 1
            continue
        if missing != 0:
            events[noted] = (GAP, row, state[COUNTER], expected, max(missing, 0), index)
            noted += 1
        if pointer < CONTINUES:
            continue
        at, start = state[WRITE], state[START]
        end = at + length
        copy(joined, at, arena, offset, length)
        state[WRITE] = end
        if state[SEEN] != counter[BREAKS]:
            state[SEEN] = counter[BREAKS]
            if 0 <= start < at:
                events[noted] = (NO_END, row, stream, start, at, state[BEGAN])
                noted += 1
            start = -1
        if pointer >= length:
            events[noted] = (MALFORMED, row, stream, at, end, index)
            noted += 1
            if 0 <= start < at:
                events[noted] = (INCONSISTENT, row, stream, start, at, state[BEGAN])
                noted += 1
            state[START] = -1
            continue

        # The packet that this frame continues, up to the first one that starts in it.
        head = end if pointer == CONTINUES else at + pointer
        if start == at and pointer != 0:  # a packet must start here, and the pointer denies it
            start = -1
        state[SPOILT] |= frames[row, BAD]
        if start < 0 and at < head:
            events[noted] = (NO_BEGINNING, row, stream, at, head, index)
            noted += 1
        elif 0 <= start < head:
            outcome = continued(joined, start, head, pointer, longest)
            if outcome == WHOLE:
                packets[found] = (start, head - start, stream, state[BEGAN], state[SPOILT])
                found += 1
                start = head
            elif outcome == WRONG:
                events[noted] = (INCONSISTENT, row, stream, start, head, state[BEGAN])
                noted += 1
                start = -1
        if pointer == CONTINUES:
            state[START] = start
            continue

        # The packets that start in this frame.
        start, before = head, found
        while start < end:
            total = total_length(joined, start, end, True)
            if not believable(joined, start, total, longest):
                events[noted] = (MALFORMED, row, stream, head, end, index)
                noted += 1
                found, start = before, -1
                break
            if total == MORE or total > end - start:
                break
            packets[found] = (start, total, stream, index, frames[row, BAD])
            found += 1
            start += total
        state[START], state[BEGAN], state[SPOILT] = start, index, frames[row, BAD]
    return found, noted
