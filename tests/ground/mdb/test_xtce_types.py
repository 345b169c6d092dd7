"""Every kind of type, encoding, calibrator and alarm, from XML to the model."""

from __future__ import annotations

import pytest

from ground.mdb.model import (
    THIS,
    AggregateType,
    Alarm,
    All,
    AnyOf,
    ArrayType,
    BinaryEncoding,
    ChangeRanges,
    Comparison,
    ContextAlarm,
    ContextCalibrator,
    Dynamic,
    EnumerationLevels,
    Fixed,
    FloatCoding,
    FloatEncoding,
    Gravity,
    IntegerCoding,
    IntegerEncoding,
    Kind,
    Label,
    Level,
    Lookup,
    MathOperation,
    Polynomial,
    Range,
    Reference,
    ScalarType,
    Spline,
    StaticRanges,
    StringEncoding,
    TimeReference,
)
from tests.clauses import clause
from tests.ground.mdb.xtce_documents import document, load, only, typed


def scalar(octets: bytes, name: str = "T") -> ScalarType:
    made = load(octets).types[f"/S/{name}"]
    assert isinstance(made, ScalarType)
    return made


def integer(inner: str = "", **attributes: object) -> bytes:
    """Return a document whose packet holds an integer with this encoding."""
    text = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return typed(
        f'<IntegerParameterType name="T">\n<IntegerDataEncoding {text}>\n{inner}\n'
        "</IntegerDataEncoding>\n</IntegerParameterType>"
    )


def floating(inner: str, name: str = "T") -> str:
    return (
        f'<FloatParameterType name="{name}">\n<IntegerDataEncoding sizeInBits="8">\n{inner}\n'
        "</IntegerDataEncoding>\n</FloatParameterType>"
    )


# ---- encodings ------------------------------------------------------------------------------


@clause("XTCE 1.2 IntegerDataEncodingType")
@pytest.mark.parametrize(
    "attributes, expected",
    [
        ({}, IntegerEncoding(8)),
        ({"sizeInBits": 12, "encoding": "twosComplement"}, (12, IntegerCoding.TWOS_COMPLEMENT)),
        ({"sizeInBits": 7, "encoding": "onesComplement"}, (7, IntegerCoding.ONES_COMPLEMENT)),
        ({"sizeInBits": 64, "encoding": "signMagnitude"}, (64, IntegerCoding.SIGN_MAGNITUDE)),
        ({"sizeInBits": 16, "encoding": "BCD"}, (16, IntegerCoding.BCD)),
        ({"sizeInBits": 12, "encoding": "packedBCD"}, (12, IntegerCoding.PACKED_BCD)),
        ({"sizeInBits": 8, "encoding": "signed"}, (8, IntegerCoding.TWOS_COMPLEMENT)),
        ({"sizeInBits": 1024}, IntegerEncoding(1024)),
        ({"sizeInBits": "0x10"}, IntegerEncoding(16)),
        (
            {"sizeInBits": 32, "byteOrder": "leastSignificantByteFirst"},
            IntegerEncoding(32, byte_order=(3, 2, 1, 0)),
        ),
        ({"sizeInBits": 32, "byteOrder": "3,2,1,0"}, IntegerEncoding(32)),
        ({"sizeInBits": 32, "byteOrder": "0,1,2,3"}, IntegerEncoding(32, byte_order=(3, 2, 1, 0))),
        ({"sizeInBits": 24, "byteOrder": "0,2,1"}, IntegerEncoding(24, byte_order=(1, 2, 0))),
        (
            {"sizeInBits": 5, "bitOrder": "leastSignificantBitFirst"},
            IntegerEncoding(5, bits_reversed=True),
        ),
    ],
)
def test_an_integer_has_a_width_a_coding_and_orders(attributes, expected):
    expected = IntegerEncoding(*expected) if isinstance(expected, tuple) else expected
    assert scalar(integer(**attributes)).encoding == expected


