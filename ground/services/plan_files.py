"""Contact plans in files: which form one has, read and written.

    form     written as        read as
    JSON     .json             our own, or that of HDTN; told apart by what is in it
    ION      .ion              `a contact` and `a range`; any other name too
    A-SABR   -                 .cp

ION knows nodes by number, and so does what we write: nodes are numbered from 1 on in the order of
the plan, which comments at its head say.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ground.errors import InputError
from ground.relay import foreign, ion, plan_json
from ground.relay.plan import Node, Plan
from protocols import times

SECOND_NS = 10**9
LARGEST = 256 << 20  # octets
FORMS = (".json", ".ion")


def read(path: Path, *, reference_ns: int, nodes: Iterable[Node] = ()) -> Plan:
    """Return the plan of a file.

    Args:
        reference_ns: what second 0 is where times are relative, ns TAI.
        nodes: what is known of nodes, where the form says nothing of their kinds.

    Raises:
        InputError: the file cannot be read, or is wrong; names file and line.
    """
    text = _text(path)
    source = str(path)
    if path.suffix == ".cp":
        return foreign.read_asabr(text, reference_ns=reference_ns, source=source)
    if text.lstrip()[:1] not in ("{", "["):
        return ion.read(text, reference_ns=reference_ns, nodes=nodes, source=source)
    if "schema" in plan_json.parsed(text, source):
        return plan_json.read(text, source=source)
    return foreign.read_hdtn(text, reference_ns=reference_ns, source=source)


def write(plan: Plan, form: str) -> str:
    """Return the text of a plan in a form, .json or .ion.

    Raises:
        InputError: the form is not known, or cannot hold this plan.
    """
    if form == ".json":
        return plan_json.write(plan)
    if form == ".ion":
        return _ion(plan)
    raise InputError(f"a plan as {form!r}; expected {' or '.join(FORMS)}")


def _ion(plan: Plan) -> str:
    numbered = all(node.name.isascii() and node.name.isdigit() for node in plan.nodes)
    named = enumerate((node.name for node in plan.nodes), 1)
    numbers = {name: int(name) if numbered else number for number, name in named}
    start_ns = min(plan.start_ns.tolist(), default=0) // SECOND_NS * SECOND_NS
    head = [f"# node {number} {_one_line(name)}" for name, number in numbers.items()]
    at = times.iso(start_ns)[:19].replace("-", "/").replace("T", "-")
    return "\n".join([*head, f"@ {at}", ion.write(plan, reference_ns=start_ns, numbers=numbers)])


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; expected a contact plan") from None
    if len(octets) > LARGEST:
        raise InputError(f"{path}: over {LARGEST} octets; expected a contact plan")
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not UTF-8; expected a contact plan") from None
