"""Which XTCE there is, and how much of it we do: the table of what is supported.

`GRAMMAR` says what may stand in each element (`@` for attributes); a name outside it is not XTCE
and refuses the file. Of what may stand there,

- all in `NOT_SUPPORTED` (elements, and attributes as `Element@name`) is legal but not done: it is
  named with its line, and what follows from that is said;
- what `_PASSED_OVER` lists tells a decoder nothing (authors, notes, formats);
- the rest is supported.

Source: XTCE 1.2, SpaceSystem.xsd; names of 1.1 and of drafts that real files use are marked.
"""

from __future__ import annotations

import difflib

from ground.mdb.model import Gravity
from ground.mdb.xtce_document import Element, Notes

_NAMED = (
    "@name @shortDescription LongDescription AliasSet AncillaryDataSet ShortDescription"  # draft
)
_NUMBER = "FixedValue DynamicValue DiscreteLookupList"
_CRITERIA = "Comparison ComparisonList BooleanExpression CustomAlgorithm"
_CODED = "IntegerDataEncoding FloatDataEncoding StringDataEncoding BinaryDataEncoding"
_TYPE = f"{_NAMED} @baseType @initialValue UnitSet {_CODED}"
_RANGE = "@minInclusive @maxInclusive @minExclusive @maxExclusive"
_ORDER = "@bitOrder @byteOrder ErrorDetectCorrect ByteOrderList"  # the list is of 1.1
_CURVE = "@name @shortDescription AncillaryDataSet"
_ALARM = "@name @shortDescription AncillaryDataSet @minViolations @minConformance ContextMatch"
_LEVELS = "WatchRange WarningRange DistressRange CriticalRange SevereRange @rangeForm @timeUnits"
_ENTRY = (
    "@shortDescription LocationInContainerInBits RepeatEntry IncludeCondition TimeAssociation "
    "AncillaryDataSet @lastEntryForThisArrayInstance"
)
_CONTAINER = (
    f"{_NAMED} @abstract @idlePattern EntryList BaseContainer BinaryEncoding "
    "DefaultRateInStream RateInStreamSet"
)
_VERIFIER = (
    f"{_NAMED} {_CRITERIA} ContainerRef ParameterValueChange CheckWindow CheckWindowAlgorithms"
)
_SCALARS = ("String", "Enumerated", "Integer", "Binary", "Float", "Boolean")
_KINDS = (*_SCALARS, "RelativeTime", "AbsoluteTime", "Array", "Aggregate")