@clause("XTCE 1.2 ByteOrderArbitraryType")
def test_a_byte_list_of_1_1_gives_significances_in_transmitted_order():
    """The schema's example: 0x0A0B0C0D as 0, 1, 2, 3 is sent 0D 0C 0B 0A."""
    octets = integer(
        "<ByteOrderList>"
        + "".join(f'<Byte byteSignificance="{n}"/>' for n in (2, 3, 0, 1))
        + "</ByteOrderList>",
        sizeInBits=32,
    )
    encoding = scalar(octets).encoding
    assert isinstance(encoding, IntegerEncoding)
    assert encoding.byte_order == (1, 0, 3, 2)
    value, sent = bytes.fromhex("0a0b0c0d"), bytearray(4)
    for octet, place in zip(value, encoding.byte_order, strict=True):
        sent[place] = octet
    assert sent.hex() == "0b0a0d0c"  # significances 2, 3, 0, 1


@clause("XTCE 1.2 IntegerDataEncodingType")
@pytest.mark.parametrize(
    "attributes, message",
    [
        ({"sizeInBits": 0}, "integer of 0 bits found; 1 to 1024 expected"),
        ({"sizeInBits": 1025}, "integer of 1025 bits found; 1 to 1024 expected"),
        (
            {"sizeInBits": "many"},
            "IntegerDataEncoding sizeInBits='many' found; an integer expected",
        ),
        (
            {"sizeInBits": "9" * 5000},
            f"IntegerDataEncoding sizeInBits='{'9' * 60}' found; an integer expected",
        ),
        ({"sizeInBits": 12, "encoding": "BCD"}, "BCD of 12 bits found; a multiple of 8 expected"),
        (
            {"sizeInBits": 16, "byteOrder": "0,0"},
            "byte order 0,0 found; each of 0 to 1 once, or a named order, expected",
        ),
    ],
)
def test_an_integer_encoding_that_cannot_be_is_refused(attributes, message):
    line = f'<IntegerDataEncoding sizeInBits="{attributes["sizeInBits"]}"'
    assert only(integer(**attributes), Gravity.ERROR, line) == message


def test_an_unknown_coding_is_refused_and_the_known_ones_are_named():
    message = only(integer(encoding="gray"), Gravity.ERROR, '"gray"')
    assert message.startswith("IntegerDataEncoding encoding='gray' found; one of unsigned, ")


@clause("XTCE 1.2 FloatDataEncodingType")
@pytest.mark.parametrize(
    "attributes, expected",
    [
        ("", FloatEncoding(32)),
        ('sizeInBits="16" encoding="IEEE754"', FloatEncoding(16)),
        ('sizeInBits="64" encoding="IEEE754_1985"', FloatEncoding(64)),
        ('sizeInBits="48" encoding="MILSTD_1750A"', FloatEncoding(48, FloatCoding.MIL_1750A)),
        (
            'sizeInBits="32" byteOrder="leastSignificantByteFirst"',
            FloatEncoding(32, byte_order=(3, 2, 1, 0)),
        ),
    ],
)
def test_a_float_has_a_width_and_a_coding(attributes: str, expected: FloatEncoding):
    octets = typed(
        f'<FloatParameterType name="T"><FloatDataEncoding {attributes}/></FloatParameterType>'
    )
    assert scalar(octets).encoding == expected


@clause("XTCE 1.2 FloatDataEncodingType")
@pytest.mark.parametrize("coding, bits", [("DEC", 32), ("IBM", 64), ("IEEE754", 128)])
def test_a_float_that_is_not_supported_keeps_its_octets_and_is_named(coding: str, bits: int):
    octets = typed(
        '<FloatParameterType name="T">\n'
        f'<FloatDataEncoding sizeInBits="{bits}" encoding="{coding}"/>\n</FloatParameterType>'
    )
    assert scalar(octets).encoding == BinaryEncoding(Fixed(bits))
    message = only(octets, Gravity.UNSUPPORTED, "FloatDataEncoding")
    assert message == f"{coding} float of {bits} bits is not supported: left as octets"


FIXED = "<Fixed><FixedValue>128</FixedValue></Fixed>"
BY_A = (
    '<DynamicValue><ParameterInstanceRef parameterRef="N" useCalibratedValue="false"/>'
    '<LinearAdjustment slope="8" intercept="-16"/></DynamicValue>'
)


