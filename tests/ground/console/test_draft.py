"""A command while it is composed: line and form say the same, and hints are hints."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.console import draft as drafts
from ground.console import judge
from ground.console.commands import authority, instant
from ground.console.draft import OPTIONS, Draft, complete, fuzzy, line, read, request
from ground.errors import InputError
from ground.messages import ArgumentRow, ControlAuthority
from tests.ground.console.fake import NOW, SECOND
from tests.ground.console.fake_commanding import kinds

KINDS = {each.path: each for each in kinds()}
NAMES = ["CG-1", "CG-2"]
CARD, XFEED = "/CG1/DC/CARD_POWER", "/CG1/EPS/BUS_XFEED"
_KINDS = [*judge.LABELLED, "integer", "float", "binary", "time"]
_VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


def _read(text):
    return read(text, KINDS, NAMES, Draft("CG-1"))


def test_a_line_names_command_target_arguments_and_options():
    """In any case of letters; names are then those of the database."""
    made = _read("card_power cg-2 CARD=3 power=OFF --expires=10m --via=GEO-1,KASHI")
    assert made == Draft(
        *("CG-2", CARD, {"card": "3", "power": "OFF"}),
        {"expires": "10m", "via": "GEO-1,KASHI"},
    )


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["state", "duration"]), _VALUES),
    st.dictionaries(st.sampled_from(list(OPTIONS)), _VALUES),
)
def test_a_draft_survives_its_own_line(arguments, options):
    """Blanks, quotes, dashes, equals signs and scripts of any kind included."""
    made = Draft("CG-2", XFEED, arguments, options)
    assert _read(line(made, KINDS)) == made


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_line_reads(text):
    """No crash: what is not understood is told as wrong."""
    made = _read(text)
    assert made.command in ("", *KINDS)
    complete(text, KINDS, NAMES)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("nonsense", "no command 'nonsense'"),
        ("ping CG-9", "no spacecraft 'CG-9'"),
        ("card_power CG-1 crad=3", "'crad=3': no argument"),
        ("card_power CG-1 card=3 OFF", "'OFF': expected name=value"),
        ("ping CG-1 --never=1", "no option --never"),
        ("card_power CG-1 power='OFF", "a quote is not closed"),
    ],
)
def test_what_a_line_gets_wrong_is_told(typed, told):
    """The rest is understood all the same; nothing of it can be sent."""
    made = _read(typed)
    assert made.wrong == (told,)
    with pytest.raises(InputError):
        request(made, "0" * 32, NOW, dry_run=True)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        *[("car", "card_power "), ("CAR", "CARD_POWER "), ("bxf", "BUS_XFEED ")],
        *[("card_power ", "card_power CG-1 "), ("card_power cg-2", "card_power cg-2 ")],
        *[("card_power CG-1 ", "card_power CG-1 card=")],
        *[("card_power CG-1 card=3 ", "card_power CG-1 card=3 power=")],
        *[("card_power CG-1 power=of", "card_power CG-1 power=off ")],
        *[
            ("ping CG-1 --ex", "ping CG-1 --expires="),
            ("ping CG-1 --service=", "ping CG-1 --service=auto "),
        ],
    ],
)
def test_a_line_is_completed_word_by_word(typed, first):
    """Command, target, names of arguments that are not given yet, labels, options."""
    assert complete(typed, KINDS, NAMES)[0] == first


def test_fuzzy_puts_what_stands_together_first():
    """`po` is in CARD_POWER; `bt` only scattered in BOOT; `pg` in PING."""
    assert [each.name for each in fuzzy("po", KINDS.values())] == ["CARD_POWER"]
    assert [each.name for each in fuzzy("bt", KINDS.values())] == ["BOOT"]
    assert fuzzy("pg", KINDS.values())[0].name == "PING"
    assert len(fuzzy("", KINDS.values())) == len(KINDS)
    assert fuzzy("zzz", KINDS.values()) == []


def test_another_command_takes_its_own_arguments_and_keeps_the_options():
    """A value is never carried over to an argument that happens to have its name."""
    made = Draft("CG-1", CARD, {"card": "3"}, {"hold": "yes"}).choose(XFEED)
    assert made == Draft("CG-1", XFEED, {}, {"hold": "yes"})


def test_a_request_says_what_the_draft_says():
    """Relative times count from now; without an option the mission's default holds."""
    made = _read("ping CG-1 --at=+10m --expires=08:00 --service=bd --priority=2 --hold=yes")
    asked = request(made, "a" * 32, NOW, dry_run=True)
    assert asked.not_before_ns == NOW + 600 * SECOND
    assert asked.expires_ns == NOW + (83 * 60 + 50) * SECOND
    assert (asked.service, asked.priority, asked.hold, asked.dry_run) == ("BD", 2, True, True)
    plain = request(_read("ping CG-1"), "a" * 32, NOW, dry_run=True)
    assert (plain.not_before_ns, plain.expires_ns, plain.service) == (0, 0, "auto")


