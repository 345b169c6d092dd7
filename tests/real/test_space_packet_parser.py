"""Real packets by real databases, equal to space_packet_parser and to the missions' own tables."""

from __future__ import annotations

import csv
import json
import math
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import space_packet_parser as spp

from ground.columns import Batch, Column, PacketFlag
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoded, Decoder
from ground.errors import InputError
from ground.mdb import plan, xtce
from ground.mdb.plan import Plan
from protocols import packet

JPSS = "jpss1/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"
CTIM = ("ctim/ctim_xtce_v1.xml", "ctim/ccsds_2021_155_14_39_51")
IDEX = ("idex/idex_combined_science_definition.xml", "idex/sciData_2023_052_14_45_05")
SWE = ("imap_swe/swe_packet_definition.xml", "imap_swe/2024051010_SWE_SCIENCE_packet.bin")
SWAPI = (
    "imap_swapi/swapi_packet_definition.xml",
    "imap_swapi/imap_swapi_l0_raw_20240924_v001.pkts",
)
CODICE = "imap_codice_hk/imap_codice_l0_hskp_20100101_v001.pkts"
HI = (
    "imap_hi_random_headers/hi_packet_definition.xml",
    "imap_hi_random_headers/20231030_H45_APP_NHK.bin",
)


@lru_cache
def plan_of(shared: Path, definition: str, root: str | None) -> Plan:
    return plan.compile(xtce.load((shared / definition).read_bytes(), definition), root)


@lru_cache
def decoded(shared: Path, definition: str, file: str, root: str | None = None) -> Decoded:
    packets = packet.scan((shared / file).read_bytes()).packets
    return Decoder(plan_of(shared, definition, root)).decode(packets)


def by_name(columns: dict[str, Column]) -> dict[str, Column]:
    return {path.rsplit("/", 1)[1]: column for path, column in columns.items()}


def check(value: Any, expected: Any, what: object) -> None:
    if isinstance(expected, float):
        assert value == expected or (math.isnan(value) and math.isnan(expected)), what
    else:
        assert value == expected, what


