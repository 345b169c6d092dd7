"""The `:` line: what can be typed, what completes it, and what was typed before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ground.errors import InputError
from ground.messages import ControlAuthority, ControlReplay
from protocols import times

PAGES = (
    *("fleet", "sat", "params", "alarms", "shelved", "cmd", "contacts", "links", "services"),
    *("log", "plot"),
)
ALIASES = {
    "f": "fleet",
    "spacecraft": "fleet",
    "and": "sat",
    "p": "params",
    "parameters": "params",
    "a": "alarms",
    "ool": "alarms",
    "z": "shelved",
    "c": "cmd",
    "commanding": "cmd",
    "l": "links",
    "svc": "services",
    "events": "log",
    "scroll": "log",
    "grd": "plot",
    "?": "help",
    "q": "quit",
}
VERBS = (*PAGES, "auth", "replay", "rate", "filter", "help", "quit")
AUTHORITY = ("take", "give", "accept", "drop", "force")
REPLAY = ("pause", "play", "step", "seek", "rate", "loop", "stop")
RATES = ("1", "2", "5")
HISTORY = 100
_SPAN = re.compile(r"\+(?:(\d{1,5})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as it was understood: its verb, and the words behind it."""

    verb: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """The names that complete a line."""

    spacecraft: Sequence[str] = ()
    parameters: Sequence[str] = ()


def parse(text: str) -> Typed:
    """Return what was typed.

    Raises:
        InputError: no such command.
    """
    verb, *words = text.split() or [""]
    name = ALIASES.get(verb, verb)
    if name not in VERBS:
        raise InputError(f"{verb!r}: no command; expected one of {', '.join(VERBS)}")
    return Typed(name, tuple(words))


def replay(words: Sequence[str], now_ns: int) -> ControlReplay:
    """Return what was asked of a replay; a time alone is on the day it is at.

    Raises:
        InputError: not one of its acts, or a value that it cannot take.
    """
    act, *rest = words or [""]
    value = rest[0] if rest else ""
    match act:
        case "pause" | "step" | "stop" if not rest:
            return ControlReplay(act)
        case "play" | "resume" if not rest:
            return ControlReplay("resume")
        case "seek" if value:
            return ControlReplay("seek", t_ns=instant(" ".join(rest), now_ns))
        case "rate" if value:
            return ControlReplay("rate", _rate(value))
        case "loop" if value in ("", "on", "off"):
            return ControlReplay("loop", 0.0 if value == "off" else 1.0)
    expected = "pause, play, step, stop, seek TIME, rate NUMBER|max, loop on|off"
    raise InputError(f"replay {' '.join(words)}: expected {expected}")


def rate(words: Sequence[str]) -> float:
    """Return the rate of the screen that was asked for."""
    if len(words) != 1 or words[0] not in RATES:
        raise InputError(f"rate {' '.join(words)}: expected {', '.join(RATES)} (Hz)")
    return float(words[0])


def authority(words: Sequence[str], names: Sequence[str], chosen: str) -> ControlAuthority:
    """Return what was asked of an authority: `take`, `give NAME`, `accept`, `drop`, `force WHY`.

    A spacecraft may stand behind it; else it is the chosen one.

    Raises:
        InputError: not one of its acts, or nobody to give it to.
    """
    act, *rest = words or [""]
    spacecraft = rest.pop() if rest and rest[-1] in names else chosen
    match act:
        case "take" | "accept" | "drop" if not rest:
            return ControlAuthority(spacecraft, act)
        case "give" if len(rest) == 1:
            return ControlAuthority(spacecraft, "give", to=rest[0])
        case "force" if rest:
            return ControlAuthority(spacecraft, "force", reason=" ".join(rest))
    expected = "take, give NAME, accept, drop or force REASON, then a spacecraft"
    raise InputError(f"auth {' '.join(words)}: expected {expected}")


def instant(text: str, now_ns: int) -> int:
    """Return a time that was typed: in UTC, on the day of `now_ns` where none is named, or +10m.

    Raises:
        InputError: no such time.
    """
    ahead = _SPAN.fullmatch(text)
    if ahead and any(ahead.groups()):
        hours, minutes, seconds = (int(part or 0) for part in ahead.groups())
        return now_ns + (hours * 3600 + minutes * 60 + seconds) * 10**9
    whole = text.replace(" ", "T").removesuffix("Z")
    if "T" not in whole and ":" in whole:
        whole = f"{times.iso(now_ns)[:10]}T{whole}"
    if whole.count(":") == 1:
        whole += ":00"
    try:
        return times.parse(whole, "utc")
    except ValueError:
        expected = "a UTC time as 10:00, 10:00:00 or 2026-11-22T10:00:00, or +1h30m from now"
        raise InputError(f"{text!r}: no time; expected {expected}") from None


def complete(text: str, known: Known) -> list[str]:
    """Return the lines that the text may become, the likeliest first."""
    verb, space, rest = text.partition(" ")
    if not space:
        return [name for name in VERBS if name.startswith(verb) and name != verb]
    ahead, _, last = rest.rpartition(" ")
    start = text[: len(text) - len(last)]
    choices = _choices(ALIASES.get(verb, verb), ahead.split(), known)
    folded = last.casefold()
    return [start + each for each in choices if each.casefold().startswith(folded) and each != last]


def _choices(verb: str, ahead: Sequence[str], known: Known) -> Sequence[str]:
    if verb == "plot":
        return known.parameters
    if ahead:
        return ("on", "off") if verb == "replay" and ahead == ["loop"] else ()
    table: dict[str, Sequence[str]] = {
        "sat": known.spacecraft,
        "params": known.spacecraft,
        "fleet": known.spacecraft,
        "auth": AUTHORITY,
        "replay": REPLAY,
        "rate": RATES,
    }
    return table.get(verb, ())


def _rate(text: str) -> float:
    if text == "max":
        return 0.0
    try:
        value = float(text.removeprefix("x"))
    except ValueError:
        value = -1.0
    if not 0 < value <= 1e6:
        raise InputError(f"{text!r}: no rate; expected a number above 0, or max")
    return value


@dataclass(slots=True)
class History:
    """The lines that were typed; `older` and `newer` walk through them."""

    lines: list[str] = field(default_factory=list)
    _at: int = 0

    def add(self, text: str) -> None:
        """Keep a line, once where it is typed twice in a row."""
        if text and self.lines[-1:] != [text]:
            self.lines = [*self.lines, text][-HISTORY:]
        self._at = len(self.lines)

    def older(self, text: str) -> str:
        """Return the line before; the text itself where there is none."""
        self._at = max(0, min(self._at, len(self.lines)) - 1)
        return self.lines[self._at] if self.lines else text

    def newer(self) -> str:
        """Return the line behind; nothing behind the last."""
        self._at = min(len(self.lines), self._at + 1)
        return self.lines[self._at] if self._at < len(self.lines) else ""