@clause("XTCE 1.2 StringDataEncodingType")
@pytest.mark.parametrize(
    "attributes, inner, expected",
    [
        ("", f"<SizeInBits>{FIXED}</SizeInBits>", StringEncoding(Fixed(128))),
        (
            'encoding="UTF-16"',
            f"<SizeInBits>{FIXED}<TerminationChar>0000</TerminationChar></SizeInBits>",
            StringEncoding(Fixed(128), "utf-16-be", b"\0\0"),
        ),
        (
            'encoding="US-ASCII"',
            "<SizeInBits><TerminationChar/></SizeInBits>",
            StringEncoding(None, "ascii", b"\0"),
        ),
        (
            'encoding="ISO-8859-1"',
            '<SizeInBits><LeadingSize sizeInBitsOfSizeTag="8"/></SizeInBits>',
            StringEncoding(None, "latin-1", None, 8),
        ),
        (
            "",
            f'<Variable maxSizeInBits="800">{BY_A}<TerminationChar>00</TerminationChar></Variable>',
            StringEncoding(Dynamic(Reference("/S/N", False), 8, -16), "utf-8", b"\0", 0, 800),
        ),
    ],
)
def test_a_string_ends_by_size_terminator_or_prefix(attributes, inner, expected):
    octets = document(
        types=f'<StringParameterType name="T"><StringDataEncoding {attributes}>{inner}'
        "</StringDataEncoding></StringParameterType>",
        parameters='<Parameter name="N" parameterTypeRef="U8"/>'
        '<Parameter name="A" parameterTypeRef="T"/>',
    )
    assert scalar(octets).encoding == expected


@clause("XTCE 1.2 IntegerValueType")
def test_octets_have_a_size_that_may_be_looked_up():
    octets = document(
        types="""<BinaryParameterType name="T"><BinaryDataEncoding><SizeInBits><DiscreteLookupList>
<DiscreteLookup value="16"><Comparison parameterRef="N" value="1"/></DiscreteLookup>
<DiscreteLookup value="32"><Comparison parameterRef="N" value="1" comparisonOperator="&gt;"/>
</DiscreteLookup></DiscreteLookupList></SizeInBits></BinaryDataEncoding></BinaryParameterType>""",
        parameters='<Parameter name="N" parameterTypeRef="U8"/>'
        '<Parameter name="A" parameterTypeRef="T"/>',
    )
    number = Reference("/S/N")
    expected = Lookup(
        ((Comparison(number, "==", "1"), 16), (Comparison(number, ">", "1"), 32)),
    )
    assert scalar(octets).encoding == BinaryEncoding(expected)


# ---- kinds ----------------------------------------------------------------------------------


@clause("XTCE 1.2 ValueEnumerationType")
def test_an_enumeration_has_labels_and_ranges_of_values():
    octets = typed("""<EnumeratedParameterType name="T" initialValue="ON">
<IntegerDataEncoding sizeInBits="4"/>
<EnumerationList><Enumeration value="0" label="OFF"/><Enumeration value="1" label="ON"/>
<Enumeration value="2" maxValue="15" label="FAILED"/></EnumerationList>
</EnumeratedParameterType>""")
    made = scalar(octets)
    assert made.labels == (Label(0, 0, "OFF"), Label(1, 1, "ON"), Label(2, 15, "FAILED"))
    assert (made.kind, made.initial) == (Kind.ENUMERATED, "ON")


@clause("XTCE 1.2 EnumerationListType")
def test_two_labels_for_one_value_are_refused():
    octets = typed("""<EnumeratedParameterType name="T"><IntegerDataEncoding sizeInBits="4"/>
<EnumerationList>
<Enumeration value="0" maxValue="3" label="LOW"/>
<Enumeration value="3" label="HIGH"/>
</EnumerationList></EnumeratedParameterType>""")
    message = only(octets, Gravity.ERROR, '"HIGH"')
    assert message == "value 3 reads as 'LOW' and as 'HIGH'; one label expected"


def test_a_label_that_no_octets_give_and_an_alarm_on_no_label_are_warned_of():
    octets = typed("""<EnumeratedParameterType  name="T"><IntegerDataEncoding sizeInBits="2"/>
<EnumerationList><Enumeration value="0" maxValue="4" label="ALL"/></EnumerationList>
</EnumeratedParameterType>""")
    message = only(octets, Gravity.WARNING, "EnumeratedParameterType  name")
    assert message == "/S/T: label 'ALL' has value 0 to 4; 0 to 3 expected in 2 bits"
    octets = typed("""<EnumeratedParameterType  name="T"><IntegerDataEncoding sizeInBits="2"/>
<EnumerationList><Enumeration value="0" label="ALL"/></EnumerationList>
<DefaultAlarm><EnumerationAlarmList><EnumerationAlarm enumerationLabel="NONE" alarmLevel="watch"/>
</EnumerationAlarmList></DefaultAlarm></EnumeratedParameterType>""")
    message = only(octets, Gravity.WARNING, "EnumeratedParameterType  name")
    assert message == "/S/T has no label 'NONE'; one of ALL expected"