def compare_with_spp(
    shared: Path,
    definition: str,
    file: str,
    result: Decoded,
    root: str = "CCSDSPacket",
) -> int:
    """Compare every packet of every batch in every value; return how many there were."""
    oracle = spp.load_xtce(shared / definition)
    with (shared / file).open("rb") as stream:
        octets = list(spp.ccsds_generator(stream))
    compared = 0
    for batch in result.batches:
        columns = by_name(batch.raw)
        for place in range(len(batch)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                one = oracle.parse_bytes(octets[batch.rows[place]], root_container_name=root)
            assert set(one) == set(columns)
            for name, value in one.items():
                raw = value if value.raw_value is None else value.raw_value
                found = columns[name].values[place]
                if isinstance(found, np.ndarray):  # stands twice; the oracle keeps the last
                    found = found[-1]
                check(found, raw, (batch.packet_type, place, name))
            compared += 1
    return compared


def of_type(result: Decoded, name: str) -> Batch:
    return next(batch for batch in result.batches if batch.packet_type.endswith("/" + name))


@pytest.mark.parametrize(
    "definition", ["jpss1_geolocation_xtce_v1.xml", "contrived_inheritance_structure.xml"]
)
def test_noaa_20_geolocation_is_equal_in_every_value(shared, definition):
    result = decoded(shared, f"jpss1/{definition}", JPSS)
    assert [(len(batch), len(batch.raw)) for batch in result.batches] == [(7200, 27)]
    assert result.counts.balanced and len(result.unknown) == 0
    assert compare_with_spp(shared, f"jpss1/{definition}", JPSS, result) == 7200


def test_ctim_is_equal_in_nine_apids_and_reports_bits_left(shared):
    result = decoded(shared, *CTIM, "CCSDSTelemetryPacket")
    sizes = {batch.packet_type.split("_")[1]: len(batch) for batch in result.batches}
    assert sizes == {
        "1": 104, "32": 104, "20": 6, "39": 1, "47": 63, "34": 1, "42": 72, "33": 1, "41": 1147
    }  # fmt: skip
    health = of_type(result, "APID_1_Packet")
    assert set(health.bits_left.tolist()) == {11}
    assert set(health.flags.tolist()) == {PacketFlag.LONG}
    assert sorted(of_type(result, "APID_20_Packet").bits_left.tolist()) == [0] * 5 + [128]
    assert compare_with_spp(shared, *CTIM, result, "CCSDSTelemetryPacket") == 1499


def test_ctim_first_and_last_packets_are_as_published(shared):
    result = decoded(shared, *CTIM, "CCSDSTelemetryPacket")
    published = json.loads((shared / "expected/packets_expected.json").read_text())
    apids = next(each for each in published["files"] if each["name"] == "ctim")["apids"]
    for apid, expected in apids.items():
        batch = of_type(result, f"APID_{apid}_Packet")
        columns = by_name(batch.raw)
        assert len(batch) == expected["n"]
        assert [len(columns)] == expected["field_counts"]
        for place, values in ((0, expected["first"]), (-1, expected["last"])):
            for name, value in values.items():
                if name != "..." and not isinstance(value, dict | str):
                    found = columns[name].values[place]
                    check(found.flat[-1], value, (apid, name))


def test_a_database_with_several_roots_names_them(shared):
    with pytest.raises(InputError, match=r"ambiguous.*/BogusSAT/CCSDSPacket,"):
        plan_of(shared, "xtcetools/BogusSAT-2.xml", None)


def test_idex_finds_its_types_by_a_field_and_its_sizes_by_the_length(shared):
    result = decoded(shared, *IDEX, "CCSDSPacket")
    sizes = {batch.packet_type: (len(batch), len(batch.raw)) for batch in result.batches}
    assert sizes == {"/IDEX/Sci0TypeZero": (6, 107), "/IDEX/Sci0TypeNonZero": (72, 28)}
    assert compare_with_spp(shared, *IDEX, result) == 78


def table(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def reads_as(text: str, value: Any, tolerance: float = 0.0) -> bool:
    try:
        number = float(text)
    except ValueError:
        return text == str(value)
    return not isinstance(value, str) and abs(value - number) <= tolerance * max(abs(number), 1)


def equal_columns(
    rows: list[dict[str, str]], columns: dict[str, Any], places: list[int], tolerance: float = 0.0
) -> set[str]:
    """Return the names whose every row in the table is the value decoded."""
    return {
        name
        for name in set(rows[0]) & set(columns)
        if all(
            reads_as(row[name], columns[name][place], tolerance)
            for row, place in zip(rows, places, strict=True)
        )
    }


def as_shown(column: Column) -> list[Any]:
    if column.labels is None:
        return column.values.tolist()
    return [column.labels[code] for code in column.values.tolist()]


def engineering(shared: Path, definition: str, root: str | None, batch: Batch) -> dict[str, Any]:
    types = plan_of(shared, definition, root).column_types[batch.packet_type]
    columns = by_name(Calibration(types).engineering(batch.raw))
    return {name: as_shown(column) for name, column in columns.items()}


def as_swe_names_them(columns: dict[str, Any]) -> dict[str, Any]:
    header = ("VERSION", "TYPE", "SEC_HDR_FLG", "PKT_APID", "SEQ_FLGS", "SRC_SEQ_CTR", "PKT_LEN")
    theirs = ("PHVERNO", "PHTYPE", "PHSHF", "PHAPID", "PHGROUPF", "PHSEQCNT", "PHDLEN")
    names = dict(zip(header, theirs, strict=True))
    return {
        names.get(name, name).removeprefix("SWE_SCIENCE."): values
        for name, values in columns.items()
    }


def test_imap_swe_is_equal_to_the_teams_own_tables(shared):
    result = decoded(shared, *SWE)
    (batch,) = result.batches
    assert (len(batch), len(batch.raw)) == (29, 28)
    assert compare_with_spp(shared, *SWE, result) == 29
    raw = as_swe_names_them({name: as_shown(column) for name, column in by_name(batch.raw).items()})
    shown = as_swe_names_them(engineering(shared, SWE[0], None, batch))
    for file, columns, tolerance in (
        ("idle_export_raw.SWE_SCIENCE_20240510_092742.csv", raw, 0.0),
        ("idle_export_eu.SWE_SCIENCE_20240510_092742.csv", shown, 1e-6),
    ):
        rows = [each for each in table(shared, f"imap_swe/{file}") if each["SHCOARSE"]]
        places = [raw["SHCOARSE"].index(int(each["SHCOARSE"])) for each in rows]
        assert len(equal_columns(rows, columns, places, tolerance)) == 27


def test_imap_swapi_science_is_equal_to_the_teams_own_table(shared):
    result = decoded(shared, *SWAPI)
    batch = of_type(result, "P_SWP_SCI")
    raw = {name: as_shown(column) for name, column in by_name(batch.raw).items()}
    rows = table(shared, "imap_swapi/idle_export_raw.SWP_SCI_20240924_080204.csv")
    assert len(batch) == len(rows) == 153
    assert len(equal_columns(rows, raw, list(range(153)))) == 50
    assert compare_with_spp(shared, *SWAPI, result) == 463


def test_imap_swapi_bits_that_the_definition_lacks_are_reported(shared):
    result = decoded(shared, *SWAPI)
    left = {len(batch): set(batch.bits_left.tolist()) for batch in result.batches}
    assert all(bits > 0 for bits in left[17]) and all(bits > 0 for bits in left[140])
    assert min(map(len, (each.raw for each in result.batches))) == 7  # headers only


def test_imap_codice_raw_is_equal_to_the_teams_own_table(shared):
    definition = "imap_codice_hk/P_COD_NHK.xml"
    result = decoded(shared, definition, CODICE)
    batch = next(each for each in result.batches if len(each.raw) == 129)
    raw = {name: as_shown(column) for name, column in by_name(batch.raw).items()}
    rows = table(shared, "imap_codice_hk/idle_export_raw.COD_NHK_20230822_122700.csv")
    assert len(batch) == len(rows) == 99
    assert len(equal_columns(rows, raw, list(range(99)))) == 122
    headers = next(each for each in result.batches if len(each.raw) == 7)
    assert len(headers) == 523  # ten other APIDs have headers only


def test_imap_codice_packets_that_end_before_their_definition_are_reported(shared):
    """The definition asks for 1,344 bits (counted by hand from it), the packets have 1,152."""
    result = decoded(shared, "imap_codice_hk/codice_packet_definition.xml", CODICE)
    (batch,) = result.batches
    assert (len(batch), len(result.unknown)) == (99, 523)
    assert set(batch.flags.tolist()) == {PacketFlag.SHORT}
    assert set(batch.bits_left.tolist()) == {1152 - 1344}
    columns = by_name(batch.raw)
    assert columns["COD_NHK.SHCOARSE"].valid is None
    valid = columns["COD_NHK.FEE_SSD_EB_TEMP_4_T"].valid
    assert valid is not None and not valid.any()


def test_imap_codice_engineering_is_equal_to_the_teams_own_table(shared):
    """Positions of one definition and calibrators of the other, as the data were made."""
    raw_definition = "imap_codice_hk/P_COD_NHK.xml"
    result = decoded(shared, raw_definition, CODICE)
    batch = next(each for each in result.batches if len(each.raw) == 129)
    curves = plan_of(shared, "imap_codice_hk/codice_packet_definition.xml", None)
    types = {
        path.rsplit("/", 1)[1].removeprefix("COD_NHK."): type_
        for path, type_ in curves.column_types["/COD/COD_NHK"].items()
    }
    columns = Calibration(types).engineering(by_name(batch.raw))
    shown = {name: as_shown(column) for name, column in columns.items() if name in types}
    rows = table(shared, "imap_codice_hk/idle_export_eu.COD_NHK_20230822_122700 2.csv")
    common = set(rows[0]) & set(shown)
    assert len(common) == 99
    other = common - equal_columns(rows, shown, list(range(99)), 1e-6)
    # The definition gives these another slope (and label) than the team's own table of curves,
    # `eu_unit_lookup_table.csv`, of an earlier day.
    assert other == {"APDB2_VMON", "SSDO_VMON", "LVPS_3P3V", "LAST_OPCODE"}


def test_imap_hi_decodes_whatever_the_headers_say(shared):
    result = decoded(shared, *HI)
    assert [(len(batch), len(batch.raw)) for batch in result.batches] == [(100, 80)]
    assert compare_with_spp(shared, *HI, result) == 100


def test_one_packet_and_a_thousand_give_the_same_columns(shared):
    definition, file = IDEX
    decoder = Decoder(plan_of(shared, definition, "CCSDSPacket"))
    packets = packet.scan((shared / file).read_bytes()).packets
    whole = decoded(shared, *IDEX, "CCSDSPacket")
    for batch in whole.batches:
        for place, row in enumerate(batch.rows.tolist()):
            (one,) = decoder.decode(packets.take(np.array([row]))).batches
            assert one.packet_type == batch.packet_type
            for name, column in batch.raw.items():
                assert column.values[place] == one.raw[name].values[0]
