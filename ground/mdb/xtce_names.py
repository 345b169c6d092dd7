"""What is named where, and which thing a name reference means.

A reference is absolute (`/Sys/Sub/NAME`), relative (`Sub/NAME`, `../NAME`, `./NAME`) or a bare
name. One that does not start with `/` or `.` is looked for in the SpaceSystem of its use and
then outwards to the root. A reference to a parameter may go on into a member or an element:
`/Sys/P.member`, `P/member`, `A[3].member`, and, as the schema of 1.2 has no brackets, `A/3/member`.
In a command an argument may say which element: `A/unit/member`.

Source: XTCE 1.2, NameReferenceType and AggregateDataType.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from enum import Enum

from ground.mdb.model import Comparison, Gravity
from ground.mdb.xtce_document import Attributes, Element, Notes


class Sort(Enum):
    """What kind of thing has a name; each has names of its own."""

    TYPE = "parameter type"
    ARGUMENT_TYPE = "argument type"
    PARAMETER = "parameter"
    CONTAINER = "container"
    COMMAND_CONTAINER = "command container"
    COMMAND = "command"


Owner = tuple[Sort, str]

# SpaceSystem child, its set, what the set names
_SETS = (
    ("TelemetryMetaData", "ParameterTypeSet", (Sort.TYPE,)),
    ("CommandMetaData", "ParameterTypeSet", (Sort.TYPE, Sort.ARGUMENT_TYPE)),
    ("CommandMetaData", "ArgumentTypeSet", (Sort.ARGUMENT_TYPE,)),
    ("TelemetryMetaData", "ParameterSet", (Sort.PARAMETER,)),
    ("CommandMetaData", "ParameterSet", (Sort.PARAMETER,)),
    ("TelemetryMetaData", "ContainerSet", (Sort.CONTAINER,)),
    ("CommandMetaData", "CommandContainerSet", (Sort.COMMAND_CONTAINER,)),
    ("CommandMetaData", "MetaCommandSet", (Sort.COMMAND,)),
)
_NOT_NAMED = {"ParameterRef", "MetaCommandRef", "BlockMetaCommand"}
_TAIL = re.compile(r"[./]?([^./\[\]]+)|\[([0-9]{1,9}|[A-Za-z_]\w*)\]", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}")
_SUGGESTIONS = 20


class Names:
    """The index of all names, and the links between the things named."""

    def __init__(self, root: Element, notes: Notes) -> None:
        self.notes = notes
        self.table: dict[Sort, dict[str, Element]] = {sort: {} for sort in Sort}
        self.links: dict[Owner, dict[Owner, Element]] = {}
        self.comparisons: list[tuple[Scope, Element, Comparison]] = []
        self.in_commands: set[str] = set()  # containers that stand in a MetaCommand
        self.cut: set[str] = set()  # containers read in part only
        self._suggested = 0
        self._odd_name = False
        self._index(root, "")

    # ---- index ------------------------------------------------------------------------------

    def _index(self, system: Element, parent: str) -> None:
        path = self._path(system, parent)
        for meta, group, sorts in _SETS:
            for element in system.iterfind(f"{meta}/{group}/*"):
                if element.tag not in _NOT_NAMED:
                    self._enter(element, path, sorts)
        for command in system.iterfind("CommandMetaData/MetaCommandSet/MetaCommand"):
            for container in command.iterfind("CommandContainer"):
                self._enter_inner(container, f"{path}/{container.get('name', '')}")
        seen: set[str] = set()
        for child in system.iterfind("SpaceSystem"):
            if child.get("name", "") in seen:
                message = f"SpaceSystem {child.get('name')!r} is a second one of this name"
                self.notes.add(None, child, Gravity.ERROR, f"{message}; names must differ")
            seen.add(child.get("name", ""))
            self._index(child, path)

    def _enter(self, element: Element, system: str, sorts: tuple[Sort, ...]) -> None:
        path = self._path(element, system)
        for sort in sorts:
            first = self.table[sort].setdefault(path, element)
            if first is not element:
                message = f"{sort.value} {path} is a second one of this name"
                expected = f"names must differ (first on line {first.sourceline})"
                self.notes.add(None, element, Gravity.ERROR, f"{message}; {expected}")

    def _enter_inner(self, container: Element, path: str) -> None:
        """Enter the container of a command; names of two of them may be the same."""
        first = self.table[Sort.COMMAND_CONTAINER].setdefault(path, container)
        if first is container:
            self.in_commands.add(path)
            return
        message = f"command container {path} is a second one of this name"
        expected = f"names that differ expected: references mean that of line {first.sourceline}"
        self.notes.add(None, container, Gravity.WARNING, f"{message}; {expected}")

    def _path(self, element: Element, system: str) -> str:
        name = Attributes(self.notes).text(element, "name")
        if any(c in name for c in "/[]") or name in {".", ".."}:
            message = f"name {name!r} found; one without '/', '[' and ']' expected"
            self.notes.add(None, element, Gravity.ERROR, message)
        elif any(c in name for c in ".: ") and not self._odd_name:
            self._odd_name = True
            message = f"name {name!r} holds a character that XTCE reserves ('.', ':' or a space)"
            message += "; names without expected (said once, others may follow)"
            self.notes.add(None, element, Gravity.WARNING, message)
        return f"{system}/{name}"

    # ---- look up ----------------------------------------------------------------------------

    def find(self, sort: Sort, system: str, reference: str) -> str | None:
        """Return the path of what a reference used in `system` means; None where nothing."""
        table = self.table[sort]
        return next((p for p in candidates(system, reference) if p in table), None)

    def find_parameter(
        self, system: str, reference: str, arguments: frozenset[str] = frozenset()
    ) -> tuple[str, str] | None:
        """Return (parameter path, member tail as `.member` and `[i]`, "" for the whole)."""
        whole = self.find(Sort.PARAMETER, system, reference)
        if whole is not None:
            return whole, ""
        table = self.table[Sort.PARAMETER]
        for path in candidates(system, reference):
            for cut in sorted((m.start() for m in re.finditer(r"[./\[]", path)), reverse=True):
                if path[:cut] in table and (tail := self._tail(path[:cut], path[cut:], arguments)):
                    return path[:cut], tail
        return None

    def _tail(self, parameter: str, rest: str, arguments: frozenset[str]) -> str | None:
        type_path = self.type_of(parameter)
        tail, position = "", 0
        while position < len(rest):
            match = _TAIL.match(rest, position)
            if match is None or type_path is None:
                return None
            position = match.end()
            name, index = match.groups()
            if name is not None and self._is_array(type_path):
                name, index = None, name
            if index is not None and not _NUMBER.fullmatch(index) and index not in arguments:
                return None
            type_path = self.inner(type_path, name)
            tail += f".{name}" if index is None else f"[{index.lstrip('0') or '0'}]"
        return tail if type_path is not None else None

    def _is_array(self, type_path: str) -> bool:
        return self.table[Sort.TYPE][type_path].get("arrayTypeRef") is not None

    def type_of(self, parameter: str) -> str | None:
        """Return the path of a parameter's type."""
        reference = self.table[Sort.PARAMETER][parameter].get("parameterTypeRef", "")
        return self.find(Sort.TYPE, parameter.rpartition("/")[0], reference)

    def inner(self, type_path: str, member: str | None) -> str | None:
        """Return the type of an aggregate's member, or (None) of an array's elements."""
        element = self.table[Sort.TYPE][type_path]
        system = type_path.rpartition("/")[0]
        if member is None:
            reference = element.get("arrayTypeRef")
        else:
            members = element.iterfind("MemberList/Member")
            reference = next((m.get("typeRef") for m in members if m.get("name") == member), None)
        return None if reference is None else self.find(Sort.TYPE, system, reference)

    def leaf_type(self, path: str) -> str | None:
        """Return the type path of a resolved parameter path with its members and elements."""
        parameter, tail = split_member(path, self.table[Sort.PARAMETER])
        found = self.type_of(parameter)
        for name, index in _TAIL.findall(tail):
            found = self.inner(found, None if index else name) if found else None
        return found

    def suggest(self, sort: Sort, reference: str) -> str:
        """Return `; did you mean ...?` or "" for a reference to nothing."""
        self._suggested += 1
        if self._suggested > _SUGGESTIONS:  # a hopeless file should not take long
            return ""
        last = re.split(r"[/.]", reference)[-1]
        known = {path.rpartition("/")[2]: path for path in self.table[sort]}
        close = difflib.get_close_matches(last, known, n=1)
        return f"; did you mean {known[close[0]]}?" if close else ""