@clause("XTCE 1.2 BooleanDataType")
def test_a_boolean_has_two_labels():
    octets = typed(
        '<BooleanParameterType name="T" zeroStringValue="OFF"><IntegerDataEncoding sizeInBits="1"/>'
        "</BooleanParameterType>"
    )
    assert (scalar(octets).zero_label, scalar(octets).one_label) == ("OFF", "True")


@clause("XTCE 1.2 EncodingType, ReferenceTimeType")
@pytest.mark.parametrize(
    "encoding, origin, expected",
    [
        ("", "<Epoch>1970-01-01</Epoch>", TimeReference("1970-01-01T00:00:00")),
        ("", "<Epoch>TAI</Epoch>", TimeReference("TAI")),
        (
            'scale="0.5" offset="10"',
            "<Epoch>2010-01-01T12:00:00+02:00</Epoch>",
            TimeReference("2010-01-01T10:00:00", None, 0.5, 10),
        ),
        (
            'units="days" offset="1"',
            '<OffsetFrom parameterRef="N"/>',
            TimeReference(None, "/S/N", 86400.0, 86400.0),
        ),
    ],
)
def test_a_time_has_an_epoch_or_is_an_offset(encoding, origin, expected):
    octets = document(
        types=f'<AbsoluteTimeParameterType name="T"><Encoding {encoding}>'
        '<IntegerDataEncoding sizeInBits="32"/></Encoding>'
        f"<ReferenceTime>{origin}</ReferenceTime></AbsoluteTimeParameterType>",
        parameters='<Parameter name="N" parameterTypeRef="U8"/>'
        '<Parameter name="A" parameterTypeRef="T"/>',
    )
    made = scalar(octets)
    assert (made.time, made.encoding) == (expected, IntegerEncoding(32))


def test_an_epoch_that_is_no_date_is_refused():
    octets = typed(
        '<AbsoluteTimeParameterType name="T"><Encoding><IntegerDataEncoding/></Encoding>\n'
        "<ReferenceTime><Epoch>yesterday</Epoch></ReferenceTime></AbsoluteTimeParameterType>"
    )
    assert only(octets, Gravity.ERROR, "yesterday").startswith("Epoch 'yesterday' found; a date")


@clause("XTCE 1.2 ArrayParameterType, AggregateDataType")
def test_arrays_and_aggregates_keep_their_order_and_sizes():
    octets = document(
        types="""<AggregateParameterType name="CARD"><MemberList>
<Member name="t" typeRef="U8"/><Member name="u" typeRef="U8" shortDescription="used"/>
</MemberList></AggregateParameterType>
<ArrayParameterType name="GRID" arrayTypeRef="CARD"><DimensionList>
<Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex>
<EndingIndex><FixedValue>1</FixedValue></EndingIndex></Dimension>
<Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex>
<EndingIndex><DynamicValue><ParameterInstanceRef parameterRef="A"/></DynamicValue></EndingIndex>
</Dimension></DimensionList></ArrayParameterType>"""
    )
    types = load(octets).types
    card, grid = types["/S/CARD"], types["/S/GRID"]
    assert isinstance(card, AggregateType)
    assert isinstance(grid, ArrayType)
    assert [(m.name, m.type, m.description) for m in card.members] == [
        ("t", "/S/U8", ""),
        ("u", "/S/U8", "used"),
    ]
    assert (grid.element, grid.dimensions) == ("/S/CARD", 2)
    assert grid.sizes == (Fixed(2), Dynamic(Reference("/S/A"), 1.0, 1.0))


