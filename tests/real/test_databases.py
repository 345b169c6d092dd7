"""The published databases load whole, or are refused with clear lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.mdb import xtce
from tests.clauses import clause

# parameters, containers: counted in the files' own ParameterSet and ContainerSet elements
COUNTS = {
    "ctim/ctim_xtce_v1.xml": (9493, 39),
    "idex/idex_combined_science_definition.xml": (207, 9),
    "imap_codice_hk/P_COD_NHK.xml": (129, 2),
    "imap_codice_hk/codice_packet_definition.xml": (470, 19),
    "imap_hi_random_headers/hi_packet_definition.xml": (84, 4),
    "imap_swapi/swapi_packet_definition.xml": (147, 4),
    "imap_swe/swe_packet_definition.xml": (28, 2),
    "jpss1/contrived_inheritance_structure.xml": (27, 5),
    "jpss1/jpss1_geolocation_xtce_v1.xml": (27, 4),
    "xtce_misc/test_xtce.xml": (27, 4),
    "xtce_misc/test_xtce_4byte.xml": (1, 1),
    "xtce_misc/test_xtce_default_namespace.xml": (27, 4),
    "xtce_misc/test_xtce_no_namespace.xml": (27, 4),
    "xtce_misc/udp_packet.xml": (5, 1),
}


@clause("XTCE 1.2 SpaceSystemType")
@pytest.mark.parametrize("name", COUNTS)
def test_a_published_database_loads_with_every_parameter_and_container(shared: Path, name: str):
    database = xtce.load((shared / name).read_bytes(), name)
    assert (len(database.parameters), len(database.containers)) == COUNTS[name]
