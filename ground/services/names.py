"""Parameter names and globs: from what a person types to columns and elements of a table.

A parameter is `/System/Subsystem/PARAM`, a member or element `/DC/cards[3].temperature`. A glob
may use `*` and `?` anywhere, and an element `[3]`, `[2-5]` or `[*]`; without a leading `/` it is
matched against the last parts alone.

Source: contracts, "Names".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ground.columns import element
from ground.errors import InputError

__all__ = ["Pattern", "choose", "element", "elements", "pattern"]

_BRACKET = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One glob, split into the name of a column and the elements wanted of it."""

    text: str
    column: re.Pattern[str]
    first: int | None  # elements first..last; None for all of them
    last: int | None

    def matches(self, path: str) -> bool:
        """Whether a column of this path is meant."""
        name = _BRACKET.sub("", path)
        return any(self.column.fullmatch(each) for each in (name, *_tails(name, self.text)))

    @property
    def is_glob(self) -> bool:
        """Whether it may mean several columns."""
        return any(each in _BRACKET.sub("", self.text) for each in "*?")

    def elements(self, path: str, size: int) -> range:
        """Return which of the `size` elements of a column are meant; a size of 0 is no array.

        Raises:
            InputError: a plain name asks for an element that the column does not have.
        """
        if self.first is None or self.last is None:
            return range(size)
        if self.first < size or self.is_glob:
            return range(min(self.first, size), min(self.last + 1, size))
        expected = f"an element up to [{size - 1}]" if size else "none, as it is no array"
        raise InputError(f"{self.text}: {path} has {size or 'no'} elements; expected {expected}")


def pattern(text: str) -> Pattern:
    """Return a glob ready to match; a bad element range is an InputError."""
    bracket = _BRACKET.search(text)
    first = last = None
    if bracket and bracket[1] not in ("", "*"):
        found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", bracket[1])
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if first > last:
            raise InputError(f"{text}: element [{bracket[1]}]; expected [3], [2-5] or [*]")
    name = _BRACKET.sub("", text)
    parts = [{"*": ".*", "?": "."}.get(each, re.escape(each)) for each in name]
    return Pattern(text, re.compile("".join(parts)), first, last)


def elements(patterns: Iterable[Pattern], path: str, size: int) -> list[int]:
    """Return which of the `size` elements of a column any of the globs means, in order."""
    return sorted({index for each in patterns for index in each.elements(path, size)})


def choose(texts: Iterable[str], paths: Iterable[str]) -> dict[str, list[Pattern]]:
    """Return the columns that the globs mean, each with the globs that chose it.

    A name without a wildcard that fits several systems' parameters is refused with the candidates,
    and a glob that fits nothing with the names most like it.
    """
    known = list(dict.fromkeys(paths))
    chosen: dict[str, list[Pattern]] = {}
    for text in texts:
        glob = pattern(text)
        found = [path for path in known if glob.matches(path)]
        if not found:
            raise InputError(f"{text}: no such parameter in the archive; {_like(text, known)}")
        if len(found) > 1 and not glob.is_glob and not any(path == text for path in found):
            listed = ", ".join(found[:6])
            raise InputError(
                f"{text}: {len(found)} parameters have this name; expected one of {listed}"
            )
        for path in found:
            chosen.setdefault(path, []).append(glob)
    return chosen


def _tails(name: str, text: str) -> list[str]:
    """Return the ends of a path that a glob without a leading `/` may match."""
    if text.startswith("/"):
        return []
    cuts = [place + 1 for place, each in enumerate(name) if each == "/"]
    return [name[cut:] for cut in cuts]


def _like(text: str, known: list[str]) -> str:
    from difflib import get_close_matches

    last = text.rsplit("/", 1)[-1]
    by_last = {path.rsplit("/", 1)[-1]: path for path in known}
    close = [by_last[each] for each in get_close_matches(last, by_last, 3, 0.5)]
    return f"expected one like {', '.join(close or known[:3])}" if known else "it is empty"
