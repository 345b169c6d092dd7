"""A command as it is being composed: one value behind the form and the command line.

The line reads `card_off CG-1 card=3 --expires=+10m`: command, target, arguments by name,
options behind two dashes; a value with blanks stands in quotes. What is typed is kept as typed, so
that neither side loses what the other cannot make sense of yet.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ground.console import commands
from ground.console.judge import LABELLED, choose
from ground.errors import InputError
from ground.messages import CommandKind, SendCommand

OPTIONS: Mapping[str, str] = {
    "at": "not before: UTC, or +10m",
    "expires": "UTC, or +10m",
    "priority": "0..3",
    "via": "relays and stations, with commas",
    "service": "auto, AD, BD",
    "onboard": "executed on board at: UTC, or +10m",
    "override": "why constraints may be passed over",
    "hold": "yes: wait until it is released",
}
"""What may be said beside arguments, and what is expected of it."""
Service = Literal["auto", "AD", "BD"]
SERVICES: tuple[Service, ...] = ("auto", "AD", "BD")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "service": SERVICES,
    "hold": ("yes", "no"),
    "priority": ("0", "1", "2", "3"),
}
_TIMES = ("at", "expires", "onboard")
_SOME_DAY_NS = 2_000_000_000_000_000_000  # that a time without a date is judged on: any will do
Kinds = Mapping[str, CommandKind]  # by path


@dataclass(frozen=True, slots=True)
class Draft:
    """Target, command (its path; "" for none yet), arguments and options as they were typed.

    `wrong` is what of a command line could not be understood.
    """

    spacecraft: str = ""
    command: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()

    def give(self, name: str, text: str, *, option: bool = False) -> Draft:
        """Return it with an argument or option; without it where the text is empty."""
        before = self.options if option else self.arguments
        after = {key: value for key, value in before.items() if key != name}
        after |= {name: text} if text else {}
        return replace(self, options=after) if option else replace(self, arguments=after)

    def choose(self, path: str) -> Draft:
        """Return it for another command: arguments are those of a command, options stay."""
        return self if path == self.command else replace(self, command=path, arguments={}, wrong=())


def line(draft: Draft, kinds: Kinds) -> str:
    """Return the command line that says the same."""
    words = [name_of(draft.command, kinds), draft.spacecraft] if draft.command else []
    words += [f"{name}={_quoted(text)}" for name, text in draft.arguments.items()]
    words += [f"--{name}={_quoted(text)}" for name, text in draft.options.items()]
    return " ".join(words)


def read(text: str, kinds: Kinds, spacecraft: Sequence[str], before: Draft) -> Draft:
    """Return what a command line says; a target that it does not name is as before."""
    words, wrong = _split(text)
    name, *rest = words or [""]
    path = find(name, kinds)
    if name and not path:
        wrong.append(f"no command {name!r}")
    target = before.spacecraft
    if rest and "=" not in rest[0] and not rest[0].startswith("--"):
        named = rest.pop(0)
        known = [each for each in spacecraft if each.casefold() == named.casefold()]
        wrong += [] if known else [f"no spacecraft {named!r}"]
        target = known[0] if known else ""
    made = Draft(target, path)
    for word in rest:
        made = _said(made, word, kinds, wrong)
    return replace(made, wrong=tuple(wrong))


def find(name: str, kinds: Kinds) -> str:
    """Return the path of a command by path or name, in any case; "" where there is not one."""
    if name in kinds:
        return name
    found = [path for path, kind in kinds.items() if kind.name.casefold() == name.casefold()]
    return found[0] if len(found) == 1 else ""


def name_of(path: str, kinds: Kinds) -> str:
    """Return the name of a command, or its path where others have the name too."""
    name = kinds[path].name if path in kinds else path.rpartition("/")[2]
    return name if find(name, kinds) == path or path not in kinds else path


def fuzzy(query: str, kinds: Iterable[CommandKind]) -> list[CommandKind]:
    """Return the commands whose names have the letters in this order, the likeliest first.

    What has them together comes first, then what has them early, then the shorter name.
    """
    letters = query.casefold()
    ranked = [(_spread(letters, each.name.casefold()), each) for each in kinds]
    fitting = [(rank, each) for rank, each in ranked if rank is not None]
    return [
        each
        for _, each in sorted(fitting, key=lambda pair: (pair[0], len(pair[1].name), pair[1].name))
    ]


def complete(text: str, kinds: Kinds, spacecraft: Sequence[str]) -> list[str]:
    """Return the lines that a text may become, the likeliest first."""
    ahead, _, last = text.rpartition(" ")
    start = text[: len(text) - len(last)]
    words = ahead.split()
    if not words:
        names = [name_of(each.path, kinds) + " " for each in fuzzy(last, kinds.values())]
        return [_like(last, each) for each in names]
    kind = kinds.get(find(words[0], kinds))
    choices = [f"{each} " for each in spacecraft] if len(words) == 1 else []
    if len(words) > 1 or (last and not choices):
        choices = _named(kind, words, last)
    folded = last.casefold()
    fitting = [each for each in choices if each.casefold().startswith(folded) and each != last]
    return [start + _like(last, each) for each in fitting]


def request(draft: Draft, number: str, now_ns: int, *, dry_run: bool) -> SendCommand:
    """Return what is asked of the command service.

    Args:
        number: the request's own, 32 hex digits.

    Raises:
        InputError: no target or command, or an option that cannot be understood.
    """
    if draft.wrong:
        raise InputError("; ".join(draft.wrong))
    if not draft.spacecraft or not draft.command:
        raise InputError("expected a command and a target: > starts the command line")
    options = draft.options
    priority, service = options.get("priority", "1"), options.get("service", "auto")
    if priority not in _CHOICES["priority"]:
        raise InputError(f"priority {priority!r}: expected 0 to 3")
    if options.get("hold", "no") not in _CHOICES["hold"]:
        raise InputError(f"hold {options['hold']!r}: expected yes or no")
    return SendCommand(
        number,
        draft.spacecraft,
        draft.command,
        dict(draft.arguments),
        not_before_ns=_instant(options.get("at", ""), now_ns),
        expires_ns=_instant(options.get("expires", ""), now_ns),
        priority=int(priority),
        via=[each for each in options.get("via", "").split(",") if each],
        service=_service(service),
        on_board_ns=_instant(options.get("onboard", ""), now_ns),
        override=options.get("override", ""),
        hold=options.get("hold") == "yes",
        dry_run=dry_run,
    )


def wrong_option(name: str, text: str) -> str:
    """Return what is wrong with the text of an option in a few words; "" where nothing is."""
    if name in _CHOICES and text:
        return "" if text.casefold() in map(str.casefold, _CHOICES[name]) else "not one of these"
    try:
        _instant(text if name in _TIMES else "", _SOME_DAY_NS)
    except InputError:
        return "no such time"
    return ""


def _service(text: str) -> Service:
    for known in SERVICES:
        if text.casefold() == known.casefold():
            return known
    raise InputError(f"service {text!r}: expected auto, AD or BD")


def _instant(text: str, now_ns: int) -> int:
    return commands.instant(text, now_ns) if text and text != "now" else 0


def _split(text: str) -> tuple[list[str], list[str]]:
    try:
        return shlex.split(text), []
    except ValueError:
        return text.split(), ["a quote is not closed"]


def _said(draft: Draft, word: str, kinds: Kinds, wrong: list[str]) -> Draft:
    """Return a draft with what one word behind the target says."""
    name, equals, value = word.partition("=")
    if name.startswith("--"):
        if name[2:] in OPTIONS:
            return draft.give(name[2:], value, option=True)
        wrong.append(f"no option {name}")
        return draft
    known = kinds[draft.command].arguments if draft.command in kinds else []
    exact = next((each.name for each in known if each.name.casefold() == name.casefold()), None)
    if exact is None or not equals:
        wrong.append(f"{word!r}: no argument" if equals else f"{word!r}: expected name=value")
        return draft
    return draft.give(exact, value)


def _named(kind: CommandKind | None, words: Sequence[str], last: str) -> list[str]:
    """Return what may stand for the last word behind the target."""
    name, equals, value = last.partition("=")
    if name.startswith("--"):
        known = [f"--{each}=" for each in OPTIONS]
        return [f"{name}={each} " for each in _CHOICES.get(name[2:], ())] if equals else known
    arguments = kind.arguments if kind else []
    if not equals:
        given = {word.partition("=")[0].casefold() for word in words}
        return [f"{each.name}=" for each in arguments if each.name.casefold() not in given]
    row = next((each for each in arguments if each.name.casefold() == name.casefold()), None)
    if row is None or row.kind not in LABELLED:
        return []
    return [f"{name}={each} " for each in choose(row, value)]


def _spread(letters: str, name: str) -> tuple[int, int] | None:
    """Return how far apart letters lie in a name, and where they begin; None if they do not."""
    whole = name.find(letters)
    if whole >= 0:
        return 0, whole
    first, at = -1, -1
    for letter in letters:
        at = name.find(letter, at + 1)
        if at < 0:
            return None
        first = at if first < 0 else first
    return at - first + 1, first


def _like(typed: str, text: str) -> str:
    """Return a completion in small letters where they were typed: the ghost then follows them."""
    return text.lower() if typed.islower() and text.lower().startswith(typed) else text


def _quoted(text: str) -> str:
    return shlex.quote(text)
