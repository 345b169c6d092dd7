"""A housekeeping packet as spacecraft send them, for benchmarks: 100 parameters in 174 octets.

The primary header's 7; 40 analogues of 16 bits with a polynomial, warning and critical limits;
20 single precision floats with limits; 33 status fields of 1 or 2 bits, 20 of them with labels.
"""

from __future__ import annotations

import numpy as np

ANALOGUES, FLOATS, STATES, LABELLED, SWITCHES = 40, 20, 31, 20, 2
PARAMETERS = 7 + ANALOGUES + FLOATS + STATES + SWITCHES
OCTETS = 174
APID = 42
HEADER = {"VERSION": 3, "TYPE": 1, "SEC_HDR_FLG": 1, "PKT_APID": 11, "SEQ_FLGS": 2,
          "SRC_SEQ_CTR": 14, "PKT_LEN": 16}  # fmt: skip
WARNING, CRITICAL = (-40.0, 40.0), (-45.0, 45.0)
LIMITED = [f"A{n}" for n in range(ANALOGUES)] + [f"F{n}" for n in range(FLOATS)]


def octets(number: int, seed: int = 1) -> bytes:
    """Return packets one after the other; about one value in a thousand is out of limits."""
    random = np.random.default_rng(seed)
    packets = np.zeros((number, OCTETS), np.uint8)
    packets[:, 0:2] = APID >> 8 | 0x08, APID & 0xFF
    counts = (0xC000 | np.arange(number) % 16384).astype(">u2")
    packets[:, 2:4] = counts.view(np.uint8).reshape(number, 2)
    packets[:, 4:6] = 0, OCTETS - 7
    analogues = random.normal(2000, 150, (number, ANALOGUES)).clip(0, 4095).astype(">u2")
    floats = random.normal(0, 12, (number, FLOATS)).astype(">f4")
    packets[:, 6:86] = analogues.view(np.uint8).reshape(number, 80)
    packets[:, 86:166] = floats.view(np.uint8).reshape(number, 80)
    packets[:, 166:] = random.integers(0, 256, (number, 8))
    return packets.tobytes()


def database() -> str:
    """Return the XTCE of the packet."""
    types, names = [], list(HEADER)
    for name, bits in HEADER.items():
        types.append(_integer(name, bits))
    for n in range(ANALOGUES):
        types.append(_analogue(f"A{n}", (-100.0 + n / 100, 0.05, n * 1e-9)))
    for n in range(FLOATS):
        encoding = '<xtce:FloatDataEncoding sizeInBits="32"/>'
        types.append(_type("Float", f"F{n}", encoding + LIMITS))
    for n in range(STATES):
        types.append(_labelled(f"S{n}") if n < LABELLED else _integer(f"S{n}", 2))
    types += [_integer(f"B{n}", 1) for n in range(SWITCHES)]
    names += [*LIMITED, *(f"S{n}" for n in range(STATES)), *(f"B{n}" for n in range(SWITCHES))]
    parameters = [f'<xtce:Parameter name="{each}" parameterTypeRef="{each}_T"/>' for each in names]
    entries = [f'<xtce:ParameterRefEntry parameterRef="{each}"/>' for each in names]
    return DOCUMENT.format("".join(types), "".join(parameters), "".join(entries[:7]),
                           "".join(entries[7:]), APID)  # fmt: skip


def _integer(name: str, bits: int) -> str:
    return _type("Integer", name, f'<xtce:IntegerDataEncoding sizeInBits="{bits}"/>')


def _analogue(name: str, coefficients: tuple[float, ...]) -> str:
    terms = "".join(
        f'<xtce:Term exponent="{n}" coefficient="{each!r}"/>' for n, each in enumerate(coefficients)
    )
    encoding = (
        '<xtce:IntegerDataEncoding sizeInBits="16"><xtce:DefaultCalibrator>'
        f"<xtce:PolynomialCalibrator>{terms}</xtce:PolynomialCalibrator>"
        "</xtce:DefaultCalibrator></xtce:IntegerDataEncoding>"
    )
    return _type("Float", name, encoding + LIMITS)


def _labelled(name: str) -> str:
    labels = "".join(
        f'<xtce:Enumeration value="{n}" label="{each}"/>'
        for n, each in enumerate(("OFF", "STANDBY", "ON", "FAILED"))
    )
    encoding = '<xtce:IntegerDataEncoding sizeInBits="2"/>'
    listed = f"<xtce:EnumerationList>{labels}</xtce:EnumerationList>"
    return _type("Enumerated", name, encoding + listed)


def _type(kind: str, name: str, content: str) -> str:
    element = f"xtce:{kind}ParameterType"
    return f'<{element} name="{name}_T"><xtce:UnitSet/>{content}</{element}>'


LIMITS = (
    "<xtce:DefaultAlarm><xtce:StaticAlarmRanges>"
    f'<xtce:WarningRange minInclusive="{WARNING[0]}" maxInclusive="{WARNING[1]}"/>'
    f'<xtce:CriticalRange minInclusive="{CRITICAL[0]}" maxInclusive="{CRITICAL[1]}"/>'
    "</xtce:StaticAlarmRanges></xtce:DefaultAlarm>"
)
DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<xtce:SpaceSystem xmlns:xtce="http://www.omg.org/spec/XTCE/20180204" name="BENCH">
<xtce:TelemetryMetaData>
<xtce:ParameterTypeSet>{0}</xtce:ParameterTypeSet>
<xtce:ParameterSet>{1}</xtce:ParameterSet>
<xtce:ContainerSet>
<xtce:SequenceContainer name="CCSDSPacket" abstract="true">
<xtce:EntryList>{2}</xtce:EntryList>
</xtce:SequenceContainer>
<xtce:SequenceContainer name="HK">
<xtce:EntryList>{3}</xtce:EntryList>
<xtce:BaseContainer containerRef="CCSDSPacket"><xtce:RestrictionCriteria>
<xtce:Comparison parameterRef="PKT_APID" value="{4}" useCalibratedValue="false"/>
</xtce:RestrictionCriteria></xtce:BaseContainer>
</xtce:SequenceContainer>
</xtce:ContainerSet>
</xtce:TelemetryMetaData>
</xtce:SpaceSystem>
"""