GRAMMAR: dict[str, str] = {
    "SpaceSystem": f"{_NAMED} @operationalStatus Header TelemetryMetaData CommandMetaData "
    "ServiceSet SpaceSystem",
    "TelemetryMetaData": "ParameterTypeSet ParameterSet ContainerSet MessageSet StreamSet "
    "AlgorithmSet",
    "CommandMetaData": "ParameterTypeSet ParameterSet ArgumentTypeSet MetaCommandSet "
    "CommandContainerSet StreamSet AlgorithmSet",
    "ServiceSet": "Service",
    "MessageSet": f"{_NAMED} Message",
    "StreamSet": "FixedFrameStream VariableFrameStream CustomStream",
    "AlgorithmSet": "CustomAlgorithm MathAlgorithm",
    "ParameterTypeSet": " ".join(f"{kind}ParameterType" for kind in _KINDS),
    "ArgumentTypeSet": " ".join(f"{kind}ArgumentType" for kind in _KINDS)
    + " RelativeTimeAgumentType",  # as the schema of 1.2 misspells it
    # types; for arguments the same holds
    "Integer": f"{_TYPE} @sizeInBits @signed ToString ValidRange ValidRangeSet DefaultAlarm "
    "ContextAlarmList",
    "Float": f"{_TYPE} @sizeInBits ToString ValidRange ValidRangeSet DefaultAlarm ContextAlarmList",
    "Enumerated": f"{_TYPE} EnumerationList DefaultAlarm ContextAlarmList @signed",  # IMAP
    "Boolean": f"{_TYPE} @oneStringValue @zeroStringValue DefaultAlarm ContextAlarmList",
    "String": f"{_TYPE} SizeRangeInCharacters @restrictionPattern @characterWidth DefaultAlarm "
    "ContextAlarmList",
    "Binary": f"{_TYPE} DefaultAlarm BinaryContextAlarmList",
    "RelativeTime": f"{_NAMED} @baseType @initialValue Encoding ReferenceTime DefaultAlarm "
    "ContextAlarmList",
    "AbsoluteTime": f"{_NAMED} @baseType @initialValue Encoding ReferenceTime",
    "Array": f"{_NAMED} @arrayTypeRef @numberOfDimensions DimensionList",  # the number is of 1.1
    "Aggregate": f"{_NAMED} MemberList",
    "UnitSet": "Unit",
    "Unit": "@power @factor @description @form",
    "EnumerationList": "Enumeration",
    "Enumeration": "@value @maxValue @label @shortDescription",
    "MemberList": "Member",
    "Member": f"{_NAMED} @typeRef @initialValue ParameterProperties",  # properties: BogusSAT
    "DimensionList": "Dimension Size",  # Size: drafts
    "Dimension": "StartingIndex EndingIndex Size",
    "StartingIndex": _NUMBER,
    "EndingIndex": _NUMBER,
    "Size": _NUMBER,
    "Encoding": f"@units @scale @offset {_CODED}",
    "ReferenceTime": "OffsetFrom Epoch",
    "OffsetFrom": "@parameterRef @instance @useCalibratedValue",
    "SizeRangeInCharacters": _RANGE,
    "ValidRange": f"{_RANGE} @validRangeAppliesToCalibrated @rangeAppliesToCalibrated",  # draft
    "ValidRangeSet": "ValidRange @validRangeAppliesToCalibrated",
    # encodings
    "IntegerDataEncoding": f"{_ORDER} @encoding @sizeInBits @changeThreshold DefaultCalibrator "
    "ContextCalibratorList",
    "FloatDataEncoding": f"{_ORDER} @encoding @sizeInBits @changeThreshold DefaultCalibrator "
    "ContextCalibratorList",
    "StringDataEncoding": f"{_ORDER} @encoding SizeInBits Variable",
    "BinaryDataEncoding": f"{_ORDER} SizeInBits FromBinaryTransformAlgorithm "
    "ToBinaryTransformAlgorithm",
    "ByteOrderList": "Byte",
    "Byte": "@byteSignificance",
    "SizeInBits": f"Fixed TerminationChar LeadingSize {_NUMBER}",
    "Variable": f"TerminationChar LeadingSize @maxSizeInBits {_NUMBER}",
    "Fixed": "FixedValue",
    "LeadingSize": "@sizeInBitsOfSizeTag",
    "DynamicValue": "ParameterInstanceRef ArgumentInstanceRef LinearAdjustment",
    "LinearAdjustment": "@slope @intercept",
    "DiscreteLookupList": "DiscreteLookup",
    "DiscreteLookup": f"{_CRITERIA} @value",
    # calibrators
    "DefaultCalibrator": f"{_CURVE} PolynomialCalibrator SplineCalibrator MathOperationCalibrator",
    "Calibrator": f"{_CURVE} PolynomialCalibrator SplineCalibrator MathOperationCalibrator",
    "ContextCalibratorList": "ContextCalibrator",
    "ContextCalibrator": "ContextMatch Calibrator",
    "PolynomialCalibrator": f"{_CURVE} Term",
    "Term": "@coefficient @exponent",
    "SplineCalibrator": f"{_CURVE} SplinePoint @order @extrapolate",
    "SplinePoint": "@order @raw @calibrated",
    "MathOperationCalibrator": f"{_CURVE} ValueOperand ThisParameterOperand Operator "
    "ParameterInstanceRefOperand",
    "ParameterInstanceRefOperand": "@parameterRef @instance @useCalibratedValue",
    # alarms
    "DefaultAlarm": f"{_ALARM} AlarmConditions CustomAlarm StaticAlarmRanges ChangeAlarmRanges "
    "AlarmMultiRanges EnumerationAlarmList @defaultAlarmLevel StringAlarmList "
    "ChangePerSecondAlarmRanges",
    "ContextAlarmList": "ContextAlarm",
    "BinaryContextAlarmList": "ContextAlarm",
    "StaticAlarmRanges": f"{_CURVE} {_LEVELS}",
    "ChangeAlarmRanges": f"{_CURVE} {_LEVELS} @changeType @changeBasis @spanOfInterestInSamples "
    "@spanOfInterestInSeconds",
    "AlarmMultiRanges": f"{_CURVE} Range",
    "Range": f"{_RANGE} @rangeForm @level",
    "EnumerationAlarmList": "EnumerationAlarm",
    "EnumerationAlarm": "@alarmLevel @enumerationLabel",
    # conditions
    "ContextMatch": _CRITERIA,
    "ComparisonList": "Comparison",
    "Comparison": "@parameterRef @instance @useCalibratedValue @comparisonOperator @value "
    "ParameterInstanceRef ArgumentInstanceRef",
    "BooleanExpression": "Condition ANDedConditions ORedConditions",
    "ANDedConditions": "Condition ORedConditions",
    "ORedConditions": "Condition ANDedConditions",
    "Condition": "ParameterInstanceRef ArgumentInstanceRef ComparisonOperator Value",
    "ParameterInstanceRef": "@parameterRef @instance @useCalibratedValue",
    "ArgumentInstanceRef": "@argumentRef @useCalibratedValue",
    # parameters
    "ParameterSet": "Parameter ParameterRef",
    "Parameter": f"{_NAMED} @parameterTypeRef @initialValue ParameterProperties",
    "ParameterProperties": "@dataSource @readOnly @persistence SystemName ValidityCondition "
    "PhysicalAddressSet TimeAssociation",
    # containers
    "ContainerSet": "SequenceContainer",
    "SequenceContainer": _CONTAINER,
    "BaseContainer": "@containerRef RestrictionCriteria",
    "RestrictionCriteria": f"{_CRITERIA} NextContainer",
    "BinaryEncoding": f"{_ORDER} SizeInBits FromBinaryTransformAlgorithm "
    "ToBinaryTransformAlgorithm",
    "EntryList": "ParameterRefEntry ParameterSegmentRefEntry ContainerRefEntry "
    "ContainerSegmentRefEntry StreamSegmentEntry IndirectParameterRefEntry "
    "ArrayParameterRefEntry ArgumentRefEntry ArrayArgumentRefEntry FixedValueEntry",
    "ParameterRefEntry": f"{_ENTRY} @parameterRef",
    "ArrayParameterRefEntry": f"{_ENTRY} @parameterRef DimensionList",
    "ContainerRefEntry": f"{_ENTRY} @containerRef",
    "ArgumentRefEntry": f"{_ENTRY} @argumentRef",
    "ArrayArgumentRefEntry": f"{_ENTRY} @argumentRef DimensionList",
    "FixedValueEntry": f"{_ENTRY} @name @binaryValue @sizeInBits",
    "LocationInContainerInBits": f"@referenceLocation {_NUMBER}",
    "RepeatEntry": "Count Offset",
    "Count": _NUMBER,
    "Offset": _NUMBER,
    "IncludeCondition": _CRITERIA,
    # commands
    "CommandContainerSet": "CommandContainer",
    "CommandContainer": _CONTAINER,
    "MetaCommandSet": "MetaCommand MetaCommandRef BlockMetaCommand",
    "MetaCommand": f"{_NAMED} @abstract BaseMetaCommand SystemName ArgumentList CommandContainer "
    "TransmissionConstraintList DefaultSignificance ContextSignificanceList Interlock "
    "VerifierSet ParameterToSetList ParametersToSuspendAlarmsOnSet",
    "BaseMetaCommand": "@metaCommandRef ArgumentAssignmentList",
    "ArgumentAssignmentList": "ArgumentAssignment",
    "ArgumentAssignment": "@argumentName @argumentValue",
    "ArgumentList": "Argument",
    "Argument": f"{_NAMED} @argumentTypeRef @initialValue",
    "TransmissionConstraintList": "TransmissionConstraint",
    "TransmissionConstraint": f"{_CRITERIA} @timeOut @suspendable",
    "DefaultSignificance": "@spaceSystemAtRisk @reasonForWarning @consequenceLevel",
    "VerifierSet": "TransferredToRangeVerifier SentFromRangeVerifier ReceivedVerifier "
    "AcceptedVerifier QueuedVerifier ExecutionVerifier CompleteVerifier FailedVerifier",
    "ExecutionVerifier": f"{_VERIFIER} PercentComplete",
    "CompleteVerifier": f"{_VERIFIER} ReturnParmRef",
    "FailedVerifier": f"{_VERIFIER} ReturnParmRef",
    "ContainerRef": "@containerRef",
    "CheckWindow": "@timeToStartChecking @timeToStopChecking @timeWindowIsRelativeTo",
}
_SAME = {
    "ContextAlarm": "DefaultAlarm",
    "RelativeTimeAgumentType": "RelativeTime",
    **{f"{kind}{of}Type": kind for kind in _KINDS for of in ("Parameter", "Argument")},
    **{
        f"{n}Range": "SizeRangeInCharacters"
        for n in ("Watch", "Warning", "Distress", "Critical", "Severe")
    },
    **{f"{n}Verifier": "ExecutionVerifier" for n in ("TransferredToRange", "SentFromRange")},
    **{f"{n}Verifier": "ExecutionVerifier" for n in ("Received", "Accepted", "Queued")},
}

