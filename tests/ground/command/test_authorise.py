"""Every verb and every role, typed here once more by hand; whatever is not said is denied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.command.authorise import ROLES, TABLE, Grant, Verb, concerning, decide

# verb: view command approve direct
MATRIX = """
list             yes yes yes yes
history          yes yes yes yes
describe         yes yes yes yes
contacts         yes yes yes yes
route            yes yes yes yes
read_authority   yes yes yes yes
dry_run          no  yes no  yes
send             no  yes no  no
cancel           no  yes no  yes
hold             no  yes no  yes
release          no  yes no  yes
reorder          no  yes no  yes
priority         no  yes no  yes
repeat           no  yes no  no
take_authority   no  yes no  yes
give_authority   no  yes no  yes
accept_authority no  yes no  yes
drop_authority   no  yes no  yes
approve          no  no  yes no
cancel_others    no  no  no  yes
hold_others      no  no  no  yes
release_others   no  no  no  yes
reorder_others   no  no  no  yes
priority_others  no  no  no  yes
urgent           no  no  no  yes
override         no  no  no  yes
force_authority  no  no  no  yes
directive        no  no  no  yes
book             no  no  no  yes
"""
ROWS = [line.split() for line in MATRIX.strip().splitlines()]
CELLS = [
    (verb, role, cell == "yes")
    for verb, *cells in ROWS
    for role, cell in zip(("view", "command", "approve", "direct"), cells, strict=True)
]
GROUPS = {"plane-a": ["CG-1", "CG-2*"]}


def grant(*roles: str, operator: str = "olga", spacecraft: tuple[str, ...] = ("*",)) -> Grant:
    return Grant(operator, frozenset(roles), spacecraft)  # type: ignore[arg-type]


def test_the_matrix_has_every_verb_and_every_role():
    assert [verb for verb, *_ in ROWS] == [verb.value for verb in Verb]
    assert set(TABLE) == set(Verb) and ROLES == ("view", "command", "approve", "direct")


@pytest.mark.parametrize("verb, role, granted", CELLS)
def test_each_verb_by_each_role(verb, role, granted):
    decision = decide(verb, "olga", "CG-1", [grant(role)])
    assert decision.granted is granted
    assert bool(decision.reasons) is not granted


@pytest.mark.parametrize("verb", [verb.value for verb in Verb])
def test_without_a_grant_nothing_is_allowed(verb):
    everything = [grant(*ROLES)]
    assert decide(verb, "olga", "CG-1", everything).granted
    for operator in ("boris", "", "OLGA", "olga "):
        assert not decide(verb, operator, "CG-1", everything).granted
    assert not decide(verb, "olga", "CG-1", []).granted
    assert not decide(verb, "olga", "CG-1", [grant()]).granted
    assert not decide(verb, "", "CG-1", [grant(*ROLES, operator="")]).granted


@given(st.text(max_size=30))
def test_a_verb_that_is_unknown_is_denied_to_everyone(verb):
    known = {each.value for each in Verb}
    assert decide(verb, "olga", "CG-1", [grant(*ROLES)]).granted is (verb in known)


@pytest.mark.parametrize(
    "spacecraft, granted",
    [("CG-1", True), ("CG-22", True), ("CG-3", False), ("SAT-1", True), ("SAT-12", False),
     ("", True), ("cg-1", False), ("plane-a", False), ("../CG-1", False), ("CG-1\n", False),
     ("x" * 81, False)],
)  # fmt: skip
def test_a_grant_is_for_globs_and_groups_of_spacecraft(spacecraft, granted):
    grants = [grant("command", spacecraft=("SAT-?", "plane-a"))]
    assert decide("send", "olga", spacecraft, grants, GROUPS).granted is granted


def test_roles_for_some_spacecraft_do_not_reach_others():
    grants = [grant("view"), grant("command", spacecraft=("CG-1",))]
    assert decide("send", "olga", "CG-1", grants).granted
    assert not decide("send", "olga", "CG-2", grants).granted
    assert decide("list", "olga", "CG-2", grants).granted


def test_a_refusal_says_who_lacks_what():
    refused = decide("directive", "olga", "CG-1", [grant("command")])
    assert refused.reasons == ("olga has no role for directive for CG-1; it needs direct",)


def test_acts_on_the_commands_of_others_have_verbs_of_their_own():
    assert concerning(Verb.CANCEL, "olga", "olga") is Verb.CANCEL
    assert concerning(Verb.CANCEL, "boris", "olga") is Verb.CANCEL_OTHERS
    assert concerning(Verb.APPROVE, "boris", "olga") is Verb.APPROVE
