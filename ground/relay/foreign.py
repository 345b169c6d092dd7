"""Contact plans of other routers: JSON of HDTN, and `.cp` text of A-SABR.

HDTN: seconds, `rateBitsPerSec`, `owlt` in seconds. A-SABR: `contact FROM TO START END RATE DELAY`,
seconds and volumes a second, which we take for octets.

Source: nasa/HDTN module/scheduler contact plans; DTN-MTP/A-SABR examples (both by their files).
"""

from __future__ import annotations

from collections.abc import Iterable

from ground.errors import InputError, Where
from ground.relay.plan import SECOND_NS, Contact, Node, Plan, of
from ground.relay.plan_json import integer, listed, number, parsed

LONGEST_S = 2_000_000_000


def read_hdtn(text: str | bytes, *, reference_ns: int = 0, source: str = "plan") -> Plan:
    """Return the plan of HDTN's JSON; node numbers are names, and every node stores.

    Raises:
        InputError: what is wrong, and where in it.
    """
    contacts = []
    for at, row in listed(parsed(text, source), "contacts", source):
        where = f"{source}: {at}"
        ends = [str(integer(row, name, where, -1)) for name in ("source", "dest")]
        times = [number(row, name, where) for name in ("startTime", "endTime", "owlt")]
        start, end, owlt = (_ns(value, where) for value in times)
        rate = number(row, "rateBitsPerSec", where)
        contacts.append(
            Contact(ends[0], ends[1], reference_ns + start, reference_ns + end, rate, owlt)
        )
    return _plan(contacts, source)


def read_asabr(text: str, *, reference_ns: int = 0, source: str = "plan") -> Plan:
    """Return the plan of A-SABR's text; node numbers are names, and every node stores.

    Raises:
        InputError: a line is of another form; its number is named.
    """
    contacts = []
    for line, words in enumerate(map(str.split, text.splitlines()), 1):
        if words[:1] != ["contact"]:
            if words and words[0] != "node" and not words[0].startswith("#"):
                raise InputError(f"{Where(source, line)}: {words[0][:40]!r}; expected a contact")
            continue
        where = str(Where(source, line))
        if len(words) not in (7, 8):
            raise InputError(f"{where}; expected contact FROM TO START END RATE DELAY")
        try:
            start, end, rate, delay = map(float, words[3:7])
        except ValueError as error:
            raise InputError(f"{where}: {error}; expected numbers") from error
        begin, stop = reference_ns + _ns(start, where), reference_ns + _ns(end, where)
        contacts.append(Contact(words[1], words[2], begin, stop, 8 * rate, _ns(delay, where)))
    return _plan(contacts, source)


def _plan(contacts: list[Contact], source: str) -> Plan:
    names: Iterable[str] = {name for each in contacts for name in (each.source, each.target)}
    try:
        return of([Node(name) for name in sorted(names)], contacts)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


def _ns(seconds: float, where: str) -> int:
    if not abs(seconds) <= LONGEST_S:
        raise InputError(f"{where}: {seconds} s; expected at most {LONGEST_S} s")
    return round(seconds * SECOND_NS)
