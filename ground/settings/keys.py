"""On which line each key of a TOML text stands, which `tomllib` does not say.

How it works: `tomllib` has parsed the text before, so it is known to be well formed. This walk only
follows its shape (headers, dotted and quoted keys, arrays, inline tables, the four kinds of
strings, comments) and remembers where each key began.

Source: TOML v1.0.0.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?P<basic>(?:[^"\\\n]|\\.)*)"'
    r"|'(?P<literal>[^'\n]*)'",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of each key, header and array element of a well formed text.

    A path is a tuple of keys and indices, as ("link", 0, "rs", "k"); () is line 1.
    """
    return _Walk(text).run()


def line_of(found: Mapping[KeyPath, int], key: KeyPath) -> int:
    """Return the line of a key, or of the innermost table that should hold it."""
    while key not in found:
        key = key[:-1]
    return found[key]


class _Walk:
    """One pass over a text; `at` is the place that is read next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self.found: dict[KeyPath, int] = {(): 1}
        self.counts: dict[KeyPath, int] = {}  # tables so far in each array of tables

    def run(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.found

    def _header(self) -> KeyPath:
        line, is_array = self._line(), self.text.startswith("[[", self.at)
        self.at += 1 + is_array
        keys = self._keys()
        self.at += 1 + is_array
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._enter((*path, key), line)
        path = (*path, keys[-1])
        if not is_array:
            return self._enter(path, line)
        self.counts[path] = self.counts.get(path, 0) + 1
        return self._enter(path, line)

    def _enter(self, path: KeyPath, line: int) -> KeyPath:
        """Note a table; for an array of tables, its last one."""
        self.found.setdefault(path, line)
        if path in self.counts:
            path = (*path, self.counts[path] - 1)
            self.found.setdefault(path, line)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        for key in self._keys():
            table = (*table, key)
            self.found.setdefault(table, line)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(table)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _key(self) -> str:
        if self.text[self.at] not in "\"'":
            return self._skip(_BARE_KEY)[0]
        match = self._skip(_STRING)
        literal = match["literal"]
        return _ESCAPE.sub(_unescape, match["basic"]) if literal is None else literal

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self._skip(_STRING)
        elif opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        index = 0
        while self._next_item("]"):
            self.found.setdefault((*path, index), self._line())
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        while self._next_item("}"):
            self._pair(path)

    def _next_item(self, closing: str) -> bool:
        """Step over the bracket or comma before an item; False, and past the end, without one."""
        self._skip(_BLANK)
        if self.text[self.at] in "[{,":
            self.at += 1
            self._skip(_BLANK)
        if self.text[self.at] != closing:
            return True
        self.at += 1
        return False

    def _skip(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"line {self._line()} is not TOML; it must be parsed before")
        self.at = match.end()
        return match

    def _line(self) -> int:
        return bisect_right(self.starts, self.at)


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])
