"""A small database to try commands with: a space packet header, then what a test gives."""

from __future__ import annotations

from ground.mdb import xtce
from ground.mdb.model import Database

HEADER = (("VER", 3), ("TYP", 1), ("SHF", 1), ("APID", 11), ("FLG", 2), ("CNT", 14), ("LEN", 16))


def database(
    types: str, arguments: str, entries: str, *more: str, rest: str = "", **header: int
) -> Database:
    """Return a database with command `/S/C` of APID 42, and more commands after it.

    Args:
        types: argument types.
        rest: what follows the container of the command.
        header: what the fields of the primary header shall be.
    """
    demanded = "".join(
        f'<Comparison parameterRef="{name}" value="{value}"/>'
        for name, value in ({"APID": 42} | header).items()
    )
    refs = "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name, _ in HEADER)
    widths = "".join(
        f'<IntegerParameterType name="U{bits}" signed="false">'
        f'<IntegerDataEncoding sizeInBits="{bits}"/></IntegerParameterType>'
        for bits in (1, 2, 3, 8, 11, 14, 16)
    )
    declared = "".join(
        f'<Parameter name="{name}" parameterTypeRef="U{bits}"/>' for name, bits in HEADER
    )
    listed = f"<ArgumentList>{arguments}</ArgumentList>" if arguments else ""
    return xtce.load(
        f"""<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="S"><TelemetryMetaData>
        <ParameterTypeSet>{widths}</ParameterTypeSet>
        <ParameterSet>{declared}</ParameterSet><ContainerSet>
        <SequenceContainer name="Packet" abstract="true"><EntryList>{refs}</EntryList>
        </SequenceContainer></ContainerSet></TelemetryMetaData>
        <CommandMetaData><ArgumentTypeSet>{types}</ArgumentTypeSet><MetaCommandSet>
        <MetaCommand name="C">{listed}
        <CommandContainer name="CPacket"><EntryList>{entries}</EntryList>
        <BaseContainer containerRef="Packet"><RestrictionCriteria>
        <ComparisonList>{demanded}</ComparisonList></RestrictionCriteria></BaseContainer>
        </CommandContainer>{rest}</MetaCommand>{"".join(more)}
        </MetaCommandSet></CommandMetaData></SpaceSystem>""".encode(),
        "commands.xml",
    )


def unsigned(name: str, bits: int, inner: str = "", after: str = "") -> str:
    return (
        f'<IntegerArgumentType name="{name}" signed="false"><IntegerDataEncoding '
        f'sizeInBits="{bits}">{inner}</IntegerDataEncoding>{after}</IntegerArgumentType>'
    )


def argument(name: str, type_: str, initial: str | None = None) -> str:
    value = "" if initial is None else f' initialValue="{initial}"'
    return f'<Argument name="{name}" argumentTypeRef="{type_}"{value}/>'


def entry(name: str, inner: str = "") -> str:
    return f'<ArgumentRefEntry argumentRef="{name}">{inner}</ArgumentRefEntry>'
