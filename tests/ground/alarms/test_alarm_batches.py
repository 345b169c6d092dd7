"""The alarm machine on random samples: held against a loop, split anywhere, restarted anywhere."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.alarms.alarm import Alarms
from ground.messages import AcknowledgeAlarms, ClearAlarms, CommentAlarms, ShelveAlarms
from tests.ground.alarms.samples import (
    NAMES,
    OTHER,
    PARAMETER,
    SECOND,
    Latches,
    refs,
    sampled,
)

CAPACITY = 3
SAMPLE = st.tuples(
    st.integers(0, 2),  # spacecraft
    st.booleans(),  # packet type: with the parameter alone, or with the array too
    st.tuples(*[st.sampled_from([0, 0, 1, 2, 3])] * 3),
    st.booleans() | st.just(True),  # whether the parameter has a sample
)
SAMPLES = st.lists(SAMPLE, max_size=30)


def batches(rows, first):
    """The batches of one call: packets of two types, which both hold the same parameter."""
    made = []
    for with_array in (False, True):
        places = [place for place, row in enumerate(rows) if row[1] is with_array]
        if not places:
            continue
        mine = [rows[place] for place in places]
        form = {"order": places, "craft": [row[0] for row in mine]}
        one = sampled([row[2][0] for row in mine], present=[row[3] for row in mine], **form)
        times = (first + np.array(places)) * SECOND
        severities, values = dict(one.severities), dict(one.values)
        if with_array:
            two = sampled([row[2][1:] for row in mine], path=OTHER, **form)
            severities |= two.severities
            values |= two.values
        made.append(type(one)({}, one.order, one.craft, times, times + 1, severities, values))
    return made


def feed(alarms, rows, cuts):
    """Give samples in as many calls as the cuts make; return what is told."""
    told = []
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    for start, end in pairwise(edges):
        told += alarms.judge(NAMES, batches(rows[start:end], 1 + start))
    return told


def loop(rows, capacity):
    """Say it as a loop over samples: (id, state, severity, worst, violations), and what is lost."""
    held, told, lost = {}, [], 0
    for place, (craft, with_array, severities, present) in enumerate(rows):
        cells = [(PARAMETER, -1, severities[0])] if present else []
        cells += [(OTHER, e, severities[1 + e]) for e in (0, 1)] if with_array else []
        for path, element, severity in sorted(cells):
            name = f"{NAMES[craft]}|{path}|{element}"
            alarm = held.get(name)
            if alarm is None and severity and len(held) >= capacity:
                lost += 1
            elif severity and (alarm is None or not alarm["severity"]):
                worst = severity
                if alarm:
                    worst = max(worst, alarm["worst"])
                    told.append((alarm["id"], "normal", 0, alarm["worst"], alarm["violations"]))
                id = f"{name}|{(1 + place) * SECOND}"
                held[name] = {"id": id, "severity": severity, "worst": worst, "violations": 1}
                told.append((id, "unacknowledged", severity, worst, 1))
            elif alarm and alarm["severity"]:
                alarm["violations"] += severity > 0
                if severity != alarm["severity"]:
                    worst = max(severity, alarm["worst"])
                    alarm.update(severity=severity, worst=worst)
                    state = "unacknowledged" if severity else "returned"
                    told.append((alarm["id"], state, severity, worst, alarm["violations"]))
    return told, lost


def short(rows):
    return [(row.id, row.state, row.severity, row.worst, row.violations) for row in rows]


@settings(max_examples=150, deadline=None)
@given(SAMPLES, st.lists(st.integers(0, 30), max_size=4), st.sampled_from([CAPACITY, 100]))
def test_any_split_into_batches_tells_what_a_loop_over_samples_tells(rows, cuts, capacity):
    alarms = Alarms(capacity=capacity)
    told = feed(alarms, rows, cuts)
    assert (short(told), alarms.lost) == loop(rows, capacity)
    assert len(alarms.rows()) <= capacity
    whole = Alarms(capacity=capacity)
    assert feed(whole, rows, []) == told
    assert whole.rows() == alarms.rows()


DEEDS = st.sampled_from(["acknowledge", "shelve", "clear", "comment", "expire"])
SCENES = st.lists(SAMPLES.filter(bool) | DEEDS, min_size=1, max_size=12)


def play(alarms, scene, place):
    """Let one thing happen, at a time that its place in the scenario says."""
    now = (1000 + place) * SECOND
    if isinstance(scene, list):
        return alarms.judge(NAMES, batches(scene, place * 50))
    if scene == "expire":
        return alarms.expire(now)
    seen = refs(*alarms.rows())
    act = {
        "acknowledge": AcknowledgeAlarms(seen),
        "shelve": ShelveAlarms(seen, now + 3 * SECOND, "random"),
        "clear": ClearAlarms(seen),
        "comment": CommentAlarms(seen, f"at {place}"),
    }[scene]
    return alarms.act(act, "chen", now)


@settings(max_examples=60, deadline=None)
@given(SCENES, st.booleans())
def test_a_restart_at_any_place_changes_nothing_of_the_rest(scenes, latches):
    """What is stored is written after each thing that happens, as a station does."""
    rules = [Latches(latch=latches)]
    lasting = Alarms(rules)
    stored: dict[str, bytes] = {}
    for place, scene in enumerate(scenes):
        restarted = Alarms(rules)
        assert restarted.restore(stored) == {}
        assert restarted.rows() == lasting.rows()
        assert restarted.deadline() == lasting.deadline()
        told = play(lasting, scene, place)
        again = play(restarted, scene, place)
        assert told == again
        for key, octets in lasting.state().items():
            stored.pop(key, None)
            if octets is not None:
                stored[key] = octets
        assert len(stored) >= len(lasting.rows())


def test_what_did_not_change_is_not_stored_again():
    alarms = Alarms()
    alarms.judge(NAMES, [sampled([1])])
    assert list(alarms.state()) == [f"alarm/CG-1|{PARAMETER}|-1"]
    assert alarms.state() == {}
    alarms.judge(NAMES, [sampled([0], first=2)])
    alarms.act(AcknowledgeAlarms(refs(*alarms.rows())), "chen", 9)
    assert alarms.state() == {f"alarm/CG-1|{PARAMETER}|-1": None}


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda octets: octets[:-5], "Invalid JSON"),
        (lambda octets: b"\xff" + octets, "Invalid JSON"),
        (lambda octets: octets.replace(b'"v":1', b'"v":2'), "v: Input should be 1"),
        (lambda octets: octets.replace(b'"severity":1', b'"severity":"1"'), "severity: "),
        (lambda octets: octets.replace(b'"state":"un', b'"state":"x'), "state: Input should be"),
        (lambda octets: octets.replace(b"CG-1", b"CG-2"), "the alarm of another key, CG-2|"),
        (lambda octets: b"[" * 5000, "recursion"),
        (lambda octets: b"", "Invalid JSON"),
    ],
)
def test_damaged_octets_are_refused_by_name_and_the_others_taken(damage, reason):
    alarms = Alarms()
    alarms.judge(NAMES, [sampled([1, 2], craft=[0, 1])])
    state = alarms.state()
    bad = f"alarm/CG-1|{PARAMETER}|-1"
    state[bad] = damage(state[bad])
    restored = Alarms()
    refused = restored.restore(state)
    assert list(refused) == [bad]
    assert reason in refused[bad]
    assert [row.spacecraft for row in restored.rows()] == ["CG-2"]


def test_octets_under_another_name_are_refused():
    assert "expected a key" in Alarms().restore({"limits/x": b"{}"})["limits/x"]
    assert "until_ns" in Alarms().restore({"shelf/x": b"{}"})["shelf/x"]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=40) | st.text(max_size=20).map(lambda text: json.dumps(text).encode()))
def test_no_octets_at_all_crash_a_restart(octets):
    keys = {"alarm/x": octets, "shelf/x": octets}
    assert set(Alarms().restore(keys)) == set(keys)
