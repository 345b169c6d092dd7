"""Contact plans as text of ION: `a contact +0 +120 9 5 100000` and `a range +0 +120 9 5 1`.

Times are `yyyy/mm/dd-hh:mm:ss` (UTC) or `+ss` after the reference time, which `@ time` moves.
Rates are octets a second, ranges light seconds. A range holds for both directions unless the other
has ranges of its own; a contact counts where a range says how far it is. What is of another kind
(`m`, `s`, `1`, comments) is passed over, and so is a contact of a node with itself.

ION knows whole seconds and one link a pair, and no acquisition, volumes or kinds of nodes. A plan
is written so that nothing is promised that it does not hold: contacts shrink to whole seconds and
ranges grow.

Source: ION-DTN ici/doc/pod5/ionrc.pod, ici/library/rfx.c (ranges of both directions: unverified).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ground.errors import InputError, Where
from ground.relay.plan import FOREVER_NS, SECOND_NS, Contact, Node, Plan, of
from protocols import times
from protocols.errors import DecodeError

_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?")
_TIME = re.compile(r"(\d{4})/(\d\d)/(\d\d)-(\d\d:\d\d:\d\d)")
_NODE = re.compile(r"\d{1,18}")
_EXPECTED = "a contact START END FROM TO RATE [CONFIDENCE] or a range START END FROM TO SECONDS"


@dataclass(frozen=True, slots=True)
class _Row:
    start_ns: int
    end_ns: int
    source: str
    target: str
    amount: float  # octets a second, or light seconds


def read(
    text: str, *, reference_ns: int = 0, nodes: Iterable[Node] = (), source: str = "plan"
) -> Plan:
    """Return the plan of a text.

    Args:
        reference_ns: what `+0` means until the first `@`, ns TAI since 1958.
        nodes: nodes that are known; others are `store-and-forward`. Names are node numbers.
        source: the name of the text in errors.

    Raises:
        InputError: a line is not of ION; its number is named.
    """
    found: dict[str, list[_Row]] = {"contact": [], "range": []}
    for number, line in enumerate(text.splitlines(), 1):
        words, where = line.split(), Where(source, number)
        if words[:1] == ["@"] and len(words) == 2:
            reference_ns = _time(words[1], reference_ns, where)
        elif words[:2] in (["a", "contact"], ["a", "range"]):
            found[words[1]].append(_row(words[2:], reference_ns, where))
        elif words[:1] == ["a"] or words[:1] == ["@"]:
            raise InputError(f"{where}: {line.strip()[:80]!r}; expected {_EXPECTED}")
    known = {node.name: node for node in nodes}
    names = {name for row in found["contact"] for name in (row.source, row.target)}
    known |= {name: Node(name) for name in sorted(names, key=int) if name not in known}
    return of(known.values(), _contacts(found["contact"], found["range"]))


def write(plan: Plan, *, reference_ns: int = 0, numbers: Mapping[str, int] | None = None) -> str:
    """Return the text of a plan, its times relative to a reference that it does not state.

    Args:
        numbers: the node number for each name; not needed where names are numbers.

    Raises:
        InputError: a node has no number, or ION cannot hold the plan.
    """
    lines = []
    for contact in plan.contacts():
        ends = f"{_number(contact.source, numbers)} {_number(contact.target, numbers)}"
        start = -(-(contact.start_ns + contact.acquisition_ns - reference_ns) // SECOND_NS)
        end = (contact.end_ns - reference_ns) // SECOND_NS
        if start < 0:
            raise InputError(f"a contact {start} s after the reference; expected none before it")
        if start < end and contact.rate_bps >= 8:
            span = f"+{start} +{end} {ends}"
            lines.append(f"a contact {span} {int(contact.rate_bps // 8)}")
            lines.append(f"a range {span} {-(-contact.owlt_ns // SECOND_NS)}")
    _check_links(plan)
    return "\n".join([*lines, ""])


def _check_links(plan: Plan) -> None:
    for old, new in pairwise(sorted(plan.contacts(), key=_by_pair)):
        if (old.source, old.target) == (new.source, new.target) and new.start_ns < old.end_ns:
            raise InputError(
                f"{new.source} has contacts with {new.target} at the same time; expected one link"
            )


def _by_pair(contact: Contact) -> tuple[str, str, int]:
    return contact.source, contact.target, contact.start_ns


def _contacts(contacts: Iterable[_Row], ranges: Iterable[_Row]) -> Iterator[Contact]:
    directed: dict[tuple[str, str], list[_Row]] = {}
    for row in ranges:
        directed.setdefault((row.source, row.target), []).append(row)
    for row in contacts:
        pair = row.source, row.target
        for reach in directed.get(pair) or directed.get(pair[::-1], []):
            start, end = max(row.start_ns, reach.start_ns), min(row.end_ns, reach.end_ns)
            if start < end and row.source != row.target:
                owlt_ns = round(reach.amount * SECOND_NS)
                yield Contact(*pair, start, end, 8 * row.amount, owlt_ns)


def _row(words: list[str], reference_ns: int, where: Where) -> _Row:
    if len(words) not in (5, 6) or not all(_NODE.fullmatch(word) for word in words[2:4]):
        raise InputError(f"{where}: {' '.join(words)[:80]!r}; expected {_EXPECTED}")
    start, end = (_time(word, reference_ns, where) for word in words[:2])
    if not start < end:
        raise InputError(f"{where}: from {words[0]} to {words[1]}; expected an end after its start")
    for word in words[4:]:
        if not _NUMBER.fullmatch(word):
            raise InputError(f"{where}: {word[:40]!r}; expected a number")
    if len(words) == 6 and float(words[5]) > 1:
        raise InputError(f"{where}: {words[5]}; expected a confidence of 0 to 1")
    return _Row(start, end, words[2], words[3], float(words[4]))


def _time(word: str, reference_ns: int, where: Where) -> int:
    found = _TIME.fullmatch(word)
    try:
        if found:
            return times.parse("{}-{}-{}T{}Z".format(*found.groups()))
        if word[:1] == "+" and _NUMBER.fullmatch(word[1:]):
            return min(reference_ns + round(float(word[1:]) * SECOND_NS), FOREVER_NS - 1)
    except DecodeError as error:
        raise InputError(f"{where}: {error}") from error
    raise InputError(f"{where}: {word[:40]!r}; expected yyyy/mm/dd-hh:mm:ss or +ss")


def _number(name: str, numbers: Mapping[str, int] | None) -> str:
    if numbers is not None and name in numbers:
        return str(numbers[name])
    if _NODE.fullmatch(name):
        return name
    raise InputError(f"node {name!r}; expected a node number for it")