def candidates(system: str, reference: str) -> Iterator[str]:
    """Give the paths that a reference may mean, the nearest first."""
    if reference.startswith("/"):
        yield normalise(reference)
        return
    if reference.startswith("."):
        yield normalise(f"{system}/{reference}")
        return
    while True:
        yield normalise(f"{system}/{reference}")
        if not system:
            return
        system = system.rpartition("/")[0]


def normalise(path: str) -> str:
    """Return a path without `.`, `..` and empty parts."""
    if "/." not in path and "//" not in path:
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/" + "/".join(parts)


def split_member(path: str, parameters: dict[str, Element]) -> tuple[str, str]:
    """Return a resolved path as (parameter, tail)."""
    cut = len(path)
    while path[:cut] not in parameters:
        cut = max(path.rfind(".", 0, cut), path.rfind("[", 0, cut))
        if cut < 0:
            return path, ""
    return path[:cut], path[cut:]


class Scope(Attributes):
    """Where the reader stands: whose definition it is, and from where names are looked up.

    Attributes:
        owner: the definition.
        system: path of the SpaceSystem around.
        arguments: names of the arguments that a command container may refer to.
    """

    __slots__ = ("arguments", "names", "system")
    owner: Owner

    def __init__(self, names: Names, owner: Owner, arguments: frozenset[str] = frozenset()) -> None:
        super().__init__(names.notes, owner)
        self.names = names
        self.system = owner[1].rpartition("/")[0]
        self.arguments = arguments

    def link(self, sort: Sort, path: str, element: Element) -> None:
        self.names.links.setdefault(self.owner, {}).setdefault((sort, path), element)

    def reference(self, element: Element, attribute: str, *sorts: Sort) -> str | None:
        """Return the path that an attribute refers to; None and an error where nothing."""
        value = self.text(element, attribute)
        if not value:
            return None
        for sort in sorts:
            path = self.names.find(sort, self.system, value)
            if path is not None:
                self.link(sort, path, element)
                return path
        self._dangling(element, sorts[0], value)
        return None

    def parameter(self, element: Element, attribute: str = "parameterRef") -> str | None:
        """Return the path of a parameter, member or element that an attribute refers to."""
        value = self.text(element, attribute)
        if not value:
            return None
        found = self.names.find_parameter(self.system, value, self.arguments)
        if found is None:
            self._dangling(element, Sort.PARAMETER, value)
            return None
        self.link(Sort.PARAMETER, found[0], element)
        return found[0] + found[1]

    def _dangling(self, element: Element, sort: Sort, value: str) -> None:
        message = f"{element.tag} refers to {sort.value} {value!r}, which is not defined"
        suggestion = self.names.suggest(sort, value)
        self.error(element, f"{message}; the name of a {sort.value} expected{suggestion}")