_CUT = "the container is read up to this entry"
_RAW = "values are left as octets"
NOT_SUPPORTED: dict[str, str] = {
    "Service": "it names groups only; packets are decoded without",
    "Message": "packets are told apart by the containers' restriction criteria",
    "FixedFrameStream": "frames are described by a link of the mission file",
    "VariableFrameStream": "frames are described by a link of the mission file",
    "CustomStream": "frames are described by a link of the mission file",
    "MathAlgorithm": "its output is not computed",
    "CustomAlgorithm": "in an algorithm set it is not run; as a condition it never holds",
    "ErrorDetectCorrect": "the check is not made",
    "FromBinaryTransformAlgorithm": _RAW,
    "ToBinaryTransformAlgorithm": _RAW,
    "SizeRangeInCharacters": "lengths are not checked",
    "StringParameterType@restrictionPattern": "text is not checked",
    "StringArgumentType@restrictionPattern": "text is not checked",
    "Member@initialValue": "the member has no value of its own before the first packet",
    "ArrayParameterRefEntry@lastEntryForThisArrayInstance": "each entry is an array of its own",
    "ArrayArgumentRefEntry@lastEntryForThisArrayInstance": "each entry is an array of its own",
    "TransmissionConstraint@suspendable": "a constraint is never suspended",
    "AlarmConditions": "this alarm is not raised",
    "CustomAlarm": "this alarm is not raised",
    "StringAlarmList": "this alarm is not raised",
    "ChangePerSecondAlarmRanges": "this alarm is not raised",
    "ParameterRef": "refer to the parameter by its path",
    "ValidityCondition": "values count as valid",
    "TimeAssociation": "samples have the time of their packet",
    "DefaultRateInStream": "rates are not watched",
    "RateInStreamSet": "rates are not watched",
    "NextContainer": "the container is never chosen",
    "ParameterSegmentRefEntry": _CUT,
    "ContainerSegmentRefEntry": _CUT,
    "StreamSegmentEntry": _CUT,
    "IndirectParameterRefEntry": _CUT,
    "MetaCommandRef": "refer to the command by its path",
    "BlockMetaCommand": "send its commands one by one",
    "ContextSignificanceList": "the default significance holds",
    "Interlock": "commands do not wait for each other",
    "ParameterToSetList": "no parameter is set",
    "ParametersToSuspendAlarmsOnSet": "alarms are not suspended",
    "ParameterValueChange": "this verifier proves nothing",
    "CheckWindowAlgorithms": "the verifier has no window",
    "PercentComplete": "progress is not shown",
    "ReturnParmRef": "the value is not returned",
}
_PASSED_OVER = (
    "Header LongDescription ShortDescription AliasSet AncillaryDataSet ToString SystemName "
    "PhysicalAddressSet"
)
_TEXTS = (  # read, and without any parts that could be wrong
    "Epoch FixedValue TerminationChar ValueOperand ThisParameterOperand Operator "
    "ComparisonOperator Value"
)
SILENT = frozenset(f"{_PASSED_OVER} {_TEXTS}".split())

