"""Run a program over packets: each kind of step, and how its columns come together.

Source: XTCE 1.2 `SequenceEntryType`, `RepeatType`, `MatchCriteriaType`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ground.blocks import BlockColumns
from ground.columns import Column
from ground.decode import codings, octets
from ground.decode.gather import Columns, beside, cut, gather, spread
from ground.decode.kernels import extract
from ground.decode.rows import FAR, Places, Rows, Trace
from ground.mdb.layout import Move
from ground.mdb.model import BinaryEncoding, Origin, StringEncoding
from ground.mdb.program import Branch, Inner, Loop, Number, Program, Run, Step, Text, Varying

OUTPUTS = (np.uint8, np.uint16, np.uint32, np.uint64)


def run(program: Program, rows: Rows) -> Columns:
    """Decode the rows; they then stand where the program ends."""
    several = [_taken(step, rows, program.looked) for step in program.steps]
    if len(several) == 1:
        return several[0]
    columns: dict[str, Column] = {}
    for each in several:
        merge(columns, each)
    return columns


def _taken(step: Step, rows: Rows, looked: frozenset[str]) -> Columns:
    """Take one step; what conditions and sizes look at is then known."""
    found = _step(step, rows)
    for name in looked:
        if name in found:
            rows.latest[name] = found[name]
    return found


def merge(columns: dict[str, Column], more: Columns) -> None:
    """Add columns; what stands twice in a packet becomes one column with both side by side."""
    for name, column in more.items():
        before = columns.get(name)
        columns[name] = column if before is None else beside([before, column])


def _step(step: Step, rows: Rows) -> Columns:
    match step:
        case Run():
            return _run(step, rows)
        case Varying():
            return {step.name: _varying(step, rows)}
        case Move():
            return _move(step, rows)
        case Branch():
            return _branch(step, rows)
        case Inner():
            return _inner(step, rows)
        case Loop(stride=None):
            return _loop(step, rows)
        case _:
            return _strided(step, rows)


# ---- fields of fixed size ---------------------------------------------------------------------


def _run(step: Run, rows: Rows) -> Columns:
    anchor, number = rows.at, len(rows)
    whole = bool((rows.last - anchor).min(initial=FAR) >= step.high)
    if step.low < 0 or anchor is not rows.first:
        whole = whole and bool((anchor + step.low >= rows.first).all())
    outs = [
        np.empty((height, number), dtype)
        for height, dtype in zip(step.heights, OUTPUTS, strict=True)
    ]
    inside = np.empty((1 if whole else max(len(step.table), 1), number), np.bool_)
    if step.numbers:
        places = (anchor, rows.first, rows.last)
        extract(rows.arena, *places, step.table, whole, outs[0], outs[1], outs[2], outs[3], inside)
        if not whole:
            rows.short |= ~inside.all(axis=0)
    columns = BlockColumns(step.layout, tuple(outs), {}, None if whole else inside)
    for each in step.coded:
        columns.made[each.name] = _coded(each, columns)
    for text in step.texts:
        columns.made[text.name] = _text(text, rows)
    if rows.trace is not None:
        rows.trace.extend(_places(step, rows.at))
    rows.at = anchor + step.advance
    first_of_all = rows.reach is anchor and step.reach >= 0
    reach = anchor + step.reach
    rows.reach = reach if first_of_all else np.maximum(rows.reach, reach)
    return columns


def _coded(number: Number, columns: BlockColumns) -> Column:
    """Return a column whose bits are not yet the value."""
    assert number.encoding is not None
    bits = columns.read(number.seat)
    values, usable = codings.read(bits.values, number.encoding)
    if usable is None or usable.all():
        return Column(values, bits.valid)
    return Column(values, usable if bits.valid is None else bits.valid & usable)


def _text(text: Text, rows: Rows) -> Column:
    found = [_place(text, rows, rows.at + at, np.full(len(rows), bits)) for at, bits in text.places]
    return found[0] if len(found) == 1 else beside(found)


def _place(text: Text | Varying, rows: Rows, at: Places, bits: Places) -> Column:
    inside = (bits >= 0) & (at >= rows.first) & (at + bits <= rows.last)
    rows.short |= ~inside
    values = octets.fields(rows.arena, at, bits, text.encoding, inside)
    return Column(values, None if inside.all() else inside)


def _places(step: Run, anchors: Places) -> Trace:
    fields = [
        (each.name, at, bits)
        for each in step.numbers
        for at, bits, _ in step.table[each.seat.mask : each.seat.mask + each.seat.count].tolist()
    ]
    fields += [(each.name, at, bits) for each in step.texts for at, bits in each.places]
    return [(name, place + at, bits) for place in anchors.tolist() for name, at, bits in fields]


# ---- what only the packet tells ---------------------------------------------------------------


def _varying(step: Varying, rows: Rows) -> Column:
    bits = _size(step.encoding, rows)
    column = _place(step, rows, rows.at, bits)
    if rows.trace is not None:
        places = zip(rows.at.tolist(), bits.tolist(), strict=True)
        rows.trace.extend((step.name, at, width) for at, width in places)
    end = rows.at + np.maximum(bits, 0)
    rows.go(end, end)
    return column


def _size(encoding: StringEncoding | BinaryEncoding, rows: Rows) -> Places:
    """Return how many bits each field takes; negative where that is not to be known."""
    if encoding.size is None:
        return octets.lengths(rows.arena, rows.at, rows.last, encoding)
    bits, known = rows.amount(encoding.size)
    return np.where(known, bits, -1)


def _move(step: Move, rows: Rows) -> Columns:
    origins = {Origin.CONTAINER_START: rows.start, Origin.CONTAINER_END: rows.reach}
    bits, known = rows.amount(step.by)
    rows.short |= ~known
    rows.go(origins.get(step.origin, rows.at) + bits)
    return {}


def _branch(step: Branch, rows: Rows) -> Columns:
    truth = rows.holds(step.condition)
    if truth.all() and len(truth):
        return run(step.body, rows)
    here = np.flatnonzero(truth)
    part = rows.take(here)
    found = run(step.body, part)
    blanks = step.body.blanks
    rows.give(here, part, blanks)
    return {
        name: spread(column, here, len(rows), blanks.get(name)) for name, column in found.items()
    }


def _inner(step: Inner, rows: Rows) -> Columns:
    start, reach = rows.start, rows.reach
    rows.start, rows.reach = rows.at, rows.at.copy()
    begin = rows.at
    columns = run(step.body, rows)
    end = rows.reach
    if step.bits is not None:
        bits, known = rows.amount(step.bits)
        rows.short |= ~known
        end = begin + np.maximum(bits, 0)
    rows.start, rows.reach = start, reach
    rows.go(end, end)
    return columns


def _count(step: Loop, rows: Rows) -> Places:
    """Return how often the body stands: the product of the counts, never negative."""
    total = np.ones(len(rows))
    for amount in step.counts:
        number, known = rows.amount(amount)
        rows.short |= ~known
        total = total * np.maximum(number, 0)
    return np.minimum(total, 1 << 32).astype(np.int64)


def _strided(step: Loop, rows: Rows) -> Columns:
    """Decode a body of fixed size as often as each packet says, all in one go.

    Only what lies in the packet is decoded, whatever number the packet gives.
    """
    assert step.stride is not None
    wanted = _count(step, rows)
    gap = rows.amount(step.gap)[0] if step.gap is not None else np.zeros(len(rows), np.int64)
    room = np.maximum(rows.last - rows.at + gap, 0) // step.stride
    count = np.minimum(wanted, room)
    rows.short |= wanted > count
    each = np.repeat(np.arange(len(rows)), count)
    index = np.arange(len(each)) - np.repeat(np.cumsum(count) - count, count)
    part = rows.take(each)
    part.at = part.at + index * step.stride
    found = run(step.body, part)
    end = rows.at + np.minimum(wanted * step.stride - np.where(wanted > 0, gap, 0), 1 << 40)
    rows.go(end, end)
    return {name: cut(column, count) for name, column in found.items()}


def _loop(step: Loop, rows: Rows) -> Columns:
    """Decode a body time after time, as its size may differ each time.

    It runs at least once, if for no packet, so that every column is there.
    """
    wanted = _count(step, rows)
    left, times = wanted > 0, list[tuple[NDArray[np.intp], Columns]]()
    while left.any() or not times:
        here = np.flatnonzero(left)
        part = rows.take(here)
        before = part.at
        if times and step.gap is not None:
            part.go(part.at + part.amount(step.gap)[0])
        times.append((here, run(step.body, part)))
        more = (wanted[here] > len(times)) & (part.at > before)
        part.short |= more & (part.at >= part.last)
        left[here] = more & (part.at < part.last)
        rows.give(here, part, step.body.blanks)
    return gather(times, len(rows), step.fixed, step.body.blanks)