@pytest.mark.parametrize("option", ["priority=9", "service=TC", "hold=maybe", "at=soon", "at=+"])
def test_an_option_that_is_none_says_what_was_expected(option):
    """Before anything is asked of the station."""
    with pytest.raises(InputError, match="expected"):
        request(_read(f"ping CG-1 --{option}"), "a" * 32, NOW, dry_run=True)


def _row(kind, least="", most="", labels=(), default=""):
    return ArgumentRow("x", kind, "", least, most, list(labels), default, "")


@pytest.mark.parametrize(
    ("row", "text", "told"),
    [
        *[(_row("integer", "1", "512"), text, "") for text in ("1", "512", "0x10", "0.2k", "3,4")],
        (_row("integer", "1", "512"), "0", "below 1"),
        (_row("integer", "1", "512"), "513", "above 512"),
        (_row("integer", "1", "512"), "3,999", "above 512"),
        (_row("integer"), "1.5", "no integer"),
        (_row("integer"), "three", "no integer"),
        (_row("float", "-1", "1"), "-1.01", "below -1"),
        (_row("float"), "nan", "no number"),
        (_row("float"), "1e3", ""),
        (_row("enumeration", labels=["OFF", "ON"]), "off", ""),
        (_row("enumeration", labels=["OFF", "ON"]), "o", "not yet"),
        (_row("enumeration", labels=["OFF", "ON"]), "x", "no such label"),
        (_row("enumeration", labels=["OFF", "ON"]), "1", ""),
        (_row("boolean", labels=["NO", "YES"]), "true", ""),
        (_row("binary"), "18 ab", ""),
        (_row("binary"), "18a", "no octets in hex"),
        (_row("string"), "any thing", ""),
        (_row("integer"), "", "needed"),
        (_row("integer", default="5"), "", ""),
    ],
)
def test_a_value_is_judged_as_it_is_typed(row, text, told):
    """The edges of each kind; a default stands for nothing."""
    assert judge.wrong(row, text) == told


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([*judge.LABELLED, "integer", "float", "binary", "time"]), st.text(max_size=90)
)
def test_any_text_is_judged_without_a_crash(kind, text):
    """Digits of other scripts and long numbers included."""
    assert isinstance(judge.wrong(_row(kind, "0", "9", ["A"]), text), str)


@pytest.mark.parametrize(
    ("typed", "made"),
    [
        ("take", ControlAuthority("CG-1", "take")),
        ("take CG-2", ControlAuthority("CG-2", "take")),
        ("give l.wang", ControlAuthority("CG-1", "give", to="l.wang")),
        ("accept CG-2", ControlAuthority("CG-2", "accept")),
        ("drop", ControlAuthority("CG-1", "drop")),
        ("force he is ill CG-1", ControlAuthority("CG-1", "force", reason="he is ill")),
    ],
)
def test_an_authority_is_asked_for_by_words(typed, made):
    """The chosen spacecraft, unless one is named last."""
    assert authority(typed.split(), NAMES, "CG-1") == made


@pytest.mark.parametrize("typed", ["", "give", "take it", "force", "lend CG-1"])
def test_an_act_on_an_authority_that_is_none_says_what_was_expected(typed):
    """Giving needs somebody, forcing a reason."""
    with pytest.raises(InputError, match="expected"):
        authority(typed.split(), NAMES, "CG-1")


@pytest.mark.parametrize(("typed", "seconds"), [("+90", 90), ("+1h30m", 5400), ("+2m5s", 125)])
def test_a_time_may_count_from_now(typed, seconds):
    """Hours, minutes, seconds."""
    assert instant(typed, NOW) == NOW + seconds * SECOND


def test_a_name_that_two_commands_share_is_told_by_its_path():
    """So that the line reads back as the same command."""
    twin = {**KINDS, "/CG1/AOCS/PING": KINDS["/CG1/OBSW/PING"]}
    assert drafts.name_of("/CG1/OBSW/PING", twin) == "/CG1/OBSW/PING"
    assert drafts.find("ping", twin) == ""
    assert drafts.name_of(CARD, twin) == "CARD_POWER"


@pytest.mark.parametrize(
    ("option", "right", "wrong"),
    [
        ("expires", "+10m", "10m"),
        ("at", "10:00", "soon"),
        ("onboard", "2026-11-22T10:00:00", "2026-13-01"),
        ("priority", "3", "4"),
        ("service", "bd", "CD"),
        ("hold", "yes", "perhaps"),
        ("via", "TL-1,TL-2", None),
    ],
)
def test_an_option_is_judged_as_it_is_typed(option, right, wrong):
    """What the station would not be asked for is told in the form."""
    assert drafts.wrong_option(option, "") == drafts.wrong_option(option, right) == ""
    assert wrong is None or drafts.wrong_option(option, wrong)
