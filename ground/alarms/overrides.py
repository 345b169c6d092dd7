"""Limits that operators changed at run time, for one spacecraft and parameter each.

How it works: spacecraft of one database lie in one set of columns, and are judged by its types.
The rows of a spacecraft with other limits are judged again by themselves, with those columns'
types replaced, and their levels take the place of the first ones. Such a judge starts anew when
its limits are set: violations in a row are counted from there.

The ranges replace the static ranges of the parameter's alarm, whatever contexts it has; how many
violations in a row it takes, and what it says of changes, stay as in the database.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from ground.alarms.judge import Judge
from ground.alarms.ranges import Levels
from ground.alarms.text import visible
from ground.columns import Column
from ground.mdb.model import Alarm, Kind, Level, Range, ScalarType, StaticRanges
from ground.messages import Answered, EventRow, SetLimits

Types = Mapping[str, ScalarType]
Ranges = dict[str, tuple[float | None, float | None]]
Known = Callable[[str, str], ScalarType | None]
"""Gives the type of a parameter's column by spacecraft and path; None where there is none."""

SOURCE = "alarms"
CAPACITY = 10_000  # overrides that are held
LONGEST_REASON = 500  # characters
PREFIX = "limits/"  # of the keys of the state
LEVELS = {each.name.lower(): each for each in Level if each is not Level.NORMAL}


@dataclass(frozen=True, slots=True)
class Override:
    """Other limits for a parameter of a spacecraft, and who set them why."""

    spacecraft: str
    parameter: str
    ranges: Ranges
    by: str
    reason: str
    t_ns: int
    v: Literal[1] = 1

    @property
    def key(self) -> str:
        """The key of its octets."""
        return f"{PREFIX}{self.spacecraft}|{self.parameter}"

    def applied(self, type: ScalarType) -> ScalarType:
        """Return a type with these limits in place of its own."""
        before = type.alarm or next((each.alarm for each in type.context_alarms), Alarm())
        ranges = sorted((LEVELS[name], Range(*ends)) for name, ends in self.ranges.items())
        static = StaticRanges(tuple(ranges))
        return replace(type, alarm=replace(before, static=static), context_alarms=())


_FORM = TypeAdapter(Override)


