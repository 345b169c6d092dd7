"""Verdicts: all must pass, late is one, and a count that wraps confuses nobody."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.command import checks
from ground.command.checks import Check, Report
from ground.command.life import Stage
from ground.command.verify import REMEMBERED_NS, SKEW_NS, Verdict, Verifications
from ground.mdb.model import Comparison, Reference, Verifier
from protocols.pus.header import Acknowledge
from tests.clauses import clause

SECOND = 10**9
S = Stage


def report(subtype: int, t_s: float, sequence: int = 9, detail: str = "") -> Report:
    return Report("CG-1", 5, sequence, subtype, round(t_s * SECOND), detail)


def telemetry(stage: Stage, closes_s: int = 10, **more) -> Check:
    """A check on telemetry that is one boolean."""
    return Check(stage, str(stage), closes_s * SECOND, condition=lambda value: value, **more)


def expecting(*more: Check, acknowledge: int = 15, closes_s: int = 10) -> Verifications:
    made = Verifications()
    awaited = [*checks.of_reports(acknowledge, closes_s * SECOND), *more]
    assert made.expect("c1", "CG-1", 5, 9, awaited, 0)
    return made


def said(verdicts: list[Verdict]) -> list[tuple[str, str]]:
    return [(each.stage.value, each.verdict) for each in verdicts]


@clause("ECSS-E-ST-70-41C §7.4.4.1d")
@pytest.mark.parametrize(
    "flags, stages",
    [
        (Acknowledge.NONE, []),
        (Acknowledge.ACCEPTANCE, ["ACCEPTED"]),
        (Acknowledge.START, ["STARTED"]),
        (Acknowledge.PROGRESS, []),
        (Acknowledge.COMPLETION, ["COMPLETED"]),
        (Acknowledge.ALL, ["ACCEPTED", "STARTED", "COMPLETED"]),
    ],
)
def test_the_acknowledgement_flags_say_which_reports_are_awaited(flags, stages):
    assert [each.stage.value for each in checks.of_reports(flags, 1)] == stages
    assert Verifications().expect("c", "CG-1", 5, 9, checks.of_reports(flags, 1), 0) is bool(stages)


@clause("ECSS-E-ST-70-41C §8.1")
def test_the_reports_of_a_command_become_its_stages():
    made = expecting()
    assert said(made.report(report(1, 1))) == [("ACCEPTED", "passed")]
    assert said(made.report(report(3, 2))) == [("STARTED", "passed")]
    assert said(made.report(report(5, 3, detail="step 1"))) == [("PROGRESS", "passed")]
    assert said(made.report(report(5, 4, detail="step 2"))) == [("PROGRESS", "passed")]
    (done,) = made.report(report(7, 5))
    assert done == Verdict("c1", S.COMPLETED, "passed", "ST[01,7]", 5 * SECOND)
    assert len(made) == 0 and made.deadline() is None
    assert made.report(report(7, 5)) == []


@clause("ECSS-E-ST-70-41C §8.1")
@pytest.mark.parametrize(
    "subtype, stage",
    [(2, "ACCEPTED"), (4, "STARTED"), (6, "PROGRESS"), (8, "COMPLETED"), (10, "ACCEPTED")],
)
def test_a_report_of_failure_is_a_verdict_and_the_last(subtype, stage):
    made = expecting()
    (verdict,) = made.report(report(subtype, 1, detail="code 3"))
    assert (verdict.stage.value, verdict.verdict, verdict.detail) == (stage, "failed", "code 3")
    assert len(made) == 0


def test_failures_are_heard_also_where_no_success_was_asked_for():
    made = expecting(acknowledge=Acknowledge.COMPLETION)
    assert said(made.report(report(2, 1))) == [("ACCEPTED", "failed")]


def test_a_report_that_got_lost_is_implied_by_a_later_one():
    made = expecting()
    verdicts = made.report(report(7, 5))
    assert said(verdicts) == [
        ("ACCEPTED", "passed"), ("STARTED", "passed"), ("COMPLETED", "passed"),
    ]  # fmt: skip
    assert [each.detail for each in verdicts] == ["implied by COMPLETED"] * 2 + [""]


def test_the_same_report_twice_is_one_verdict():
    made = expecting()
    made.report(report(1, 1))
    assert made.report(report(1, 1)) == []


def test_all_must_pass_reports_and_telemetry():
    made = expecting(telemetry(S.COMPLETED))
    assert said(made.report(report(7, 2))) == [("ACCEPTED", "passed"), ("STARTED", "passed")]
    assert made.look("CG-1", False, 3 * SECOND) == made.look("CG-1", None, 3 * SECOND) == []
    assert made.look("CG-2", True, 3 * SECOND) == []
    assert said(made.look("CG-1", True, 4 * SECOND)) == [("COMPLETED", "passed")]
    assert not made.looks_at("CG-1")


def test_where_completion_is_not_asked_for_all_that_is_awaited_completes():
    made = expecting(acknowledge=Acknowledge.ACCEPTANCE)
    verdicts = made.report(report(1, 1))
    assert said(verdicts) == [("ACCEPTED", "passed"), ("COMPLETED", "passed")]
    assert verdicts[1].detail == "all that was awaited"


def test_telemetry_from_before_the_window_proves_nothing():
    made = expecting(telemetry(S.COMPLETED, opens_ns=2 * SECOND), acknowledge=0)
    assert made.look("CG-1", True, -1) == made.look("CG-1", True, 2 * SECOND - 1) == []
    assert said(made.look("CG-1", True, 2 * SECOND)) == [("COMPLETED", "passed")]


def test_a_window_may_begin_when_the_check_before_passed():
    made = expecting(telemetry(S.COMPLETED, 5, after_last=True), acknowledge=1, closes_s=10)
    assert made.look("CG-1", True, SECOND) == []
    made.report(report(1, 8))
    assert made.deadline() == 13 * SECOND + 1
    assert said(made.look("CG-1", True, 13 * SECOND)) == [("COMPLETED", "passed")]


def test_late_is_a_verdict_and_then_uncertain_and_a_late_report_still_tells():
    made = expecting(acknowledge=Acknowledge.ACCEPTANCE | Acknowledge.COMPLETION)
    assert made.deadline() == 10 * SECOND + 1 and made.expire(10 * SECOND) == []
    assert said(made.expire(10 * SECOND + 1)) == [
        ("ACCEPTED", "late"), ("COMPLETED", "late"), ("UNCERTAIN", "late"),
    ]  # fmt: skip
    verdicts = made.report(report(7, 60))
    assert said(verdicts) == [("ACCEPTED", "passed"), ("COMPLETED", "passed")]
    assert all(each.late for each in verdicts)


def test_a_late_check_lets_the_next_window_begin_so_that_every_command_ends():
    made = expecting(telemetry(S.COMPLETED, 5, after_last=True), acknowledge=1, closes_s=10)
    assert said(made.expire(11 * SECOND)) == [("ACCEPTED", "late")]
    assert made.deadline() == 15 * SECOND + 1
    assert said(made.expire(16 * SECOND)) == [("COMPLETED", "late"), ("UNCERTAIN", "late")]


def test_a_report_after_its_window_is_late_also_before_anyone_looked_at_the_clock():
    made = expecting(acknowledge=Acknowledge.COMPLETION)
    (verdict,) = made.report(report(7, 10.5))
    assert verdict.late and verdict.verdict == "passed"


def test_what_is_uncertain_is_forgotten_after_a_day():
    made = expecting()
    made.expire(11 * SECOND)
    assert made.deadline() == 11 * SECOND + REMEMBERED_NS
    assert made.expire(11 * SECOND + REMEMBERED_NS) == [] and len(made) == 0


def test_telemetry_that_proves_a_failure_ends_it():
    made = expecting(telemetry(S.COMPLETED, failure=True), acknowledge=Acknowledge.COMPLETION)
    assert made.deadline() == 10 * SECOND + 1
    assert said(made.look("CG-1", True, SECOND)) == [("COMPLETED", "failed")]
    assert len(made) == 0


def test_a_packet_may_be_what_proves():
    made = expecting(Check(S.STARTED, "packet", 5 * SECOND, container="/CG1/Dump"), acknowledge=8)
    assert made.packet("CG-1", "/CG1/Other", SECOND) == []
    assert said(made.packet("CG-1", "/CG1/Dump", SECOND)) == [("STARTED", "passed")]


def test_the_same_count_after_a_wrap_is_another_command():
    """16384 commands later the count is the same: a report belongs to the release before it."""
    made = Verifications()
    awaited = checks.of_reports(1, 10 * SECOND)
    made.expect("old", "CG-1", 5, 9, awaited, 0)
    made.expire(11 * SECOND)
    made.expect("new", "CG-1", 5, 9, awaited, 1000 * SECOND)
    assert made.report(report(1, 900))[0].command == "old"
    assert made.report(report(1, 1001))[0].command == "new"


def test_an_old_report_shown_again_confirms_nothing():
    made = Verifications()
    made.expect("new", "CG-1", 5, 9, checks.of_reports(1, 10 * SECOND), 1000 * SECOND)
    assert made.report(report(1, 1000 - SKEW_NS / SECOND - 1)) == []
    assert made.report(report(1, 1000 - SKEW_NS / SECOND)) != []


@pytest.mark.parametrize(
    "other",
    [Report("CG-2", 5, 9, 1, SECOND), Report("CG-1", 6, 9, 1, SECOND),
     Report("CG-1", 5, 8, 1, SECOND), Report("CG-1", 5, 9, 77, SECOND)],
)  # fmt: skip
def test_a_report_about_something_else_is_nothing(other):
    assert expecting().report(other) == []


def test_verifiers_of_the_database_become_checks():
    condition = Comparison(Reference("/A/MODE"), "==", "SAFE")
    made = checks.of_database(
        [
            Verifier("accepted", condition, window_s=(1.0, 5.0)),
            Verifier("completed", condition, None, (0.0, 30.0), "timeLastVerifierPassed"),
            Verifier("failed", None, "/A/Alarm"),
        ],
        delay_ns=SECOND,
        default_ns=60 * SECOND,
    )
    shown = [(c.stage.value, c.opens_ns, c.closes_ns, c.after_last, c.failure) for c in made]
    assert shown == [
        ("ACCEPTED", SECOND, 6 * SECOND, False, False),
        ("COMPLETED", 0, 30 * SECOND, True, False),
        ("COMPLETED", 0, 61 * SECOND, False, True),
    ]
    assert made[0].condition is not None and made[0].condition(lambda _: None) is None


def test_what_is_listened_for_is_bounded():
    made = Verifications(most=3)
    for number in range(10):
        made.expect(f"c{number}", "CG-1", 5, number, checks.of_reports(1, SECOND), 0)
    assert len(made) == 3 and "c9" in made and "c0" not in made


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 3, 5, 7, 0, -1]), st.floats(0, 30)), min_size=1, max_size=12
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_in_whatever_order_every_command_has_one_end(events):
    """COMPLETED comes once, only when all have passed; else UNCERTAIN, also after what is late."""
    made = expecting(telemetry(S.COMPLETED, after_last=True))
    verdicts: list[Verdict] = []
    seen: set[int] = set()
    for kind, t_s in events:
        if kind > 0:
            verdicts += made.report(report(kind, t_s))
        elif kind == 0:
            verdicts += made.look("CG-1", True, round(t_s * SECOND))
        else:
            verdicts += made.expire(round(t_s * SECOND))
        seen.add(kind)
    while len(made):
        due = made.deadline()
        assert due is not None
        verdicts += made.expire(due)
    ends = [
        s for s, v in said(verdicts) if (s, v) in (("COMPLETED", "passed"), ("UNCERTAIN", "late"))
    ]
    assert ends.count("COMPLETED") + ends.count("UNCERTAIN") >= 1
    assert ends.count("COMPLETED") <= 1
    assert said(verdicts)[-1] in (("COMPLETED", "passed"), ("UNCERTAIN", "late"))
    if "COMPLETED" in ends:
        assert {7, 0} <= seen