@clause("XTCE 1.2 BaseDataType")
def test_a_type_inherits_from_its_base_and_redefines():
    octets = document(
        types="""<IntegerParameterType name="BASE" signed="false" initialValue="1">
<UnitSet><Unit>V</Unit></UnitSet><IntegerDataEncoding sizeInBits="12"/>
<ValidRange minInclusive="1"/></IntegerParameterType>
<IntegerParameterType name="T" baseType="BASE" initialValue="2">
<UnitSet><Unit power="2" description="speed">m</Unit><Unit power="-1">s</Unit></UnitSet>
</IntegerParameterType>"""
    )
    made = scalar(octets)
    assert (made.encoding, made.signed, made.initial) == (IntegerEncoding(12), False, "2")
    assert (made.units, made.valid_ranges) == ("m^2 s^-1", (Range(minimum=1),))


@clause("XTCE 1.2 EnumeratedDataType")
def test_a_type_without_encoding_is_legal_until_a_container_holds_it():
    local = """<EnumeratedParameterType name="LOCAL"><EnumerationList>
<Enumeration value="0" label="CRC"/></EnumerationList></EnumeratedParameterType>"""
    assert scalar(document(types=local), "LOCAL").encoding is None
    octets = typed(local.replace("LOCAL", "T"))
    message = only(octets, Gravity.ERROR, "ParameterRefEntry")
    assert message == "/S/T has no data encoding; one is expected in a container"


# ---- calibrators ----------------------------------------------------------------------------


def calibrated(inner: str) -> bytes:
    return typed(floating(f"<DefaultCalibrator>\n{inner}\n</DefaultCalibrator>"))


@clause("XTCE 1.2 CalibratorType")
@pytest.mark.parametrize(
    "inner, expected",
    [
        (
            '<PolynomialCalibrator><Term exponent="2" coefficient="1E-3"/>'
            '<Term exponent="0" coefficient="-8"/></PolynomialCalibrator>',
            Polynomial((-8.0, 0.0, 0.001)),
        ),
        (
            '<SplineCalibrator extrapolate="true"><SplinePoint raw="3" calibrated="1"/>'
            '<SplinePoint raw="1" calibrated="2"/></SplineCalibrator>',
            Spline(((1.0, 2.0), (3.0, 1.0)), 1, True),
        ),
        (
            '<SplineCalibrator order="0"><SplinePoint raw="1" calibrated="2"/>'
            '<SplinePoint raw="3" calibrated="1"/></SplineCalibrator>',
            Spline(((1.0, 2.0), (3.0, 1.0)), 0),
        ),
        (
            "<MathOperationCalibrator><ThisParameterOperand/><ValueOperand>2.5</ValueOperand>"
            "<Operator>*</Operator><Operator>ln</Operator></MathOperationCalibrator>",
            MathOperation((THIS, 2.5, "*", "ln")),
        ),
    ],
)
def test_a_calibrator_is_read_in_the_order_of_its_arithmetic(inner: str, expected):
    assert scalar(calibrated(inner)).calibrator == expected


@clause("XTCE 1.2 ContextCalibratorType")
def test_a_calibrator_may_depend_on_another_parameter():
    octets = document(
        types=floating("""<ContextCalibratorList><ContextCalibrator>
<ContextMatch><Comparison parameterRef="N" value="3" useCalibratedValue="false"/></ContextMatch>
<Calibrator><PolynomialCalibrator><Term exponent="1" coefficient="2"/></PolynomialCalibrator>
</Calibrator></ContextCalibrator></ContextCalibratorList>"""),
        parameters='<Parameter name="N" parameterTypeRef="U8"/>'
        '<Parameter name="A" parameterTypeRef="T"/>',
    )
    condition = Comparison(Reference("/S/N", calibrated=False), "==", "3")
    expected = ContextCalibrator(condition, Polynomial((0.0, 2.0)))
    assert scalar(octets).context_calibrators == (expected,)