class Overrides:
    """The limits that operators changed; kept until they take them back.

    Args:
        known: says which parameters there are.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._held: dict[str, dict[str, Override]] = {}  # by spacecraft and parameter
        self._judges: dict[tuple[str, int], _Again] = {}
        self._touched: set[str] = set()

    def set(self, request: SetLimits, user: str, now: int) -> tuple[Answered, list[EventRow]]:
        """Set other limits, or go back to the database's; return whether, and what is noted."""
        reason = self._refusal(request)
        name = f"{visible(request.parameter)} of {visible(request.spacecraft)}"
        if reason:
            line = f"{visible(user)} was refused (limits) for {name}: {reason}"
            refused = EventRow(now, SOURCE, "", "caution", "limits.refused", line)
            return Answered(False, reason), [refused]
        why = visible(request.reason.strip(), LONGEST_REASON)
        mine = self._held.setdefault(request.spacecraft, {})
        if request.ranges is None:
            gone = mine.pop(request.parameter)
            self._changed(gone)
            said = f"{visible(user)} set the limits of {name} back to the database's: {why}"
        else:
            override = Override(
                request.spacecraft, request.parameter, dict(request.ranges), visible(user), why, now
            )
            mine[request.parameter] = override
            self._changed(override)
            said = f"{visible(user)} set the limits of {name} to {_said(request.ranges)}: {why}"
        kind = "limits.reset" if request.ranges is None else "limits.set"
        return Answered(True), [EventRow(now, SOURCE, request.spacecraft, "caution", kind, said)]

    def _refusal(self, request: SetLimits) -> str:
        held = self._held.get(request.spacecraft, {})
        if not request.reason.strip():
            return "a change of limits needs a reason"
        if request.ranges is None:
            return "" if request.parameter in held else "its limits are the database's already"
        type = self._known(request.spacecraft, request.parameter)
        if type is None:
            return "no such parameter of this spacecraft"
        if type.kind not in (Kind.INTEGER, Kind.FLOAT):
            return f"it is no number but {type.kind.value}"
        if request.parameter not in held and sum(map(len, self._held.values())) >= CAPACITY:
            return f"{CAPACITY} limits are changed already"
        return _wrong(request.ranges)

    def _changed(self, override: Override) -> None:
        self._touched.add(override.key)
        self._judges = {
            key: judge for key, judge in self._judges.items() if key[0] != override.spacecraft
        }

    def held(self) -> list[Override]:
        """Return every override."""
        return [each for mine in self._held.values() for each in mine.values()]

    def types(self, spacecraft: str, types: Types) -> dict[str, ScalarType]:
        """Return the types with changed limits among the columns of a packet of a spacecraft."""
        mine = self._held.get(spacecraft, {})
        return {path: each.applied(types[path]) for path, each in mine.items() if path in types}

    def judge(
        self,
        types: Types,
        raw: Mapping[str, Column],
        engineering: Mapping[str, Column],
        t_ns: NDArray[np.int64],
        names: Sequence[str],
        craft: NDArray[Any],
        levels: dict[str, Levels],
    ) -> dict[str, Levels]:
        """Return levels as these limits have them.

        Args:
            types, raw, engineering, t_ns: as `Judge.judge` was given them. Engineering columns
                must be there for every number that is calibrated, judged by the database or not.
            names: of spacecraft; `craft` [N] has the index of each row's.
            levels: what it returned; not changed.
        """
        if not self._held:
            return levels
        levels = dict(levels)
        for code in np.unique(craft).tolist():
            if self._held.get(names[code]):
                again = self._again(names[code], types)
                again.judge(raw, engineering, t_ns, np.flatnonzero(craft == code), levels)
        return levels

    def _again(self, spacecraft: str, types: Types) -> _Again:
        key = spacecraft, id(types)
        if key not in self._judges:
            self._judges[key] = _Again(types, self.types(spacecraft, types))
        return self._judges[key]

    def state(self) -> dict[str, bytes | None]:
        """Return what changed since the last call, as octets by key; None for what is gone."""
        held = {each.key: each for each in self.held()}
        touched, self._touched = self._touched, set()
        return {key: _FORM.dump_json(held[key]) if key in held else None for key in sorted(touched)}

    def restore(self, state: Mapping[str, bytes]) -> dict[str, str]:
        """Take in what `state` gave; return why, for each key whose octets are refused."""
        refused = {}
        for key, octets in state.items():
            try:
                override = _FORM.validate_json(octets, strict=True)
            except ValidationError as error:
                refused[key] = visible(error.errors(include_url=False)[0]["msg"])
                continue
            reason = _wrong(override.ranges)
            if reason or override.key != key:
                refused[key] = reason or f"the limits of another key, {visible(override.key)}"
            else:
                self._held.setdefault(override.spacecraft, {})[override.parameter] = override
        return refused


class _Again:
    """Judges the rows of one spacecraft by other types; holds on to the first ones, as a key."""

    def __init__(self, types: Types, changed: Types) -> None:
        self._types, self._changed, self._judge = types, changed, Judge()

    def judge(
        self,
        raw: Mapping[str, Column],
        engineering: Mapping[str, Column],
        t_ns: NDArray[np.int64],
        rows: NDArray[np.intp],
        levels: dict[str, Levels],
    ) -> None:
        """Write the levels of these rows over what is there, in arrays of their own."""
        here = [path for path in self._changed if path in raw]
        if not here:
            return
        mine = {path: raw[path].take(rows) for path in here}
        calibrated = {path: engineering[path].take(rows) for path in here if path in engineering}
        alone = np.zeros(len(rows), np.int64)
        found = self._judge.judge(self._changed, mine, calibrated, t_ns[rows], alone)
        for path, level in found.items():
            whole = levels.get(path)
            shape = (len(t_ns), *level.shape[1:])
            levels[path] = np.zeros(shape, np.uint8) if whole is None else whole.copy()
            levels[path][rows] = level


def _wrong(ranges: Mapping[str, tuple[float | None, float | None]]) -> str:
    """Return what is wrong with ranges; "" where nothing is."""
    if not ranges:
        return "no range is given; to keep an alarm quiet, shelve it"
    for name, (low, high) in ranges.items():
        if name not in LEVELS:
            return f"level {visible(name)!r}; expected one of {', '.join(LEVELS)}"
        ends = [each for each in (low, high) if each is not None]
        if not ends:
            return f"{name} has no end; expected at least one"
        if not all(math.isfinite(each) for each in ends):
            return f"{name} has an end that is not finite"
        if low is not None and high is not None and low > high:
            return f"{name} from {low:g} to {high:g}; expected the lowest first"
    return ""


def _said(ranges: Mapping[str, tuple[float | None, float | None]]) -> str:
    return ", ".join(
        f"{name} {'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'}"
        for name, (low, high) in ranges.items()
    )