ALLOWED = {name: frozenset(words.split()) for name, words in GRAMMAR.items()}
ALLOWED |= {name: ALLOWED[same] for name, same in _SAME.items()}


def check(root: Element, notes: Notes) -> None:
    """Note every name that is not XTCE, and take it away; note what is not supported."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        allowed = ALLOWED[element.tag]
        for name in map(str, element.attrib):
            if f"{element.tag}@{name}" in NOT_SUPPORTED:
                _not_supported(element, f"{element.tag}@{name}", notes)
            elif f"@{name}" not in allowed and not name.startswith("{"):
                _attribute(element, name, allowed, notes)
        for child in list(element):
            if child.tag not in allowed:
                _unknown(child, element, allowed, notes)
                element.remove(child)  # said once is enough
            elif child.tag in NOT_SUPPORTED:
                _not_supported(child, child.tag, notes)
            elif child.tag not in SILENT:
                waiting.append(child)


def _not_supported(element: Element, construct: str, notes: Notes) -> None:
    name = element.get("name")
    named = f"{construct} {name!r}" if name else construct
    message = f"{named} is not supported: {NOT_SUPPORTED[construct]}"
    notes.add(None, element, Gravity.UNSUPPORTED, message)


def _unknown(element: Element, parent: Element, allowed: frozenset[str], notes: Notes) -> None:
    expected = sorted(name for name in allowed if not name.startswith("@"))
    close = difflib.get_close_matches(element.tag, expected, n=1)
    hint = f"{close[0]} expected" if close else f"one of {', '.join(expected) or 'none'} expected"
    message = f"element {element.tag} found in {parent.tag}, where XTCE has none; {hint}"
    notes.add(None, element, Gravity.ERROR, message)


def _attribute(element: Element, name: str, allowed: frozenset[str], notes: Notes) -> None:
    expected = ", ".join(sorted(known[1:] for known in allowed if known.startswith("@")))
    message = f"attribute {name!r} of {element.tag} is not of XTCE and not read"
    notes.add(None, element, Gravity.WARNING, f"{message}; {expected or 'none'} expected")
