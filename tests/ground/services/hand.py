"""A small mission put together by hand: two packet types with a column of every kind.

`hk` and `event` give the octets of one packet, so that each value a test expects stands in it.
"""

from __future__ import annotations

import struct

from protocols import packet
from tests.ground.mdb.xtce_documents import XTCE_1_2, container

HK, EVENT = 1, 2  # APIDs
EPOCH_NS = 378_691_200 * 10**9  # 1970-01-01T00:00:00 TAI, in ns since 1958
SECOND = 10**9
HEADER = {"VERSION": 3, "TYPE": 1, "SECONDARY": 1, "APID": 11, "FLAGS": 2, "COUNT": 14, "SIZE": 16}
HEADER_OCTETS = 6


def _unsigned(name: str, bits: int) -> str:
    encoding = f'<IntegerDataEncoding sizeInBits="{bits}"/>'
    return f'<IntegerParameterType name="{name}" signed="false">{encoding}</IntegerParameterType>'


def _range(name: str, minimum: float, maximum: float) -> str:
    return f'<{name} minInclusive="{minimum}" maxInclusive="{maximum}"/>'


_TYPES = "".join(_unsigned(f"U{bits}", bits) for bits in (1, 2, 3, 8, 11, 14, 16, 32, 64, 96))
_TYPES += f"""
<IntegerParameterType name="I8"><IntegerDataEncoding sizeInBits="8" encoding="twosComplement"/>
</IntegerParameterType>
<FloatParameterType name="F64" sizeInBits="64"><FloatDataEncoding sizeInBits="64"/>
</FloatParameterType>
<FloatParameterType name="VOLTS"><UnitSet><Unit>V</Unit></UnitSet>
<IntegerDataEncoding sizeInBits="16"><DefaultCalibrator><PolynomialCalibrator>
<Term coefficient="0.5" exponent="0"/><Term coefficient="0.25" exponent="1"/>
</PolynomialCalibrator></DefaultCalibrator></IntegerDataEncoding>
<DefaultAlarm minViolations="2"><StaticAlarmRanges>
{_range("WarningRange", 10, 30)}{_range("DistressRange", 5, 35)}{_range("CriticalRange", 0, 40)}
</StaticAlarmRanges></DefaultAlarm></FloatParameterType>
<EnumeratedParameterType name="MODE"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="0" label="OFF"/><Enumeration value="1" label="ON"/></EnumerationList>
</EnumeratedParameterType>
<StringParameterType name="TEXT"><StringDataEncoding><SizeInBits><Fixed><FixedValue>32</FixedValue>
</Fixed></SizeInBits></StringDataEncoding></StringParameterType>
<BinaryParameterType name="OCTETS"><BinaryDataEncoding><SizeInBits><FixedValue>24</FixedValue>
</SizeInBits></BinaryDataEncoding></BinaryParameterType>
<ArrayParameterType name="CELLS" arrayTypeRef="I8"><DimensionList><Dimension>
<StartingIndex><FixedValue>0</FixedValue></StartingIndex>
<EndingIndex><FixedValue>2</FixedValue></EndingIndex></Dimension></DimensionList>
</ArrayParameterType>
<ArrayParameterType name="LIST" arrayTypeRef="U16"><DimensionList><Dimension>
<StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><DynamicValue>
<ParameterInstanceRef parameterRef="N"/><LinearAdjustment slope="1" intercept="-1"/>
</DynamicValue></EndingIndex></Dimension></DimensionList></ArrayParameterType>
"""
_FIELDS = {
    **{name: f"U{bits}" for name, bits in HEADER.items()},
    "SECONDS": "U32",
    "SUBSECONDS": "U16",
    "VOLTAGE": "VOLTS",
    "MODE": "MODE",
    "CELL": "CELLS",
    "NAME": "TEXT",
    "DATA": "OCTETS",
    "BIG": "U96",
    "WIDE": "U64",
    "LOAD": "F64",
    "N": "U8",
    "VALUES": "LIST",
    "CODE": "U8",
}


def _entries(*names: str) -> str:
    return "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name in names)


def _of_apid(apid: int) -> str:
    comparison = f'<Comparison parameterRef="APID" value="{apid}"/>'
    criteria = f"<RestrictionCriteria>{comparison}</RestrictionCriteria>"
    return f'<BaseContainer containerRef="CCSDS">{criteria}</BaseContainer>'


_TIMED = _entries("SECONDS", "SUBSECONDS")
_HOUSEKEEPING = ("VOLTAGE", "MODE", "CELL", "NAME", "DATA", "BIG", "WIDE", "LOAD")
DATABASE = f"""<SpaceSystem name="H" xmlns="{XTCE_1_2}"><TelemetryMetaData>
<ParameterTypeSet>{_TYPES}</ParameterTypeSet>
<ParameterSet>{
    "".join(
        f'<Parameter name="{name}" parameterTypeRef="{kind}"/>' for name, kind in _FIELDS.items()
    )
}</ParameterSet>
<ContainerSet>
{container("CCSDS", _entries(*HEADER), attributes='abstract="true"')}
{container("HK", _TIMED + _entries(*_HOUSEKEEPING), _of_apid(HK))}
{container("EVENT", _TIMED + _entries("CODE", "N", "VALUES"), _of_apid(EVENT))}
</ContainerSet></TelemetryMetaData></SpaceSystem>"""

MISSION = """
[mission]
name = "hand"

[[spacecraft]]
name = "A"
scid = 10
database = "hand.xml"

[[spacecraft]]
name = "B"
scid = 11
database = "hand.xml"

[[spacecraft]]
name = "PLAIN"
scid = 12

[[time]]
packets = "*"
parameter = "SECONDS"
fine = "SUBSECONDS"
fine_bits = 16
epoch = "1970-01-01T00:00:00"
scale = "tai"

[[link]]
name = "bare"
kind = "file"
frame = "packets"

[[link]]
name = "frames"
kind = "file"
frame = "tm"
length = 200
fecf = true
"""


def hk(
    sequence: int,
    seconds: float,
    *,
    volts: float = 20.5,
    mode: int = 1,
    cells: bytes = b"\1\xff\3",
    name: bytes = b"abcd",
    data: bytes = b"\xde\xad\x07",
    big: int = 1 << 90,
    wide: int = 1 << 63,
    load: float = 0.1,
    **more: int,
) -> bytes:
    """Return a packet of type HK; `volts` is the calibrated value, 0.5 + raw / 4."""
    raw, whole = round((volts - 0.5) * 4), big.to_bytes(12, "big")
    body = struct.pack(">HB3s4s3s12sQd", raw, mode, cells, name, data, whole, wide, load)
    return packet.encode(HK, sequence % 16384, _time(seconds) + body, **more)


def event(sequence: int, seconds: float, code: int, *values: int, **more: int) -> bytes:
    """Return a packet of type EVENT with as many values as are given."""
    body = struct.pack(f">BB{len(values)}H", code, len(values), *values)
    return packet.encode(EVENT, sequence % 16384, _time(seconds) + body, **more)


def _time(seconds: float) -> bytes:
    return struct.pack(">IH", int(seconds), int(seconds % 1 * 65536))


def t_ns(seconds: float) -> int:
    """Return the time that the mission's rule gives a packet of `seconds`."""
    return EPOCH_NS + int(seconds * SECOND)