@pytest.mark.parametrize(
    "inner, line, message",
    [
        ("<PolynomialCalibrator/>", "<Poly", "polynomial without terms found; at least one Term"),
        (
            '<PolynomialCalibrator><Term exponent="0" coefficient="nan"/></PolynomialCalibrator>',
            "<Term",
            "Term coefficient='nan' found; a finite number expected",
        ),
        (
            '<PolynomialCalibrator><Term exponent="0" coefficient="1"/>\n'
            '<Term exponent="0"  coefficient="1"/></PolynomialCalibrator>',
            '"0"  c',
            "exponent 0 found; whole exponents, each once, expected",
        ),
        (
            '<PolynomialCalibrator><Term coefficient="1"/></PolynomialCalibrator>',
            "<Term",
            "Term has no attribute 'exponent'; one is required",
        ),
        (
            '<SplineCalibrator><SplinePoint raw="1" calibrated="2"/></SplineCalibrator>',
            "<Spline",
            "spline of 1 points found; at least 2 expected",
        ),
        (
            '<SplineCalibrator><SplinePoint raw="1" calibrated="2"/>'
            '<SplinePoint raw="1" calibrated="3"/></SplineCalibrator>',
            "<Spline",
            "spline has raw 1 twice; each raw value once expected",
        ),
        (
            "<MathOperationCalibrator><ThisParameterOperand/>\n<Operator>+</Operator>"
            "</MathOperationCalibrator>",
            "<Operator",
            "operator '+' finds 1 values; 2 expected",
        ),
        (
            "<MathOperationCalibrator><Operator>eval</Operator></MathOperationCalibrator>",
            "<Operator",
            "operator 'eval' found; one of MathOperatorsType expected",
        ),
        (
            "<MathOperationCalibrator><ThisParameterOperand/><ThisParameterOperand/>"
            "</MathOperationCalibrator>",
            "<Math",
            "math operation leaves 2 values; exactly one expected",
        ),
    ],
)
def test_a_calibrator_that_makes_no_sense_is_refused(inner: str, line: str, message: str):
    assert only(calibrated(inner), Gravity.ERROR, line).startswith(message)


@pytest.mark.parametrize(
    "inner, line, message",
    [
        (
            '<PolynomialCalibrator><Term exponent="-1" coefficient="1"/></PolynomialCalibrator>',
            "<Term",
            "exponent -1 is not supported; 0 to 100 are: values are left raw",
        ),
        (
            '<PolynomialCalibrator><Term exponent="1e9" coefficient="1"/></PolynomialCalibrator>',
            "<Term",
            "exponent 1e+09 is not supported; 0 to 100 are: values are left raw",
        ),
        (
            '<SplineCalibrator order="2"><SplinePoint raw="1" calibrated="2"/></SplineCalibrator>',
            "<Spline",
            "spline of order 2 is not supported; 0 and 1 are: values are left raw",
        ),
    ],
)
def test_a_calibrator_that_is_not_supported_is_named(inner: str, line: str, message: str):
    assert only(calibrated(inner), Gravity.UNSUPPORTED, line) == message
    assert scalar(calibrated(inner)).calibrator is None


# ---- alarms ---------------------------------------------------------------------------------


def alarmed(inner: str) -> bytes:
    return document(
        types=f'<IntegerParameterType name="T">\n<IntegerDataEncoding/>\n{inner}\n'
        "</IntegerParameterType>",
        parameters='<Parameter name="N" parameterTypeRef="U8"/>'
        '<Parameter name="A" parameterTypeRef="T"/>',
    )


@clause("XTCE 1.2 NumericAlarmType")
@pytest.mark.parametrize(
    "inner, expected",
    [
        (
            '<DefaultAlarm minViolations="3"><StaticAlarmRanges>'
            '<WarningRange minExclusive="12.35" maxInclusive="13.8"/>'
            '<CriticalRange maxExclusive="14"/></StaticAlarmRanges></DefaultAlarm>',
            Alarm(
                static=StaticRanges(
                    (
                        (Level.WARNING, Range(12.35, 13.8, minimum_inclusive=False)),
                        (Level.CRITICAL, Range(None, 14.0, maximum_inclusive=False)),
                    )
                ),
                min_violations=3,
                min_conformance=3,  # "treated as being equal to minViolations"
            ),
        ),
        (
            '<DefaultAlarm minConformance="2"><StaticAlarmRanges rangeForm="inside">'
            '<SevereRange minInclusive="0"/></StaticAlarmRanges></DefaultAlarm>',
            Alarm(static=StaticRanges(((Level.SEVERE, Range(0.0)),), True), min_conformance=2),
        ),
        (
            '<DefaultAlarm><AlarmMultiRanges><Range level="watch" minInclusive="5"/>'
            '<Range level="distress" maxInclusive="9"/></AlarmMultiRanges></DefaultAlarm>',
            Alarm(
                static=StaticRanges(
                    ((Level.WATCH, Range(5.0)), (Level.DISTRESS, Range(maximum=9.0)))
                )
            ),
        ),
        (
            '<DefaultAlarm><ChangeAlarmRanges changeType="changePerSample" '
            'changeBasis="percentageChange" spanOfInterestInSamples="4">'
            '<WatchRange maxInclusive="5"/></ChangeAlarmRanges></DefaultAlarm>',
            Alarm(
                change=ChangeRanges(
                    StaticRanges(((Level.WATCH, Range(maximum=5.0)),)), False, True, True, 4
                )
            ),
        ),
    ],
)
def test_an_alarm_has_ranges_and_counts(inner: str, expected: Alarm):
    assert scalar(alarmed(inner)).alarm == expected


