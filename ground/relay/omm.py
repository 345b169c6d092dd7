"""Orbit mean-elements messages: CSV, JSON, XML and KVN text to `Elements`.

How it works: each form becomes mappings of the standard's keywords, with the line that they came
from; one function makes elements of a mapping. Only what SGP4 can fly is taken: centre Earth,
frame TEME, time UTC, theory SGP or SGP4.

JSON and CSV are the forms of CelesTrak and Space-Track; CCSDS prints XML and KVN.

Source: CCSDS 502.0-B-3 §4 (keywords, KVN) and 505.0-B-3 (XML); CelesTrak, "A New Way to Obtain GP
Data" (CSV, JSON).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from lxml import etree

from ground.errors import InputError, Where
from ground.relay.elements import Elements, checked
from protocols.errors import DecodeError
from protocols.times import parse as parse_time

Fields = Mapping[str, str]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_CATALOGUE_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_BETWEEN = "[], \t\r\n"  # what stands between the objects of a list
_KVN_LINE = re.compile(r"([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*(\[[^\]]*\])?", re.ASCII)
_NUMBERS = {
    "MEAN_MOTION": "mean_motion_rev_day",
    "ECCENTRICITY": "eccentricity",
    "INCLINATION": "inclination_deg",
    "RA_OF_ASC_NODE": "raan_deg",
    "ARG_OF_PERICENTER": "argument_of_perigee_deg",
    "MEAN_ANOMALY": "mean_anomaly_deg",
    "BSTAR": "bstar",
    "MEAN_MOTION_DOT": "mean_motion_dot",
    "MEAN_MOTION_DDOT": "mean_motion_ddot",
}
_OPTIONAL = ("BSTAR", "MEAN_MOTION_DOT", "MEAN_MOTION_DDOT")
_ONLY = {
    "CENTER_NAME": ("EARTH",),
    "REF_FRAME": ("TEME",),
    "TIME_SYSTEM": ("UTC",),
    "MEAN_ELEMENT_THEORY": ("SGP4", "SGP/SGP4"),
    "EPHEMERIS_TYPE": ("0", "2"),  # 4 is SGP4-XP, another theory
}


def csv_sets(text: str, source: str) -> list[Elements]:
    """Return the sets of a table whose first line names the keywords.

    Raises:
        InputError: names file and line.
    """
    reader = csv.reader(text.splitlines(), strict=True)
    sets: list[Elements] = []
    try:
        heading = [each.strip() for each in next(reader, [])]
        for row in reader:
            where = Where(source, reader.line_num)
            if len(row) not in (0, len(heading)):
                raise InputError(f"{where}: {len(row)} columns found; {len(heading)} expected")
            if row:
                sets.append(_elements(dict(zip(heading, row, strict=True)), where))
    except csv.Error as error:
        raise InputError(f"{Where(source, reader.line_num)}: {error}; CSV expected") from None
    return sets


def json_sets(text: str, source: str) -> list[Elements]:
    """Return the sets of a JSON list of objects, or of one object.

    Raises:
        InputError: names file and line.
    """
    return [_elements(_plain(found, where), where) for found, where in _objects(text, source)]


def _objects(text: str, source: str) -> Iterator[tuple[object, Where]]:
    """Yield each object with the line that it begins on, of a text that is JSON as a whole."""
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        where = Where(source, getattr(error, "lineno", 0))
        raise InputError(f"{where}: not readable as JSON: {error}; OMM expected") from None
    decoder, at = json.JSONDecoder(), 0
    line = 1
    while at < len(text):
        if text[at] in _BETWEEN:
            line += text[at] == "\n"
            at += 1
            continue
        found, end = decoder.raw_decode(text, at)
        yield found, Where(source, line)
        line += text.count("\n", at, end)
        at = end


def _plain(found: object, where: Where) -> Fields:
    if not isinstance(found, dict):
        raise InputError(
            f"{where}: {str(found)[:20]!r} found; an object with OMM keywords expected"
        )
    return {
        key: str(value)
        for key, value in found.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def xml_sets(text: str, source: str) -> list[Elements]:
    """Return the set of every segment of an `omm` or `ndm` document; nothing outside is opened.

    Raises:
        InputError: names file and line.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise InputError(f"{Where(source, line)}: not readable as XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError(f"{source}: a document type found; none expected")
    return [_segment(each, source) for each in root.iter("{*}segment")]


def _segment(segment: etree._Element, source: str) -> Elements:
    leaves = (each for each in segment.iter("*") if len(each) == 0)
    fields = {etree.QName(each).localname: (each.text or "").strip() for each in leaves}
    return _elements(fields, Where(source, cast(int, segment.sourceline)))


def kvn_sets(text: str, source: str) -> list[Elements]:
    """Return the sets of `KEYWORD = value` lines; each `CCSDS_OMM_VERS` begins another.

    Raises:
        InputError: names file and line.
    """
    sets: list[tuple[dict[str, str], Where]] = []
    for number, line in enumerate(text.splitlines(), 1):
        where = Where(source, number)
        line = line.strip()
        if not line or line.startswith("COMMENT"):
            continue
        match = _KVN_LINE.fullmatch(line)
        if match is None:
            raise InputError(f"{where}: {line[:40]!r} found; KEYWORD = value expected")
        if match[1] == "CCSDS_OMM_VERS":
            sets.append(({}, where))
        if not sets:
            raise InputError(f"{where}: {match[1]} found; CCSDS_OMM_VERS expected first")
        if match[1] in sets[-1][0]:
            raise InputError(f"{where}: {match[1]} found twice; once expected")
        sets[-1][0][match[1]] = match[2]
    return [_elements(fields, where) for fields, where in sets]


def _elements(fields: Fields, where: Where) -> Elements:
    """Return the checked elements of one set of keywords."""
    for key, allowed in _ONLY.items():
        if fields.get(key, "") not in ("", *allowed):
            raise InputError(f"{where}: {key} {fields[key]!r} found; {allowed[0]} expected")
    norad_id = fields.get("NORAD_CAT_ID", "").strip()
    if norad_id and _CATALOGUE_NUMBER.fullmatch(norad_id) is None:
        raise InputError(f"{where}: NORAD_CAT_ID {norad_id!r} found; up to nine digits expected")
    numbers: dict[str, Any] = {name: _number(fields, key, where) for key, name in _NUMBERS.items()}
    return checked(
        Elements(
            name=fields.get("OBJECT_NAME", "").strip(),
            norad_id=str(int(norad_id)) if norad_id else "",
            object_id=fields.get("OBJECT_ID", "").strip(),
            epoch_ns=_epoch_ns(fields, where),
            where=where,
            **numbers,
        )
    )


def _epoch_ns(fields: Fields, where: Where) -> int:
    try:
        return parse_time(fields.get("EPOCH", ""))
    except DecodeError as error:
        raise InputError(f"{where}: EPOCH: {error}") from None


def _number(fields: Fields, key: str, where: Where) -> float:
    text = fields.get(key, "").strip()
    if not text and key in _OPTIONAL:
        return 0.0
    if _NUMBER.fullmatch(text) is None:
        raise InputError(f"{where}: {key} {text!r} found; a number expected")
    return float(text)
