# mypy: disallow-untyped-decorators=False, disallow-untyped-calls=False
"""The search for the earliest arrival, compiled; it reads like its plain form in `rounds`.

Labels are rows of one table that grows; those of a node are a chain from the newest on.
"""

from __future__ import annotations

from math import ceil

import numba
import numpy as np
from numba import types

FOREVER = np.int64((1 << 62) - 1)  # plan.FOREVER_NS
MOST_LABELS = 1 << 20  # rounds.MOST_LABELS
NODE, LO, HI, END, TX, CONTACT, PARENT, TERM, ENTRY, LIVE, NEXT, FIELDS = range(12)
# places in `marks`: the first label of the round, how many there are, the latest arrival, the goal
ROUND, COUNT, LATEST, GOAL, MARKS = range(5)

integers = types.Array(types.int64, 1, "C", readonly=True)
targets = types.Array(types.int32, 1, "C", readonly=True)
flags = types.Array(types.boolean, 1, "C", readonly=True)
floats = types.Array(types.float64, 1, "C", readonly=True)
volumes = types.Array(types.float64, 2, "C", readonly=True)
columns = types.Tuple((integers, integers, integers, integers, floats, volumes))
index = types.Tuple((integers, integers, targets, integers))
found = types.Tuple((types.int64[::1], types.int64[::1], types.int64[:, ::1]))


@numba.njit(nogil=True)
def _add(labels, marks, heads, made):  # type: ignore[no-untyped-def]
    count = marks[COUNT]
    if count == len(labels):
        more = np.empty((2 * count, FIELDS), np.int64)
        more[:count] = labels
        labels = more
    labels[count] = made
    if made[LIVE]:
        labels[count, NEXT] = heads[made[NODE]]
        heads[made[NODE]] = count
    marks[COUNT] += 1
    return labels


@numba.njit(nogil=True)
def _found(marks, arrivals, best, node, arrival):  # type: ignore[no-untyped-def]
    arrivals[node], best[node] = arrival, marks[COUNT]
    if node == marks[GOAL]:
        marks[LATEST] = arrival


@numba.njit(nogil=True)
def _improve(labels, marks, heads, arrivals, best, retention, made, arrival, alone):  # type: ignore[no-untyped-def]
    node = made[NODE]
    old = best[node]
    if old >= 0 and arrival >= arrivals[node]:
        ends, was = made[TERM], labels[old, TERM]
        later = ends > was or (ends == was and made[ENTRY] < labels[old, ENTRY])
        if old < marks[ROUND] or arrival > arrivals[node] or not later:
            return labels
    if alone and old >= marks[ROUND]:
        labels[old, LIVE] = 0
    _found(marks, arrivals, best, node, arrival)
    made[LIVE] = alone and retention[node] >= 0
    return _add(labels, marks, heads, made)


@numba.njit(nogil=True)
def _keep(labels, marks, heads, arrivals, best, made, arrival):  # type: ignore[no-untyped-def]
    if arrival < arrivals[made[NODE]]:
        _found(marks, arrivals, best, made[NODE], arrival)
    return _add(labels, marks, heads, made)


@numba.njit(nogil=True)
def _meets(labels, place, node):  # type: ignore[no-untyped-def]
    while place >= 0:
        if labels[place, NODE] == node:
            return True
        place = labels[place, PARENT]
    return False


@numba.njit(nogil=True)
def _passed(labels, retention, through, strict, place, parent):  # type: ignore[no-untyped-def]
    if not strict:
        return True
    place = labels[place, PARENT]
    while place >= 0:
        node = labels[place, NODE]
        limited = 0 <= retention[node] < FOREVER and not through[node]
        if limited and not _meets(labels, parent, node):
            return False
        place = labels[place, PARENT]
    return True


@numba.njit(nogil=True)
def _pass_on(  # type: ignore[no-untyped-def]
    labels, marks, heads, arrivals, best, retention, through, strict, made, arrival
):
    place = heads[made[NODE]]
    while place >= 0:
        old = labels[place]
        wider = old[LO] <= made[LO] and old[HI] >= made[HI] and old[END] >= made[END]
        wider = wider and old[TX] <= made[TX]
        if wider and _passed(labels, retention, through, strict, place, made[PARENT]):
            return _improve(labels, marks, heads, arrivals, best, retention, made, arrival, False)
        place = old[NEXT]
    return _keep(labels, marks, heads, arrivals, best, made, arrival)