@clause("XTCE 1.2 EnumerationAlarmType, NumericContextAlarmType")
def test_alarms_go_by_label_and_by_context():
    octets = document(
        types="""<EnumeratedParameterType name="T"><IntegerDataEncoding/>
<EnumerationList><Enumeration value="0" label="OK"/><Enumeration value="1" label="BAD"/>
</EnumerationList><ContextAlarmList><ContextAlarm defaultAlarmLevel="watch">
<EnumerationAlarmList><EnumerationAlarm enumerationLabel="BAD" alarmLevel="critical"/>
</EnumerationAlarmList><ContextMatch><BooleanExpression><ORedConditions>
<Condition><ParameterInstanceRef parameterRef="N"/><ComparisonOperator>&gt;=</ComparisonOperator>
<Value>7</Value></Condition>
<ANDedConditions><Condition><ParameterInstanceRef parameterRef="N" instance="-1"/>
<ComparisonOperator>==</ComparisonOperator><ParameterInstanceRef parameterRef="N"/></Condition>
<Condition><ParameterInstanceRef parameterRef="N"/><ComparisonOperator>!=</ComparisonOperator>
<Value>2</Value></Condition></ANDedConditions></ORedConditions></BooleanExpression></ContextMatch>
</ContextAlarm></ContextAlarmList></EnumeratedParameterType>""",
        parameters='<Parameter name="N" parameterTypeRef="U8"/>'
        '<Parameter name="A" parameterTypeRef="T"/>',
    )
    now, before = Reference("/S/N"), Reference("/S/N", instance=-1)
    both = All((Comparison(before, "==", now), Comparison(now, "!=", "2")))
    condition = All((AnyOf((Comparison(now, ">=", "7"), both)),))
    levels = EnumerationLevels((("BAD", Level.CRITICAL),), Level.WATCH)
    assert scalar(octets).context_alarms == (ContextAlarm(condition, Alarm(enumeration=levels)),)


@pytest.mark.parametrize(
    "inner, line, message",
    [
        (
            '<DefaultAlarm><StaticAlarmRanges><WatchRange minInclusive="9" maxInclusive="1"/>'
            "</StaticAlarmRanges></DefaultAlarm>",
            "WatchRange",
            "WatchRange from 9 to 1 found; a minimum below the maximum expected",
        ),
        (
            '<ValidRange minInclusive="9" maxInclusive="1"/>',
            "ValidRange",
            "ValidRange from 9 to 1 found; a minimum below the maximum expected",
        ),
        (
            '<DefaultAlarm minViolations="0"><StaticAlarmRanges/></DefaultAlarm>',
            "minViolations",
            "minViolations 0 found; at least 1 expected",
        ),
    ],
)
def test_an_alarm_that_makes_no_sense_is_refused(inner: str, line: str, message: str):
    assert only(alarmed(inner), Gravity.ERROR, line) == message


@pytest.mark.parametrize(
    "inner, line",
    [
        ("<DefaultAlarm>\n<AlarmConditions/></DefaultAlarm>", "AlarmConditions"),
        ("<DefaultAlarm>\n<CustomAlarm/></DefaultAlarm>", "CustomAlarm"),
    ],
)
def test_an_alarm_that_is_not_supported_is_named_and_none_is_raised(inner: str, line: str):
    message = only(alarmed(inner), Gravity.UNSUPPORTED, line)
    assert message == f"{line} is not supported: this alarm is not raised"
    assert scalar(alarmed(inner)).alarm is None
