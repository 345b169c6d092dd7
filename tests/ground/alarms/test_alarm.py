"""What the alarm machine tells of samples and acts, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ground.alarms.alarm import Alarms
from ground.columns import Column
from ground.errors import Where
from ground.mdb.model import IntegerEncoding, Kind, ScalarType
from ground.messages import (
    AcknowledgeAlarms,
    AlarmRef,
    AssignAlarms,
    ClearAlarms,
    CommentAlarms,
    ShelveAlarms,
    UnshelveAlarms,
)
from tests.ground.alarms.samples import (
    NAMES,
    OTHER,
    PARAMETER,
    SECOND,
    Latches,
    refs,
    sampled,
)

NOW = 100 * SECOND
HOUR = 3600 * SECOND
ALARM = f"CG-1|{PARAMETER}|-1|{2 * SECOND}"


def told(rows):
    """Say rows in short: what, at which second, how bad, how often."""
    return [
        (row.state, row.changed_ns // SECOND, row.severity, row.worst, row.violations)
        for row in rows
    ]


def raised(*severities: int, rules=()) -> Alarms:
    alarms = Alarms(rules)
    alarms.judge(NAMES, [sampled(severities)])
    return alarms


# ---- samples --------------------------------------------------------------------------------


def test_an_alarm_is_raised_worsens_improves_and_returns():
    rows = Alarms().judge(NAMES, [sampled([0, 1, 1, 3, 3, 2, 0, 0])])
    assert told(rows) == [
        ("unacknowledged", 2, 1, 1, 1),
        ("unacknowledged", 4, 3, 3, 3),
        ("unacknowledged", 6, 2, 3, 5),
        ("returned", 7, 0, 3, 5),
    ]
    assert [row.version for row in rows] == [1, 2, 3, 4]
    assert {(row.id, row.trip) for row in rows} == {(ALARM, "1")}


def test_an_alarm_that_comes_again_is_another_and_keeps_the_worst_that_nobody_saw():
    alarms = raised(0, 3, 0)
    over, again = alarms.judge(NAMES, [sampled([1], first=9)])
    assert (over.id, over.state, over.severity) == (ALARM, "normal", 0)
    assert (again.id, again.state) == (f"CG-1|{PARAMETER}|-1|{9 * SECOND}", "unacknowledged")
    assert (again.severity, again.worst, again.version, again.violations) == (1, 3, 1, 1)
    assert [row.id for row in alarms.rows()] == [again.id]


def test_what_was_acknowledged_is_not_the_worst_of_the_next_one():
    alarms = raised(0, 3)
    alarms.act(AcknowledgeAlarms(refs(*alarms.rows())), "chen", NOW)
    (gone,) = alarms.judge(NAMES, [sampled([0], first=9)])
    assert (gone.state, gone.acknowledged_by) == ("normal", "chen")
    (row,) = alarms.judge(NAMES, [sampled([1], first=10)])
    assert (row.worst, row.acknowledged_by) == (1, "")


def test_a_second_alarm_of_the_same_time_goes_on_with_the_versions_of_the_first():
    alarms = raised(0, 1, 0)
    (row,) = alarms.judge(NAMES, [sampled([1], first=2)])
    assert (row.id, row.version) == (ALARM, 3)


def test_a_value_is_the_last_that_was_out_of_limits_or_that_ended_it():
    alarms = raised(0, 1, 1)
    assert [(row.trip, row.value) for row in alarms.rows()] == [("1", "1")]
    alarms.judge(NAMES, [sampled([1, 1], first=5, values=[23.25, 1 / 3])])
    (row,) = alarms.rows()
    assert (row.value, row.violations) == ("0.33333333", 4)


@pytest.mark.parametrize("missing", ["invalid", "nan"])
def test_a_missing_sample_neither_raises_nor_ends_an_alarm(missing):
    alarms = raised(2)
    values, present = [7.0, np.nan], None
    if missing == "invalid":
        values, present = [7.0, 8.0], [True, False]
    assert alarms.judge(NAMES, [sampled([2, 0], first=2, values=values, present=present)]) == []
    assert alarms.rows()[0].violations == 2
    assert told(alarms.judge(NAMES, [sampled([0], first=4)])) == [("returned", 4, 0, 2, 2)]
    nothing = Alarms()
    assert nothing.judge(NAMES, [sampled([2], values=[np.nan])]) == []


def test_each_element_and_each_spacecraft_has_alarms_of_its_own():
    batch = sampled([[0, 1, 0], [2, 1, 0], [0, 0, 3]], craft=[0, 0, 1], path=OTHER)
    rows = Alarms().judge(NAMES, [batch])
    assert [(row.spacecraft, row.element, row.severity) for row in rows] == [
        ("CG-1", 1, 1),
        ("CG-1", 0, 2),
        ("CG-2", 2, 3),
    ]


def test_without_a_generation_time_the_time_of_reception_names_the_alarm():
    batch = sampled([1])
    (row,) = Alarms().judge(NAMES, [replace(batch, t_ns=np.zeros(1, np.int64))])
    assert row.id.endswith(f"|{3 * SECOND // 2}")


def test_a_parameter_in_two_packet_types_is_one_alarm_in_the_order_of_the_packets():
    first = sampled([1, 0], order=[0, 2])
    second = sampled([0, 2], order=[1, 3])
    rows = Alarms().judge(NAMES, [second, first])
    assert [(row.state, row.severity) for row in rows] == [
        ("unacknowledged", 1),
        ("returned", 0),
        ("normal", 0),
        ("unacknowledged", 2),
    ]


def test_units_labels_and_response_come_with_the_alarm():
    type = ScalarType("/S/T", Kind.FLOAT, IntegerEncoding(8), Where("test"), units="V")
    column = Column(np.array([1, 0]), None, ("NOMINAL", "SA\x1b[2JFE"))
    batch = replace(sampled([1, 1]), types={PARAMETER: type}, values={PARAMETER: column})
    alarms = Alarms([Latches()])
    (row,) = alarms.judge(NAMES, [batch])
    assert (row.trip, row.units, row.latched) == ("SA\\x1b[2JFE", "V", True)
    assert row.response == "Look at it."
    assert alarms.rows()[0].value == "NOMINAL"


def test_a_batch_in_which_nothing_is_wrong_changes_nothing_and_is_not_kept():
    alarms = Alarms()
    assert alarms.judge(NAMES, [sampled([0, 0])]) == []
    assert alarms.judge(NAMES, [replace(sampled([3]), worst=np.zeros(1, np.uint8))]) == []
    assert alarms.judge(NAMES, []) == []
    assert alarms.state() == {}


def test_an_array_whose_size_varies_has_one_alarm():
    values = np.empty(2, object)
    values[:] = [np.array([1.0, 99.0]), np.array([])]
    batch = replace(sampled([1, 0]), values={PARAMETER: Column(values)})
    rows = Alarms().judge(NAMES, [batch])
    assert [(row.element, row.state, row.value) for row in rows] == [
        (-1, "unacknowledged", "1 99"),
        (-1, "returned", ""),
    ]


# ---- acts -----------------------------------------------------------------------------------


def test_an_act_on_what_the_operator_did_not_see_is_refused():
    alarms = raised(0, 1, 2)
    answer, rows, events = alarms.act(AcknowledgeAlarms([AlarmRef(ALARM, 1)]), "chen", NOW)
    assert not answer.ok
    assert "it changed: version 2, and you saw 1" in answer.reason
    assert rows == []
    assert [(event.kind, event.severity) for event in events] == [("alarm.refused", "caution")]
    other, _, _ = alarms.act(AcknowledgeAlarms([AlarmRef("nonsense", 1)]), "chen", NOW)
    assert "no such alarm" in other.reason
    older = AlarmRef(f"CG-1|{PARAMETER}|-1|7", 2)
    again, _, _ = alarms.act(AcknowledgeAlarms([older]), "chen", NOW)
    assert f"raised again, as {ALARM}" in again.reason


def test_of_several_alarms_those_that_were_seen_are_acted_on():
    alarms = Alarms()
    one, two = alarms.judge(NAMES, [sampled([[1, 1]], path=OTHER)])
    request = AcknowledgeAlarms([*refs(one), AlarmRef(two.id, 7)], "looking")
    answer, rows, events = alarms.act(request, "chen", NOW)
    assert answer.reason.startswith("1 of 2 refused")
    assert [(row.id, row.state, row.comment) for row in rows] == [
        (one.id, "acknowledged", "looking")
    ]
    assert [event.kind for event in events] == ["alarm.acknowledged", "alarm.refused"]
    assert events[0].text == f"chen acknowledged {one.id}: looking"


def test_one_alarm_named_twice_is_acted_on_once():
    alarms = raised(1)
    answer, rows, _ = alarms.act(AcknowledgeAlarms(refs(*alarms.rows() * 2)), "chen", NOW)
    assert (answer.ok, len(rows)) == (False, 1)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda seen: ShelveAlarms(seen, NOW + HOUR, "  "), "needs a reason"),
        (lambda seen: ShelveAlarms(seen, NOW, "why"), "within 12 hours"),
        (lambda seen: ShelveAlarms(seen, NOW + 12 * HOUR + 1, "why"), "within 12 hours"),
        (lambda seen: UnshelveAlarms(seen), "not shelved"),
        (lambda seen: CommentAlarms(seen, " "), "comment is empty"),
        (lambda seen: ClearAlarms(seen), "out of limits"),
        (lambda seen: AcknowledgeAlarms([]), "no alarm is named"),
    ],
)
def test_what_may_not_be_done_is_refused_with_a_reason_and_an_event(act, reason):
    alarms = raised(1)
    before = alarms.rows()
    answer, rows, events = alarms.act(act(refs(*before)), "chen", NOW)
    assert not answer.ok
    assert reason in answer.reason
    assert rows == []
    assert alarms.rows() == before
    assert [event.kind for event in events] == ["alarm.refused"]


def test_a_shelved_alarm_goes_its_way_and_is_announced_anew_when_the_time_is_over():
    alarms = raised(0, 1)
    until = NOW + 12 * HOUR
    alarms.act(AcknowledgeAlarms(refs(*alarms.rows())), "chen", NOW)
    shelve = ShelveAlarms(refs(*alarms.rows()), until, "known since March")
    answer, (row,), (event,) = alarms.act(shelve, "chen", NOW)
    assert answer.ok
    assert (row.state, row.shelved_until_ns, row.shelved_by) == ("acknowledged", until, "chen")
    assert (row.comment, event.kind) == ("known since March", "alarm.shelved")
    assert alarms.deadline() == until
    (gone,) = alarms.judge(NAMES, [sampled([0], first=200)])
    assert (gone.state, gone.shelved_until_ns) == ("normal", until)
    (again,) = alarms.judge(NAMES, [sampled([2], first=201)])
    assert (again.state, again.shelved_until_ns) == ("unacknowledged", until)
    assert alarms.expire(until - 1) == []
    (over,) = alarms.expire(until)
    assert (over.state, over.shelved_until_ns, over.version) == ("unacknowledged", None, 2)
    assert alarms.deadline() is None
    assert alarms.expire(until) == []


def test_the_end_of_shelving_makes_no_alarm_of_what_is_normal():
    alarms = raised(1)
    alarms.act(ShelveAlarms(refs(*alarms.rows()), NOW + HOUR, "test"), "chen", NOW)
    alarms.act(AcknowledgeAlarms(refs(*alarms.rows())), "chen", NOW)
    alarms.judge(NAMES, [sampled([0], first=5)])
    assert alarms.expire(NOW + HOUR) == []


def test_a_latched_alarm_stays_until_it_is_cleared():
    alarms = raised(1, rules=[Latches()])
    alarms.act(AcknowledgeAlarms(refs(*alarms.rows())), "chen", NOW)
    (row,) = alarms.judge(NAMES, [sampled([0], first=5)])
    assert (row.state, row.severity, row.latched) == ("acknowledged", 0, True)
    answer, (row,), (event,) = alarms.act(ClearAlarms(refs(row)), "chen", NOW)
    assert (answer.ok, row.state, event.kind) == (True, "normal", "alarm.cleared")
    assert alarms.rows() == []


def test_comments_and_assignments_are_kept_clean_and_short():
    alarms = raised(1)
    alarms.act(AssignAlarms(refs(*alarms.rows()), "li\x1b[31m"), "ch\nen", NOW)
    answer, (row,), (event,) = alarms.act(
        CommentAlarms(refs(*alarms.rows()), "\u202e" + "x" * 900), "ch\nen", NOW
    )
    assert answer.ok
    assert row.assigned_to == "li\\x1b[31m"
    assert row.comment.startswith("\\u202exxx")
    assert len(row.comment) == 500
    assert (row.version, row.state) == (3, "unacknowledged")
    assert event.text.startswith("ch\\nen commented")
    (again,) = alarms.judge(NAMES, [sampled([2], first=5)])
    assert (again.assigned_to, again.comment) == (row.assigned_to, row.comment)
