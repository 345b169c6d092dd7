"""Small XTCE documents to test with: one element a line, so that every line can be named."""

from __future__ import annotations

from ground.errors import Where
from ground.mdb import xtce
from ground.mdb.model import Database, Gravity, Problem

XTCE_1_2 = "http://www.omg.org/spec/XTCE/20180204"
U8 = '<IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>'


def document(
    types: str = "",
    parameters: str = "",
    containers: str = "",
    rest: str = "",
    more_types: str = U8,
) -> bytes:
    """Return a document; an empty `containers` becomes one that holds parameter `A`."""
    parameters = parameters or '<Parameter name="A" parameterTypeRef="U8"/>'
    containers = containers or container("C", '<ParameterRefEntry parameterRef="A"/>')
    return f"""<SpaceSystem name="S" xmlns="{XTCE_1_2}">
<TelemetryMetaData>
<ParameterTypeSet>
{more_types}
{types}
</ParameterTypeSet>
<ParameterSet>
{parameters}
</ParameterSet>
<ContainerSet>
{containers}
</ContainerSet>
</TelemetryMetaData>
{rest}
</SpaceSystem>""".encode()


def container(name: str, entries: str = "", base: str = "", attributes: str = "") -> str:
    return f"""<SequenceContainer name="{name}" {attributes}>
<EntryList>
{entries}
</EntryList>
{base}
</SequenceContainer>"""


def typed(type_: str) -> bytes:
    """Return a document whose only packet holds parameter A of the given type, named T."""
    return document(types=type_, parameters='<Parameter name="A" parameterTypeRef="T"/>')


def load(octets: bytes) -> Database:
    return xtce.load(octets, "db.xml")


def line_of(octets: bytes, text: str) -> int:
    """Return the first line that holds a text."""
    return next(n for n, line in enumerate(octets.decode().split("\n"), 1) if text in line)


def problems(octets: bytes) -> tuple[Problem, ...]:
    """Return what is found wrong with a document, refused or not."""
    try:
        return load(octets).problems
    except xtce.DatabaseError as error:
        return error.problems


def found(octets: bytes, gravity: Gravity) -> list[tuple[int, str]]:
    """Return line and message of the problems of one gravity."""
    every = problems(octets)
    assert all(problem.where.source == "db.xml" for problem in every)
    return [(p.where.line, p.message) for p in every if p.gravity is gravity]


def only(octets: bytes, gravity: Gravity, text: str) -> str:
    """Return the message of the one problem of this gravity, which is on the line of `text`."""
    ((line, message),) = found(octets, gravity)
    assert Where("db.xml", line) == Where("db.xml", line_of(octets, text)), message
    return message
