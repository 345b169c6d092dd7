"""Messages of every shape for property tests, by the default profile."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from protocols import packet
from protocols.pus import (
    activities,
    checks,
    connection,
    events,
    functions,
    housekeeping,
    monitoring,
    parameters,
    schedule,
    time,
    verification,
)
from protocols.pus.profile import PROFILE

CONDITIONAL = replace(PROFILE, conditional=True, group=1, reference=1, widths={1: 1, 2: 8})

octet = st.integers(0, 255)
word = st.integers(0, 65535)
long = st.integers(0, 2**32 - 1)
some = st.binary(max_size=20)
# times and offsets that the default code says exactly
instant = st.integers(0, 2**32 - 1).map(lambda seconds: seconds * 10**9 + 5 * 10**8)
offset = st.integers(-(2**31), 2**31 - 1).map(lambda seconds: seconds * 10**9 + 25 * 10**7)


def rows(each, largest=4):
    return st.lists(each, max_size=largest).map(tuple)


def subtypes(of, *numbers):
    return st.sampled_from([of(number) for number in numbers])


telecommands = st.builds(
    packet.encode,
    st.integers(0, 2047),
    st.integers(0, 16383),
    st.binary(min_size=1, max_size=12),
    type=st.just(1),
)

request_ids = st.builds(
    verification.RequestId,
    st.integers(0, 2047),
    st.integers(0, 16383),
    st.integers(0, 3),
    st.integers(0, 7),
    st.integers(0, 1),
    st.booleans(),
)
failures = st.builds(verification.Failure, word, some)
V = verification.Subtype
verifications = st.one_of(
    st.builds(verification.Verification, subtypes(V, 1, 3, 7), request_ids),
    st.builds(
        verification.Verification, subtypes(V, 2, 4, 8, 10), request_ids, st.none(), failures
    ),
    st.builds(verification.Verification, st.just(V.PROGRESSED), request_ids, word),
    st.builds(verification.Verification, st.just(V.NOT_PROGRESSED), request_ids, word, failures),
)

H = housekeeping.Subtype
repeated = st.builds(housekeeping.Repeated, octet, rows(word))
structures = st.one_of(
    st.builds(housekeeping.Structures, subtypes(H, 3, 5, 6, 9, 27, 33), rows(word)),
    st.builds(housekeeping.Structure, st.just(H.CREATE), word, rows(word), rows(repeated), long),
    st.builds(housekeeping.Structure, st.just(H.APPEND), word, rows(word), rows(repeated)),
    st.builds(
        housekeeping.Structure,
        st.just(H.STRUCTURE),
        word,
        rows(word),
        rows(repeated),
        long,
        st.booleans(),
    ),
    st.builds(housekeeping.Intervals, rows(st.tuples(word, long))),
    st.builds(housekeeping.Periodic, rows(st.tuples(word, st.booleans(), long))),
    st.builds(housekeeping.Housekeeping, word, some),
)

E = events.Subtype
event_messages = st.one_of(
    st.builds(events.Event, subtypes(E, 1, 2, 3, 4), word, some),
    st.builds(events.Events, subtypes(E, 5, 6, 8), rows(word)),
    st.builds(events.Order),
)

function_requests = st.builds(functions.Perform, st.binary(min_size=2, max_size=2), some)


def times(profile):
    status = places(profile.reference)
    return st.one_of(
        st.builds(time.SetRate, octet),
        st.builds(time.TimeReport, st.just(time.Subtype.CUC), instant, octet, status),
    )


S = schedule.Subtype
activity_ids = st.builds(activities.ActivityId, word, word, word)


def places(number):
    """An id of so many octets, or none."""
    return st.integers(0, 2 ** (8 * number) - 1)


def schedules(profile):
    group = places(profile.group)
    ordered = st.tuples(instant, instant).map(sorted)
    filters = st.one_of(
        st.builds(
            activities.Filter,
            st.none() | instant,
            st.none(),
            rows(word),
            rows(group) if profile.group else st.just(()),
        ),
        st.builds(lambda ends: activities.Filter(*ends), ordered),
        st.builds(activities.Filter, st.none(), instant),
    )
    groups = (23, 24, 25) if profile.group else ()
    return st.one_of(
        st.builds(schedule.Order, subtypes(S, 1, 2, 3, 16, 17, 18, 26)),
        st.builds(
            schedule.Insert,
            rows(st.builds(activities.Activity, instant, telecommands, group)),
            word,
        ),
        st.builds(schedule.Select, subtypes(S, 5, 9, 12), rows(activity_ids)),
        st.builds(schedule.SelectByFilter, subtypes(S, 6, 11, 14), filters),
        st.builds(schedule.Shift, offset, rows(activity_ids)),
        st.builds(schedule.ShiftByFilter, offset, filters),
        st.builds(schedule.ShiftAll, offset),
        st.builds(
            schedule.DetailReport,
            rows(st.builds(activities.Activity, instant, telecommands, group, word)),
        ),
        st.builds(
            schedule.SummaryReport,
            rows(st.builds(activities.Summary, instant, activity_ids, word, group)),
        ),
        st.builds(schedule.Named, subtypes(S, 20, 21), rows(word)),
        *[st.builds(schedule.Named, subtypes(S, *groups), rows(group)) for _ in groups[:1]],
        st.builds(
            schedule.Statuses, st.just(S.SUB_SCHEDULES), rows(st.tuples(word, st.booleans()))
        ),
        st.builds(schedule.Statuses, subtypes(S, 22, 27), rows(st.tuples(group, st.booleans()))),
    )


M = monitoring.Subtype


def monitors(profile):
    parameter = st.integers(0, 3)

    def of_width(number):
        return st.binary(min_size=number, max_size=number)

    def checked(chosen):
        value = of_width(profile.value_octets(chosen))
        return st.one_of(
            st.builds(checks.Expected, value, value, word),
            st.builds(checks.Limits, value, value, word, word),
            st.builds(checks.Delta, value, value, word, word, octet),
        )

    def when(chosen):
        value = of_width(profile.value_octets(chosen))
        return st.builds(checks.Condition, st.just(chosen), value, value)

    conditions = parameter.flatmap(when) if profile.conditional else st.none()

    def definitions(*terms):
        def made(chosen):
            return st.builds(
                monitoring.Definition, word, st.just(chosen), checked(chosen), octet, *terms
            )

        return rows(parameter.flatmap(made))

    def moved(chosen):
        width = profile.value_octets(chosen)
        value = of_width(width)
        status = st.sampled_from(checks.Status)

        def of_type(type):
            mask = of_width(width if type is checks.CheckType.EXPECTED else 0)
            return st.builds(
                checks.Transition, word, st.just(chosen), st.just(type), value, value,
                status, status, instant, mask,
            )  # fmt: skip

        return st.sampled_from(checks.CheckType).flatmap(of_type)

    return st.one_of(
        st.builds(monitoring.Order, subtypes(M, 4, 10, 13, 15, 16)),
        st.builds(monitoring.Monitors, subtypes(M, 1, 2, 6, 8), rows(word)),
        st.builds(monitoring.ChangeDelay, word),
        st.builds(monitoring.Definitions, st.just(M.ADD), definitions(word, conditions)),
        st.builds(monitoring.Definitions, st.just(M.MODIFY), definitions()),
        st.builds(
            monitoring.Definitions,
            st.just(M.DEFINITIONS),
            definitions(word, conditions, st.booleans()),
            word,
        ),
        st.builds(monitoring.Transitions, subtypes(M, 11, 12), rows(parameter.flatmap(moved))),
        st.builds(monitoring.Statuses, rows(st.tuples(word, st.booleans()))),
    )


C = connection.Subtype
connections = st.one_of(
    st.builds(connection.Ping, subtypes(C, 1, 2)),
    st.builds(connection.Connection, subtypes(C, 3, 4), word),
)

P = parameters.Subtype


def values(profile):
    def valued(chosen):
        width = profile.value_octets(chosen)
        return st.tuples(st.just(chosen), st.binary(min_size=width, max_size=width))

    return st.one_of(
        st.builds(parameters.Request, rows(word)),
        st.builds(parameters.Values, subtypes(P, 2, 3), rows(st.integers(0, 3).flatmap(valued))),
    )


@cache
def messages(profile):
    """Pairs of service and message."""
    by_service = {
        1: verifications,
        3: structures,
        5: event_messages,
        8: function_requests,
        9: times(profile),
        11: schedules(profile),
        12: monitors(profile),
        17: connections,
        20: values(profile),
    }
    return st.one_of([st.tuples(st.just(number), each) for number, each in by_service.items()])