@numba.njit(nogil=True)
def _store(  # type: ignore[no-untyped-def]
    labels, marks, heads, arrivals, best, retention, through, strict, made, arrival
):
    if strict and _meets(labels, made[PARENT], made[NODE]):
        return labels
    cursor, latest, kept = made[LO], made[HI], False
    while cursor <= latest:
        stop, covered = latest, False
        place = heads[made[NODE]]
        while place >= 0 and not covered:
            lo, hi = labels[place, LO], labels[place, HI]
            near = hi >= cursor and lo <= stop
            if near and _passed(labels, retention, through, strict, place, made[PARENT]):
                covered = lo <= cursor
                if covered:
                    cursor = hi + 1
                else:
                    stop = lo - 1
            place = labels[place, NEXT]
        if covered:
            continue
        piece = made.copy()
        piece[LO], piece[HI] = cursor, stop
        if cursor == made[LO]:
            kept = True
            labels = _keep(labels, marks, heads, arrivals, best, piece, arrival)
        else:
            labels = _add(labels, marks, heads, piece)
        cursor = stop + 1
    if not kept:
        labels = _improve(labels, marks, heads, arrivals, best, retention, made, arrival, False)
    return labels


@numba.njit(nogil=True)
def _send(  # type: ignore[no-untyped-def]
    labels, marks, heads, arrivals, best, contacts, retention, through, strict, made,
    octets, priority, place, row, node, single,
):  # fmt: skip
    starts, ends, owlts, acquisitions, rates, free = contacts
    span = octets * 8e9 / rates[row]
    if free[row, priority] < octets or span > ends[row] - starts[row]:
        return labels
    lo, hi = labels[place, LO], labels[place, HI]
    first = max(lo, starts[row] + acquisitions[row])
    tx = max(labels[place, TX], np.int64(ceil(span)))
    close, owlt = min(labels[place, END], ends[row]), owlts[row]
    arrival = first + tx + owlt
    late = first > hi or first >= close or first + tx > close
    if late or arrival > marks[LATEST]:
        return labels
    made[NODE], made[LO], made[HI], made[END], made[TX] = node, arrival, FOREVER, FOREVER, 0
    made[CONTACT], made[PARENT], made[LIVE], made[NEXT] = row, place, 1, -1
    made[TERM] = min(labels[place, TERM], ends[row])
    made[ENTRY] = node if labels[place, PARENT] < 0 else labels[place, ENTRY]
    if through[node]:
        made[LO], made[HI] = first + owlt, min(hi, close) + owlt
        made[END], made[TX] = close + owlt, tx
        return _pass_on(
            labels, marks, heads, arrivals, best, retention, through, strict, made, arrival
        )
    if single:
        return _improve(labels, marks, heads, arrivals, best, retention, made, arrival, True)
    made[HI] = min(min(hi, close - max(tx, 1)) + tx + owlt + retention[node], FOREVER)
    return _store(labels, marks, heads, arrivals, best, retention, through, strict, made, arrival)


@numba.njit(
    [
        found(
            columns, index, flags, integers, flags, types.int64, types.int64, types.float64,
            types.int64, types.int64, types.int64, types.boolean, types.int64,
        )
    ],
    cache=True,
    nogil=True,
)  # fmt: skip
def rounds(  # type: ignore[no-untyped-def]
    contacts, index, closed, retention, through, source, now, octets, priority, not_after, hops,
    strict, goal,
):  # fmt: skip
    starts = contacts[0]
    edges, firsts, targets, until = index
    labels = np.empty((1024, FIELDS), np.int64)
    heads = np.full(len(retention), -1, np.int64)
    arrivals, best = np.full(len(retention), FOREVER), np.full(len(retention), -1, np.int64)
    marks, made = np.zeros(MARKS, np.int64), np.empty(FIELDS, np.int64)
    marks[LATEST], marks[GOAL] = not_after, goal
    for place, value in enumerate((source, now, FOREVER, FOREVER, 0, -1, -1, FOREVER, -1, 1, -1)):
        made[place] = value
    labels = _add(labels, marks, heads, made)
    arrivals[source], best[source] = now, 0
    done = 0
    for _ in range(hops):
        done, marks[ROUND] = marks[ROUND], marks[COUNT]
        for place in range(done, marks[ROUND]):
            if not labels[place, LIVE] or marks[COUNT] >= MOST_LABELS:
                continue
            lo = labels[place, LO]
            hi = labels[place, HI]
            for group in range(edges[labels[place, NODE]], edges[labels[place, NODE] + 1]):
                node = targets[group]
                single = retention[node] < 0 or (retention[node] >= FOREVER and not strict)
                if closed[group] or (single and lo > arrivals[node]):
                    continue
                row, stop = firsts[group], firsts[group + 1]
                row += np.searchsorted(until[row:stop], lo, side="right")
                while row < stop and starts[row] <= min(hi, marks[LATEST]):
                    if single and starts[row] > arrivals[node]:
                        break
                    labels = _send(
                        labels, marks, heads, arrivals, best, contacts, retention, through,
                        strict, made, octets, priority, place, row, node, single,
                    )  # fmt: skip
                    row += 1
    count = marks[COUNT]
    trail = np.empty((count, 2), np.int64)
    trail[:, 0], trail[:, 1] = labels[:count, CONTACT], labels[:count, PARENT]
    return arrivals, best, trail
